"""When a microphone's samples were heard: their count, steered by the times at which they arrive.

Not for: reading a clock or a device; the caller brings the times. Pure arithmetic, one thread.

A sound card counts by its own crystal (48 000 "a second" may be 48 010), and its blocks arrive with jitter.
A delay-locked loop of second order follows rate and phase; its bandwidth begins wide, to settle in a second,
and narrows, so that one late block moves nothing audible. A server may hand over several blocks at once:
only the last of them is as young as it looks.
"""

from __future__ import annotations

import math
from typing import Final

__all__ = ["SampleClock"]

_WIDE: Final = 2.0  # Hz, at the start
_NARROW: Final = 0.05  # Hz, from twenty seconds on
_LATE_US: Final = 60_000.0
_PATIENCE_US: Final = 250_000.0
_STEEPEST: Final = 0.5  # of a block: how far one measurement may move the time
_SAME_BURST: Final = 0.25  # of a block: what comes closer was handed over at once
_WORST_CRYSTAL: Final = 0.005


class SampleClock:
    """Turns the count of samples of one capture into instants in µs."""

    def __init__(self, sample_rate: int) -> None:
        self._nominal = 1e6 / sample_rate
        self._period = self._nominal
        self._end: float | None = None  # the filtered instant at which the last sample so far was heard
        self._span = 0.0  # µs of the last block
        self._elapsed = 0.0
        self._arrival = 0.0
        self._seen = 0.0  # of the burst so far: the error of its last block, and its length
        self._samples = 0
        self._late: list[float] = []
        self._late_since = 0.0

    @property
    def sample_rate(self) -> float:
        """The device's rate in the clock's seconds, as far as it is known."""
        return 1e6 / self._period

    def hear(self, samples: int, arrival: float) -> tuple[int, int]:
        """Take note of a block; tell the instant of its first sample (µs) and how many were lost before it.

        ``arrival``: when its last sample was heard, as nearly as the caller knows: the time of the call-back
        less the device's latency. Blocks that only came late and catch up are no loss.
        """
        span = samples * self._period
        if self._end is None:
            self._end, self._arrival, self._elapsed = arrival, arrival, span
            return round(arrival - samples * self._nominal), 0
        if arrival - self._arrival > span * _SAME_BURST:
            self._follow()
        self._arrival = arrival
        start, lost = self._end, 0
        error = arrival - (start + span)
        if error > _LATE_US:
            lost = self._lost(error, arrival)
            start += lost * self._period
            self._seen, self._samples = 0.0, 0
        else:
            self._late.clear()
            self._seen, self._samples = error, self._samples + samples
        self._end, self._span = start + span, span
        return round(start), lost

    def _follow(self) -> None:
        """Move phase and rate by what the last burst showed: its last block was the least late."""
        assert self._end is not None
        error, samples = self._seen, self._samples
        self._seen, self._samples = 0.0, 0
        if not samples:
            return
        length = samples * self._nominal
        self._elapsed += length
        steepest = _STEEPEST * self._span
        if error < -length:
            # Nothing is heard before it sounds: what came before was late. Go there at once, but never back.
            self._end -= steepest
            return
        bandwidth = min(_WIDE, max(_NARROW, 1e6 / self._elapsed))
        omega = min(1.0, 2 * math.pi * bandwidth * length / 1e6)
        error = min(error, length)
        self._end += min(steepest, max(-steepest, math.sqrt(2) * omega * error))
        limit = self._nominal * _WORST_CRYSTAL
        period = self._period + omega * omega * error / samples
        self._period = max(self._nominal - limit, min(self._nominal + limit, period))

    def _lost(self, error: float, arrival: float) -> int:
        """How many samples are missing, once it has lasted too long for a mere delay."""
        if not self._late:
            self._late_since = arrival
        self._late.append(error)
        if arrival - self._late_since < _PATIENCE_US:
            return 0
        lost = round(min(self._late) / self._period)
        self._late.clear()
        return lost
