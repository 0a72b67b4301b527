"""What a microphone may hear of the outputs, at the microphone's samples."""

import numpy as np
import pytest

from mediastreams._engine.frames import Sound
from mediastreams._engine.processing.heard import Block, heard
from mediastreams._engine.processing.reference import EchoReference
from mediastreams.testing import ManualClock

RATE = 48_000
FRAME = RATE // 100


@pytest.fixture
def reference():
    return EchoReference(ManualClock(), RATE, remote_only=False)


def tell(reference, at, samples, *, output=1, ahead=20_000, rate=RATE):
    (ears,) = heard.by(reference._ears.clock, remote_only=False)
    samples = np.atleast_2d(samples).astype(np.float32)
    ears.put(Block(output, Sound(samples, rate, at, "mono" if len(samples) == 1 else "stereo"), ahead))


def read(reference, frames, start=0.0):
    """So many frames, as one array."""
    found = [reference.read(FRAME, start + 10_000 * number) for number in range(frames)]
    return np.concatenate([np.zeros((2, FRAME), np.float32) if one is None else one for one in found], axis=1)


def noise(length, seed=1):
    return np.random.default_rng(seed).normal(size=length).astype(np.float32) / 10


def place_of(found, sound):
    return int(np.argmax(np.correlate(found[0], sound[1000:3000], "valid"))) - 1000


def test_what_is_heard_at_an_instant_lies_at_the_microphones_sample_of_that_instant(reference):
    sound = noise(4800)
    tell(reference, 25_000, sound)
    found = read(reference, 20)
    assert place_of(found, sound) == 25 * 48
    inside = found[:, 25 * 48 + 300 : 25 * 48 + 4000]
    assert inside == pytest.approx(np.stack([sound[300:4000]] * 2), abs=1e-6)


def test_nothing_played_is_silence_without_work(reference):
    assert reference.read(FRAME, 0.0) is None


def test_an_output_that_tells_early_is_laid_early_so_that_its_echo_comes_after_it(reference):
    sound = noise(4800)
    tell(reference, 100_000, sound, ahead=100_000)
    assert place_of(read(reference, 20), sound) == 20 * 48  # 80 ms before it is heard
    assert reference.lead == 80_000


def test_an_output_that_tells_later_makes_all_be_told_of_later(reference):
    sound = noise(48_000)
    tell(reference, 60_000, noise(480), ahead=100_000)
    for number in range(100):  # 100 ms of the second one are told of together, and only 30 ms before
        tell(reference, 100_000 + 10_000 * number, sound[480 * number : 480 * (number + 1)], output=2, ahead=30_000)
        if number < 20:
            reference.read(FRAME, 10_000 * number)
            assert reference.lead == 80_000, "one that is late may be late by chance"
    found = read(reference, 20, start=200_000)
    assert reference.lead == 10_000
    assert place_of(found, sound[480 * 11 :]) == 0


def test_several_outputs_are_heard_together_whatever_their_rates(reference):
    low, high = noise(4800), np.sin(np.arange(4410) * 2 * np.pi * 1000 / 44_100)
    tell(reference, 20_000, low)
    tell(reference, 20_000, high, output=2, rate=44_100)
    found = read(reference, 15)[0, 20 * 48 + 480 : 20 * 48 + 4000]
    tone = np.sin(2 * np.pi * 1000 * np.arange(480, 4000) / RATE)
    assert found - low[480:4000] == pytest.approx(tone, abs=0.01)


def test_what_is_told_too_late_is_silence_and_nothing_waits(reference):
    sound = noise(480)
    read(reference, 10)
    tell(reference, 20_000, sound)
    assert not read(reference, 10, start=100_000).any()


def test_an_output_that_has_stopped_is_forgotten_and_may_come_again(reference):
    tell(reference, 0, noise(480))
    read(reference, 600)
    assert not reference._lines
    sound = noise(4800, seed=3)
    tell(reference, 6_020_000, sound)
    assert place_of(read(reference, 15, start=6_000_000), sound) == 20 * 48


def test_after_a_break_in_the_microphones_times_what_is_still_to_come_is_in_its_place(reference):
    sound = noise(14_400)
    for number in range(30):  # 300 ms, from 20 ms on
        tell(reference, 20_000 + 10_000 * number, sound[480 * number : 480 * (number + 1)])
    read(reference, 5)
    reference.restart()
    found = read(reference, 20, start=80_000)  # 30 ms of the microphone were lost
    assert place_of(found, sound[2880:]) == 0


def test_two_crystals_that_run_apart_are_held_together(reference):
    """The output is 0.1 % fast by the microphone's samples: after a minute it would be off by 60 ms."""
    beat = np.zeros(480, np.float32)
    beat[240] = 1
    told, errors = 0, []
    for number in range(6000):
        while told * 9_990 <= 10_000 * number + 20_000:
            tell(reference, told * 9_990, beat)
            told += 1
        found = reference.read(FRAME, number * 10_000.0)
        if number > 5000 and found[0].max() > 0.3:
            beats = np.arange(told) * 9_990 + 5_000
            errors.append(np.abs(beats - number * 10_000 - int(found[0].argmax()) / 0.048).min())
    assert len(errors) > 500
    assert max(errors) < 5_000, "µs"
