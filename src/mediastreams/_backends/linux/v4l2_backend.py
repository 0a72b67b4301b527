"""The back end for Linux cameras.

Not for: anything but the three calls of the contract.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from mediastreams._backends.linux.hotplug import FolderWatch
from mediastreams._backends.linux.v4l2_devices import Camera, CameraListing
from mediastreams._engine.clock import get_clock
from mediastreams.abc import Backend, Device, Source

__all__ = ["V4L2Backend"]

_logger = logging.getLogger(__name__)
_NODES: Final = r"video\d+"


class V4L2Backend(Backend):
    """Cameras that the kernel's Video4Linux knows."""

    name: ClassVar[str] = "v4l2"

    def __init__(self) -> None:
        self._listing = CameraListing()

    def list_devices(self) -> Sequence[Device]:
        return self._listing.devices()

    def create_source(self, device: Device) -> Source:
        from mediastreams._backends.linux.v4l2_source import CameraSource  # loads PyAV

        camera = device.handle
        assert isinstance(camera, Camera)
        return CameraSource(
            camera.path,
            camera.label,
            clock=get_clock(),
            offers=camera.offers,
            controls=camera.controls,
            written=camera.written,
        )

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        try:
            return FolderWatch("/dev", _NODES, changed).close
        except OSError as error:  # no inotify left: the listing is still right whenever it is asked for
            _logger.warning("Plugging and unplugging of cameras goes unnoticed: %s", error)
            return lambda: None
