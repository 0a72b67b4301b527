"""`RenderClock`: one context's count of frames as instants of the library's clock.

Not for: devices, which have a crystal of their own (``_engine/sample_clock.py``).

The engine renders by the same monotonic clock, a quantum when it is due, and makes up for what came late. So nothing is
ever early, and the earliest quantum says when all others were due.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final, Protocol

from mediastreams.audio.engine import QUANTUM

__all__ = ["RenderClock", "Timed"]

_WRONG_US: Final = 1_000.0  # what it was off by more than that is to be placed anew
_BEHIND_US: Final = 100_000.0
_PATIENCE_US: Final = 3_000_000.0
_CREEP: Final = 2e-6  # by so much of the time the engine's interval may be wrong: it is a float of 24 bits


class Timed(Protocol):
    """The engine's context: how many seconds it has rendered."""

    @property
    def currentTime(self) -> float: ...  # noqa: D102, N802 - the engine's spelling


class RenderClock:
    """Turns the count of a context's frames into µs. ``corrections``: how often it was found to have been wrong."""

    def __init__(self, context: Timed, sample_rate: float) -> None:
        self._context = context
        self._rate = sample_rate
        self._period = 1_000_000 / sample_rate
        self._offset: float | None = None
        self._last = 0.0
        self._restarts = False
        self._since, self._least = 0.0, inf  # of the quanta since then, how late the least late was
        self.corrections = 0

    @property
    def frame(self) -> int:
        """The frame with which the present quantum begins. Any thread."""
        return round(self._context.currentTime * self._rate / QUANTUM) * QUANTUM

    def look(self, now: Callable[[], int]) -> None:
        """Find out how late the engine is at most, from the quantum that is done. Any thread."""
        frame = self.frame - QUANTUM
        if frame > 0 and not self._restarts:  # before that its time has not begun
            self.at(frame, now())  # asked afterwards: a thread that was held up in between only sees it late

    def restart(self) -> None:
        """The engine has stood still: what comes next tells the time anew. Any thread."""
        self._restarts = True

    def at(self, frame: int, now: int) -> int:
        """The instant at which a frame was due that is being rendered now."""
        place = frame * self._period
        offset = now - place
        if self._offset is None or self._restarts:
            self.corrections += self._offset is not None
            self._offset, self._restarts = offset, False
        elif offset < self._offset:
            self.corrections += self._offset - offset > _WRONG_US
            self._offset = offset
            self._watch(0.0, place)
        elif place > self._last:
            self._offset += min(offset - self._offset, _CREEP * (place - self._last))
            self._watch(offset - self._offset, place)
        self._last = place
        return self.due(frame)

    def _watch(self, late: float, place: float) -> None:
        """Take back what was too early: when for seconds nothing has come anywhere near its time, that is wrong."""
        self._least = min(self._least, late)
        if not 0 <= place - self._since <= _PATIENCE_US:
            if place > self._since and self._least > _BEHIND_US and self._offset is not None:
                self._offset += self._least
                self.corrections += 1
            self._since, self._least = place, inf

    def due(self, frame: int) -> int:
        """The instant at which a frame is due."""
        return round((self._offset or 0.0) + frame * self._period)
