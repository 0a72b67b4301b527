"""The nearest of the sizes that a picture can be scaled to without cutting anything off.

Not for: pictures that may be cropped (`box_search`).
"""

from __future__ import annotations

from math import ceil, floor, inf

from mediastreams._rules.box_search import SizeAsk, size_distance
from mediastreams._rules.fitness import number_distance
from mediastreams._rules.row_walk import nearest_of_rows

__all__ = ["nearest_on_line"]

_HALF = 0.5 + 1e-9
"""What rounding to whole pixels changes, and what computing with floats adds."""


def nearest_on_line(ask: SizeAsk, width: int, height: int, below: float = inf) -> tuple[float, tuple[int, int]]:
    """Find the nearest of the sizes that keep the aspect ratio of ``width`` × ``height`` to the nearest pixel.

    Infinite when there is none that is nearer than ``below``.
    The longer side runs through every whole number, the shorter follows; it then takes every value too. The
    ratio is the surface's whatever the rounding, so the ask must not be about it.

    https://w3c.github.io/mediacapture-screen-share/#downscaling-and-frame-decimation
    """
    longest = max(width, height)
    spans, ideals = (ask.width, ask.height), (ask.ideal_width, ask.ideal_height)
    (least, most), (lowest, highest) = spans if width >= height else spans[::-1]
    ideal, other = ideals if width >= height else ideals[::-1]
    ratio = min(width, height) / longest

    def size(side: int) -> tuple[int, int]:
        return max(1, round(side * width / longest)), max(1, round(side * height / longest))

    def bound(side: int) -> float:
        if other is None:
            return number_distance(side, ideal)
        low, high = max(1.0, side * ratio - _HALF), max(1.0, side * ratio + _HALF)
        return number_distance(side, ideal) + number_distance(min(max(other, low), high), other)

    def best_of(side: int, _goal: float) -> tuple[float, tuple[int, int]]:
        found = size(side)
        return size_distance(ask, *found), found

    low = max(1, least, 1 if lowest <= 1 else ceil((lowest - _HALF) / ratio))
    high = min(longest, most, floor((highest + _HALF) / ratio))
    if low > high:
        return inf, (0, 0)
    bends = {low, high}
    crossings = [_HALF / ratio, (1 + _HALF) / ratio]
    if ideal is not None:
        crossings.append(ideal)
    if other is not None:
        crossings += [(other - _HALF) / ratio, (other + _HALF) / ratio]
    for bend in crossings:
        if low < bend < high:
            bends |= {floor(bend), ceil(bend)}
    return nearest_of_rows([(bound(side), side) for side in sorted(bends, reverse=True)], bound, best_of, below=below)
