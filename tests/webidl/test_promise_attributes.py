"""Attributes that are promises: ``writer.closed``, ``writer.ready``, ``reader.closed``."""

import asyncio
import gc

import pytest

import mediastreams as ms
from mediastreams._webidl.promise_attributes import PromiseAttribute


async def test_it_is_the_same_every_time_and_settled_once():
    promise = PromiseAttribute()
    assert promise.get() is promise.get()
    promise.resolve()
    promise.reject(ValueError("too late"))
    assert await promise.get() is None


async def test_who_asks_late_gets_the_outcome():
    promise = PromiseAttribute()
    promise.reject(ValueError("failed"))
    with pytest.raises(ValueError, match="failed"):
        await promise.get()


async def test_it_may_be_settled_by_another_thread():
    promise = PromiseAttribute()
    waiting = asyncio.ensure_future(promise.get())
    await asyncio.to_thread(promise.resolve)
    await asyncio.wait_for(waiting, 5)


async def test_a_failure_that_nobody_awaits_is_no_news():
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: pytest.fail(str(context)))
    promise = PromiseAttribute()
    promise.get()
    promise.reject(ValueError("nobody asked"))
    await asyncio.sleep(0.001)
    del promise
    gc.collect()


def test_each_loop_is_served_when_the_one_before_is_closed():
    promise = PromiseAttribute()

    async def look():
        return promise.get()

    first = asyncio.run(look())
    promise.resolve()

    async def wait():
        await promise.get()
        return promise.get() is not first

    assert asyncio.run(wait())


def test_outside_a_loop_there_is_nothing_to_await():
    with pytest.raises(RuntimeError, match="event loop"):
        PromiseAttribute().get()


async def test_a_writer_tells_when_its_stream_is_closed():
    generator = ms.VideoTrackGenerator()
    writer = generator.writable.get_writer()
    await writer.ready
    assert not writer.closed.done()
    await writer.close()
    await asyncio.wait_for(writer.closed, 5)


async def test_a_writer_tells_when_the_last_track_was_stopped():
    generator = ms.VideoTrackGenerator()
    writer = generator.writable.get_writer()
    clone = generator.track.clone()
    generator.track.stop()
    await asyncio.sleep(0.001)
    assert not writer.closed.done()
    clone.stop()
    await asyncio.wait_for(writer.closed, 5)
    writer.release_lock()
    await generator.writable.get_writer().closed


async def test_an_aborted_stream_and_a_released_lock_are_failures():
    generator = ms.VideoTrackGenerator()
    with generator.writable.get_writer() as first:
        closed = first.closed
    with pytest.raises(TypeError, match="released"):
        await closed
    writer = generator.writable.get_writer()
    await writer.abort()
    with pytest.raises(TypeError, match="aborted"):
        await writer.closed


async def test_a_reader_tells_when_its_stream_has_ended():
    stream = ms.Blob([b"abc"]).stream()
    reader = stream.get_reader()
    while not (await reader.read()).done:
        assert not reader.closed.done()
    await reader.closed
    reader.release_lock()
    await stream.get_reader().closed


async def test_a_reader_that_is_released_will_not_know():
    stream = ms.Blob([b"abc"]).stream()
    with stream.get_reader() as reader:
        closed = reader.closed
    with pytest.raises(TypeError, match="released"):
        await closed
