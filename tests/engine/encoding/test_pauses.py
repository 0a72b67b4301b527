"""Pauses: what is left out of a recording, to the sample."""

import av
import numpy as np
import pytest

from mediastreams._engine.encoding.pauses import PausableIntake, Pauses, RecordedClock
from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Picture, Sound
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import VideoMode
from mediastreams.abc import Source
from mediastreams.testing import ManualClock

__all__ = []


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def pauses(clock):
    """The first from second 1 to second 2, the second from second 5 on."""
    made = Pauses(clock)
    start = clock.now_us()
    clock.advance_blocking(1)
    made.pause()
    clock.advance_blocking(1)
    made.resume()
    clock.advance_blocking(3)
    made.pause()
    clock.advance_blocking(1)
    made.origin = start
    return made


def picture(timestamp):
    return Picture.stamped(av.VideoFrame(16, 16, "yuv420p"), timestamp, 40_000)


def sound(timestamp, count, gap=0, sample_rate=1000):
    samples = np.arange(count, dtype=np.float32)[np.newaxis].repeat(2, axis=0)
    return Sound(samples, sample_rate, timestamp, "stereo", gap)


def test_recorded_time_stands_still_in_a_pause(clock, pauses):
    recorded = RecordedClock(clock, pauses)
    at = pauses.origin
    assert [pauses.recorded(at + s * 100_000) - at for s in (0, 10, 15, 20, 30, 50, 60)] == [
        0,
        1_000_000,
        1_000_000,
        1_000_000,
        2_000_000,
        4_000_000,
        4_000_000,
    ]
    assert recorded.now_us() - at == 4_000_000
    assert pauses.paused
    clock.advance_blocking(1)
    assert recorded.now_us() - at == 4_000_000
    pauses.resume()
    clock.advance_blocking(0.5)
    assert not pauses.paused
    assert recorded.now_us() - at == 4_500_000


def test_a_wait_on_recorded_time_ends_in_a_pause_too(clock, pauses):
    recorded = RecordedClock(clock, pauses)
    called = []
    recorded.call_at(recorded.now_ns() + 100_000_000, lambda: called.append("later"))
    clock.advance_blocking(0.2)
    assert called == ["later"]
    wake = recorded.wake()
    wake.set()
    assert recorded.wait_until(recorded.now_ns() + 10**9, wake)
    assert recorded.wait_until(None, wake)


def test_pictures_of_a_pause_are_dropped_and_later_ones_moved_up(pauses):
    at = pauses.origin
    early = picture(at + 999_999)
    assert pauses.keep(early) is early
    assert pauses.keep(picture(at + 1_000_000)) is None
    assert pauses.keep(picture(at + 1_999_999)) is None
    late = picture(at + 2_000_000)
    kept = pauses.keep(late)
    assert (kept.timestamp - at, kept.duration, kept.av) == (1_000_000, 40_000, late.av)
    assert late.timestamp == at + 2_000_000, "the shared picture stays as it is"
    assert pauses.keep(picture(at + 9_000_000)) is None


def test_sound_is_cut_to_the_sample(pauses):
    at = pauses.origin
    whole = sound(at + 100_000, 10, gap=7)
    kept = pauses.keep(whole)
    assert (kept.samples is whole.samples, kept.gap, kept.timestamp) == (True, 7, at + 100_000)
    before = pauses.keep(sound(at + 990_000, 20, gap=7))
    assert (list(before.samples[1]), before.timestamp - at, before.gap) == (list(range(10)), 990_000, 7)
    after = pauses.keep(sound(at + 1_995_000, 20, gap=7))
    assert (list(after.samples[0]), after.timestamp - at, after.gap) == (list(range(5, 20)), 1_000_000, 0)
    assert pauses.keep(sound(at + 1_200_000, 20)) is None
    around = pauses.keep(sound(at + 900_000, 1200))
    assert list(around.samples[0]) == [*range(100), *range(1100, 1200)]
    assert around.timestamp - at == 900_000


class Still(Source):
    """Delivers what it is told to."""

    kind = "video"

    def __init__(self, clock):
        self.clock = clock

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        return mode

    def stop(self):
        self.delivery = None


@pytest.mark.parametrize(("late_ms", "kept"), [(2, False), (39, False), (41, True)])
def test_at_a_pause_two_pictures_do_not_come_closer_than_usual(clock, late_ms, kept):
    source = Still(clock)
    hub = SourceHub(source)
    hub.open(VideoMode(16, 16, 25, 25), {})
    feed = TrackFeed(hub)
    hub.add_feed(feed)
    hub.release()
    pauses = Pauses(clock)
    intake = PausableIntake(feed, {}, pauses)
    at = clock.now_us()
    for index in range(3):
        source.delivery.deliver(picture(at + index * 40_000))
    clock.advance_blocking(0.080_001)
    pauses.pause()
    clock.advance_blocking(1)
    pauses.resume()
    again = clock.now_us()
    source.delivery.deliver(picture(again + late_ms * 1000))
    source.delivery.deliver(picture(again + late_ms * 1000 + 40_000))
    times = []
    while (item := intake.take()) is not None:
        times.append(item.timestamp - at)
    assert times[:3] == [0, 40_000, 80_000]
    assert times[3] == 80_001 + late_ms * 1000 + (0 if kept else 40_000)
    assert len(times) == (5 if kept else 4)
    intake.detach()
    feed.stop()
