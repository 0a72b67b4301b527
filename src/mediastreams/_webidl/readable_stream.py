"""`ReadableStream` and its reader, as far as the family needs them.

Not for: the queue in front of it (``transform/processor.py`` has one), nor reading into one's own buffer
(``byob_reader.py``).

Rules of the file: nothing is read ahead; a chunk is fetched when somebody asks for it, and whoever asks first gets
it first. NOT-HERE: ``tee`` and ``pipe_through``: chunks are immutable, any number of variables can hold them, and a
loop or a generator function is a transform.

https://streams.spec.whatwg.org/#rs-class
"""

from __future__ import annotations

# ruff: noqa: SLF001 - a stream and its reader are two sides of one thing
import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, Protocol, Self, TypeVar, cast, overload

from mediastreams._webidl.conversions import boolean, enumeration, wrong_type
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.promise_attributes import PromiseAttribute

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from types import TracebackType

    from mediastreams._webidl.byob_reader import ReadableStreamBYOBReader

__all__ = [
    "Destination",
    "GenericReader",
    "ReadableStream",
    "ReadableStreamDefaultReader",
    "ReadableStreamReadResult",
    "ReadableStreamReaderMode",
    "UnderlyingSource",
    "readable_stream",
]

_T = TypeVar("_T")
_R = TypeVar("_R")
_T_co = TypeVar("_T_co", covariant=True)
_T_contra = TypeVar("_T_contra", contravariant=True)


class UnderlyingSource(Protocol[_T_co]):
    """What a stream reads from."""

    async def pull_chunk(self) -> _T_co | None:
        """The next chunk, ``None`` at the end. One call at a time; what it raises is the end of the stream, too."""

    def cancel_source(self) -> None:
        """Take note that nobody reads on. Once, and not after the end."""


class Destination(Protocol[_T_contra]):
    """What a stream can be piped to."""

    async def write(self, chunk: _T_contra, /) -> object:
        """Take a chunk."""

    async def close(self) -> object:
        """Take note that nothing follows."""

    async def abort(self, reason: object = None, /) -> object:
        """Take note that reading failed."""


_RELEASED: Final = "the reader has released its lock"
_PIPE_OPTIONS: Final[Schema[dict[str, bool]]] = Schema(
    "StreamPipeOptions",
    *(Member(name, boolean, default=False) for name in ("prevent_close", "prevent_abort", "prevent_cancel")),
)


@public
class ReadableStreamReaderMode(StrEnum):
    """How a reader reads.

    https://streams.spec.whatwg.org/#enumdef-readablestreamreadermode
    """

    BYOB = "byob"
    """Into the buffers of whoever reads."""


_READER_OPTIONS: Final[Schema[dict[str, ReadableStreamReaderMode]]] = Schema(
    "ReadableStreamGetReaderOptions", Member("mode", enumeration(ReadableStreamReaderMode))
)


@public
class ReadableStreamReadResult(NamedTuple, Generic[_T]):
    """What `ReadableStreamDefaultReader.read` answers.

    https://streams.spec.whatwg.org/#dictdef-readablestreamreadresult
    """

    value: _T | None
    """The chunk; ``None`` at the end."""
    done: bool
    """Whether that was the end."""


@public
class ReadableStream(Generic[_T]):
    """Gives chunks: ``async for chunk in stream``, or ``await stream.get_reader().read()``.

    Leaving a loop leaves the stream where it is: another loop goes on from there. Belongs to one event loop.

    https://streams.spec.whatwg.org/#rs-class
    """

    __init__ = illegal_constructor("Call stream() of a Blob, or read a MediaStreamTrackProcessor's readable.")

    _source: UnderlyingSource[_T]
    _of_bytes: bool  # whether it is a readable byte stream
    _rest: Any  # of bytes that were read: those for which there was no room in a reader's buffer
    _state: str  # readable, closed, errored
    _error: BaseException | None
    _reader: GenericReader[_T] | None
    _turn: asyncio.Lock  # one pull at a time, first come first served

    @property
    def locked(self) -> bool:
        """Whether a reader has it."""
        return self._reader is not None

    @overload
    def get_reader(self, options: None = None) -> ReadableStreamDefaultReader[_T]: ...
    @overload
    def get_reader(self, options: None = None, *, mode: Literal["byob"]) -> ReadableStreamBYOBReader: ...
    @overload
    def get_reader(
        self, options: Mapping[str, str] | None = None, *, mode: str | None = None
    ) -> ReadableStreamDefaultReader[_T] | ReadableStreamBYOBReader: ...
    def get_reader(
        self, options: Mapping[str, str] | None = None, *, mode: str | None = None
    ) -> ReadableStreamDefaultReader[_T] | ReadableStreamBYOBReader:
        """Lock the stream to a reader.

        Args:
            options: ``mode``: ``"byob"`` for one that reads into your buffers, which streams of bytes have.
            mode: the same as a keyword.

        Raises:
            TypeError: another reader has the stream, or it is none of bytes.

        https://streams.spec.whatwg.org/#rs-get-reader
        """
        where = "ReadableStream.get_reader"
        wanted = _READER_OPTIONS.convert(merge_arguments(options, {"mode": mode} if mode else {}, where), where)
        if "mode" in wanted and not self._of_bytes:
            raise TypeError(f'{where}: mode "byob" is for streams of bytes, as Blob.stream() makes them')
        self._check_unlocked()
        if "mode" in wanted:
            from mediastreams._webidl.byob_reader import ReadableStreamBYOBReader

            into_buffers: ReadableStreamBYOBReader = ReadableStreamBYOBReader._of(self)
            return into_buffers
        reader: ReadableStreamDefaultReader[_T] = ReadableStreamDefaultReader._of(self)
        return reader

    async def cancel(self, reason: object = None) -> None:
        """Read no more: what is left is let go of, and later reads are at the end.

        Raises:
            TypeError: a reader has the stream.

        https://streams.spec.whatwg.org/#rs-cancel
        """
        self._check_unlocked()
        self._cancel(reason)

    async def pipe_to(
        self, destination: Destination[_T], options: Mapping[str, bool] | None = None, **keywords: bool
    ) -> None:
        """Write every chunk to ``destination``, a `WritableStream` or anything else that writes; then close it.

        Args:
            destination: has ``async`` methods ``write(chunk)``, ``close()`` and ``abort(reason)``.
            options: ``prevent_close``: leave it open at the end; ``prevent_abort``: also when reading fails;
                ``prevent_cancel``: do not cancel this stream when writing fails. Also as keywords.

        Raises:
            TypeError: one of the two streams is locked, or the destination cannot be written to.
            Exception: what reading or writing raised.

        https://streams.spec.whatwg.org/#readable-stream-pipe-to
        """
        where = "ReadableStream.pipe_to"
        prevented = _PIPE_OPTIONS.convert(merge_arguments(options, keywords, where), where)
        if not all(hasattr(destination, name) for name in ("write", "close", "abort")):
            raise wrong_type(f"{where}: destination", "an object with write(), close() and abort()", destination)
        with self.get_reader():
            if hasattr(destination, "get_writer"):
                with destination.get_writer() as writer:
                    await self._pipe(writer, prevented)
            else:
                await self._pipe(destination, prevented)

    async def _pipe(self, writer: Destination[_T], prevented: Mapping[str, bool]) -> None:
        while True:
            try:
                chunk = await self._read()
            except Exception as error:
                if not prevented["prevent_abort"]:
                    await writer.abort(error)
                raise
            if chunk is None:
                if not prevented["prevent_close"]:
                    await writer.close()
                return
            try:
                await writer.write(chunk)
            except Exception as error:
                if not prevented["prevent_cancel"]:
                    self._cancel(error)
                raise

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _T:
        self._check_unlocked()
        chunk = await self._read()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    def _check_unlocked(self) -> None:
        if self._reader is not None:
            raise TypeError("the stream is locked to a reader: use the reader, or release_lock() it")

    def _cancel(self, reason: object) -> None:  # noqa: ARG002 - the standard's; no source asks why
        if self._state == "errored":
            assert self._error is not None
            raise self._error
        if self._state == "readable":
            self._rest = None
            self._set_state("closed")
            self._source.cancel_source()

    def _close_by_source(self) -> None:
        """*Close*: the source has ended, though nobody has asked for the next chunk.

        https://streams.spec.whatwg.org/#readablestream-close
        """
        if self._state == "readable":
            self._set_state("closed")

    def _set_state(self, state: str, error: Exception | None = None) -> None:
        self._state, self._error = state, error
        self._tell_reader()

    def _tell_reader(self) -> None:
        if self._reader is not None and self._state == "closed":
            self._reader._closed.resolve()
        elif self._reader is not None and isinstance(self._error, Exception):
            self._reader._closed.reject(self._error)

    async def _read(self) -> _T | None:
        """*Read a chunk*; ``None`` at the end.

        https://streams.spec.whatwg.org/#readable-stream-default-reader-read
        """
        async with self._turn:
            return await self._next()

    async def _next(self) -> _T | None:
        """The same for whoever has the turn."""
        if self._state == "errored":
            assert self._error is not None
            raise self._error
        if self._rest:
            rest, self._rest = self._rest, None
            return cast("_T", bytes(rest))
        if self._state == "closed":
            return None
        try:
            chunk = await self._source.pull_chunk()
        except Exception as error:
            self._set_state("errored", error)
            raise
        if self._state != "readable":  # cancelled meanwhile
            return None
        if chunk is None:
            self._set_state("closed")
        return chunk

    def __repr__(self) -> str:
        return f"<ReadableStream {self._state}{' locked' if self.locked else ''}>"


class GenericReader(Generic[_T]):
    """What the two readers have in common.

    https://streams.spec.whatwg.org/#generic-reader-mixin
    """

    __init__ = illegal_constructor("Call ReadableStream.get_reader().")

    _target: ReadableStream[_T] | None
    _closed: PromiseAttribute
    _reading: set[asyncio.Task[Any]]

    @classmethod
    def _of(cls, stream: ReadableStream[_T]) -> Self:
        reader = cls.__new__(cls)
        reader._target = stream
        reader._closed = PromiseAttribute()
        reader._reading = set()
        stream._reader = reader
        stream._tell_reader()
        return reader

    @property
    def closed(self) -> asyncio.Future[None]:
        """Await the stream's end: fails as the stream did, or with `TypeError` when the lock was released before.

        Raises:
            RuntimeError: read outside an event loop.

        https://streams.spec.whatwg.org/#generic-reader-closed
        """
        return self._closed.get()

    async def cancel(self, reason: object = None) -> None:
        """Read no more: what is left is let go of, and later reads are at the end.

        Raises:
            TypeError: the lock was released.

        https://streams.spec.whatwg.org/#generic-reader-cancel
        """
        self._stream()._cancel(reason)

    def release_lock(self) -> None:
        """Let the stream go. Idempotent. Reads that wait raise `TypeError`, and no chunk goes with them.

        https://streams.spec.whatwg.org/#default-reader-release-lock
        """
        if self._target is None:
            return
        if self._target._state != "readable":
            self._closed = PromiseAttribute()  # the one there was is settled
        self._closed.reject(TypeError(_RELEASED))
        self._target._reader = None
        self._target = None
        for task in self._reading:
            task.cancel()

    async def _waiting(self, reading: Coroutine[Any, Any, _R]) -> _R:
        """Read, until `release_lock` ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._reading.add(task)
        try:
            return await reading
        except asyncio.CancelledError:
            # As `asyncio.timeout` does it: our own cancellation ends here, anybody else's goes on.
            if self._target is not None or task.uncancel() > 0:
                raise
            raise TypeError(_RELEASED) from None
        finally:
            self._reading.discard(task)

    def _stream(self) -> ReadableStream[_T]:
        if self._target is None:
            raise TypeError(_RELEASED)
        return self._target

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release_lock()


@public
class ReadableStreamDefaultReader(GenericReader[_T]):
    """The one that may read a stream, until `release_lock`. A context manager that releases it.

    https://streams.spec.whatwg.org/#default-reader-class
    """

    async def read(self) -> ReadableStreamReadResult[_T]:
        """The next chunk, as ``.value``; at the end ``.done`` is true.

        Raises:
            TypeError: the lock was released, before or meanwhile.
            DOMException: reading failed; so does every later read.

        https://streams.spec.whatwg.org/#default-reader-read
        """
        chunk = await self._waiting(self._stream()._read())
        return ReadableStreamReadResult(chunk, chunk is None)


def readable_stream(source: UnderlyingSource[_T], *, of_bytes: bool = False) -> ReadableStream[_T]:
    """*Set up* a stream that reads from a source; ``of_bytes``: *with byte reading support*.

    https://streams.spec.whatwg.org/#readablestream-set-up
    https://streams.spec.whatwg.org/#readablestream-set-up-with-byte-reading-support
    """
    stream: ReadableStream[_T] = ReadableStream.__new__(ReadableStream)
    stream._source = source
    stream._of_bytes, stream._rest = of_bytes, None
    stream._state = "readable"
    stream._error = None
    stream._reader = None
    stream._turn = asyncio.Lock()
    return stream
