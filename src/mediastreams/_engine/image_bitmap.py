"""`ImageBitmap`: one picture without a time, to be drawn or looked at.

Not for: pictures of a stream (``video_frame.py``), nor for encoding one (``still.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mediastreams._engine import convert
from mediastreams._engine.still import still
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    from mediastreams._engine.frames import Picture

__all__ = ["ImageBitmap"]


@public
class ImageBitmap:
    """A picture: a light handle on shared, immutable data, from `ImageCapture.grab_frame`. Any thread.

    A canvas draws it, ``VideoFrame(bitmap, timestamp=…)`` gives it a time, ``np.asarray(bitmap)`` is ``uint8 [height,
    width, 3]``, and Jupyter shows it.

    https://html.spec.whatwg.org/multipage/imagebitmap-and-animations.html#imagebitmap
    """

    __slots__ = ("__weakref__", "_picture")

    __init__ = illegal_constructor("They come from ImageCapture.grab_frame().")

    _picture: Picture | None

    @classmethod
    def _of(cls, picture: Picture) -> Self:
        self = cls.__new__(cls)
        self._picture = picture
        return self

    @property
    def width(self) -> int:
        """Pixels; 0 once closed."""
        return 0 if self._picture is None else self._picture.width

    @property
    def height(self) -> int:
        """Pixels; 0 once closed."""
        return 0 if self._picture is None else self._picture.height

    def close(self) -> None:
        """Let go of the picture. Idempotent.

        https://html.spec.whatwg.org/multipage/imagebitmap-and-animations.html#dom-imagebitmap-close
        """
        self._picture = None

    def _open(self, what: str) -> Picture:
        if self._picture is None:
            raise InvalidStateError(f"{what}: the bitmap was closed; use it before close()")
        return self._picture

    def to_ndarray(self, format: str = "rgb24") -> npt.NDArray[Any]:
        """The pixels as a read-only array, as of `VideoFrame.to_ndarray`; made once, in the caller's thread.

        Raises:
            InvalidStateError: the bitmap was closed.
            ValueError: an unknown format.
        """
        return convert.to_ndarray(self._open("to_ndarray"), format)

    def to_image(self) -> Image:
        """A PIL image, with pixels of its own.

        Raises:
            InvalidStateError: the bitmap was closed.
            ModuleNotFoundError: Pillow is not installed.
        """
        from mediastreams._engine.video_frame import VideoFrame

        return VideoFrame._of(self._open("to_image")).to_image()  # noqa: SLF001 - the way of every frame

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> npt.NDArray[Any]:
        pixels = self.to_ndarray()
        if copy or (dtype is not None and np.dtype(dtype) != pixels.dtype):
            return np.array(pixels, dtype)
        return pixels

    def _repr_png_(self) -> bytes | None:
        """Show the picture in Jupyter."""
        return None if self._picture is None else still(self._picture)

    def __repr__(self) -> str:
        return "<ImageBitmap closed>" if self._picture is None else f"<ImageBitmap {self.width}x{self.height}>"
