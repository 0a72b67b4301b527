"""Pictures of another size, put into the size a recording began with: scaled to fit, black bars around.

Not for: choosing the first size. An encoder keeps one size for life, as browsers' recorders do in MP4 and WebM.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av

from mediastreams._engine.convert import scaled, to_format
from mediastreams._engine.frames import Picture

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["black_frame", "fitted", "inner_size"]

_BLACK: Final[Mapping[str, tuple[int, ...]]] = {"yuv420p": (16, 128, 128), "nv12": (16, 128)}


def inner_size(width: int, height: int, room_width: int, room_height: int) -> tuple[int, int]:
    """The largest even size of the same shape that fits into the room (not even where the room has one pixel)."""
    scale = min(Fraction(room_width, width), Fraction(room_height, height))
    inner_width = max(2, round(width * scale) // 2 * 2)
    inner_height = max(2, round(height * scale) // 2 * 2)
    # a room that the picture fills exactly may be odd
    if round(width * scale) >= room_width:
        inner_width = room_width
    if round(height * scale) >= room_height:
        inner_height = room_height
    return min(inner_width, room_width), min(inner_height, room_height)


def black_frame(width: int, height: int, pixel_format: str) -> av.VideoFrame:
    """Make a black frame, limited range."""
    frame = av.VideoFrame(width, height, pixel_format)
    for plane, value in zip(frame.planes, _BLACK[pixel_format], strict=True):
        memoryview(plane)[:] = bytes((value,)) * plane.buffer_size
    return frame


def fitted(picture: Picture, width: int, height: int, pixel_format: str) -> Picture:
    """Bring a picture to that size and format; the same picture when it has both already.

    Raises:
        NotSupportedError: FFmpeg cannot convert the picture's format.
    """
    if (picture.width, picture.height) == (width, height):
        return to_format(picture, pixel_format)
    inner_width, inner_height = inner_size(picture.width, picture.height, width, height)
    inner = to_format(scaled(picture, inner_width, inner_height), pixel_format)
    if (inner_width, inner_height) == (width, height):
        return inner
    frame = black_frame(width, height, pixel_format)
    left, top = (width - inner_width) // 4 * 2, (height - inner_height) // 4 * 2  # even: chroma stays with its pixels
    for index, (target, source) in enumerate(zip(frame.planes, inner.av.planes, strict=True)):
        half = index > 0
        _paste(
            target,
            source,
            (left // 2 if half and pixel_format == "yuv420p" else left),
            top // 2 if half else top,
            (inner_width + 1) // 2 * (2 if pixel_format == "nv12" else 1) if half else inner_width,
        )
    for name in ("colorspace", "color_range", "color_trc", "color_primaries"):
        setattr(frame, name, getattr(inner.av, name))
    return Picture.stamped(frame, picture.timestamp, picture.duration, picture.metadata)


def _paste(
    target: av.video.plane.VideoPlane, source: av.video.plane.VideoPlane, left: int, top: int, length: int
) -> None:
    into, out_of = memoryview(target), memoryview(source)
    for line in range(source.height):
        start = (top + line) * target.line_size + left
        begin = line * source.line_size
        into[start : start + length] = out_of[begin : begin + length]
