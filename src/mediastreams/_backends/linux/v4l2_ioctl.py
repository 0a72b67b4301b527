"""`VideoNode`: an open ``/dev/videoN`` and the questions one can ask it, answered in plain values.

Not for: streaming (``v4l2_stream.py``) or judging the answers (``v4l2_modes.py``, ``v4l2_controls.py``).
Opening a node and asking disturbs nobody who streams from it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from mediastreams._backends.linux import v4l2_structs as s

__all__ = ["Capabilities", "ControlInfo", "Ioctl", "RateSpan", "SizeSpan", "VideoNode", "code_of", "fourcc"]

Ioctl = Callable[[int, int, ctypes.Structure | ctypes.c_int], object]
"""Like `fcntl.ioctl`: changes the structure, raises `OSError`. Recordings replay through it."""

_NO_MORE: Final = (errno.EINVAL, errno.ENOTTY, errno.ENODATA)
_NEXT_CONTROL: Final = 0x80000000
_MOST: Final = 4096  # entries of one list: a driver that never ends must not hang us


def fourcc(code: int) -> str:
    """Spell a pixel format's number in its four characters."""
    letters = "".join(chr(code >> shift & 0x7F) for shift in (0, 8, 16, 24))
    return letters + "-BE" if code >> 31 else letters  # the top bit says big-endian


def code_of(name: str) -> int:
    """Number of a pixel format that `fourcc` spelled."""
    big_endian = name.endswith("-BE") and len(name) > 4
    return sum(ord(letter) << 8 * place for place, letter in enumerate(name[:4])) | big_endian << 31


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Who the device says it is, and what this node can do."""

    driver: str
    card: str
    bus_info: str
    flags: int

    @property
    def captures(self) -> bool:
        """Whether pictures stream out of this node (metadata, VBI, radio and output nodes have other flags)."""
        wanted = s.CAPABILITY_CAPTURE | s.CAPABILITY_CAPTURE_MPLANE
        return bool(self.flags & wanted) and bool(self.flags & s.CAPABILITY_STREAMING)

    @property
    def multi_planar(self) -> bool:
        return not self.flags & s.CAPABILITY_CAPTURE


@dataclass(frozen=True, slots=True)
class SizeSpan:
    """Sizes from minimum to maximum in steps; a single size has equal ends."""

    min_width: int
    max_width: int
    step_width: int
    min_height: int
    max_height: int
    step_height: int


@dataclass(frozen=True, slots=True)
class RateSpan:
    """Frames per second from ``slowest`` to ``fastest``; a single rate has equal ends."""

    slowest: float
    fastest: float


@dataclass(frozen=True, slots=True)
class ControlInfo:
    """One control as the driver describes it. ``items`` are the indices of a menu."""

    id: int
    name: str
    type: int
    minimum: int
    maximum: int
    step: int
    default: int
    flags: int
    items: tuple[int, ...] = ()
    value: int | None = None


class VideoNode:
    """Owns one descriptor from construction to `close`. Any thread, one at a time."""

    def __init__(self, path: str, *, ioctl: Ioctl | None = None) -> None:
        self.path = path
        self._ioctl: Ioctl = ioctl or fcntl.ioctl
        self.fd = -1 if ioctl else os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.buffer_type = s.BUFFER_CAPTURE

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, request: str, argument: ctypes.Structure | ctypes.c_int) -> None:
        """Make one request; the answer is in ``argument``. Raises: OSError."""
        self._ioctl(self.fd, s.REQUESTS[request], argument)

    def supports(self, request: str, argument: ctypes.Structure | ctypes.c_int) -> bool:
        """Make a request that a driver may not know. False: it does not, or there is no such entry."""
        try:
            self.call(request, argument)
        except OSError as error:
            if error.errno in _NO_MORE:
                return False
            raise
        return True

    def capabilities(self) -> Capabilities:
        """Ask who this is; from then on requests name the buffer type that the node has."""
        answer = s.Capability()
        self.call("QUERYCAP", answer)
        flags = answer.device_caps if answer.capabilities & s.CAPABILITY_DEVICE_CAPS else answer.capabilities
        found = Capabilities(_text(answer.driver), _text(answer.card), _text(answer.bus_info), flags)
        self.buffer_type = s.BUFFER_CAPTURE_MPLANE if found.multi_planar else s.BUFFER_CAPTURE
        return found

    def pixel_formats(self) -> list[str]:
        """The four characters of every pixel format, the driver's favourite first."""
        formats = []
        for index in range(_MOST):
            entry = s.FormatDescription(index=index, type=self.buffer_type)
            if not self.supports("ENUM_FMT", entry):
                break
            formats.append(fourcc(entry.pixelformat))
        return formats

    def sizes(self, pixel_format: str) -> list[SizeSpan]:
        """Sizes of a pixel format; empty when the driver does not say."""
        spans = []
        for index in range(_MOST):
            entry = s.FrameSize(index=index, pixel_format=code_of(pixel_format))
            if not self.supports("ENUM_FRAMESIZES", entry):
                break
            span = entry.span
            if entry.type == s.SIZES_DISCRETE:
                width, height = span.min_width, span.max_width  # the union's other member
                spans.append(SizeSpan(width, width, 1, height, height, 1))
                continue
            spans.append(
                SizeSpan(
                    span.min_width,
                    span.max_width,
                    span.step_width or 1,
                    span.min_height,
                    span.max_height,
                    span.step_height or 1,
                )
            )
            break  # a stepwise answer is the only one
        return spans

    def rates(self, pixel_format: str, width: int, height: int) -> list[RateSpan]:
        """Frame rates of a format and size; empty when the driver does not say."""
        spans: list[RateSpan] = []
        for index in range(_MOST):
            entry = s.FrameInterval(index=index, pixel_format=code_of(pixel_format), width=width, height=height)
            if not self.supports("ENUM_FRAMEINTERVALS", entry):
                break
            fastest = _rate(entry.span.min)
            if entry.type == s.SIZES_DISCRETE:
                if fastest:
                    spans.append(RateSpan(fastest, fastest))
                continue
            slowest = _rate(entry.span.max)
            if fastest and slowest:
                spans.append(RateSpan(min(slowest, fastest), max(slowest, fastest)))
            break
        return spans

    def current_rate(self) -> float | None:
        """The rate set now, if the driver has one."""
        answer = s.StreamParameters(type=self.buffer_type)
        if not self.supports("G_PARM", answer):
            return None
        return _rate(answer.parm.capture.timeperframe)

    def current_format(self) -> s.Format:
        """The format set now."""
        answer = s.Format(type=self.buffer_type)
        self.call("G_FMT", answer)
        return answer

    def format_for(self, pixel_format: str, width: int, height: int) -> s.Format:
        """A structure that asks for this format and size."""
        asked = s.Format(type=self.buffer_type)
        pix = asked.fmt.pix_mp if self.buffer_type == s.BUFFER_CAPTURE_MPLANE else asked.fmt.pix
        pix.width, pix.height, pix.pixelformat, pix.field = width, height, code_of(pixel_format), s.FIELD_NONE
        return asked

    def nearest_size(self, pixel_format: str, width: int, height: int) -> tuple[int, int] | None:
        """The size the driver would choose when asked for this one; changes nothing."""
        answer = self.format_for(pixel_format, width, height)
        if not self.supports("TRY_FMT", answer):
            return None
        return answer.fmt.pix.width, answer.fmt.pix.height  # both layouts of the union begin with these

    def controls(self) -> Iterator[ControlInfo]:
        """Everything that can be adjusted or read, with its present value where it has one."""
        last = 0
        for _ in range(_MOST):
            query = s.ControlQuery(id=last | _NEXT_CONTROL)
            if not self.supports("QUERYCTRL", query) or query.id == last:
                return
            last = query.id
            if query.flags & s.CONTROL_DISABLED:
                continue
            yield ControlInfo(
                query.id,
                _text(query.name),
                query.type,
                query.minimum,
                query.maximum,
                query.step,
                query.default_value,
                query.flags,
                self._menu(query) if query.type == s.CONTROL_MENU else (),
                self.read_control(query.id),
            )

    def read_control(self, control: int) -> int | None:
        """Present value, or ``None`` when the control cannot be read (now)."""
        answer = s.Control(id=control)
        try:
            self.call("G_CTRL", answer)
        except OSError:  # write-only, asleep, a class heading: nothing to tell
            return None
        return int(answer.value)

    def asleep(self, control: int) -> bool:
        """Whether writing a control has no effect now, its automatic mode being on."""
        query = s.ControlQuery(id=control)
        return self.supports("QUERYCTRL", query) and bool(query.flags & s.CONTROL_INACTIVE)

    def write_control(self, control: int, value: int) -> None:
        """Set a control. Raises: OSError."""
        self.call("S_CTRL", s.Control(id=control, value=value))

    def _menu(self, query: s.ControlQuery) -> tuple[int, ...]:
        items = range(max(0, query.minimum), min(query.maximum, 255) + 1)
        return tuple(index for index in items if self.supports("QUERYMENU", s.MenuQuery(id=query.id, index=index)))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()


def _rate(interval: s.Fraction) -> float | None:
    if not interval.numerator or not interval.denominator:
        return None
    return float(interval.denominator / interval.numerator)
