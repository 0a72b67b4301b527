"""`FrameIterator`: frames of a track in Python, asynchronously on a loop or blocking in a thread.

Not for: knowing tracks; it holds its track only so that the track lives.

Rules of the file: a class, not a generator, so that leaving a loop detaches at once; a frame is converted
when somebody waits for it, on a lane or in the blocking caller's thread, never on the loop and never for
nobody; one wake-up serves all iterators of a loop. A frame is taken by the task that returns it, after it has woken:
a wait that is cancelled loses none, and none comes after ``stop()`` or ``close()``.

How no wake-up is lost: who waits raises a flag, then looks, then sleeps; who brings something puts it there, then
looks at the flag. A conversion holds ``_turn``; whoever finds it taken may rely on a look by its holder after it is
given back.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import Wakeups, after_queued_tasks, wakeups_of

if TYPE_CHECKING:
    from types import TracebackType

    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.lanes import Lane
    from mediastreams._engine.port import Policy

__all__ = ["FrameIterator", "FrameStats"]

_FrameT = TypeVar("_FrameT")  # a VideoFrame, an AudioData, or what a conversion makes of those: a level
_FAIR = 16  # a loop must breathe after so many frames that were there already


@public
@dataclass(frozen=True, slots=True)
class FrameStats:
    """Counts of one iterator. ``dropped`` were overtaken by newer ones before they were taken."""

    delivered: int
    dropped: int


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
        self._fold: Callable[[Sequence[_FrameT]], _FrameT] | None = getattr(convert, "fold", None)
        self._lane = lane
        self._ready: deque[_FrameT] = deque()
        self._turn = threading.Lock()  # held while something is converted, on whatever thread
        self._error: BaseException | None = None
        self._future: asyncio.Future[None] | None = None
        self._wakeups: Wakeups | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting = False  # a task waits
        self._stale = False  # a task has given up waiting
        self._blocked: threading.Event | None = None  # a thread may wait
        self._at_once = 0
        weak = weakref.ref(self)
        plain = convert is None

        def on_item() -> None:  # weak: the feed holds the port, and must not hold the iterator
            self = weak()
            if self is not None:
                if self._waiting:
                    if plain and (wakeups := self._wakeups) is not None:  # FAST-PATH: what `_item_came` would do
                        self._waiting = False
                        future = self._future
                        if future is None:  # it is about to wait, or to find what has come
                            wakeups.add(self._resume)
                        else:
                            wakeups.resolve(future)
                    else:
                        self._item_came()
                if self._blocked is not None:
                    self._blocked.set()

        self._port = feed.attach(policy=policy, on_item=on_item, bound_us=bound_us)

    # ── asynchronous ─────────────────────────────────────────────────────────────────────────────

    def __aiter__(self) -> FrameIterator[_FrameT]:
        return self

    async def __anext__(self) -> _FrameT:
        if self._at_once >= _FAIR:
            self._at_once = 0
            await asyncio.sleep(0)
        if self._future is not None:
            self._refuse_second_task()
            self._future = None  # of a task that nothing wakes any more
        if self._stale:
            self._drop_stale()
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._wakeups = loop, wakeups_of(loop)
        port, plain = self._port, self._convert is None
        while True:
            self._waiting = True
            over = (port.ended or port.closed) and self._is_over()  # looked at before the rest: nothing slips through
            # FAST-PATH: the first half is what `_take_ready` would do
            item = (port.take() if port.items else None) if plain else self._take_ready()
            if item is not None:
                self._waiting = False
                self._at_once += 1
                return self._make(item) if plain else item  # type: ignore[return-value]  # a frame already
            if over:
                self._waiting = False
                if not (port.closed or port.cut):
                    await after_queued_tasks()  # ``ended`` among them: who leaves the loop finds the track ended
                raise StopAsyncIteration
            self._future = future = loop.create_future()
            if not port.demanded:
                # A turn later: tasks that start together (one for the picture, one for the sound) all attach before a
                # source with a free clock begins.
                loop.call_soon(port.demand)
            if not plain and (port.items or self._has_rest):
                self._convert_soon()
            try:
                await future
            except asyncio.CancelledError:
                self._stale = True
                raise
            finally:
                if self._future is future:
                    self._waiting = False
                    self._future = None
            self._at_once = 0  # the loop has breathed
            if plain and port.items and (item := port.take()) is not None:  # FAST-PATH: once more round would find it
                return self._make(item)

    def _refuse_second_task(self) -> None:
        """One task at a time, or neither would know whose frame it is."""
        other = self._future
        if other is not None and not other.done() and not other.get_loop().is_closed():
            raise RuntimeError("another task is waiting on this iterator already; give each task its own frames()")

    def _drop_stale(self) -> None:
        """What was converted for a wait that was cancelled is no longer the latest once something newer is there."""
        self._stale = False
        port = self._port
        if self._ready and port.policy == "latest" and len(port):
            port.overtaken(len(self._ready))
            self._ready.clear()

    def _is_over(self) -> bool:
        """Whether nothing will be ready any more, besides what is ready now."""
        port = self._port
        if not port.finished:
            return False
        return port.closed or port.cut or not (self._has_rest or self._turn.locked() or self._error is not None)

    def _take_ready(self) -> _FrameT | None:
        """A frame, if one can be had without converting."""
        port = self._port
        if self._convert is None:
            item = port.take()
            return None if item is None else self._make(item)
        if port.cut or port.closed:
            self._ready.clear()
            return None
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._ready.popleft() if self._ready else None

    def _item_came(self) -> None:
        """Something may be there for the waiting task: convert it on the lane, or wake the loop. Any thread."""
        if self._convert is not None and (len(self._port) or self._has_rest):
            self._convert_soon()
        elif self._wakeups is not None:
            self._waiting = False  # one wake-up is enough
            self._wakeups.add(self._resume)

    def _convert_soon(self) -> None:
        if self._turn.acquire(blocking=False):
            assert self._lane is not None
            self._lane.add(self._convert_next)

    def _convert_next(self) -> None:
        """On the lane: convert waiting items until one gives a frame."""
        try:
            self._fill()
        except Exception as error:  # noqa: BLE001 - raised again at the waiting task
            self._error = error
        finally:
            self._turn.release()
        if self._ready or self._error is not None or self._is_over():
            if self._wakeups is not None:
                self._wakeups.add(self._resume)
        elif self._waiting and (len(self._port) or self._has_rest):
            self._convert_soon()  # came meanwhile

    def _fill(self) -> None:
        assert self._convert is not None
        while (not self._ready or self._fold) and (item := self._port.take()) is not None:
            self._ready.extend(self._convert(item))
        if not self._ready and self._has_rest:
            flush, self._flush = self._flush, None
            assert flush is not None
            self._ready.extend(flush())
        if self._fold and len(self._ready) > 1:  # what there was no time for goes into one
            folded = self._fold(self._ready)
            self._ready.clear()
            self._ready.append(folded)

    @property
    def _has_rest(self) -> bool:
        """Whether the track has ended and the conversion still holds something."""
        port = self._port
        return self._flush is not None and port.finished and not (port.closed or port.cut)

    def _resume(self) -> None:
        """On the loop: have the waiting task look."""
        future = self._future
        if future is not None and not future.done():
            future.set_result(None)

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
            self._port.demand()
        while not self._port.closed:
            event.clear()
            finished = self._port.finished
            if self._convert is not None:
                with self._turn:
                    self._fill()
            if (frame := self._take_ready()) is not None:
                return frame
            if finished:
                break
            event.wait()
        raise StopIteration

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
        if self._wakeups is not None and self._future is not None:
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
