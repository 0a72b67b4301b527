"""`Timeline`: where media time lies on the process's clock while a file plays, pauses and stalls.

Not for: waiting (``movie.py``) or the times of single frames (``stamps.py``). All µs. Thread-safe.
"""

from __future__ import annotations

import threading

__all__ = ["Timeline"]


class Timeline:
    """``clock = base + media`` while running; at rest the media time stands still.

    Made at rest at media time 0.
    """

    __slots__ = ("_base", "_lock", "_position")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._base: int | None = None
        self._position = 0

    @property
    def running(self) -> bool:
        return self._base is not None

    def run(self, now: int) -> None:
        """Let media time pass from where it stands. Idempotent."""
        with self._lock:
            if self._base is None:
                self._base = now - self._position

    def rest(self, now: int) -> None:
        """Stop the media time. Idempotent."""
        with self._lock:
            if self._base is not None:
                self._position = max(self._position, now - self._base)
                self._base = None

    def delay(self, late: int) -> None:
        """Move everything to come later by ``late``: a stall must not be followed by a rush."""
        with self._lock:
            if self._base is not None:
                self._base += late

    def due(self, media: int) -> int | None:
        """When ``media`` is due on the clock; ``None`` at rest."""
        base = self._base
        return None if base is None else base + media

    def position(self, now: int) -> int:
        """The media time of this moment."""
        with self._lock:
            return self._position if self._base is None else now - self._base
