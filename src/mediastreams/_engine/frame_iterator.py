"""`FrameIterator`: frames of a track in Python, asynchronously on a loop or blocking in a thread.

Not for: knowing tracks; it holds its track only so that the track lives.

Rules of the file: a class, not a generator, so that leaving a loop detaches at once; a frame is converted
when somebody waits for it, on a lane or in the blocking caller's thread, never on the loop and never for
nobody; one wake-up serves all iterators of a loop.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import Wakeups, wakeups_of

if TYPE_CHECKING:
    from types import TracebackType

    from mediastreams._engine.audio_data import AudioData
    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.lanes import Lane
    from mediastreams._engine.port import Policy
    from mediastreams._engine.video_frame import VideoFrame

__all__ = ["FrameIterator", "FrameStats"]

_FrameT = TypeVar("_FrameT", "VideoFrame", "AudioData")
_FAIR = 16  # a loop must breathe after so many frames that were there already


@public
@dataclass(frozen=True, slots=True)
class FrameStats:
    """Counts of one iterator. ``dropped`` were overtaken by newer ones before they were taken."""

    delivered: int
    dropped: int


class _Ready(Generic[_FrameT]):
    """An awaitable that is there already."""

    __slots__ = ("_frame",)

    def __init__(self, frame: _FrameT) -> None:
        self._frame: _FrameT = frame

    def __await__(self) -> Generator[Any, None, _FrameT]:
        return self._frame
        yield  # makes this a generator, which __await__ must return


@public
class FrameIterator(AsyncIterator[_FrameT], Iterator[_FrameT]):
    """The frames of a track from the moment of the call on. Iterate with ``async for``, or ``for`` in another thread.

    Ends when the track ends. Detached by leaving the loop, `close`, or when it is dropped. One task or
    thread at a time may wait on it.
    """

    def __init__(
        self,
        track: object,
        feed: TrackFeed,
        make: Callable[[Any], _FrameT],
        *,
        policy: Policy,
        bound_us: int,
        convert: Callable[[Any], Sequence[_FrameT]] | None = None,
        lane: Lane | None = None,
    ) -> None:
        self._track: object | None = track
        self._feed = feed
        self._make: Callable[[Any], _FrameT] = make
        self._convert: Callable[[Any], Sequence[_FrameT]] | None = convert
        self._flush: Callable[[], Sequence[_FrameT]] | None = getattr(convert, "flush", None)
        self._lane = lane
        self._ready: deque[_FrameT] = deque()
        self._error: BaseException | None = None
        self._future: asyncio.Future[_FrameT] | None = None
        self._wakeups: Wakeups | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting = False  # a task waits for the port
        self._blocked: threading.Event | None = None  # a thread waits for the port
        self._at_once = 0
        weak = weakref.ref(self)

        def on_item() -> None:  # weak: the feed holds the port, and must not hold the iterator
            self = weak()
            if self is not None and self._waiting:
                self._item_came()
            elif self is not None and self._blocked is not None:
                self._blocked.set()

        self._port = feed.attach(policy=policy, on_item=on_item, bound_us=bound_us)

    # ── asynchronous ─────────────────────────────────────────────────────────────────────────────

    def __aiter__(self) -> FrameIterator[_FrameT]:
        return self

    def __anext__(self) -> Awaitable[_FrameT]:
        if self._future is not None and not self._future.done():
            raise RuntimeError("another task is waiting on this iterator already; give each task its own frames()")
        loop = asyncio.get_running_loop()
        if self._ready or (self._convert is None and len(self._port)):
            self._at_once += 1
            if self._at_once < _FAIR and (frame := self._take_ready()) is not None:
                return _Ready(frame)
        self._at_once = 0
        if loop is not self._loop:
            self._loop, self._wakeups = loop, wakeups_of(loop)
        self._future = future = loop.create_future()
        self._waiting = True
        if self._ready or len(self._port) or self._port.finished:  # look after raising the flag: nothing slips through
            self._item_came()
        elif not self._port.demanded:
            self._port.demand()
        return future

    def _take_ready(self) -> _FrameT | None:
        if self._ready:
            return self._ready.popleft()
        item = self._port.take()
        return None if item is None else self._make(item)

    def _item_came(self) -> None:
        """Something may be there for the waiting task: convert it on the lane, or wake the loop. Any thread."""
        wakeups = self._wakeups
        assert wakeups is not None
        if self._lane is not None and not self._ready and (len(self._port) or self._has_rest):
            self._waiting = False
            self._lane.add(self._convert_next)
        else:
            wakeups.add(self._resume)

    def _convert_next(self) -> None:
        """On the lane: convert waiting items until one gives a frame."""
        try:
            self._fill()
        except Exception as error:  # noqa: BLE001 - raised again at the waiting task
            self._error = error
        self._waiting = True
        if self._wakeups is not None:
            self._wakeups.add(self._resume)

    def _fill(self) -> None:
        assert self._convert is not None
        while not self._ready and (item := self._port.take()) is not None:
            self._ready.extend(self._convert(item))
        if not self._ready and self._has_rest:
            flush, self._flush = self._flush, None
            assert flush is not None
            self._ready.extend(flush())

    @property
    def _has_rest(self) -> bool:
        """Whether the track has ended and the conversion still holds something."""
        return self._flush is not None and self._port.finished and not self._port.closed

    def _resume(self) -> None:
        """On the loop: answer the waiting task if there is an answer."""
        future = self._future
        if future is None or future.done():
            self._waiting = False
            return
        if self._error is not None:
            error, self._error = self._error, None
            self._waiting = False
            future.set_exception(error)
        elif self._ready:
            self._waiting = False
            future.set_result(self._ready.popleft())
        elif self._convert is not None and (len(self._port) or self._has_rest):
            if self._waiting:
                self._item_came()
        elif len(self._port):
            item = self._port.take()
            if item is not None:
                self._waiting = False
                future.set_result(self._make(item))
        elif self._port.finished and self._waiting:
            self._waiting = False
            future.set_exception(StopAsyncIteration())

    # ── blocking ─────────────────────────────────────────────────────────────────────────────────

    def __iter__(self) -> FrameIterator[_FrameT]:
        return self

    def __next__(self) -> _FrameT:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            raise RuntimeError("a blocking loop would stop the event loop: use `async for`, or iterate in a thread")
        event = self._blocked
        if event is None:
            event = self._blocked = threading.Event()
        while True:
            event.clear()
            if self._convert is not None:
                self._fill()
            if (frame := self._take_ready() if self._convert is None or self._ready else None) is not None:
                return frame
            if self._port.finished:
                raise StopIteration
            event.wait()

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    @property
    def stats(self) -> FrameStats:
        """How many frames were taken here, and how many were dropped before."""
        return FrameStats(self._port.delivered, self._port.dropped)

    def close(self) -> None:
        """Detach from the track; whoever waits sees the end. Idempotent, any thread."""
        self._feed.detach(self._port)
        self._port.discard()
        self._track = None
        self._ready.clear()
        if self._waiting and self._wakeups is not None:
            self._wakeups.add(self._resume)
        if self._blocked is not None:
            self._blocked.set()

    async def aclose(self) -> None:
        """`close`, for `contextlib.aclosing`."""
        self.close()

    def __enter__(self) -> FrameIterator[_FrameT]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        port = getattr(self, "_port", None)
        if port is not None:
            port.close()  # takes no lock

    def __repr__(self) -> str:
        stats = self.stats
        state = "finished" if self._port.finished else "open"
        return f"<FrameIterator {self._port.policy} {state}, {stats.delivered} delivered, {stats.dropped} dropped>"
