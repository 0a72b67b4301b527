"""A device's time stamps on the process's clock, when nobody says which clock the device counts on.

Not for: sample counts (``_engine/sample_clock.py``) or the stamps of files.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

__all__ = ["PtsClock"]

_JUMP_US: Final = 500_000
_LEAK: Final = 1 / 2000


class PtsClock:
    """Maps presentation stamps to the clock by the least delay seen between stamp and arrival.

    A frame can arrive late but never early, so the smallest ``arrival - stamp`` is the truth plus the
    shortest way. The estimate creeps up slowly, for two clocks that drift, and begins anew at a jump.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last = 0

    def stamp(self, pts: int | None, time_base: Fraction | None, arrival: int) -> int:
        """The instant in µs of a frame that arrived at ``arrival``; never before the last one, never after arrival."""
        if pts is None or not time_base:
            return self._forward(arrival)
        counted = int(pts * Fraction(time_base.numerator, time_base.denominator) * 1_000_000)
        delay = arrival - counted
        if self._offset is None or delay < self._offset or delay - self._offset > _JUMP_US:
            self._offset = delay
        else:
            self._offset += (delay - self._offset) * _LEAK
        return self._forward(min(arrival, round(counted + self._offset)))

    def _forward(self, stamp: int) -> int:
        self._last = max(self._last + 1, stamp) if self._last else stamp
        return self._last
