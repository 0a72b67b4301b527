"""From what was negotiated to how a track is encoded: `choice_of`.

Rules of the file: ``plan.codec.parameters`` are what the peer wants to receive; what concerns only the peer's other
direction is ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._rules.h264_profiles import DEFAULT_PROFILE_LEVEL_ID
from mediastreams.webrtc.sending.encoded import AudioChoice, Choice, VideoChoice

if TYPE_CHECKING:
    from mediastreams.webrtc.plans import Codec

__all__ = ["choice_of"]

_LEAST_OPUS, _MOST_OPUS = 6_000, 510_000


def choice_of(
    codec: Codec,
    *,
    scale: float = 1.0,
    frame_rate: float | None = None,
    most: int | None = None,
) -> Choice:
    """Tell how to encode for a codec as negotiated. ``most`` bits a second bound sound; pictures adapt while they run.

    https://www.rfc-editor.org/rfc/rfc7587#section-6.1, https://www.rfc-editor.org/rfc/rfc6184#section-8.1
    """
    parameters = codec.parameters
    if codec.kind == "audio":
        if codec.name != "opus":
            return AudioChoice(codec.name)
        bounds = [value for value in (_number(parameters.get("maxaveragebitrate")), most) if value]
        stereo = _number(parameters.get("stereo")) == 1
        usual = 96_000 if stereo else 48_000
        rate = max(_LEAST_OPUS, min(usual, _MOST_OPUS, *bounds)) if bounds else None
        if most and rate is not None and most > usual:  # more than usual was asked for
            rate = min(most, _MOST_OPUS, *bounds)
        return AudioChoice("opus", stereo=stereo, fec=_number(parameters.get("useinbandfec")) == 1, bit_rate=rate)
    profile, mode = "", 1
    if codec.name == "h264":
        profile = str(parameters.get("profile-level-id") or DEFAULT_PROFILE_LEVEL_ID).lower()
        mode = 1 if _number(parameters.get("packetization-mode")) == 1 else 0
    return VideoChoice(codec.name, profile, mode, scale, frame_rate)


def _number(value: str | int | None) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None
