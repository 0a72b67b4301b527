"""Where a sender's stamps lie on our clock: `SharedTimes`, one for all media that belong together.

Not for: parsing reports, or for files and other live sources. Times in µs, stamps without wrap-around.

A medium's own stamps count its samples; the sender's reports tell what they are on the sender's wall clock, which all
its media share. What a packet took from there to here is its way; the shortest way lately is the medium's, and the
longest of these is taken for all: nothing has then to be shown before it is there, and what belongs together has one
timestamp. A medium without a report yet goes by its arrival alone. Once settled, nothing jumps: the ways are followed
slowly, because two clocks never run alike, and at once only where something has changed for good.

https://www.rfc-editor.org/rfc/rfc3550#section-6.4.1
"""

from __future__ import annotations

from typing import Final

__all__ = ["MediumTimes", "SharedTimes"]

_WINDOW_US: Final = 2_000_000
_SLEW: Final = 0.002  # how fast timestamps follow
_SETTLING_SLEW: Final = 0.05  # … in the beginning, when the first packets may have taken longer than any later one
_SETTLING_US: Final = 5_000_000
_STEP_US: Final = 500_000  # a difference that is followed at once
_SLIPPED_US: Final = 15_000  # a medium that is so far from where it says that it is, and says so twice, is put there
_UNNOTICED_US: Final = 5_000  # a difference that is never worth a step
_TOGETHER_US: Final = 2_000_000  # media whose ways differ by more have no common clock, whatever they report
_SILENT_US: Final = 5_000_000  # who sends nothing for so long does not hold the others back


class _Shortest:
    """The least of what was seen within the last one or two windows."""

    __slots__ = ("_before", "_least", "_since")

    def __init__(self) -> None:
        self._least: int | None = None
        self._before: int | None = None
        self._since = 0

    def take(self, way: int, now: int) -> None:
        if self._least is None or now - self._since >= 2 * _WINDOW_US:
            self._least, self._before, self._since = way, None, now
        elif now - self._since >= _WINDOW_US:
            self._before, self._least, self._since = self._least, way, now
        self._least = min(self._least, way)

    @property
    def value(self) -> int | None:
        if self._least is None or self._before is None:
            return self._least
        return min(self._least, self._before)

    @property
    def whole(self) -> bool:
        """Whether a whole window was seen."""
        return self._before is not None


class _Followed:
    """A value that follows another slowly."""

    __slots__ = ("_moved", "_since", "value")

    def __init__(self, value: float, now: int, *, settled: bool = False) -> None:
        self.value = value
        self._moved = now
        self._since = now - _SETTLING_US if settled else now

    def settle_anew(self, value: float, now: int) -> None:
        """Be that from now on, and for a while follow faster."""
        self.value = value
        self._moved = self._since = max(self._moved, now)

    def follow(self, aim: float, now: int, *, step: bool) -> None:
        slew = _SETTLING_SLEW if now - self._since < _SETTLING_US else _SLEW
        most = max(0, now - self._moved) * slew
        if step and abs(aim - self.value) > _STEP_US:
            self.value = aim
        else:
            self.value += min(max(aim - self.value, -most), most)
        self._moved = max(self._moved, now)


class MediumTimes:
    """The times of one medium; made by `SharedTimes.join`."""

    def __init__(self, shared: SharedTimes, clock_rate: int) -> None:
        self._shared = shared
        self._rate = clock_rate
        self._ways = _Shortest()
        self._wall_ways = _Shortest()  # the same, from the sender's wall clock
        self._base: _Followed | None = None  # our clock less media time
        self._wall: _Followed | None = None  # the sender's wall clock less media time
        self._told = 0  # what the latest report says of it
        self._latest: int | None = None
        self.arrived_at = 0
        self._joined = False  # the group's way is this medium's, too

    def leave(self) -> None:
        """It belongs to the others no more."""
        self._shared._leave(self)  # noqa: SLF001 - same file

    def begin_anew(self, clock_rate: int) -> None:
        """The stamps count anew, and at this rate. What was handed out stays; nothing goes back."""
        self._rate = clock_rate
        self._ways, self._wall_ways = _Shortest(), _Shortest()
        self._base = self._wall = None
        self._joined = False

    def _media(self, stamp: int) -> int:
        return stamp * 1_000_000 // self._rate

    def arrived(self, stamp: int, now: int) -> None:
        """A packet with this stamp came now."""
        way = now - self._media(stamp)
        self._ways.take(way, now)
        if self._wall is not None:
            self._wall_ways.take(way - round(self._wall.value), now)
        self.arrived_at = max(self.arrived_at, now)

    def reported(self, stamp: int, wall: int, now: int) -> None:
        """The sender says: this stamp is that instant of its wall clock (µs since any instant)."""
        before, self._told = self._told, wall - self._media(stamp)
        own = self._own_way
        if self._wall is None:
            self._wall = _Followed(self._told, now, settled=True)
            if own is not None:
                self._wall_ways.take(own - self._told, now)
        elif (
            abs(self._told - self._wall.value) > _SLIPPED_US and abs(self._told - before) <= _UNNOTICED_US
        ):  # told twice: the sender has left something out
            self._wall = _Followed(self._told, now, settled=True)

    @property
    def _own_way(self) -> int | None:
        return self._ways.value

    def way(self) -> int | None:
        """From the sender's wall clock to ours, by this medium; ``None`` without a report."""
        return self._wall_ways.value

    @property
    def used_way(self) -> float | None:
        """The way that its timestamps lie by at present."""
        return None if self._base is None or self._wall is None else self._base.value - self._wall.value

    def timestamp(self, stamp: int, now: int) -> int:
        """When that is to be seen or heard, on our clock. Never earlier than the one before."""
        own = self._own_way
        if self._wall is not None:
            self._wall.follow(self._told, now, step=True)
        aim: float = now - self._media(stamp) if own is None else own
        common = self._shared._way_for(self, now)  # noqa: SLF001 - same file
        if common is not None and self._wall is not None:
            aim = common + self._wall.value
        if self._base is None:
            self._base = _Followed(aim, now)
        elif (common is not None) is not self._joined and abs(aim - self._base.value) > _UNNOTICED_US:
            self._base = _Followed(aim, now)  # only now is known what belongs together
        elif common is not None:
            self._base.value = aim  # the common way is followed slowly already
        else:
            self._base.follow(aim, now, step=self._ways.whole)
        self._joined = common is not None
        found = self._media(stamp) + round(self._base.value)
        self._latest = found if self._latest is None else max(found, self._latest + 1)
        return self._latest

    def captured(self, stamp: int) -> int | None:
        """When that was captured, as far as can be told here: by the shortest way of all. Before a report: by its own.

        ``None`` before anything arrived.
        """
        if self._own_way is None:
            return None
        fastest = self._shared._shortest_way()  # noqa: SLF001 - same file
        if fastest is None or self._wall is None:
            return self._media(stamp) + self._own_way
        return self._media(stamp) + round(fastest + self._wall.value)


class SharedTimes:
    """The media that one sender captured together. On one thread."""

    def __init__(self) -> None:
        self._media: list[MediumTimes] = []
        self._way: _Followed | None = None
        self._members = 0  # how many the way was settled with

    def join(self, clock_rate: int) -> MediumTimes:
        """Make the times of one more medium."""
        made = MediumTimes(self, clock_rate)
        self._media.append(made)
        return made

    def _leave(self, medium: MediumTimes) -> None:
        if medium in self._media:
            self._media.remove(medium)

    def _ways(self, now: int | None = None) -> list[float]:
        """The ways of the media that report and are not silent, without those that cannot belong to the others."""
        found = []
        for medium in self._media:
            way = medium.way()
            if way is not None and (now is None or now - medium.arrived_at < _SILENT_US):
                found.append(way)
        least = min(found, default=0.0)
        return [way for way in found if way - least < _TOGETHER_US]

    def _shortest_way(self) -> float | None:
        return min(self._ways(), default=None)

    def _way_for(self, medium: MediumTimes, now: int) -> float | None:
        """The way that is taken for all; ``None`` for a medium that has no part in it."""
        own, ways = medium.way(), self._ways(now)
        if own is None or own not in ways:
            return None
        aim, members = max(ways), len(ways)
        if self._way is None or members > self._members:  # nobody's timestamps go back for another's sake
            used = [one.used_way for one in self._media if one.way() in ways]
            highest = max([aim, *(way for way in used if way is not None)])
            if self._way is None:
                self._way = _Followed(highest, now)
            elif highest - self._way.value > _UNNOTICED_US:
                self._way.settle_anew(highest, now)
        self._way.follow(aim, now, step=True)
        self._members = members
        return self._way.value
