"""A PyAV input device as a `Source` of pictures: x11grab, gdigrab, avfoundation, dshow.

Not for: files and network inputs (they have clocks and ends of their own), nor V4L2, which needs a poll
before each read. What to open, and what an error means, is the back end's `Target`.

Rules of the file: everything of a container happens on its reader's thread, opening and closing too;
``stop`` sets a flag that is seen between reads. A target that can be asked at any time (a screen) is paced
here, by the clock, so that stopping is immediate and the stamp is the instant of the grab.
"""

from __future__ import annotations

import dataclasses
import errno
import logging
import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import av
import av.error

from mediastreams._backends.pts_clock import PtsClock
from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Picture
from mediastreams._engine.worker import Worker
from mediastreams._rules.values import Mode, Settings, VideoMode
from mediastreams.abc import Clock, Delivery, Source
from mediastreams.errors import DOMException, NotAllowedError, NotFoundError, NotReadableError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

__all__ = ["AvCapture", "Opening", "Target", "explain_open_error"]

_logger = logging.getLogger(__name__)
_RETRY_NS: Final = 100_000_000
_NOTHING_YET_NS: Final = 4_000_000
_STOP_SECONDS: Final = 5.0
_BAD_IN_A_ROW: Final = 30


@dataclass(frozen=True, slots=True)
class Opening:
    """What to hand to FFmpeg, and the mode that gives. The rate counts only where the target is paced here."""

    file: str
    format: str
    options: Mapping[str, str]
    mode: VideoMode
    frame_rate: float

    def same_container(self, other: Opening) -> bool:
        """Whether a container opened for the one serves the other."""
        return dataclasses.replace(self, frame_rate=other.frame_rate) == other


class Target(Protocol):
    """What is captured. All calls come from the reader's thread."""

    name: str
    """For the thread and for messages: ``screen :0``."""
    paced: bool
    """It gives a picture whenever it is asked, and may be opened again after an error."""
    loans: int
    """How many frames may be in use before further ones are copied: what they lie in is scarce."""

    def open(self, mode: VideoMode, settings: Settings) -> Opening | None:
        """Say what to open now; ``None`` while there is nothing to see (a hidden window).

        Raises: NotFoundError, NotReadableError when it is gone for good.
        """

    def changed(self) -> bool:
        """Whether `open` may have another answer now. Asked between frames: a few microseconds."""

    def explain(self, error: Exception) -> DOMException:
        """Translate an error of PyAV."""

    def close(self) -> None:
        """Let go of everything. Idempotent."""


class AvCapture(Source):
    """One capture of one target; the reader's thread lives from ``start`` to ``stop`` or the end."""

    kind = "video"

    def __init__(self, target: Target, clock: Clock | None = None) -> None:
        self.clock = clock or get_clock()
        self._target = target
        self._reader: _Reader | None = None

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode:
        if not isinstance(mode, VideoMode):
            raise TypeError(f"{self._target.name} has pictures, and no mode {mode}")
        self.stop()
        self._reader = reader = _Reader(self._target, self.clock, mode, settings, delivery)
        return reader.begin()

    def stop(self) -> None:
        reader, self._reader = self._reader, None
        if reader:
            reader.stop()

    def configure(self, settings: Settings) -> bool:
        reader = self._reader
        return bool(reader and self._target.paced and reader.change(settings)) or not settings


class _Reader:
    """The thread of one capture, and the few values that others set for it."""

    def __init__(self, target: Target, clock: Clock, mode: VideoMode, settings: Settings, delivery: Delivery) -> None:
        self._target = target
        self._clock = clock
        self._mode = mode
        self._settings: Settings = dict(settings)
        self._delivery = delivery
        self._wake = clock.wake()
        self._running = threading.Event()
        self._failure: DOMException | None = None
        self._stopping = False
        self._muted = False
        self._on_loan: weakref.WeakSet[Picture] = weakref.WeakSet()
        self._worker = Worker(f"capture {target.name}", self._main, finish=self._ask_to_stop)

    def begin(self) -> VideoMode:
        """Start, and wait until the device is open or has failed."""
        self._worker.start()
        self._running.wait()
        if self._failure:
            self._worker.join(_STOP_SECONDS)
            raise self._failure
        return self._mode

    def stop(self) -> None:
        self._ask_to_stop()
        if not self._worker.join(_STOP_SECONDS):
            _logger.warning("%s does not end its read: its thread is left behind", self._target.name)

    def change(self, settings: Settings) -> bool:
        """Have the reader look again with other settings."""
        self._settings = {**self._settings, **settings}
        self._wake.set()
        return True

    def _ask_to_stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def _main(self) -> None:
        failure: DOMException | None = None
        try:
            self._capture()
        except DOMException as error:
            failure = error
        except Exception as error:  # the worker's border: nothing of FFmpeg leaks
            _logger.debug("%s: unexpected", self._target.name, exc_info=True)
            failure = NotReadableError(f"Capturing {self._target.name} failed: {error}")
        finally:
            self._target.close()
            if not self._running.is_set():
                self._failure = failure or NotReadableError(f"Nothing came from {self._target.name}")
                self._running.set()
            elif not self._stopping:
                self._delivery.end(failure)

    def _capture(self) -> None:
        container: InputContainer | None = None
        opened: Opening | None = None
        failures = 0
        try:
            while True:
                self._wake.clear()  # before looking at what it may announce
                if self._stopping:
                    break
                opening = self._target.open(self._mode, self._settings)
                if container and not (opening and opened and opening.same_container(opened)):
                    container.close()
                    container = None
                if opening is None:
                    self._set_muted(muted=True)
                    self._running.set()
                    self._clock.wait_until(self._clock.now_ns() + _RETRY_NS, self._wake)
                    continue
                opened = opening
                try:
                    container = container or _open_container(opening)
                    self._announce(_real_mode(container, opening.mode))
                    failures = 0 if self._read(container, opening) else failures + 1
                except DOMException:
                    raise
                except (av.error.FFmpegError, OSError, ValueError) as error:
                    if container:
                        container.close()
                        container = None
                    failures += 1
                    if not self._target.paced or not self._running.is_set() or failures > 5:
                        raise self._target.explain(error) from error
                    _logger.debug("%s: opening again after %s", self._target.name, error)
                    self._clock.wait_until(self._clock.now_ns() + _RETRY_NS // 2, self._wake)
        finally:
            if container:
                container.close()

    def _announce(self, mode: VideoMode) -> None:
        """Say so where the target is of another size than it was, and let ``start`` return."""
        if mode != self._mode:
            self._mode = mode
            if self._running.is_set():
                self._delivery.reconfigured(mode)
        self._running.set()

    def _set_muted(self, *, muted: bool) -> None:
        if muted != self._muted:
            self._muted = muted
            self._delivery.set_muted(muted=muted)

    def _read(self, container: InputContainer, opening: Opening) -> int:
        """Deliver until something asks for another look at the target; returns the number of frames."""
        stream = container.streams.video[0]
        frames = _decode(container, stream)
        pts_clock = PtsClock()
        duration = round(1e6 / opening.frame_rate)
        count = 0
        if self._target.paced:
            next(frames, None)  # what FFmpeg read to know the format is older than anything we want
        due = self._clock.now_ns()
        while not self._stopping and not self._target.changed():
            stamp = None
            if self._target.paced:
                if self._clock.wait_until(due, self._wake):
                    break
                now = self._clock.now_ns()
                due = max(due + duration * 1000, now)
                stamp = now // 1000
            elif self._wake.is_set():
                break
            try:
                frame = next(frames, None)
            except av.error.BlockingIOError:  # avfoundation has nothing yet, and does not wait
                frames = _decode(container, stream)
                self._clock.wait_until(self._clock.now_ns() + _NOTHING_YET_NS, self._wake)
                continue
            if frame is None:
                raise NotReadableError(f"{self._target.name} stopped sending")
            if stamp is None:
                stamp = pts_clock.stamp(frame.pts, stream.time_base, self._clock.now_us())
            if len(self._on_loan) >= self._target.loans:
                frame = _copy(frame)
            picture = Picture.stamped(frame, stamp, duration)
            self._on_loan.add(picture)
            del frame
            self._set_muted(muted=False)
            self._delivery.deliver(picture)
            del picture
            count += 1
        return count


def _open_container(opening: Opening) -> InputContainer:
    return av.open(opening.file, format=opening.format, options=dict(opening.options))


def _real_mode(container: InputContainer, asked: VideoMode) -> VideoMode:
    """The mode asked for, in the size that the device really gives."""
    context = container.streams.video[0].codec_context
    if not context.width or not context.height:
        return asked
    return dataclasses.replace(asked, width=context.width, height=context.height)


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """Frames as they come; a few that do not decode are passed over."""
    bad = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            bad += 1
            if bad > _BAD_IN_A_ROW:
                raise
            continue
        for frame in frames:
            bad = 0
            yield frame


def _copy(frame: av.VideoFrame) -> av.VideoFrame:
    """The same picture in memory of its own."""
    twin = av.VideoFrame(frame.width, frame.height, frame.format.name)
    for ours, theirs in zip(twin.planes, frame.planes, strict=True):
        target, source = memoryview(ours), memoryview(theirs)
        width = min(ours.line_size, theirs.line_size)
        if ours.line_size == theirs.line_size:
            target[:] = source
            continue
        for row in range(ours.height):
            at = row * ours.line_size
            target[at : at + width] = source[row * theirs.line_size : row * theirs.line_size + width]
    twin.colorspace, twin.color_range = frame.colorspace, frame.color_range
    return twin


def explain_open_error(name: str, error: Exception) -> DOMException:
    """The named error for what opening or reading a camera raised; keeps ``errno``."""
    number = getattr(error, "errno", None)
    if number in {errno.EACCES, errno.EPERM}:
        return NotAllowedError(f"The system does not let this program use {name}: allow it in its privacy settings")
    if number in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
        return NotFoundError(f"{name} is not there (any more)")
    if number == errno.EBUSY:
        return NotReadableError(f"{name} is in use by another program: close that one", errno=number)
    return NotReadableError(f"{name} cannot be read: {error}", errno=number)
