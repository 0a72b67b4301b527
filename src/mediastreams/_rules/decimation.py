"""Which frames of a source a track of a lower rate takes.

Not for: moving frames. Rules of the file: decided by timestamps, not by counting, so that jitter, stalls and sources
of variable rate come out right; values in, values out.

The phase is how many frames are owed: time since the last frame, times the rate. A frame is taken when one is
owed, and pays it. So the average is exact, and between two taken frames of an even source lie never more than
⌈source rate / target rate⌉ intervals.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["START", "Phase", "decimate"]

SURPLUS: Final = 1.001
"""Clocks differ by up to 1000 ppm: a source of nominally the wanted rate must not lose a frame now and then."""

MOST_OWED: Final = 2.0
"""After a stall that many frames are owed at most: no burst. Above 1, so that a late frame pays for an early one."""

JUMP_US: Final = 1_000_000
"""Time going back further than this is a new timeline, not jitter."""


class Phase(NamedTuple):
    """Between two frames: the time of the last (µs; ``None`` before the first), and how many frames are owed."""

    last: int | None
    owed: float


START: Final = Phase(None, 0.0)


def decimate(phase: Phase, timestamp: int, rate: float) -> tuple[bool, Phase]:
    """Decide whether to take the frame at ``timestamp`` (µs) for a track of ``rate`` frames per second."""
    last = phase.last
    if last is None or timestamp < last - JUMP_US:
        return True, Phase(timestamp, 0.5)  # half a frame of room for jitter on either side
    passed = max(0, timestamp - last)
    owed = min(MOST_OWED, phase.owed + passed * rate * (SURPLUS / 1_000_000))
    last = max(last, timestamp)
    return (True, Phase(last, owed - 1)) if owed >= 1 else (False, Phase(last, owed))
