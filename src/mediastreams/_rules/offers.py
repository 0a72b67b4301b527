"""What a device offers besides its modes: ids, choices, ranges; and the best of it for given constraints.

Not for: what modes decide (`video_modes`, `audio_modes`). These properties are independent of each other
and of the mode, so each is decided alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mediastreams._rules.constraints import ConstraintSet, asks_presence
from mediastreams._rules.fitness import constraint_distance
from mediastreams._rules.properties import AUDIO_MODE_PROPERTIES, PROPERTIES, VIDEO_MODE_PROPERTIES
from mediastreams._rules.steps import nearest_step, within_steps

if TYPE_CHECKING:
    from mediastreams._rules.needs import Needs
    from mediastreams._rules.values import DeviceModel, Points, Setting, Settings

__all__ = ["best_of_offers", "is_display", "mode_properties", "offered_values"]

_ALWAYS_REPORTED = {
    "audio": ("echo_cancellation", "auto_gain_control", "noise_suppression"),
    "video": ("background_blur",),
}
"""Of these the standard says that a camera or microphone that cannot do it reports a single ``False``."""


def is_display(model: DeviceModel) -> bool:
    """Say whether the model is a captured display surface: scaled with its aspect ratio kept, never cropped."""
    return "display_surface" in model.choices


def mode_properties(model: DeviceModel) -> tuple[str, ...]:
    """Name the properties that the model's modes decide; none where it has no modes."""
    if not model.modes:
        return ()
    return VIDEO_MODE_PROPERTIES if model.kind == "video" else AUDIO_MODE_PROPERTIES


def offered_values(model: DeviceModel) -> dict[str, tuple[Setting, ...]]:
    """List the properties with finitely many values, the preferred value first; ids have one."""
    values: dict[str, tuple[Setting, ...]] = dict(model.choices)
    if model.device_id:
        values["device_id"] = (model.device_id,)
        for name in () if is_display(model) else _ALWAYS_REPORTED[model.kind]:
            values.setdefault(name, (False,))
    if model.group_id:
        values["group_id"] = (model.group_id,)
    return {name: offered for name, offered in values.items() if offered}


def best_of_offers(
    model: DeviceModel, needs: Needs, basic: ConstraintSet, current: Settings
) -> tuple[float, dict[str, Setting]] | None:
    """Give the least distance of everything besides the modes and the settings that reach it.

    ``None`` when a need cannot be met. Among equals the model's default wins, then the preferred value
    (of a range: the current one, for lack of a default).
    """
    of_modes = mode_properties(model)
    offered = offered_values(model)
    present = {*of_modes, *offered, *model.ranges}
    if model.points_of_interest:
        present.add("points_of_interest")
    if not present.issuperset(needs.numbers) or not present.issuperset(needs.values):
        return None
    if any((name in present) not in asked for name, asked in needs.presence.items()):
        return None
    settings: dict[str, Setting] = {}
    for name, values in offered.items():
        allowed = [value for value in values if needs.allows(name, value)]
        if not allowed:
            return None
        ideal = basic[name].ideal if name in basic else ()
        best = [value for value in allowed if value in ideal] or allowed
        default = model.defaults.get(name)
        settings[name] = default if default in best and default is not None else best[0]
    for name, span in model.ranges.items():
        left = within_steps(span, *needs.interval(name, span.min, span.max))
        if left is None:
            return None
        nearest = nearest_step(span, left, *_wanted_of_range(model, name, needs, basic, current))
        settings[name] = int(nearest) if PROPERTIES[name].type == "ulong" else nearest
    if model.points_of_interest:
        points = _best_points(model, needs, basic)
        if points is None:
            return None
        settings["points_of_interest"] = cast("Setting", points)
    distance = sum(
        constraint_distance(name, constraint, settings.get(name))
        for name, constraint in basic.items()
        if name not in of_modes
    )
    return distance, settings


def _wanted_of_range(
    model: DeviceModel, name: str, needs: Needs, basic: ConstraintSet, current: Settings
) -> tuple[float | None, float]:
    """Give the ideal number of a range, and the one to stay near to without.

    Who asks that a camera can pan, tilt or zoom does not ask it to move.

    https://w3c.github.io/mediacapture-image/#pan
    """
    default = model.defaults.get(name, current.get(name, model.ranges[name].min))
    ideal = None
    if name in basic and basic[name].ideal:
        if asks_presence(name, basic[name]) is None:
            ideal = cast("float", basic[name].ideal[0])
        else:
            default = current.get(name, default)
    if name in needs.presence:
        default = current.get(name, default)
    return ideal, cast("float", default)


def _best_points(model: DeviceModel, needs: Needs, basic: ConstraintSet) -> Points | None:
    """Give the points of interest: those asked for, as many as the camera takes, else its default, else none.

    ``None`` when those that are required are too many.
    """
    required = needs.values.get("points_of_interest")
    if required is not None:
        fitting = [
            cast("Points", points) for points in required if len(cast("Points", points)) <= model.points_of_interest
        ]
        return fitting[0] if fitting else None
    if "points_of_interest" in basic:
        return cast("Points", basic["points_of_interest"].ideal[0])[: model.points_of_interest]
    return cast("Points", model.defaults.get("points_of_interest", ()))
