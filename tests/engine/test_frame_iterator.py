"""Frames of a feed, awaited on a loop or in a blocking thread: nothing lost, nothing late, nobody left waiting."""

import asyncio
import gc
import threading
import weakref

import pytest

from mediastreams._engine.audio_data import AudioData
from mediastreams._engine.frame_iterator import FrameIterator
from mediastreams._engine.lanes import lane_for
from mediastreams._engine.video_frame import VideoFrame
from mediastreams._webidl.tasks import Wakeups

__all__ = []


class Gate:
    """A conversion that waits to be let through: its thread says that it has come, the test lets it go."""

    def __init__(self):
        self.came = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.converted = []

    def __call__(self, picture):
        self.came.release()
        assert self.go.acquire(timeout=5)
        self.converted.append(picture.timestamp)
        return [VideoFrame._of(picture)]

    async def reached(self):
        assert await asyncio.to_thread(self.came.acquire, timeout=5)


@pytest.fixture
def gate():
    return Gate()


def frames_of(feed, policy="drop-oldest", convert=None):
    make = VideoFrame._of if feed.kind == "video" else AudioData._of
    lane = None if convert is None else lane_for(id(convert))
    return FrameIterator(object(), feed, make, policy=policy, bound_us=1_000_000, convert=convert, lane=lane)


def as_it_is(picture):
    return [VideoFrame._of(picture)]


async def waiting(frames):
    """A task that waits for the next frame."""
    task = asyncio.ensure_future(anext(frames))
    while frames._future is None:
        await asyncio.sleep(0)
    return task


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_frame_that_came_together_with_the_cancellation_is_not_lost(hand):
    frames = frames_of(hand.feed())
    task = await waiting(frames)
    hand.source.show(1)
    frames._resume()  # the wake-up has come, the task has not run yet
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await anext(frames)).timestamp == 1000


async def test_a_conversion_whose_waiter_gave_up_serves_the_next_one(hand, gate):
    frames = frames_of(hand.feed(), convert=gate)
    task = await waiting(frames)
    hand.source.show(1)
    await gate.reached()
    task.cancel()
    await asyncio.wait([task])
    gate.go.release()
    assert (await anext(frames)).timestamp == 1000


async def test_latest_after_a_wait_that_was_given_up_is_the_latest(hand, gate):
    frames = frames_of(hand.feed(), "latest", convert=gate)
    task = await waiting(frames)
    hand.source.show(1)
    await gate.reached()
    task.cancel()
    await asyncio.wait([task])
    gate.go.release()
    await until(lambda: frames._ready)
    hand.source.show(2)
    gate.go.release()
    assert (await anext(frames)).timestamp == 2000
    assert (frames.stats.delivered, frames.stats.dropped) == (1, 1)


async def test_no_frame_that_is_being_converted_comes_after_stop(hand, gate):
    feed = hand.feed()
    frames = frames_of(feed, convert=gate)
    task = await waiting(frames)
    hand.source.show(1)
    await gate.reached()
    feed.stop()
    gate.go.release()
    with pytest.raises(StopAsyncIteration):
        await task


async def test_no_frame_that_waits_converted_comes_after_stop(hand):
    feed = hand.feed()
    frames = frames_of(feed, convert=lambda picture: [VideoFrame._of(picture), VideoFrame._of(picture)])
    hand.source.show(1)
    await anext(frames)
    feed.stop()
    assert [frame async for frame in frames] == []


async def test_no_frame_comes_after_close_whoever_converts_it(hand, gate):
    frames = frames_of(hand.feed(), convert=gate)
    task = await waiting(frames)
    hand.source.show(1)
    await gate.reached()
    await asyncio.to_thread(frames.close)
    gate.go.release()
    with pytest.raises(StopAsyncIteration):
        await task


@pytest.mark.parametrize("convert", [None, as_it_is], ids=["as it is", "converted"])
async def test_closing_while_a_task_waits_ends_its_wait(hand, convert):
    frames = frames_of(hand.feed(), convert=convert)
    task = await waiting(frames)
    await asyncio.to_thread(frames.close)
    with pytest.raises(StopAsyncIteration):
        await task


@pytest.mark.parametrize("policy", ["latest", "drop-oldest"])
@pytest.mark.parametrize("convert", [None, as_it_is], ids=["as it is", "converted"])
async def test_the_last_frame_comes_before_the_end(hand, policy, convert):
    frames = frames_of(hand.feed(), policy, convert=convert)
    hand.source.show(1)
    hand.source.show(2)
    hand.source.delivery.end()
    assert [frame.timestamp async for frame in frames][-1] == 2000


async def test_the_last_frame_comes_though_the_source_ends_while_it_is_converted(hand, gate):
    frames = frames_of(hand.feed(), "latest", convert=gate)
    task = await waiting(frames)
    hand.source.show(1)
    await gate.reached()
    hand.source.delivery.end()
    for _ in range(5):
        await asyncio.sleep(0)
    gate.go.release()
    assert (await task).timestamp == 1000
    with pytest.raises(StopAsyncIteration):
        await anext(frames)


async def test_what_a_conversion_holds_back_comes_at_the_end(make_hand):
    hand = make_hand("audio")

    class Pairs:
        def __init__(self):
            self.held = []

        def __call__(self, sound):
            self.held.append(sound)
            return self.flush() if len(self.held) == 2 else []

        def flush(self):
            held, self.held = self.held, []
            return [AudioData._of(sound) for sound in held]

    frames = frames_of(hand.feed(), convert=Pairs())
    task = asyncio.ensure_future(_all(frames))
    for number in range(5):
        await asyncio.sleep(0)
        hand.source.sound(number)
    hand.source.delivery.end()
    assert [frame.timestamp for frame in await task] == [0, 10_000, 20_000, 30_000, 40_000]


async def _all(frames):
    return [frame async for frame in frames]


async def test_a_conversion_that_fails_raises_at_the_waiter_and_the_next_frame_comes(hand):
    def fail_once(picture):
        if picture.timestamp == 1000:
            raise ValueError("no")
        return as_it_is(picture)

    frames = frames_of(hand.feed(), convert=fail_once)
    task = await waiting(frames)
    hand.source.show(1)
    with pytest.raises(ValueError, match="no"):
        await task
    hand.source.show(2)
    assert (await anext(frames)).timestamp == 2000


async def test_frames_that_are_there_already_leave_the_loop_time_to_breathe(hand):
    frames = frames_of(hand.feed())
    for number in range(100):
        hand.source.show(number)
    breaths = []

    async def breathe():
        while True:
            breaths.append(1)
            await asyncio.sleep(0)

    other = asyncio.ensure_future(breathe())
    for _ in range(100):
        await anext(frames)
    other.cancel()
    assert len(breaths) >= 5


async def test_sixty_four_consumers_get_every_frame_from_another_thread(hand):
    feed = hand.feed()
    iterators = [frames_of(feed, convert=as_it_is if number % 2 else None) for number in range(64)]
    tasks = [asyncio.ensure_future(_all(frames)) for frames in iterators]
    await asyncio.sleep(0)

    def produce():
        for number in range(200):
            hand.source.show(number)
        hand.source.delivery.end()

    await asyncio.to_thread(produce)
    async with asyncio.timeout(20):
        for seen in await asyncio.gather(*tasks):
            assert [frame.timestamp for frame in seen] == [1000 * number for number in range(200)]


async def test_consumers_that_come_and_go_while_frames_come_never_hang(hand):
    feed = hand.feed()
    running = True

    def produce():
        number = 0
        while running:
            hand.source.show(number)
            number += 1

    async def come_and_go(number):
        for turn in range(30):
            frames = frames_of(feed, "latest", convert=as_it_is if (turn + number) % 2 else None)
            if turn % 3 == 0:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(_all(frames), 0.002)
            else:
                for _ in range(turn % 4):
                    await anext(frames)
            if turn % 5 == 0:
                frames.close()

    producer = asyncio.ensure_future(asyncio.to_thread(produce))
    try:
        async with asyncio.timeout(30):
            await asyncio.gather(*(come_and_go(number) for number in range(8)))
    finally:
        running = False
        await producer
    gc.collect()
    hand.source.show(0)
    hand.source.show(1)
    assert feed.ports == ()


async def test_an_iterator_that_is_dropped_is_detached(hand):
    feed = hand.feed()
    frames = frames_of(feed)
    gone = weakref.ref(frames)
    del frames
    hand.source.show(1)
    assert gone() is None
    assert feed.ports == ()


@pytest.mark.parametrize("convert", [None, as_it_is], ids=["as it is", "converted"])
def test_an_iterator_whose_loop_was_closed_under_its_waiter_serves_another_loop(hand, convert):
    frames = frames_of(hand.feed(), convert=convert)
    loop = asyncio.new_event_loop()
    task = loop.create_task(anext(frames))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    hand.source.show(1)  # wakes nobody

    async def one():
        return (await asyncio.wait_for(anext(frames), 5)).timestamp

    assert asyncio.run(one()) == 1000
    task._log_destroy_pending = False


def test_a_thread_is_woken_though_a_task_of_a_closed_loop_waited_before(hand):
    frames = frames_of(hand.feed())
    loop = asyncio.new_event_loop()
    task = loop.create_task(anext(frames))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    seen = []
    thread = threading.Thread(target=lambda: seen.append(next(frames).timestamp))
    thread.start()
    while frames._blocked is None:
        thread.join(0.001)
    hand.source.show(1)
    thread.join(5)
    assert seen == [1000]
    task._log_destroy_pending = False


def test_wake_ups_of_a_closed_loop_do_not_pile_up():
    loop = asyncio.new_event_loop()
    wakeups = Wakeups(loop)
    wakeups.add(lambda: None)  # scheduled, and never run
    loop.close()
    for _ in range(5000):
        wakeups.add(lambda: None)
    assert len(wakeups._calls) <= 1001


@pytest.mark.parametrize("end", ["stop", "close", "source"])
@pytest.mark.parametrize("convert", [None, as_it_is], ids=["as it is", "converted"])
def test_a_blocked_thread_is_let_go(hand, convert, end):
    feed = hand.feed()
    frames = frames_of(feed, convert=convert)
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(frame.timestamp for frame in frames))
    thread.start()
    hand.source.show(1)
    while not seen:
        thread.join(0.001)
    {"stop": feed.stop, "close": frames.close, "source": hand.source.delivery.end}[end]()
    thread.join(5)
    assert not thread.is_alive()
    assert seen == [1000]


def test_in_a_forked_child_an_iterator_has_ended_whatever_was_going_on(hand):
    feed = hand.feed()
    frames = frames_of(feed, convert=as_it_is)
    hand.source.show(1)
    frames._turn.acquire()  # a lane of the parent was converting
    frames._port._lock.acquire()
    feed.after_fork()
    assert list(frames) == []

    async def awaited():
        return [frame async for frame in frames]

    assert asyncio.run(awaited()) == []
    frames.close()


async def test_a_second_task_is_refused(hand):
    frames = frames_of(hand.feed())
    task = await waiting(frames)
    with pytest.raises(RuntimeError, match="each task its own"):
        await anext(frames)
    task.cancel()


async def test_a_loop_in_debug_mode_finds_nothing_slow(hand, caplog):
    asyncio.get_running_loop().slow_callback_duration = 0.05
    feed = hand.feed()
    tasks = [asyncio.ensure_future(_all(frames_of(feed, convert=as_it_is))) for _ in range(16)]
    await asyncio.sleep(0)
    await asyncio.to_thread(lambda: [hand.source.show(number) for number in range(50)])
    feed.stop()
    await asyncio.gather(*tasks)
    assert "Executing" not in caplog.text
