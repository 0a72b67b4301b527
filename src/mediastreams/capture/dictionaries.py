"""Dictionaries that come out: what a track can do, what it does, what is supported.

Not for: what an application passes in (``requests.py``).

Rules of the file: every class is a `Dictionary`: frozen, ``None`` where a member is absent, a mapping of those that
are present. The members of each draft stand together. Annotations are real objects here (no ``annotations`` import
from ``__future__``), because the classes show another module as theirs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import cast, get_args

from mediastreams._rules.values import Points, Range, Settings
from mediastreams._webidl.dictionaries import Dictionary
from mediastreams._webidl.interfaces import public

__all__ = [
    "DoubleRange",
    "MediaSettingsRange",
    "MediaTrackCapabilities",
    "MediaTrackSettings",
    "MediaTrackSupportedConstraints",
    "Point2D",
    "ULongRange",
]


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class ULongRange(Dictionary):
    """A closed interval of integers.

    https://w3c.github.io/mediacapture-main/#dom-ulongrange
    """

    min: int | None = None
    max: int | None = None


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class DoubleRange(Dictionary):
    """A closed interval.

    https://w3c.github.io/mediacapture-main/#dom-doublerange
    """

    min: float | None = None
    max: float | None = None


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class MediaSettingsRange(Dictionary):
    """A closed interval with a step, where the device names one.

    https://w3c.github.io/mediacapture-image/#mediasettingsrange-section
    """

    min: float | None = None
    max: float | None = None
    step: float | None = None


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Point2D(Dictionary):
    """A point of a picture: (0, 0) is its upper left corner, (1, 1) the lower right one.

    https://w3c.github.io/mediacapture-image/#dictdef-point2d
    """

    x: float = 0.0
    y: float = 0.0


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class MediaTrackSupportedConstraints(Dictionary):
    """The constraints this library knows: ``True``, or absent.

    https://w3c.github.io/mediacapture-main/#dom-mediatracksupportedconstraints
    """

    # Media Capture and Streams
    width: bool | None = None
    height: bool | None = None
    aspect_ratio: bool | None = None
    frame_rate: bool | None = None
    facing_mode: bool | None = None
    resize_mode: bool | None = None
    sample_rate: bool | None = None
    sample_size: bool | None = None
    echo_cancellation: bool | None = None
    auto_gain_control: bool | None = None
    noise_suppression: bool | None = None
    latency: bool | None = None
    channel_count: bool | None = None
    device_id: bool | None = None
    group_id: bool | None = None
    background_blur: bool | None = None
    # Extensions
    power_efficient: bool | None = None
    power_efficient_pixel_format: bool | None = None
    gesture_reactions: bool | None = None
    face_framing: bool | None = None
    eye_gaze_correction: bool | None = None
    voice_isolation: bool | None = None
    human_face_detection_mode: bool | None = None
    background_segmentation_mask: bool | None = None
    # Screen Capture
    display_surface: bool | None = None
    logical_surface: bool | None = None
    cursor: bool | None = None
    restrict_own_audio: bool | None = None
    suppress_local_audio_playback: bool | None = None
    # Image Capture
    white_balance_mode: bool | None = None
    exposure_mode: bool | None = None
    focus_mode: bool | None = None
    points_of_interest: bool | None = None
    exposure_compensation: bool | None = None
    exposure_time: bool | None = None
    color_temperature: bool | None = None
    iso: bool | None = None
    brightness: bool | None = None
    contrast: bool | None = None
    pan: bool | None = None
    saturation: bool | None = None
    sharpness: bool | None = None
    focus_distance: bool | None = None
    tilt: bool | None = None
    zoom: bool | None = None
    torch: bool | None = None

    @classmethod
    def of(cls, names: Iterable[str]) -> "MediaTrackSupportedConstraints":
        """Make the one in which these members are ``True``."""
        return cls(**dict.fromkeys(names, True))


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class MediaTrackCapabilities(Dictionary):
    """What a source can do: intervals of numbers, the possible values of everything else.

    https://w3c.github.io/mediacapture-main/#dom-mediatrackcapabilities
    """

    # Media Capture and Streams
    width: ULongRange | None = None
    height: ULongRange | None = None
    aspect_ratio: DoubleRange | None = None
    frame_rate: DoubleRange | None = None
    facing_mode: tuple[str, ...] | None = None
    resize_mode: tuple[str, ...] | None = None
    sample_rate: ULongRange | None = None
    sample_size: ULongRange | None = None
    echo_cancellation: tuple[bool | str, ...] | None = None
    auto_gain_control: tuple[bool, ...] | None = None
    noise_suppression: tuple[bool, ...] | None = None
    latency: DoubleRange | None = None
    channel_count: ULongRange | None = None
    device_id: str | None = None
    group_id: str | None = None
    background_blur: tuple[bool, ...] | None = None
    # Extensions
    power_efficient: tuple[bool, ...] | None = None
    power_efficient_pixel_format: tuple[bool, ...] | None = None
    gesture_reactions: tuple[bool, ...] | None = None
    face_framing: tuple[bool, ...] | None = None
    eye_gaze_correction: tuple[bool, ...] | None = None
    voice_isolation: tuple[bool, ...] | None = None
    human_face_detection_mode: tuple[str, ...] | None = None
    background_segmentation_mask: tuple[bool, ...] | None = None
    # Screen Capture
    display_surface: str | None = None
    logical_surface: bool | None = None
    cursor: tuple[str, ...] | None = None
    # Image Capture
    white_balance_mode: tuple[str, ...] | None = None
    exposure_mode: tuple[str, ...] | None = None
    focus_mode: tuple[str, ...] | None = None
    exposure_compensation: MediaSettingsRange | None = None
    exposure_time: MediaSettingsRange | None = None
    color_temperature: MediaSettingsRange | None = None
    iso: MediaSettingsRange | None = None
    brightness: MediaSettingsRange | None = None
    contrast: MediaSettingsRange | None = None
    saturation: MediaSettingsRange | None = None
    sharpness: MediaSettingsRange | None = None
    focus_distance: MediaSettingsRange | None = None
    pan: MediaSettingsRange | None = None
    tilt: MediaSettingsRange | None = None
    zoom: MediaSettingsRange | None = None
    torch: tuple[bool, ...] | None = None

    @classmethod
    def from_rules(cls, capabilities: Mapping[str, object]) -> "MediaTrackCapabilities":
        """Make one of the values that rules reckon with.

        Raises:
            TypeError: a name is no member: the mistake is ours.
        """
        types = _range_types()
        members: dict[str, object] = {}
        for name, value in capabilities.items():
            if not isinstance(value, Range):
                members[name] = tuple(value) if isinstance(value, list) else value
            elif (kind := types[name]) is ULongRange:
                members[name] = ULongRange(min=int(value.min), max=int(value.max))
            elif kind is DoubleRange:
                members[name] = DoubleRange(min=float(value.min), max=float(value.max))
            else:
                step = None if value.step is None else float(value.step)
                members[name] = MediaSettingsRange(min=float(value.min), max=float(value.max), step=step)
        return cls(**members)  # type: ignore[arg-type]  # the rules' values have the members' types


@cache
def _range_types() -> dict[str, type[Dictionary]]:
    """Say for each capability that is an interval which kind it is."""
    kinds = {ULongRange, DoubleRange, MediaSettingsRange}
    return {
        field.name: kind for field in fields(MediaTrackCapabilities) for kind in get_args(field.type) if kind in kinds
    }


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class MediaTrackSettings(Dictionary):
    """What a track's source is set to now.

    https://w3c.github.io/mediacapture-main/#dom-mediatracksettings
    """

    # Media Capture and Streams
    width: int | None = None
    height: int | None = None
    aspect_ratio: float | None = None
    frame_rate: float | None = None
    facing_mode: str | None = None
    resize_mode: str | None = None
    sample_rate: int | None = None
    sample_size: int | None = None
    echo_cancellation: bool | str | None = None
    auto_gain_control: bool | None = None
    noise_suppression: bool | None = None
    latency: float | None = None
    channel_count: int | None = None
    device_id: str | None = None
    group_id: str | None = None
    background_blur: bool | None = None
    # Extensions
    power_efficient: bool | None = None
    power_efficient_pixel_format: bool | None = None
    gesture_reactions: bool | None = None
    face_framing: bool | None = None
    eye_gaze_correction: bool | None = None
    voice_isolation: bool | None = None
    human_face_detection_mode: str | None = None
    background_segmentation_mask: bool | None = None
    # Screen Capture
    display_surface: str | None = None
    logical_surface: bool | None = None
    cursor: str | None = None
    restrict_own_audio: bool | None = None
    suppress_local_audio_playback: bool | None = None
    screen_pixel_ratio: float | None = None
    # Image Capture
    white_balance_mode: str | None = None
    exposure_mode: str | None = None
    focus_mode: str | None = None
    points_of_interest: tuple[Point2D, ...] | None = None
    exposure_compensation: float | None = None
    exposure_time: float | None = None
    color_temperature: float | None = None
    iso: float | None = None
    brightness: float | None = None
    contrast: float | None = None
    saturation: float | None = None
    sharpness: float | None = None
    focus_distance: float | None = None
    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None
    torch: bool | None = None

    @classmethod
    def from_rules(cls, settings: Settings) -> "MediaTrackSettings":
        """Make one of the values that rules reckon with.

        Raises:
            TypeError: a name is no member: the mistake is ours.
        """
        members: dict[str, object] = dict(settings)
        if "points_of_interest" in settings:
            points = cast("Points", settings["points_of_interest"])
            members["points_of_interest"] = tuple(Point2D(x, y) for x, y in points)
        return cls(**members)  # type: ignore[arg-type]  # the rules' values have the members' types
