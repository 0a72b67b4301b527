"""Why no settings satisfy the required constraints, in a sentence that says what would.

Not for: deciding whether they do (`select_settings`), which is asked here as a question about subsets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mediastreams._rules.capabilities import capabilities_of
from mediastreams._rules.constraints import Constraint, ConstraintSet
from mediastreams._rules.offers import is_display
from mediastreams._rules.values import DeviceModel, Kind, Range, Setting, Settings, VideoMode

__all__ = ["as_wish", "conflict_of", "explain"]

_FEW = 8


def conflict_of(required: ConstraintSet, possible: Callable[[ConstraintSet], bool]) -> list[str]:
    """Name one constraint that fails alone, else a smallest set that fails together.

    Smallest in the sense that none of it can be left out; the order of the properties decides between several.
    """
    for name, constraint in required.items():
        if not possible({name: constraint}):
            return [name]
    kept = dict(required)
    for name in required:
        without = {other: constraint for other, constraint in kept.items() if other != name}
        if not possible(without):
            kept = without
    return list(kept)


def as_wish(constraint: Constraint) -> Constraint:
    """Turn a required constraint into an ideal one, to look for what comes nearest."""
    if constraint.exact:
        return Constraint(ideal=constraint.exact)
    bound = constraint.max if constraint.min is None else constraint.min
    return Constraint() if bound is None else Constraint(ideal=(bound,))


def explain(
    devices: Sequence[DeviceModel], kind: Kind, conflict: ConstraintSet, nearest: Callable[[], Settings]
) -> str:
    """Write the message of the error: what was asked, what there is, what comes nearest."""
    if not devices:
        return f"there is no {_noun(devices, kind)}"
    who = f"this {_noun(devices, kind)}" if len(devices) == 1 else f"the {len(devices)} {_noun(devices, kind)}s"
    offers = "offers" if len(devices) == 1 else "offer"
    near = {name: value for name, value in nearest().items() if name in conflict}
    if len(conflict) == 1:
        ((name, constraint),) = conflict.items()
        offered = _offered(devices, name)
        if not offered:
            has = "has" if len(devices) == 1 else "have"
            return f"{name}: {_asked(constraint)} asked; {who} {has} no {name}"
        return f"{name}: {_asked(constraint)} asked; {who} {offers} {offered}{_nearest(near)}{_cure(devices, name)}"
    asked = " and ".join(f"{name} {_asked(constraint)}" for name, constraint in conflict.items())
    return f"{who} {offers} no {asked} together{_nearest(near)}"


def _noun(devices: Sequence[DeviceModel], kind: Kind) -> str:
    if devices and all(is_display(model) for model in devices):
        return "screen"
    return "camera" if kind == "video" else "microphone"


def _asked(constraint: Constraint) -> str:
    parts = []
    if constraint.exact:
        parts.append("exact " + " or ".join(_text(value) for value in constraint.exact))
    if constraint.min is not None:
        parts.append(f"min {_text(constraint.min)}")
    if constraint.max is not None:
        parts.append(f"max {_text(constraint.max)}")
    return ", ".join(parts)


def _nearest(near: Settings) -> str:
    if not near:
        return ""
    return "; the nearest is " + ", ".join(f"{name} {_text(value)}" for name, value in near.items())


def _cure(devices: Sequence[DeviceModel], name: str) -> str:
    """Say what to do so that there is more of one property."""
    cures = {cure for model in devices if (cure := model.cures.get(name))}
    return "".join(f"; for more: {cure}" for cure in sorted(cures))


def _offered(devices: Sequence[DeviceModel], name: str) -> str:
    """Say what all the devices together offer of one property, "" when none has it."""
    if name == "points_of_interest":
        most = max(model.points_of_interest for model in devices)
        return f"at most {most}" if most else ""
    found = [_natives(model, name) or capabilities_of(model).get(name) for model in devices]
    ranges = {entry for entry in found if isinstance(entry, Range)}
    values: dict[Setting, None] = {}
    for entry in found:
        if isinstance(entry, tuple):
            values.update(dict.fromkeys(entry))
        elif entry is not None and not isinstance(entry, Range):
            values[entry] = None
    texts = [_text(value) for value in values]
    if ranges:
        low, high = min(entry.min for entry in ranges), max(entry.max for entry in ranges)
        steps = {entry.step for entry in ranges}
        step = f" in steps of {_text(min(step or 0 for step in steps))}" if all(steps) else ""
        texts.append(_text(low) if low == high else f"{_text(low)}–{_text(high)}{step}")
    return _list(texts)


def _natives(model: DeviceModel, name: str) -> tuple[int, ...] | None:
    """List the sizes of a picture that cannot be scaled: between them there is nothing."""
    if model.adaptable or name not in ("width", "height"):
        return None
    modes = [mode for mode in model.modes if isinstance(mode, VideoMode)]
    return tuple(sorted({mode.width if name == "width" else mode.height for mode in modes}))


def _list(texts: Iterable[str]) -> str:
    texts = list(texts)
    if len(texts) > _FEW:
        texts = [*texts[: _FEW - 1], f"… {texts[-1]}"]
    return ", ".join(texts)


def _text(value: Setting) -> str:
    if isinstance(value, (bool, tuple)):
        return str(value)
    if isinstance(value, (int, float)):
        return f"{value:.10g}" if value < 1e5 else str(round(value))
    return repr(str(value))
