"""One picture as the bytes of a file: PNG and JPEG, by FFmpeg, which is here in any case.

Not for: recordings (``encoding/``).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import av

from mediastreams._engine.convert import to_format
from mediastreams._engine.frame_refs import private_frame

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture

__all__ = ["StillFormat", "has_transparency", "still"]

StillFormat: TypeAlias = Literal["png", "jpeg"]
_BEST_JPEG: Final[Mapping[str, str]] = MappingProxyType({"qmin": "2", "qmax": "2"})  # about quality 95


def has_transparency(picture: Picture) -> bool:
    """Whether the picture's format has an alpha channel."""
    return any(component.is_alpha for component in picture.av.format.components)


def still(picture: Picture, format: StillFormat = "png") -> bytes:
    """Encode a picture; PNG keeps transparency."""
    pixels = "yuvj420p" if format == "jpeg" else "rgba" if has_transparency(picture) else "rgb24"
    source = to_format(picture, pixels)
    encoder: Any = av.CodecContext.create("mjpeg" if format == "jpeg" else "png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = source.width, source.height, source.av.format.name
    encoder.time_base = Fraction(1, 1_000_000)
    if format == "jpeg":
        encoder.options = dict(_BEST_JPEG)
    packets = [*encoder.encode(private_frame(source.av, 0)), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
