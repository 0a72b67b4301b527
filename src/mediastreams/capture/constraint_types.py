"""The dictionaries of constraints, as types and as what converts them.

Not for: what constraints mean (``_rules``), nor the calls that take them (``requests.py``).

Rules of the file: a member is written once, in a `TypedDict`; its annotation chooses its converter. Annotations are
real objects here (no ``annotations`` import from ``__future__``) for that reason.

SPEC-ISSUE: the Extensions call ``powerEfficient`` and ``powerEfficientPixelFormat`` constraints, but forget them in
the IDL of `MediaTrackConstraintSet`. They are members here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, TypedDict

from mediastreams._webidl.conversions import (
    boolean,
    clamped_unsigned_long,
    dom_string,
    double,
    sequence_of,
    union,
)
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.interfaces import public
from mediastreams.capture.dictionaries import Point2D

__all__ = [
    "MEDIA_TRACK_CONSTRAINTS",
    "MEDIA_TRACK_CONSTRAINT_SET",
    "ConstrainBoolean",
    "ConstrainBooleanOrDOMString",
    "ConstrainBooleanOrDOMStringParameters",
    "ConstrainBooleanParameters",
    "ConstrainDOMString",
    "ConstrainDOMStringParameters",
    "ConstrainDouble",
    "ConstrainDoubleRange",
    "ConstrainPoint2D",
    "ConstrainPoint2DParameters",
    "ConstrainULong",
    "ConstrainULongRange",
    "MediaTrackConstraintSet",
    "MediaTrackConstraints",
]


@public
class ConstrainULongRange(TypedDict, total=False):
    """What is asked of an integer.

    https://w3c.github.io/mediacapture-main/#dom-constrainulongrange
    """

    min: int
    max: int
    exact: int
    ideal: int


@public
class ConstrainDoubleRange(TypedDict, total=False):
    """What is asked of a number.

    https://w3c.github.io/mediacapture-main/#dom-constraindoublerange
    """

    min: float
    max: float
    exact: float
    ideal: float


@public
class ConstrainBooleanParameters(TypedDict, total=False):
    """What is asked of a switch.

    https://w3c.github.io/mediacapture-main/#dom-constrainbooleanparameters
    """

    exact: bool
    ideal: bool


@public
class ConstrainDOMStringParameters(TypedDict, total=False):
    """What is asked of a string: one, or any of several.

    https://w3c.github.io/mediacapture-main/#dom-constraindomstringparameters
    """

    exact: str | Sequence[str]
    ideal: str | Sequence[str]


@public
class ConstrainBooleanOrDOMStringParameters(TypedDict, total=False):
    """What is asked of a switch that also has named positions.

    https://w3c.github.io/mediacapture-main/#dom-constrainbooleanordomstringparameters
    """

    exact: bool | str
    ideal: bool | str


@public
class ConstrainPoint2DParameters(TypedDict, total=False):
    """What is asked of points.

    https://w3c.github.io/mediacapture-image/#dictdef-constrainpoint2dparameters
    """

    exact: Sequence[Point2D | Mapping[str, float]]
    ideal: Sequence[Point2D | Mapping[str, float]]


ConstrainULong: TypeAlias = int | ConstrainULongRange
ConstrainDouble: TypeAlias = float | ConstrainDoubleRange
ConstrainBoolean: TypeAlias = bool | ConstrainBooleanParameters
ConstrainDOMString: TypeAlias = str | Sequence[str] | ConstrainDOMStringParameters
ConstrainBooleanOrDOMString: TypeAlias = bool | str | ConstrainBooleanOrDOMStringParameters
ConstrainPoint2D: TypeAlias = Sequence[Point2D | Mapping[str, float]] | ConstrainPoint2DParameters
_ConstrainBooleanOrDouble: TypeAlias = bool | float | ConstrainDoubleRange


@public
class MediaTrackConstraintSet(TypedDict, total=False):
    """What is asked of a track: per property a bare value, or a mapping that says how much it is wanted.

    https://w3c.github.io/mediacapture-main/#dom-mediatrackconstraintset
    """

    # Media Capture and Streams
    width: ConstrainULong
    height: ConstrainULong
    aspect_ratio: ConstrainDouble
    frame_rate: ConstrainDouble
    facing_mode: ConstrainDOMString
    resize_mode: ConstrainDOMString
    sample_rate: ConstrainULong
    sample_size: ConstrainULong
    echo_cancellation: ConstrainBooleanOrDOMString
    auto_gain_control: ConstrainBoolean
    noise_suppression: ConstrainBoolean
    latency: ConstrainDouble
    channel_count: ConstrainULong
    device_id: ConstrainDOMString
    group_id: ConstrainDOMString
    background_blur: ConstrainBoolean
    # Extensions
    power_efficient: ConstrainBoolean
    power_efficient_pixel_format: ConstrainBoolean
    gesture_reactions: ConstrainBoolean
    face_framing: ConstrainBoolean
    eye_gaze_correction: ConstrainBoolean
    voice_isolation: ConstrainBoolean
    human_face_detection_mode: ConstrainDOMString
    background_segmentation_mask: ConstrainBoolean
    # Screen Capture
    display_surface: ConstrainDOMString
    logical_surface: ConstrainBoolean
    cursor: ConstrainDOMString
    restrict_own_audio: ConstrainBoolean
    suppress_local_audio_playback: ConstrainBoolean
    # Image Capture
    white_balance_mode: ConstrainDOMString
    exposure_mode: ConstrainDOMString
    focus_mode: ConstrainDOMString
    points_of_interest: ConstrainPoint2D
    exposure_compensation: ConstrainDouble
    exposure_time: ConstrainDouble
    color_temperature: ConstrainDouble
    iso: ConstrainDouble
    brightness: ConstrainDouble
    contrast: ConstrainDouble
    saturation: ConstrainDouble
    sharpness: ConstrainDouble
    focus_distance: ConstrainDouble
    pan: _ConstrainBooleanOrDouble
    tilt: _ConstrainBooleanOrDouble
    zoom: _ConstrainBooleanOrDouble
    torch: ConstrainBoolean


@public
class MediaTrackConstraints(MediaTrackConstraintSet, total=False):
    """A basic set, and sets that are tried in order on top of it.

    https://w3c.github.io/mediacapture-main/#dom-mediatrackconstraints
    """

    advanced: Sequence[MediaTrackConstraintSet]


_strings: Final = sequence_of(dom_string)
_string_or_strings: Final = union("a str or a sequence of them", of_string=dom_string, of_sequence=_strings)
_boolean_or_string: Final = union("a bool or a str", of_boolean=boolean, of_string=dom_string)
_point: Final[Schema[dict[str, Any]]] = Schema(
    "Point2D", Member("x", double, default=0.0), Member("y", double, default=0.0)
)
_points: Final = sequence_of(_point.convert)


def _range(name: str, convert: Any) -> Schema[dict[str, Any]]:
    return Schema(name, *(Member(key, convert) for key in ("min", "max", "exact", "ideal")))


def _parameters(name: str, convert: Any) -> Schema[dict[str, Any]]:
    return Schema(name, Member("exact", convert), Member("ideal", convert))


_double_range: Final = _range("ConstrainDoubleRange", double).convert
_CONVERTERS: Final[Mapping[object, Any]] = {
    ConstrainULong: union(
        "a number or a mapping such as {'ideal': 640}",
        of_number=clamped_unsigned_long,
        of_mapping=_range("ConstrainULongRange", clamped_unsigned_long).convert,
    ),
    ConstrainDouble: union("a number or a mapping such as {'ideal': 30}", of_number=double, of_mapping=_double_range),
    _ConstrainBooleanOrDouble: union(
        "a bool, a number or a mapping such as {'ideal': 2}",
        of_boolean=boolean,
        of_number=double,
        of_mapping=_double_range,
    ),
    ConstrainBoolean: union(
        "a bool or a mapping such as {'exact': True}",
        of_boolean=boolean,
        of_mapping=_parameters("ConstrainBooleanParameters", boolean).convert,
    ),
    ConstrainDOMString: union(
        "a str, a sequence of them or a mapping such as {'exact': 'user'}",
        of_string=dom_string,
        of_sequence=_strings,
        of_mapping=_parameters("ConstrainDOMStringParameters", _string_or_strings).convert,
    ),
    ConstrainBooleanOrDOMString: union(
        "a bool, a str or a mapping such as {'exact': True}",
        of_boolean=boolean,
        of_string=dom_string,
        of_mapping=_parameters("ConstrainBooleanOrDOMStringParameters", _boolean_or_string).convert,
    ),
    ConstrainPoint2D: union(
        "a sequence of points or a mapping such as {'exact': [{'x': 0.5, 'y': 0.5}]}",
        of_sequence=_points,
        of_mapping=_parameters("ConstrainPoint2DParameters", _points).convert,
    ),
}

MEDIA_TRACK_CONSTRAINT_SET: Final[Schema[MediaTrackConstraintSet]] = Schema(
    "MediaTrackConstraintSet",
    *(Member(name, _CONVERTERS[kind]) for name, kind in MediaTrackConstraintSet.__annotations__.items()),
)
MEDIA_TRACK_CONSTRAINTS: Final[Schema[MediaTrackConstraints]] = Schema(
    "MediaTrackConstraints",
    Member("advanced", sequence_of(MEDIA_TRACK_CONSTRAINT_SET.convert)),
    inherits=MEDIA_TRACK_CONSTRAINT_SET,
)
