"""Numbers that go in steps, as a camera's controls do.

Not for: which of them is asked for (`needs`), or numbers that modes decide.

A range with a step holds its ``min`` and what is a whole number of steps above it, up to ``max``. Whatever is closer
to one of those than a float may err is that one, and is reported as it was asked for: 0.3 in steps of 0.1.
"""

from __future__ import annotations

from math import ceil, floor

from mediastreams._rules.fitness import best_number, number_distance
from mediastreams._rules.values import Range

__all__ = ["nearest_step", "within_steps"]

_TOLERANCE = 1e-6
_DECIMALS = 10


def within_steps(span: Range, low: float, high: float) -> Range | None:
    """Give what a range has between two bounds that are inside it; ``None`` when there is nothing."""
    if low > high:
        return None
    if not span.step:
        return Range(low, high)
    first = ceil((low - span.min) / span.step - _TOLERANCE)
    last = floor((high - span.min) / span.step + _TOLERANCE)
    if first > last:
        return None
    return Range(max(low, _number(span, first)), min(high, _number(span, last)), span.step)


def nearest_step(span: Range, left: Range, ideal: float | None, default: float) -> float:
    """Give the number of ``left``, made of ``span`` by `within_steps`, that is nearest to the ideal, else the default.

    A default between two steps is what the device runs at: it stays where nothing else is asked.
    """
    best = best_number(left.min, left.max, ideal, default)
    if not span.step or best in (left.min, left.max) or (ideal is None and best == default):
        return best
    place = (best - span.min) / span.step
    if abs(place - round(place)) <= _TOLERANCE:
        return best
    below, above = _number(span, floor(place)), min(left.max, _number(span, ceil(place)))
    return min((max(left.min, below), above), key=lambda number: number_distance(number, ideal))


def _number(span: Range, steps: int) -> float:
    return round(span.min + steps * (span.step or 0.0), _DECIMALS)
