"""When a key frame is made that viewers ask for: requests are merged, and answered at most every so often.

Not for: key frames that are needed by themselves (another size).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

__all__ = ["INTERVAL_US", "KeyRequests"]

INTERVAL_US: Final = 300_000
"""A viewer that has lost one asks again every few hundred milliseconds: all get the same answer."""


@dataclass(frozen=True, slots=True)
class KeyRequests:
    """Whether one is asked for, as at the beginning, and when (µs of the frames) the last one was made.

    ``interval``: the least distance of two, µs.
    """

    asked: bool = True
    made_at: int | None = None
    interval: int = INTERVAL_US

    def ask(self) -> KeyRequests:
        """Somebody needs one."""
        return self if self.asked else replace(self, asked=True)

    def due(self, timestamp: int) -> bool:
        """Whether the frame of that time is to be one."""
        if not self.asked:
            return False
        return self.made_at is None or not 0 <= timestamp - self.made_at < self.interval

    def made(self, timestamp: int) -> KeyRequests:
        """The frame of that time is one, whoever wanted it."""
        return replace(self, asked=False, made_at=timestamp)
