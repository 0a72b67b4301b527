"""`Feeding`: sound on its way into a graph, a quantum at a time, in a number of channels that may change.

Not for: where it comes from: a track (``graph_input.py``), an element (``graph_sink.py``).

Rules of the file: a worklet of the engine has its number of channels for good. When that changes, another one asks, and
the former one is done. What fails ends the feeding, and is kept: an exception would end the engine's node with a noise.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mediastreams.audio.worklet_bridge import write_out

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

__all__ = ["Asker", "Feeding"]


class Feeding(ABC):
    """From its making to `close`. ``failure``: why it is over, if it failed. ``kept``: what has to live as long.

    ``on_channels`` is called, on any thread, when another number of channels has come: then `asker` is to be called.
    """

    def __init__(self, *, on_channels: Callable[[], None]) -> None:
        self.failure: Exception | None = None
        self.kept: object = None
        self._on_channels = on_channels
        self._over = False
        self._asker: Asker | None = None

    @property
    @abstractmethod
    def wanted_channels(self) -> int:
        """How many channels there are now."""

    @abstractmethod
    def _ask_for(self, channels: int) -> None:
        """Take note in how many channels it will be asked."""

    @abstractmethod
    def _next(self) -> Samples | None:
        """The next quantum; ``None``: silence. The engine's thread."""

    def asker(self, channels: int) -> Asker:
        """Make what asks from now on, for that many channels. Any thread."""
        self._ask_for(channels)
        self._asker = asker = Asker(self)
        return asker

    def fill(self, asker: Asker, outputs: Sequence[list[list[float]]]) -> bool:
        """Give one quantum to whose turn it is. The engine's thread."""
        if self._over or asker is not self._asker:
            return False
        try:
            samples = self._next()
            if samples is not None:
                write_out(samples, outputs[0])
        except Exception as error:  # noqa: BLE001 - the engine's border
            self.failure = error
            self.close()
        return not self._over

    def close(self) -> None:
        """Give silence from now on, and let go of where it comes from. Any thread; idempotent."""
        self._over = True
        self.kept = None


class Asker:
    """One node of the engine that asks."""

    def __init__(self, feeding: Feeding) -> None:
        self._feeding = feeding

    def render(self, _inputs: Sequence[list[list[float]]], outputs: Sequence[list[list[float]]]) -> bool:
        """Fill one quantum. The engine's thread."""
        return self._feeding.fill(self, outputs)
