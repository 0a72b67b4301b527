"""`CanvasCaptureMediaStreamTrack`, and `CanvasCapture`: when a frame of a canvas goes into it.

Not for: painting.

Rules of the file: a canvas counts as painted at the end of the turn of its loop in which something was drawn; no page
is refreshed here. A frame is what was lent by the surface: no pixel is copied or converted for it.

https://w3c.github.io/mediacapture-fromelement/#html-canvas-element-media-capture-extensions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.frames import Picture
from mediastreams._engine.video_frame import VideoFrame
from mediastreams._rules.mode_index import FRAME_RATE_FLOOR
from mediastreams._rules.values import Settings, VideoMode
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import queue_task
from mediastreams.capture.apply_constraints import settings_satisfying
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.push_source import PushSource

if TYPE_CHECKING:
    from mediastreams.abc import Timer
    from mediastreams.elements.canvas_element import CanvasElement

__all__ = ["CanvasCapture", "CanvasCaptureMediaStreamTrack"]

_USUAL_RATE: Final = 60.0  # what the settings say where every painting counts, as in pages; no bound


class CanvasCapture:
    """One capture of a canvas: its source, and when the next frame is due. On the canvas's owner loop.

    ``rate``: frames per second at most, of which 0.001 is the least; 0: only those that are asked for; ``None``: each
    painting.
    """

    def __init__(self, canvas: CanvasElement, rate: float | None) -> None:
        self.requested = True  # [[frameCaptureRequested]]
        self._canvas = canvas
        self._rate = max(rate, FRAME_RATE_FLOOR) if rate else rate
        self._interval = round(1e9 / self._rate) if self._rate else 0
        self._version = 0  # of what was captured last; what was never painted is not captured
        self._due = 0  # ns on the clock
        self._timer: Timer | None = None
        self._stamp = -1
        self.source = PushSource("video", on_unused=self._unused, mode=self._mode())

    def _mode(self) -> VideoMode | None:
        canvas = self._canvas
        if not canvas.width or not canvas.height:
            return None
        return VideoMode(canvas.width, canvas.height, 0.0, self._rate or _USUAL_RATE)

    def create_track(self) -> CanvasCaptureMediaStreamTrack:
        """The track that this capture is for."""
        source = self.source.track_source("canvas")
        settings: Settings = {}
        if source.hub.mode is not None:
            settings = settings_satisfying(source.selectable, {}, display=False)
        track: CanvasCaptureMediaStreamTrack = CanvasCaptureMediaStreamTrack._create(source, settings)
        track._capture = self
        track._canvas = self._canvas
        source.hub.release()
        return track

    def request(self) -> None:
        """*Request a frame*: the next painting is captured, whatever the rate says."""
        self.requested = True
        self._due = 0
        self.look()

    def look(self) -> None:
        """*The canvas is painted*: add a frame if there is something new and one is requested.

        https://w3c.github.io/mediacapture-fromelement/#dom-htmlcanvaselement-capturestream
        """
        surface = self._canvas._surface
        if surface.version == self._version or not self.requested or self.source.under_way:
            return
        now = self.source.clock.now_ns()
        if now < self._due:
            self._wait()
            return
        if not surface.has_pixels:
            return
        lent = surface.lend(wait=False)
        if lent is None:  # who paints just now comes here when it is done
            return
        pixels, self._version = lent
        # A rate keeps its beat; who comes late begins a new one.
        self._due = (self._due if now - self._due < self._interval else now) + self._interval
        self.requested = self._rate != 0
        self._stamp = max(now // 1000, self._stamp + 1)
        self.source.hand_over(Picture.stamped(frame_from_array(pixels, "rgba", copy=False), self._stamp), self._arrived)

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.source.clock.call_at(self._due, self._elapsed)

    def _elapsed(self) -> None:
        """On the scheduler's thread."""
        self._timer = None
        queue_task(self._canvas._owner, self.look)

    def _arrived(self, _error: Exception | None) -> None:
        """On a lane's thread: the consumers have the frame; something may have been painted meanwhile."""
        queue_task(self._canvas._owner, self.look)

    def _unused(self) -> None:
        """The last track has ended. Any thread."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self._canvas._release(self)


@public
class CanvasCaptureMediaStreamTrack(MediaStreamTrack[VideoFrame]):
    """The picture of a canvas. Its clones show the same frames.

    https://w3c.github.io/mediacapture-fromelement/#the-canvascapturemediastreamtrack
    """

    __init__ = illegal_constructor("Call capture_stream() of a canvas.")

    _canvas: CanvasElement
    _capture: CanvasCapture

    @property
    def canvas(self) -> CanvasElement:
        """The canvas that is captured."""
        return self._canvas

    def request_frame(self) -> None:
        """Capture what is painted next, or was since the last frame; for captures with a rate of 0.

        Raises:
            RuntimeError: called outside the loop that owns the track.

        https://w3c.github.io/mediacapture-fromelement/#dom-canvascapturemediastreamtrack-requestframe
        """
        self._owner.check("CanvasCaptureMediaStreamTrack.request_frame")
        self._capture.request()

    def clone(self) -> CanvasCaptureMediaStreamTrack:
        """A track of the same canvas with a life, constraints, settings and ``enabled`` of its own.

        Raises:
            RuntimeError: called outside the loop that owns the track.

        https://w3c.github.io/mediacapture-main/#dfn-clone-a-track
        """
        clone: CanvasCaptureMediaStreamTrack = self._clone_as(CanvasCaptureMediaStreamTrack)
        clone._capture, clone._canvas = self._capture, self._canvas
        return clone
