"""`SteadyTime`: what a sound's samples say about time, steered slowly by what its timestamps say.

Timestamps of live sound jitter by the scheduling of its call-backs; samples come evenly, but at a rate that is
not quite the nominal one. A delay-locked loop of second order follows both: jitter is smoothed away, a
constant deviation of the rate leaves no error.

F. Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005.
"""

from __future__ import annotations

import math
from typing import Final

__all__ = ["JUMP_US", "SteadyTime"]

JUMP_US: Final = 40_000
"""A timestamp that is further off than this is no jitter: sound is missing, or comes twice."""
_BANDWIDTH_HZ: Final = 0.1
_OMEGA: Final = 2 * math.pi * _BANDWIDTH_HZ


class SteadyTime:
    """The smoothed instant of the next sample, in µs. One per run of gapless sound."""

    __slots__ = ("_next", "_ratio")

    def __init__(self, timestamp: int) -> None:
        self._next = float(timestamp)
        self._ratio = 1.0

    @property
    def expected(self) -> int:
        """Where the next sound should begin, µs."""
        return round(self._next)

    @property
    def ratio(self) -> float:
        """Real over nominal length of a sample, as far as it is known."""
        return self._ratio

    def jump(self, timestamp: int) -> None:
        """Go on at another instant, with the rate learned so far."""
        self._next = float(timestamp)

    def advance(self, timestamp: int, length_us: float) -> int:
        """Take a sound of that nominal length in; tell its smoothed timestamp."""
        now = self._next
        error = timestamp - now
        step = min(_OMEGA * length_us / 1e6, 0.5)
        self._ratio += step * step * error / max(length_us, 1.0)
        self._next = now + length_us * self._ratio + math.sqrt(2) * step * error
        return round(now)
