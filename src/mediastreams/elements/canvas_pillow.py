"""Text and outlines, which Pillow draws: masks of how much of each pixel they cover.

Not for: colours (``canvas_pixels.py``).

Rules of the file: Pillow is imported when it is needed, and whoever needs it without having it is told how to get it.
Outlines are drawn four times as large and reduced, which makes their edges smooth.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mediastreams._webidl.interfaces import public
from mediastreams.elements.canvas_pixels import Box

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Mask", "Outline", "TextMetrics", "measured", "parse_font", "text_mask"]

_FINE: Final = 4
_FAR: Final = 2**22  # Pillow reckons in 32 bits: what lies further out is drawn as if it lay there
_MOST_CHORDS: Final = 65_536  # of an arc: enough for a radius of millions of pixels
_FONT: Final = re.compile(r"(?:(?:normal|italic|bold|\d00)\s+)*(\d+(?:\.\d+)?)px(?:/\S+)?\s+(.+)")
_LARGEST_FONT: Final = 10_000.0
_GENERIC: Final = frozenset({"sans-serif", "serif", "monospace", "system-ui", "cursive", "fantasy"})
_ACROSS: Final = {"start": "l", "left": "l", "center": "m", "right": "r", "end": "r"}
_DOWN: Final = {"alphabetic": "s", "ideographic": "s", "top": "a", "hanging": "a", "middle": "m", "bottom": "d"}


@public
@dataclass(frozen=True, slots=True)
class TextMetrics:
    """How large a text is.

    https://html.spec.whatwg.org/multipage/canvas.html#textmetrics
    """

    width: float
    """How far the text goes on, in pixels."""


@dataclass(frozen=True, slots=True)
class Mask:
    """How much of each pixel in a box is covered, 0 … 1."""

    box: Box
    cover: npt.NDArray[np.float32]


def _pillow(what: str) -> tuple[Any, Any, Any]:
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise ImportError(f'{what} needs Pillow: pip install "mediastreams[images]"') from error
    return Image, ImageDraw, ImageFont


# --- text ---


def parse_font(font: str) -> tuple[float, tuple[str, ...]]:
    """Read size and families of a CSS font: ``"bold 24px DejaVuSans.ttf, sans-serif"``.

    Raises: ValueError.
    """
    match = _FONT.fullmatch(font.strip())
    if match is not None and float(match[1]) > _LARGEST_FONT:
        raise ValueError(f"a font of {match[1]} pixels is too large: {_LARGEST_FONT:g} at most")
    if match is None or not float(match[1]):
        raise ValueError(f"no font: {font!r}; a size in pixels and a family are needed, '24px sans-serif'")
    return float(match[1]), tuple(name.strip().strip("'\"") for name in match[2].split(","))


@lru_cache(maxsize=32)
def _font(font: str) -> Any:
    _, _, fonts = _pillow("text on a canvas")
    size, families = parse_font(font)
    for family in families:
        if family.lower() in _GENERIC:
            continue
        for name in (family, f"{family}.ttf"):
            try:
                return fonts.truetype(name, size)
            except OSError:  # not installed: the next one
                continue
    return fonts.load_default(size)


def measured(text: str, font: str) -> TextMetrics:
    """Measure a text.

    Raises: ImportError (Pillow is not installed).
    """
    return TextMetrics(float(_font(font).getlength(_spaced(text))))


def _spaced(text: str) -> str:
    """*The text preparation algorithm*: every kind of space is a space, hence one line.

    https://html.spec.whatwg.org/multipage/canvas.html#text-preparation-algorithm
    """
    return re.sub(r"[\t\n\f\r]", " ", text)


def text_mask(
    text: str,
    place: tuple[float, float],
    font: str,
    align: str,
    baseline: str,
    size: tuple[int, int],
    max_width: float | None,
) -> Mask | None:
    """Draw a text's shape; ``None`` when nothing of it is on the canvas.

    Raises: ImportError (Pillow is not installed).
    """
    image, draw, _ = _pillow("text on a canvas")
    shape, text = _font(font), _spaced(text)
    anchor = _ACROSS[align] + _DOWN[baseline]
    left, top, right, bottom = shape.getbbox(text, anchor=anchor)
    narrow = 1.0
    if max_width is not None and 0 < max_width < shape.getlength(text):
        narrow = max_width / shape.getlength(text)
    wide, tall = math.ceil(right - left) + 2, math.ceil(bottom - top) + 2
    drawn = image.new("L", (wide, tall))
    draw.Draw(drawn).text((1 - left, 1 - top), text, fill=255, font=shape, anchor=anchor)
    if narrow < 1:
        drawn = drawn.resize((max(round(wide * narrow), 1), tall))
    x, y = round(place[0] + (left - 1) * narrow), round(place[1] + top - 1)
    whole = Box(x, y, x + drawn.width, y + drawn.height)
    inside = whole.within(*size)
    if inside.empty:
        return None
    cover = np.asarray(drawn)[inside.top - y : inside.bottom - y, inside.left - x : inside.right - x]
    return Mask(inside, cover.astype(np.float32) / np.float32(255))


# --- outlines ---


class Outline:
    """*A path*: lines and arcs, the arcs as many short lines.

    https://html.spec.whatwg.org/multipage/canvas.html#concept-path
    """

    def __init__(self) -> None:
        self._parts: list[list[tuple[float, float]]] = []

    def move_to(self, x: float, y: float) -> None:
        """Begin a part."""
        self._parts.append([(x, y)])

    def line_to(self, x: float, y: float) -> None:
        """Go on straight."""
        if not self._parts:
            self.move_to(x, y)
        self._parts[-1].append((x, y))

    def close(self) -> None:
        """Go back to where this part began; what follows begins there."""
        if self._parts and len(self._parts[-1]) > 1:
            first = self._parts[-1][0]
            self._parts[-1].append(first)
            self.move_to(*first)

    def rect(self, x: float, y: float, w: float, h: float) -> None:
        """Add a part of four sides."""
        self._parts.append([(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)])
        self.move_to(x, y)

    def arc(self, x: float, y: float, radius: float, start: float, end: float, *, back: bool) -> None:
        """Go on an arc, clockwise unless ``back``; at most once around."""
        turn = 2 * math.pi
        if back:
            span = -turn if start - end >= turn else -((start - end) % turn)
        else:
            span = turn if end - start >= turn else (end - start) % turn
        steps = max(2, math.ceil(min(abs(span) * math.sqrt(max(radius, 1)) * 2, _MOST_CHORDS)))
        for step in range(steps + 1):
            angle = start + span * step / steps
            self.line_to(x + radius * math.cos(angle), y + radius * math.sin(angle))

    def _bounds(self, grow: float, size: tuple[int, int]) -> Box:
        points = [point for part in self._parts for point in part]
        if not points:
            return Box(0, 0, 0, 0)
        across, down = zip(*points, strict=True)
        box = Box(
            math.floor(max(min(across) - grow, -1)),
            math.floor(max(min(down) - grow, -1)),
            math.ceil(min(max(across) + grow, size[0] + 1)),
            math.ceil(min(max(down) + grow, size[1] + 1)),
        )
        return box.within(*size)

    def _fine(self, part: list[tuple[float, float]], box: Box) -> list[tuple[float, float]]:
        # Pillow's places are the middles of pixels, a canvas's their corners.
        return [(_near((x - box.left) * _FINE - 0.5), _near((y - box.top) * _FINE - 0.5)) for x, y in part]

    def filled(self, size: tuple[int, int]) -> Mask | None:
        """What lies inside; where parts overlap, inside of any.

        Raises: ImportError (Pillow is not installed).
        """
        image, draw, _ = _pillow("fill() of a canvas")
        box = self._bounds(0, size)
        if box.empty:
            return None
        drawn = image.new("L", ((box.right - box.left) * _FINE, (box.bottom - box.top) * _FINE))
        pen = draw.Draw(drawn)
        for part in self._parts:
            if len(part) > 2:
                pen.polygon(self._fine(part, box), fill=255)
        return Mask(box, _reduced(drawn))

    def stroked(self, width: float, size: tuple[int, int]) -> Mask | None:
        """A line along it.

        Raises: ImportError (Pillow is not installed).
        """
        image, draw, _ = _pillow("stroke() of a canvas")
        box = self._bounds(width, size)
        if box.empty:
            return None
        drawn = image.new("L", ((box.right - box.left) * _FINE, (box.bottom - box.top) * _FINE))
        pen = draw.Draw(drawn)
        for part in self._parts:
            if len(part) > 1:
                pen.line(self._fine(part, box), fill=255, width=max(round(width * _FINE), 1), joint="curve")
        return Mask(box, _reduced(drawn))


def _near(place: float) -> float:
    return min(max(place, -_FAR), _FAR)


def _reduced(drawn: Any) -> npt.NDArray[np.float32]:
    fine: npt.NDArray[np.uint8] = np.asarray(drawn)
    tall, wide = fine.shape[0] // _FINE, fine.shape[1] // _FINE
    cover: npt.NDArray[np.float32] = fine.reshape(tall, _FINE, wide, _FINE).mean(axis=(1, 3), dtype=np.float32)
    return cover / np.float32(255)
