"""`CanvasRenderingContext2D`: drawing on a canvas, the part of it that NumPy and Pillow do well.

Not for: pixels' arithmetic (``canvas_pixels.py``), text and outlines (``canvas_pillow.py``).

Rules of the file: everything is checked before the first pixel is written; painting happens in the caller's thread, at
once. NOT-HERE: transformations, clipping, gradients, patterns, shadows, filters and modes of composition: draw
with NumPy, Pillow or OpenCV, and ``put_image_data`` the array.

https://html.spec.whatwg.org/multipage/canvas.html#2dcontext
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, overload

import numpy as np

from mediastreams._webidl.conversions import boolean, dom_string, double, unrestricted_double, wrong_type
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.elements.canvas_images import drawable, rgba_of
from mediastreams.elements.canvas_pixels import Box, Touched, clear, coverage, fill, opaque, paste, put
from mediastreams.elements.canvas_state import DrawingState
from mediastreams.elements.image_data import ImageData
from mediastreams.errors import DOMException

if TYPE_CHECKING:
    from mediastreams._rules.css_colours import Colour
    from mediastreams.elements.canvas_element import CanvasElement
    from mediastreams.elements.canvas_pillow import Mask, Outline, TextMetrics

__all__ = ["CanvasRenderingContext2D"]


@public
class CanvasRenderingContext2D(DrawingState):
    """Draws on its canvas: ``context = canvas.get_context("2d")``. Any thread, one at a time.

    Numbers are pixels from the left upper corner. A number that is infinite or NaN draws nothing, as in the standard.

    https://html.spec.whatwg.org/multipage/canvas.html#canvasrenderingcontext2d
    """

    __init__ = illegal_constructor('Call get_context("2d") of a canvas.')

    _canvas: CanvasElement
    _outline: Outline | None

    @classmethod
    def _create(cls, canvas: CanvasElement) -> CanvasRenderingContext2D:
        self = cls.__new__(cls)
        self._canvas = canvas
        self._reset()
        return self

    def _reset(self) -> None:
        self._begin_state()
        self._outline = None

    @property
    def canvas(self) -> CanvasElement:
        """What it draws on."""
        return self._canvas

    # ── rectangles ───────────────────────────────────────────────────────────────────────────────

    def fill_rect(self, x: float, y: float, w: float, h: float) -> None:
        """Fill a rectangle with `fill_style`.

        Raises:
            TypeError: not numbers.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-fillrect
        """
        surface, state = self._canvas._surface, self._state
        found = self._touched("fill_rect", x, y, w, h)
        if found is not None:
            box, cover = found
            over_all = box == (0, 0, *surface.size) and cover is None and state.fill[3] * state.alpha == 255
            with surface.painting(over_all=over_all) as pixels:
                fill(box.of(pixels), state.fill, state.alpha, cover)

    def clear_rect(self, x: float, y: float, w: float, h: float) -> None:
        """Make a rectangle transparent black.

        Raises:
            TypeError: not numbers.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-clearrect
        """
        surface = self._canvas._surface
        found = self._touched("clear_rect", x, y, w, h)
        if found is not None:
            box, cover = found
            with surface.painting(over_all=box == (0, 0, *surface.size) and cover is None) as pixels:
                clear(box.of(pixels), cover)

    def stroke_rect(self, x: float, y: float, w: float, h: float) -> None:
        """Draw the outline of a rectangle with `stroke_style` and `line_width`.

        Raises:
            TypeError: not numbers.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-strokerect
        """
        state, half = self._state, self._state.line_width / 2
        numbers = self._finite("stroke_rect", x, y, w, h)
        if numbers is None:
            return
        x, y, w, h = numbers
        x, y, w, h = min(x, x + w), min(y, y + h), abs(w), abs(h)
        found = coverage(x - half, y - half, w + 2 * half, h + 2 * half, self._canvas._surface.size)
        if found is None:
            return
        box, cover = found
        shown = np.ones((box.bottom - box.top, box.right - box.left), np.float32) if cover is None else cover.copy()
        inner = coverage(x + half, y + half, w - 2 * half, h - 2 * half, self._canvas._surface.size)
        if w > 2 * half and h > 2 * half and inner is not None:
            hole, part = inner
            left, top = hole.left - box.left, hole.top - box.top
            view = shown[top : top + hole.bottom - hole.top, left : left + hole.right - hole.left]
            view -= 1 if part is None else part
        with self._canvas._surface.painting() as pixels:
            fill(box.of(pixels), state.stroke, state.alpha, shown)

    def _finite(self, where: str, *values: float) -> list[float] | None:
        numbers = [unrestricted_double(value, where) for value in values]
        return numbers if all(map(math.isfinite, numbers)) else None

    def _touched(self, where: str, *rectangle: float) -> Touched | None:
        numbers = self._finite(where, *rectangle)
        if numbers is None:
            return None
        x, y, w, h = numbers
        return coverage(x, y, w, h, self._canvas._surface.size)

    # ── pictures ─────────────────────────────────────────────────────────────────────────────────

    @overload
    def draw_image(self, image: object, dx: float, dy: float, /) -> None: ...
    @overload
    def draw_image(self, image: object, dx: float, dy: float, dw: float, dh: float, /) -> None: ...
    @overload
    def draw_image(
        self,
        image: object,
        sx: float,
        sy: float,
        sw: float,
        sh: float,
        dx: float,
        dy: float,
        dw: float,
        dh: float,
        /,
    ) -> None: ...
    def draw_image(self, image: object, *places: float) -> None:
        """Draw a frame, an array, a PIL image, a canvas, an ImageData or what an element shows now.

        ``draw_image(image, x, y)`` in its own size, ``(image, x, y, width, height)`` scaled, or a part of it: ``(image,
        sx, sy, sw, sh, dx, dy, dw, dh)``. Edges are rounded to whole pixels.

        Raises:
            TypeError: nothing that shows a picture, or another number of arguments.
            InvalidStateError: the frame was closed, or a canvas without pixels.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-drawimage
        """
        if len(places) not in {2, 4, 8}:
            raise TypeError(f"draw_image: takes 2, 4 or 8 numbers after the image, not {len(places)}")
        # 1. Numbers.
        numbers = self._finite("draw_image", *places)
        # 2-3. The image.
        source = drawable(image)
        if numbers is None or not source.width or not source.height:
            return
        # 4. The two rectangles.
        if len(numbers) == 8:
            part, target = numbers[:4], numbers[4:]
        else:
            part = [0.0, 0.0, float(source.width), float(source.height)]
            target = numbers if len(numbers) == 4 else [*numbers, *part[2:]]
        placed = _placed(part, target, (source.width, source.height), self._canvas._surface.size)
        # 5. Nothing of it is left.
        if placed is None:
            return
        # 6. Paint.
        cut, to = placed
        patch = source.part(cut, to.right - to.left, to.bottom - to.top, smooth=self._state.smooth)
        inside = to.within(*self._canvas._surface.size)
        patch = patch[inside.top - to.top : inside.bottom - to.top, inside.left - to.left : inside.right - to.left]
        state, over_all = self._state, False
        if inside == (0, 0, *self._canvas._surface.size):
            over_all = state.alpha == 1 and opaque(patch)
        with self._canvas._surface.painting(over_all=over_all) as pixels:
            paste(inside.of(pixels), patch, state.alpha)

    # ── pixels ───────────────────────────────────────────────────────────────────────────────────

    def create_image_data(self, sw: int | ImageData, sh: int | None = None) -> ImageData:
        """Pixels of that size, transparent black; of another ImageData's size when that is given.

        Raises:
            TypeError: not numbers.
            ValueError: so many pixels do not fit into memory.
            DOMException: IndexSizeError, a side is 0.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-createimagedata
        """
        if isinstance(sw, ImageData):
            return ImageData(sw.width, sw.height)
        if sh is None:
            raise wrong_type("create_image_data: sh", "a number", sh)
        return ImageData(*(abs(math.trunc(double(side, "create_image_data"))) for side in (sw, sh)))

    def get_image_data(self, sx: int = 0, sy: int = 0, sw: int | None = None, sh: int | None = None) -> ImageData:
        """Copy pixels; what lies outside of the canvas is transparent black. Without arguments: all of them.

        Raises:
            TypeError: not numbers.
            ValueError: so many pixels do not fit into memory.
            DOMException: IndexSizeError, a side is 0.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-getimagedata
        """
        where, surface = "get_image_data", self._canvas._surface
        left, top = (math.trunc(double(value, where)) for value in (sx, sy))
        wide = math.trunc(double(surface.width - left if sw is None else sw, where))
        tall = math.trunc(double(surface.height - top if sh is None else sh, where))
        # 1. No pixels.
        if not wide or not tall:
            raise DOMException(f"get_image_data: {wide}x{tall} has no pixels", "IndexSizeError")
        # 2-5. Negative sizes count back.
        found = ImageData(abs(wide), abs(tall))
        left, top = min(left, left + wide), min(top, top + tall)
        inside = Box(left, top, left + found.width, top + found.height).within(*surface.size)
        if not inside.empty:
            lent = surface.lend()
            assert lent is not None
            target = Box(inside.left - left, inside.top - top, inside.right - left, inside.bottom - top)
            target.of(found._pixels)[...] = inside.of(lent[0])
        return found

    def put_image_data(
        self,
        image_data: object,
        dx: int = 0,
        dy: int = 0,
        dirty_x: int = 0,
        dirty_y: int = 0,
        dirty_width: int | None = None,
        dirty_height: int | None = None,
    ) -> None:
        """Put pixels as they are, transparent ones too: an ImageData, or an array ``uint8 [height, width, 4 or 3]``.

        An array of the canvas's size paints all of it. ``dirty_…``: only that part.

        Raises:
            TypeError: no array that shows a picture, or not numbers.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-putimagedata
        """
        where, surface = "put_image_data", self._canvas._surface
        source = rgba_of(image_data, where)
        tall, wide = source.shape[:2]
        x, y, left, top = (math.trunc(double(value, where)) for value in (dx, dy, dirty_x, dirty_y))
        right = wide if dirty_width is None else left + math.trunc(double(dirty_width, where))
        bottom = tall if dirty_height is None else top + math.trunc(double(dirty_height, where))
        dirty = Box(min(left, right), min(top, bottom), max(left, right), max(top, bottom)).within(wide, tall)
        target = Box(dirty.left + x, dirty.top + y, dirty.right + x, dirty.bottom + y).within(*surface.size)
        if target.empty:
            return
        cut = Box(target.left - x, target.top - y, target.right - x, target.bottom - y).of(source)
        with surface.painting(over_all=target == (0, 0, *surface.size)) as pixels:
            put(target.of(pixels), cut)

    # ── text and outlines, by Pillow ─────────────────────────────────────────────────────────────

    def fill_text(self, text: str, x: float, y: float, max_width: float | None = None) -> None:
        """Write a line of text with `fill_style` and `font`; wider than ``max_width`` it is made narrower.

        Raises:
            TypeError: not text or not numbers.
            ImportError: Pillow is not installed.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-filltext
        """
        from mediastreams.elements.canvas_pillow import text_mask

        state, text = self._state, dom_string(text, "fill_text: text")
        place = self._finite("fill_text", x, y)
        narrowed = None if max_width is None else unrestricted_double(max_width, "fill_text: max_width")
        if place is None or not text or (narrowed is not None and not narrowed > 0):
            return
        at = (place[0], place[1])
        mask = text_mask(text, at, state.font, state.align, state.baseline, self._canvas._surface.size, narrowed)
        self._cover(mask, state.fill)

    def measure_text(self, text: str) -> TextMetrics:
        """Tell how wide a text is in `font`.

        Raises:
            TypeError: not text.
            ImportError: Pillow is not installed.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-measuretext
        """
        from mediastreams.elements.canvas_pillow import measured

        return measured(dom_string(text, "measure_text: text"), self._state.font)

    def begin_path(self) -> None:
        """Forget the outline.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-beginpath
        """
        self._outline = None

    def _path(self) -> Outline:
        from mediastreams.elements.canvas_pillow import Outline

        if self._outline is None:
            self._outline = Outline()
        return self._outline

    def move_to(self, x: float, y: float) -> None:
        """Begin a part of the outline.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-moveto
        """
        if numbers := self._finite("move_to", x, y):
            self._path().move_to(*numbers)

    def line_to(self, x: float, y: float) -> None:
        """Go on straight.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-lineto
        """
        if numbers := self._finite("line_to", x, y):
            self._path().line_to(*numbers)

    def close_path(self) -> None:
        """Go back to where this part of the outline began.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-closepath
        """
        self._path().close()

    def rect(self, x: float, y: float, w: float, h: float) -> None:
        """Add a rectangle to the outline.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-rect
        """
        if numbers := self._finite("rect", x, y, w, h):
            self._path().rect(*numbers)

    def arc(
        self,
        x: float,
        y: float,
        radius: float,
        start_angle: float,
        end_angle: float,
        counterclockwise: bool = False,  # noqa: FBT001, FBT002 - by position, as the standard has it
    ) -> None:
        """Go on with a part of a circle; angles are radians, clockwise from the right.

        Raises:
            TypeError: not numbers.
            DOMException: IndexSizeError, a negative radius.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-arc
        """
        back = boolean(counterclockwise, "arc: counterclockwise")
        if numbers := self._finite("arc", x, y, radius, start_angle, end_angle):
            if numbers[2] < 0:
                raise DOMException(f"arc: a radius of {radius}", "IndexSizeError")
            self._path().arc(*numbers, back=back)

    def fill(self) -> None:
        """Fill the outline with `fill_style`.

        Raises:
            ImportError: Pillow is not installed.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-fill
        """
        self._cover(self._path().filled(self._canvas._surface.size), self._state.fill)

    def stroke(self) -> None:
        """Draw along the outline with `stroke_style` and `line_width`.

        Raises:
            ImportError: Pillow is not installed.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-stroke
        """
        self._cover(self._path().stroked(self._state.line_width, self._canvas._surface.size), self._state.stroke)

    def _cover(self, mask: Mask | None, colour: Colour) -> None:
        if mask is not None:
            with self._canvas._surface.painting() as pixels:
                fill(mask.box.of(pixels), colour, self._state.alpha, mask.cover)

    def __repr__(self) -> str:
        return f"<CanvasRenderingContext2D of {self._canvas!r}>"


def _placed(
    part: list[float], target: list[float], size: tuple[int, int], canvas: tuple[int, int]
) -> tuple[Box, Box] | None:
    """Which whole pixels of the source go to which of the canvas; ``None``: none at all.

    The source rectangle is cut to the picture, the target in proportion; one that is much larger than the canvas is cut
    to the canvas before it is scaled.
    """
    spans = []
    for side in (0, 1):
        first, last = sorted((part[side], part[side] + part[side + 2]))
        begin, end = sorted((target[side], target[side] + target[side + 2]))
        if first == last or begin == end:
            return None
        scale = (end - begin) / (last - first)
        cut_first, cut_last = max(first, 0.0), min(last, float(size[side]))
        if cut_first >= cut_last:
            return None
        begin, end = begin + (cut_first - first) * scale, end - (last - cut_last) * scale
        if end - begin > 2 * canvas[side] + 2:
            inner_begin, inner_end = max(begin, -1.0), min(end, canvas[side] + 1.0)
            if inner_begin >= inner_end:
                return None
            cut_first, cut_last = cut_first + (inner_begin - begin) / scale, cut_last - (end - inner_end) / scale
            begin, end = inner_begin, inner_end
        start = min(math.floor(cut_first + 0.5), size[side] - 1)
        stop = max(math.floor(cut_last + 0.5), start + 1)
        at, until = math.floor(begin + 0.5), math.floor(end + 0.5)
        if at >= until or until <= 0 or at >= canvas[side]:
            return None
        spans.append((start, stop, at, until))
    (left, right, to_left, to_right), (top, bottom, to_top, to_bottom) = spans
    return Box(left, top, right, bottom), Box(to_left, to_top, to_right, to_bottom)
