"""Constraints as values: what `parse_constraints` makes of an application's mapping.

Not for: Web IDL conversion (types are right already), or deciding anything.
Rules: names are the Python spelling; unknown names and names of the other kind are gone; the order of a
mapping's keys leaves no trace; a constraint that says nothing (``{}``, an empty list) is gone too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from mediastreams._rules.properties import PROPERTIES, Property
from mediastreams.errors import OverconstrainedError

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind, Points, Setting

__all__ = [
    "ASPECT_DECIMALS",
    "LONGEST_STRING",
    "Constraint",
    "ConstraintSet",
    "Constraints",
    "asks_presence",
    "aspect_of",
    "parse_constraints",
]

LONGEST_STRING = 500
"""SPEC-ISSUE: the text knows no limit; web-platform-tests want longer values refused, even as ``ideal``."""

ASPECT_DECIMALS = 10
"""An aspect ratio is a double rounded to the tenth decimal place."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """What is asked of one property. ``exact`` and ``ideal`` are alternatives, ``()`` where not asked."""

    exact: tuple[Setting, ...] = ()
    ideal: tuple[Setting, ...] = ()
    min: float | None = None
    max: float | None = None

    @property
    def required(self) -> bool:
        """Whether it is a required constraint.

        https://w3c.github.io/mediacapture-main/#dfn-required-constraints
        """
        return bool(self.exact) or self.min is not None or self.max is not None


ConstraintSet: TypeAlias = Mapping[str, Constraint]


@dataclass(frozen=True, slots=True)
class Constraints:
    """A basic set and the ``advanced`` sets, in the order of `PROPERTIES` each."""

    kind: Kind
    basic: ConstraintSet = field(default_factory=dict)
    advanced: tuple[ConstraintSet, ...] = ()


def aspect_of(width: int, height: int) -> float:
    """Give the aspect ratio of a size as the standard writes it."""
    return round(width / height, ASPECT_DECIMALS)


def asks_presence(name: str, constraint: Constraint) -> bool | None:
    """Give the boolean that is asked of a property with numbers for values, else ``None``.

    ``{"zoom": True}`` asks for a camera that can zoom, whatever the factor.
    """
    if PROPERTIES[name].type == "boolean or double":
        for value in (*constraint.exact, *constraint.ideal):
            if isinstance(value, bool):
                return value
    return None


def parse_constraints(kind: Kind, mapping: Mapping[str, object] | None, *, display: bool = False) -> Constraints:
    """Read a track's constraints from an already converted mapping.

    A bare value is ``ideal`` in the basic set and ``exact`` in an advanced one. With ``display`` what does not
    apply to a captured display surface is dropped, and so is ``display_surface``, which only orders the picker.

    SPEC-ISSUE: read in order, the fitness distance makes a required constraint of the other kind infinite
    before it says that such a constraint counts 0; getUserMedia removes it first, and so does this.

    Raises:
        OverconstrainedError: a value longer than any device's.

    https://w3c.github.io/mediacapture-main/#dfn-basicconstraints
    """
    mapping = mapping or {}
    advanced = cast("Iterable[Mapping[str, object]]", mapping.get("advanced") or ())
    return Constraints(
        kind,
        _parse_set(kind, mapping, "ideal", display=display),
        tuple(_parse_set(kind, entry, "exact", display=display) for entry in advanced),
    )


def _parse_set(
    kind: Kind, mapping: Mapping[str, object], bare: Literal["ideal", "exact"], *, display: bool
) -> dict[str, Constraint]:
    parsed = {}
    for name, row in PROPERTIES.items():
        if kind not in row.kinds or mapping.get(name) is None:
            continue
        if display and (not row.display or name == "display_surface"):
            continue
        constraint = _parse_constraint(row, mapping[name], bare)
        if constraint != Constraint():
            parsed[name] = constraint
    return parsed


def _parse_constraint(row: Property, value: object, bare: Literal["ideal", "exact"]) -> Constraint:
    members: Mapping[str, object] = value if isinstance(value, Mapping) else {bare: value}
    ideal = _alternatives(row, members.get("ideal"))
    if row.positive:  # the distance formula is made for positive numbers: below zero is as good as zero
        ideal = tuple(max(cast("float", number), 0) for number in ideal)
    return Constraint(
        exact=_alternatives(row, members.get("exact")),
        ideal=ideal,
        min=_number(row, members.get("min")),
        max=_number(row, members.get("max")),
    )


def _alternatives(row: Property, value: object) -> tuple[Setting, ...]:
    if value is None:
        return ()
    if row.type == "points":
        return (cast("Setting", _points(cast("Iterable[Mapping[str, float]]", value))),)
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    for entry in values:
        if isinstance(entry, str) and len(entry) > LONGEST_STRING:
            raise OverconstrainedError(row.name, f"{row.name}: a value of {len(entry)} characters; no device has such")
    if row.name == "device_id":  # an empty id is an id that was not known: as if not specified
        values = tuple(entry for entry in values if entry != "")
    if row.is_number:
        values = tuple(entry if isinstance(entry, bool) else _number(row, entry) for entry in values)
    return cast("tuple[Setting, ...]", values)


def _points(value: Iterable[Mapping[str, float]]) -> Points:
    """Read a list of points, which is one value, also when it is empty; beyond the picture's edges is at the edge.

    https://w3c.github.io/mediacapture-image/#points-of-interest
    """
    return tuple((min(max(point["x"], 0.0), 1.0), min(max(point["y"], 0.0), 1.0)) for point in value)


def _number(row: Property, value: object) -> float | None:
    number = cast("float | None", value)
    if number is not None and row.name == "aspect_ratio":
        return round(number, ASPECT_DECIMALS)  # so that {"exact": 16 / 9} can be met
    return number
