"""The structures and request numbers of the kernel's video capture interface, as far as we use them.

Not for: calling (``v4l2_ioctl.py``). Written from the kernel's user-space documentation:
https://docs.kernel.org/userspace-api/media/v4l/v4l2.html
"""

from __future__ import annotations

import ctypes as c
from typing import ClassVar, Final

__all__ = [
    "BUFFER_CAPTURE",
    "BUFFER_CAPTURE_MPLANE",
    "BUFFER_ERROR",
    "BUFFER_MONOTONIC",
    "BUFFER_TIMESTAMP_MASK",
    "CAPABILITY_CAPTURE",
    "CAPABILITY_CAPTURE_MPLANE",
    "CAPABILITY_DEVICE_CAPS",
    "CAPABILITY_STREAMING",
    "CAPABILITY_TIME_PER_FRAME",
    "CONTROL_DISABLED",
    "CONTROL_INACTIVE",
    "CONTROL_MENU",
    "CONTROL_READ_ONLY",
    "EVENT_CONTROL",
    "FIELD_NONE",
    "MEMORY_MMAP",
    "REQUESTS",
    "SIZES_DISCRETE",
    "Buffer",
    "Capability",
    "Control",
    "ControlQuery",
    "Event",
    "EventSubscription",
    "Format",
    "FormatDescription",
    "Fraction",
    "FrameInterval",
    "FrameSize",
    "IntervalSpan",
    "MenuQuery",
    "MultiPlaneFormat",
    "Plane",
    "PlaneFormat",
    "RequestBuffers",
    "SinglePlaneFormat",
    "SizeSpan",
    "StreamParameters",
]

u8, u16, u32, s32, s64, ulong = c.c_uint8, c.c_uint16, c.c_uint32, c.c_int32, c.c_int64, c.c_ulong

CAPABILITY_CAPTURE: Final = 0x00000001
CAPABILITY_CAPTURE_MPLANE: Final = 0x00001000
CAPABILITY_STREAMING: Final = 0x04000000
CAPABILITY_DEVICE_CAPS: Final = 0x80000000
CAPABILITY_TIME_PER_FRAME: Final = 0x1000
BUFFER_CAPTURE: Final = 1
BUFFER_CAPTURE_MPLANE: Final = 9
BUFFER_ERROR: Final = 0x0040
BUFFER_TIMESTAMP_MASK: Final = 0xE000
BUFFER_MONOTONIC: Final = 0x2000
MEMORY_MMAP: Final = 1
FIELD_NONE: Final = 1
SIZES_DISCRETE: Final = 1
CONTROL_MENU: Final = 3
CONTROL_DISABLED: Final = 0x0001
CONTROL_READ_ONLY: Final = 0x0004
CONTROL_INACTIVE: Final = 0x0010
EVENT_CONTROL: Final = 3


class Capability(c.Structure):
    _fields_: ClassVar = [
        ("driver", c.c_char * 16),
        ("card", c.c_char * 32),
        ("bus_info", c.c_char * 32),
        ("version", u32),
        ("capabilities", u32),
        ("device_caps", u32),
        ("reserved", u32 * 3),
    ]


class FormatDescription(c.Structure):
    _fields_: ClassVar = [
        ("index", u32),
        ("type", u32),
        ("flags", u32),
        ("description", c.c_char * 32),
        ("pixelformat", u32),
        ("mbus_code", u32),
        ("reserved", u32 * 3),
    ]


class Fraction(c.Structure):
    _fields_: ClassVar = [("numerator", u32), ("denominator", u32)]


class SizeSpan(c.Structure):
    """In the enumeration's union; a discrete size stands in its first two members."""

    _fields_: ClassVar = [
        ("min_width", u32),
        ("max_width", u32),
        ("step_width", u32),
        ("min_height", u32),
        ("max_height", u32),
        ("step_height", u32),
    ]


class FrameSize(c.Structure):
    _fields_: ClassVar = [
        ("index", u32),
        ("pixel_format", u32),
        ("type", u32),
        ("span", SizeSpan),
        ("reserved", u32 * 2),
    ]


class IntervalSpan(c.Structure):
    """In the enumeration's union; a discrete interval stands in ``min``."""

    _fields_: ClassVar = [("min", Fraction), ("max", Fraction), ("step", Fraction)]


class FrameInterval(c.Structure):
    _fields_: ClassVar = [
        ("index", u32),
        ("pixel_format", u32),
        ("width", u32),
        ("height", u32),
        ("type", u32),
        ("span", IntervalSpan),
        ("reserved", u32 * 2),
    ]


class SinglePlaneFormat(c.Structure):
    _fields_: ClassVar = [
        ("width", u32),
        ("height", u32),
        ("pixelformat", u32),
        ("field", u32),
        ("bytesperline", u32),
        ("sizeimage", u32),
        ("colorspace", u32),
        ("priv", u32),
        ("flags", u32),
        ("ycbcr_enc", u32),
        ("quantization", u32),
        ("xfer_func", u32),
    ]


class PlaneFormat(c.Structure):
    _pack_ = 1
    _fields_: ClassVar = [("sizeimage", u32), ("bytesperline", u32), ("reserved", u16 * 6)]


class MultiPlaneFormat(c.Structure):
    _pack_ = 1
    _fields_: ClassVar = [
        ("width", u32),
        ("height", u32),
        ("pixelformat", u32),
        ("field", u32),
        ("colorspace", u32),
        ("plane_fmt", PlaneFormat * 8),
        ("num_planes", u8),
        ("flags", u8),
        ("ycbcr_enc", u8),
        ("quantization", u8),
        ("xfer_func", u8),
        ("reserved", u8 * 7),
    ]


class _FormatUnion(c.Union):
    _fields_: ClassVar = [
        ("pix", SinglePlaneFormat),
        ("pix_mp", MultiPlaneFormat),
        ("raw", u8 * 200),
        ("_aligned", c.c_void_p),  # other members of the kernel's union hold pointers
    ]


class Format(c.Structure):
    _fields_: ClassVar = [("type", u32), ("fmt", _FormatUnion)]


class _CaptureParameters(c.Structure):
    _fields_: ClassVar = [
        ("capability", u32),
        ("capturemode", u32),
        ("timeperframe", Fraction),
        ("extendedmode", u32),
        ("readbuffers", u32),
        ("reserved", u32 * 4),
    ]


class _ParametersUnion(c.Union):
    _fields_: ClassVar = [("capture", _CaptureParameters), ("raw", u8 * 200)]


class StreamParameters(c.Structure):
    _fields_: ClassVar = [("type", u32), ("parm", _ParametersUnion)]


class RequestBuffers(c.Structure):
    _fields_: ClassVar = [
        ("count", u32),
        ("type", u32),
        ("memory", u32),
        ("capabilities", u32),
        ("flags", u8),
        ("reserved", u8 * 3),
    ]


class _PlaneMemory(c.Union):
    _fields_: ClassVar = [("mem_offset", u32), ("userptr", ulong), ("fd", s32)]


class Plane(c.Structure):
    _fields_: ClassVar = [
        ("bytesused", u32),
        ("length", u32),
        ("m", _PlaneMemory),
        ("data_offset", u32),
        ("reserved", u32 * 11),
    ]


class _TimeValue(c.Structure):
    _fields_: ClassVar = [("seconds", c.c_long), ("microseconds", c.c_long)]


class _TimeCode(c.Structure):
    _fields_: ClassVar = [
        ("type", u32),
        ("flags", u32),
        ("frames", u8),
        ("seconds", u8),
        ("minutes", u8),
        ("hours", u8),
        ("userbits", u8 * 4),
    ]


class _BufferMemory(c.Union):
    _fields_: ClassVar = [("offset", u32), ("userptr", ulong), ("planes", c.POINTER(Plane)), ("fd", s32)]


class Buffer(c.Structure):
    _fields_: ClassVar = [
        ("index", u32),
        ("type", u32),
        ("bytesused", u32),
        ("flags", u32),
        ("field", u32),
        ("timestamp", _TimeValue),
        ("timecode", _TimeCode),
        ("sequence", u32),
        ("memory", u32),
        ("m", _BufferMemory),
        ("length", u32),
        ("reserved2", u32),
        ("request_fd", s32),
    ]


class ControlQuery(c.Structure):
    _fields_: ClassVar = [
        ("id", u32),
        ("type", u32),
        ("name", c.c_char * 32),
        ("minimum", s32),
        ("maximum", s32),
        ("step", s32),
        ("default_value", s32),
        ("flags", u32),
        ("reserved", u32 * 2),
    ]


class MenuQuery(c.Structure):
    _pack_ = 1
    _fields_: ClassVar = [("id", u32), ("index", u32), ("name", c.c_char * 32), ("reserved", u32)]


class Control(c.Structure):
    _fields_: ClassVar = [("id", u32), ("value", s32)]


class EventSubscription(c.Structure):
    _fields_: ClassVar = [("type", u32), ("id", u32), ("flags", u32), ("reserved", u32 * 5)]


class _ControlEvent(c.Structure):
    _fields_: ClassVar = [
        ("changes", u32),
        ("type", u32),
        ("value", s64),
        ("flags", u32),
        ("minimum", s32),
        ("maximum", s32),
        ("step", s32),
        ("default_value", s32),
    ]


class _EventUnion(c.Union):
    _fields_: ClassVar = [("control", _ControlEvent), ("data", u8 * 64)]


class Event(c.Structure):
    _fields_: ClassVar = [
        ("type", u32),
        ("u", _EventUnion),
        ("pending", u32),
        ("sequence", u32),
        ("timestamp", c.c_long * 2),
        ("id", u32),
        ("reserved", u32 * 8),
    ]


_WRITE, _READ = 1, 2


def _request(direction: int, number: int, argument: type[c.Structure | c.c_int]) -> int:
    """Spell an ioctl number the way x86 and ARM do."""
    return direction << 30 | c.sizeof(argument) << 16 | ord("V") << 8 | number


REQUESTS: Final = {
    "QUERYCAP": _request(_READ, 0, Capability),
    "ENUM_FMT": _request(_READ | _WRITE, 2, FormatDescription),
    "G_FMT": _request(_READ | _WRITE, 4, Format),
    "S_FMT": _request(_READ | _WRITE, 5, Format),
    "REQBUFS": _request(_READ | _WRITE, 8, RequestBuffers),
    "QUERYBUF": _request(_READ | _WRITE, 9, Buffer),
    "QBUF": _request(_READ | _WRITE, 15, Buffer),
    "DQBUF": _request(_READ | _WRITE, 17, Buffer),
    "STREAMON": _request(_WRITE, 18, c.c_int),
    "STREAMOFF": _request(_WRITE, 19, c.c_int),
    "G_PARM": _request(_READ | _WRITE, 21, StreamParameters),
    "S_PARM": _request(_READ | _WRITE, 22, StreamParameters),
    "G_CTRL": _request(_READ | _WRITE, 27, Control),
    "S_CTRL": _request(_READ | _WRITE, 28, Control),
    "QUERYCTRL": _request(_READ | _WRITE, 36, ControlQuery),
    "QUERYMENU": _request(_READ | _WRITE, 37, MenuQuery),
    "TRY_FMT": _request(_READ | _WRITE, 64, Format),
    "ENUM_FRAMESIZES": _request(_READ | _WRITE, 74, FrameSize),
    "ENUM_FRAMEINTERVALS": _request(_READ | _WRITE, 75, FrameInterval),
    "DQEVENT": _request(_READ, 89, Event),
    "SUBSCRIBE_EVENT": _request(_WRITE, 90, EventSubscription),
}
