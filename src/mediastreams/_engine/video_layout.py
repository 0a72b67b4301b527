"""What surrounds the pixels of a `VideoFrame`: formats' names, rectangles, plane layouts, colour spaces, initialisers.

Not for: pixels (``convert.py``) and the handle itself (``video_frame.py``).

https://w3c.github.io/webcodecs/#videoframe-interface
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast

import av

from mediastreams._webidl.conversions import (
    boolean,
    dom_string,
    double,
    long_long,
    sequence_of,
    unsigned_long,
    wrong_type,
)
from mediastreams._webidl.dictionaries import Dictionary, Member, Schema
from mediastreams._webidl.interfaces import public

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "BUFFER_INIT",
    "COPY_OPTIONS",
    "FFMPEG_NAMES",
    "FRAME_INIT",
    "DOMRectReadOnly",
    "PlaneLayout",
    "VideoColorSpace",
    "VideoFrameBufferInit",
    "VideoFrameInit",
    "colour_tags",
    "format_name",
    "microseconds",
    "plane_sizes",
    "rectangle",
]

FFMPEG_NAMES: Final[dict[str, str]] = {
    "I420": "yuv420p",
    "I420P10": "yuv420p10le",
    "I420P12": "yuv420p12le",
    "I420A": "yuva420p",
    "I420AP10": "yuva420p10le",
    "I422": "yuv422p",
    "I422P10": "yuv422p10le",
    "I422P12": "yuv422p12le",
    "I422A": "yuva422p",
    "I422AP10": "yuva422p10le",
    "I422AP12": "yuva422p12le",
    "I444": "yuv444p",
    "I444P10": "yuv444p10le",
    "I444P12": "yuv444p12le",
    "I444A": "yuva444p",
    "I444AP10": "yuva444p10le",
    "I444AP12": "yuva444p12le",
    "NV12": "nv12",
    "RGBA": "rgba",
    "RGBX": "rgb0",
    "BGRA": "bgra",
    "BGRX": "bgr0",
}
"""WebCodecs' names of pixel formats, and FFmpeg's. I420AP12 is missing: FFmpeg has no such format."""

_WEBCODECS_NAMES: Final = {ffmpeg: webcodecs for webcodecs, ffmpeg in FFMPEG_NAMES.items()} | {
    "yuvj420p": "I420",
    "yuvj422p": "I422",
    "yuvj444p": "I444",
}


def format_name(ffmpeg_name: str) -> str | None:
    """Answer WebCodecs' name of a pixel format; ``None`` when it has none."""
    return _WEBCODECS_NAMES.get(ffmpeg_name)


# --- rectangles and planes ---


@public
@dataclass(frozen=True, slots=True)
class DOMRectReadOnly:
    """A rectangle.

    https://drafts.fxtf.org/geometry/#domrect
    """

    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0

    @property
    def left(self) -> float:
        """The smaller x."""
        return min(self.x, self.x + self.width)

    @property
    def top(self) -> float:
        """The smaller y."""
        return min(self.y, self.y + self.height)

    @property
    def right(self) -> float:
        """The greater x."""
        return max(self.x, self.x + self.width)

    @property
    def bottom(self) -> float:
        """The greater y."""
        return max(self.y, self.y + self.height)

    def to_json(self) -> dict[str, float]:
        """Return all eight members."""
        names = ("x", "y", "width", "height", "top", "right", "bottom", "left")
        return {name: getattr(self, name) for name in names}


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class PlaneLayout(Dictionary):
    """Where a plane begins in a buffer and how far its lines are apart, in bytes.

    https://w3c.github.io/webcodecs/#dictdef-planelayout
    """

    offset: int
    stride: int


def plane_sizes(format: str, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Answer bytes per line, lines, and how many pixels share a sample across and down, of each plane."""
    described = av.VideoFormat(format, width, height)
    sizes = []
    for index in range(1 + max(component.plane for component in described.components)):
        parts = [component for component in described.components if component.plane == index]
        size = 2 if parts[0].bits > 8 else 1
        interleaved = len(parts)
        if described.is_rgb and not any(component.plane for component in described.components):
            interleaved = described.padded_bits_per_pixel // 8 // size  # the X of RGBX is no component
        across = 2 if described.chroma_width(16) == 8 and parts[0].is_chroma else 1
        down = 2 if described.chroma_height(16) == 8 and parts[0].is_chroma else 1
        sizes.append((-(-width // across) * interleaved * size, -(-height // down), across, down))
    return sizes


def rectangle(
    given: Mapping[str, float], width: int, height: int, format: str, where: str
) -> tuple[int, int, int, int]:
    """*Verify rect*: inside the picture, not empty, aligned to the chroma.

    https://w3c.github.io/webcodecs/#videoframe-verify-rect-offset-alignment

    Raises: TypeError.
    """
    numbers = [given.get(name, 0) for name in ("x", "y", "width", "height")]
    x, y, w, h = (int(number) for number in numbers)
    if (x, y, w, h) != tuple(numbers) or x < 0 or y < 0 or w < 1 or h < 1 or x + w > width or y + h > height:
        raise TypeError(f"{where}: {w}x{h} at {x},{y} does not lie in the picture's {width}x{height} whole pixels")
    for _, _, across, down in plane_sizes(format, width, height):
        if x % across or y % down:
            raise TypeError(f"{where}: {x},{y} splits a colour sample of {format}; take even numbers")
    return x, y, w, h


# --- colours ---

_PRIMARIES: Final = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 12: "smpte432"}
_TRANSFERS: Final = {
    1: "bt709",
    6: "smpte170m",
    8: "linear",
    13: "iec61966-2-1",
    16: "pq",
    18: "hlg",
}
_MATRICES: Final = {0: "rgb", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020-ncl"}


@public
class VideoColorSpace:
    """How the numbers of a picture mean colours.

    https://w3c.github.io/webcodecs/#videocolorspace
    """

    __slots__ = ("_full_range", "_matrix", "_primaries", "_transfer")

    def __init__(self, init: Mapping[str, object] | None = None, /, **members: object) -> None:
        given = COLOR_SPACE_INIT.convert({**(init or {}), **members}, "VideoColorSpace")
        self._primaries: str | None = given.get("primaries")
        self._transfer: str | None = given.get("transfer")
        self._matrix: str | None = given.get("matrix")
        self._full_range: bool | None = given.get("full_range")

    @classmethod
    def of_frame(cls, frame: av.VideoFrame) -> VideoColorSpace:
        """Read the tags of a PyAV frame."""
        self = cls()
        self._primaries = _PRIMARIES.get(int(frame.color_primaries))
        self._transfer = _TRANSFERS.get(int(frame.color_trc))
        rgb = frame.format.is_rgb
        self._matrix = "rgb" if rgb else _MATRICES.get(int(frame.colorspace))
        full = int(frame.color_range)
        self._full_range = True if rgb or frame.format.name.startswith("yuvj") else {1: False, 2: True}.get(full)
        return self

    @property
    def primaries(self) -> str | None:
        """Primaries such as ``"bt709"``; ``None`` when unknown."""
        return self._primaries

    @property
    def transfer(self) -> str | None:
        """Transfer characteristics such as ``"iec61966-2-1"``; ``None`` when unknown."""
        return self._transfer

    @property
    def matrix(self) -> str | None:
        """Matrix coefficients such as ``"smpte170m"``; ``None`` when unknown."""
        return self._matrix

    @property
    def full_range(self) -> bool | None:
        """Whether black is 0, rather than 16; ``None`` when unknown."""
        return self._full_range

    def to_json(self) -> dict[str, object]:
        """Return the four members."""
        return {
            "primaries": self.primaries,
            "transfer": self.transfer,
            "matrix": self.matrix,
            "fullRange": self.full_range,
        }

    def __repr__(self) -> str:
        return (
            f"VideoColorSpace(primaries={self.primaries!r}, transfer={self.transfer!r}, "
            f"matrix={self.matrix!r}, full_range={self.full_range!r})"
        )

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, VideoColorSpace) else NotImplemented

    def __hash__(self) -> int:
        return hash((self._primaries, self._transfer, self._matrix, self._full_range))


def colour_tags(frame: av.VideoFrame, space: VideoColorSpace) -> None:
    """Write a colour space into a frame nobody else has."""

    def number(table: dict[int, str], name: str | None, unknown: int = 2) -> int:
        return next((value for value, known in table.items() if known == name), unknown)

    frame.color_primaries = number(_PRIMARIES, space.primaries)
    frame.color_trc = number(_TRANSFERS, space.transfer)
    frame.colorspace = number(_MATRICES, space.matrix)
    frame.color_range = {None: 0, False: 1, True: 2}[space.full_range]


# --- initialisers ---


class VideoFrameInit(TypedDict, total=False):
    """What `VideoFrame` takes beside a picture.

    https://w3c.github.io/webcodecs/#dictdef-videoframeinit
    """

    duration: int
    timestamp: int
    alpha: str
    visible_rect: dict[str, float]
    rotation: float
    flip: bool
    display_width: int
    display_height: int
    metadata: dict[str, object]


class VideoFrameBufferInit(VideoFrameInit, total=False):
    """What `VideoFrame` takes beside a buffer.

    https://w3c.github.io/webcodecs/#dictdef-videoframebufferinit
    """

    format: str
    coded_width: int
    coded_height: int
    layout: list[dict[str, int]]
    color_space: Any


def _positive(value: object, where: str, /) -> int:
    number = unsigned_long(value, where)
    if not number:
        raise wrong_type(where, "a positive integer", value)
    return number


def microseconds(value: object, where: str, /) -> int:
    number = long_long(value, where)
    if number < 0:
        raise wrong_type(where, "a duration in microseconds", value)
    return number


def _one_of(*names: str) -> Any:
    def convert(value: object, where: str, /) -> str:
        name = dom_string(value, where)
        if name not in names:
            raise wrong_type(where, f"one of {', '.join(names)}", value)
        return name

    return convert


def _mapping(value: object, where: str, /) -> dict[str, object]:
    try:
        return dict(cast("Mapping[str, object]", value))
    except (TypeError, ValueError):
        raise wrong_type(where, "a mapping", value) from None


def _colour_space(value: object, where: str, /) -> VideoColorSpace:
    return value if isinstance(value, VideoColorSpace) else VideoColorSpace(_mapping(value, where))


_RECT_INIT: Final = Schema[Any]("DOMRectInit", *(Member(name, double, 0.0) for name in ("x", "y", "width", "height")))
_LAYOUT_INIT: Final = Schema[Any](
    "PlaneLayout", Member("offset", unsigned_long, required=True), Member("stride", unsigned_long, required=True)
)
COLOR_SPACE_INIT: Final = Schema[Any](
    "VideoColorSpaceInit",
    Member("primaries", _one_of(*_PRIMARIES.values())),
    Member("transfer", _one_of(*_TRANSFERS.values())),
    Member("matrix", _one_of(*_MATRICES.values())),
    Member("full_range", boolean),
)


def _rect(value: object, where: str, /) -> Mapping[str, float]:
    if isinstance(value, DOMRectReadOnly):
        value = {name: getattr(value, name) for name in ("x", "y", "width", "height")}
    found: Mapping[str, float] = _RECT_INIT.convert(value, where)
    return found


def _layouts(value: object, where: str, /) -> Sequence[Mapping[str, int]]:
    return sequence_of(_LAYOUT_INIT.convert)(value, where)


FRAME_INIT: Final = Schema[Any](
    "VideoFrameInit",
    Member("duration", microseconds),
    Member("timestamp", long_long),
    Member("alpha", _one_of("keep", "discard"), "keep"),
    Member("visible_rect", _rect),
    Member("rotation", double, 0.0),
    Member("flip", boolean, default=False),
    Member("display_width", _positive),
    Member("display_height", _positive),
    Member("metadata", _mapping),
)
BUFFER_INIT: Final = Schema[Any](
    "VideoFrameBufferInit",
    Member("format", _one_of(*FFMPEG_NAMES), required=True),
    Member("coded_width", _positive, required=True),
    Member("coded_height", _positive, required=True),
    Member("timestamp", long_long, required=True),
    Member("layout", _layouts),
    Member("color_space", _colour_space),
    Member("transfer", lambda value, _: value),  # DEVIATION: nothing is detached; the data is copied
    inherits=FRAME_INIT,
)
COPY_OPTIONS: Final = Schema[Any](
    "VideoFrameCopyToOptions",
    Member("rect", _rect),
    Member("layout", _layouts),
    Member("format", _one_of(*FFMPEG_NAMES)),
    Member("color_space", _one_of("srgb", "display-p3"), "srgb"),
)
