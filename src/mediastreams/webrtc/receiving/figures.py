"""`Figures`: what one medium's worker counts; `FrameRate`: how many pictures a second come.

Not for: packets (``_rules/reception.py``), or for the report's names (``statistics.py``). The worker writes, anybody
reads: a figure is one number, and whoever reads two of them may see one newer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

__all__ = ["Figures", "FrameRate"]

_FEW: Final = 10
_SAME: Final = 0.2
_WHOLE: Final = 0.02
_FREEZE_US: Final = 150_000


@dataclass(slots=True)
class Figures:
    """Counts and sums; times in seconds."""

    frames_received: int = 0
    frames_decoded: int = 0
    key_frames_decoded: int = 0
    frames_dropped: int = 0
    frames_delivered: int = 0
    decoding_errors: int = 0
    decoding_time: float = 0.0
    waiting_time: float = 0.0
    width: int = 0
    height: int = 0
    freezes: int = 0
    freezing_time: float = 0.0
    samples: int = 0
    concealed_samples: int = 0
    concealments: int = 0
    energy: float = 0.0
    sounding_time: float = 0.0
    level: float = 0.0
    _latest: int | None = None
    _usual: float = 0.0

    def showed(self, now: int) -> None:
        """Take note of a picture that is handed on now (µs), and whether the one before stood for too long.

        https://w3c.github.io/webrtc-stats/#dom-rtcinboundrtpstreamstats-freezecount
        """
        self.frames_delivered += 1
        if self._latest is not None:
            took = now - self._latest
            if self._usual and took > max(3 * self._usual, self._usual + _FREEZE_US):
                self.freezes += 1
                self.freezing_time += took / 1_000_000
            else:
                self._usual = took if not self._usual else self._usual * 0.9 + took * 0.1
        self._latest = now

    def paused(self) -> None:
        """Take note that nothing comes for a while, on purpose: that is no freeze."""
        self._latest = None


class FrameRate:
    """Measures a rate by stamps, and tells it anew only where it has really changed. ``told``: pictures a second."""

    def __init__(self) -> None:
        self.told: float | None = None
        self.interval_us = 33_333
        self._times: deque[int] = deque(maxlen=2 * _FEW)

    def take(self, time: int) -> None:
        """Take note of a picture's time, µs on any clock."""
        times = self._times
        if times and not 0 < time - times[-1] < 2_000_000:
            times.clear()
        times.append(time)
        if len(times) < 2:
            return
        self.interval_us = (times[-1] - times[0]) // (len(times) - 1)
        if len(times) >= _FEW:
            rate = 1_000_000 / self.interval_us
            if self.told is None or (abs(rate - self.told) > _SAME * self.told and len(times) == times.maxlen):
                whole = round(rate)
                self.told = float(whole) if whole and abs(rate - whole) <= _WHOLE * whole else round(rate, 1)
