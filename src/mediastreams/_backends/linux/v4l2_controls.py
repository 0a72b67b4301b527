"""A camera's controls under the names and in the units of Image Capture.

Not for: asking the driver (``v4l2_ioctl.py``). Two directions: `describe` turns the driver's list into choices,
ranges and present values; `requests_for` turns settings into the driver's numbers, modes before values, because
a value counts only in its manual mode. What is measured once is the manual mode, and a button.

Units: exposure time 100 µs, colour temperature kelvin, pan and tilt arc seconds, as V4L2 has them too. Focus distance
and zoom are the driver's own numbers: V4L2 names no unit.
https://w3c.github.io/mediacapture-image/ · https://docs.kernel.org/userspace-api/media/v4l/control.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mediastreams._backends.linux import v4l2_structs as s
from mediastreams._rules.values import Range, Setting, Settings

if TYPE_CHECKING:
    from mediastreams._backends.linux.v4l2_ioctl import ControlInfo

__all__ = ["ORIENTATION", "PRIVACY", "Controls", "describe", "orientation"]

_USER: Final = 0x00980900
_CAMERA: Final = 0x009A0900
_FLASH: Final = 0x009C0900
_EXPOSURE_AUTO: Final = _CAMERA + 1
_FOCUS_AUTO: Final = _CAMERA + 12
_WHITE_BALANCE_AUTO: Final = _USER + 12
_FLASH_LED_MODE: Final = _FLASH + 1
PRIVACY: Final = _CAMERA + 16
ORIENTATION: Final = _CAMERA + 34

_RANGES: Final = {
    "brightness": _USER + 0,
    "contrast": _USER + 1,
    "saturation": _USER + 2,
    "sharpness": _USER + 27,
    "color_temperature": _USER + 26,
    "exposure_time": _CAMERA + 2,
    "pan": _CAMERA + 8,
    "tilt": _CAMERA + 9,
    "focus_distance": _CAMERA + 10,
    "zoom": _CAMERA + 13,
}
_SWITCHES: Final = {"white_balance_mode": _WHITE_BALANCE_AUTO, "focus_mode": _FOCUS_AUTO}
_ONCE: Final = {"white_balance_mode": _USER + 13, "focus_mode": _CAMERA + 28}
"""The buttons that measure once, while the automatic is off."""
_BUTTON: Final = 1
_AUTOMATIC_EXPOSURE: Final = (3, 0)  # aperture priority is what webcams have, then full automatic
_MANUAL_EXPOSURE: Final = (1, 2)
_TORCH: Final[dict[Setting, int]] = {False: 0, True: 2}


@dataclass(frozen=True, slots=True)
class Controls:
    """What can be set: the data for a `DeviceModel`, and the driver's number for every name."""

    choices: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    present: Mapping[str, Setting] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    menus: Mapping[str, Mapping[Setting, int]] = field(default_factory=dict)
    buttons: Mapping[str, int] = field(default_factory=dict)

    def requests_for(self, settings: Settings) -> list[tuple[str, int, int]]:
        """The controls to write for those settings that are controls: (name, number, value), modes first."""
        requests = []
        for name, menu in self.menus.items():
            if name in settings and settings[name] in menu:
                requests.append((name, self.numbers[name], menu[settings[name]]))
                if settings[name] == "single-shot":
                    requests.append((name, self.buttons[name], _BUTTON))
        for name, span in self.ranges.items():
            value = settings.get(name)
            if isinstance(value, int | float):
                requests.append((name, self.numbers[name], round(min(max(value, span.min), span.max))))
        return requests

    def knows(self, name: str) -> bool:
        return name in self.numbers


def describe(listed: Iterable[ControlInfo]) -> Controls:
    """Sort the driver's list into choices and ranges."""
    known = {control.id: control for control in listed if not control.flags & s.CONTROL_READ_ONLY}
    menus: dict[str, dict[Setting, int]] = {}
    numbers: dict[str, int] = {}
    present: dict[str, Setting] = {}
    ranges: dict[str, Range] = {}
    buttons: dict[str, int] = {}
    for name, number in _SWITCHES.items():
        if number in known:
            numbers[name], menus[name] = number, {"continuous": 1, "manual": 0}
            if _ONCE[name] in known:
                menus[name]["single-shot"], buttons[name] = 0, _ONCE[name]
    if exposure := known.get(_EXPOSURE_AUTO):
        menu = {
            "continuous": _first(_AUTOMATIC_EXPOSURE, exposure.items),
            "manual": _first(_MANUAL_EXPOSURE, exposure.items),
        }
        numbers["exposure_mode"] = _EXPOSURE_AUTO
        menus["exposure_mode"] = {mode: item for mode, item in menu.items() if item is not None}
    if (flash := known.get(_FLASH_LED_MODE)) and _TORCH[True] in flash.items:
        numbers["torch"], menus["torch"] = _FLASH_LED_MODE, dict(_TORCH)
    for name, menu_of in menus.items():
        value = known[numbers[name]].value
        meant = next((setting for setting, item in menu_of.items() if item == value), None)
        if meant is not None:
            present[name] = meant
        elif name == "exposure_mode":
            present[name] = "manual" if value in _MANUAL_EXPOSURE else "continuous"
    for name, number in _RANGES.items():
        control = known.get(number)
        if control is None or control.minimum >= control.maximum:
            continue
        numbers[name] = number
        ranges[name] = Range(control.minimum, control.maximum, control.step or None)
        if control.value is not None:
            present[name] = min(max(control.value, control.minimum), control.maximum)
    choices = {name: tuple(menu_of) for name, menu_of in menus.items()}
    return Controls(choices, ranges, present, numbers, menus, buttons)


def orientation(listed: Iterable[ControlInfo]) -> str | None:
    """``user`` or ``environment`` where the driver knows how the camera is mounted."""
    for control in listed:
        if control.id == ORIENTATION:
            return {0: "user", 1: "environment"}.get(control.value if control.value is not None else -1)
    return None


def _first(wanted: tuple[int, ...], items: tuple[int, ...]) -> int | None:
    return next((item for item in wanted if item in items), None)
