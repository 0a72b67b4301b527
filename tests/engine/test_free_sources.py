"""Sources without a clock of their own, which run as fast as they are read: the policy ``wait``."""

import asyncio
import gc
import itertools
import threading

import av
import pytest

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frame_iterator import FrameIterator, FrameStats
from mediastreams._engine.frames import Picture
from mediastreams._engine.source import SourceHub
from mediastreams._engine.worker import Worker
from mediastreams.abc import Source
from mediastreams.testing import ManualClock


def picture(timestamp):
    return Picture.stamped(av.VideoFrame(16, 16, "gray"), timestamp, 40_000)


class Film(Source):
    """Pictures as fast as they are taken, from one reader."""

    kind = "video"
    free_running = True

    def __init__(self, count):
        self.clock = ManualClock()
        self.count = count
        self.made = 0
        self._wake = threading.Event()
        self._worker = None

    def start(self, mode, settings, delivery):
        self._worker = Worker("film", lambda: self._run(delivery), finish=self._wake.set).start()
        return mode

    def _run(self, delivery):
        for number in range(self.count):
            delivery.wait_for_room(self._wake)
            if self._wake.is_set():
                return
            self.made += 1
            delivery.deliver(picture(number * 40_000))
        delivery.end()

    def stop(self):
        self._wake.set()
        if self._worker is not None:
            self._worker.join(5)


@pytest.fixture
def film():
    """Open a film with its feed; it is closed at the end."""
    opened = []

    def open_film(count):
        hub = SourceHub(Film(count))
        hub.open(None, {})
        feed = TrackFeed(hub)
        hub.add_feed(feed)
        hub.release()
        opened.append((hub, feed))
        return hub.source, feed

    yield open_film
    for hub, feed in opened:
        feed.stop()
        hub.close_if_unused()


def frames_of(feed, policy="wait"):
    return FrameIterator(object(), feed, lambda item: item.timestamp, policy=policy, bound_us=200_000)


def all_stamps(count):
    return [number * 40_000 for number in range(count)]


async def test_nothing_is_read_before_somebody_asks(film):
    source, feed = film(10)
    frames = frames_of(feed)
    await asyncio.sleep(0.02)
    assert source.made == 0
    assert await anext(frames) == 0


async def test_waiting_holds_the_source_and_loses_nothing(film):
    source, feed = film(500)
    frames, found = frames_of(feed), []
    async for stamp in frames:
        found.append(stamp)
        assert source.made - len(found) <= 8
    assert found == all_stamps(500)
    assert frames.stats == FrameStats(500, 0)


async def test_a_slow_consumer_holds_the_others_back_and_all_get_everything(film):
    _, feed = film(60)

    async def consume(frames, seconds):
        found = []
        async for stamp in frames:
            found.append(stamp)
            await asyncio.sleep(seconds)
        return found

    slow, quick = frames_of(feed), frames_of(feed)
    assert await asyncio.gather(consume(slow, 0.002), consume(quick, 0)) == [all_stamps(60)] * 2


def test_a_thread_that_waits_holds_the_source_too(film):
    source, feed = film(200)
    frames = frames_of(feed)
    assert list(itertools.islice(frames, 50)) == all_stamps(50)
    assert source.made <= 60
    assert len(list(frames)) == 150


@pytest.mark.parametrize("leave", ["close", "drop"])
async def test_a_consumer_that_leaves_lets_the_source_go_on(film, leave):
    source, feed = film(100)
    held, reader = frames_of(feed), frames_of(feed)
    await anext(held)
    if leave == "close":
        held.close()
    del held
    gc.collect()
    async with asyncio.timeout(5):
        assert len([stamp async for stamp in reader]) == 100
    assert source.made == 100


async def test_one_who_does_not_wait_holds_nobody_and_misses_what_it_misses(film):
    _, feed = film(100)
    latest, reader = frames_of(feed, "latest"), frames_of(feed)
    assert [stamp async for stamp in reader] == all_stamps(100)
    assert [stamp async for stamp in latest] == [99 * 40_000]
    assert latest.stats == FrameStats(1, 99)


async def test_stopping_ends_a_source_that_is_held(film):
    source, feed = film(10_000)
    frames = frames_of(feed)
    await anext(frames)
    feed.stop()
    assert [stamp async for stamp in frames] == []
    assert source.made < 100
