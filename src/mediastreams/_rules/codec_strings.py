"""Codec strings taken apart: ``avc1.42E01E``, ``hvc1.1.6.L93.B0``, ``av01.0.04M.08``, ``vp09.00.10.08``.

Not for: which codec a string means (``mime_types.codec_of``), or which container takes it.

Recordings have 8 bits a sample and 4:2:0 pictures; what asks for anything else is a form that cannot be written.

https://www.rfc-editor.org/rfc/rfc6381, https://aomediacodec.github.io/av1-isobmff/#codecsparam
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["CodecForm", "form_of"]


@dataclass(frozen=True, slots=True)
class CodecForm:
    """What a codec string asks for beside the codec.

    ``tag`` is how MP4 is to call it, where there are several ways; ``profile`` in FFmpeg's spelling; ``problem`` is a
    sentence on why it cannot be written.
    """

    tag: str | None = None
    profile: str | None = None
    problem: str | None = None


_H264_PROFILES: Final[Mapping[str, str]] = {"42": "baseline", "4D": "main", "64": "high"}
_AVC: Final = re.compile(r"avc[13]\.([0-9a-f]{2})[0-9a-f]{4}", re.IGNORECASE)
_HEVC: Final = re.compile(
    r"h(?:ev|vc)1\.[a-c]?(\d{1,2})\.[0-9a-f]{1,8}\.[lh]\d{1,3}(?:\.[0-9a-f]{1,2}){0,6}", re.IGNORECASE
)
_AV1: Final = re.compile(r"av01\.(\d)\.\d{2}[mh](?:\.(\d{2})(?:\..+)?)?", re.IGNORECASE)
_VP: Final = re.compile(r"vp0[89]\.(\d{2})\.\d{2}\.(\d{2})(?:\..+)?", re.IGNORECASE)
_VP_SHORT: Final = re.compile(r"vp[89](?:\.0)?", re.IGNORECASE)


def form_of(text: str) -> CodecForm:
    """Take one string of the ``codecs`` parameter apart, as far as it is one with details."""
    name, dot, _ = text.lower().partition(".")
    if not dot:
        return CodecForm(tag=name if name in _TAGS else None)
    take_apart = _PARTS.get(name)
    return CodecForm() if take_apart is None else take_apart(text, name)


def _avc(text: str, name: str) -> CodecForm:
    match = _AVC.fullmatch(text)
    if match is None:
        return CodecForm(problem=f"{text!r} is not how H.264 is written: avc1.42E01E for instance")
    profile = _H264_PROFILES.get(match[1].upper())
    if profile is None:
        return CodecForm(problem=f"{text!r}: of H.264 the profiles baseline (42), main (4D) and high (64) are recorded")
    return CodecForm(tag=name, profile=profile)


def _hevc(text: str, name: str) -> CodecForm:
    match = _HEVC.fullmatch(text)
    if match is None:
        return CodecForm(problem=f"{text!r} is not how H.265 is written: hvc1.1.6.L93.B0 for instance")
    if match[1] != "1":
        return CodecForm(problem=f"{text!r}: of H.265 the profile main (1) is recorded")
    return CodecForm(tag=name)


def _av1(text: str, _name: str) -> CodecForm:
    match = _AV1.fullmatch(text)
    if match is None:
        return CodecForm(problem=f"{text!r} is not how AV1 is written: av01.0.04M.08 for instance")
    if match[1] != "0" or (match[2] or "08") != "08":
        return CodecForm(problem=f"{text!r}: of AV1 the main profile (0) with 8 bits is recorded")
    return CodecForm()


def _vp(text: str, _name: str) -> CodecForm:
    match = _VP.fullmatch(text)
    if match is None:
        if _VP_SHORT.fullmatch(text):
            return CodecForm()
        return CodecForm(problem=f"{text!r} is not how VP8 and VP9 are written: vp09.00.10.08 for instance")
    if match[1] != "00" or match[2] != "08":
        return CodecForm(problem=f"{text!r}: of VP9 profile 0 with 8 bits is recorded")
    return CodecForm()


_TAGS: Final = frozenset({"avc1", "avc3", "hvc1", "hev1"})
_PARTS: Final = {
    "avc1": _avc,
    "avc3": _avc,
    "hvc1": _hevc,
    "hev1": _hevc,
    "av01": _av1,
    "vp8": _vp,
    "vp08": _vp,
    "vp9": _vp,
    "vp09": _vp,
}
