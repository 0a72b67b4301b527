"""The nearest size in a box of whole numbers whose aspect ratio is asked for too.

Not for: sizes without a constraint on the aspect ratio; there width and height are independent.

Crop-and-scale makes every width and height up to the mode's. With the aspect ratio the three distances are
coupled; between the lines *width is ideal*, *height is ideal*, *ratio is ideal* and the borders their sum is
concave, so for one row (one height) only a handful of widths can be best, and for a band of rows a lower
bound is found the same way. Best-first branch and bound over bands of rows then looks at a few rows only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil, floor, inf

from mediastreams._rules.constraints import aspect_of
from mediastreams._rules.fitness import number_distance

__all__ = ["SLACK", "SizeAsk", "bound_of_box", "nearest_in_box", "nearest_on_line", "size_distance"]

SLACK = 1e-5
"""How much nearer a size must be for the search to go on: far below one pixel, above the ratio's rounding."""

_HALF_PLACE = 0.5e-10
_LEAF = 8


@dataclass(frozen=True, slots=True)
class SizeAsk:
    """What is asked of a size: closed bounds and ideals (above zero, or ``None``)."""

    width: tuple[int, int]
    height: tuple[int, int]
    aspect: tuple[float, float] = (0.0, inf)
    ideal_width: float | None = None
    ideal_height: float | None = None
    ideal_aspect: float | None = None

    @property
    def couples(self) -> bool:
        """Whether the aspect ratio matters."""
        return self.aspect != (0.0, inf) or self.ideal_aspect is not None


def size_distance(ask: SizeAsk, width: int, height: int) -> float:
    """Sum the distances of one size; infinite outside the bounds."""
    low, high = ask.width
    if not low <= width <= high:
        return inf
    low, high = ask.height
    if not low <= height <= high:
        return inf
    distance = number_distance(width, ask.ideal_width) + number_distance(height, ask.ideal_height)
    if ask.couples:
        ratio = aspect_of(width, height)
        if not ask.aspect[0] <= ratio <= ask.aspect[1]:
            return inf
        distance += number_distance(ratio, ask.ideal_aspect)
    return distance


def bound_of_box(ask: SizeAsk, low: int, high: int) -> float:
    """Give a lower bound of the distance over the rows ``low`` … ``high``; infinite when none can serve."""
    least, most = ask.width
    left = max(least, (ask.aspect[0] - _HALF_PLACE) * low)
    right = min(most, (ask.aspect[1] + _HALF_PLACE) * high)
    if left > right:
        return inf
    ideal = ask.ideal_height
    bound = 0.0 if ideal is None else number_distance(min(max(ideal, low), high), ideal)
    points = [left, right]
    if ask.ideal_width is not None:
        points.append(min(max(ask.ideal_width, left), right))
    if ask.ideal_aspect is not None:
        points += (min(max(ask.ideal_aspect * row, left), right) for row in (low, high))
    return bound + min(_column_bound(ask, point, low, high) for point in points)


def _column_bound(ask: SizeAsk, width: float, low: int, high: int) -> float:
    bound = number_distance(width, ask.ideal_width)
    if ask.ideal_aspect is not None:
        bound += number_distance(min(max(ask.ideal_aspect, width / high), width / low), ask.ideal_aspect)
    return bound


def nearest_in_box(ask: SizeAsk, below: float = inf) -> tuple[float, tuple[int, int]]:
    """Find the nearest size of ``ask.width`` × ``ask.height``, the largest among equals.

    Infinite when there is none that is nearer than ``below``.
    """

    def best_of_rows(low: int, high: int) -> tuple[float, tuple[int, int]]:
        best, size = inf, (0, 0)
        for height in range(high, low - 1, -1):
            for width in _columns(ask, height):
                distance = size_distance(ask, width, height)
                if distance < best - SLACK:
                    best, size = distance, (width, height)
        return best, size

    return _search(*ask.height, lambda low, high: bound_of_box(ask, low, high), best_of_rows, below)


def _columns(ask: SizeAsk, height: int) -> list[int]:
    """List the widths that can be best in one row, the largest first."""
    left = max(ask.width[0], ceil((ask.aspect[0] - _HALF_PLACE) * height))
    right = min(ask.width[1], floor((ask.aspect[1] + _HALF_PLACE) * height)) if ask.aspect[1] < inf else ask.width[1]
    if left > right:
        return []
    points = {left, right}
    # the half place lets in a border whose rounded ratio is outside: its neighbour is the true border then
    points |= {min(left + 1, right), max(right - 1, left)}
    if ask.ideal_width is not None:
        points.add(min(max(round(ask.ideal_width), left), right))
    if ask.ideal_aspect is not None:
        exact = ask.ideal_aspect * height
        points |= {min(max(floor(exact), left), right), min(max(ceil(exact), left), right)}
    return sorted(points, reverse=True)


def nearest_on_line(ask: SizeAsk, width: int, height: int, below: float = inf) -> tuple[float, tuple[int, int]]:
    """Find the nearest of the sizes that keep the aspect ratio of ``width`` × ``height`` to the nearest pixel.

    Infinite when there is none that is nearer than ``below``.
    The longer side runs through every whole number, the shorter follows; it then takes every value too. The
    ratio is the surface's whatever the rounding, so the ask must not be about it.

    https://w3c.github.io/mediacapture-screen-share/#downscaling-and-frame-decimation
    """
    longest = max(width, height)

    def size(side: int) -> tuple[int, int]:
        return max(1, round(side * width / longest)), max(1, round(side * height / longest))

    def bound(low: int, high: int) -> float:
        (left, bottom), (right, top) = size(low), size(high)
        if left > ask.width[1] or right < ask.width[0] or bottom > ask.height[1] or top < ask.height[0]:
            return inf
        total = 0.0
        for ideal, least, most in ((ask.ideal_width, left, right), (ask.ideal_height, bottom, top)):
            if ideal is not None:
                total += number_distance(min(max(ideal, least), most), ideal)
        return total

    def best_of_sides(low: int, high: int) -> tuple[float, tuple[int, int]]:
        best, found = inf, (0, 0)
        for side in range(high, low - 1, -1):
            distance = size_distance(ask, *size(side))
            if distance < best - SLACK:
                best, found = distance, size(side)
        return best, found

    return _search(1, longest, bound, best_of_sides, below)


def _search(
    low: int,
    high: int,
    bound: Callable[[int, int], float],
    best_of: Callable[[int, int], tuple[float, tuple[int, int]]],
    below: float,
) -> tuple[float, tuple[int, int]]:
    """Best-first branch and bound over ``low`` … ``high``; among equals the upper end goes first."""
    best, found = inf, (0, 0)
    goal = below  # what a part must promise to be looked at
    heap = [(bound(low, high), -high, low)]
    while heap:
        least, negated, low = heappop(heap)
        if least == inf or least > goal:
            break
        high = -negated
        if high - low < _LEAF:
            distance, candidate = best_of(low, high)
            if distance < best - SLACK:
                best, found = distance, candidate
                goal = min(goal, best - SLACK)
            continue
        middle = (low + high) // 2
        for part in ((low, middle), (middle + 1, high)):
            least = bound(*part)
            if least <= goal:
                heappush(heap, (least, -part[1], part[0]))
    return best, found
