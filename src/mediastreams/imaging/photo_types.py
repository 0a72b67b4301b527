"""What `ImageCapture` takes and tells: dictionaries and enumerations.

Not for: the camera controls that are constraints (``capture/dictionaries.py``).

Annotations are real objects here (no ``annotations`` import from ``__future__``), because the classes show another
module as theirs.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from mediastreams._webidl.conversions import boolean, double, enumeration
from mediastreams._webidl.dictionaries import Dictionary, Member, Schema
from mediastreams._webidl.interfaces import public
from mediastreams.capture.dictionaries import MediaSettingsRange

__all__ = ["PHOTO_SETTINGS", "FillLightMode", "PhotoCapabilities", "PhotoSettings", "RedEyeReduction"]


@public
class RedEyeReduction(StrEnum):
    """Whether a camera can keep eyes from shining red in its flash.

    https://w3c.github.io/mediacapture-image/#redeyereduction-section
    """

    NEVER = "never"
    ALWAYS = "always"
    CONTROLLABLE = "controllable"


@public
class FillLightMode(StrEnum):
    """When a camera's light is lit for a photo.

    https://w3c.github.io/mediacapture-image/#filllightmode-section
    """

    AUTO = "auto"
    OFF = "off"
    FLASH = "flash"


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class PhotoCapabilities(Dictionary):
    """What photos a track's source can take.

    https://w3c.github.io/mediacapture-image/#photocapabilities-section
    """

    red_eye_reduction: RedEyeReduction | None = None
    image_height: MediaSettingsRange | None = None
    image_width: MediaSettingsRange | None = None
    fill_light_mode: tuple[FillLightMode, ...] | None = None


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class PhotoSettings(Dictionary):
    """How a photo is taken, or is to be taken: any mapping with these members will do for that.

    https://w3c.github.io/mediacapture-image/#photosettings-section
    """

    fill_light_mode: FillLightMode | str | None = None
    image_height: float | None = None
    image_width: float | None = None
    red_eye_reduction: bool | None = None


PHOTO_SETTINGS: Final[Schema[dict[str, Any]]] = Schema(
    "PhotoSettings",
    Member("fill_light_mode", enumeration(FillLightMode)),
    Member("image_height", double),
    Member("image_width", double),
    Member("red_eye_reduction", boolean),
)
