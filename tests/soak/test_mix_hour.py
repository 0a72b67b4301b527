"""An hour of two microphones of other crystals in a mix, at the full rate: ``pytest -m soak``."""

from contextlib import closing

import numpy as np
import pytest
from tests.engine.test_mixer import RATE, Bench, fitted

from mediastreams.testing import use_clock


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_an_hour_at_48010_and_47990_against_48000_hz_loses_nothing_and_stays_in_place():
    bench = Bench()
    apart = []
    with use_clock(bench.clock), closing(bench):
        bench.mix(bench.tone(50, 0.2, speed=48_010 / RATE), bench.tone(75, 0.2, speed=47_990 / RATE))
        for minute in range(60):
            await bench.clock.advance(60)
            assert bench.contiguous()
            assert max(bench.lags()) <= 31
            del bench.blocks[:-50]
            samples, start = bench.samples()
            amplitudes, phases, rest = fitted(samples[0], start, 50, 75)
            assert amplitudes == pytest.approx([0.2, 0.2], abs=2e-3)
            assert rest < (2e-2 if minute < 10 else 2e-3)  # until the speeds are found the tones are not quite these
            apart.append(np.abs(phases / (2 * np.pi * np.array([50, 75]))).max())
        assert all(one.dropped == 0 for one in bench.mixer.inputs)
    assert max(apart) < 0.0102  # seconds: 10 ms of drift pass uncorrected, and no more
    assert max(apart[10:]) < 0.002
