"""Which packets are missing, when to ask for them again, and when to give them up.

Not for: sending the requests (``webrtc/receiving/feedback.py``). Times in µs.

A packet that overtook another is no loss: the first request waits as long as packets were late for of late. A request
is repeated when its answer should have come. What was not to be had within the limit is given up.
"""

from __future__ import annotations

from typing import Final

__all__ = ["MissingPackets"]

_MOST: Final = 1000
_FIRST_RTT_US: Final = 100_000
_LEAST_WAIT_US: Final = 20_000
_MOST_PATIENCE_US: Final = 50_000
_MOST_TRIES: Final = 10
_LIMIT_US: Final = (300_000, 1_000_000)
_RTTS: Final = 6
_UNASKED_LIMIT_US: Final = 60_000
_CALMING: Final = 0.98


class _Hole:
    __slots__ = ("asked", "found", "tries")

    def __init__(self, found: int) -> None:
        self.found = found
        self.asked = 0
        self.tries = 0


class MissingPackets:
    """The holes in one stream of packets. ``asks``: whether the sender sends again when it is asked to.

    ``least``: µs that a packet is waited for in any case. ``requests`` counts the packets that were asked for, each
    time. ``round_trip``: µs from a request to its answer.
    """

    def __init__(self, *, asks: bool) -> None:
        self.asks = asks
        self.least = 0
        self.requests = 0
        self.round_trip: int | None = None
        self._holes: dict[int, _Hole] = {}
        self._highest: int | None = None
        self._patience = 0.0  # how late packets came that had only been overtaken

    def __len__(self) -> int:
        return len(self._holes)

    def received(self, place: int, now: int) -> None:
        """Take note of a packet, wherever it stands."""
        if self._highest is None:
            self._highest = place
        elif place > self._highest:
            for missing in range(max(self._highest + 1, place - _MOST), place):
                self._holes[missing] = _Hole(now)
            self._highest = place
            self._patience *= _CALMING
            while len(self._holes) > _MOST:  # the oldest have the least hope
                del self._holes[next(iter(self._holes))]
        elif (hole := self._holes.pop(place, None)) is not None:
            self._learn(hole, now)

    def _learn(self, hole: _Hole, now: int) -> None:
        if not hole.tries:
            self._patience = min(max(self._patience, now - hole.found), _MOST_PATIENCE_US)
        elif hole.tries == 1:  # of a later answer nobody knows which request it is for
            took = now - hole.asked
            self.round_trip = took if self.round_trip is None else round(self.round_trip * 0.875 + took * 0.125)

    def _first_at(self, hole: _Hole) -> int:
        return hole.found + round(self._patience)

    def _again_at(self, hole: _Hole) -> int:
        rtt = _FIRST_RTT_US if self.round_trip is None else self.round_trip
        return hole.asked + max(rtt * 5 // 4, _LEAST_WAIT_US)

    def _due(self, hole: _Hole) -> int:
        return self._again_at(hole) if hole.tries else self._first_at(hole)

    @property
    def limit(self) -> int:
        """How long a packet is waited for, µs."""
        if not self.asks:
            return max(_UNASKED_LIMIT_US, self.least)
        least, most = _LIMIT_US
        return max(
            self.least, min(max(_RTTS * (_FIRST_RTT_US if self.round_trip is None else self.round_trip), least), most)
        )

    def ask(self, now: int) -> list[int]:
        """The packets to be asked for now, in order; gives up those that were waited for long enough."""
        limit = self.limit
        for place in [place for place, hole in self._holes.items() if now - hole.found >= limit]:
            del self._holes[place]
        if not self.asks:
            return []
        wanted = []
        for place, hole in self._holes.items():
            if hole.tries < _MOST_TRIES and self._due(hole) <= now:
                hole.tries += 1
                hole.asked = now
                wanted.append(place)
        self.requests += len(wanted)
        return sorted(wanted)

    def sought(self, place: int) -> bool:
        """Whether that packet may still come."""
        return place in self._holes or self._highest is None or place > self._highest

    def forget(self, before: int) -> None:
        """What stands before that place is not needed any more."""
        for place in [place for place in self._holes if place < before]:
            del self._holes[place]

    def next_at(self) -> int | None:
        """When `ask` has something to do again; ``None``: not before another packet comes."""
        limit = self.limit
        times = [hole.found + limit for hole in self._holes.values()]
        if self.asks:
            times += [self._due(hole) for hole in self._holes.values() if hole.tries < _MOST_TRIES]
        return min(times, default=None)
