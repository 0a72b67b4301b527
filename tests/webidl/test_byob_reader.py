import array
import asyncio

import numpy as np
import pytest

import mediastreams as ms
from mediastreams._webidl.readable_stream import readable_stream


class Pieces:
    """Gives pieces of bytes, then fails or ends."""

    def __init__(self, *pieces, fails=False):
        self.pieces, self.fails = list(pieces), fails

    async def pull_chunk(self):
        if not self.pieces and self.fails:
            raise ms.NotReadableError("no further")
        return self.pieces.pop(0) if self.pieces else None

    def cancel_source(self):
        self.pieces.clear()


def bytes_of(*pieces, **more):
    source = Pieces(*pieces, **more)
    return readable_stream(source, of_bytes=True), source


@pytest.mark.parametrize("ask", [{"options": {"mode": "byob"}}, {"mode": "byob"}])
async def test_a_blob_is_read_into_the_buffer_of_whoever_reads(ask):
    buffer = bytearray(4)
    with ms.Blob([b"abcdef"]).stream().get_reader(**ask) as reader:
        assert isinstance(reader, ms.ReadableStreamBYOBReader)
        first = await reader.read(buffer)
        assert (bytes(first.value), first.done, first.value.obj) == (b"abcd", False, buffer)
        assert bytes((await reader.read(buffer)).value) == b"ef"
        last = await reader.read(buffer)
        assert (bytes(last.value), last.done) == (b"", True)
        await reader.closed


async def test_without_a_mode_chunks_are_given_as_they_are():
    assert (await ms.Blob([b"ab"]).stream().get_reader({}).read()).value == b"ab"
    assert isinstance(ms.Blob().stream().get_reader({"mode": None}), ms.ReadableStreamDefaultReader)


async def test_what_there_was_no_room_for_comes_next_to_any_reader():
    stream, _ = bytes_of(b"abcdef", b"gh")
    with stream.get_reader(mode="byob") as reader:
        await reader.read(bytearray(2))
    assert (await anext(stream)) == b"cdef"
    with stream.get_reader(mode="byob") as reader:
        await reader.read(bytearray(1))
    assert (await stream.get_reader().read()).value == b"h"


async def test_a_minimum_is_waited_for_and_whole_elements_are_given():
    stream, _ = bytes_of(b"\1\0", b"\2\0\3", b"\0")
    numbers = array.array("H", bytes(8))
    with stream.get_reader(mode="byob") as reader:
        assert (await reader.read(numbers, min=2)).value.tolist() == [1, 2]
        assert (await reader.read(numbers)).value.tolist() == [3]
        assert (await reader.read(np.zeros(3, np.uint16))).done


async def test_a_stream_that_ends_within_an_element_fails():
    stream, _ = bytes_of(b"\1\0\2")
    reader = stream.get_reader(mode="byob")
    with pytest.raises(TypeError, match="within an element"):
        await reader.read(array.array("H", bytes(4)), {"min": 2})
    with pytest.raises(TypeError, match="within an element"):
        await reader.read(bytearray(1))


@pytest.mark.parametrize(
    ("view", "options", "error"),
    [
        ("text", {}, "buffer protocol, got 'text'"),
        (b"fixed", {}, "writable"),
        (np.zeros((2, 2), np.uint8), {}, "one dimension"),
        (np.zeros(8, np.uint8)[::2], {}, "gaps"),
        (bytearray(), {}, "no room"),
        (bytearray(2), {"min": 0}, "none to wait for"),
        (bytearray(2), {"min": "2"}, "min: expected a number"),
    ],
)
async def test_what_cannot_be_filled_is_a_type_error_and_nothing_is_read(view, options, error):
    stream, source = bytes_of(b"ab")
    with stream.get_reader(mode="byob") as reader, pytest.raises(TypeError, match=error):
        await reader.read(view, options)
    assert source.pieces == [b"ab"]


async def test_more_than_the_view_has_is_out_of_range():
    stream, _ = bytes_of(b"ab")
    with pytest.raises(ValueError, match="min is 3, and the view has 2"):
        await stream.get_reader(mode="byob").read(bytearray(2), min=3)


async def test_only_bytes_are_read_so():
    with pytest.raises(TypeError, match="streams of bytes"):
        ms.Blob().text_stream().get_reader(mode="byob")
    with pytest.raises(TypeError, match="one of 'byob'"):
        ms.Blob().stream().get_reader({"mode": "fast"})
    with pytest.raises(TypeError, match="Illegal constructor"):
        ms.ReadableStreamBYOBReader()


class Queue(asyncio.Queue):
    """Gives what was put in, when it was put in."""

    pull_chunk = asyncio.Queue.get

    def cancel_source(self):
        raise AssertionError


@pytest.mark.parametrize("how", ["release", "cancel"])
async def test_a_read_that_is_given_up_loses_nothing(how):
    source = Queue()
    stream = readable_stream(source, of_bytes=True)
    source.put_nowait(b"ab")
    reader = stream.get_reader(mode="byob")
    buffer = bytearray(4)
    reading = asyncio.create_task(reader.read(buffer, min=3))
    for _ in range(5):
        await asyncio.sleep(0)
    assert buffer == b"ab\0\0"
    if how == "release":
        reader.release_lock()
        with pytest.raises(TypeError, match="released"):
            await reading
    else:
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        reader.release_lock()
    source.put_nowait(b"cd")
    source.put_nowait(None)
    assert b"".join([chunk async for chunk in stream]) == b"abcd"


async def test_a_failure_is_the_readers_too():
    stream, _ = bytes_of(b"ab", fails=True)
    reader = stream.get_reader(mode="byob")
    await reader.read(bytearray(2))
    with pytest.raises(ms.NotReadableError):
        await reader.read(bytearray(2))
    with pytest.raises(ms.NotReadableError):
        await reader.closed


async def test_a_cancelled_stream_keeps_nothing():
    stream, _ = bytes_of(b"abc")
    with stream.get_reader(mode="byob") as reader:
        await reader.read(bytearray(1))
        await reader.cancel()
        assert (await reader.read(bytearray(1))).done
    assert [chunk async for chunk in stream] == []
