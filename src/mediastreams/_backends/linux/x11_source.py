"""A monitor or window of an X server as a capture target: what x11grab must be told now, and when to look again.

Not for: reading (``av_capture.py``). Its own connection to the server belongs to the reader's thread.
"""

from __future__ import annotations

from typing import Final

from mediastreams._backends.av_capture import Opening
from mediastreams._backends.linux import x11_surfaces as surfaces
from mediastreams._backends.linux.x11_protocol import X11Connection, X11Error
from mediastreams._rules.values import Settings, VideoMode
from mediastreams.errors import DOMException, NotFoundError, NotReadableError

__all__ = ["MAX_FRAME_RATE", "MIN_FRAME_RATE", "X11Target"]

MIN_FRAME_RATE: Final = 1.0
MAX_FRAME_RATE: Final = 60.0
_USUAL_FRAME_RATE: Final = 30.0


class X11Target:
    """A monitor by its output's name, or a window by its number."""

    paced = True
    loans = 256  # x11grab's frames are shared memory segments, of which a system has 4096

    def __init__(self, display: str, *, monitor: str | None = None, window: int | None = None) -> None:
        self.name = f"window {window:#x} of {display}" if window else f"monitor {monitor} of {display}"
        self._display = display
        self._monitor = monitor
        self._window = window
        self._server: X11Connection | None = None

    def open(self, mode: VideoMode, settings: Settings) -> Opening | None:  # noqa: ARG002 - the screen decides, not we
        try:
            place = self._locate()
        except X11Error as error:
            if error.code:
                raise NotFoundError(f"The {self.name} was closed") from error
            raise NotReadableError(f"Capturing the {self.name} ended: {error}") from error
        if place is None:
            return None
        width, height, where = place
        rate = min(max(float(settings.get("frame_rate", _USUAL_FRAME_RATE)), MIN_FRAME_RATE), MAX_FRAME_RATE)
        modes = VideoMode(width, height, MIN_FRAME_RATE, MAX_FRAME_RATE)
        options = {
            "probesize": "32",  # no read-ahead: half a second of old frames
            "framerate": "1000",  # never waits: the reader keeps the time
            "video_size": f"{width}x{height}",
            "draw_mouse": "0" if settings.get("cursor") == "never" else "1",
            **where,
        }
        return Opening(self._display, "x11grab", options, modes, rate)

    def changed(self) -> bool:
        try:
            return self._server is None or bool(self._server.take_events())
        except X11Error:
            return True  # `open` finds out, and says it

    def explain(self, error: Exception) -> DOMException:
        return NotReadableError(f"The {self.name} cannot be captured: {error}", errno=getattr(error, "errno", None))

    def close(self) -> None:
        server, self._server = self._server, None
        if server:
            server.close()

    def _locate(self) -> tuple[int, int, dict[str, str]] | None:
        """Size and place now; ``None`` when hidden."""
        if self._server is None:
            self._server = X11Connection(self._display)
            if self._window:
                surfaces.watch_window(self._server, self._window)
                surfaces.redirect_window(self._server, self._window)
            else:
                surfaces.watch_screens(self._server)
        if self._window:
            window = surfaces.look_at_window(self._server, self._window)
            return (window.width, window.height, {"window_id": str(self._window)}) if window.visible else None
        for monitor in surfaces.list_monitors(self._server):
            if monitor.name == self._monitor:
                return monitor.width, monitor.height, {"grab_x": str(monitor.x), "grab_y": str(monitor.y)}
        raise NotFoundError(f"The {self.name} was unplugged")
