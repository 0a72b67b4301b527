"""What a video element does to be seen in a window: *request Picture-in-Picture*, *exit Picture-in-Picture*.

Not for: windows themselves (``_backends/window/``).

Rules of the file: the window asks the element what it shows, and so follows its pauses, seeks and changes of source.
While it is open it holds the element. Everything but `Shown` is on the element's owner loop.
NOT-HERE: ``pictureInPictureEnabled``, ``pictureInPictureElement``, ``exitPictureInPicture()``: members of a document;
`PictureInPictureWindow.close` leaves.
DEVIATION: there is no document that could have one window only: every element may have one.
DEVIATION: no policy and no user activation is asked for: a program that runs may open windows as it likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mediastreams._backends.window.sdl import SdlWindow
from mediastreams._engine.worker import start_thread
from mediastreams._rules.values import VideoMode
from mediastreams._webidl.events import fire_event
from mediastreams._webidl.tasks import in_parallel, queue_task
from mediastreams.elements.picture_in_picture_event import PictureInPictureEvent
from mediastreams.elements.picture_in_picture_window import PictureInPictureWindow
from mediastreams.errors import DOMException, InvalidStateError, NotSupportedError

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams._engine.frames import Picture
    from mediastreams._rules.values import Mode
    from mediastreams.elements.video_element import VideoElement

__all__ = ["Shown", "leave", "request"]


class Shown:
    """An element in a window: the supply of its sink, from the request until it is left."""

    def __init__(self, element: VideoElement) -> None:
        self.element = element
        self.sink = SdlWindow("Picture-in-Picture", element._clock)
        self.window: PictureInPictureWindow = PictureInPictureWindow._of(self.close)
        self.error: BaseException | None = None
        self._last: Picture | None = None

    def picture(self, at: int) -> Picture | None:  # noqa: ARG002 - what is shown now
        """What the element shows, if that is new. The thread of the windows."""
        picture = self.element._current_picture()
        if picture is self._last:
            return None
        self._last = picture
        return picture

    def sound(self, length: int, at: int) -> npt.NDArray[np.float32]:  # noqa: ARG002 - pictures only
        """Nothing: no window asks."""
        return np.zeros((1, length), np.float32)

    def reconfigured(self, mode: Mode) -> None:
        """The window has another size."""
        if isinstance(mode, VideoMode):
            self.window._resize(mode.width, mode.height)

    def end(self, error: BaseException | None = None) -> None:
        """The window is gone: a person closed it, or it could not go on."""
        self.error = error
        self.close()

    def close(self) -> None:
        """Have the element leave it. Any thread."""
        element = self.element
        if element._owner.loop is None:  # nobody is left to be told
            _close_window(self)
        else:
            queue_task(element._owner, leave, element, self)


async def request(element: VideoElement) -> PictureInPictureWindow:
    """*Request Picture-in-Picture*.

    https://w3c.github.io/picture-in-picture/#request-picture-in-picture
    """
    # 1. Picture-in-Picture support: what can be known without opening a window.
    SdlWindow.check()
    # 2-3. There is no document, and no policy: see above.
    # 4-6. Something to be seen, and leave to show it.
    _check(element)
    # 7. User activation: see above.
    # 8. It is there already.
    if element._shown is not None:
        return element._shown.window
    # 9-11. One request after the other.
    async with element._shown_turn:
        # 11.1. Another request has opened it meanwhile.
        if element._shown is not None:
            return element._shown.window
        # 11.2-11.4. A window, opened in parallel.
        shown = Shown(element)
        size = VideoMode(element.video_width, element.video_height, 0.0, 0.0)
        try:
            mode = await in_parallel(shown.sink.start, size, {}, shown, abandoned=lambda _: shown.sink.stop())
        except NotSupportedError:  # 1. again: what only trying shows, as that there is no screen
            raise
        except DOMException as error:
            raise InvalidStateError(f"No window could be opened: {error.message}") from error
        # What would reject a pending promise meanwhile: disablePictureInPicture, and a closed element.
        try:
            _check(element)
        except InvalidStateError:
            _close_window(shown)
            raise
        # 11.5.1. Other elements stay in their windows: see above.
        # 11.5.2-11.5.4. It is the Picture-in-Picture element now. Neither origins nor fullscreen are known here.
        element._shown = shown
        shown.reconfigured(mode)
        shown.window._open = True
        # 11.5.5-11.5.6. Tell.
        _fire(element, "enterpictureinpicture", shown)
        return shown.window


def _check(element: VideoElement) -> None:
    if element._closed:
        raise InvalidStateError("This element was closed: make a new one")
    if element._ready_state == element.HAVE_NOTHING:
        raise InvalidStateError("There is nothing to be seen yet: wait for loadedmetadata")
    if not element.video_width:
        raise InvalidStateError("What it plays has no picture")
    if element._disable_picture_in_picture:
        raise InvalidStateError("disable_picture_in_picture is set on this element")


def leave(element: VideoElement, shown: Shown) -> None:
    """*Exit Picture-in-Picture*.

    https://w3c.github.io/picture-in-picture/#exit-picture-in-picture-algorithm
    """
    # 1. DEVIATION: to leave what was left already is no error: a person may have been faster.
    if element._shown is not shown:
        return
    # 2. The close window algorithm.
    _close_window(shown)
    # 3. Tell.
    queue_task(element._owner, _fire, element, "leavepictureinpicture", shown)
    # 4-5. It is the Picture-in-Picture element no more.
    element._shown = None


def _close_window(shown: Shown) -> None:
    """*The close window algorithm*. Not waited for: the window's thread may be drawing.

    https://w3c.github.io/picture-in-picture/#close-window-algorithm
    """
    shown.window._open = False
    start_thread("close window", shown.sink.stop)


def _fire(element: VideoElement, type: str, shown: Shown) -> None:
    fire_event(element, type, PictureInPictureEvent, bubbles=True, picture_in_picture_window=shown.window)
