"""The process's clock: `SystemClock`, and which clock is in force.

Not for: the manual clock (``testing/manual_clock.py``), and not for wall-clock time, which only
`wall_time` knows. Timers share one scheduler thread, a heap of deadlines: fakes, canvases, generators
and repeated frames need no thread each.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from mediastreams.abc import Clock, Timer, Wake

__all__ = ["SystemClock", "get_clock", "use_clock", "wall_time"]

_logger = logging.getLogger(__name__)


class _Call:
    """One deadline in the heap; a cancelled one stays there until its time."""

    __slots__ = ("call", "order", "when")

    def __init__(self, when: int, order: int, call: Callable[[], None]) -> None:
        self.when = when
        self.order = order
        self.call: Callable[[], None] | None = call

    def __lt__(self, other: _Call) -> bool:
        return (self.when, self.order) < (other.when, other.order)

    def cancel(self) -> None:
        self.call = None


class SystemClock(Clock):
    """``time.perf_counter_ns``: monotonic and fine-grained everywhere (``monotonic`` steps by 15 ms on Windows)."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._heap: list[_Call] = []
        self._counter = itertools.count()
        self._thread: threading.Thread | None = None
        _systems.add(self)

    def now_ns(self) -> int:
        return time.perf_counter_ns()

    def call_at(self, when_ns: int, call: Callable[[], None]) -> Timer:
        entry = _Call(when_ns, next(self._counter), call)
        with self._condition:
            heapq.heappush(self._heap, entry)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="mediastreams-scheduler", daemon=True)
                thread.start()
                self._thread = thread
            elif self._heap[0] is entry:
                self._condition.notify()
        return entry

    def wake(self) -> Wake:
        return threading.Event()

    def wait_until(self, when_ns: int | None, wake: Wake) -> bool:
        event: threading.Event = wake  # type: ignore[assignment]  # made by our own wake()
        if when_ns is None:
            return event.wait()
        return event.wait(max(0.0, (when_ns - time.perf_counter_ns()) / 1e9))

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._heap:
                    if not self._condition.wait(_IDLE_SECONDS) and not self._heap:
                        self._thread = None  # nothing to do: the next call_at starts a thread again
                        return
                delay = (self._heap[0].when - time.perf_counter_ns()) / 1e9
                if delay > 0:
                    self._condition.wait(delay)
                    continue
                entry = heapq.heappop(self._heap)
            call = entry.call
            if call is not None:
                try:
                    call()
                except Exception:  # the border: one task that fails must not stop the others
                    _logger.exception("A scheduled call of the engine failed")
            del call, entry  # they hold the object

    def _after_fork(self) -> None:
        self._condition = threading.Condition()
        self._heap.clear()
        self._thread = None


_IDLE_SECONDS = 0.2
_systems: weakref.WeakSet[SystemClock] = weakref.WeakSet()
_system = SystemClock()
_current: Clock = _system


def _after_fork() -> None:
    for clock in _systems:
        clock._after_fork()  # noqa: SLF001 - same file


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def get_clock() -> Clock:
    """The clock in force."""
    return _current


@contextmanager
def use_clock(clock: Clock) -> Iterator[Clock]:
    """Put another clock in force, for tests. Sources keep the clock they were made with."""
    global _current  # noqa: PLW0603 - the one injection point
    before, _current = _current, clock
    try:
        yield clock
    finally:
        _current = before


def wall_time(timestamp: int) -> datetime:
    """Tell the date and time of a frame's timestamp.

    Args:
        timestamp: microseconds on the process's clock, as in ``frame.timestamp``.

    Returns:
        An aware `datetime` in UTC. Correct for the present setting of the system's clock.
    """
    age = _current.now_us() - timestamp
    return datetime.now(UTC) - timedelta(microseconds=age)
