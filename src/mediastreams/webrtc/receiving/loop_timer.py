"""`LoopTimer`: one call on a loop at an instant of the clock, which may be moved.

Not for: waits of workers. The clock may be a manual one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from mediastreams._webidl.tasks import wakeups_of

if TYPE_CHECKING:
    from mediastreams.abc import Clock, Timer

__all__ = ["LoopTimer"]


class LoopTimer:
    """Calls ``call`` on the loop it was made on. `at` and `stop` belong to that loop."""

    def __init__(self, clock: Clock, call: Callable[[], None]) -> None:
        self._clock = clock
        self._call = call
        self._wakeups = wakeups_of(asyncio.get_running_loop())
        self._due: int | None = None
        self._timer: Timer | None = None

    def at(self, when_ns: int) -> None:
        """Call at that instant at the latest; an earlier one that is set already stays."""
        if self._due is not None and self._due <= when_ns:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = when_ns
        self._timer = self._clock.call_at(when_ns, self._come)

    def _come(self) -> None:
        self._wakeups.add(self._run)

    def _run(self) -> None:
        if self._due is not None and self._clock.now_ns() >= self._due:
            self._due = self._timer = None
            self._call()

    def stop(self) -> None:
        """Call no more. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
        self._due = self._timer = None
