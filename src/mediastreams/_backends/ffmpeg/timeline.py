"""`Timeline`: where media time lies on the process's clock while a file plays, pauses, stalls, is sought or hurried.

Not for: waiting (``movie.py``) or the times of single frames (``stamps.py``). All µs. Thread-safe.
"""

from __future__ import annotations

import threading

__all__ = ["Timeline"]


class Timeline:
    """``clock = since + (media - position) / rate`` while running; at rest the media time stands still.

    Made at rest at media time 0, at rate 1.
    """

    __slots__ = ("_lock", "_position", "_since", "rate")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: int | None = None
        self._position = 0
        self.rate = 1.0
        """Media time per time; at 0 it stands though it runs. Set by `set_rate`."""

    @property
    def running(self) -> bool:
        return self._since is not None

    def run(self, now: int) -> None:
        """Let media time pass from where it stands. Idempotent."""
        with self._lock:
            if self._since is None:
                self._since = now

    def rest(self, now: int) -> None:
        """Stop the media time. Idempotent."""
        with self._lock:
            self._position = max(self._position, self._at(now))
            self._since = None

    def delay(self, late: int) -> None:
        """Move everything to come later by ``late``: a stall must not be followed by a rush."""
        with self._lock:
            if self._since is not None:
                self._since += late

    def jump(self, media: int, now: int) -> None:
        """Let this moment be ``media``: running it goes on from there, at rest it stands there."""
        with self._lock:
            self._position = media
            if self._since is not None:
                self._since = now

    def set_rate(self, rate: float, now: int) -> None:
        """Let media time pass faster or slower from now on."""
        with self._lock:
            self._position = self._at(now)
            if self._since is not None:
                self._since = now
            self.rate = rate

    def due(self, media: int) -> int | None:
        """When ``media`` is due on the clock; ``None`` at rest."""
        with self._lock:
            if self._since is None or self.rate == 0:
                return None
            ahead = media - self._position
            return self._since + (ahead if self.rate == 1 else round(ahead / self.rate))

    def position(self, now: int) -> int:
        """The media time of this moment."""
        with self._lock:
            return self._at(now)

    def _at(self, now: int) -> int:
        if self._since is None:
            return self._position
        passed = now - self._since
        return self._position + (passed if self.rate == 1 else round(passed * self.rate))
