"""Media types and file names: which container they mean, and which codecs go into it.

Not for: what FFmpeg can really do here (``_engine/encoding/codecs.py``), nor FFmpeg's names and options.

A *codec* here is one short name (``vp9``, ``h264``, ``opus``); in media types the same codec has many
spellings (``avc1.42E01E``). The order of the codecs of a container is the order of preference.

https://www.rfc-editor.org/rfc/rfc6381, https://w3c.github.io/mediacapture-record/#dom-mediarecorder-istypesupported
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediastreams._rules.codec_strings import form_of

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind

__all__ = [
    "CONTAINERS",
    "ContainerType",
    "MediaType",
    "codec_of",
    "container_of_suffix",
    "container_of_type",
    "mime_type_of",
    "parse_mime_type",
    "select_codec",
    "type_problem",
]


@dataclass(frozen=True, slots=True)
class ContainerType:
    """One file format. ``suffixes`` and ``audio_suffixes`` (files with sound only) are lower case, with the dot."""

    name: str
    types: tuple[str, ...]
    suffixes: tuple[str, ...]
    audio_suffixes: tuple[str, ...]
    video: tuple[str, ...]
    audio: tuple[str, ...]


CONTAINERS: Final[Mapping[str, ContainerType]] = {
    container.name: container
    for container in (
        ContainerType("webm", ("video/webm", "audio/webm"), (".webm",), (".weba",), ("vp9", "vp8", "av1"), ("opus",)),
        ContainerType(
            "mp4",
            ("video/mp4", "audio/mp4"),
            (".mp4", ".m4v"),
            (".m4a",),
            ("h264", "av1", "vp9", "h265"),
            ("aac", "opus", "flac"),
        ),
        ContainerType(
            "matroska",
            ("video/x-matroska", "audio/x-matroska", "video/matroska", "audio/matroska"),
            (".mkv",),
            (".mka",),
            ("h264", "vp9", "vp8", "av1", "h265"),
            ("opus", "aac", "flac", "pcm"),
        ),
        ContainerType("wav", ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"), (), (".wav",), (), ("pcm",)),
        ContainerType("flac", ("audio/flac", "audio/x-flac"), (), (".flac",), (), ("flac",)),
        ContainerType("ogg", ("audio/ogg",), (), (".ogg", ".oga", ".opus"), (), ("opus", "flac")),
    )
}

_CODEC_STRINGS: Final = (  # in order; the first that matches the whole string
    (re.compile(r"vp0?8(\..*)?"), "vp8"),
    (re.compile(r"vp0?9(\..*)?"), "vp9"),
    (re.compile(r"av0?1(\..*)?"), "av1"),
    (re.compile(r"(avc[13](\..*)?|h\.?264)"), "h264"),
    (re.compile(r"(h(ev|vc)1(\..*)?|h\.?265|hevc)"), "h265"),
    (re.compile(r"opus"), "opus"),
    (re.compile(r"(mp4a(\.40(\.0?2)?)?|aac)"), "aac"),  # 2 is the low complexity that encoders make
    (re.compile(r"flac"), "flac"),
    (re.compile(r"(pcm|1)"), "pcm"),
)
_VIDEO_CODECS: Final = frozenset({"vp8", "vp9", "av1", "h264", "h265"})
_WIRE: Final = {
    "h264": "avc1",
    "h265": "hvc1",
    "aac": "mp4a.40.2",
    "pcm": "1",
    "av1": "av01",
    "vp9": "vp9",
    "vp8": "vp8",
}

_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_ESSENCE: Final = re.compile(rf"\s*({_WORD})/({_WORD})\s*")
_PARAMETER: Final = re.compile(rf'\s*;\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}(?:,\s*{_WORD})*))\s*')


@dataclass(frozen=True, slots=True)
class MediaType:
    """A parsed media type. ``codecs`` are as written; ``None`` when the type names none."""

    essence: str
    codecs: tuple[str, ...] | None = None

    @property
    def kind(self) -> Kind:
        """``"audio"`` for ``audio/…``: only sound is recorded. Everything else may hold pictures."""
        return "audio" if self.essence.startswith("audio/") else "video"


def parse_mime_type(text: str) -> MediaType:
    """Take a media type apart: ``video/webm;codecs="vp9,opus"``.

    An unquoted list of codecs is taken, too, as browsers do.

    Raises:
        ValueError: the text is not a media type.
    """
    match = _ESSENCE.match(text)
    if match is None:
        raise ValueError(f'{text!r} is no media type; write it like video/webm or video/webm;codecs="vp9,opus"')
    essence = f"{match[1]}/{match[2]}".lower()
    codecs: tuple[str, ...] | None = None
    position = match.end()
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            raise ValueError(f"{text!r} is no media type: cannot read {text[position:]!r}")
        value = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
        if match[1].lower() == "codecs" and codecs is None:
            codecs = tuple(part.strip() for part in value.split(",") if part.strip())
        position = match.end()
    return MediaType(essence, codecs)


def codec_of(text: str) -> str | None:
    """Find the codec that a string of the ``codecs`` parameter means, ``None`` when it is not one of ours."""
    text = text.lower()
    return next((codec for pattern, codec in _CODEC_STRINGS if pattern.fullmatch(text)), None)


def container_of_type(media_type: MediaType) -> ContainerType | None:
    """Find the container of a media type."""
    return next((found for found in CONTAINERS.values() if media_type.essence in found.types), None)


def container_of_suffix(name: str) -> tuple[ContainerType, Kind] | None:
    """Find the container that a file name's suffix means, and whether it may hold pictures."""
    name = name.lower()
    for container in CONTAINERS.values():
        if name.endswith(container.suffixes or ("\0",)):
            return container, "video"
        if name.endswith(container.audio_suffixes):
            return container, "audio"
    return None


def select_codec(container: ContainerType, kind: Kind, asked: tuple[str, ...] | None) -> tuple[str, ...]:
    """List the codecs to try for one kind of track, the best first; empty when the container has none.

    What the media type names is the only choice; a kind it does not mention gets the container's own.

    Raises:
        ValueError: a named codec is unknown, or does not go into the container.
    """
    fitting = container.video if kind == "video" else container.audio
    for text in asked or ():
        codec = codec_of(text)
        if codec is None:
            known = ", ".join(container.video + container.audio)
            raise ValueError(f"the codec {text!r} is not known; {container.name} takes {known}")
        if (codec in _VIDEO_CODECS) == (kind == "video"):
            if codec not in fitting:
                can = ", ".join(fitting) or f"no {kind}"
                raise ValueError(f"{container.name} does not take {text!r}; it takes {can}")
            return (codec,)
    return fitting


def mime_type_of(container: ContainerType, video: str | None, audio: str | None) -> str:
    """Write the media type of a file with these codecs."""
    index = 0 if video is not None or len(container.types) < 2 or not container.video else 1
    codecs = ",".join(_WIRE.get(codec, codec) for codec in (video, audio) if codec is not None)
    return f'{container.types[index]};codecs="{codecs}"' if codecs else container.types[index]


def type_problem(text: str, can_encode: Callable[[str], bool]) -> str | None:
    """*Is type supported*: why a recorder cannot record in a media type; ``None`` when it can.

    SPEC-ISSUE: the draft's list of codecs that are known synchronously leaves out AAC and FLAC, and lets a constructor
    take codecs that nobody knows; web-platform-tests want those refused, and programs want to be told the truth.
    So all codecs of the table above are asked, and any other is refused.
    DEVIATION: the draft ignores what follows the first period of a codec string. Profiles and depths that are never
    recorded (10 bits, 4:4:4) are answered with no instead.

    https://w3c.github.io/mediacapture-record/#abstract-opdef-is-type-supported
    """
    # 1. The empty string leaves the choice to the recorder.
    if not text:
        return None
    # 2-3. A media type whose container is known.
    try:
        media_type = parse_mime_type(text)
    except ValueError as error:
        return str(error)
    container = container_of_type(media_type)
    if container is None:
        return f"{media_type.essence} is not recorded here; try video/webm, video/mp4 or audio/webm"
    # 4-9. At most one codec a kind, each of which goes into the container and has an encoder that works.
    seen = set()
    for name in media_type.codecs or ():
        codec = codec_of(name)
        if codec is None:
            return f"the codec {name!r} is not known"
        kind = "video" if codec in _VIDEO_CODECS else "audio"
        if kind in seen:
            return f"{text!r} names more than one {kind} codec"
        seen.add(kind)
        if kind == "video" and media_type.kind == "audio":
            return f"{media_type.essence} holds no pictures, which {name!r} is for"
        if codec not in container.video + container.audio:
            return f"{media_type.essence} does not hold {name!r}"
        if (problem := form_of(name).problem) is not None:
            return problem
        if not can_encode(codec):
            return f"the FFmpeg inside PyAV has no working encoder for {name!r}"
    own = container.audio if media_type.kind == "audio" else container.video
    if media_type.kind not in seen and not any(can_encode(codec) for codec in own):
        return f"the FFmpeg inside PyAV has no working encoder for {media_type.essence}"
    return None
