"""Black pictures and silence: what a disabled or muted track gives instead of its source's data.

Not for: deciding when (``feed.py``, and the consumers that fill).

Rules of the file: pixels and zeros are made once and shared; every delivery is a `Picture` or `Sound` of
its own with its own time. The PyAV frame of a black picture has no pts, by which an encoder knows that it is
shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._engine.array_formats import frame_from_array, plane_of
from mediastreams._engine.convert import keep_for_ever, restamped, to_format
from mediastreams._engine.frames import Chunk, Picture, Sound
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    import av
    import numpy.typing as npt

__all__ = ["black", "black_like", "blank_for", "silence", "silence_like"]

_UNSPECIFIED: Final = 2  # AVCOL_SPC_UNSPECIFIED
_LIMITED: Final = 1  # AVCOL_RANGE_MPEG
_FULL: Final = 2  # AVCOL_RANGE_JPEG
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


def black_like(picture: Picture) -> Picture:
    """Answer black of the picture's size, format, colours and times."""
    frame = picture.av
    template = _template(frame.format.name, frame.width, frame.height, int(frame.colorspace), int(frame.color_range))
    return restamped(template, picture.timestamp, picture.duration, picture.metadata)


def black(
    width: int,
    height: int,
    timestamp: int,
    duration: int | None = None,
    *,
    format: str = "yuv420p",
    metadata: Mapping[str, object] = _NOTHING,
) -> Picture:
    """Answer black of a size, where there is no picture to be like."""
    return restamped(_template(format, width, height, _UNSPECIFIED, 0), timestamp, duration, metadata)


@lru_cache(maxsize=8)
def _template(format: str, width: int, height: int, matrix: int, color_range: int) -> Picture:
    nothing = frame_from_array(np.zeros((height, width, 3), np.uint8), "rgb24", copy=False)
    nothing.colorspace = matrix
    rgb = Picture(nothing, 0)
    try:
        frame = to_format(rgb, format).av
    except (NotSupportedError, ValueError):  # a format that FFmpeg only reads
        frame = to_format(rgb, "yuv420p").av
    _purify(frame, full=color_range == _FULL or format.startswith("yuvj"))
    frame.colorspace = matrix
    frame.pts = None
    picture = Picture(frame, 0)
    keep_for_ever(picture)
    return picture


def _purify(frame: av.VideoFrame, *, full: bool) -> None:
    """Write black into separate planes of YUV: FFmpeg dithers its chroma, and knows full range by format only."""
    format = frame.format
    if not format.name.startswith(("yuv", "nv")) or len(frame.planes) < 2:
        return
    for index in range(len(frame.planes)):
        component = next(component for component in format.components if component.plane == index)
        value = 1 << (component.bits - 1)
        if component.is_luma:
            value = 0 if full else 16 << (component.bits - 8)
        elif component.is_alpha:
            value = (1 << component.bits) - 1
        plane_of(frame, index, writable=True)[...] = value
    frame.color_range = _FULL if full else _LIMITED


def silence(sample_rate: int, layout: str, channels: int, length: int, timestamp: int) -> Sound:
    """Answer ``length`` samples of silence."""
    return Sound(_zeros(channels, length), sample_rate, timestamp, layout)


def silence_like(sound: Sound) -> Sound:
    """Answer silence of the sound's shape and time."""
    zeros = _zeros(sound.channels, sound.length)
    return Sound(zeros, sound.sample_rate, sound.timestamp, sound.layout, sound.gap, sound.metadata)


def blank_for(chunk: Chunk) -> Picture | Sound:
    """Answer black or silence like what a chunk decodes to, without decoding it; black in the order of decoding."""
    shape = chunk.format
    if shape.kind == "video":
        return black(shape.width, shape.height, chunk.decode_timestamp, chunk.duration)
    length = max(1, round(chunk.duration * shape.sample_rate / 1_000_000))
    return silence(shape.sample_rate, shape.layout, shape.channels, length, chunk.timestamp)


@lru_cache(maxsize=32)
def _zeros(channels: int, length: int) -> npt.NDArray[np.float32]:
    return np.zeros((channels, length), np.float32)
