"""The table of constrainable properties: the one owner of which name exists, its type and where it applies.

Not for: values a device offers (`capabilities`), or the meaning of a constraint (`fitness`).
Order of the table is the order in which results, capabilities and failing constraints are looked through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind

__all__ = ["AUDIO_MODE_PROPERTIES", "PROPERTIES", "VIDEO_MODE_PROPERTIES", "Property", "PropertyType"]

PropertyType: TypeAlias = Literal[
    "ulong", "double", "string", "boolean", "boolean or string", "boolean or double", "points"
]

_BOTH: tuple[Kind, ...] = ("audio", "video")
_AUDIO: tuple[Kind, ...] = ("audio",)
_VIDEO: tuple[Kind, ...] = ("video",)


@dataclass(frozen=True, slots=True)
class Property:
    """One constrainable property.

    ``selects``: it may be required in ``get_user_media`` (the *allowed required constraints for device
    selection*). ``camera``, ``display``: it applies to tracks of ``get_user_media``, of ``get_display_media``.
    ``positive``: its values are above zero, which is what the standard's distance formula is made for.
    """

    name: str
    type: PropertyType
    kinds: tuple[Kind, ...]
    selects: bool = False
    display: bool = False
    positive: bool = False

    @property
    def is_number(self) -> bool:
        """Whether its settings are numbers."""
        return self.type in ("ulong", "double", "boolean or double")


def _table() -> dict[str, Property]:
    select = {"selects": True}
    rows = [
        # https://w3c.github.io/mediacapture-main/#constrainable-properties
        Property("width", "ulong", _VIDEO, display=True, positive=True, **select),
        Property("height", "ulong", _VIDEO, display=True, positive=True, **select),
        Property("aspect_ratio", "double", _VIDEO, display=True, positive=True, **select),
        Property("frame_rate", "double", _VIDEO, display=True, positive=True, **select),
        Property("facing_mode", "string", _VIDEO, **select),
        Property("resize_mode", "string", _VIDEO, display=True, **select),
        # DEVIATION: Screen Capture lists none of getUserMedia's audio properties for captured sound; here they
        # apply, because the sound goes through the same adapter and an application may want its rate.
        Property("sample_rate", "ulong", _AUDIO, display=True, positive=True, **select),
        Property("sample_size", "ulong", _AUDIO, display=True, positive=True, **select),
        Property("echo_cancellation", "boolean or string", _AUDIO, display=True, **select),
        Property("auto_gain_control", "boolean", _AUDIO, display=True, **select),
        Property("noise_suppression", "boolean", _AUDIO, display=True, **select),
        Property("latency", "double", _AUDIO, display=True, positive=True, **select),
        Property("channel_count", "ulong", _AUDIO, display=True, positive=True, **select),
        Property("device_id", "string", _BOTH, **select),
        Property("group_id", "string", _BOTH, **select),
        Property("background_blur", "boolean", _VIDEO),
        # https://w3c.github.io/mediacapture-extensions/
        Property("voice_isolation", "boolean", _AUDIO),
        Property("power_efficient", "boolean", _VIDEO),
        Property("power_efficient_pixel_format", "boolean", _VIDEO),
        Property("gesture_reactions", "boolean", _VIDEO),
        Property("face_framing", "boolean", _VIDEO),
        Property("eye_gaze_correction", "boolean", _VIDEO),
        Property("human_face_detection_mode", "string", _VIDEO),
        Property("background_segmentation_mask", "boolean", _VIDEO),
        # https://w3c.github.io/mediacapture-screen-share/#constrainable-properties-for-captured-display-surfaces
        Property("display_surface", "string", _VIDEO, display=True),
        Property("logical_surface", "boolean", _VIDEO, display=True),
        Property("cursor", "string", _VIDEO, display=True),
        Property("restrict_own_audio", "boolean", _AUDIO, display=True),
        Property("suppress_local_audio_playback", "boolean", _AUDIO, display=True),
        # https://w3c.github.io/mediacapture-image/#constrainable-properties: what a camera lists as controls
        Property("white_balance_mode", "string", _VIDEO),
        Property("exposure_mode", "string", _VIDEO),
        Property("focus_mode", "string", _VIDEO),
        Property("points_of_interest", "points", _VIDEO),
        Property("exposure_compensation", "double", _VIDEO),
        Property("exposure_time", "double", _VIDEO),
        Property("color_temperature", "double", _VIDEO),
        Property("iso", "double", _VIDEO),
        Property("brightness", "double", _VIDEO),
        Property("contrast", "double", _VIDEO),
        Property("saturation", "double", _VIDEO),
        Property("sharpness", "double", _VIDEO),
        Property("focus_distance", "double", _VIDEO),
        Property("pan", "boolean or double", _VIDEO),
        Property("tilt", "boolean or double", _VIDEO),
        Property("zoom", "boolean or double", _VIDEO),
        Property("torch", "boolean", _VIDEO),
    ]
    return {row.name: row for row in rows}


PROPERTIES: Mapping[str, Property] = MappingProxyType(_table())
"""Every constrainable property, by its Python name."""

VIDEO_MODE_PROPERTIES = ("width", "height", "aspect_ratio", "frame_rate", "resize_mode")
"""Those that a `VideoMode` decides, coupled to each other."""

AUDIO_MODE_PROPERTIES = ("sample_rate", "sample_size", "latency", "channel_count")
"""Those that an `AudioMode` decides."""
