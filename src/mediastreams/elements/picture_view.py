"""`PictureView`: what a media element shows now, and who wants to know of the next picture.

Not for: windows (``_engine/shown_pictures.py``) or the callbacks of `VideoElement` (``video_frame_callbacks.py``).

Rules of the file: while sound is heard a while after its time, pictures wait as long, so that lips and words go
together; what is shown while nothing sounds is shown at once.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams._engine.frames import Picture
    from mediastreams.abc import Clock, Timer

__all__ = ["PictureView", "Presented"]

_MOST_WAITING: Final = 32
_FOREIGN_US: Final = 1_000_000  # further from now than this, a picture's time is not the clock's: arrival counts


@dataclass(frozen=True, slots=True)
class Presented:
    """One picture as it was shown: when (µs of the clock), as which one, in which size."""

    picture: Picture
    at: int
    number: int
    size: tuple[int, int]


class PictureView:
    """The latest picture. `show` comes from the thread that makes them; all else from any.

    ``lag`` answers how long (µs) after its time sound is heard now. ``on_news`` is called on some thread with
    ``"resize"`` and the size, when it is another than before, and with ``"frame"`` while ``wanted``.
    """

    def __init__(self, clock: Clock, on_news: Callable[[str, object], None]) -> None:
        self._clock = clock
        self._on_news = on_news
        self._lock = threading.RLock()
        self._waiting: deque[tuple[int, Picture]] = deque(maxlen=_MOST_WAITING)  # with the instant, µs
        self._timer: Timer | None = None
        self._closed = False
        self._prompt = False
        self.lag: Callable[[], int] | None = None
        self.latest: Presented | None = None
        self.dropped = 0  # overtaken before anybody saw them
        self.corrupted = 0  # in which the decoder found damage
        self.wanted = False
        self._size: tuple[int, int] | None = None

    @property
    def picture(self) -> Picture | None:
        """What is shown."""
        latest = self.latest
        return None if latest is None else latest.picture

    def show(self, picture: Picture) -> None:
        """Show a picture: with the sound of its time, or now if nothing sounds."""
        lag = 0 if self.lag is None else self.lag()
        prompt, self._prompt = self._prompt, False
        if prompt or not lag:
            with self._lock:
                self.dropped += 0 if prompt else len(self._waiting)
                self._waiting.clear()
            self._present(picture)
            return
        now = self._clock.now_us()
        own = abs(now - picture.timestamp) < _FOREIGN_US
        with self._lock:
            if not self._closed:
                self.dropped += len(self._waiting) == _MOST_WAITING
                self._waiting.append(((picture.timestamp if own else now) + lag, picture))
        self._go_on()

    def flush(self) -> None:
        """Show the last of those that wait: time stands, or has come to its end."""
        with self._lock:
            last = self._waiting[-1][1] if self._waiting else None
            self.dropped += max(0, len(self._waiting) - 1)
            self._waiting.clear()
            self._cancel()
        if last is not None:
            self._present(last)

    def move(self) -> None:
        """Forget what waits, and show the next one at once: it is from another place."""
        with self._lock:
            self._waiting.clear()
            self._prompt = True

    def close(self) -> None:
        """Show nothing more. Any thread; idempotent."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._cancel()

    def _cancel(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _elapsed(self) -> None:
        """The scheduler's thread: a picture is due."""
        with self._lock:
            self._timer = None
        self._go_on()

    def _go_on(self) -> None:
        """Show what is due, and wait for the next one."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                due, picture = self._waiting[0]
                if due > self._clock.now_us():
                    if self._timer is None:
                        self._timer = self._clock.call_at(due * 1000, self._elapsed)
                    return
                self._waiting.popleft()
            self._present(picture)

    def _present(self, picture: Picture) -> None:
        from mediastreams._engine.video_frame import VideoFrame

        frame = VideoFrame._of(picture)
        size = (frame.display_width, frame.display_height)
        frame.close()
        with self._lock:
            before = self.latest
            again = before is not None and before.picture.av is picture.av  # seen at rest already, and now in its turn
            number = (0 if before is None else before.number) + (not again)
            self.latest = Presented(picture, self._clock.now_us(), number, size)
            self.corrupted += picture.av.is_corrupt and not again
            changed, self._size = self._size != size, size
        if changed:
            self._on_news("resize", size)
        if self.wanted and not again:
            self._on_news("frame", None)
