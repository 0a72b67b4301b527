"""`LiveClock`: where the stamps of a live stream lie on the process's clock.

Not for: waiting (``live_play.py``). All µs. Thread-safe.

Rules of the file: all tracks share one mapping, so that sound and picture stay together. What is *pushed* (RTSP, RTMP,
UDP) is stamped by its own stamps plus the shortest way that anything took lately: jitter is taken out, a packet that
is late does not move the others, and nothing is held back. That shortest way is followed slowly (two clocks never run
alike), at once when it has changed for good. What is *fetched* (HLS) comes in lumps and is played at its own pace from
its first frame on.
"""

from __future__ import annotations

import threading
from typing import Final

__all__ = ["LiveClock"]

_QUIET_US: Final = 100_000  # what was sent before we listened comes without such a pause
_SETTLED_US: Final = 500_000
_WINDOW_US: Final = 2_000_000
_SLEW: Final = 0.01  # how fast stamps follow: 10 ms a second
_STEP_US: Final = 500_000  # a difference that is followed at once


class LiveClock:
    """``clock = media + base``. One per connection and place in media time: `begin` makes it anew."""

    def __init__(self, *, pushed: bool) -> None:
        self.pushed = pushed
        self._lock = threading.Lock()
        self._shift = 0  # media time minus stamp
        self._base: float | None = None
        self._moved = 0
        self._first: int | None = None
        self._latest = 0
        self._least: int | None = None  # of this window
        self._before: int | None = None  # of the one before
        self._window = 0

    def begin(self, zero: int, media: int) -> None:
        """Take up a connection whose first stamp is ``zero``, which is ``media``; nothing is known of it yet."""
        with self._lock:
            self._shift = media - zero
            self._base = self._first = self._least = self._before = None

    def arrived(self, stamp: int, now: int) -> None:
        """Take note that something with this decoding stamp came now. The reader's thread."""
        with self._lock:
            way = now - stamp - self._shift
            if self._first is None:
                self._first = self._window = now
            self._latest = now
            if now - self._window >= _WINDOW_US:
                self._before, self._least, self._window = self._least, None, now
            self._least = way if self._least is None else min(self._least, way)

    def settle(self, now: int, media: int) -> bool:
        """Say whether stamps can be told; ``media``, the first item's, is where what is fetched begins."""
        with self._lock:
            if self._base is not None:
                return True
            if not self.pushed:
                self._base = float(now - media)
                return True
            if self._first is None or self._least is None:
                return False
            if now - self._latest < _QUIET_US and now - self._first < _SETTLED_US:
                return False
            self._base, self._moved = float(self._least), now
            return True

    def due(self, media: int, now: int) -> int:
        """When ``media`` is due on the clock, after `settle`."""
        with self._lock:
            if self.pushed:
                self._follow(now)
            assert self._base is not None
            return round(self._base) + media

    def media_at(self, now: int) -> int | None:
        """Which media time this moment is; ``None`` before `settle`."""
        with self._lock:
            return None if self._base is None else now - round(self._base)

    def delay(self, late: int) -> None:
        """Let everything that follows come later: what is fetched was not there in time."""
        with self._lock:
            assert self._base is not None
            self._base += late

    def _follow(self, now: int) -> None:
        least = [way for way in (self._least, self._before) if way is not None]
        assert self._base is not None
        if least:
            aim = min(least)
            most = max(0, now - self._moved) * _SLEW
            if aim - self._base < -_STEP_US or (self._before is not None and aim - self._base > _STEP_US):
                self._base = float(aim)
            else:
                self._base += min(max(aim - self._base, -most), most)
        self._moved = max(self._moved, now)
