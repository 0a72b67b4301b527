"""`ManualClock`: time that passes when a test says so, and everything that follows from it before the next instant.

Not for: loops other than the caller's and the library's own in the background.

Rules of the file: one lock, for the deadlines and for who waits. Time moves from deadline to deadline, each exactly at
its instant; calls run one after another on one thread, workers wake one after another; after each the loops, the
conversions and the workers come to rest. So what happens does not depend on the machine, and a hundred runs of
one test give one log.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import queue
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from mediastreams._engine import worker
from mediastreams.abc import Clock, Timer, Wake
from mediastreams.testing import at_rest

__all__ = ["ManualClock"]

_logger = logging.getLogger(__name__)
_T = TypeVar("_T")
_START_NS: Final = 1000 * 1_000_000_000  # not 0: what is a little earlier is no negative time
_PATIENCE_SECONDS: Final = 20.0


class _Deadline:
    """A call that is due, or a worker that waits."""

    __slots__ = ("call", "order", "released", "thread", "wake", "when")

    def __init__(self, when: int | None, order: int) -> None:
        self.when = when
        self.order = order
        self.call: Callable[[], None] | None = None
        self.thread: threading.Thread | None = None
        self.wake: _ManualWake | None = None
        self.released = False

    def __lt__(self, other: _Deadline) -> bool:
        return (self.when or 0, self.order) < (other.when or 0, other.order)

    def cancel(self) -> None:
        self.call = None


class _ManualWake:
    """A flag on the clock's own condition."""

    __slots__ = ("_condition", "_flag")

    def __init__(self, condition: threading.Condition) -> None:
        self._condition = condition
        self._flag = False

    def set(self) -> None:
        with self._condition:
            self._flag = True
            self._condition.notify_all()

    def clear(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        return self._flag


class ManualClock(Clock):
    """A clock that stands until it is advanced.

        clock = ManualClock()
        with use_clock(clock):
            devices = MediaDevices(backends=["fake"])
            ...
            await clock.advance(1.5)

    `advance` returns when every call and worker that was due has run and every owner loop is drained. It is awaited in
    the loop that owns the objects under test; `advance_blocking` is for code without a loop.
    """

    def __init__(self, start_ns: int = _START_NS) -> None:
        self._now = start_ns
        self._condition = threading.Condition()
        self._calls: list[_Deadline] = []
        self._waiters: list[_Deadline] = []
        self._awake: dict[threading.Thread, at_rest.Watch] = {}  # workers that have waited here before and do not now
        self._known: weakref.WeakSet[worker.Worker] = weakref.WeakSet()
        self._counter = itertools.count()
        self._advancing = False

    # ── Clock ────────────────────────────────────────────────────────────────────────────────────

    def now_ns(self) -> int:
        """The time; it stands between two deadlines."""
        return self._now

    @property
    def now(self) -> float:
        """The time in seconds."""
        return self._now / 1e9

    def call_at(self, when_ns: int, call: Callable[[], None]) -> Timer:
        """Run a call when time is moved to or past its instant. Any thread."""
        with self._condition:
            entry = _Deadline(when_ns, next(self._counter))
            entry.call = call
            heapq.heappush(self._calls, entry)
        return entry

    def wake(self) -> Wake:
        """A flag for `wait_until`."""
        return _ManualWake(self._condition)

    def wait_until(self, when_ns: int | None, wake: Wake) -> bool:
        """Block until time is moved to that instant, or the flag is set. Workers only."""
        thread = threading.current_thread()
        with self._condition:
            self._awake.pop(thread, None)
            if not wake.is_set() and (when_ns is None or when_ns > self._now):
                entry = _Deadline(when_ns, next(self._counter))
                entry.thread = thread
                entry.wake = wake  # type: ignore[assignment]  # made by our own wake()
                self._waiters.append(entry)
                while not entry.released and not wake.is_set():
                    self._condition.wait()
                self._waiters.remove(entry)
            self._awake[thread] = at_rest.Watch(thread)
            return wake.is_set()

    # ── moving time ──────────────────────────────────────────────────────────────────────────────

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, and everything happen that is due in it.

        Raises:
            RuntimeError: another `advance` is under way, or something does not come to rest.
            ValueError: time does not go back.
        """
        if seconds < 0:
            raise ValueError("time does not go back")
        target = self._now + round(seconds * 1e9)
        with self._moving() as run:
            await self._rest()
            while (entry := self._next(target)) is not None:
                await self._perform(entry, run)
            self._now = target
            await self._rest()

    def advance_blocking(self, seconds: float) -> None:
        """`advance`, for code without a running loop."""
        asyncio.run(self.advance(seconds))

    async def until(self, awaitable: Awaitable[_T], *, limit: float = 3600.0) -> _T:
        """Let time pass, from deadline to deadline, until something awaited is there; give its result.

        Raises:
            TimeoutError: nothing is due any more, or ``limit`` seconds have passed, and it is still not there.
        """
        target = self._now + round(limit * 1e9)
        task = asyncio.ensure_future(awaitable)
        try:
            with self._moving() as run:
                await self._rest()
                while not task.done():
                    entry = self._next(target)
                    if entry is None:
                        raise TimeoutError(f"still waiting after {limit} s of the clock, or with nothing due any more")
                    await self._perform(entry, run)
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])

    @contextmanager
    def _moving(self) -> Iterator[Callable[[Callable[[], None]], None]]:
        """One thread for all calls of one advance, as the system's clock has one for all its calls."""
        if self._advancing:
            raise RuntimeError("the clock is being advanced already: await that first")
        self._advancing = True
        calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        done: queue.SimpleQueue[None] = queue.SimpleQueue()

        def serve() -> None:
            while (call := calls.get()) is not None:
                try:
                    call()
                except Exception:  # the border, as on the system's clock
                    _logger.exception("A scheduled call of the engine failed")
                done.put(None)

        def run(call: Callable[[], None]) -> None:
            calls.put(call)
            done.get(timeout=_PATIENCE_SECONDS)

        thread = threading.Thread(target=serve, name=at_rest.MANUAL_SCHEDULER, daemon=True)
        thread.start()
        try:
            yield run
        finally:
            self._advancing = False
            calls.put(None)
            thread.join(_PATIENCE_SECONDS)

    def _next(self, target: int) -> _Deadline | None:
        """Take the earliest deadline up to ``target``; a worker's stays in its list until it has noticed."""
        with self._condition:
            while self._calls and self._calls[0].call is None:
                heapq.heappop(self._calls)
            waiting = [entry for entry in self._waiters if entry.when is not None and not entry.released]
            first = min([*waiting, *self._calls[:1]], default=None)
            if first is None or first.when is None or first.when > target:
                return None
            if first.thread is None:
                heapq.heappop(self._calls)
            return first

    async def _perform(self, entry: _Deadline, run: Callable[[Callable[[], None]], None]) -> None:
        assert entry.when is not None
        self._now = max(self._now, entry.when)
        if entry.thread is None:
            if entry.call is not None:
                run(entry.call)
        else:
            with self._condition:
                entry.released = True
                self._condition.notify_all()
        await self._rest()

    # ── coming to rest ───────────────────────────────────────────────────────────────────────────

    async def _rest(self) -> None:
        """Wait until nothing moves any more."""
        loop = asyncio.get_running_loop()
        patience = time.perf_counter() + _PATIENCE_SECONDS
        while True:
            await at_rest.settle_loop()
            moving = self._moving_threads()
            if not moving:
                at_rest.pass_lanes()  # blocks for a moment: whatever a conversion answers is then ready on the loop
                if at_rest.loop_is_idle(loop) and not self._moving_threads():
                    return
                continue
            if time.perf_counter() > patience:
                raise RuntimeError(f"these threads do not come to rest: {', '.join(sorted(moving))}")
            await asyncio.sleep(0.0005)

    def _moving_threads(self) -> list[str]:
        """Names of the threads that still have something to do at this instant."""
        with self._condition:
            waiting = {entry.thread for entry in self._waiters if entry.thread is not None}
            leaving = [
                entry.thread
                for entry in self._waiters
                if entry.thread is not None and (entry.released or (entry.wake is not None and entry.wake.is_set()))
            ]
            for one in worker.live_workers():
                if one not in self._known:
                    self._known.add(one)
                    if one.thread not in waiting:
                        self._awake.setdefault(one.thread, at_rest.Watch(one.thread))
            awake = dict(self._awake)
        still = [thread for thread, watch in awake.items() if watch.is_still()]
        with self._condition:
            for thread in still:  # the others are looked at again: what one of them waits for may come
                if not thread.is_alive():
                    self._awake.pop(thread, None)
        moving = [*leaving, *(thread for thread in awake if thread not in still)]
        return [thread.name for thread in (*moving, *at_rest.calls_in_flight([*waiting, *awake]))]

    def __repr__(self) -> str:
        return f"<ManualClock at {self.now:.6f} s, {len(self._calls)} calls due, {len(self._waiters)} workers waiting>"
