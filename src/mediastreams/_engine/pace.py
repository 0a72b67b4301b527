"""Keeping time without a thread: calls on the shared scheduler at exact multiples of an interval of the clock.

Not for: what is delivered or asked for then.

Rules of the file: the n-th instant is n × interval on the clock's own scale, computed anew from n each time, so nothing
drifts and all that keep one rate on one clock are in step; ``stop`` returns only when no call is running.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from mediastreams._engine.worker import after_fork_in_child

if TYPE_CHECKING:
    from mediastreams.abc import Clock, Timer

__all__ = ["Pace"]


class Pace:
    """Calls ``fire(n)`` when the n-th instant has come, from the next one on, until `stop`.

    ``rate``: instants a second. ``late``: how many instants may be made up for when the scheduler was held up (or the
    machine slept); more are skipped, as a camera would, and the next ``fire`` has a larger n.
    """

    def __init__(self, clock: Clock, rate: Fraction, fire: Callable[[int], None], *, late: int) -> None:
        self._clock = clock
        self._rate = rate
        self._fire = fire
        self._late = late
        self._lock = threading.RLock()  # a delivery may lead back to stop() in the same thread
        self._timer: Timer | None = None
        self._stopped = False
        after_fork_in_child(self)
        self.first = self._index_at(clock.now_ns()) + 1
        with self._lock:
            self._schedule(self.first)

    def instant_ns(self, number: int) -> int:
        """When the n-th instant is, in nanoseconds on the clock."""
        return round(number * 1_000_000_000 / self._rate)

    def instant_us(self, number: int) -> int:
        """The same as a timestamp."""
        return round(number * 1_000_000 / self._rate)

    def _index_at(self, now_ns: int) -> int:
        number = int(now_ns * self._rate / 1_000_000_000)
        # Instants are rounded to whole nanoseconds: the one computed may be still to come, or the next one have come.
        if self.instant_ns(number) > now_ns:
            return number - 1
        return number + 1 if self.instant_ns(number + 1) <= now_ns else number

    def _schedule(self, number: int) -> None:
        self._timer = self._clock.call_at(self.instant_ns(number), lambda: self._due(number))

    def _due(self, number: int) -> None:
        with self._lock:
            if self._stopped:
                return
            behind = self._index_at(self._clock.now_ns()) - number
            if behind > self._late:
                number += behind
            try:
                self._fire(number)
            finally:
                if not self._stopped:
                    self._schedule(number + 1)

    def stop(self) -> None:
        """Fire no more. Idempotent; not to be called while holding a lock that ``fire`` takes."""
        with self._lock:
            self._stopped = True
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def after_fork(self) -> None:
        """In a child the scheduler does not know it any more, and may have held the lock."""
        self._lock = threading.RLock()
        self._stopped = True
