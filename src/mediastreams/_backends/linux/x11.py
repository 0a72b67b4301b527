"""The back end ``x11``: monitors and windows of the X server that DISPLAY names.

Not for: Wayland, where only the compositor has the pixels. There the listing is empty, and one warning says why.
"""

from __future__ import annotations

import logging
import os
import select
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from mediastreams._backends.av_capture import AvCapture
from mediastreams._backends.linux import x11_surfaces as surfaces
from mediastreams._backends.linux.x11_protocol import X11Connection, X11Error
from mediastreams._backends.linux.x11_source import MAX_FRAME_RATE, MIN_FRAME_RATE, X11Target
from mediastreams._engine.worker import Worker
from mediastreams._rules.values import DeviceModel, Setting, VideoMode
from mediastreams.abc import Backend, Device, Source
from mediastreams.errors import NotSupportedError

__all__ = ["X11Backend"]

_logger = logging.getLogger(__name__)


class X11Backend(Backend):
    """Screens and windows to capture. Reads DISPLAY at every listing, so that it may be set late."""

    name: ClassVar[str] = "x11"

    def __init__(self) -> None:
        self._warned = False

    def list_devices(self) -> Sequence[Device]:
        display = os.environ.get("DISPLAY", "")
        if not display:
            if os.environ.get("WAYLAND_DISPLAY"):
                self._warn_of_wayland()
            return []
        try:
            with X11Connection(display) as server:
                if surfaces.is_wayland_bridge(server):
                    self._warn_of_wayland()
                    return []
                return [*_monitors(server), *_windows(server)]
        except X11Error as error:
            _logger.debug("No screens: %s", error)
            return []

    def create_source(self, device: Device) -> Source:
        display = os.environ.get("DISPLAY", "")
        if isinstance(device.handle, surfaces.Window):
            return AvCapture(X11Target(display, window=device.handle.id))
        return AvCapture(X11Target(display, monitor=device.native_id))

    def focus(self, device: Device) -> None:
        if not isinstance(device.handle, surfaces.Window):
            raise NotSupportedError(f"{device.label}: the whole screen cannot be brought to the front")
        with X11Connection(os.environ.get("DISPLAY", "")) as server:
            surfaces.focus_window(server, device.handle.id)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Tell of monitors that come, go or change. Windows are not announced: a desktop opens too many."""
        try:
            server = X11Connection(os.environ.get("DISPLAY", ""))
            surfaces.watch_screens(server)
        except X11Error:
            return super().watch(changed)
        ours, theirs = socket.socketpair()

        def run() -> None:
            try:
                while not select.select([theirs], [], [], 0)[0]:
                    select.select([server.fileno(), theirs.fileno()], [], [])
                    if server.take_events():
                        changed()
            except X11Error:
                changed()  # the server has gone, and its screens with it
            finally:
                server.close()
                theirs.close()

        def cancel() -> None:
            ours.close()
            worker.join()

        worker = Worker("x11 watch", run, finish=ours.close).start()
        return cancel

    def _warn_of_wayland(self) -> None:
        if not self._warned:
            self._warned = True
            _logger.warning(
                "Screens cannot be captured under Wayland yet, so none is listed: log in to an X11 session"
                " (“on Xorg”), or point DISPLAY at an X server of its own (Xvfb, Xephyr)"
            )


def _monitors(server: X11Connection) -> Iterator[Device]:
    for number, monitor in enumerate(surfaces.list_monitors(server), 1):
        label = f"Screen {number} ({monitor.width}×{monitor.height})"
        model = _model(monitor.width, monitor.height, display_surface="monitor", logical_surface=False)
        yield Device("monitor", monitor.name, label, model, default=number == 1, handle=monitor)


def _windows(server: X11Connection) -> Iterator[Device]:
    # Drawn aside by Composite, a window is captured whole even where others cover it: a logical surface.
    logical = server.extension("Composite") is not None
    for window in surfaces.list_windows(server):
        model = _model(window.width, window.height, display_surface="window", logical_surface=logical)
        yield Device("window", f"{window.id:#x}", window.title, model, handle=window)


def _model(width: int, height: int, **known: Setting) -> DeviceModel:
    return DeviceModel(
        "video",
        modes=(VideoMode(width, height, MIN_FRAME_RATE, MAX_FRAME_RATE),),
        choices={"cursor": ("always", "never"), **{name: (value,) for name, value in known.items()}},
    )
