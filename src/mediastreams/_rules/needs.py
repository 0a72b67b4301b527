"""What required constraints leave open, merged: the running state of SelectSettings.

Not for: ideals. An advanced set that is kept simply tightens the needs; no candidate is ever listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, floor, inf
from typing import TYPE_CHECKING, cast

from mediastreams._rules.constraints import ConstraintSet, asks_presence
from mediastreams._rules.properties import PROPERTIES

if TYPE_CHECKING:
    from mediastreams._rules.values import Setting

__all__ = ["ANYTHING", "Needs"]

_NONE_ALLOWED: frozenset[bool] = frozenset((True, False))


@dataclass(frozen=True, slots=True)
class Needs:
    """Closed intervals of numbers, allowed values of the rest, and which properties must (not) exist.

    An empty interval (low above high) or an empty tuple of values cannot be met.
    """

    numbers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    values: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict)
    presence: Mapping[str, frozenset[bool]] = field(default_factory=dict)

    def tightened(self, constraints: ConstraintSet) -> Needs:
        """Add the required constraints of a set."""
        numbers, values, presence = dict(self.numbers), dict(self.values), dict(self.presence)
        for name, constraint in constraints.items():
            if not constraint.required:
                continue
            asked = asks_presence(name, constraint) if constraint.exact else None
            if asked is not None:
                presence[name] = presence.get(name, _NONE_ALLOWED) & {asked}
            elif PROPERTIES[name].is_number:
                low, high = numbers.get(name, (-inf, inf))
                for exact in constraint.exact:
                    low, high = max(low, cast("float", exact)), min(high, cast("float", exact))
                numbers[name] = (
                    low if constraint.min is None else max(low, constraint.min),
                    high if constraint.max is None else min(high, constraint.max),
                )
            else:
                before = values.get(name)
                values[name] = tuple(v for v in constraint.exact if before is None or v in before)
        return Needs(numbers, values, presence)

    def interval(self, name: str, low: float, high: float) -> tuple[float, float]:
        """Give what is allowed of ``low`` … ``high``."""
        asked_low, asked_high = self.numbers.get(name, (low, high))
        return max(asked_low, low), min(asked_high, high)

    def whole(self, name: str, low: int, high: int) -> tuple[int, int]:
        """Give what is allowed of the whole numbers ``low`` … ``high``."""
        asked_low, asked_high = self.interval(name, low, high)
        return ceil(asked_low), floor(asked_high)

    def allows(self, name: str, value: Setting) -> bool:
        """Say whether a property that has values may have this one."""
        allowed = self.values.get(name)
        return allowed is None or value in allowed


ANYTHING = Needs()
