"""Counters of RTP that wrap around: `Unwrapped` for timestamps, `PacketOrder` for sequence numbers.

Not for: what is missing (``missing_packets.py``) or how much was lost (``reception.py``).
"""

from __future__ import annotations

from typing import Final

__all__ = ["PacketOrder", "Unwrapped"]

_SEQUENCES: Final = 1 << 16
_MOST_AHEAD: Final = 3000
_MOST_BEHIND: Final = 1000


class Unwrapped:
    """A counter of so many bits, as it would be without its bounds. ``latest``: the furthest value that was taken."""

    __slots__ = ("_size", "latest")

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self.latest: int | None = None

    def take(self, value: int) -> int:
        """The value in that of its places that is nearest to the latest."""
        place = self.look(value)
        self.latest = place if self.latest is None else max(self.latest, place)
        return place

    def look(self, value: int) -> int:
        """`take`, without going on from there."""
        if self.latest is None:
            return value
        ahead = (value - self.latest) % self._size
        return self.latest + (ahead if ahead < self._size // 2 else ahead - self._size)


class PacketOrder:
    """The places of packets in the order of sending, whatever order they come in. ``restarts``: the sender began anew.

    A number far off is not believed until the next one follows it.

    https://www.rfc-editor.org/rfc/rfc3550#appendix-A.1
    """

    __slots__ = ("_expected", "latest", "restarts")

    def __init__(self) -> None:
        self.latest: int | None = None
        self.restarts = 0
        self._expected: int | None = None  # the number that would prove a jump

    def _ahead(self, number: int) -> int:
        assert self.latest is not None
        ahead = (number - self.latest) % _SEQUENCES
        return ahead if ahead < _SEQUENCES // 2 else ahead - _SEQUENCES

    def look(self, number: int) -> int | None:
        """The place of a packet that comes once more, from wherever; ``None``: it is not to be heeded."""
        if self.latest is None:
            return None
        ahead = self._ahead(number)
        return self.latest + ahead if -_MOST_BEHIND < ahead < _MOST_AHEAD else None

    def take(self, number: int) -> int | None:
        """The place of the packet with this number; ``None``: it is not to be heeded."""
        if self.latest is None:
            self.latest = number
            return number
        ahead = self._ahead(number)
        if not -_MOST_BEHIND < ahead < _MOST_AHEAD:
            if number != self._expected:
                self._expected = (number + 1) % _SEQUENCES
                return None
            self.restarts += 1
            ahead = (number - self.latest) % _SEQUENCES + _SEQUENCES
        self._expected = None
        place = self.latest + ahead
        self.latest = max(self.latest, place)
        return place
