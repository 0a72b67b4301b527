"""`WritableStream` and its writer, as far as frames need them.

Not for: queues, which the consumers of a track have; a write is done when the frame is with them.

https://streams.spec.whatwg.org/#ws-class
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.promise_attributes import PromiseAttribute

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType

__all__ = ["UnderlyingSink", "WritableStream", "WritableStreamDefaultWriter"]

_T = TypeVar("_T")
_T_contra = TypeVar("_T_contra", contravariant=True)


class UnderlyingSink(Protocol[_T_contra]):
    """What a stream writes to."""

    async def write_chunk(self, chunk: _T_contra) -> None:
        """Take one chunk; raise when it is refused."""

    @property
    def full(self) -> bool:
        """Whether a chunk that is written now has to wait."""

    def close_sink(self) -> None:
        """Take note that nothing follows. Once."""


class _Writing(ABC, Generic[_T]):
    """Writing, closing, aborting: the same for a stream and its writer."""

    @abstractmethod
    def _stream(self) -> WritableStream[_T]:
        """The stream; raises TypeError when it may not be used from here."""

    async def write(self, chunk: _T) -> None:
        """Hand over one frame; its handle is used up.

        Raises:
            TypeError: not a frame, or a closed one; the stream was closed, aborted, or is locked.
        """
        stream = self._stream()
        if stream._state != "writable":
            raise TypeError(f"the stream is {stream._state}: nothing can be written any more")
        await stream._sink.write_chunk(chunk)

    async def close(self) -> None:
        """Say that nothing follows: the tracks end.

        Raises:
            TypeError: the stream was closed or aborted already, or is locked.
        """
        stream = self._stream()
        if stream._state != "writable":
            raise TypeError(f"the stream is {stream._state} already")
        stream._end("closed")

    async def abort(self, reason: object = None) -> None:  # noqa: ARG002 - the standard's; nobody downstream asks why
        """End at once; later writes fail. On a stream that has ended it does nothing."""
        stream = self._stream()
        if stream._state == "writable":
            stream._end("aborted")


@public
class WritableStream(_Writing[_T]):
    """Takes frames: ``await stream.write(frame)``, or through a writer that locks it.

    https://streams.spec.whatwg.org/#ws-class
    """

    __init__ = illegal_constructor("It is the writable of a generator.")

    _sink: UnderlyingSink[_T]
    _state: str  # writable, closed, aborted
    _writer: WritableStreamDefaultWriter[_T] | None

    @classmethod
    def _to(cls, sink: UnderlyingSink[_T]) -> WritableStream[_T]:
        stream = cls.__new__(cls)
        stream._sink = sink
        stream._state = "writable"
        stream._writer = None
        return stream

    @property
    def locked(self) -> bool:
        """Whether a writer has it."""
        return self._writer is not None

    def get_writer(self) -> WritableStreamDefaultWriter[_T]:
        """Lock the stream to a writer.

        Raises:
            TypeError: another writer has it.

        https://streams.spec.whatwg.org/#ws-get-writer
        """
        if self._writer is not None:
            raise TypeError("the stream is locked to a writer: release_lock() it first")
        writer: WritableStreamDefaultWriter[_T] = WritableStreamDefaultWriter.__new__(WritableStreamDefaultWriter)
        writer._target = self
        writer._closed = PromiseAttribute()
        writer._ready = PromiseAttribute()
        writer._ready.resolve()
        self._writer = writer
        self._tell_writer()
        return writer

    def _stream(self) -> WritableStream[_T]:
        if self._writer is not None:
            raise TypeError("the stream is locked to a writer: use the writer, or release_lock() it")
        return self

    def _end(self, state: str) -> None:
        self._set_state(state)
        self._sink.close_sink()

    def _set_state(self, state: str) -> None:
        """Any thread."""
        self._state = state
        self._tell_writer()

    def _tell_writer(self) -> None:
        writer = self._writer
        if writer is not None and self._state == "closed":
            writer._closed.resolve()
        elif writer is not None and self._state == "aborted":
            writer._closed.reject(TypeError("the stream was aborted"))

    def __repr__(self) -> str:
        return f"<WritableStream {self._state}{' locked' if self.locked else ''}>"


@public
class WritableStreamDefaultWriter(_Writing[_T]):
    """The one that may write to a stream, until `release_lock`. A context manager that releases it.

    https://streams.spec.whatwg.org/#default-writer-class
    """

    __init__ = illegal_constructor("Call WritableStream.get_writer().")

    _target: WritableStream[_T] | None
    _closed: PromiseAttribute
    _ready: PromiseAttribute

    @property
    def closed(self) -> asyncio.Future[None]:
        """Await the end: fails with `TypeError` when the stream was aborted, or the lock was released before.

        Raises:
            RuntimeError: read outside an event loop.

        https://streams.spec.whatwg.org/#default-writer-closed
        """
        return self._closed.get()

    @property
    def ready(self) -> asyncio.Future[None]:
        """Await that a frame is wanted: always at once; it is `write` that waits.

        Raises:
            RuntimeError: read outside an event loop.

        https://streams.spec.whatwg.org/#default-writer-ready
        """
        return self._ready.get()

    @property
    def desired_size(self) -> int:
        """How many frames are wanted now: one while the stream is open, none while a recording is far behind.

        Raises:
            TypeError: the lock was released, or the stream was aborted.
        """
        stream = self._stream()
        if stream._state == "aborted":
            raise TypeError("the stream was aborted")
        return 1 if stream._state == "writable" and not stream._sink.full else 0

    def release_lock(self) -> None:
        """Let the stream go. Idempotent."""
        if self._target is not None:
            self._target._writer = None
            self._target = None
            self._closed.reject(TypeError("the writer has released its lock"))

    def _stream(self) -> WritableStream[_T]:
        if self._target is None:
            raise TypeError("the writer has released its lock")
        return self._target

    def __enter__(self) -> WritableStreamDefaultWriter[_T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release_lock()
