"""`CameraSource`: one V4L2 camera as a source of pictures.

Not for: talking to the driver (``v4l2_stream.py``) or finding cameras (``v4l2_devices.py``).

Rules of the file: one worker reads, and only it touches the stream while it lives; it waits in ``poll`` on the
camera and on a pipe, so that stopping never waits for a camera that sends nothing; a picture is copied out of the
driver's memory before anybody else sees it; a picture that has grown old while another waits is skipped, so that a
slow decoder loses pictures, not time.
"""

from __future__ import annotations

import errno
import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mediastreams._backends.linux import v4l2_structs as s
from mediastreams._backends.linux.v4l2_controls import PRIVACY, Controls
from mediastreams._backends.linux.v4l2_errors import translate
from mediastreams._backends.linux.v4l2_ioctl import VideoNode
from mediastreams._backends.linux.v4l2_layouts import LAYOUTS, cost_of
from mediastreams._backends.linux.v4l2_modes import FormatOffer, substitutes
from mediastreams._backends.linux.v4l2_pictures import Colours, PictureMaker, picture_maker
from mediastreams._backends.linux.v4l2_stream import CaptureStream, Filled, Negotiated, same_node
from mediastreams._engine.frames import Picture
from mediastreams._engine.worker import Worker, after_fork_in_child
from mediastreams._rules.values import Kind, Mode, Setting, Settings, VideoMode
from mediastreams.abc import Clock, Delivery, Source

__all__ = ["CameraSource"]

_logger = logging.getLogger(__name__)
_STALL_SECONDS: Final = 2.0
_BUFFERS: Final = 4
_FAST_BUFFERS: Final = 8  # above 60 frames per second four buffers are less than a scheduling delay
_REVIVALS: Final = 3
_REVIVAL_SECONDS: Final = 10.0
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
        self.dropped = 0
        """Pictures the camera made and nobody got: by its own count, and skipped ones."""
        self.corrupt = 0
        self._offers = tuple(offers)
        self._controls = controls or Controls()
        self._stall_seconds = stall_seconds
        self._reader: _Reader | None = None
        self._written: dict[str, Setting] = {} if written is None else written
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
            self._reader = _Reader(self, stream, agreed, _mode_of(agreed, mode, rate), delivery)
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
        requests = self._controls.requests_for(changed)
        if requests:
            self._write(requests)
            self._written.update({name: changed[name] for name, _, _ in requests})
        return True

    def _write(self, requests: list[tuple[str, int, int]]) -> None:
        """Set controls through a descriptor of their own: the reader has the other one."""
        try:
            with VideoNode(self.path) as node:
                for name, control, value in requests:
                    if node.asleep(control):
                        continue
                    try:
                        node.write_control(control, value)
                    except OSError as error:  # out of a range that depends on other controls
                        _logger.warning("The camera “%s” refused %s = %d: %s", self.label, name, value, error)
        except OSError as error:
            raise translate(error, label=self.label, path=self.path) from error

    def after_fork(self) -> None:
        """Let go of the camera in a forked child; it stays the parent's."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.abandon()


class _Reader:
    """One streaming session and its worker."""

    def __init__(
        self, source: CameraSource, stream: CaptureStream, agreed: Negotiated, mode: VideoMode, delivery: Delivery
    ) -> None:
        self._source = source
        self._stream = stream
        self._agreed = agreed
        self._delivery = delivery
        self.mode = mode
        self._interval_us = round(1_000_000 / mode.max_frame_rate)
        self._stall_seconds = max(source._stall_seconds, 3 / mode.max_frame_rate)  # noqa: SLF001 - same file
        self._last_good = time.monotonic()
        self._maker = self._picture_maker()
        self._offset_ns = _offset_of(source.clock)
        self._last_stamp: int | None = None
        self._last_sequence: int | None = None
        self._muted = False
        self._covered = self._watch_events()
        self._revivals: deque[float] = deque(maxlen=_REVIVALS)
        self._stopping = False
        self._pipe_lock = threading.Lock()
        self._wake_out, self._wake_in = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.worker = Worker(f"v4l2-{Path(source.path).name}", self._run, finish=self.finish)

    def _picture_maker(self) -> PictureMaker:
        got = self._agreed
        layout = LAYOUTS.get(got.pixel_format)
        colours = Colours(got.colorspace, got.encoding, got.quantization, rgb=bool(layout and layout.rgb))
        return picture_maker(got.pixel_format, got.width, got.height, got.strides, colours)

    def finish(self) -> None:
        """Ask the worker to return. Any thread, does not block."""
        self._stopping = True
        with self._pipe_lock:  # the number of a closed pipe may be somebody else's by now
            if self._wake_in >= 0:
                os.write(self._wake_in, b"x")

    def abandon(self) -> None:
        self._stream.abandon()
        self._close_pipe()

    def _close_pipe(self) -> None:
        ends, self._wake_in, self._wake_out = (self._wake_in, self._wake_out), -1, -1
        for end in ends:
            if end >= 0:
                os.close(end)

    def _run(self) -> None:
        failed: OSError | None = None
        try:
            self._read()
        except OSError as error:
            failed = error
        finally:
            self._stream.close()
            with self._pipe_lock:
                self._close_pipe()
        if failed is not None and not self._stopping:
            reason = translate(failed, label=self._source.label, path=self._source.path)
            _logger.debug("%s ended: %s", self._source.path, reason)
            self._delivery.end(reason)

    def _read(self) -> None:
        """Until stopped. Raises: OSError when the camera is gone or broken for good."""
        node = self._stream.node
        poller = select.poll()
        poller.register(node.fd, select.POLLIN | select.POLLPRI)
        poller.register(self._wake_out, select.POLLIN)
        self._mute(muted=self._covered)
        while not self._stopping:
            silent = time.monotonic() - self._last_good
            events = dict(poller.poll(None if self._muted else max(0.0, 1000 * (self._stall_seconds - silent))))
            if self._stopping:
                return
            found = events.get(node.fd, 0)
            if found & select.POLLPRI:
                self._take_events()
            if found & ~select.POLLPRI:
                self._take_picture(broken=bool(found & (select.POLLERR | select.POLLHUP)))
            if time.monotonic() - self._last_good >= self._stall_seconds:
                self._mute(muted=True)

    def _take_picture(self, *, broken: bool) -> None:
        """Deliver the next picture; skip those that are too old."""
        try:
            filled = self._stream.take()
        except BlockingIOError:
            if broken:
                self._revive(OSError(errno.EIO, os.strerror(errno.EIO)))
            return
        except OSError as error:
            self._revive(error)
            return
        while (newer := self._newer_than(filled)) is not None:
            self._source.dropped += 1
            self._stream.give_back(filled)
            filled = newer
        self._count(filled)
        frame = None if filled.corrupt else self._maker.make(filled.memory)
        stamp = self._stamp(filled)
        self._stream.give_back(filled)
        if frame is None:
            self._source.corrupt += 1
            return
        self._last_good = time.monotonic()
        if (frame.width, frame.height) != (self.mode.width, self.mode.height):
            self._resized(frame.width, frame.height)
        self._mute(muted=self._covered)
        self._delivery.deliver(Picture.stamped(frame, stamp, self._interval_us, {"capture_time": stamp}))

    def _newer_than(self, filled: Filled) -> Filled | None:
        """The next picture, when this one is so old that delivering it would only add delay."""
        if filled.captured_ns is None:
            return None
        age = time.monotonic_ns() - filled.captured_ns
        if age < 3000 * self._interval_us:
            return None
        try:
            return self._stream.take()
        except OSError:
            return None

    def _stamp(self, filled: Filled) -> int:
        """The picture's instant on the clock: the driver's word, unless it is absurd; never back."""
        now = time.monotonic_ns()
        captured = filled.captured_ns
        if captured is None or not now - 2_000_000_000 < captured <= now:
            captured = now
        stamp = (captured + self._offset_ns) // 1000
        if self._last_stamp is not None:
            stamp = max(stamp, self._last_stamp + 1)
        self._last_stamp = stamp
        return stamp

    def _count(self, filled: Filled) -> None:
        if self._last_sequence is not None:
            gap = (filled.sequence - self._last_sequence) & 0xFFFFFFFF
            if 1 < gap < 1000:
                self._source.dropped += gap - 1
        self._last_sequence = filled.sequence

    def _revive(self, error: OSError) -> None:
        """After a fatal error start the camera again, unless it is gone or fails time and again. Raises: OSError."""
        path = self._source.path
        if error.errno == errno.ENODEV or not same_node(path, self._stream.node.fd):
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from error
        now = time.monotonic()
        if len(self._revivals) == _REVIVALS and now - self._revivals[0] < _REVIVAL_SECONDS:
            raise error
        self._revivals.append(now)
        _logger.debug("%s: %s; starting it again", path, error)
        self._last_sequence = None
        self._stream.restart()

    def _mute(self, *, muted: bool) -> None:
        if muted != self._muted:
            self._muted = muted
            self._delivery.set_muted(muted=muted)

    def _resized(self, width: int, height: int) -> None:
        self.mode = replace(self.mode, width=width, height=height)
        self._delivery.reconfigured(self.mode)

    def _watch_events(self) -> bool:
        """Have the driver tell when the privacy shutter moves; whether it is closed now."""
        node = self._stream.node
        if not node.supports("SUBSCRIBE_EVENT", s.EventSubscription(type=s.EVENT_CONTROL, id=PRIVACY)):
            return False
        return bool(node.read_control(PRIVACY))

    def _take_events(self) -> None:
        event = s.Event()
        while True:
            try:
                self._stream.node.call("DQEVENT", event)
            except OSError:
                return  # none left
            if event.type == s.EVENT_CONTROL and event.id == PRIVACY:
                self._covered = bool(event.u.control.value & 0xFFFFFFFF)
                self._mute(muted=self._covered)


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


def _offset_of(clock: Clock) -> int:
    """Nanoseconds from CLOCK_MONOTONIC, on which drivers count, to the process's clock."""
    best = (1 << 62, 0)
    for _ in range(3):
        before = time.monotonic_ns()
        there = clock.now_ns()
        after = time.monotonic_ns()
        best = min(best, (after - before, there - (before + after) // 2))
    return best[1]
