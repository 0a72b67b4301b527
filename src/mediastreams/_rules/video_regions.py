"""What can be made of a video mode, as regions, and their distances from what is asked.

Not for: the choice between modes (`video_modes`).

A mode W × H at f₁ … f₂ offers two regions: with ``resize_mode`` *none* exactly W × H at any rate of
f₁ … f₂; with *crop-and-scale* every width of 1 … W with every height of 1 … H at any rate above zero up to f₂
(a display surface: only sizes that keep its aspect ratio). The second holds the first, as the standard wants.

DEVIATION: a display surface's ``aspect_ratio`` is that of the surface, also where its scaled size is rounded to
whole pixels: the standard calls the property immutable, and a picture of 1 × 1 is no way to make it square.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from mediastreams._rules.box_search import BoxSearch, SizeAsk, size_distance
from mediastreams._rules.constraints import aspect_of
from mediastreams._rules.fitness import number_distance
from mediastreams._rules.line_search import nearest_on_line
from mediastreams._rules.mode_index import FRAME_RATE_FLOOR, Branch, index_of
from mediastreams._rules.offers import is_display
from mediastreams._rules.row_walk import SLACK

if TYPE_CHECKING:
    from mediastreams._rules.values import DeviceModel, VideoMode

__all__ = ["Regions", "VideoAsk"]

_FEW = 64


@dataclass(frozen=True, slots=True)
class VideoAsk:
    """What is asked of the mode's properties.

    ``native``, ``scaled``: the distance of each ``resize_mode`` (infinite where not allowed), which also holds
    what no setting can change.
    """

    size: SizeAsk
    rate: tuple[float, float]
    ideal_rate: float | None
    native: float
    scaled: float


class Regions:
    """Distances of one device's regions, remembered by size and rate because modes repeat them."""

    def __init__(self, model: DeviceModel, ask: VideoAsk) -> None:
        self._ask = ask
        self._display = is_display(model)
        self._rates: dict[tuple[float, float], float] = {}
        self._index = index_of(model)
        hull = self._index.root.hull
        self._besides_size = ask.scaled + self._rate(FRAME_RATE_FLOOR, hull.max_frame_rate)
        self._couples = ask.size.couples
        self._searches = self._couples and not self._display
        self._size = _within(ask.size, hull.width, hull.height) if self._searches else ask.size
        self._boxes = BoxSearch(self._size)
        self._sizes: dict[tuple[int, int], float] = {}
        self._widths: dict[int, float] = {}
        self._heights: dict[int, float] = {}
        self._points: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {}

    def least_native(self, *, enough: float, below: float) -> float:
        """Give the least distance of modes as they are; as `ModeIndex.least`."""
        if self._couples and not self._boxes.serves:
            return inf
        index, aspect = self._index, self._ask.size.aspect
        if aspect != (0.0, inf):
            few = index.of_ratio(*aspect)
            if len(few) <= _FEW:
                return min([self.native(mode, below) for mode in few], default=inf)
        return index.least(self.native_bound, self.native, enough=enough, below=below)

    def least_scaled(self, *, enough: float, below: float) -> float:
        """Give the least distance of what can be made of the modes; as `ModeIndex.least`."""
        if self._searches and not self._boxes.serves:
            return inf
        return self._index.least(
            self.scaled_bound, self.scaled, enough=enough, below=below, slack=SLACK, hulls=not self._display
        )

    def preferred(self, limit: float, *, native: bool) -> VideoMode:
        """Give the mode nearest to the defaults among those within ``limit``; there must be one."""
        if native:
            return self._index.preferred(self.native_bound, self.native, limit, native=True)

        def bound(branch: Branch) -> float:
            return self.scaled_bound(branch) if self._display else self.scaled(branch.hull, limit)

        return self._index.preferred(bound, self.scaled, limit, native=False)

    def native(self, mode: VideoMode, below: float) -> float:
        """Give the distance of the mode as it is; at least where it is not above ``below``."""
        size = self._sizes.get(key := (mode.width, mode.height))
        if size is None:
            size = self._sizes[key] = self._ask.native + size_distance(self._ask.size, *key)
        return inf if size > below else size + self._rate(mode.min_frame_rate, mode.max_frame_rate)

    def native_bound(self, branch: Branch) -> float:
        """Give a lower bound over a branch's modes as they are."""
        ask, size = self._ask, self._ask.size
        distance = ask.native + self._rate(*branch.rate)
        if distance < inf and self._couples:
            distance += _span(branch.ratio, size.aspect, size.ideal_aspect)
        if distance < inf:
            distance += _span(branch.width, size.width, size.ideal_width)
        return distance + _span(branch.height, size.height, size.ideal_height) if distance < inf else inf

    def scaled_bound(self, branch: Branch) -> float:
        """Give a lower bound over what can be made of a branch's modes."""
        width, height = branch.hull.width, branch.hull.height
        distance = self._ask.scaled + self._rate(FRAME_RATE_FLOOR, branch.hull.max_frame_rate)
        if distance == inf:
            return inf
        if self._display:
            size = self._ask.size
            distance += _span(branch.ratio, size.aspect, size.ideal_aspect)
        elif self._searches:
            return distance + self._bound(width, height)
        return distance + self._width(width) + self._height(height)

    def scaled(self, mode: VideoMode, below: float) -> float:
        """Give the least distance of what can be made of the mode; exact where it is not above ``below``."""
        distance = self._ask.scaled + self._rate(FRAME_RATE_FLOOR, mode.max_frame_rate)
        if distance > below or distance == inf:
            return inf
        if self._searches or self._display:
            return distance + self._point(mode.width, mode.height, below)[0]
        return distance + self._width(mode.width) + self._height(mode.height)

    def point(self, mode: VideoMode) -> tuple[int, int]:
        """Give the best size that can be made of a mode that was found: nearest, then uncropped, then largest."""
        return self._find(mode.width, mode.height, inf)[1]

    def _rate(self, lowest: float, highest: float) -> float:
        key = (lowest, highest)
        distance = self._rates.get(key)
        if distance is None:
            distance = self._rates[key] = _span(key, self._ask.rate, self._ask.ideal_rate)
        return distance

    def _width(self, native: int) -> float:
        distance = self._widths.get(native)
        if distance is None:
            size = self._ask.size
            distance = self._widths[native] = _span((1, native), size.width, size.ideal_width)
        return distance

    def _height(self, native: int) -> float:
        distance = self._heights.get(native)
        if distance is None:
            size = self._ask.size
            distance = self._heights[native] = _span((1, native), size.height, size.ideal_height)
        return distance

    def _bound(self, width: int, height: int) -> float:
        """Give a lower bound of the distance of all sizes up to one."""
        bound = self._boxes.bound(width, height)
        for (wider, higher), (distance, _) in self._points.items():
            if distance > bound and width <= wider and height <= higher:
                bound = distance
        return bound

    def _point(self, width: int, height: int, below: float) -> tuple[float, tuple[int, int]]:
        """Find the best size of a mode; infinite when it is too far off for all to be within ``below``.

        ``below`` only falls from call to call.
        """
        # Found sizes are shared by modes of different rates: what is left for them is what the fastest leaves.
        below -= self._besides_size
        key = (width, height)
        if key not in self._points:
            self._points[key] = self._known(width, height) or self._find(width, height, below)
        return self._points[key]

    def _known(self, width: int, height: int) -> tuple[float, tuple[int, int]] | None:
        """Look whether a larger size's best fits, or was too far off: then there is nothing to search."""
        if self._display:
            return None
        for (wider, higher), (distance, size) in self._points.items():
            if width <= wider and height <= higher:
                if distance == inf:
                    return distance, size
                if size[0] <= width and size[1] <= height:
                    return distance, size
        return None

    def _find(self, width: int, height: int, below: float) -> tuple[float, tuple[int, int]]:
        if self._display:
            ratio, (low, high) = aspect_of(width, height), self._ask.size.aspect
            if not low <= ratio <= high:
                return inf, (0, 0)
            constant = number_distance(ratio, self._ask.size.ideal_aspect)
            if constant + self._width(width) + self._height(height) > below:
                return inf, (0, 0)
            distance, found = nearest_on_line(_without_aspect(self._ask.size), width, height, below - constant)
            return distance + constant, found
        size = _within(self._ask.size, width, height)
        if size.width[0] > size.width[1] or size.height[0] > size.height[1]:
            return inf, (0, 0)
        bound = self._boxes.bound(width, height)
        if bound > below:
            return inf, (0, 0)
        whole = _whole_picture(size, width, height)
        distance = size_distance(size, *whole)
        if distance <= bound:
            return distance, whole
        nearest = self._boxes.nearest(width, height, min(below, distance))
        return (distance, whole) if distance <= nearest[0] else nearest


def _span(offered: tuple[float, float], asked: tuple[float, float], ideal: float | None) -> float:
    """Give the least distance of what is both offered and asked; infinite where that is nothing."""
    low, high = max(offered[0], asked[0]), min(offered[1], asked[1])
    if low > high:
        return inf
    if ideal is None or low <= ideal <= high:
        return 0.0
    return number_distance(low if ideal < low else high, ideal)


def _within(ask: SizeAsk, width: int, height: int) -> SizeAsk:
    """Narrow the bounds to what a mode has."""
    widths, heights = (ask.width[0], min(ask.width[1], width)), (ask.height[0], min(ask.height[1], height))
    return SizeAsk(widths, heights, ask.aspect, ask.ideal_width, ask.ideal_height, ask.ideal_aspect)


def _without_aspect(ask: SizeAsk) -> SizeAsk:
    return SizeAsk(ask.width, ask.height, ideal_width=ask.ideal_width, ideal_height=ask.ideal_height)


def _whole_picture(ask: SizeAsk, mode_width: int, mode_height: int) -> tuple[int, int]:
    """Give the ideal sides, and for a side that is free what shows the whole picture, else as much as fits."""
    (left, right), (bottom, top) = ask.width, ask.height
    if ask.ideal_width is not None and ask.ideal_height is not None:
        width, height = ask.ideal_width, ask.ideal_height
    elif ask.ideal_width is not None:
        width = min(max(ask.ideal_width, left), right)
        height = round(width * mode_height / mode_width)
    elif ask.ideal_height is not None:
        height = min(max(ask.ideal_height, bottom), top)
        width = round(height * mode_width / mode_height)
    else:
        scale = min(1.0, right / mode_width, top / mode_height)
        width, height = round(mode_width * scale), round(mode_height * scale)
    return int(min(max(width, left), right)), int(min(max(height, bottom), top))
