"""Conversion lanes: a few threads that convert frames for consumers, off the event loop.

One lane serves one kind of conversion, so its reformatter lives long and a second consumer that asks for
the same finds the result in the frame's memo. A lane that has nothing to do for a while ends.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Hashable

from mediastreams._engine.worker import after_fork_in_child, start_thread

__all__ = ["Lane", "all_lanes", "lane_for"]

_logger = logging.getLogger(__name__)
_IDLE_SECONDS = 0.2
_LANES = max(1, min(4, (os.cpu_count() or 1)))


class Lane:
    """A queue of quick calls and, while there are any, a thread for them. `add` from any thread."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.RLock()
        self._running = False
        after_fork_in_child(self)

    def add(self, call: Callable[[], None]) -> None:
        """Run ``call`` soon. Bounded by its callers: one call an iterator at a time."""
        self._calls.put(call)
        if not self._running:
            with self._lock:
                if not self._running:  # at the interpreter's end no thread starts any more, and nobody waits
                    self._running = start_thread(f"convert-{self._number}", self._run)

    @property
    def running(self) -> bool:
        """Whether there is something to do, or was a moment ago."""
        return self._running

    def _run(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    self._running = False  # before the last look: who adds after it starts a thread
                    if self._calls.empty():
                        return
                    self._running = True
                continue
            try:
                call()
            except Exception:  # the border: the iterator hands its own errors over, this is a bug
                _logger.exception("A conversion failed")
            del call  # it holds a frame

    def after_fork(self) -> None:
        self._calls = queue.SimpleQueue()
        self._lock = threading.RLock()
        self._running = False


_lanes = tuple(Lane(number) for number in range(_LANES))


def all_lanes() -> tuple[Lane, ...]:
    """Every lane; for the manual clock, which waits for them."""
    return _lanes


def lane_for(key: Hashable) -> Lane:
    """The lane of one kind of conversion."""
    return _lanes[hash(key) % _LANES]
