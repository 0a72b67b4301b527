"""`ImageData`: pixels taken from a canvas, or to be put onto one.

https://html.spec.whatwg.org/multipage/imagebitmap-and-animations.html#imagedata
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mediastreams._webidl.conversions import is_number, unsigned_long, wrong_type
from mediastreams._webidl.interfaces import public
from mediastreams.errors import DOMException

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams.elements.canvas_pixels import Pixels

__all__ = ["ImageData"]


@public
class ImageData:
    """Pixels of one's own: ``ImageData(width, height)``, transparent black, or ``ImageData(rgba_bytes, width)``.

    ``np.asarray(image_data)`` is ``uint8 [height, width, 4]``, writable; ``data`` is the same memory, flat. Red, green,
    blue, alpha, not premultiplied.

    https://html.spec.whatwg.org/multipage/imagebitmap-and-animations.html#imagedata
    """

    def __init__(self, data_or_width: object, width_or_height: int, height: int | None = None, /) -> None:
        """*The ImageData constructors*.

        Raises:
            TypeError: neither numbers nor bytes.
            ValueError: so many pixels do not fit into memory.
            DOMException: IndexSizeError when a side is 0 or bytes and width do not fit; InvalidStateError when there
                are no bytes, or not whole pixels.

        https://html.spec.whatwg.org/multipage/imagebitmap-and-animations.html#dom-imagedata
        """
        side = unsigned_long(width_or_height, "ImageData")
        if is_number(data_or_width):
            width = unsigned_long(data_or_width, "ImageData: width")
            if not width or not side:
                raise DOMException(f"ImageData: {width}x{side} has no pixels", "IndexSizeError")
            try:
                self._pixels: Pixels = np.zeros((side, width, 4), np.uint8)
            except (MemoryError, ValueError):  # the latter where no number is so large
                raise ValueError(f"ImageData: {width}x{side} pixels do not fit into memory") from None
            return
        try:
            flat = np.frombuffer(cast("Any", data_or_width), np.uint8)
        except TypeError:
            raise wrong_type("ImageData", "a width or bytes", data_or_width) from None
        if not flat.size or flat.size % 4:
            raise DOMException(f"ImageData: {flat.size} bytes are no whole pixels", "InvalidStateError")
        if not side or flat.size // 4 % side or (height is not None and flat.size != 4 * side * height):
            raise DOMException(f"ImageData: {flat.size // 4} pixels do not fit a width of {side}", "IndexSizeError")
        self._pixels = flat.reshape(-1, side, 4).copy()

    @classmethod
    def _of(cls, pixels: Pixels) -> ImageData:
        self = cls.__new__(cls)
        self._pixels = pixels
        return self

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self._pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self._pixels.shape[0])

    @property
    def data(self) -> npt.NDArray[np.uint8]:
        """All bytes in a row: ``data[4 * (y * width + x)]`` is the red of a pixel. Writable."""
        return self._pixels.reshape(-1)

    @property
    def color_space(self) -> str:
        """``"srgb"``."""
        return "srgb"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:  # noqa: FBT001 - NumPy's
        array = self._pixels if dtype is None else self._pixels.astype(dtype, copy=False)
        return array.copy() if copy else array

    def __repr__(self) -> str:
        return f"<ImageData {self.width}×{self.height}>"
