"""PyAV frames on the pixels of other PyAV frames: private handles and crops that copy nothing.

Not for: changing pixels (``convert.py``).

Rules of the file: what comes out has its own times and colour tags, so whoever gets it may write them
(encoders and FFmpeg's scaler both do), while the shared frame stays as it was delivered. FFmpeg's own
frame reference does that, and PyAV reaches it only through a filter graph without a filter: 2 µs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeAlias, TypeVar, cast

import av
import av.error
import av.filter

from mediastreams._engine.frames import MICROSECONDS
from mediastreams.errors import NotSupportedError

__all__ = ["Crop", "Pool", "deep_copy", "private_frame"]

Crop: TypeAlias = tuple[int, int, int, int]
"""left, top, width, height in pixels of the source."""

K = TypeVar("K")
T = TypeVar("T")


class Pool(Generic[K, T]):
    """Long-lived helpers that one thread at a time may use, found again by their key.

    A thread takes one out, uses it, and gives it back: there are as many as ever worked at once. Taking
    and giving are single operations on built-in containers, hence no lock. Nothing in it owns a thread,
    so a forked child may go on using it.
    """

    def __init__(self, make: Callable[[K], T], keys: int = 64) -> None:
        self._make = make
        self._keys = keys
        self._idle: dict[K, deque[T]] = {}

    def take(self, key: K) -> T:
        """Get an idle helper or make one; until it is given back it is the caller's alone."""
        try:
            return self._idle[key].pop()
        except (KeyError, IndexError):
            return self._make(key)

    def give(self, key: K, helper: T) -> None:
        """Give it back. Do not after an error: its state is unknown then."""
        idle = self._idle.get(key)
        if idle is None:
            if len(self._idle) >= self._keys:  # sizes that vary without end: begin again rather than grow
                self._idle.clear()
            idle = self._idle.setdefault(key, deque(maxlen=4))
        idle.append(helper)


_Key: TypeAlias = tuple[int, int, str, int, int, str, str]
"""Width, height, format, matrix and range of the frames; the filter they pass, and its arguments."""


class _Passage:
    """A filter graph that lets a frame through: as it is, cropped or copied."""

    def __init__(self, key: _Key) -> None:
        width, height, pixel_format, colorspace, color_range, name, arguments = key
        self._graph = av.filter.Graph()  # kept: its contexts do not keep it
        self._graph.threads = 1
        self._entry = self._graph.add(
            "buffer",
            video_size=f"{width}x{height}",
            pix_fmt=pixel_format,
            time_base=str(MICROSECONDS),
            pixel_aspect="1/1",
            colorspace=str(colorspace),
            range=str(color_range),
        )
        last = self._entry
        if name:
            last = self._graph.add(name, arguments)
            self._entry.link_to(last)
        self._exit = self._graph.add("buffersink")
        last.link_to(self._exit)
        self._graph.configure()

    def pass_through(self, frame: av.VideoFrame) -> av.VideoFrame:
        self._entry.push(frame)
        return cast("av.VideoFrame", self._exit.pull())


_passages: Final[Pool[_Key, _Passage]] = Pool(_Passage)  # a cache: losing it changes nothing


def _pass(frame: av.VideoFrame, name: str = "", arguments: str = "") -> av.VideoFrame:
    pixel_format = frame.format.name
    key = (frame.width, frame.height, pixel_format, int(frame.colorspace), int(frame.color_range), name, arguments)
    try:
        passage = _passages.take(key)
        out = passage.pass_through(frame)
    except (av.error.FFmpegError, ValueError) as error:
        what = f"{pixel_format} {key[0]}x{key[1]}"
        raise NotSupportedError(f"cannot take a {what} frame through {name or 'a reference'}: {error}") from error
    _passages.give(key, passage)
    return out


def private_frame(frame: av.VideoFrame, timestamp: int | None = None, crop: Crop | None = None) -> av.VideoFrame:
    """Make a frame of one's own on the same pixels: 2 µs, nothing is copied, the original is not written.

    The pixels stay shared: read only. With ``timestamp`` (µs) the new frame is stamped with it.

    Raises: NotSupportedError (a frame on a graphics card, a crop outside the picture).
    """
    if crop is None:
        out = _pass(frame)
    else:
        left, top, width, height = crop
        out = _pass(frame, "crop", f"{width}:{height}:{left}:{top}:exact=1")
    out.time_base = MICROSECONDS
    if timestamp is not None:
        out.pts = timestamp
    return out


def deep_copy(frame: av.VideoFrame) -> av.VideoFrame:
    """Copy the pixels, too: for frames whose memory is a driver's, or whose lines are stored bottom first.

    Times and colour tags are the original's.

    Raises: NotSupportedError (a frame on a graphics card).
    """
    out = _pass(frame, "copy")
    out.time_base = frame.time_base
    return out
