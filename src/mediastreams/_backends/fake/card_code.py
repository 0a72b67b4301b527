"""The number of a frame, written into its picture so that a program can read it back after lossy compression.

Not for: drawing the rest of the picture (``test_card.py``).

A magenta frame in the middle of the picture holds 6 × 4 black and white blocks: 18 bits of counter, then 6 of check.
It is found by its colour, looking outwards from the middle, so scaling and cropping about the middle do not matter.
Below it is the flash: black, or white.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["COUNTER_RANGE", "CodeBox", "bits_of", "code_box", "read_counter", "read_flash"]

_COLUMNS: Final = 6
_ROWS: Final = 4
_COUNTER_BITS: Final = 18
COUNTER_RANGE: Final = 1 << _COUNTER_BITS
"""Counters wrap around here: after two hours at 30 frames a second."""
_LEAST_MAGENTA: Final = 60


@dataclass(frozen=True, slots=True)
class CodeBox:
    """Where the code stands: left and top of the magenta frame, and the size of one block. All even, for the chroma."""

    left: int
    top: int
    across: int
    down: int

    @property
    def outer(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the frame."""
        return self.left, self.top, self.left + (_COLUMNS + 2) * self.across, self.top + (_ROWS + 2) * self.down

    @property
    def inner(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the blocks."""
        left, top, right, bottom = self.outer
        return left + self.across, top + self.down, right - self.across, bottom - self.down

    @property
    def flash(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the flash."""
        left, _, right, bottom = self.outer
        return left, bottom, right, bottom + 2 * self.down


def code_box(width: int, height: int) -> CodeBox:
    """Place the code in a picture: small enough to survive a crop from 16:9 to 9:16."""
    across = max(2, round(width * 0.0175) * 2)
    down = max(2, round(height * 0.025) * 2)
    return CodeBox((width - 8 * across) // 4 * 2, (height - 6 * down) // 4 * 2, across, down)


def bits_of(counter: int) -> npt.NDArray[np.bool_]:
    """Spread a counter and its check over the blocks, most significant bit first."""
    counter %= COUNTER_RANGE
    word = counter << 6 | _check(counter)
    return np.array([word >> shift & 1 for shift in range(_COLUMNS * _ROWS - 1, -1, -1)], bool).reshape(_ROWS, _COLUMNS)


def _check(counter: int) -> int:
    return (counter * 37 ^ counter >> 6 ^ counter >> 12 ^ 0b101101) & 63


def read_counter(picture: npt.NDArray[np.uint8]) -> int:
    """Read the frame counter of a fake camera's or screen's picture.

    Args:
        picture: ``rgb24``, ``uint8 [height, width, 3]``; scaled, cropped about the middle or compressed as may be.

    Raises:
        ValueError: there is no counter in it, or it is not readable.
    """
    luma, left, top, across, down = _located(picture)
    word = 0
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            word = word << 1 | (_level(luma, left + (column + 1) * across, top + (row + 1) * down, across, down) > 127)
    counter, check = word >> 6, word & 63
    if check != _check(counter):
        raise ValueError("the frame counter of the picture is damaged")
    return counter


def read_flash(picture: npt.NDArray[np.uint8]) -> bool:
    """Say whether the flash of a fake camera is lit in a picture (``rgb24``).

    Raises:
        ValueError: it is no picture of a fake camera.
    """
    luma, left, top, across, down = _located(picture)
    return _level(luma, left + 3.5 * across, top + 6.5 * down, across, down) > 127


def _level(luma: npt.NDArray[np.float32], x: float, y: float, across: float, down: float) -> float:
    """Average the middle of the block around a point."""
    wide, high = max(0.5, across * 0.2), max(0.5, down * 0.2)
    part = luma[max(0, round(y - high)) : round(y + high) + 1, max(0, round(x - wide)) : round(x + wide) + 1]
    if part.size == 0:
        raise ValueError("the frame counter of the picture is cut off")
    return float(part.mean())


def _located(picture: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], float, float, float, float]:
    """Find the magenta frame: the middle of its left and of its upper side, and the size of a block."""
    if picture.ndim != 3 or picture.shape[2] < 3:
        raise ValueError(f"a picture as rgb24 is needed, not an array of shape {picture.shape}")
    height, width = picture.shape[:2]
    part = picture[..., :3].astype(np.float32)
    magenta = np.minimum(part[..., 0], part[..., 2]) - part[..., 1]
    across = magenta[max(0, height // 2 - 1) : height // 2 + 2].mean(axis=0)
    along = magenta[:, max(0, width // 2 - 1) : width // 2 + 2].mean(axis=1)
    left, right = _sides(across)
    top, bottom = _sides(along)
    luma = part @ np.array([0.299, 0.587, 0.114], np.float32)
    return luma, left, top, (right - left) / (_COLUMNS + 1), (bottom - top) / (_ROWS + 1)


def _sides(strength: npt.NDArray[np.float32]) -> tuple[float, float]:
    """The middles of the first magenta stretches on both sides of the middle."""
    middle = len(strength) // 2
    is_magenta = strength > max(_LEAST_MAGENTA, float(strength.max()) * 0.5)
    before = _stretch(is_magenta[:middle][::-1])
    after = _stretch(is_magenta[middle:])
    return middle - 1 - before, middle + after


def _stretch(flags: npt.NDArray[np.bool_]) -> float:
    """The middle of the first stretch of true values."""
    if not flags.any():
        raise ValueError("there is no frame counter in the picture")
    first = int(flags.argmax())
    rest = flags[first:]
    length = len(rest) if rest.all() else int(rest.argmin())
    return first + (length - 1) / 2
