"""The modes of a video device as a tree, made once per model: whatever is asked, most modes need no look.

Not for: distances (`video_regions`); nothing in here depends on what is asked.

A branch knows the spans of its modes' sizes, ratios and rates, so that a lower bound of any distance can be given
for all of them at once. Each fork divides the span that is widest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from operator import itemgetter
from typing import TypeAlias, cast

from mediastreams._rules.constraints import aspect_of
from mediastreams._rules.fitness import number_distance
from mediastreams._rules.serving import mode_order
from mediastreams._rules.values import DeviceModel, VideoMode

__all__ = ["FRAME_RATE_FLOOR", "Branch", "ModeIndex", "index_of"]

FRAME_RATE_FLOOR = 0.001
"""The lowest rate that decimation makes: a frame in 1000 s. Rates are above zero, and this closes the interval."""

_DEFAULTS = {"width": 640, "height": 480, "frame_rate": 30.0}
"""What browsers use where nothing is asked, as the standard reports them."""

_LEAF = 8


@dataclass(frozen=True, slots=True)
class Branch:
    """Some modes: their spans, two smaller branches, and in a leaf the modes themselves by number, the largest first.

    ``hull`` is a mode into which all of them fit.
    """

    width: tuple[int, int]
    height: tuple[int, int]
    ratio: tuple[float, float]
    rate: tuple[float, float]
    hull: VideoMode
    parts: tuple[Branch, ...]
    modes: tuple[tuple[int, VideoMode], ...]


class ModeIndex:
    """What can be known of a video device's modes before anything is asked; the rarer parts when first needed."""

    def __init__(self, model: DeviceModel) -> None:
        self._modes = cast("Sequence[VideoMode]", model.modes)
        self.wanted = {name: cast("float", model.defaults.get(name, value)) for name, value in _DEFAULTS.items()}
        self.root = _branch([_row(number, mode) for number, mode in enumerate(self._modes)])
        self._by_size: tuple[VideoMode, ...] = ()
        self._by_ratio: tuple[list[float], list[VideoMode]] | None = None
        self._ranks: dict[bool, tuple[list[int], dict[int, int]]] = {}

    @property
    def by_size(self) -> tuple[VideoMode, ...]:
        """The modes in the order of `mode_order`."""
        if not self._by_size:
            self._by_size = tuple(sorted(self._modes, key=mode_order))
        return self._by_size

    def of_ratio(self, flattest: float, widest: float) -> Sequence[VideoMode]:
        """Give the modes whose aspect ratio is within two."""
        if self._by_ratio is None:
            modes = sorted(self._modes, key=_ratio)
            self._by_ratio = list(map(_ratio, modes)), modes
        ratios, modes = self._by_ratio
        return modes[bisect_left(ratios, flattest) : bisect_right(ratios, widest)]

    def least(
        self,
        bound: Callable[[Branch], float],
        distance: Callable[[VideoMode, float], float],
        *,
        enough: float,
        below: float,
        slack: float = 0.0,
        hulls: bool = False,
    ) -> float:
        """Find the least distance, or the first that is not above ``enough``; none above ``below`` need be found.

        ``distance`` gets told what a mode must stay below to matter; what is nearer by no more than ``slack`` does
        not. ``hulls``: no mode is nearer than one into which it fits.
        """
        least, branches = inf, [(bound(self.root), 0, self.root)]
        while branches:
            lower, _, branch = branches.pop()
            left = min(below, least - slack)
            if lower > below or lower >= least - slack:
                continue
            for _, mode in branch.modes:
                found = distance(mode, min(below, least))
                if found < least:
                    least = found
                    if least <= enough:
                        return least
            if branch.parts and (not hulls or distance(branch.hull, left) <= left):
                # The nearest is looked at first; among equals the one in which more finds room.
                parts = [(bound(part), -part.hull.width * part.hull.height, part) for part in branch.parts]
                parts.sort(key=_lower, reverse=True)
                branches += parts
        return least

    def preferred(
        self,
        bound: Callable[[Branch], float],
        distance: Callable[[VideoMode, float], float],
        limit: float,
        *,
        native: bool,
    ) -> VideoMode:
        """Find the mode nearest to the defaults among those within ``limit``; there must be one."""
        ranks, firsts = self._ranked(native=native)
        heap: list[tuple[int, bool, Branch | VideoMode]] = [(firsts[id(self.root)], False, self.root)]
        while True:
            _, _, next_ = heappop(heap)
            if isinstance(next_, VideoMode):
                if distance(next_, limit) <= limit:
                    return next_
            elif bound(next_) <= limit:
                for part in next_.parts:
                    heappush(heap, (firsts[id(part)], False, part))
                for number, mode in next_.modes:
                    heappush(heap, (ranks[number], True, mode))

    def _ranked(self, *, native: bool) -> tuple[list[int], dict[int, int]]:
        """Give each mode's place in the order of preference, by number, and each branch's first, by identity."""
        known = self._ranks.get(native)
        if known is None:
            order = [(self._from_default(mode, native=native), *mode_order(mode)) for mode in self._modes]
            ranks = [0] * len(order)
            for rank, number in enumerate(sorted(range(len(order)), key=order.__getitem__)):
                ranks[number] = rank
            firsts: dict[int, int] = {}
            _firsts(self.root, ranks, firsts)
            known = self._ranks[native] = ranks, firsts
        return known

    def _from_default(self, mode: VideoMode, *, native: bool) -> float:
        wanted = self.wanted
        rate = min(max(wanted["frame_rate"], mode.min_frame_rate if native else FRAME_RATE_FLOOR), mode.max_frame_rate)
        return round(
            number_distance(mode.width, wanted["width"])
            + number_distance(mode.height, wanted["height"])
            + number_distance(rate, wanted["frame_rate"]),
            9,
        )


def index_of(model: DeviceModel) -> ModeIndex:
    """Give the index of a video device's modes, made when it is first asked for."""
    # FAST-PATH: a model never changes, so it carries its index along: 0.6 ms saved a selection for 500 modes
    index = model.memo.get("modes")
    if index is None:
        index = model.memo["modes"] = ModeIndex(model)
    return cast("ModeIndex", index)


def _firsts(branch: Branch, ranks: list[int], firsts: dict[int, int]) -> int:
    found = [_firsts(part, ranks, firsts) for part in branch.parts] or [ranks[number] for number, _ in branch.modes]
    first = firsts[id(branch)] = min(found)
    return first


def _lower(entry: tuple[float, float, Branch]) -> tuple[float, float]:
    return entry[:2]


_Row: TypeAlias = tuple[int, int, float, float, float, int, VideoMode]


def _row(number: int, mode: VideoMode) -> _Row:
    width, height = mode.width, mode.height
    return width, height, mode.max_frame_rate, mode.min_frame_rate, aspect_of(width, height), number, mode


def _branch(rows: list[_Row]) -> Branch:
    # tuples and their columns, not attributes: this is most of what a first selection costs
    widths, heights, rates, lowest, ratios, numbers, modes = zip(*rows, strict=True)
    width, height, fastest = (min(widths), max(widths)), (min(heights), max(heights)), max(rates)
    parts: tuple[Branch, ...] = ()
    if len(rows) > _LEAF:
        spreads = [width[1] / width[0], height[1] / height[0], fastest / min(rates)]
        rows.sort(key=itemgetter(spreads.index(max(spreads))))
        middle = len(rows) // 2
        parts = _branch(rows[:middle]), _branch(rows[middle:])
    return Branch(
        width,
        height,
        (min(ratios), max(ratios)),
        (min(lowest), fastest),
        VideoMode(width[1], height[1], FRAME_RATE_FLOOR, fastest),
        parts,
        () if parts else tuple(sorted(zip(numbers, modes, strict=True), key=_area, reverse=True)),
    )


def _ratio(mode: VideoMode) -> float:
    return aspect_of(mode.width, mode.height)


def _area(entry: tuple[int, VideoMode]) -> tuple[int, float]:
    return entry[1].width * entry[1].height, entry[1].max_frame_rate
