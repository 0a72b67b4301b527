"""The back end ``dshow``: cameras of Windows through FFmpeg's DirectShow.

Not for: microphones (``_backends/sound``) or screens (``gdigrab.py``). Written from FFmpeg's documentation and
recorded listings.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar, Final

from mediastreams._backends.av_capture import AvCapture, Opening, explain_open_error
from mediastreams._backends.av_listing import ListedDevice, list_devices, log_of_opening
from mediastreams._backends.polling import poll
from mediastreams._rules.values import DeviceModel, Settings, VideoMode
from mediastreams.abc import Backend, Device, Source
from mediastreams.errors import DOMException, NotReadableError

__all__ = ["DirectShowBackend", "DirectShowTarget", "parse_modes"]

_FORMAT: Final = "dshow"
_USUAL: Final = VideoMode(640, 480, 30, 30)
_MODE: Final = re.compile(
    r"(pixel_format|vcodec)=(\S+)[^=]*?min s=(\d+)x(\d+) fps=([\d.]+) max s=(\d+)x(\d+) fps=([\d.]+)"
)


class DirectShowBackend(Backend):
    """Cameras and other video inputs."""

    name: ClassVar[str] = "dshow"

    def list_devices(self) -> Sequence[Device]:
        return list(_describe(list_devices(_FORMAT), _ask_for_modes))

    def create_source(self, device: Device) -> Source:
        return AvCapture(DirectShowTarget(device.native_id, device.label))

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        return poll("dshow watch", lambda: tuple(list_devices(_FORMAT)), changed)


def _describe(listed: Iterable[ListedDevice], modes_of: Callable[[str], tuple[VideoMode, ...]]) -> Iterator[Device]:
    first = True
    for item in listed:
        if "video" in item.media_types:
            model = DeviceModel("video", modes=modes_of(item.name) or (_USUAL,))
            yield Device("videoinput", item.name, item.description, model, default=first)
            first = False


def _ask_for_modes(name: str) -> tuple[VideoMode, ...]:
    return parse_modes(log_of_opening(_FORMAT, f"video={name}", {"list_options": "true"}))


def parse_modes(log: str) -> tuple[VideoMode, ...]:
    """The modes in FFmpeg's list: ``vcodec=mjpeg  min s=1280x720 fps=5 max s=1280x720 fps=30``.

    A span of sizes counts with both its ends. Compressed modes cost more than raw ones.
    """
    modes: dict[VideoMode, None] = {}
    for kind, name, low_w, low_h, low, high_w, high_h, high in _MODE.findall(log):
        form, cost = f"{kind}={name}", int(kind == "vcodec")
        for width, height in dict.fromkeys([(int(low_w), int(low_h)), (int(high_w), int(high_h))]):
            modes[VideoMode(width, height, min(float(low), float(high)), float(high), form, cost)] = None
    return tuple(modes)


class DirectShowTarget:
    """A camera by DirectShow's own name for it, which is stable while it stays in its socket."""

    paced = False
    loans = 1 << 30  # FFmpeg copies each sample into a packet of its own

    def __init__(self, native_id: str, label: str) -> None:
        self.name = label
        self._id = native_id

    def open(self, mode: VideoMode, settings: Settings) -> Opening | None:
        rate = min(max(float(settings.get("frame_rate", 30.0)), mode.min_frame_rate), mode.max_frame_rate)
        options = {
            "video_size": f"{mode.width}x{mode.height}",
            "framerate": f"{rate:.6g}",
            "rtbufsize": str(64 << 20),  # FFmpeg's 3 MB are less than one raw 1080p frame
            "probesize": "32",
        }
        kind, _, form = mode.pixel_format.partition("=")
        if form:
            options[kind] = form
        return Opening(f"video={self._id}", _FORMAT, options, mode, rate)

    def changed(self) -> bool:
        return False

    def explain(self, error: Exception) -> DOMException:
        number = getattr(error, "errno", None)
        if number == errno.EIO:  # DirectShow's answer to nearly everything, a camera in use above all
            text = f"{self.name} cannot be opened: does another program use it, or do the privacy settings forbid it?"
            return NotReadableError(text, errno=number)
        return explain_open_error(self.name, error)

    def close(self) -> None:
        """Nothing is held between openings."""
