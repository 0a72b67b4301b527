"""What can be made of a video mode, as regions, and their distances from what is asked.

Not for: the choice between modes (`video_modes`).

A mode W × H at f₁ … f₂ offers two regions: with ``resize_mode`` *none* exactly W × H at any rate of
f₁ … f₂; with *crop-and-scale* every width of 1 … W with every height of 1 … H at any rate above zero up to f₂
(a display surface: only sizes that keep its aspect ratio). The second holds the first, as the standard wants.

DEVIATION: a display surface's ``aspect_ratio`` is that of the surface, also where its scaled size is rounded to
whole pixels: the standard calls the property immutable, and a picture of 1 × 1 is no way to make it square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, cast

from mediastreams._rules.box_search import SizeAsk, bound_of_box, nearest_in_box, nearest_on_line, size_distance
from mediastreams._rules.constraints import aspect_of
from mediastreams._rules.fitness import best_number, number_distance
from mediastreams._rules.offers import is_display

if TYPE_CHECKING:
    from mediastreams._rules.values import DeviceModel, VideoMode

__all__ = ["FRAME_RATE_FLOOR", "Regions", "VideoAsk"]

FRAME_RATE_FLOOR = 0.001
"""The lowest rate that decimation makes: a frame in 1000 s. Rates are above zero, and this closes the interval."""


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
        self.searches = ask.size.couples or self._display
        self._sizes: dict[tuple[int, int], float] = {}
        self._rates: dict[tuple[float, float], float] = {}
        self._widths: dict[int, float] = {}
        self._heights: dict[int, float] = {}
        self._points: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {}
        self._besides_size = ask.scaled
        if self.searches:
            fastest = max(mode.max_frame_rate for mode in cast("Sequence[VideoMode]", model.modes))
            self._besides_size += self._rate(FRAME_RATE_FLOOR, fastest)

    def native(self, mode: VideoMode) -> float:
        """Give the distance of the mode as it is."""
        return self.least_native((mode,), -inf)

    def least_native(self, modes: Sequence[VideoMode], enough: float) -> float:
        """Give the least distance of modes as they are; the first that is not above ``enough`` will do."""
        ask, sizes, least = self._ask, self._sizes, inf
        for mode in modes:  # FAST-PATH: most modes are done with after one look at their size: 0.1 µs instead of 0.4
            size = sizes.get(key := (mode.width, mode.height))
            if size is None:
                size = sizes[key] = ask.native + size_distance(ask.size, *key)
            if size < least:
                distance = size + self._rate(mode.min_frame_rate, mode.max_frame_rate)
                if distance < least:
                    least = distance
                    if least <= enough:
                        break
        return least

    def bound(self, hull: VideoMode) -> float:
        """Give a lower bound, ``resize_mode`` aside, over every mode that is not larger or faster than ``hull``."""
        size = _within(_without_aspect(self._ask.size) if self._display else self._ask.size, hull)
        if size is None:
            return inf
        return self._rate(hull.min_frame_rate, hull.max_frame_rate) + bound_of_box(size, *size.height)

    def scaled(self, mode: VideoMode, below: float) -> float:
        """Give the least distance of what can be made of the mode; exact where it is not above ``below``."""
        distance = self._ask.scaled + self._rate(FRAME_RATE_FLOOR, mode.max_frame_rate)
        if distance > below or distance == inf:
            return inf
        if self.searches:
            # Found sizes are shared by modes of different rates: what is left for them is what the fastest leaves.
            return distance + self._point(mode, below - self._besides_size)[0]
        width = self._widths.get(mode.width)
        if width is None:
            ask = self._ask.size
            width = self._widths[mode.width] = _least(*ask.width, mode.width, ask.ideal_width)
        height = self._heights.get(mode.height)
        if height is None:
            ask = self._ask.size
            height = self._heights[mode.height] = _least(*ask.height, mode.height, ask.ideal_height)
        return distance + width + height

    def point(self, mode: VideoMode) -> tuple[int, int]:
        """Give the best size that can be made of a mode that was found: nearest, then uncropped, then largest."""
        return self._point(mode, inf)[1]

    def _rate(self, lowest: float, highest: float) -> float:
        key = (lowest, highest)
        distance = self._rates.get(key)
        if distance is None:
            low, high = max(lowest, self._ask.rate[0]), min(highest, self._ask.rate[1])
            ideal = self._ask.ideal_rate
            distance = inf if low > high else number_distance(best_number(low, high, ideal, high), ideal)
            self._rates[key] = distance
        return distance

    def _point(self, mode: VideoMode, below: float) -> tuple[float, tuple[int, int]]:
        """Find the best size of a mode; infinite when it is above ``below``, which only falls from call to call."""
        key = (mode.width, mode.height)
        if key not in self._points:
            self._points[key] = self._known(mode) or self._find(mode, below)
        return self._points[key]

    def _known(self, mode: VideoMode) -> tuple[float, tuple[int, int]] | None:
        """Look whether a larger mode's best size fits, or was too far off: then there is nothing to search."""
        if self._display:
            return None
        for (width, height), (distance, size) in self._points.items():
            if mode.width <= width and mode.height <= height:
                if distance == inf:
                    return distance, size
                if size[0] <= mode.width and size[1] <= mode.height:
                    return distance, size
        return None

    def _find(self, mode: VideoMode, below: float) -> tuple[float, tuple[int, int]]:
        if self._display:
            ratio, (low, high) = aspect_of(mode.width, mode.height), self._ask.size.aspect
            if not low <= ratio <= high:
                return inf, (0, 0)
            constant = number_distance(ratio, self._ask.size.ideal_aspect)
            ask = _without_aspect(self._ask.size)
            distance, found = nearest_on_line(ask, mode.width, mode.height, below - constant)
            return distance + constant, found
        size = _within(self._ask.size, mode)
        if size is None:
            return inf, (0, 0)
        whole = _whole_picture(size, mode)
        distance = size_distance(size, *whole)
        if not size.couples or distance <= bound_of_box(size, *size.height):
            return distance, whole
        nearest = nearest_in_box(size, min(below, distance))
        return (distance, whole) if distance <= nearest[0] else nearest


def _least(low: int, high: int, native: int, ideal: float | None) -> float:
    """Give the least distance of one side of a picture that can be cut and scaled down from ``native``."""
    high = min(high, native)
    if low > high:
        return inf
    return 0.0 if ideal is None else number_distance(min(max(ideal, low), high), ideal)


def _within(ask: SizeAsk, mode: VideoMode) -> SizeAsk | None:
    """Narrow the bounds to what the mode has; ``None`` when nothing is left."""
    width = (ask.width[0], min(ask.width[1], mode.width))
    height = (ask.height[0], min(ask.height[1], mode.height))
    if width[0] > width[1] or height[0] > height[1]:
        return None
    return SizeAsk(width, height, ask.aspect, ask.ideal_width, ask.ideal_height, ask.ideal_aspect)


def _without_aspect(ask: SizeAsk) -> SizeAsk:
    return SizeAsk(ask.width, ask.height, ideal_width=ask.ideal_width, ideal_height=ask.ideal_height)


def _whole_picture(ask: SizeAsk, mode: VideoMode) -> tuple[int, int]:
    """Give the ideal sides, and for a side that is free what shows the whole picture, else as much as fits."""
    (left, right), (bottom, top) = ask.width, ask.height
    if ask.ideal_width is not None and ask.ideal_height is not None:
        width, height = ask.ideal_width, ask.ideal_height
    elif ask.ideal_width is not None:
        width = min(max(ask.ideal_width, left), right)
        height = round(width * mode.height / mode.width)
    elif ask.ideal_height is not None:
        height = min(max(ask.ideal_height, bottom), top)
        width = round(height * mode.width / mode.height)
    else:
        scale = min(1.0, right / mode.width, top / mode.height)
        width, height = round(mode.width * scale), round(mode.height * scale)
    return int(min(max(width, left), right)), int(min(max(height, bottom), top))
