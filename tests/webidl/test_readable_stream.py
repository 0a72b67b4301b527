import asyncio

import pytest

import mediastreams as ms
from mediastreams._webidl.readable_stream import readable_stream


class Numbers:
    """Counts up to an end; waits at each number for its gate when it has one; fails at a number."""

    def __init__(self, end, *, fails_at=None):
        self.next, self.end, self.fails_at = 0, end, fails_at
        self.gate = asyncio.Event()
        self.gate.set()
        self.cancelled = self.under_way = self.most_under_way = 0

    async def pull_chunk(self):
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await self.gate.wait()
        await asyncio.sleep(0)
        self.under_way -= 1
        if self.next == self.fails_at:
            raise ms.NotReadableError("no further")
        if self.next == self.end:
            return None
        self.next += 1
        return self.next

    def cancel_source(self):
        self.cancelled += 1


async def test_a_stream_is_read_by_a_loop_and_another_loop_goes_on():
    stream = readable_stream(Numbers(5))
    async for number in stream:
        if number == 2:
            break
    assert [number async for number in stream] == [3, 4, 5]
    assert [number async for number in stream] == []


async def test_a_reader_gives_chunks_and_then_the_end():
    reader = readable_stream(Numbers(1)).get_reader()
    result = await reader.read()
    assert (result.value, result.done) == (1, False)
    assert (await reader.read()).done
    assert await reader.read() == (None, True)


async def test_nothing_is_read_before_somebody_asks():
    source = Numbers(5)
    stream = readable_stream(source)
    await asyncio.sleep(0)
    assert source.next == 0
    await anext(stream)
    await asyncio.sleep(0)
    assert source.next == 1


async def test_a_reader_locks_the_stream_until_it_lets_go():
    stream = readable_stream(Numbers(2))
    assert not stream.locked
    with stream.get_reader() as reader:
        assert stream.locked
        with pytest.raises(TypeError, match="locked"):
            stream.get_reader()
        with pytest.raises(TypeError, match="locked"):
            await anext(stream)
        with pytest.raises(TypeError, match="locked"):
            await stream.cancel()
    reader.release_lock()
    for call in (reader.read, reader.cancel):
        with pytest.raises(TypeError, match="released"):
            await call()
    assert not stream.locked
    assert await anext(stream) == 1


async def test_reads_at_the_same_time_are_served_in_order_one_after_the_other():
    source = Numbers(3)
    reader = readable_stream(source).get_reader()
    results = await asyncio.gather(*(reader.read() for _ in range(5)))
    assert [result.value for result in results] == [1, 2, 3, None, None]
    assert source.most_under_way == 1


async def test_a_failed_read_fails_for_good():
    source = Numbers(5, fails_at=1)
    reader = readable_stream(source).get_reader()
    await reader.read()
    for call in (reader.read, reader.read, reader.cancel):
        with pytest.raises(ms.NotReadableError, match="no further"):
            await call()
    assert source.cancelled == 0


async def test_cancelling_ends_the_reads_that_wait_and_those_to_come():
    source = Numbers(5)
    source.gate.clear()
    reader = readable_stream(source).get_reader()
    waiting = asyncio.ensure_future(reader.read())
    await asyncio.sleep(0)
    await reader.cancel("enough")
    source.gate.set()
    assert (await waiting).done
    assert (await reader.read()).done
    await reader.cancel()
    assert source.cancelled == 1


async def test_who_gives_up_waiting_takes_no_chunk_from_the_others():
    source = Numbers(5)
    source.gate.clear()
    reader = readable_stream(source).get_reader()
    first, second = (asyncio.ensure_future(reader.read()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    source.gate.set()
    assert (await second).value == 1


async def test_who_lets_go_of_the_stream_ends_the_reads_that_wait_and_takes_no_chunk():
    source = Numbers(2)
    source.gate.clear()
    stream = readable_stream(source)
    reader = stream.get_reader()
    first, second = asyncio.ensure_future(reader.read()), asyncio.ensure_future(reader.read())
    await asyncio.sleep(0)
    reader.release_lock()
    for read in (first, second):
        with pytest.raises(TypeError, match="released"):
            await read
    source.gate.set()
    assert [number async for number in stream] == [1, 2]


async def test_who_is_cancelled_while_the_lock_is_released_stays_cancelled():
    source = Numbers(1)
    source.gate.clear()
    reader = readable_stream(source).get_reader()
    reading = asyncio.ensure_future(reader.read())
    await asyncio.sleep(0)
    reading.cancel()
    reader.release_lock()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_reader_that_lets_go_of_a_stream_at_its_end_is_told_so():
    reader = readable_stream(Numbers(0)).get_reader()
    await reader.read()
    await reader.closed
    reader.release_lock()
    with pytest.raises(TypeError, match="released"):
        await reader.closed


async def test_streams_and_readers_come_from_somewhere():
    for cls in (ms.ReadableStream, ms.ReadableStreamDefaultReader):
        with pytest.raises(TypeError, match="Illegal constructor"):
            cls()
    stream = readable_stream(Numbers(0))
    reader = stream.get_reader()
    assert repr(stream) == "<ReadableStream readable locked>"
    await reader.read()
    assert repr(stream) == "<ReadableStream closed locked>"


class Tape:
    """Writes down what it is told; fails at one chunk."""

    def __init__(self, *, fails_at=None):
        self.told, self.fails_at = [], fails_at

    async def write(self, chunk):
        if chunk == self.fails_at:
            raise ms.QuotaExceededError("full")
        self.told.append(chunk)

    async def close(self):
        self.told.append("closed")

    async def abort(self, reason=None):
        self.told.append(reason.name)


async def test_a_pipe_writes_every_chunk_and_closes():
    tape = Tape()
    stream = readable_stream(Numbers(3))
    await stream.pipe_to(tape)
    assert tape.told == [1, 2, 3, "closed"]
    assert not stream.locked
    await readable_stream(Numbers(1)).pipe_to(tape, {"preventClose": True})
    assert tape.told[-1] == 1


async def test_a_pipe_whose_stream_fails_aborts_where_it_leads():
    tape = Tape()
    with pytest.raises(ms.NotReadableError):
        await readable_stream(Numbers(3, fails_at=1)).pipe_to(tape)
    assert tape.told == [1, "NotReadableError"]
    with pytest.raises(ms.NotReadableError):
        await readable_stream(Numbers(3, fails_at=0)).pipe_to(tape, prevent_abort=True)
    assert tape.told == [1, "NotReadableError"]


async def test_a_pipe_that_cannot_write_cancels_its_stream():
    source = Numbers(5)
    with pytest.raises(ms.QuotaExceededError):
        await readable_stream(source).pipe_to(Tape(fails_at=2))
    assert source.cancelled == 1
    spared = Numbers(5)
    stream = readable_stream(spared)
    with pytest.raises(ms.QuotaExceededError):
        await stream.pipe_to(Tape(fails_at=2), prevent_cancel=True)
    assert spared.cancelled == 0
    assert await anext(stream) == 3


async def test_a_pipe_needs_a_stream_that_is_free_and_something_that_writes():
    stream = readable_stream(Numbers(3))
    with pytest.raises(TypeError, match="destination"):
        await stream.pipe_to([])
    with stream.get_reader(), pytest.raises(TypeError, match="locked"):
        await stream.pipe_to(Tape())
    generator = ms.VideoTrackGenerator()
    with generator.writable.get_writer(), pytest.raises(TypeError, match="locked"):
        await stream.pipe_to(generator.writable)
    assert not stream.locked
    generator.track.stop()
