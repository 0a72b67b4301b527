"""`can_play_type`: what a MIME type promises of a file.

Not for: what can be recorded (``_rules/mime_types.py``).
"""

from __future__ import annotations

from functools import cache
from typing import Final

from mediastreams._rules.mime_types import CONTAINERS, parse_mime_type

__all__ = ["can_play_type"]

_ESSENCES: Final = frozenset(type for container in CONTAINERS.values() for type in container.types) | {
    "application/ogg",
    "application/vnd.apple.mpegurl",
    "application/x-mpegurl",
    "audio/aac",
    "audio/aiff",
    "audio/flac",
    "audio/mp3",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/wave",
    "audio/x-wav",
    "video/3gpp",
    "video/mp2t",
    "video/mpeg",
    "video/ogg",
    "video/quicktime",
    "video/x-msvideo",
}
_DECODERS: Final = {  # by the part of a codec string that names the codec
    "1": "pcm_s16le",
    "ac-3": "ac3",
    "av01": "libdav1d",
    "av1": "libdav1d",
    "avc1": "h264",
    "avc3": "h264",
    "ec-3": "eac3",
    "flac": "flac",
    "hev1": "hevc",
    "hvc1": "hevc",
    "mp3": "mp3",
    "mp4a.40": "aac",
    "mp4a.67": "aac",
    "mp4a.69": "mp3",
    "mp4a.6b": "mp3",
    "mp4v": "mpeg4",
    "opus": "opus",
    "theora": "theora",
    "vorbis": "vorbis",
    "vp08": "vp8",
    "vp09": "vp9",
    "vp8": "vp8",
    "vp8.0": "vp8",
    "vp9": "vp9",
    "vp9.0": "vp9",
}


def can_play_type(type: str) -> str:
    """``"probably"`` where every codec is named and can be decoded, ``"maybe"`` where none is named, else ``""``.

    https://html.spec.whatwg.org/multipage/media.html#dom-navigator-canplaytype
    """
    try:
        parsed = parse_mime_type(type.strip())
    except ValueError:
        return ""
    if parsed.essence not in _ESSENCES:
        return ""
    if not parsed.codecs:
        return "maybe"
    return "probably" if all(_decodable(codec) for codec in parsed.codecs) else ""


def _decodable(text: str) -> bool:
    parts = text.lower().split(".")
    name = _DECODERS.get(".".join(parts[:2])) or _DECODERS.get(parts[0])
    return name is not None and _has_decoder(name)


@cache
def _has_decoder(name: str) -> bool:
    import av.codec

    try:
        av.codec.Codec(name, "r")
    except ValueError:
        return False
    return True
