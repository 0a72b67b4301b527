"""What can be drawn onto a canvas, and its scaling: frames, arrays, PIL images, canvases, elements that play.

Not for: painting (``canvas_pixels.py``).

Rules of the file: a scaled frame goes through the engine's conversions, which remember what they made; scaling works on
whole pixels of both sides. What has transparency is scaled premultiplied, else the colours of what nobody sees bleed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mediastreams._engine import convert
from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.frames import Picture
from mediastreams._engine.image_bitmap import ImageBitmap
from mediastreams._engine.still import has_transparency
from mediastreams._engine.video_frame import VideoFrame
from mediastreams.elements.canvas_pixels import Box, Pixels, opaque
from mediastreams.elements.image_data import ImageData
from mediastreams.errors import InvalidStateError

__all__ = ["Drawable", "drawable", "rgba_of"]

if TYPE_CHECKING:
    import numpy.typing as npt


class Drawable:
    """One picture to draw: of a frame (``picture``), or of an array. ``width``, ``height``: its natural size."""

    def __init__(self, picture: Picture | None, pixels: Pixels | None, size: tuple[int, int] | None = None) -> None:
        self._picture = picture
        self._pixels = pixels
        if size is not None:
            self.width, self.height = size
        elif pixels is not None:
            self.width, self.height = pixels.shape[1], pixels.shape[0]
        else:
            assert picture is not None
            self.width, self.height = picture.width, picture.height

    def pixels(self) -> Pixels:
        """All of it as an array ``[height, width, 3 or 4]``."""
        if self._pixels is None:
            assert self._picture is not None
            self._pixels = cast("Pixels", convert.to_ndarray(self._picture, "rgba"))  # four bytes are copied faster
        return self._pixels

    def part(self, box: Box, width: int, height: int, *, smooth: bool) -> Pixels:
        """Cut out a part, whole pixels of its natural size, and scale it."""
        whole = box == (0, 0, self.width, self.height)
        if (
            self._picture is not None
            and self._pixels is None
            and whole
            and smooth
            and not has_transparency(self._picture)
        ):
            return Drawable(convert.scaled(self._picture, width, height), None).pixels()
        pixels = self.pixels()
        tall, wide = pixels.shape[:2]
        if (wide, tall) != (self.width, self.height):  # of a frame whose pixels are not square
            box = _times(box, wide / self.width, tall / self.height).within(wide, tall)
        return _scaled(box.of(pixels), width, height, smooth=smooth)


def _times(box: Box, across: float, down: float) -> Box:
    left, top = int(box.left * across), int(box.top * down)
    return Box(left, top, max(round(box.right * across), left + 1), max(round(box.bottom * down), top + 1))


def _scaled(pixels: Pixels, width: int, height: int, *, smooth: bool) -> Pixels:
    tall, wide = pixels.shape[:2]
    if (wide, tall) == (width, height):
        return pixels
    if not smooth:
        rows = np.arange(height) * tall // height
        columns = np.arange(width) * wide // width
        picked: Pixels = pixels[rows[:, None], columns[None, :]]
        return picked
    clear = not opaque(pixels)
    if clear:
        pixels = pixels.copy()
        pixels[..., :3] = (pixels[..., :3] * (pixels[..., 3:] / np.float32(255)) + 0.5).astype(np.uint8)
    format = "rgba" if pixels.shape[2] == 4 else "rgb24"
    source = Picture.stamped(frame_from_array(np.ascontiguousarray(pixels), format, copy=True), 0)
    made = cast("Pixels", convert.to_ndarray(convert.scaled(source, width, height), format))
    if clear:
        made = made.copy()
        strength = np.maximum(made[..., 3:], 1) / np.float32(255)
        made[..., :3] = np.minimum(made[..., :3] / strength + 0.5, 255).astype(np.uint8)
    return made


def drawable(image: object) -> Drawable:
    """*Check the usability of the image argument*, and take it as it is now.

    https://html.spec.whatwg.org/multipage/canvas.html#check-the-usability-of-the-image-argument

    Raises: TypeError (nothing that shows a picture), InvalidStateError (a closed frame, a canvas without pixels).
    """
    from mediastreams.elements.canvas_element import CanvasElement

    if isinstance(image, VideoFrame):
        return _of_frame(image)
    if isinstance(image, ImageBitmap):
        return Drawable(image._open("draw_image"), None)
    if isinstance(image, CanvasElement):
        if not image.width or not image.height:
            raise InvalidStateError("draw_image: the canvas to be drawn has no pixels")
        lent = image._surface.lend()
        assert lent is not None
        return Drawable(None, lent[0])
    shown = getattr(image, "_current_picture", None)
    if callable(shown):  # a VideoElement; one that shows nothing yet has no size
        picture = shown()
        return Drawable(None, np.zeros((0, 0, 4), np.uint8)) if picture is None else _of_frame(VideoFrame._of(picture))
    if hasattr(image, "mode") and hasattr(image, "convert"):  # a PIL image
        clear = image.mode in {"RGBA", "LA", "PA", "RGBa"} or "transparency" in getattr(image, "info", {})
        return Drawable(None, np.asarray(image.convert("RGBA" if clear else "RGB")))
    return Drawable(None, rgba_of(image, "draw_image"))


def _of_frame(frame: VideoFrame) -> Drawable:
    picture = frame._open("draw_image")
    size = (frame.display_width, frame.display_height)
    if not frame.rotation and not frame.flip:
        return Drawable(picture, None, size)
    pixels = np.rot90(Drawable(picture, None).pixels(), -frame.rotation // 90)
    return Drawable(None, pixels[:, ::-1] if frame.flip else pixels, size)


def rgba_of(image: object, where: str) -> Pixels:
    """The pixels of an array or ImageData, ``[height, width, 3 or 4]``; what is grey gets three equal channels.

    Raises: TypeError (no array of bytes, or none that shows a picture).
    """
    if isinstance(image, ImageData):
        return image._pixels
    if isinstance(image, (str, bytes, bytearray)) or not hasattr(image, "__array__"):
        raise TypeError(
            f"{where}: a {type(image).__name__} is no picture; pass a VideoFrame, an array, a PIL image, a canvas, an "
            "ImageData or a VideoElement"
        )
    array: npt.NDArray[Any] = np.asarray(image)
    if array.dtype != np.uint8:
        cure = "multiply by 255 and cast with .astype('uint8')" if array.dtype.kind == "f" else "cast it first"
        raise TypeError(f"{where}: the array must be uint8, not {array.dtype}: {cure}")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in {1, 3, 4}:
        raise TypeError(f"{where}: an array {list(array.shape)} is no picture; it must be [height, width, 3 or 4]")
    return np.broadcast_to(array, (*array.shape[:2], 3)) if array.shape[2] == 1 else array
