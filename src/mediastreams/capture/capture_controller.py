"""`CaptureController`: whether capturing a window brings that window to the front.

Not for: capturing (``get_display_media.py``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mediastreams._engine.worker import start_thread
from mediastreams._webidl.conversions import enumeration
from mediastreams._webidl.events import EventTarget
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import queue_task
from mediastreams.capture.enums import CaptureStartFocusBehavior
from mediastreams.errors import InvalidStateError, NotSupportedError

if TYPE_CHECKING:
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["CaptureController"]

_logger = logging.getLogger(__name__)
_behavior: Final = enumeration(CaptureStartFocusBehavior)


@public
class CaptureController(EventTarget):
    """Goes into one `get_display_media` call, and decides then, or right after it, who gets the focus.

    Owns nothing. Belongs to one event loop.

    NOT-HERE: a document that loses the focus, which takes the decision away.

    https://w3c.github.io/mediacapture-screen-share/#dom-capturecontroller
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_bound = False  # [[IsBound]]
        self._track: MediaStreamTrack | None = None  # for [[Source]] and [[DisplaySurfaceType]]
        self._failed = False
        self._focus_decision_finalized = False  # [[FocusDecisionFinalized]]
        self._focus_behavior: CaptureStartFocusBehavior | None = None  # [[FocusBehavior]]
        self._focus: Callable[[], None] | None = None

    def set_focus_behavior(self, focus_behavior: CaptureStartFocusBehavior | str) -> None:
        """Say who gets the focus.

        Before the capture begins, or straight after ``await devices.get_display_media(controller=…)``, before the
        next ``await``.

        Raises:
            TypeError: no such behaviour.
            InvalidStateError: too late, the capture has ended or failed, or what it captures is no window.

        https://w3c.github.io/mediacapture-screen-share/#dom-capturecontroller-setfocusbehavior
        """
        # 1.
        behavior = _behavior(focus_behavior, "CaptureController.set_focus_behavior: focus_behavior")
        # SPEC-ISSUE: when the capture failed the text goes on as if nothing had begun; web-platform-tests want an
        # error.
        if self._failed:
            raise InvalidStateError("The capture failed: take a new CaptureController for another.")
        # 2. Not yet capturing.
        if self._track is None:
            self._focus_behavior = behavior
            return
        # 3-5.
        if all(feed.ended for feed in self._track._source.hub.feeds):
            raise InvalidStateError("The capture has ended.")
        if self._track._source.device_class != "window":
            raise InvalidStateError("A screen cannot get the focus, only a window can.")
        if self._focus_decision_finalized:
            raise InvalidStateError("It is decided: set it before the capture, or at once when it has begun.")
        # 6-7.
        self._focus_behavior = behavior
        self._finalize_focus_decision()

    def _bind(self) -> None:
        """Step 3 of *getDisplayMedia*.

        Raises:
            InvalidStateError: it has served another capture.
        """
        self._owner.check("get_display_media(controller=…)")
        if self._is_bound:
            raise InvalidStateError("This CaptureController belongs to another capture: take a new one.")
        self._is_bound = True

    def _begin(self, track: MediaStreamTrack, focus: Callable[[], None]) -> None:
        """Take note of the capture. ``focus`` brings what it captures to the front, and may block.

        https://w3c.github.io/mediacapture-screen-share/#dom-mediadevices-getdisplaymedia (step 12.9)
        """
        self._track, self._focus = track, focus
        queue_task(self._owner, self._finalize_soon)

    def _fail(self) -> None:
        self._failed = True

    def _finalize_soon(self) -> None:
        """Let those react first who wait for the capture: a page's reactions run before the next task.

        They are called in this turn of the loop, or in the next one (through a future in between), and timers come
        after those.
        """
        asyncio.get_running_loop().call_later(0, self._finalize_focus_decision)

    def _finalize_focus_decision(self) -> None:
        """*Finalize focus decision*. A capture moves no focus by itself, so that only one behaviour needs an act.

        https://w3c.github.io/mediacapture-screen-share/#dfn-finalize-focus-decision-algorithm
        """
        # 1-3. Once; the time that step 1 grants is these few turns of the loop.
        if self._focus_decision_finalized or self._track is None:
            return
        self._focus_decision_finalized = True
        # 5-7. DEVIATION: the window of the capturing program is unknown (it may have none). It had the focus when it
        # called, and keeps it.
        if (
            self._track._source.device_class == "window"
            and self._focus_behavior is CaptureStartFocusBehavior.FOCUS_CAPTURED_SURFACE
        ):
            start_thread("focus", self._focus_captured_surface)

    def _focus_captured_surface(self) -> None:
        assert self._focus is not None
        try:
            self._focus()
        except NotSupportedError as error:
            _logger.warning("The captured window stays where it is: %s", error)
        except Exception:  # the border: the capture goes on
            _logger.warning("The captured window could not be brought to the front", exc_info=True)

    def __repr__(self) -> str:
        of = "" if self._track is None else f" of {self._track.label!r}"
        return f"<CaptureController{of} {self._focus_behavior or 'undecided'}>"
