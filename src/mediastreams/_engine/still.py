"""One picture as the bytes of a file: PNG, JPEG, WebP and AVIF, by FFmpeg, which is here in any case.

Not for: recordings (``encoding/``), nor for what a file says of its picture (``exif.py``).
"""

from __future__ import annotations

import io
import os
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import av
import av.error

from mediastreams._engine.convert import to_format
from mediastreams._engine.encoding.scheduling import open_encoder
from mediastreams._engine.frame_refs import private_frame
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture

__all__ = ["StillFormat", "has_transparency", "still"]

StillFormat: TypeAlias = Literal["png", "jpeg", "webp", "avif"]
_ENCODERS: Final = {"png": "png", "jpeg": "mjpeg", "webp": "libwebp"}


def has_transparency(picture: Picture) -> bool:
    """Whether the picture's format has an alpha channel."""
    return any(component.is_alpha for component in picture.av.format.components)


def still(picture: Picture, format: StillFormat = "png", quality: float | None = None) -> bytes:
    """Encode a picture; PNG and WebP keep transparency. ``quality`` is 0 … 1, ``None`` the best that is lossy.

    Raises: NotSupportedError (this FFmpeg has no encoder for the format, or it does not take the picture).
    """
    clear = has_transparency(picture)
    exact = clear or quality == 1
    pixels = {"jpeg": "yuvj420p", "webp": "bgra" if exact else "yuv420p", "avif": "yuv420p"}.get(
        format, "rgba" if clear else "rgb24"
    )
    source = to_format(picture, pixels)
    options = _options(format, 0.95 if quality is None else quality)
    try:
        if format == "avif":
            return _avif(source, options)
        encoder: Any = av.CodecContext.create(_ENCODERS[format], "w")
        encoder.width, encoder.height, encoder.pix_fmt = source.width, source.height, source.av.format.name
        encoder.time_base = Fraction(1, 1_000_000)
        encoder.options = options
        packets = [*encoder.encode(private_frame(source.av, 0)), *encoder.encode(None)]
    except (av.error.FFmpegError, ValueError) as error:
        size = f"{source.width}x{source.height}"
        raise NotSupportedError(f"This build of FFmpeg writes no {format} picture of {size}: {error}") from error
    return b"".join(bytes(packet) for packet in packets)


def _avif(source: Picture, options: dict[str, str]) -> bytes:
    """AVIF is a file with an index: a container, where the others are what their encoder gives."""
    memory = io.BytesIO()
    with av.open(memory, "w", format="avif") as output:
        stream: Any = output.add_stream(_av1_encoder(), rate=1, options=options)
        stream.width, stream.height, stream.pix_fmt = source.width, source.height, source.av.format.name
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1_000_000)
        stream.codec_context.color_range = 1  # limited: what the pixels were made as
        open_encoder(stream.codec_context)
        output.mux([*stream.encode(private_frame(source.av, 0)), *stream.encode(None)])
    return memory.getvalue()


@cache
def _av1_encoder() -> str:
    """The first of FFmpeg's encoders that this build has.

    Raises: NotSupportedError (it has none).
    """
    for name in ("libaom-av1", "libsvtav1", "librav1e"):
        try:
            av.Codec(name, "w")
        except ValueError:  # PyAV's for a codec that is not there
            continue
        os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 talks to stderr past FFmpeg's log: errors only
        return name
    raise NotSupportedError("This build of FFmpeg writes no avif pictures: it has no encoder for AV1")


def _options(format: StillFormat, quality: float) -> dict[str, str]:
    if format == "jpeg":
        scale = str(round(2 + 29 * (1 - quality) ** 1.5))  # 2 … 31, near libjpeg's 95, 90, 80 … of a hundred
        return {"qmin": scale, "qmax": scale}
    if format == "avif":
        return {"crf": str(round(18 + 45 * (1 - quality))), "preset": "9", "cpu-used": "8", "svtav1-params": "avif=1"}
    if format == "webp":
        return {"quality": str(round(100 * quality)), "lossless": str(int(quality == 1))}
    return {}
