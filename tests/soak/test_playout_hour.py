"""An hour from a fake microphone to a fake speaker of another crystal, at the full rate: ``pytest -m soak``."""

import numpy as np
import pytest

import mediastreams as ms
from mediastreams._engine.playout import Playout
from mediastreams.testing import FakeBackend, FakeSpeaker, ManualClock, use_clock


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_an_hour_at_48000_against_48010_hz_stays_within_40_ms():
    with use_clock(ManualClock()) as clock:
        backend = FakeBackend()
        backend.plug(FakeSpeaker(label="Desk", speed=48_010 / 48_000))
        stream = await ms.MediaDevices(backends=[backend]).get_user_media(audio=True)
        device = next(device for device in backend.list_devices() if device.label == "Desk")
        begins = []
        with Playout() as player:
            voice = player.add(stream.audio._feed)
            player.use(backend.create_sink(device))
            for _ in range(60):
                await clock.advance(60)
                heard = backend.device("Desk").heard(0.99)
                first = int(np.argmax(np.abs(heard.to_ndarray()[0]) > 1e-3))
                begins.append((heard.timestamp + first * 1_000_000 / heard.sample_rate) % 1_000_000)
            assert voice.dropped == 0
        stream.audio.stop()
        assert max(begins) - min(begins) < 40_000
