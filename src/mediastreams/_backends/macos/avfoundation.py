"""The back end ``avfoundation``: cameras and screens of macOS through FFmpeg.

Not for: microphones (``_backends/sound``). Written from FFmpeg's documentation and recorded listings.

Rules of the file: FFmpeg numbers the devices anew at each start, so they are known here by their names (and a
count among equal ones), and the number is looked up at the moment of opening.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar, Final

from mediastreams._backends.av_capture import AvCapture, Opening, explain_open_error
from mediastreams._backends.av_listing import ListedDevice, list_devices, log_of_opening
from mediastreams._backends.polling import poll
from mediastreams._rules.values import DeviceModel, Settings, VideoMode
from mediastreams.abc import Backend, Device, Source
from mediastreams.errors import DOMException, NotFoundError

__all__ = ["AVFoundationBackend", "AVFoundationTarget", "parse_modes", "with_names"]

_FORMAT: Final = "avfoundation"
_SCREEN: Final = re.compile(r"Capture screen (\d+)")
_SCREEN_MODE: Final = VideoMode(1920, 1080, 1, 60)  # FFmpeg does not tell a screen's size before it is opened
_CAMERA_MODE: Final = VideoMode(1280, 720, 30, 30)


class AVFoundationBackend(Backend):
    """Cameras, and whole screens; the system asks the user before the first capture of either."""

    name: ClassVar[str] = "avfoundation"

    def list_devices(self) -> Sequence[Device]:
        return list(_describe(list_devices(_FORMAT), _ask_for_modes))

    def create_source(self, device: Device) -> Source:
        return AvCapture(AVFoundationTarget(device.native_id, screen=device.device_class == "monitor"))

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        return poll("avfoundation watch", lambda: tuple(list_devices(_FORMAT)), changed)


def with_names(listed: Iterable[ListedDevice]) -> Iterator[tuple[str, ListedDevice]]:
    """Give each video device a name that is its own: ``FaceTime HD Camera``, ``USB Camera``, ``USB Camera#2``."""
    seen: dict[str, int] = {}
    for item in listed:
        if "video" in item.media_types:
            count = seen[item.description] = seen.get(item.description, 0) + 1
            yield item.description + (f"#{count}" if count > 1 else ""), item


def _describe(listed: Iterable[ListedDevice], modes_of: Callable[[str], tuple[VideoMode, ...]]) -> Iterator[Device]:
    cameras = screens = 0
    for name, item in with_names(listed):
        if _SCREEN.fullmatch(item.description):
            screens += 1
            choices = {"cursor": ("always", "never"), "display_surface": ("monitor",), "logical_surface": (False,)}
            model = DeviceModel("video", modes=(_SCREEN_MODE,), choices=choices)
            yield Device("monitor", name, f"Screen {screens}", model, default=screens == 1)
        else:
            cameras += 1
            model = DeviceModel("video", modes=modes_of(item.name) or (_CAMERA_MODE,))
            yield Device("videoinput", name, item.description, model, default=cameras == 1)


def _ask_for_modes(number: str) -> tuple[VideoMode, ...]:
    """A frame rate no camera has makes FFmpeg list those it has, before the camera is switched on."""
    return parse_modes(log_of_opening(_FORMAT, f"{number}:none", {"framerate": "1000"}))


def parse_modes(log: str) -> tuple[VideoMode, ...]:
    """The modes in FFmpeg's complaint: ``1280x720@[15.000000 30.000000]fps``."""
    found = re.findall(r"(\d+)x(\d+)@\[([\d.]+) ([\d.]+)\]fps", log)
    modes = [VideoMode(int(w), int(h), float(low), float(high)) for w, h, low, high in found]
    return tuple(dict.fromkeys(modes))


class AVFoundationTarget:
    """A camera or screen by its name."""

    paced = False
    loans = 1 << 30  # FFmpeg copies each frame into a packet of its own

    def __init__(self, native_id: str, *, screen: bool) -> None:
        self.name = native_id
        self._screen = screen

    def open(self, mode: VideoMode, settings: Settings) -> Opening | None:
        for name, item in with_names(list_devices(_FORMAT)):
            if name == self.name:
                return self.opening(item.name, mode, settings)
        raise NotFoundError(f"{self.name} is not there (any more)")

    def opening(self, number: str, mode: VideoMode, settings: Settings) -> Opening:
        """Build FFmpeg's options for the device of that number."""
        rate = min(max(float(settings.get("frame_rate", 30.0)), mode.min_frame_rate), mode.max_frame_rate)
        options = {"framerate": f"{rate:.6f}", "pixel_format": "nv12", "probesize": "32"}
        if self._screen:
            options["capture_cursor"] = "0" if settings.get("cursor") == "never" else "1"
        else:
            options["video_size"] = f"{mode.width}x{mode.height}"
        return Opening(f"{number}:none", _FORMAT, options, mode, rate)

    def changed(self) -> bool:
        return False

    def explain(self, error: Exception) -> DOMException:
        explained = explain_open_error(self.name, error)
        place = "Screen Recording" if self._screen else "Camera"
        hint = f"; if it was not allowed: System Settings, Privacy & Security, {place}"
        return type(explained)(explained.message + hint, errno=getattr(error, "errno", None))

    def close(self) -> None:
        """Nothing is held between openings."""
