"""`ReadableStreamBYOBReader`: reads a stream of bytes into buffers that whoever reads has brought.

Not for: chunks as they come (`ReadableStreamDefaultReader`).

Rules of the file: no byte is lost. What there was no room for, or what a read had that was cancelled, is what the
next read begins with, whichever reader makes it.

https://streams.spec.whatwg.org/#byob-reader-class
"""

from __future__ import annotations

# ruff: noqa: SLF001 - a stream and its reader are two sides of one thing
from typing import TYPE_CHECKING, Any, Final

from mediastreams._webidl.conversions import unsigned_long_long, wrong_type
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.readable_stream import GenericReader, ReadableStream, ReadableStreamReadResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Buffer

__all__ = ["ReadableStreamBYOBReader"]

_OPTIONS: Final[Schema[dict[str, int]]] = Schema(
    "ReadableStreamBYOBReaderReadOptions", Member("min", unsigned_long_long, default=1)
)


@public
class ReadableStreamBYOBReader(GenericReader[bytes]):
    """Reads a stream of bytes into your buffers: ``await blob.stream().get_reader(mode="byob").read(bytearray(64))``.

    A context manager that releases the stream.

    https://streams.spec.whatwg.org/#byob-reader-class
    """

    async def read(
        self, view: Buffer, options: Mapping[str, int] | None = None, **keywords: int
    ) -> ReadableStreamReadResult[memoryview]:
        """Fill ``view`` from its beginning; ``.value`` is the part that was filled, at the end an empty one.

        Args:
            view: anything writable with the buffer protocol, contiguous: a ``bytearray``, an array. It is written
                to until the call returns.
            options: ``min``: fill at least so many of its elements, unless the stream ends. Also as a keyword.

        Raises:
            TypeError: the lock was released, before or meanwhile; the view has no room or cannot be written to; the
                stream ended within an element.
            ValueError: ``min`` is more than the view has.
            DOMException: reading failed; so does every later read.

        https://streams.spec.whatwg.org/#byob-reader-read
        """
        where = "ReadableStreamBYOBReader.read"
        target = _writable(view, f"{where}: view")
        least = _OPTIONS.convert(merge_arguments(options, keywords, where), where)["min"]
        if least == 0:
            raise TypeError(f"{where}: min is 0, which is none to wait for")
        if least > len(target):
            raise ValueError(f"{where}: min is {least}, and the view has {len(target)} elements")
        stream = self._stream()
        with target.cast("B") as room:
            filled = await self._waiting(_fill(stream, room, least * target.itemsize, target.itemsize))
        return ReadableStreamReadResult(target[: filled // target.itemsize], not filled)


def _writable(view: object, where: str) -> memoryview[Any]:
    try:
        target = memoryview(view)  # type: ignore[arg-type]  # what it is, it says itself
    except TypeError:
        raise wrong_type(where, "an object with the buffer protocol", view) from None
    if target.readonly or not target.c_contiguous or target.ndim != 1:
        raise TypeError(f"{where}: expected a writable buffer of one dimension, without gaps")
    if not target.nbytes:
        raise TypeError(f"{where}: there is no room in it")
    return target


async def _fill(stream: ReadableStream[bytes], room: memoryview, least: int, unit: int) -> int:
    """*Pull into*: how many bytes were put into ``room``, at least ``least`` of them but at the end, whole units.

    https://streams.spec.whatwg.org/#readable-byte-stream-controller-pull-into
    """
    async with stream._turn:
        filled = 0
        try:
            while filled < least:
                chunk = await stream._next()
                if chunk is None:
                    break
                taken = min(len(chunk), len(room) - filled)
                room[filled : filled + taken] = chunk[:taken]
                filled += taken
                stream._rest = memoryview(chunk)[taken:] or None
        except BaseException:
            _put_back(stream, room[:filled])
            raise
        over = filled % unit
        if over and stream._state == "readable":
            _put_back(stream, room[filled - over : filled])
        elif over:
            error = TypeError("the stream ended within an element of the view")
            stream._set_state("errored", error)
            raise error
        return filled - over


def _put_back(stream: ReadableStream[bytes], read: memoryview) -> None:
    if read:
        stream._rest = bytes(read) + bytes(stream._rest or b"")
