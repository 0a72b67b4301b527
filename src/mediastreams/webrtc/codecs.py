"""What can be offered: codecs as browsers list them, with parameters and feedback, and which of them fit together.

Not for: encoding (``sending/``), payload formats (``rtp/``), SDP (``negotiation/``).

Rules of the file: only what the installed FFmpeg has an encoder for is offered for sending, and only what it decodes
for receiving. That is looked up by name, which takes microseconds; whether an encoder opens is found out by who uses
it. Payload types are those that browsers use, so that logs look familiar.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from mediastreams._rules.h264_profiles import DEFAULT_PROFILE_LEVEL_ID, profile_level
from mediastreams.webrtc.plans import Codec, Parameters

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind

__all__ = [
    "ABS_SEND_TIME",
    "AUDIO_LEVEL",
    "FFMPEG_DECODERS",
    "FFMPEG_ENCODERS",
    "HEADER_EXTENSIONS",
    "MID",
    "compatible",
    "receive_codecs",
    "send_codecs",
]

MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

HEADER_EXTENSIONS: Final[Mapping[Kind, tuple[tuple[str, int], ...]]] = {
    "audio": ((AUDIO_LEVEL, 1), (ABS_SEND_TIME, 2), (MID, 4)),
    "video": ((ABS_SEND_TIME, 2), (MID, 4)),
}
"""The header extensions that are sent and understood, with the ids that are offered."""

_VIDEO_FEEDBACK: Final = ("goog-remb", "ccm fir", "nack", "nack pli")


def _h264(payload_type: int, rtx: int, profile: str, mode: int = 1) -> Codec:
    parameters: Parameters = {"level-asymmetry-allowed": 1, "packetization-mode": mode, "profile-level-id": profile}
    return Codec("video/H264", 90_000, payload_type, None, parameters, _VIDEO_FEEDBACK, rtx)


_ALL: Final[Mapping[Kind, tuple[Codec, ...]]] = {
    "audio": (
        Codec("audio/opus", 48_000, 111, 2, {"minptime": 10, "useinbandfec": 1, "stereo": 1}),
        Codec("audio/G722", 8_000, 9, 1),
        Codec("audio/PCMU", 8_000, 0, 1),
        Codec("audio/PCMA", 8_000, 8, 1),
    ),
    "video": (
        Codec("video/VP8", 90_000, 96, None, {}, _VIDEO_FEEDBACK, 97),
        Codec("video/VP9", 90_000, 98, None, {"profile-id": 0}, _VIDEO_FEEDBACK, 99),
        _h264(103, 104, "42001f"),
        _h264(107, 108, "42001f", mode=0),
        _h264(109, 114, "42e01f"),
        _h264(115, 116, "42e01f", mode=0),
        _h264(117, 118, "4d001f"),
        _h264(123, 124, "64001f"),
        Codec("video/AV1", 90_000, 45, None, {"level-idx": 5, "profile": 0, "tier": 0}, _VIDEO_FEEDBACK, 46),
    ),
}

FFMPEG_ENCODERS: Final[Mapping[str, tuple[str, ...]]] = {
    "opus": ("libopus",),
    "g722": ("g722",),
    "pcmu": ("pcm_mulaw",),
    "pcma": ("pcm_alaw",),
    "vp8": ("libvpx",),
    "vp9": ("libvpx-vp9",),
    "h264": ("libx264", "h264_videotoolbox", "h264_mf", "libopenh264"),
    "av1": ("libsvtav1",),
}
"""FFmpeg's encoders by the codec's name: one of them is enough to offer it."""

FFMPEG_DECODERS: Final[Mapping[str, tuple[str, ...]]] = {
    "opus": ("libopus", "opus"),
    "g722": ("g722",),
    "pcmu": ("pcm_mulaw",),
    "pcma": ("pcm_alaw",),
    "vp8": ("vp8",),
    "vp9": ("vp9",),
    "h264": ("h264",),
    "av1": ("libdav1d",),  # FFmpeg's own only drives hardware
}
"""FFmpeg's decoders by the codec's name, the preferred one first."""


@functools.cache
def send_codecs(kind: Kind) -> tuple[Codec, ...]:
    """List what can be sent, the preferred first."""
    return tuple(codec for codec in _ALL[kind] if _has(FFMPEG_ENCODERS[codec.name], "w"))


@functools.cache
def receive_codecs(kind: Kind) -> tuple[Codec, ...]:
    """List what can be received, the preferred first."""
    return tuple(codec for codec in _ALL[kind] if _has(FFMPEG_DECODERS[codec.name], "r"))


def _has(names: tuple[str, ...], mode: Literal["r", "w"]) -> bool:
    import av.codec

    for name in names:
        try:
            av.codec.Codec(name, mode)
        except ValueError:  # this FFmpeg was built without it
            continue
        return True
    return False


def compatible(a: Codec, b: Codec) -> bool:
    """Whether two sides that name these mean the same, whatever their payload types.

    For H.264: the same profile (levels are each side's own) and packetization mode; for VP9 and AV1 the same profile.

    https://www.rfc-editor.org/rfc/rfc6184#section-8.2.2, https://www.rfc-editor.org/rfc/rfc9628#section-6,
    https://aomediacodec.github.io/av1-rtp-spec/v1.0.0.html#722-mapping-of-media-subtype-parameters-to-sdp
    """
    if a.mime_type.lower() != b.mime_type.lower() or a.clock_rate != b.clock_rate:
        return False
    if a.kind == "audio" and (a.channels or 1) != (b.channels or 1):
        return False
    return _form(a) is not None and _form(a) == _form(b)


def _form(codec: Codec) -> tuple[object, ...] | None:
    """What must be equal beside the name; ``None``: malformed, equal to nothing."""
    parameters = codec.parameters
    if codec.name == "h264":
        found = profile_level(str(parameters.get("profile-level-id") or DEFAULT_PROFILE_LEVEL_ID))
        mode = str(parameters.get("packetization-mode") or 0)
        return None if found is None else (found.profile, mode)
    if codec.name == "vp9":
        return (str(parameters.get("profile-id") or 0),)
    if codec.name == "av1":
        return (str(parameters.get("profile") or 0),)
    return ()
