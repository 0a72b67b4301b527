"""`Gain`: a factor for sound that changes in a ramp, not in a step that clicks.

Not for: a player's volume, which takes one block of its output (``playout.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

__all__ = ["Gain"]


class Gain:
    """A factor on its way to another. `go_to` from any thread; `apply` by whoever has the sound, block after block."""

    def __init__(self, value: float) -> None:
        self._now = value
        self._target = value
        self._left = 0  # samples of the ramp that are still to come
        self._wish: tuple[float, int] | None = None  # replaced as a whole

    @property
    def target(self) -> float:
        """Where it is going, or has come."""
        wish = self._wish
        return self._target if wish is None else wish[0]

    @property
    def steady(self) -> bool:
        """Whether it has come there."""
        return self._wish is None and self._left == 0

    def go_to(self, value: float, samples: int) -> None:
        """Be another factor after so many samples, from the next block on. The latest wish counts."""
        self._wish = (value, samples)

    def apply(self, samples: Samples | None, length: int) -> Samples | None:
        """Answer a block times the factor; ``None`` is silence of that length, in which a ramp goes on."""
        wish, self._wish = self._wish, None
        if wish is not None:
            self._target, self._left = wish[0], wish[1]
            if not self._left:
                self._now = self._target
        if not self._left:
            if samples is None or self._now == 0:
                return None
            return samples if self._now == 1 else samples * np.float32(self._now)
        count = min(self._left, length)
        step = (self._target - self._now) / self._left
        factors = np.full(length, self._target, np.float32)
        factors[:count] = self._now + step * np.arange(1, count + 1)
        self._left -= count
        self._now = self._now + step * count if self._left else self._target
        return None if samples is None else samples * factors
