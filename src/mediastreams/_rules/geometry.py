"""Sizes: what part of a source's picture a track of another size shows, and how big it comes out.

Not for: pixels. Rules of the file: whole pixels; nothing is stretched or enlarged, as ``crop-and-scale`` demands.

https://w3c.github.io/mediacapture-main/#dfn-crop-and-scale
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Rect", "cover", "output_size"]


class Rect(NamedTuple):
    """A rectangle of whole pixels within a picture."""

    left: int
    top: int
    width: int
    height: int


def cover(source_width: int, source_height: int, width: int, height: int, align: tuple[int, int] = (2, 2)) -> Rect:
    """Cut the largest centred part of the target's aspect ratio out of a source.

    ``align`` is what left and top are multiples of: 2 where pixels share chroma samples. The part is at least as
    big as the target wherever the source is.
    """
    fits = source_width >= width and source_height >= height
    if source_width * height > source_height * width:  # the source is wider: cut left and right
        part_height = source_height
        part_width = max(_nearest(source_height * width, height), width if fits else 1)
    else:
        part_width = source_width
        part_height = max(_nearest(source_width * height, width), height if fits else 1)
    part_width, part_height = min(part_width, source_width), min(part_height, source_height)
    return Rect(
        _aligned((source_width - part_width) // 2, align[0]),
        _aligned((source_height - part_height) // 2, align[1]),
        part_width,
        part_height,
    )


def output_size(
    source_width: int, source_height: int, width: int | None, height: int | None, *, enlarge: bool = False
) -> tuple[int, int]:
    """Answer the size that a source comes out with when ``width`` x ``height`` is wanted.

    A missing side follows from the source's aspect ratio. Where the source is smaller than wanted the result keeps the
    wanted aspect ratio and shrinks until the source fills it, unless ``enlarge``. Sides that are not the
    caller's own numbers are even.
    """
    if width is None and height is None:
        return source_width, source_height
    if width is None:
        width = source_width if height == source_height else _even(source_width * (height or 1), source_height)
    elif height is None:
        height = source_height if width == source_width else _even(source_height * width, source_width)
    assert height is not None
    if enlarge or (width <= source_width and height <= source_height):
        return width, height
    if source_width * height < source_height * width:  # the width is what lacks most
        return source_width, min(_even(source_width * height, width), max(1, source_height))
    return min(_even(source_height * width, height), max(1, source_width)), source_height


def _nearest(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _even(numerator: int, denominator: int) -> int:
    """The even number nearest to a quotient, at least 2."""
    return max(2, 2 * _nearest(numerator, 2 * denominator))


def _aligned(value: int, step: int) -> int:
    return value - value % step
