"""How a stream of RTP packets is received: counts, loss and jitter, as reports tell them to the sender.

Not for: the packets (``webrtc/receiving``). Times in µs.

https://www.rfc-editor.org/rfc/rfc3550#section-6.4.1
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["Reception", "Report"]

_LEAST_LOST: Final = -(1 << 23)
_MOST_LOST: Final = (1 << 23) - 1


class Report(NamedTuple):
    """One report block: ``fraction`` in 1/256 since the report before, ``jitter`` in units of the clock rate."""

    fraction: int
    lost: int
    highest: int
    jitter: int


class Reception:
    """Counts the packets of one source. ``place`` is the sequence number without its wrap-around."""

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self.packets = 0
        self.bytes = 0
        self.header_bytes = 0
        self.jitter = 0.0  # units of the clock rate
        self._received = 0  # since the numbers began
        self._lost_before = 0
        self._first: int | None = None
        self._highest = 0
        self._expected_before = 0
        self._received_before = 0
        self._latest: tuple[int, int] | None = None  # arrival, timestamp

    def begin_anew(self) -> None:
        """Take note that the sender's numbers began anew: between the old ones and the new nothing is missing."""
        self._lost_before += self._expected - self._received
        self._first = None
        self._expected_before = self._received_before = self._received = 0

    def take(self, place: int, timestamp: int, arrival: int, size: int, header: int) -> None:
        """Count a packet; ``timestamp`` without wrap-around, in units of the clock rate."""
        self.packets += 1
        self._received += 1
        self.bytes += size
        self.header_bytes += header
        if self._first is None:
            self._first = self._highest = place
        elif place < self._first:
            self._first = place
        newer = place >= self._highest
        self._highest = max(self._highest, place)
        if newer and (self._latest is None or timestamp != self._latest[1]):  # packets of one picture are no jitter
            if self._latest is not None:
                came = (arrival - self._latest[0]) * self.clock_rate / 1_000_000
                self.jitter += (abs(came - (timestamp - self._latest[1])) - self.jitter) / 16
            self._latest = (arrival, timestamp)

    @property
    def _expected(self) -> int:
        """How many packets were sent since the numbers began, as far as can be told."""
        return 0 if self._first is None else self._highest - self._first + 1

    @property
    def lost(self) -> int:
        """Packets that did not come, less those that came twice."""
        return min(max(self._lost_before + self._expected - self._received, _LEAST_LOST), _MOST_LOST)

    def report(self) -> Report:
        """What to tell the sender now; begins the next interval.

        https://www.rfc-editor.org/rfc/rfc3550#appendix-A.3
        """
        expected = self._expected - self._expected_before
        lost = expected - (self._received - self._received_before)
        self._expected_before, self._received_before = self._expected, self._received
        fraction = 0 if expected <= 0 or lost <= 0 else min((lost << 8) // expected, 255)
        return Report(fraction, self.lost, self._highest & 0xFFFFFFFF, int(self.jitter))
