"""`Reader`: the worker that takes pictures out of a streaming camera.

Not for: opening (``v4l2_source.py``) or what a buffer looks like (``v4l2_stream.py``, ``v4l2_pictures.py``).

Rules of the file: it waits in ``poll`` on the camera and on a pipe, so that stopping never waits for a camera that
sends nothing; a picture is copied out of the driver's memory before anybody else sees it; a picture that has grown old
while another waits is skipped, so that a slow decoder loses pictures, not time.
"""

from __future__ import annotations

import errno
import logging
import os
import select
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mediastreams._backends.linux import v4l2_structs as s
from mediastreams._backends.linux.v4l2_controls import PRIVACY
from mediastreams._backends.linux.v4l2_errors import translate
from mediastreams._backends.linux.v4l2_layouts import LAYOUTS
from mediastreams._backends.linux.v4l2_pictures import Colours, PictureMaker, picture_maker
from mediastreams._backends.linux.v4l2_stream import CaptureStream, Filled, Negotiated, same_node
from mediastreams._engine.frames import Picture
from mediastreams._engine.worker import Worker
from mediastreams.errors import NotReadableError

if TYPE_CHECKING:
    from mediastreams._rules.values import VideoMode
    from mediastreams.abc import Clock, Delivery
    from mediastreams.errors import DOMException

__all__ = ["Reader", "Tally"]

_logger = logging.getLogger(__name__)
_REVIVALS: Final = 3
_REVIVAL_SECONDS: Final = 10.0


@dataclass(slots=True)
class Tally:
    """Pictures the camera made and nobody got: missing in its own count or skipped; spoiled."""

    dropped: int = 0
    corrupt: int = 0


class Reader:
    """One streaming session and its worker. Lives from `CameraSource.start` until it is asked to `finish` or fails.

    ``tally`` is the source's: it counts over all sessions.
    """

    def __init__(
        self,
        stream: CaptureStream,
        agreed: Negotiated,
        mode: VideoMode,
        delivery: Delivery,
        *,
        label: str,
        clock: Clock,
        tally: Tally,
        stall_seconds: float,
    ) -> None:
        self._label = label
        self._path = stream.node.path
        self._tally = tally
        self._stream = stream
        self._agreed = agreed
        self._delivery = delivery
        self.mode = mode
        self._interval_us = round(1_000_000 / mode.max_frame_rate)
        self._stall_seconds = max(stall_seconds, 3 / mode.max_frame_rate)
        self._last_good = time.monotonic()
        self._maker = self._picture_maker()
        self._offset_ns = _offset_of(clock)
        self._last_stamp: int | None = None
        self._last_sequence: int | None = None
        self._muted = False
        self._covered = self._watch_events()
        self._revivals: deque[float] = deque(maxlen=_REVIVALS)
        self._stopping = False
        self._pipe_lock = threading.Lock()
        self._wake_out, self._wake_in = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.worker = Worker(f"v4l2-{Path(self._path).name}", self._run, finish=self.finish)

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
        reason: DOMException | None = None
        try:
            self._read()
        except OSError as error:
            reason = translate(error, label=self._label, path=self._path)
        except Exception as error:  # the worker's border: a track must not wait for ever for a reader that has failed
            _logger.exception("Reading %s failed", self._path)
            reason = NotReadableError(f"Reading the camera “{self._label}” ({self._path}) failed: {error}")
        finally:
            self._stream.close()
            with self._pipe_lock:
                self._close_pipe()
        if reason is not None and not self._stopping:
            _logger.debug("%s ended: %s", self._path, reason)
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
            self._tally.dropped += 1
            self._stream.give_back(filled)
            filled = newer
        self._count(filled)
        frame = None if filled.corrupt else self._maker.make(filled.memory)
        stamp = self._stamp(filled)
        self._stream.give_back(filled)
        if frame is None:
            self._tally.corrupt += 1
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
                self._tally.dropped += gap - 1
        self._last_sequence = filled.sequence

    def _revive(self, error: OSError) -> None:
        """After a fatal error start the camera again, unless it is gone or fails time and again. Raises: OSError."""
        if error.errno == errno.ENODEV or not same_node(self._path, self._stream.node.fd):
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from error
        now = time.monotonic()
        if len(self._revivals) == _REVIVALS and now - self._revivals[0] < _REVIVAL_SECONDS:
            raise error
        self._revivals.append(now)
        _logger.debug("%s: %s; starting it again", self._path, error)
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


def _offset_of(clock: Clock) -> int:
    """Nanoseconds from CLOCK_MONOTONIC, on which drivers count, to the process's clock."""
    best = (1 << 62, 0)
    for _ in range(3):
        before = time.monotonic_ns()
        there = clock.now_ns()
        after = time.monotonic_ns()
        best = min(best, (after - before, there - (before + after) // 2))
    return best[1]
