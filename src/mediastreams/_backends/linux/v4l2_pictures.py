"""Bytes in a driver's buffer → a PyAV frame of our own.

Not for: reading buffers (``v4l2_stream.py``). The frame never shares the driver's memory: that memory is
unmapped under it when the camera closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, cast

import av
import numpy as np

from mediastreams._backends.linux.v4l2_layouts import COMPRESSED, LAYOUTS, Layout

__all__ = ["Colours", "Decoder", "PictureMaker", "Unpacker", "picture_maker"]

_CHANCES: Final = 10
Memory = Sequence[memoryview]
"""The used bytes of each memory plane of one buffer."""


class Colours:
    """What V4L2 says of the colours, in FFmpeg's numbers (libavutil/pixfmt.h)."""

    __slots__ = ("matrix", "primaries", "range", "transfer")

    _BT709, _BT601, _BT2020 = (1, 1, 1), (6, 6, 6), (9, 9, 14)
    _SPACES: Final = {1: _BT601, 2: (7, 7, 7), 3: _BT709, 5: (5, 4, 4), 6: (5, 5, 5), 10: _BT2020, 12: (1, 12, 1)}
    _SRGB: Final = (6, 1, 13)  # the usual webcam: sRGB primaries and curve, matrix of BT.601
    _ENCODINGS: Final = {1: 6, 2: 1, 3: 6, 4: 1, 6: 9, 7: 10, 8: 7}

    def __init__(self, colorspace: int, encoding: int, quantization: int, *, rgb: bool) -> None:
        self.matrix, self.primaries, self.transfer = self._SPACES.get(colorspace, self._SRGB)
        if encoding:
            self.matrix = self._ENCODINGS.get(encoding, self.matrix)
        full = quantization == 1 or (quantization == 0 and (rgb or colorspace == 7))
        self.range = 2 if full else 1
        if rgb:
            self.matrix = 0

    def write(self, frame: av.VideoFrame) -> None:
        frame.colorspace = self.matrix
        frame.color_range = self.range
        frame.color_primaries = self.primaries
        frame.color_trc = self.transfer


class PictureMaker(Protocol):
    """Makes frames from buffers; belongs to one reader's thread."""

    def make(self, memory: Memory) -> av.VideoFrame | None:
        """A frame nobody else holds, or ``None`` when the buffer holds no whole picture."""


def picture_maker(pixel_format: str, width: int, height: int, strides: Sequence[int], colours: Colours) -> PictureMaker:
    """The maker for a pixel format. ``strides``: bytes per line of each memory plane, 0 where nobody says."""
    if pixel_format in COMPRESSED:
        return Decoder(COMPRESSED[pixel_format])
    return Unpacker(LAYOUTS[pixel_format], width, height, strides, colours)


class Unpacker:
    """Copies an uncompressed picture, once."""

    def __init__(self, layout: Layout, width: int, height: int, strides: Sequence[int], colours: Colours) -> None:
        self._name = layout.name
        self._width = width
        self._height = height
        self._colours = colours
        self._copies: list[tuple[int, int, int, int, int, int]] = []
        self._needed = [0] * layout.memory_planes
        offset = 0
        for index, rule in enumerate(layout.planes):
            source = index if layout.memory_planes > 1 else 0
            used = rule.line_bytes(width)
            lines = rule.line_count(height)
            if layout.memory_planes > 1:
                stride, offset = max(strides[source], used), 0
            else:
                stride = max(strides[0] * rule.stride // 2, used)
            self._copies.append((rule.target, source, offset, stride, lines, used))
            offset += stride * lines
            # The last line may end with its last pixel.
            self._needed[source] = max(self._needed[source], offset - stride + used)

    def make(self, memory: Memory) -> av.VideoFrame | None:
        if any(len(part) < needed for part, needed in zip(memory, self._needed, strict=True)):
            return None
        frame = av.VideoFrame(self._width, self._height, self._name)
        for target, source, offset, stride, lines, used in self._copies:
            plane = frame.planes[target]
            there = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]  # a plane has the buffer protocol
            there = there[: plane.line_size * lines].reshape(lines, plane.line_size)
            here = np.lib.stride_tricks.as_strided(
                np.frombuffer(memory[source], np.uint8, offset=offset), (lines, used), (stride, 1), writeable=False
            )
            there[:, :used] = here
        self._colours.write(frame)
        return frame


class Decoder:
    """Decodes pictures that stand alone (Motion JPEG), each before the next is read: no latency.

    Strictly, because a lenient decoder passes half a picture, the rest of it grey, as a whole one. A camera none of
    whose first pictures is flawless writes JPEG in a way of its own: it gets the lenient decoder.
    """

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._context = self._open(strict=True)
        self._chances: int | None = _CHANCES

    def make(self, memory: Memory) -> av.VideoFrame | None:
        if not memory[0]:
            return None
        try:
            frames = self._context.decode(av.Packet(bytes(memory[0])))
        except av.FFmpegError:
            self._failed()
            return None
        if not frames or frames[-1].is_corrupt:
            return None
        self._chances = None
        return frames[-1]

    def _open(self, *, strict: bool) -> av.VideoCodecContext:
        context = cast(av.VideoCodecContext, av.CodecContext.create(self._codec, "r"))
        context.thread_count = 1
        if strict:
            context.options = {"err_detect": "explode"}
        return context

    def _failed(self) -> None:
        if self._chances is not None:
            self._chances -= 1
            if self._chances == 0:
                self._chances = None
                self._context = self._open(strict=False)
