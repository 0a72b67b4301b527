"""How V4L2's pixel formats lie in memory, and what FFmpeg calls them.

Not for: copying (``v4l2_pictures.py``). Data only.
https://docs.kernel.org/userspace-api/media/v4l/pixfmt.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["COMPRESSED", "LAYOUTS", "Layout", "PlaneRule", "cost_of"]

COMPRESSED: Final = {"MJPG": "mjpeg", "JPEG": "mjpeg"}
"""Pixel formats that a decoder turns into pictures."""


@dataclass(frozen=True, slots=True)
class PlaneRule:
    """One plane: ``unit`` bytes for every ``per`` pixels of a line; one line for every ``lines`` of the picture.

    The driver names the bytes per line of the first plane only; this plane's are ``stride`` halves of them.
    """

    target: int
    unit: int
    per: int = 1
    lines: int = 1
    stride: int = 2

    def line_bytes(self, width: int) -> int:
        return -(-width // self.per) * self.unit

    def line_count(self, height: int) -> int:
        return -(-height // self.lines)


@dataclass(frozen=True, slots=True)
class Layout:
    """An uncompressed format: FFmpeg's name, its planes in the order they lie in, what it costs to use.

    ``cost`` counts what is lost or has to be computed: video sizes of 4:2:0 and 4:2:2 are native to encoders,
    RGB needs a conversion and more bus, grey has no colour.
    """

    name: str
    planes: tuple[PlaneRule, ...]
    cost: int
    memory_planes: int = 1
    rgb: bool = False


_Y: Final = PlaneRule(0, 1)


def _packed(name: str, unit: int, cost: int, *, per: int = 1, rgb: bool = False) -> Layout:
    return Layout(name, (PlaneRule(0, unit, per),), cost, rgb=rgb)


def _three(name: str, order: tuple[int, int], *, per: int, lines: int, cost: int, memory_planes: int = 1) -> Layout:
    stride = 2 // per
    chroma = tuple(PlaneRule(target, 1, per, lines, stride) for target in order)
    return Layout(name, (_Y, *chroma), cost, memory_planes)


def _two(name: str, *, per: int, lines: int, cost: int, memory_planes: int = 1) -> Layout:
    return Layout(name, (_Y, PlaneRule(1, 2, per, lines, 4 // per)), cost, memory_planes)


LAYOUTS: Final[dict[str, Layout]] = {
    "NV12": _two("nv12", per=2, lines=2, cost=0),
    "NV21": _two("nv21", per=2, lines=2, cost=0),
    "YU12": _three("yuv420p", (1, 2), per=2, lines=2, cost=0),
    "YV12": _three("yuv420p", (2, 1), per=2, lines=2, cost=0),
    "YUYV": _packed("yuyv422", 4, 1, per=2),
    "UYVY": _packed("uyvy422", 4, 1, per=2),
    "YVYU": _packed("yvyu422", 4, 1, per=2),
    "422P": _three("yuv422p", (1, 2), per=2, lines=1, cost=1),
    "NV16": _two("nv16", per=2, lines=1, cost=1),
    "NV24": _two("nv24", per=1, lines=1, cost=2),
    "NM12": _two("nv12", per=2, lines=2, cost=0, memory_planes=2),
    "NM21": _two("nv21", per=2, lines=2, cost=0, memory_planes=2),
    "NM16": _two("nv16", per=2, lines=1, cost=1, memory_planes=2),
    "YM12": _three("yuv420p", (1, 2), per=2, lines=2, cost=0, memory_planes=3),
    "YM21": _three("yuv420p", (2, 1), per=2, lines=2, cost=0, memory_planes=3),
    "YM16": _three("yuv422p", (1, 2), per=2, lines=1, cost=1, memory_planes=3),
    "YM24": _three("yuv444p", (1, 2), per=1, lines=1, cost=2, memory_planes=3),
    "RGB3": _packed("rgb24", 3, 4, rgb=True),
    "BGR3": _packed("bgr24", 3, 4, rgb=True),
    "XR24": _packed("bgr0", 4, 4, rgb=True),
    "AR24": _packed("bgr0", 4, 5, rgb=True),  # a camera has no alpha, and drivers leave 0 there
    "BGR4": _packed("bgr0", 4, 5, rgb=True),
    "XB24": _packed("rgb0", 4, 4, rgb=True),
    "AB24": _packed("rgb0", 4, 5, rgb=True),
    "BX24": _packed("0rgb", 4, 5, rgb=True),
    "RGB4": _packed("0rgb", 4, 5, rgb=True),
    "BA24": _packed("0rgb", 4, 5, rgb=True),
    "RGBP": _packed("rgb565le", 2, 20, rgb=True),
    "GREY": _packed("gray", 1, 30),
    "Y16 ": _packed("gray16le", 2, 31),
}
_COMPRESSED_COST: Final = 10


def cost_of(pixel_format: str) -> int | None:
    """Rank of a pixel format, lower is better; ``None`` for one that we cannot read."""
    if pixel_format in COMPRESSED:
        return _COMPRESSED_COST
    layout = LAYOUTS.get(pixel_format)
    return None if layout is None else layout.cost
