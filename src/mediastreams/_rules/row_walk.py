"""The nearest of many rows of sizes, found by looking at a few.

Not for: what a row holds (`box_search`, `line_search`).

A row's bound says how near its sizes could be, were they not whole. As a function of the row it bends upwards only at a
few rows, where two lines or borders cross, and between two of those it is concave. So it is least at one of them,
and what is near enough adjoins them: the search walks from there, the most promising row first, until all that is
left is too far off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import inf

__all__ = ["SLACK", "nearest_of_rows"]

SLACK = 1e-5
"""How much nearer a size must be for the search to go on: far below one pixel, above the ratio's rounding."""

_PLACES = 9
_FAR = 9.0
"""Above any distance."""


def nearest_of_rows(
    bends: Sequence[tuple[float, int]],
    bound: Callable[[int], float],
    best_of: Callable[[int, float], tuple[float, tuple[int, int]]],
    *,
    below: float,
    step: int = 1,
    passed: Callable[[range, float], int | None] | None = None,
) -> tuple[float, tuple[int, int]]:
    """Find the nearest size, among equals that of the largest row; infinite when none is nearer than ``below``.

    ``bends`` are the rows between which the bound is concave, the largest first, each after its bound. ``best_of``
    gives the best size of a row that is not above a goal. All rows are multiples of ``step``. ``passed`` gives the
    first of some rows that can have a size not above a goal, where the bound does not tell.
    """
    best, size = inf, (0, 0)
    goal = min(below, _FAR)
    # What is left between two bends is a gap, walked into from both: (bound, row, gap, direction).
    gaps = [range(0), *[range(low + step, high, step) for (_, high), (_, low) in pairwise(bends)], range(0)]
    ways = [(round(least, _PLACES), -row, number, 0) for number, (least, row) in enumerate(bends) if least <= goal]
    heapify(ways)
    while ways:
        least, negated, number, direction = heappop(ways)
        if least > goal:
            break
        row = -negated
        following: tuple[tuple[int, int], ...] = ((number, 1), (number + 1, -1))
        if direction:
            if row not in gaps[number]:  # it was reached from the other side
                continue
            gaps[number] = _after(gaps[number], row, direction)
            following = ((number, direction),)
        distance, candidate = best_of(row, goal + SLACK)
        if distance < best - SLACK:
            best, size = distance, candidate
            goal = min(goal, best - SLACK)
        for index, way in following:
            gap = gaps[index]
            if gap and passed:
                first = passed(gap[::way], goal)
                gap = gaps[index] = range(0) if first is None else _after(gap, first - way * step, way)
            if gap:
                row = gap[0] if way > 0 else gap[-1]
                least = bound(row)
                if least <= goal:
                    heappush(ways, (round(least, _PLACES), -row, index, way))
    return best, size


def _after(gap: range, row: int, direction: int) -> range:
    """Give what is left of a gap behind a row."""
    return range(row + gap.step, gap.stop, gap.step) if direction > 0 else range(gap.start, row, gap.step)
