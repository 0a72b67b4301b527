"""Painting on arrays: rectangles, patches, what covers a pixel in part.

Not for: what is painted (``canvas_images.py``), nor when (``canvas_surface.py``).

Rules of the file: pixels are ``uint8 [height, width, 4]``, red, green, blue, alpha, not premultiplied, as
`get_image_data` shows them. What lies outside of the canvas is cut off. Places between pixels cover them in part.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from mediastreams._rules.css_colours import Colour

__all__ = ["Box", "Pixels", "Touched", "clear", "coverage", "fill", "opaque", "paste", "put"]

Pixels: TypeAlias = npt.NDArray[np.uint8]
_Cover: TypeAlias = npt.NDArray[np.float32]


class Box(NamedTuple):
    """Whole pixels: from left, top up to right, bottom."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Whether there are no pixels in it."""
        return self.left >= self.right or self.top >= self.bottom

    def within(self, width: int, height: int) -> Box:
        """The part that lies in a picture of that size."""
        return Box(max(self.left, 0), max(self.top, 0), min(self.right, width), min(self.bottom, height))

    def of(self, pixels: Pixels) -> Pixels:
        """View this part of a picture."""
        return pixels[self.top : self.bottom, self.left : self.right]


Touched: TypeAlias = tuple[Box, "_Cover | None"]
"""The pixels that something touches, and how much of each it covers (``None``: all of them wholly)."""


def coverage(x: float, y: float, width: float, height: float, size: tuple[int, int]) -> Touched | None:
    """Which pixels of a canvas a rectangle touches.

    Negative sizes count back from the corner. ``None`` when it touches none.
    """
    left, right = sorted((x, x + width))
    top, bottom = sorted((y, y + height))
    columns, rows = size
    left, right = max(left, 0.0), min(right, float(columns))
    top, bottom = max(top, 0.0), min(bottom, float(rows))
    if left >= right or top >= bottom:
        return None
    box = Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    if (left, top, right, bottom) == box:
        return box, None
    across = _covered(left, right, box.left, box.right)
    down = _covered(top, bottom, box.top, box.bottom)
    return box, down[:, None] * across[None, :]


def _covered(start: float, end: float, first: int, last: int) -> _Cover:
    places = np.arange(first, last, dtype=np.float64)
    return (np.minimum(places + 1, end) - np.maximum(places, start)).astype(np.float32)


def opaque(pixels: Pixels) -> bool:
    """Whether nothing shines through."""
    if pixels.shape[2] == 3 or not pixels.size:
        return True
    if pixels.strides[2] == 1:  # ten times as fast: the least of all pixels, read as one number with alpha on top
        return int(pixels.view("<u4").min()) >= 0xFF000000
    return bool((pixels[..., 3] == 255).all())


def fill(pixels: Pixels, colour: Colour, alpha: float = 1.0, cover: _Cover | None = None) -> None:
    """Paint a colour over all of these pixels (*source-over*); ``cover`` says how much of each."""
    strength = alpha * colour[3] / 255
    if strength >= 1 and cover is None:
        pixels.view("<u4")[...] = int.from_bytes((*colour[:3], 255), "little")  # a pixel at once, not its bytes
        return
    if strength <= 0:
        return
    weight = np.float32(strength) if cover is None else cover * np.float32(strength)
    _blend(pixels, np.array(colour[:3], np.float32), np.broadcast_to(weight, pixels.shape[:2]))


def clear(pixels: Pixels, cover: _Cover | None = None) -> None:
    """Make these pixels transparent black, or as much of them as is covered."""
    if cover is None:
        pixels[...] = 0
        return
    left = pixels[..., 3] * (1 - cover)
    pixels[..., 3] = np.rint(left).astype(np.uint8)
    pixels[pixels[..., 3] == 0] = 0


def put(pixels: Pixels, patch: Pixels) -> None:
    """Write a picture of the same size in place of these pixels; one with three channels is opaque."""
    if patch.shape[2] == 4:
        pixels[...] = patch
        return
    for channel in range(3):  # five times as fast as all three in one go
        pixels[..., channel] = patch[..., channel]
    pixels[..., 3] = 255


def paste(pixels: Pixels, patch: Pixels, alpha: float = 1.0) -> None:
    """Paint a picture of the same size over these pixels (*source-over*); with three channels it is opaque."""
    if alpha <= 0:
        return
    if alpha >= 1 and opaque(patch):
        put(pixels, patch)
        return
    weight = np.full(patch.shape[:2], alpha, np.float32)
    if patch.shape[2] == 4:
        weight *= patch[..., 3] / np.float32(255)
    _blend(pixels, patch[..., :3].astype(np.float32), weight)


def _blend(pixels: Pixels, colour: _Cover, weight: _Cover) -> None:
    """*Source-over*.

    https://drafts.fxtf.org/compositing-1/#porterduffcompositingoperators_srcover
    """
    weight = weight[..., None]
    below = pixels[..., 3:].astype(np.float32) / 255 * (1 - weight)
    whole = weight + below
    mixed = (colour * weight + pixels[..., :3] * below) / np.maximum(whole, np.float32(1e-6))
    pixels[..., :3] = np.rint(mixed).astype(np.uint8)
    pixels[..., 3:] = np.rint(whole * 255).astype(np.uint8)
