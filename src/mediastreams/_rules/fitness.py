"""The fitness distance: how far a settings dictionary is from a set of constraints.

Not for: finding the nearest settings (`select_settings`), which never looks at one dictionary after the other.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, cast

from mediastreams._rules.constraints import Constraint, ConstraintSet, asks_presence

if TYPE_CHECKING:
    from mediastreams._rules.values import Setting, Settings

__all__ = ["best_number", "constraint_distance", "fitness_distance", "number_distance", "satisfies"]


def fitness_distance(settings: Settings, constraints: ConstraintSet) -> float:
    """Sum the distances of all constraints of a set; infinite when a required one is not met.

    https://w3c.github.io/mediacapture-main/#dfn-fitness-distance
    """
    return sum(constraint_distance(name, constraint, settings.get(name)) for name, constraint in constraints.items())


def constraint_distance(name: str, constraint: Constraint, actual: Setting | None) -> float:
    """Give one constraint's distance from one setting, ``None`` for a property that the object does not have.

    https://w3c.github.io/mediacapture-main/#dfn-fitness-distance
    """
    # 1, 3. Unsupported and inapplicable constraints are gone since parse_constraints().
    # 2. A required constraint that is not met.
    if constraint.required and not satisfies(name, constraint, actual):
        return inf
    # 4. A boolean asked of a property that is no boolean: does it exist?
    presence = asks_presence(name, constraint)
    if presence is not None:
        return 0.0 if presence == (actual is not None) else 1.0
    # 5. The property does not exist.
    if actual is None:
        return 1.0
    # 6. No ideal value.
    if not constraint.ideal:
        return 0.0
    # 7. Numbers.
    if isinstance(actual, (int, float)) and not isinstance(actual, bool):
        return number_distance(actual, cast("float", constraint.ideal[0]))
    # 8. Strings and booleans. SPEC-ISSUE: nothing is said of points of interest: equal or not, as with these.
    return 0.0 if actual in constraint.ideal else 1.0


def satisfies(name: str, constraint: Constraint, actual: Setting | None) -> bool:
    """Say whether a setting meets a constraint's required parts.

    SPEC-ISSUE: a required ``False`` for a property with numbers could never be met by the letter; here it is
    met where the property does not exist, which is what the optional one means.
    """
    if constraint.exact and (presence := asks_presence(name, constraint)) is not None:
        return presence == (actual is not None)
    if actual is None:
        return False
    if constraint.exact and actual not in constraint.exact:
        return False
    if constraint.min is not None and cast("float", actual) < constraint.min:
        return False
    return constraint.max is None or cast("float", actual) <= constraint.max


def number_distance(actual: float, ideal: float | None) -> float:
    """Give the relative distance of two numbers, 0 where nothing is ideal."""
    if ideal is None or actual == ideal:
        return 0.0
    # FAST-PATH: the formula for positive numbers without its calls: 80 ns against 206, thousands of times a selection
    if 0 <= actual < ideal:
        return (ideal - actual) / ideal
    if 0 <= ideal < actual:
        return (actual - ideal) / actual
    return abs(actual - ideal) / max(abs(actual), abs(ideal))


def best_number(low: float, high: float, ideal: float | None, default: float) -> float:
    """Give the number in ``low`` … ``high`` that is nearest to the ideal, else to the default.

    Between its end points the distance has no other minimum than the ideal itself, also across zero and
    for an ideal of the other sign, so three points decide; the default comes first among equals.
    """
    default = min(max(default, low), high)
    if ideal is None:
        return default
    candidates = (default, min(max(ideal, low), high), low, high)
    return min(candidates, key=lambda number: number_distance(number, ideal))
