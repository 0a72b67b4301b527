"""One picture as the bytes of a file: PNG, JPEG and WebP, by FFmpeg, which is here in any case.

Not for: recordings (``encoding/``).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import av
import av.error

from mediastreams._engine.convert import to_format
from mediastreams._engine.frame_refs import private_frame
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture

__all__ = ["StillFormat", "has_transparency", "still"]

StillFormat: TypeAlias = Literal["png", "jpeg", "webp"]
_ENCODERS: Final = {"png": "png", "jpeg": "mjpeg", "webp": "libwebp"}


def has_transparency(picture: Picture) -> bool:
    """Whether the picture's format has an alpha channel."""
    return any(component.is_alpha for component in picture.av.format.components)


def still(picture: Picture, format: StillFormat = "png", quality: float | None = None) -> bytes:
    """Encode a picture; PNG and WebP keep transparency. ``quality`` is 0 … 1, ``None`` the best that is lossy.

    Raises: NotSupportedError (this FFmpeg has no encoder for the format).
    """
    clear = has_transparency(picture)
    exact = clear or quality == 1
    pixels = {"jpeg": "yuvj420p", "webp": "bgra" if exact else "yuv420p", "png": "rgba" if clear else "rgb24"}[format]
    source = to_format(picture, pixels)
    try:
        encoder: Any = av.CodecContext.create(_ENCODERS[format], "w")
    except av.error.FFmpegError as error:
        raise NotSupportedError(f"This build of FFmpeg writes no {format} pictures") from error
    encoder.width, encoder.height, encoder.pix_fmt = source.width, source.height, source.av.format.name
    encoder.time_base = Fraction(1, 1_000_000)
    encoder.options = _options(format, 0.95 if quality is None else quality)
    packets = [*encoder.encode(private_frame(source.av, 0)), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def _options(format: StillFormat, quality: float) -> dict[str, str]:
    if format == "jpeg":
        scale = str(round(2 + 29 * (1 - quality) ** 1.5))  # 2 … 31, near libjpeg's 95, 90, 80 … of a hundred
        return {"qmin": scale, "qmax": scale}
    if format == "webp":
        return {"quality": str(round(100 * quality)), "lossless": str(int(quality == 1))}
    return {}
