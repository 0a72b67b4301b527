"""What an application passes to the calls of capture, and its conversion.

Not for: what the requests mean.

Rules of the file: each ``convert_…`` takes the positional mapping and the keywords of a call and returns a plain
`dict` in Python's spelling that is the library's own, or raises `TypeError` with the call's name and the path.
Annotations are real objects here, because `TypedDict` looks for ``Required`` in them.
"""

from collections.abc import Mapping
from typing import Final, Literal, Required, TypedDict

from mediastreams._webidl.conversions import boolean, dom_string, enumeration, instance_of, union
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.capture.capture_controller import CaptureController
from mediastreams.capture.constraint_types import MEDIA_TRACK_CONSTRAINTS, MediaTrackConstraints
from mediastreams.capture.enums import (
    AudioSelectionPreferenceEnum,
    MonitorTypeSurfacesEnum,
    SelfCapturePreferenceEnum,
    SurfaceSwitchingPreferenceEnum,
    SystemAudioPreferenceEnum,
    WindowAudioPreferenceEnum,
)

__all__ = [
    "CameraDevicePermissionDescriptor",
    "DisplayMediaStreamOptions",
    "MediaStreamConstraints",
    "PermissionDescriptor",
    "RequestedDisplay",
    "RequestedMedia",
    "convert_display_media_stream_options",
    "convert_media_stream_constraints",
    "convert_media_track_constraints",
    "convert_permission_descriptor",
]

PERMISSION_NAMES: Final = ("camera", "microphone", "display-capture", "speaker-selection")


@public
class MediaStreamConstraints(TypedDict, total=False):
    """Which tracks are wanted, and of what sort.

    NOT-HERE: ``semantics``: it chooses between browsers' pickers.

    https://w3c.github.io/mediacapture-main/#dom-mediastreamconstraints
    """

    video: bool | MediaTrackConstraints
    audio: bool | MediaTrackConstraints


@public
class DisplayMediaStreamOptions(TypedDict, total=False):
    """Which tracks of a display are wanted, and what to offer.

    https://w3c.github.io/mediacapture-screen-share/#displaymediastreamoptions
    """

    video: bool | MediaTrackConstraints
    audio: bool | MediaTrackConstraints
    controller: CaptureController
    self_browser_surface: Literal["include", "exclude"]
    system_audio: Literal["include", "exclude"]
    window_audio: Literal["system", "window", "exclude"]
    surface_switching: Literal["include", "exclude"]
    monitor_type_surfaces: Literal["include", "exclude"]
    audio_selection: Literal["preferred"]


@public
class PermissionDescriptor(TypedDict, total=False):
    """What may be allowed.

    https://w3c.github.io/permissions/#dom-permissiondescriptor
    """

    name: Required[str]


@public
class CameraDevicePermissionDescriptor(PermissionDescriptor, total=False):
    """The camera, with or without its motors.

    https://w3c.github.io/mediacapture-main/#dom-cameradevicepermissiondescriptor
    """

    pan_tilt_zoom: bool


class RequestedMedia(TypedDict):
    """Converted `MediaStreamConstraints`: ``True`` has become an empty set of constraints."""

    video: Literal[False] | MediaTrackConstraints
    audio: Literal[False] | MediaTrackConstraints


class RequestedDisplay(RequestedMedia, total=False):
    """Converted `DisplayMediaStreamOptions`."""

    controller: CaptureController
    self_browser_surface: SelfCapturePreferenceEnum
    system_audio: SystemAudioPreferenceEnum
    window_audio: WindowAudioPreferenceEnum
    surface_switching: SurfaceSwitchingPreferenceEnum
    monitor_type_surfaces: MonitorTypeSurfacesEnum
    audio_selection: AudioSelectionPreferenceEnum


def _switch(value: object, where: str, /) -> object:
    return {} if boolean(value, where) else False


_media: Final = union(
    "a bool or a mapping of constraints", of_boolean=_switch, of_mapping=MEDIA_TRACK_CONSTRAINTS.convert
)
_MEDIA_STREAM_CONSTRAINTS: Final[Schema[RequestedMedia]] = Schema(
    "MediaStreamConstraints", Member("video", _media, default=False), Member("audio", _media, default=False)
)
_PREFERENCES: Final = (
    Member("self_browser_surface", enumeration(SelfCapturePreferenceEnum)),
    Member("system_audio", enumeration(SystemAudioPreferenceEnum)),
    Member("window_audio", enumeration(WindowAudioPreferenceEnum)),
    Member("surface_switching", enumeration(SurfaceSwitchingPreferenceEnum)),
    Member("monitor_type_surfaces", enumeration(MonitorTypeSurfacesEnum)),
    Member("audio_selection", enumeration(AudioSelectionPreferenceEnum)),
)
_DISPLAY_MEDIA_STREAM_OPTIONS: Final[Schema[RequestedDisplay]] = Schema(
    "DisplayMediaStreamOptions",
    Member("video", _media),
    Member("audio", _media, default=False),
    Member("controller", instance_of(CaptureController)),
    *_PREFERENCES,
)
_PERMISSION_DESCRIPTOR: Final[Schema[PermissionDescriptor]] = Schema(
    "PermissionDescriptor", Member("name", dom_string, required=True)
)
_CAMERA_DESCRIPTOR: Final[Schema[CameraDevicePermissionDescriptor]] = Schema(
    "CameraDevicePermissionDescriptor", Member("pan_tilt_zoom", boolean, default=False), inherits=_PERMISSION_DESCRIPTOR
)


def convert_media_stream_constraints(
    constraints: Mapping[str, object] | None, keywords: Mapping[str, object], where: str = "get_user_media"
) -> RequestedMedia:
    """Convert the arguments of ``get_user_media``; both members are present in the result."""
    return _MEDIA_STREAM_CONSTRAINTS.convert(merge_arguments(constraints, keywords, where), where)


def convert_media_track_constraints(
    constraints: Mapping[str, object] | None, keywords: Mapping[str, object], where: str = "apply_constraints"
) -> MediaTrackConstraints:
    """Convert the arguments of ``apply_constraints``."""
    return MEDIA_TRACK_CONSTRAINTS.convert(merge_arguments(constraints, keywords, where), where)


def convert_display_media_stream_options(
    options: Mapping[str, object] | None, keywords: Mapping[str, object], where: str = "get_display_media"
) -> RequestedDisplay:
    """Convert the arguments of ``get_display_media``; without ``video`` it is wanted."""
    converted = _DISPLAY_MEDIA_STREAM_OPTIONS.convert(merge_arguments(options, keywords, where), where)
    converted.setdefault("video", {})  # no default of the schema: each caller gets a dict of its own
    return converted


def convert_permission_descriptor(
    descriptor: Mapping[str, object] | None, keywords: Mapping[str, object], where: str = "query"
) -> CameraDevicePermissionDescriptor:
    """Convert the argument of ``permissions.query``. Only a camera's has ``pan_tilt_zoom``.

    Raises:
        TypeError: no name, or not one of a permission that exists here.
    """
    given = merge_arguments(descriptor, keywords, where)
    if given.get("name") == "camera":
        return _CAMERA_DESCRIPTOR.convert(given, where)
    name = _PERMISSION_DESCRIPTOR.convert(given, where)["name"]
    if name not in PERMISSION_NAMES:
        raise TypeError(f"{where}: there is no permission {name!r}; there are {', '.join(map(repr, PERMISSION_NAMES))}")
    return {"name": name}
