"""What a viewer's link takes, by what the viewer reports: its own estimate (REMB), else the loss in its reports.

Not for: what follows from it (``renditions.py``).

https://datatracker.ietf.org/doc/html/draft-alvestrand-rmcat-remb-03,
https://datatracker.ietf.org/doc/html/draft-ietf-rmcat-gcc-02#section-6
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

__all__ = ["LinkEstimate"]

_FRESH_US: Final = 10_000_000  # receivers repeat theirs every second or so, or when it changes
_MUCH, _LITTLE = 0.1, 0.02  # of packets lost
_LEAST: Final = 30_000  # bits a second


@dataclass(frozen=True, slots=True)
class LinkEstimate:
    """What is known of one link; bits a second, times in µs. Begins with nothing."""

    told: int | None = None
    told_at: int = 0
    by_loss: int | None = None

    def hear_estimate(self, bit_rate: int, now: int) -> LinkEstimate:
        """Take the viewer's own estimate."""
        return replace(self, told=max(_LEAST, bit_rate), told_at=now)

    def hear_loss(self, lost: float, sent: int) -> LinkEstimate:
        """Take a report: the part of packets that was lost of late, and what was sent of late."""
        if lost > _MUCH:
            return replace(self, by_loss=max(_LEAST, round(sent * (1 - lost / 2))))
        if self.by_loss is None:
            return self
        if lost >= _LITTLE:
            return self
        grown = round(self.by_loss * 1.08)
        return replace(self, by_loss=None if grown > 2 * max(sent, _LEAST) else grown)

    def value(self, now: int) -> int | None:
        """The estimate that counts; ``None``: nothing is known, so nothing stands against it."""
        if self.told is not None and now - self.told_at < _FRESH_US:
            return self.told
        return self.by_loss
