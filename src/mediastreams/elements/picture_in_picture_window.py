"""`PictureInPictureWindow`: the window in which a video element is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import queue_task

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PictureInPictureWindow"]


@public
class PictureInPictureWindow(EventTarget):
    """A window on the screen, from ``video.request_picture_in_picture()`` until somebody closes it.

    Belongs to the loop of its element, which it keeps while it is open; `close`, ``width`` and ``height`` work from any
    thread.

    https://w3c.github.io/picture-in-picture/#interface-picture-in-picture-window
    """

    __init__ = illegal_constructor("They come from video.request_picture_in_picture().")
    onresize = event_handler("resize")

    _leave: Callable[[], None]
    _open: bool  # the state
    _size: tuple[int, int]

    @classmethod
    def _of(cls, leave: Callable[[], None]) -> PictureInPictureWindow:
        """Make one that is not open yet; ``leave`` has its element leave it."""
        self = cls.__new__(cls)
        EventTarget.__init__(self)
        self._leave = leave
        self._open = False
        self._size = (0, 0)
        return self

    @property
    def width(self) -> int:
        """Its width in pixels, as the system counts them; 0 once it is closed.

        https://w3c.github.io/picture-in-picture/#dom-pictureinpicturewindow-width
        """
        return self._size[0] if self._open else 0

    @property
    def height(self) -> int:
        """Its height in pixels, as the system counts them; 0 once it is closed.

        https://w3c.github.io/picture-in-picture/#dom-pictureinpicturewindow-height
        """
        return self._size[1] if self._open else 0

    def close(self) -> None:
        """Leave Picture-in-Picture, as ``document.exitPictureInPicture()`` does in a page. Idempotent; any thread."""
        self._leave()

    def _resize(self, width: int, height: int) -> None:
        """Take note of another size. Any thread.

        https://w3c.github.io/picture-in-picture/#eventdef-pictureinpicturewindow-resize
        """
        before, self._size = self._size, (width, height)
        if self._open and before != self._size:
            queue_task(self._owner, fire_event, self, "resize")

    def __repr__(self) -> str:
        return f"<PictureInPictureWindow {f'{self.width}x{self.height}' if self._open else 'closed'}>"
