"""`CameraSource`: one V4L2 camera as a source of pictures.

Not for: talking to the driver (``v4l2_stream.py``) or finding cameras (``v4l2_devices.py``).

Rules of the file: opening and controls here, on whatever worker thread calls; reading in the camera's own worker
(``v4l2_reader.py``), which alone touches the stream while it lives.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mediastreams._backends.linux.v4l2_controls import Controls
from mediastreams._backends.linux.v4l2_errors import translate
from mediastreams._backends.linux.v4l2_ioctl import VideoNode
from mediastreams._backends.linux.v4l2_layouts import cost_of
from mediastreams._backends.linux.v4l2_modes import FormatOffer, substitutes
from mediastreams._backends.linux.v4l2_reader import Reader, Tally
from mediastreams._backends.linux.v4l2_stream import CaptureStream, Negotiated
from mediastreams._engine.worker import after_fork_in_child
from mediastreams._rules.values import Kind, Mode, Setting, Settings, VideoMode
from mediastreams.abc import Clock, Delivery, Source

__all__ = ["CameraSource"]

_logger = logging.getLogger(__name__)
_STALL_SECONDS: Final = 2.0
_BUFFERS: Final = 4
_FAST_BUFFERS: Final = 8  # above 60 frames per second four buffers are less than a scheduling delay
_OTHER_FORMAT: Final = (errno.ENOSPC, errno.EINVAL, errno.ENOMEM)
_STOP_SECONDS: Final = 2.0
_SAME_RATE: Final = 0.001
_MODE_NAMES: Final = frozenset({"width", "height", "frame_rate", "aspect_ratio", "resize_mode"})


class CameraSource(Source):
    """One camera. Owns the open node, its buffers and one worker from `start` to `stop`."""

    kind: Kind = "video"

    def __init__(
        self,
        path: str,
        label: str,
        *,
        clock: Clock,
        offers: Sequence[FormatOffer] = (),
        controls: Controls | None = None,
        written: dict[str, Setting] | None = None,
        stall_seconds: float = _STALL_SECONDS,
    ) -> None:
        self.path = path
        self.label = label
        self.clock = clock
        self.tally = Tally()
        self._offers = tuple(offers)
        self._controls = controls or Controls()
        self._stall_seconds = stall_seconds
        self._reader: Reader | None = None
        self._written: dict[str, Setting] = {} if written is None else written
        self._asleep: dict[str, Setting] = {}  # asked for while an automatic decides it
        after_fork_in_child(self)

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode | None:
        assert isinstance(mode, VideoMode), "cameras are described with modes"
        wanted = float(settings.get("frame_rate", mode.max_frame_rate))
        rate = min(max(wanted, mode.min_frame_rate), mode.max_frame_rate)
        try:
            stream, agreed = self._open(mode, rate)
        except OSError as error:
            raise translate(error, label=self.label, path=self.path) from error
        try:
            self.configure(settings)
            self._reader = Reader(
                stream,
                agreed,
                _mode_of(agreed, mode, rate),
                delivery,
                label=self.label,
                clock=self.clock,
                tally=self.tally,
                stall_seconds=self._stall_seconds,
            )
        except BaseException:
            stream.close()
            raise
        self._reader.worker.start()
        return self._reader.mode

    def _open(self, mode: VideoMode, rate: float) -> tuple[CaptureStream, Negotiated]:
        """Start streaming in the mode, or in another pixel format of the same size where the bus is full."""
        formats = substitutes(self._offers, mode, rate)
        for place, pixel_format in enumerate(formats, 1):
            try:
                return self._open_in(pixel_format, mode, rate)
            except OSError as error:
                if error.errno not in _OTHER_FORMAT or place == len(formats):
                    raise
                _logger.debug("%s does not stream %s: %s", self.path, pixel_format, error)
        raise AssertionError  # the list has at least the mode's own format

    def _open_in(self, pixel_format: str, mode: VideoMode, rate: float) -> tuple[CaptureStream, Negotiated]:
        node = VideoNode(self.path)
        stream = None
        try:
            node.capabilities()
            stream = CaptureStream(node)
            agreed = stream.negotiate(pixel_format, mode.width, mode.height, rate)
            if cost_of(agreed.pixel_format) is None:
                raise OSError(errno.EINVAL, f"the driver insists on pixel format {agreed.pixel_format}")
            stream.begin(_FAST_BUFFERS if (agreed.rate or rate) > 60 else _BUFFERS)
        except BaseException:
            if stream:
                stream.close()
            node.close()
            raise
        return stream, agreed

    def stop(self) -> None:
        reader, self._reader = self._reader, None
        if reader is None:
            return
        reader.finish()
        if not reader.worker.join(_STOP_SECONDS):
            _logger.warning("The camera “%s” (%s) does not stop: its driver hangs", self.label, self.path)

    def configure(self, settings: Settings) -> bool:
        if self._reader is not None and any(name in _MODE_NAMES for name in settings):
            return False
        # What already holds is not written: somebody may have adjusted the camera since we asked it.
        holds = {**self._controls.present, **self._written}
        changed = {name: value for name, value in settings.items() if holds.get(name) != value}
        requests = self._controls.requests_for({**self._asleep, **changed})
        if requests:
            reached = self._write(requests)
            self._written.update({name: value for name, value in changed.items() if name in reached})
            waiting = {**self._asleep, **changed}
            self._asleep = {name: waiting[name] for name, _, _ in requests if name not in reached}
        return True

    def _write(self, requests: list[tuple[str, int, int]]) -> set[str]:
        """Set controls through a descriptor of their own: the reader has the other one.

        Returns the names of those that were awake: the others wait for their automatic to be switched off.
        """
        reached = set()
        try:
            with VideoNode(self.path) as node:
                for name, control, value in requests:
                    if node.asleep(control):
                        continue
                    reached.add(name)
                    try:
                        node.write_control(control, value)
                    except OSError as error:  # out of a range that depends on other controls
                        _logger.warning("The camera “%s” refused %s = %d: %s", self.label, name, value, error)
        except OSError as error:
            raise translate(error, label=self.label, path=self.path) from error
        return reached

    def after_fork(self) -> None:
        """Let go of the camera in a forked child; it stays the parent's."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.abandon()


def _mode_of(agreed: Negotiated, asked: VideoMode, rate: float) -> VideoMode:
    """The mode the camera runs in: the very one that was asked for, if it is that; rates may differ in rounding."""
    kept = agreed.rate or rate
    if asked.min_frame_rate == asked.max_frame_rate and abs(kept / rate - 1) < _SAME_RATE:
        kept = rate
    cost = cost_of(agreed.pixel_format) or 0
    return replace(
        asked,
        width=agreed.width,
        height=agreed.height,
        min_frame_rate=kept,
        max_frame_rate=kept,
        pixel_format=agreed.pixel_format,
        cost=asked.cost if agreed.pixel_format == asked.pixel_format else cost,
    )
