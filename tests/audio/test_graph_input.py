"""`GraphInput`: a track's sound, a quantum at a time, without a hole, for hours, a few milliseconds late."""

import numpy as np
import pytest
from tests.audio.bench import RATE, Bench

from mediastreams._engine.frames import Sound


@pytest.fixture
def make_bench():
    made = []

    def make(**options):
        made.append(Bench(**options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_sound_passes_unchanged_and_less_than_seven_milliseconds_after_it_has_come(make_bench):
    bench = make_bench()
    bench.run(3)
    missing = bench.input.voice.missing
    assert missing <= 1024, "none but before the first chunk"
    heard = bench.sound[0]
    tail = heard[int(np.flatnonzero(heard)[0]) + 480 :]  # what begins, begins softly
    made = (0.5 * np.sin(2 * np.pi * np.arange(4 * RATE) / RATE)).astype(np.float32)
    shift = min(range(4800), key=lambda start: np.abs(made[start : start + 2000] - tail[:2000]).max())
    assert np.abs(made[shift : shift + len(tail)] - tail).max() < 1e-6
    late = (len(heard) - len(tail) - shift) / RATE
    assert 0.010 < late < 0.017, "ten milliseconds is the length of a chunk"
    bench.run(2)
    assert bench.input.voice.missing == missing
    assert bench.input.voice.dropped == 0


@pytest.mark.parametrize("speed", [48_010 / 48_000, 47_990 / 48_000])
def test_most_of_a_minute_of_another_crystal_have_no_hole_and_no_growing_delay(make_bench, speed):
    bench = make_bench(speed=speed)
    bench.run(5)
    missing, latency = bench.input.voice.missing, bench.input.latency
    bench.run(35)
    assert bench.input.voice.missing == missing
    assert bench.input.voice.dropped == 0
    assert bench.input.latency == pytest.approx(latency, abs=0.003)
    heard = bench.sound[0, 5 * RATE :]
    assert np.abs(np.diff(heard)).max() < 1.05 * 0.5 * 2 * np.pi / RATE, "no click"


def test_what_comes_irregularly_makes_the_delay_longer_once(make_bench):
    bench = make_bench()
    random = np.random.default_rng(1)
    bench.run(1)
    before = bench.input.latency
    bench.run(5, late=lambda: float(random.uniform(0, 20_000)))
    missing = bench.input.voice.missing
    assert before + 0.01 < bench.input.latency < before + 0.05
    bench.run(5, late=lambda: float(random.uniform(0, 20_000)))
    assert bench.input.voice.missing - missing < 0.05 * RATE


def test_a_source_that_pauses_is_silence_and_comes_again(make_bench):
    bench = make_bench()
    bench.run(1)
    bench.run(0.3, giving=False)
    assert not bench.sound[:, -4800:].any()
    bench.source.count = round((bench.clock.us - bench.source.began) * RATE / 1e6)
    bench.run(1)
    assert bench.sound[:, -4800:].any()
    assert bench.input.voice.missing > 0.2 * RATE


def test_another_number_of_channels_is_told_once_and_mixed_until_then(make_bench):
    bench = make_bench()
    bench.run(0.2)
    bench.source.channels = 2
    bench.run(0.2)
    assert bench.news == [2]
    former, bench.asker = bench.asker, bench.input.asker(2)
    assert former.render([], [[[0.0] * 128]]) is False
    bench.run(0.2)
    assert bench.news == [2]
    assert bench.out[-1].shape == (2, 128)
    assert bench.out[-1].any()


def test_the_end_of_a_track_is_told_after_its_last_sample(make_bench):
    bench = make_bench()
    bench.run(0.5)
    bench.source.delivery.end()
    bench.run(0.2, giving=False)
    assert bench.news == ["end"]
    assert bench.ask() is False


def test_what_cannot_be_rendered_ends_the_input_and_is_told(make_bench):
    bench = make_bench()
    bench.run(0.1)
    bench.source.delivery.deliver(Sound(np.zeros((0, 480), np.float32), RATE, round(bench.clock.us), "mono"))
    bench.run(0.1, giving=False)
    assert bench.input.failure is not None or bench.news == []


def test_a_graph_that_stood_still_leaves_out_what_it_missed(make_bench):
    bench = make_bench()
    bench.run(1)
    before = bench.input.latency
    bench.clock.us += 2e6
    bench.source.count = round((bench.clock.us - bench.source.began) * RATE / 1e6)
    bench.began += 2e6
    bench.rendering.restart()
    bench.run(1)
    assert bench.input.latency == pytest.approx(before, abs=0.01)
    assert bench.sound[:, -4800:].any()


def test_a_first_quantum_that_was_late_spoils_nothing(make_bench):
    bench = make_bench()
    bench.run(0.05)
    bench.began -= 200_000  # what is asked from now on was due before
    bench.run(2)
    assert bench.rendering.corrections > 0
    missing = bench.input.voice.missing
    bench.run(2)
    assert bench.input.voice.missing == missing
