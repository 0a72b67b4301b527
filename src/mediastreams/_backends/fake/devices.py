"""What fake devices are: plain data, from which the listing is made.

Not for: what happens to them in time (``backend.py``) or what they show and play (``test_card.py``, ``tones.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from mediastreams._rules.values import AudioMode, DeviceModel, Range, Setting, VideoMode
from mediastreams.abc import Device

__all__ = [
    "CAMERA_MODES",
    "DEFAULT_DEVICES",
    "MICROPHONE_MODES",
    "SPEAKER_MODES",
    "Description",
    "FakeCamera",
    "FakeMicrophone",
    "FakeScreen",
    "FakeSpeaker",
    "FakeWindow",
    "listed",
]

_SIZES: Final = ((320, 240), (640, 360), (640, 480), (800, 600), (1280, 720), (1280, 960), (1920, 1080))
_RATES: Final = (15.0, 20.0, 24.0, 25.0, 30.0, 60.0)
_SWITCH: Final = (False, True)

CAMERA_MODES: Final = tuple(
    VideoMode(width, height, rate, rate, "yuv420p") for width, height in _SIZES for rate in _RATES
)
"""Sizes and rates of a usual webcam, each rate a mode of its own. Slower ones are for the engine to make."""

MICROPHONE_MODES: Final = tuple(
    AudioMode(rate, channels, 16, 0.01, 0.1) for rate in (48_000, 44_100, 16_000) for channels in (1, 2)
)
SPEAKER_MODES: Final = tuple(
    AudioMode(rate, channels, 16, 0.01, 0.2) for rate in (48_000, 44_100) for channels in (2, 1, 6)
)


def _off_first(*names: str) -> dict[str, tuple[Setting, ...]]:
    return dict.fromkeys(names, (False, True))


_CAMERA_CHOICES: Final[Mapping[str, tuple[Setting, ...]]] = {
    **_off_first(
        "background_blur",
        "background_segmentation_mask",
        "eye_gaze_correction",
        "face_framing",
        "gesture_reactions",
        "power_efficient",
        "power_efficient_pixel_format",
        "torch",
    ),
    "human_face_detection_mode": ("none", "bounding-box", "bounding-box-with-landmark-center-point"),
    **dict.fromkeys(
        ("white_balance_mode", "exposure_mode", "focus_mode"), ("continuous", "manual", "single-shot", "none")
    ),
}
_CAMERA_RANGES: Final[Mapping[str, Range]] = {
    "brightness": Range(0, 255, 1),
    "color_temperature": Range(2500, 7500, 10),
    "contrast": Range(0, 255, 1),
    "exposure_compensation": Range(-3, 3, 0.1),
    "exposure_time": Range(1, 10_000, 1),
    "focus_distance": Range(0.1, 10, 0.1),
    "iso": Range(50, 3200, 1),
    "pan": Range(-648_000, 648_000, 1),
    "saturation": Range(0, 255, 1),
    "sharpness": Range(0, 255, 1),
    "tilt": Range(-324_000, 324_000, 1),
    "zoom": Range(1, 4, 0.1),
}
_CAMERA_DEFAULTS: Final[Mapping[str, Setting]] = {
    "brightness": 128.0,
    "color_temperature": 5000.0,
    "contrast": 128.0,
    "exposure_compensation": 0.0,
    "exposure_time": 156.0,
    "focus_distance": 1.0,
    "iso": 100.0,
    "pan": 0.0,
    "saturation": 128.0,
    "sharpness": 128.0,
    "tilt": 0.0,
    "zoom": 1.0,
}
_MICROPHONE_CHOICES: Final[Mapping[str, tuple[Setting, ...]]] = {
    "echo_cancellation": (True, False, "all", "remote-only"),
    "auto_gain_control": (True, False),
    "noise_suppression": (True, False),
    "voice_isolation": _SWITCH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeCamera:
    """A camera. ``choices`` and ``ranges`` are its constrainable properties besides the modes'; they may be empty.

    All of Image Capture's controls show in its picture, and none hides the frame counter: zoom, pan and tilt move the
    card, exposure, light and colours change it, what is out of focus is blurred, points of interest are crossed.
    Exposure time, sensitivity, focus distance and colour temperature count in their manual modes.
    ``points_of_interest``: how many it takes.
    """

    label: str = "Fake camera"
    native_id: str = ""
    group: str = ""
    facing_mode: Literal["user", "environment", "left", "right"] | None = "user"
    modes: tuple[VideoMode, ...] = CAMERA_MODES
    choices: Mapping[str, tuple[Setting, ...]] = field(default_factory=lambda: dict(_CAMERA_CHOICES))
    ranges: Mapping[str, Range] = field(default_factory=lambda: dict(_CAMERA_RANGES))
    defaults: Mapping[str, Setting] = field(default_factory=lambda: dict(_CAMERA_DEFAULTS))
    points_of_interest: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeMicrophone:
    """A microphone. It beeps when a fake camera flashes; ``beep`` is the pitch left and right, in whole Hz."""

    label: str = "Fake microphone"
    native_id: str = ""
    group: str = ""
    modes: tuple[AudioMode, ...] = MICROPHONE_MODES
    choices: Mapping[str, tuple[Setting, ...]] = field(default_factory=lambda: dict(_MICROPHONE_CHOICES))
    beep: tuple[int, int] = (1000, 1500)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSpeaker:
    """A speaker. It writes down what it is given: see `FakeDevice.heard`.

    ``speed`` is how fast its crystal runs: 48 010 / 48 000, say. ``latency``: seconds from being given to being heard.
    """

    label: str = "Fake speaker"
    native_id: str = ""
    group: str = ""
    modes: tuple[AudioMode, ...] = SPEAKER_MODES
    speed: float = 1.0
    latency: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeWindow:
    """A window of a `FakeScreen`."""

    title: str
    width: int = 640
    height: int = 480


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeScreen:
    """A monitor, and the windows on it; each is a display surface of its own, under its title."""

    label: str = "Fake screen"
    native_id: str = ""
    width: int = 1920
    height: int = 1080
    max_frame_rate: float = 60.0
    windows: tuple[FakeWindow, ...] = ()


Description: TypeAlias = FakeCamera | FakeMicrophone | FakeSpeaker | FakeScreen

DEFAULT_DEVICES: Final[tuple[Description, ...]] = (
    FakeCamera(label="Fake camera 1 (user)", group="fake-webcam", facing_mode="user"),
    # Nobody turns the camera of a telephone but the hand that holds it.
    FakeCamera(
        label="Fake camera 2 (environment)",
        facing_mode="environment",
        ranges={name: span for name, span in _CAMERA_RANGES.items() if name not in ("pan", "tilt")},
        defaults={name: value for name, value in _CAMERA_DEFAULTS.items() if name not in ("pan", "tilt")},
    ),
    # A webcam's microphone cancels echo or not, as most do; web-platform-tests look at the first one for that.
    FakeMicrophone(
        label="Fake microphone 1",
        group="fake-webcam",
        choices={**_MICROPHONE_CHOICES, "echo_cancellation": (True, False)},
        beep=(1000, 1500),
    ),
    FakeMicrophone(label="Fake microphone 2", group="fake-headset", beep=(600, 900)),
    FakeSpeaker(label="Fake speaker 1"),
    FakeSpeaker(label="Fake speaker 2", group="fake-headset"),
    FakeScreen(
        label="Fake screen 1",
        windows=(FakeWindow(title="Fake window 1"), FakeWindow(title="Fake window 2", width=1280, height=720)),
    ),
)
"""What ``backends=["fake"]`` gives: two cameras, two microphones, two speakers, one screen with two windows."""


def listed(description: Description, *, default: bool) -> Iterator[Device]:
    """Make the entries of the listing: one, or for a screen one and one for each window."""
    name = description.native_id or description.label
    match description:
        case FakeCamera(label=label, group=group):
            yield Device("videoinput", name, label, _camera(description), group, default, handle=description)
        case FakeMicrophone(label=label, group=group):
            model = DeviceModel(
                "audio", modes=description.modes, choices=description.choices, defaults={"latency": 0.01}
            )
            yield Device("audioinput", name, label, model, group, default, handle=description)
        case FakeSpeaker(label=label, group=group):
            model = DeviceModel("audio", modes=description.modes, defaults={"latency": description.latency})
            yield Device("audiooutput", name, label, model, group, default, handle=description)
        case FakeScreen(label=label, width=width, height=height, max_frame_rate=rate):
            model = _surface("monitor", width, height, rate)
            yield Device("monitor", name, label, model, default=default, handle=description)
            for window in description.windows:
                model = _surface("window", window.width, window.height, rate)
                yield Device("window", f"{name}/{window.title}", window.title, model, handle=window)


def _camera(camera: FakeCamera) -> DeviceModel:
    choices = dict(camera.choices)
    if camera.facing_mode is not None:
        choices["facing_mode"] = (camera.facing_mode,)
    return DeviceModel(
        "video",
        modes=camera.modes,
        choices=choices,
        ranges=camera.ranges,
        defaults=camera.defaults,
        points_of_interest=camera.points_of_interest,
    )


def _surface(kind: str, width: int, height: int, rate: float) -> DeviceModel:
    choices: dict[str, tuple[Setting, ...]] = {
        "display_surface": (kind,),
        "logical_surface": (kind != "monitor",),
        "cursor": ("motion", "always", "never"),
    }
    return DeviceModel("video", modes=(VideoMode(width, height, 1.0, rate, "yuv420p"),), choices=choices)
