"""The back end ``gdigrab``: screens and windows of Windows through FFmpeg's GDI grabber.

Not for: cameras (``dshow.py``). Written from FFmpeg's documentation; it paces itself as on X11.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from mediastreams._backends.av_capture import AvCapture, Opening
from mediastreams._backends.polling import poll
from mediastreams._backends.windows import user32
from mediastreams._rules.values import DeviceModel, Settings, VideoMode
from mediastreams.abc import Backend, Device, Source
from mediastreams.errors import DOMException, NotFoundError, NotReadableError

if TYPE_CHECKING:
    from mediastreams._backends.windows.user32 import Area, TopWindow

__all__ = ["GdiGrabBackend", "GdiGrabTarget"]

_MIN_RATE: Final = 1.0
_MAX_RATE: Final = 60.0


class GdiGrabBackend(Backend):
    """Whole monitors, and windows by their title."""

    name: ClassVar[str] = "gdigrab"

    def list_devices(self) -> Sequence[Device]:
        if sys.platform != "win32":
            return []
        return list(_describe(user32.list_monitors(), user32.list_windows()))

    def create_source(self, device: Device) -> Source:
        if device.device_class == "window":
            return AvCapture(GdiGrabTarget(device.label, window=int(device.native_id, 16)))
        return AvCapture(GdiGrabTarget(device.label, monitor=device.native_id))

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        if sys.platform != "win32":
            return super().watch(changed)
        return poll("gdigrab watch", lambda: tuple(user32.list_monitors()), changed)


def _describe(monitors: Iterable[Area], windows: Iterable[TopWindow]) -> Iterator[Device]:
    for number, area in enumerate(monitors, 1):
        label = f"Screen {number} ({area.width}×{area.height})"
        yield Device("monitor", area.name, label, _model(area.width, area.height, "monitor"), default=number == 1)
    for window in windows:
        model = _model(window.width, window.height, "window")
        yield Device("window", f"{window.handle:#x}", window.title, model)


def _model(width: int, height: int, surface: str) -> DeviceModel:
    return DeviceModel(
        "video",
        modes=(VideoMode(width, height, _MIN_RATE, _MAX_RATE),),
        choices={"cursor": ("always", "never"), "display_surface": (surface,), "logical_surface": (False,)},
    )


class GdiGrabTarget:
    """A monitor by its device name, or a window by its handle."""

    paced = True
    loans = 1 << 30  # each frame is in memory of its own

    def __init__(self, label: str, *, monitor: str | None = None, window: int | None = None) -> None:
        self.name = label
        self._monitor = monitor
        self._window = window
        self._seen: TopWindow | None = None

    def open(self, mode: VideoMode, settings: Settings) -> Opening | None:  # noqa: ARG002 - the screen decides, not we
        if self._window is not None:
            self._seen = window = user32.look_at_window(self._window)
            if window is None:
                raise NotFoundError(f"The window {self.name} was closed")
            return self.opening_of_window(window, settings) if window.visible else None
        for area in user32.list_monitors():
            if area.name == self._monitor:
                return self.opening_of_monitor(area, settings)
        raise NotFoundError(f"{self.name} was unplugged")

    def opening_of_monitor(self, area: Area, settings: Settings) -> Opening:
        """Build FFmpeg's options for a part of the desktop."""
        place = {"offset_x": str(area.x), "offset_y": str(area.y), "video_size": f"{area.width}x{area.height}"}
        return _opening("desktop", place, (area.width, area.height), settings)

    def opening_of_window(self, window: TopWindow, settings: Settings) -> Opening:
        """Build FFmpeg's options for the inside of a window."""
        return _opening(f"hwnd={window.handle}", {}, (window.width, window.height), settings)

    def changed(self) -> bool:
        return self._window is not None and user32.look_at_window(self._window) != self._seen

    def explain(self, error: Exception) -> DOMException:
        return NotReadableError(f"{self.name} cannot be captured: {error}", errno=getattr(error, "errno", None))

    def close(self) -> None:
        """Nothing is held between openings."""


def _opening(file: str, place: dict[str, str], size: tuple[int, int], settings: Settings) -> Opening:
    rate = min(max(float(settings.get("frame_rate", 30.0)), _MIN_RATE), _MAX_RATE)
    cursor = "0" if settings.get("cursor") == "never" else "1"
    # FFmpeg never waits at this rate: the reader keeps the time.
    options = {"probesize": "32", "framerate": "1000", "draw_mouse": cursor, **place}
    return Opening(file, "gdigrab", options, VideoMode(*size, _MIN_RATE, _MAX_RATE), rate)
