"""`Surface`: the pixels of one canvas, whose copies are made only when somebody needs them.

Not for: how to paint (``canvas_pixels.py``).

Rules of the file: what was lent does not change: the next stroke after that copies the pixels first, or takes new ones
where it covers them all. Any thread paints; one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams.errors import QuotaExceededError

if TYPE_CHECKING:
    from mediastreams.elements.canvas_pixels import Pixels

__all__ = ["Surface"]

_LARGEST: Final = 2**29  # pixels; 2 GiB of memory


class Surface:
    """A bitmap that begins as transparent black; `painting` changes it, `lend` gives it away unchanged.

    ``version`` counts the paintings, 0: nothing was ever painted.
    """

    def __init__(self, width: int, height: int, painted: Callable[[], None]) -> None:
        self.width = width
        self.height = height
        self.version = 0
        self._painted = painted
        self._pixels: Pixels | None = None
        self._lent = False
        self._lock = threading.Lock()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    @property
    def has_pixels(self) -> bool:
        """Whether there is anything to see: neither nothing, nor more than memory holds."""
        return 0 < self.width * self.height <= _LARGEST

    def resize(self, width: int, height: int) -> None:
        """Begin anew, in this size."""
        with self._lock:
            self.width, self.height = width, height
            self._pixels, self._lent = None, False
            self.version += 1
        self._painted()

    @contextmanager
    def painting(self, *, over_all: bool = False) -> Iterator[Pixels]:
        """Change the pixels; ``over_all`` promises that every one of them is written.

        Raises: QuotaExceededError (a canvas too large for memory).
        """
        with self._lock:
            if self._lent and self._pixels is not None:
                self._pixels = np.empty_like(self._pixels) if over_all else self._pixels.copy()
                self._lent = False
            yield self._present_pixels()
            self.version += 1
        self._painted()

    def lend(self, *, wait: bool = True) -> tuple[Pixels, int] | None:
        """The pixels as they are now and will stay, and their version. ``None``: being painted, and not to wait.

        Raises: QuotaExceededError.
        """
        if not self._lock.acquire(blocking=wait):
            return None
        try:
            pixels = self._present_pixels().view()
            pixels.flags.writeable = False
            self._lent = True
            return pixels, self.version
        finally:
            self._lock.release()

    def _present_pixels(self) -> Pixels:
        if self._pixels is None:
            if self.width * self.height > _LARGEST:
                raise QuotaExceededError(f"A canvas of {self.width}x{self.height} pixels is too large")
            self._pixels = np.zeros((self.height, self.width, 4), np.uint8)
        return self._pixels
