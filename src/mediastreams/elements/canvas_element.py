"""`CanvasElement`: a drawing surface that is also a camera.

Not for: drawing itself (``canvas_rendering_context_2d.py``), nor the timing of captured frames (``canvas_capture.py``).

Rules of the file: painting is the program's, in its own thread; what follows from it (frames, events, call-backs) comes
on the owner loop. NOT-HERE: *origin-clean*: nothing comes from another origin here, so nothing is tainted.

https://html.spec.whatwg.org/multipage/canvas.html#the-canvas-element
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, overload

from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.frames import Picture
from mediastreams._engine.still import StillFormat, still
from mediastreams._engine.worker import start_thread
from mediastreams._webidl.conversions import dom_string, double, is_number, unsigned_long, wrong_type
from mediastreams._webidl.events import EventTarget
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import in_parallel, queue_task
from mediastreams.capture.media_stream import MediaStream
from mediastreams.elements.canvas_capture import CanvasCapture
from mediastreams.elements.canvas_images import Drawable
from mediastreams.elements.canvas_pixels import Pixels, opaque, paste
from mediastreams.elements.canvas_rendering_context_2d import CanvasRenderingContext2D
from mediastreams.elements.canvas_surface import Surface
from mediastreams.errors import InvalidStateError, NotSupportedError
from mediastreams.files.blob import Blob

if TYPE_CHECKING:
    import numpy.typing as npt
    from av import VideoFrame

    from mediastreams.elements.image_data import ImageData

__all__ = ["CanvasElement"]

_logger = logging.getLogger(__name__)
_FORMATS: Final[dict[str, StillFormat]] = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
_QUALITIES: Final = {"jpeg": 0.92, "webp": 0.8}


@public
class CanvasElement(EventTarget):
    """Pixels to draw on, and to capture: ``CanvasElement(640, 480)``.

    One line turns arrays into a camera: ``stream = canvas.capture_stream()``, then ``canvas.put_image_data(array)`` for
    every picture. ``canvas.get_context("2d")`` draws; the usual operations are here as well. Painting is allowed in
    any thread, one at a time; everything else belongs to the element's event loop.

    https://html.spec.whatwg.org/multipage/canvas.html#htmlcanvaselement
    """

    def __init__(self, width: int = 300, height: int = 150) -> None:
        """Make a canvas, transparent black.

        Raises:
            TypeError: not sizes.
        """
        super().__init__()
        width, height = unsigned_long(width, "CanvasElement: width"), unsigned_long(height, "CanvasElement: height")
        self._captures: tuple[CanvasCapture, ...] = ()
        self._look_due = False
        self._surface = Surface(width, height, self._painted)
        self._context: CanvasRenderingContext2D = CanvasRenderingContext2D._create(self)

    @property
    def width(self) -> int:
        """Pixels across; setting it, even to the same number, begins anew: transparent, nothing saved.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-canvas-width
        """
        return self._surface.width

    @width.setter
    def width(self, value: int) -> None:
        self._resize(unsigned_long(value, "CanvasElement.width"), self._surface.height)

    @property
    def height(self) -> int:
        """Pixels down; setting it begins anew, as `width` does.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-canvas-height
        """
        return self._surface.height

    @height.setter
    def height(self, value: int) -> None:
        self._resize(self._surface.width, unsigned_long(value, "CanvasElement.height"))

    def _resize(self, width: int, height: int) -> None:
        self._context._reset()
        self._surface.resize(width, height)

    def get_context(self, context_id: str, options: object = None) -> CanvasRenderingContext2D | None:  # noqa: ARG002
        """The drawing of this canvas: ``get_context("2d")``, the same object every time. ``None`` for other kinds.

        NOT-HERE: options; the canvas is in memory, sRGB, with transparency.

        Raises:
            TypeError: not text.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-canvas-getcontext
        """
        return self._context if dom_string(context_id, "get_context: context_id") == "2d" else None

    def _painted_frame(self) -> VideoFrame:
        """What is painted now, for ``VideoFrame(canvas, timestamp=…)``; shared until the next stroke. Any thread.

        https://html.spec.whatwg.org/multipage/canvas.html#check-the-usability-of-the-image-argument

        Raises: InvalidStateError (a canvas without pixels), QuotaExceededError (one that is too large for memory).
        """
        self._check_pixels()
        lent = self._surface.lend()
        assert lent is not None
        return frame_from_array(lent[0], "rgba", copy=False)

    def _check_pixels(self) -> None:
        if not (self.width and self.height):
            raise InvalidStateError("a canvas without pixels shows nothing: give it a width and a height")

    # ── the usual operations of its context ──────────────────────────────────────────────────────

    @property
    def fill_style(self) -> str:
        """The colour of `fill_rect`; see `CanvasRenderingContext2D.fill_style`."""
        return self._context.fill_style

    @fill_style.setter
    def fill_style(self, value: str) -> None:
        self._context.fill_style = value

    def fill_rect(self, x: float, y: float, w: float, h: float) -> None:
        """Fill a rectangle with `fill_style`.

        Raises:
            TypeError: not numbers.
        """
        self._context.fill_rect(x, y, w, h)

    def clear_rect(self, x: float, y: float, w: float, h: float) -> None:
        """Make a rectangle transparent black.

        Raises:
            TypeError: not numbers.
        """
        self._context.clear_rect(x, y, w, h)

    @overload
    def draw_image(self, image: object, dx: float = 0, dy: float = 0, /) -> None: ...
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
        """Draw a frame, an array, a PIL image, a canvas, an ImageData, or what a VideoElement shows now.

        As `CanvasRenderingContext2D.draw_image`; without numbers into the left upper corner.

        Raises:
            TypeError: nothing that shows a picture, or another number of arguments.
            InvalidStateError: the frame was closed, or a canvas without pixels.
        """
        self._context.draw_image(image, *(places or (0, 0)))

    def get_image_data(self, sx: int = 0, sy: int = 0, sw: int | None = None, sh: int | None = None) -> ImageData:
        """Copy pixels, all without arguments: ``np.asarray(canvas.get_image_data())`` is ``[height, width, 4]``.

        Raises:
            TypeError: not numbers.
            ValueError: so many pixels do not fit into memory.
            DOMException: IndexSizeError, a side is 0.
        """
        return self._context.get_image_data(sx, sy, sw, sh)

    def put_image_data(self, image_data: object, dx: int = 0, dy: int = 0) -> None:
        """Put pixels as they are; an array ``uint8 [height, width, 4 or 3]`` of the canvas's size paints all of it.

        Raises:
            TypeError: no array that shows a picture, or not numbers.
        """
        self._context.put_image_data(image_data, dx, dy)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:  # noqa: FBT001 - NumPy's
        """The pixels as `get_image_data` gives them: ``np.asarray(canvas)``; and ``VideoFrame(canvas, timestamp=…)``.

        Raises:
            InvalidStateError: a side is 0.
        """
        self._check_pixels()
        return self.get_image_data().__array__(dtype, copy)

    # ── files ────────────────────────────────────────────────────────────────────────────────────

    @overload
    def to_blob(
        self, callback: None = None, type: str = "image/png", quality: float | None = None
    ) -> Coroutine[Any, Any, Blob]: ...
    @overload
    def to_blob(
        self, callback: Callable[[Blob | None], object], type: str = "image/png", quality: float | None = None
    ) -> None: ...
    def to_blob(
        self,
        callback: Callable[[Blob | None], object] | None = None,
        type: str = "image/png",
        quality: float | None = None,
    ) -> object:
        """Encode the picture as it is now, off the loop: ``blob = await canvas.to_blob(type="image/jpeg")``.

        With a callback, as in the standard, that gets the Blob, or ``None`` where there is no picture, or none of that
        type. PNG, JPEG and WebP; any other type becomes PNG. ``quality`` is 0 … 1, other numbers are the default.

        Raises:
            TypeError: wrong arguments.
            InvalidStateError: a canvas without pixels, or too large for memory; without a callback.
            NotSupportedError: the type does not hold so large a picture; without a callback.
            RuntimeError: called outside the loop that owns the canvas; with a callback.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-canvas-toblob
        """
        if callback is not None and not callable(callback):
            raise wrong_type("to_blob: callback", "a function", callback)
        encode = self._encoding(type, quality, "to_blob")
        if callback is None:
            return self._encoded(encode)
        self._owner.check("CanvasElement.to_blob")
        whom = callback

        def work() -> None:
            queue_task(self._owner, whom, _if_possible(encode))

        start_thread("canvas-encode", work)
        return None

    async def _encoded(self, encode: Callable[[], Blob] | None) -> Blob:
        if encode is None:
            raise InvalidStateError(f"to_blob: a canvas of {self.width}x{self.height} has no picture")
        return await in_parallel(encode)

    def to_data_url(self, type: str = "image/png", quality: float | None = None) -> str:
        """Encode the picture into a ``data:`` URL; blocks, so `to_blob` is the better choice.

        ``"data:,"`` where there is no picture, or the type does not hold so large a one.

        Raises:
            TypeError: wrong arguments.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-canvas-todataurl
        """
        blob = _if_possible(self._encoding(type, quality, "to_data_url"))
        if blob is None:
            return "data:,"
        return f"data:{blob.type};base64,{base64.b64encode(bytes(blob)).decode('ascii')}"

    def _encoding(self, type: str, quality: float | None, where: str) -> Callable[[], Blob] | None:
        """*A serialization of the bitmap as a file*, to be made; ``None`` where there are no pixels.

        https://html.spec.whatwg.org/multipage/canvas.html#a-serialisation-of-the-bitmap-as-a-file
        """
        mime = dom_string(type, f"{where}: type").lower()
        mime = mime if mime in _FORMATS else "image/png"
        format = _FORMATS[mime]
        wanted = float(quality) if is_number(quality) else None  # type: ignore[arg-type]  # it is a number then
        chosen = wanted if wanted is not None and 0 <= wanted <= 1 else _QUALITIES.get(format)
        if not self._surface.has_pixels:
            return None
        lent = self._surface.lend()
        assert lent is not None
        pixels = lent[0]

        def encode() -> Blob:
            return Blob._made(still(_picture(pixels, format), format, chosen), mime)

        return encode

    # ── capture ──────────────────────────────────────────────────────────────────────────────────

    def capture_stream(
        self, frame_request_rate: float | None = None, *, frame_rate: float | None = None
    ) -> MediaStream:
        """A stream whose one track shows the canvas: a frame for each turn of the loop in which it was painted.

        Args:
            frame_request_rate: frames per second at most; 0: only when ``track.request_frame()`` asks.
            frame_rate: the same, short.

        The first frame is what is there already, if anything was ever painted. Sizes change with the canvas.

        Raises:
            NotSupportedError: a negative rate.
            TypeError: not a number, or both.
            RuntimeError: called outside the loop that owns the canvas.

        https://w3c.github.io/mediacapture-fromelement/#dom-htmlcanvaselement-capturestream
        """
        where = "CanvasElement.capture_stream"
        self._owner.check(where)
        if frame_request_rate is not None and frame_rate is not None:
            raise TypeError(f"{where}: frame_request_rate and frame_rate are the same: give one")
        given = frame_request_rate if frame_rate is None else frame_rate
        rate = None if given is None else double(given, where)
        if rate is not None and rate < 0:
            raise NotSupportedError(f"{where}: {rate:g} frames per second")
        capture = CanvasCapture(self, rate)
        track = capture.create_track()
        self._captures = (*self._captures, capture)
        self._painted()  # for the new one: a look at what is there
        return MediaStream([track])

    def _painted(self) -> None:
        """Something was drawn. Any thread; one look for all that is drawn in a turn of the loop."""
        if self._captures and not self._look_due:
            self._look_due = True
            queue_task(self._owner, self._look)

    def _look(self) -> None:
        self._look_due = False
        for capture in self._captures:
            capture.look()

    def _release(self, capture: CanvasCapture) -> None:
        self._captures = tuple(other for other in self._captures if other is not capture)

    # ── Python ───────────────────────────────────────────────────────────────────────────────────

    def _repr_png_(self) -> bytes | None:
        """Show the picture in Jupyter."""
        blob = _if_possible(self._encoding("image/png", None, "repr"))
        return None if blob is None else bytes(blob)

    def __repr__(self) -> str:
        return f"<CanvasElement {self.width}×{self.height}>"


def _if_possible(encode: Callable[[], Blob] | None) -> Blob | None:
    """Encode; where the type does not hold the picture there is none, as the standard has it."""
    try:
        return None if encode is None else encode()
    except NotSupportedError as error:
        _logger.warning("A canvas makes no file: %s", error.message)
        return None


def _picture(pixels: Pixels, format: StillFormat) -> Picture:
    """What is to be encoded: JPEG knows no transparency, its pictures lie on black."""
    if format == "jpeg" and not opaque(pixels):
        below = Drawable(None, pixels).pixels().copy()
        below[...] = (0, 0, 0, 255)
        paste(below, pixels)
        pixels = below
    return Picture.stamped(frame_from_array(pixels, "rgba", copy=False), 0)
