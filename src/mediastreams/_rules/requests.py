"""What ``get_user_media`` and ``get_display_media`` refuse before they look at any device; permissions.

Not for: prompting, or errors that depend on devices.
Mappings are converted already: snake_case members; ``False`` or ``None`` for a kind that is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, cast

from mediastreams._rules.constraints import Constraints, parse_constraints
from mediastreams._rules.mode_index import FRAME_RATE_FLOOR
from mediastreams._rules.properties import PROPERTIES
from mediastreams.errors import OverconstrainedError

if TYPE_CHECKING:
    from mediastreams._rules.exposure import PermissionState
    from mediastreams._rules.values import DeviceModel, Kind

__all__ = [
    "PAN_TILT_ZOOM",
    "PERMISSION_NAMES",
    "asks_pan_tilt_zoom",
    "display_media_request",
    "specific_failure_is_allowed",
    "user_media_request",
    "without_pan_tilt_zoom",
]

PAN_TILT_ZOOM = frozenset(("pan", "tilt", "zoom"))

PERMISSION_NAMES: Mapping[Kind, str] = {"audio": "microphone", "video": "camera"}

_Request: TypeAlias = Mapping[str, object] | bool | None
_KINDS: tuple[Kind, ...] = ("audio", "video")

_FLOORS = {"width": 1, "height": 1, "frame_rate": FRAME_RATE_FLOOR, "aspect_ratio": 1 / (1 << 16)}
"""The smallest values that any captured surface can be scaled and decimated to."""


def user_media_request(*, audio: _Request = None, video: _Request = None) -> dict[Kind, Constraints]:
    """Check and read the argument of ``get_user_media``: the constraints of each requested kind.

    Raises:
        TypeError: nothing requested, or a required constraint that cannot select a device.
        OverconstrainedError: a value longer than any device's.

    https://w3c.github.io/mediacapture-main/#dom-mediadevices-getusermedia (steps 1-3, 11.3.2-11.3.4)
    """
    requested = _requested(audio, video)
    if not requested:
        raise TypeError("get_user_media needs audio or video, for instance get_user_media(video=True)")
    parsed = {kind: parse_constraints(kind, mapping) for kind, mapping in requested.items()}
    for kind, constraints in parsed.items():
        for name, constraint in constraints.basic.items():
            if constraint.required and not PROPERTIES[name].selects:
                raise TypeError(
                    f"{kind}: {name} cannot be required when a device is chosen; "
                    f"ask for it as ideal, or with track.apply_constraints() afterwards"
                )
    return parsed


def display_media_request(*, video: _Request = True, audio: _Request = None) -> dict[Kind, Constraints]:
    """Check and read the argument of ``get_display_media``: the constraints of each requested kind.

    Raises:
        TypeError: no video; advanced, min or exact.
        OverconstrainedError: a max below what any surface has, or a value longer than any surface's.

    https://w3c.github.io/mediacapture-screen-share/#dom-mediadevices-getdisplaymedia (steps 7-8)
    """
    if video is False:
        raise TypeError("get_display_media captures a picture: video must not be False")
    requested = _requested(audio, True if video is None else video)
    for kind, mapping in requested.items():
        # 8.1. No advanced sets.
        if mapping.get("advanced") is not None:
            raise TypeError(f"{kind}: get_display_media takes no advanced constraints")
        for name, row in PROPERTIES.items():
            value = mapping.get(name)
            if not (row.display and kind in row.kinds and isinstance(value, Mapping)):
                continue
            # 8.2. Nothing that would narrow what the user may choose.
            for member in ("min", "exact"):
                if value.get(member) is not None:
                    raise TypeError(f"{kind}: get_display_media takes no {member} for {name}; use ideal or max")
            # 8.3. Nothing that no surface could meet.
            most, floor = value.get("max"), _FLOORS.get(name)
            if most is not None and floor is not None and cast("float", most) < floor:
                raise OverconstrainedError(name, f"{name}: max {most} asked; no screen goes below {floor:.6g}")
    return {kind: parse_constraints(kind, mapping, display=True) for kind, mapping in requested.items()}


def _requested(audio: _Request, video: _Request) -> dict[Kind, Mapping[str, object]]:
    asked = zip(_KINDS, (audio, video), strict=True)
    return {kind: {} if value is True else value for kind, value in asked if value is not None and value is not False}


def asks_pan_tilt_zoom(mapping: Mapping[str, object]) -> bool:
    """Say whether constraints ask for a camera that is moved: that takes a permission of its own.

    The permission is *camera* with ``pan_tilt_zoom``; without it the track has what `without_pan_tilt_zoom` leaves.
    Constraining one of the three to ``False`` does not ask for it.

    https://w3c.github.io/mediacapture-image/#pan
    """
    advanced = cast("Iterable[Mapping[str, object]]", mapping.get("advanced") or ())
    return any(
        entry.get(name) is not None and entry[name] is not False
        for entry in (mapping, *advanced)
        for name in PAN_TILT_ZOOM
    )


def without_pan_tilt_zoom(model: DeviceModel) -> DeviceModel:
    """Give what a camera is to those who may not move it: it has neither pan nor tilt nor zoom.

    https://w3c.github.io/mediacapture-image/#mediatrackcapabilities-members
    """
    if not model.ranges.keys() & PAN_TILT_ZOOM:
        return model
    ranges = {name: span for name, span in model.ranges.items() if name not in PAN_TILT_ZOOM}
    return replace(model, ranges=ranges)


def specific_failure_is_allowed(requested: Iterable[Kind], permissions: Mapping[str, PermissionState]) -> bool:
    """Say whether an error may tell more than "not allowed".

    https://w3c.github.io/mediacapture-main/#dfn-getusermedia-specific-failure-is-allowed
    """
    return all(permissions.get(PERMISSION_NAMES[kind]) != "denied" for kind in requested)
