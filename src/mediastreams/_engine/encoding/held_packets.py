"""`HeldPackets`: the last seconds of a recording that has no file yet.

Not for: writing them (``writer.py``).

Rules of the file: bounded by time and by bytes. It begins at a key frame of the first track of pictures, at most one
key frame earlier than asked; the bound of bytes wins over that of time. Sound is kept from a moment before, since
decoders need some of it to begin.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from av import Packet

__all__ = ["HeldPackets", "ticks"]

_LEAD_US: Final = 250_000  # of sound before the first picture
_OTHER_US: Final = 1_500_000  # of other tracks of pictures, whose key frames stand elsewhere


def _time(packet: Packet[Any], stamp: int | None) -> int:
    base = packet.time_base
    return 0 if stamp is None else stamp * base.numerator * 1_000_000 // base.denominator


def ticks(packet: Packet[Any], time: int) -> int:
    """A time in µs in the packet's own time base."""
    base = packet.time_base
    return time * base.denominator // (base.numerator * 1_000_000)


_Kept: TypeAlias = "tuple[int, int, Packet[Any]]"  # how many came before, when it is shown, the packet


class HeldPackets:
    """Encoded packets of several streams, the newest ``span`` µs. Times are µs since the encoders began."""

    def __init__(self, span: int, most_bytes: int) -> None:
        self.size = 0
        self._span = span
        self._most_bytes = most_bytes
        self._streams: dict[int, deque[_Kept]] = {}
        self._keys: deque[int] = deque()  # when key frames of the leading stream are shown
        self._leader: int | None = None
        self._newest = 0
        self._count = 0
        self._leads: dict[int, int] = {}  # by stream: the first time stamp if it is negative, by what is not heard

    def lead(self, index: int) -> None:
        """Say which stream's key frames the file may begin with: the first one of pictures."""
        self._leader = index

    def add(self, packet: Packet[Any]) -> None:
        """Keep one more; forget what is too old."""
        index, time = packet.stream.index, _time(packet, packet.pts)
        self._leads.setdefault(index, min(packet.pts or 0, 0))
        self._streams.setdefault(index, deque()).append((self._count, time, packet))
        self._count += 1
        self.size += packet.size
        self._newest = max(self._newest, time)
        if index == self._leader and packet.is_keyframe:
            self._keys.append(time)
        if self._leader is None:
            while self.size > self._most_bytes or self._oldest() < self._newest - self._span - _LEAD_US:
                self.size -= min(self._streams.values(), key=_first_of).popleft()[2].size
        while len(self._keys) > 1 and (self._newest - self._keys[1] >= self._span or self.size > self._most_bytes):
            self._keys.popleft()
            self._forget_before(self._keys[0])

    def _oldest(self) -> int:
        return min(_first_of(kept) for kept in self._streams.values())

    def _forget_before(self, key: int) -> None:
        for index, kept in self._streams.items():
            video = kept and kept[0][2].stream.type == "video"
            while kept:
                _, time, packet = kept[0]
                if index == self._leader:
                    if packet.is_keyframe and time >= key:
                        break
                elif time >= key - (_OTHER_US if video else _LEAD_US):
                    break
                self.size -= packet.size
                kept.popleft()

    def entry(self, since: int) -> tuple[int, dict[int, int]]:
        """Where a file begins with the last key frame at or before ``since``, and by how much sound is shifted then."""
        start, shifts = self._key_before(since), {}
        sound = next((kept for kept in self._streams.values() if kept and kept[0][2].stream.type == "audio"), None)
        if sound is not None:  # the file's 0 is where a packet of sound begins to be heard, so that no sample is lost
            packet = sound[0][2]
            index, wanted = packet.stream.index, ticks(packet, start)
            stamps = [one.pts or 0 for _, _, one in sound]
            heard = max((pts for pts in stamps if pts - self._leads[index] <= wanted), default=stamps[0])
            shifts[index] = heard - self._leads[index]
            start = _time(packet, shifts[index])
        return start, shifts

    def take(self, since: int) -> tuple[int, dict[int, int], list[Packet[Any]]]:
        """Take all, from there on.

        Returns:
            Where the file begins, by how much each stream's time stamps are shifted, and the packets in order.
        """
        start, shifts = self.entry(since)
        taken = sorted((one for kept in self._streams.values() for one in self._from(kept, start, shifts)), key=_order)
        self._streams.clear()
        self._keys.clear()
        self.size = 0
        return start, shifts, [packet for _, _, packet in taken]

    def _from(self, kept: deque[_Kept], start: int, shifts: dict[int, int]) -> Iterator[_Kept]:
        entered = False
        for one in kept:
            packet = one[2]
            index = packet.stream.index
            shift = shifts.setdefault(index, ticks(packet, start))
            if not entered:
                early = (packet.pts or 0) - shift < self._leads[index]
                entered = not early and (packet.stream.type != "video" or packet.is_keyframe)
            if entered:
                yield one

    def _key_before(self, since: int) -> int:
        if self._leader is None:
            return max(since, self._oldest() if self._streams else 0, 0)
        return max((key for key in self._keys if key <= since), default=self._keys[0] if self._keys else max(since, 0))


def _first_of(kept: deque[_Kept]) -> int:
    return kept[0][1] if kept else 2**62


def _order(one: _Kept) -> int:
    return one[0]
