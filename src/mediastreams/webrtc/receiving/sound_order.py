"""`SoundOrder`: packets of sound into the order of sending; what is late is waited for as long as pays.

Not for: making up for what is lost (``decoders.py``) or for when sound is heard (that is the player's).

Rules of the file: a packet that is next in turn is handed on at once. The wait for a missing one follows what was
seen: it grows when packets came just too late, and calms down while all is in order. At most so many wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mediastreams.webrtc.plans import Codec

__all__ = ["SoundOrder", "SoundPacket"]

_MOST_PACKETS: Final = 100
_LEAST_US: Final = 20_000
_FIRST_US: Final = 40_000
_MOST_US: Final = 250_000
_CALMING: Final = 0.998  # a packet


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """One packet. ``lost``: how many before it did not come. ``stamp`` without wrap-around, ``arrival`` in µs."""

    codec: Codec
    payload: bytes
    stamp: int
    arrival: int
    lost: int = 0


class SoundOrder:
    """The packets of one source that wait for others.

    ``late`` counts those that came when they had been given up. ``least``: µs that one is waited for in any case.
    """

    def __init__(self) -> None:
        self.late = 0
        self.least = 0.0
        self.patience = float(_FIRST_US)
        self._packets: dict[int, SoundPacket] = {}
        self._next: int | None = None
        self._skipped_at = 0  # when a wait ended in vain

    def __len__(self) -> int:
        return len(self._packets)

    def begin_anew(self) -> None:
        """The sender's numbers began anew."""
        self._packets.clear()
        self._next = None

    def add(self, place: int, packet: SoundPacket, now: int) -> None:
        """Take in a packet."""
        if self._next is not None and place < self._next:
            if now - self._skipped_at < _MOST_US:  # had it been waited for, it would have been heard
                self.late += 1
                self.patience = min(self.patience + (now - self._skipped_at) * 1.5, _MOST_US)
            return
        self._packets.setdefault(place, packet)
        if self._next is None:
            self._next = place

    def take(self, now: int, round_trip: int | None = None) -> Iterator[SoundPacket]:
        """The packets whose turn it is. ``round_trip``: µs after which one that was asked for again may be there."""
        packets = self._packets
        while packets:
            assert self._next is not None
            packet = packets.pop(self._next, None)
            if packet is not None:
                self._next += 1
                self.patience = max(self.patience * _CALMING, _LEAST_US)
                yield packet
                continue
            following = min(packets)
            if now < packets[following].arrival + self._wait(round_trip) and len(packets) <= _MOST_PACKETS:
                return
            lost = following - self._next
            self._skipped_at = now
            self._next = following + 1
            waited = packets.pop(following)
            yield SoundPacket(waited.codec, waited.payload, waited.stamp, waited.arrival, lost)

    def _wait(self, round_trip: int | None) -> float:
        return max(self.least, min(max(self.patience, 1.5 * (round_trip or 0)), _MOST_US))

    def next_at(self, round_trip: int | None = None) -> float | None:
        """When `take` gives up a missing packet."""
        if not self._packets:
            return None
        return self._packets[min(self._packets)].arrival + self._wait(round_trip)
