"""`Ticker`: a task on an owner's loop, again and again while something plays.

Not for: pacing frames.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from mediastreams._webidl.tasks import Owner, queue_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams.abc import Clock, Timer

__all__ = ["Ticker"]


class Ticker:
    """Runs a bound method every ``interval`` ns of the clock between `start` and `stop`; holds its object weakly."""

    def __init__(self, clock: Clock, owner: Owner, call: Callable[[], object], interval: int) -> None:
        self._clock = clock
        self._owner = owner
        self._call = weakref.WeakMethod(call)
        self._interval = interval
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin, or begin to count anew."""
        self.stop()
        self._timer = self._clock.call_at(self._clock.now_ns() + self._interval, self._due)

    def stop(self) -> None:
        """Run it no more; a task that is queued already does nothing."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _due(self) -> None:
        """On the scheduler's thread."""
        queue_task(self._owner, self._run)

    def _run(self) -> None:
        call = self._call()
        if self._timer is not None and call is not None:
            self.start()
            call()
