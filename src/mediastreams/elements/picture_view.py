"""`PictureView`: what a media element shows now, and who wants to know of the next picture.

Not for: windows (``_engine/shown_pictures.py``) or the callbacks of `VideoElement` (``video_frame_callbacks.py``).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams._engine.frames import Picture
    from mediastreams.abc import Clock

__all__ = ["PictureView", "Presented"]


@dataclass(frozen=True, slots=True)
class Presented:
    """One picture as it was shown: when (µs of the clock), as which one, in which size."""

    picture: Picture
    at: int
    number: int
    size: tuple[int, int]


class PictureView:
    """The latest picture. `show` comes from the thread that makes them; all else from any.

    ``on_news`` is called on that thread with ``"resize"`` and the size, when it is another than before, and with
    ``"frame"`` while ``wanted``.
    """

    def __init__(self, clock: Clock, on_news: Callable[[str, object], None]) -> None:
        self._clock = clock
        self._on_news = on_news
        self._lock = threading.Lock()
        self.latest: Presented | None = None
        self.wanted = False
        self._size: tuple[int, int] | None = None

    @property
    def picture(self) -> Picture | None:
        """What is shown."""
        latest = self.latest
        return None if latest is None else latest.picture

    def show(self, picture: Picture) -> None:
        """Show a picture from now on."""
        from mediastreams._engine.video_frame import VideoFrame

        frame = VideoFrame._of(picture)
        size = (frame.display_width, frame.display_height)
        frame.close()
        with self._lock:
            before = self.latest
            number = 1 if before is None else before.number + 1
            self.latest = Presented(picture, self._clock.now_us(), number, size)
            changed, self._size = self._size != size, size
        if changed:
            self._on_news("resize", size)
        if self.wanted:
            self._on_news("frame", None)
