"""Chunks of any length become frames of 10 ms and sound again, every sample in its place."""

import numpy as np
import pytest

from mediastreams._engine.frames import Sound
from mediastreams._engine.processing.processor import Breaks, FrameProcessor, SoundProcessor
from mediastreams._rules.sound_processing import Processing, filter_delay
from mediastreams.testing import ManualClock

ALL = Processing("all", noise=True)


class Delayed(FrameProcessor):
    """Does nothing to the sound but delay it, as filters do. Notes what it is given."""

    def __init__(self, processing, rate=48_000):
        self.delay = filter_delay(processing, rate)
        self.held = None
        self.lengths = []
        self.far = []

    def process(self, near, far, sample_rate, delay_ms):
        self.lengths.append(near.shape)
        self.far.append(far)
        if self.held is None:
            self.held = np.zeros((self.delay, near.shape[1]), np.int16)
        both = np.concatenate([self.held, near])
        self.held = both[len(near) :]
        return both[: len(near)]


class Hand:
    """A processor, and what it gives for a sound in chunks."""

    def __init__(self, processing=ALL):
        self.made = []
        self.processor = SoundProcessor(processing, self.make, ManualClock())

    def make(self, processing):
        self.made.append(Delayed(processing))
        return self.made[-1]

    def run(self, samples, lengths, *, start=0, gap=0, layout="mono"):
        """Feed it all, in chunks of these lengths again and again; give the pieces with their places."""
        at, number, pieces = 0, 0, []
        while at < samples.shape[1]:
            length = lengths[number % len(lengths)]
            chunk = np.ascontiguousarray(samples[:, at : at + length])
            when = start + round(at * 1e6 / 48_000)
            made = self.processor.process(Sound(chunk, 48_000, when, layout, gap if at == 0 else 0))
            pieces.append((at + made.offset, made))
            at, number = at + chunk.shape[1], number + 1
        return pieces


def noise(length, channels=1):
    return (np.random.default_rng(1).integers(-9000, 9000, (channels, length)) / 32768).astype(np.float32)


@pytest.mark.parametrize("lengths", [[480], [441], [128], [1024], [1, 479], [4800], [100, 2000, 7]])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_sample_comes_out_at_its_place_however_it_was_cut(lengths, channels):
    hand, samples = Hand(), noise(9600, channels)
    pieces = hand.run(samples, lengths)
    whole = np.concatenate([made.samples for _, made in pieces], axis=1)
    assert pieces[0][0] == 0
    place = 0
    for at, made in pieces:
        assert at == place
        place += made.samples.shape[1]
    assert (whole == samples[:, : whole.shape[1]]).all()
    tail = hand.processor.finish()
    assert (np.concatenate([whole, tail], axis=1) == samples).all()
    assert set(hand.made[0].lengths) == {(480, channels)}


@pytest.mark.parametrize("lengths", [[480], [441], [1024], [100, 2000, 7]])
def test_less_than_a_frame_is_held_back_besides_what_the_filters_hold(lengths):
    hand, taken, given = Hand(), 0, 0
    for _, made in hand.run(noise(9600), lengths):
        given += made.samples.shape[1]
    taken = 9600
    assert filter_delay(ALL, 48_000) <= taken - given < filter_delay(ALL, 48_000) + 480


def test_the_same_chunk_asked_twice_is_processed_once():
    hand = Hand()
    sound = Sound(noise(480), 48_000, 0, "mono")
    assert hand.processor.process(sound) is hand.processor.process(sound)
    assert len(hand.made[0].lengths) == 1
    assert (hand.processor.finish() == hand.processor.finish()).all()


def test_a_gap_gives_out_what_was_before_and_counts_anew():
    hand, samples = Hand(), noise(4800)
    before = hand.run(samples, [500])
    given = sum(made.samples.shape[1] for _, made in before)
    after = hand.run(samples, [500], start=900_000, gap=38_400)
    tail = after[0][1].tail
    assert (tail == samples[:, given:]).all()
    assert after[0][0] == 0
    whole = np.concatenate([made.samples for _, made in after], axis=1)
    assert (whole == samples[:, : whole.shape[1]]).all()
    assert len(hand.made) == 1, "what it has learned stays"


def test_another_number_of_channels_is_another_stretch_by_a_new_one():
    hand = Hand()
    hand.run(noise(4800), [480])
    pieces = hand.run(noise(4800, 2), [480], start=100_000, layout="stereo")
    assert pieces[0][1].tail.shape == (1, filter_delay(ALL, 48_000))
    assert len(hand.made) == 2


def test_without_echo_cancellation_nobody_listens_and_nothing_is_told():
    hand = Hand(Processing(noise=True))
    hand.run(noise(960), [480])
    assert hand.made[0].far == [None, None]
    hand = Hand()
    hand.run(noise(960), [480])
    assert [far.shape for far in hand.made[0].far] == [(480, 2)] * 2
    assert not any(far.any() for far in hand.made[0].far)


def test_full_scale_and_beyond_is_full_scale():
    hand = Hand(Processing(gain=True))
    ((_, made),) = hand.run(np.tile(np.float32([1.0, -1.0, 2.0, -2.0]), 120)[np.newaxis], [480])
    assert made.samples.max() == np.float32(32767 / 32768)
    assert made.samples.min() == -1


def test_the_end_before_the_beginning_is_no_trouble():
    assert Hand().processor.finish() is None


def test_breaks_are_gaps_jumps_and_other_shapes_but_not_the_first_chunk():
    breaks = Breaks()
    sound = noise(480)
    assert not breaks.before(Sound(sound, 48_000, 5_000_000, "mono"))
    assert not breaks.before(Sound(sound, 48_000, 5_010_500, "mono"))
    assert breaks.before(Sound(sound, 48_000, 5_100_000, "mono"))
    assert breaks.before(Sound(sound, 48_000, 5_110_000, "mono", gap=1))
    assert breaks.before(Sound(sound, 16_000, 5_120_000, "mono"))
