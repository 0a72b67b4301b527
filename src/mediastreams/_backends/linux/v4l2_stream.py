"""`CaptureStream`: a video node that streams into buffers of its driver, mapped into this process.

Not for: threads, waiting, judging errors (``v4l2_source.py``): everything here raises plain `OSError`.
https://docs.kernel.org/userspace-api/media/v4l/mmap.html
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from mediastreams._backends.linux import v4l2_structs as s
from mediastreams._backends.linux.v4l2_ioctl import VideoNode, fourcc
from mediastreams._backends.linux.v4l2_memory import Mapping

__all__ = ["CaptureStream", "Filled", "Negotiated", "same_node"]

_MONOTONIC_BUFFERS: Final = s.BUFFER_MONOTONIC
_PLANES: Final = 8


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What the driver agreed to; it adjusts silently, so this is what counts."""

    pixel_format: str
    width: int
    height: int
    rate: float | None
    strides: tuple[int, ...]
    colorspace: int
    encoding: int
    quantization: int


@dataclass(slots=True)
class Filled:
    """One buffer the driver has filled: ours until `CaptureStream.give_back`."""

    index: int
    memory: list[memoryview]
    sequence: int
    captured_ns: int | None
    """CLOCK_MONOTONIC; ``None`` when the driver's stamps are of another kind."""
    corrupt: bool


class CaptureStream:
    """Owns the mappings and the streaming state of one open node. One thread at a time."""

    def __init__(self, node: VideoNode) -> None:
        self.node = node
        self._maps: list[list[Mapping]] = []
        self._streaming = False
        self._multi = node.buffer_type == s.BUFFER_CAPTURE_MPLANE

    def negotiate(self, pixel_format: str, width: int, height: int, rate: float | None) -> Negotiated:
        """Set format, size and rate, and tell what came of it."""
        answer = self.node.format_for(pixel_format, width, height)
        self.node.call("S_FMT", answer)
        got_rate = self._set_rate(rate)
        if self._multi:
            mp = answer.fmt.pix_mp
            strides = tuple(mp.plane_fmt[index].bytesperline for index in range(mp.num_planes))
        else:
            mp = answer.fmt.pix
            strides = (mp.bytesperline,)
        return Negotiated(
            fourcc(mp.pixelformat),
            mp.width,
            mp.height,
            got_rate,
            strides,
            mp.colorspace,
            mp.ycbcr_enc,
            mp.quantization,
        )

    def _set_rate(self, rate: float | None) -> float | None:
        """Ask for a rate where the driver can; the rate it will really keep, where it says."""
        parameters = s.StreamParameters(type=self.node.buffer_type)
        if not self.node.supports("G_PARM", parameters):
            return None
        capture = parameters.parm.capture
        if rate and capture.capability & s.CAPABILITY_TIME_PER_FRAME:
            exact = Fraction(rate).limit_denominator(1001)
            capture.timeperframe.numerator, capture.timeperframe.denominator = exact.denominator, exact.numerator
            self.node.supports("S_PARM", parameters)
        got = parameters.parm.capture.timeperframe
        return got.denominator / got.numerator if got.numerator and got.denominator else None

    def begin(self, count: int) -> None:
        """Allocate and map ``count`` buffers (the driver may want more) and start the camera."""
        request = s.RequestBuffers(count=count, type=self.node.buffer_type, memory=s.MEMORY_MMAP)
        self.node.call("REQBUFS", request)
        for index in range(request.count):
            self._maps.append(self._map(index))
        self.restart()

    def _map(self, index: int) -> list[Mapping]:
        buffer, planes = self._buffer(index)
        self.node.call("QUERYBUF", buffer)
        if self._multi:
            places = [(planes[plane].length, planes[plane].m.mem_offset) for plane in range(buffer.length)]
        else:
            places = [(buffer.length, buffer.m.offset)]
        return [Mapping(self.node.fd, length, offset) for length, offset in places]

    def restart(self) -> None:
        """Start, or start again after an error: the driver gives all buffers back and gets them anew."""
        self._stop_streaming()
        for index in range(len(self._maps)):
            self._queue(index)
        self.node.call("STREAMON", ctypes.c_int(self.node.buffer_type))
        self._streaming = True

    def take(self) -> Filled:
        """The oldest filled buffer. Raises: BlockingIOError when there is none."""
        buffer, planes = self._buffer(0)
        self.node.call("DQBUF", buffer)
        maps = self._maps[buffer.index]
        if self._multi:
            spans = [(planes[plane].data_offset, planes[plane].bytesused) for plane in range(len(maps))]
        else:
            spans = [(0, buffer.bytesused)]
        captured = None
        if buffer.flags & s.BUFFER_TIMESTAMP_MASK == _MONOTONIC_BUFFERS:
            captured = buffer.timestamp.seconds * 1_000_000_000 + buffer.timestamp.microseconds * 1000
        memory = [part.memory[start:used] for part, (start, used) in zip(maps, spans, strict=True)]
        return Filled(buffer.index, memory, buffer.sequence, captured or None, bool(buffer.flags & s.BUFFER_ERROR))

    def give_back(self, filled: Filled) -> None:
        """Let the driver fill this buffer again; its memory is no longer ours."""
        for part in filled.memory:
            part.release()
        self._queue(filled.index)

    def close(self) -> None:
        """Stop, unmap, free. Idempotent; a device that is gone is no error."""
        try:
            self._stop_streaming()
        except OSError:
            self._streaming = False  # gone: nothing streams
        self._unmap()
        if self.node.fd >= 0:
            request = s.RequestBuffers(count=0, type=self.node.buffer_type, memory=s.MEMORY_MMAP)
            with contextlib.suppress(OSError):  # closing the node frees them as well
                self.node.call("REQBUFS", request)
        self.node.close()

    def abandon(self) -> None:
        """In a forked child: drop the descriptor, without a word to the driver, whose user is the parent."""
        self._maps = []
        self.node.close()

    def _unmap(self) -> None:
        maps, self._maps = self._maps, []
        for part in [part for parts in maps for part in parts]:
            part.close()

    def _stop_streaming(self) -> None:
        if self._streaming:
            self.node.call("STREAMOFF", ctypes.c_int(self.node.buffer_type))
            self._streaming = False

    def _queue(self, index: int) -> None:
        buffer, _planes = self._buffer(index)
        self.node.call("QBUF", buffer)

    def _buffer(self, index: int) -> tuple[s.Buffer, ctypes.Array[s.Plane]]:
        """A structure for buffer ``index``, and the planes it points to."""
        buffer = s.Buffer(index=index, type=self.node.buffer_type, memory=s.MEMORY_MMAP)
        planes = (s.Plane * _PLANES)()
        if self._multi:
            buffer.m.planes = ctypes.cast(planes, ctypes.POINTER(s.Plane))
            buffer.length = len(self._maps[index]) if index < len(self._maps) and self._maps[index] else _PLANES
        return buffer, planes


def same_node(path: str, fd: int) -> bool:
    """Whether the open descriptor is still the device that stands at ``path``."""
    try:
        return Path(path).stat().st_rdev == os.fstat(fd).st_rdev
    except OSError:
        return False
