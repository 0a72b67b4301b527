"""Shared media data: one `Picture` or `Sound` per captured frame, one `Chunk` per encoded one, whoever looks at it.

Not for: the public handles (`VideoFrame`, `AudioData` in ``video_frame.py`` and ``audio_data.py``) and
not for conversion (``convert.py``).

Rules of the file: data is immutable once delivered; times are integer microseconds on the process's
clock; the PyAV frame inside a `Picture` has time base 1/1 000 000 and pts = timestamp, or is shared by
several pictures (black), which an encoder sees by ``picture.av.pts != picture.timestamp``. Nobody calls
the PyAV frame's own ``reformat``/``to_ndarray``: two threads in there deadlock.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from av import VideoFrame
    from av.packet import Packet
    from av.stream import Stream

    from mediastreams._rules.values import Kind

__all__ = ["MICROSECONDS", "Chunk", "ChunkFormat", "Picture", "Sound"]

MICROSECONDS: Final = Fraction(1, 1_000_000)
_NOTHING: Final[Mapping[str, object]] = {}


class Picture:
    """One video frame's data, shared by every handle on it.

    ``av``: PyAV frame. ``timestamp``, ``duration``: µs (duration ``None`` when unknown). ``metadata``:
    what `VideoFrame.metadata` answers (``capture_time`` …). ``lock`` guards ``conversions``,
    a memo that belongs to ``convert.py``.
    """

    __slots__ = ("__weakref__", "av", "conversions", "duration", "lock", "metadata", "timestamp")

    av: VideoFrame
    timestamp: int
    duration: int | None
    metadata: Mapping[str, object]
    lock: threading.Lock
    conversions: dict[object, object]

    def __init__(
        self,
        frame: VideoFrame,
        timestamp: int,
        duration: int | None = None,
        metadata: Mapping[str, object] = _NOTHING,
    ) -> None:
        self.av = frame
        self.timestamp = timestamp
        self.duration = duration
        self.metadata = metadata
        self.lock = threading.Lock()
        self.conversions = {}

    @classmethod
    def stamped(
        cls,
        frame: VideoFrame,
        timestamp: int,
        duration: int | None = None,
        metadata: Mapping[str, object] = _NOTHING,
    ) -> Picture:
        """Take over a frame nobody else holds, and write the time into it."""
        frame.time_base = MICROSECONDS
        frame.pts = timestamp
        return cls(frame, timestamp, duration, metadata)

    @property
    def width(self) -> int:
        return self.av.width

    @property
    def height(self) -> int:
        return self.av.height


class Sound:
    """One chunk of audio: ``samples`` is ``float32 [channels, n]``, C-contiguous, read-only.

    ``timestamp`` (µs) is the instant of the first sample. ``gap`` is the number of samples that were
    dropped right before this chunk (0: none). ``layout`` is FFmpeg's name: mono, stereo, 5.1 …
    """

    __slots__ = ("__weakref__", "gap", "layout", "metadata", "sample_rate", "samples", "timestamp")

    samples: npt.NDArray[np.float32]
    sample_rate: int
    timestamp: int
    layout: str
    gap: int
    metadata: Mapping[str, object]

    def __init__(
        self,
        samples: npt.NDArray[np.float32],
        sample_rate: int,
        timestamp: int,
        layout: str,
        gap: int = 0,
        metadata: Mapping[str, object] = _NOTHING,
    ) -> None:
        samples.flags.writeable = False
        self.samples = samples
        self.sample_rate = sample_rate
        self.timestamp = timestamp
        self.layout = layout
        self.gap = gap
        self.metadata = metadata

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> int:
        """µs, rounded."""
        return round(self.length * 1_000_000 / self.sample_rate)


@dataclass(frozen=True, slots=True, eq=False)
class ChunkFormat:
    """What a source's chunks are: the codec by FFmpeg's name, its head, and the shape of what it decodes to.

    ``template`` is a stream from which a container makes one of its own (``add_stream_from_template``). It belongs to
    nothing that can be closed, and is only read.
    """

    kind: Kind
    codec: str
    template: Stream
    extradata: bytes = b""
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    sample_rate: int = 0
    layout: str = ""
    channels: int = 0


class Chunk:
    """One encoded frame, as its source stores or sends it: in the order of decoding.

    ``packet`` is PyAV's, borrowed: its bytes are shared and its stamps mean nothing here; who writes it somewhere makes
    a packet of its own. ``timestamp``, ``decode_timestamp``, ``duration``: µs of the clock. ``key``: can be decoded
    without another. ``lead``: µs at its beginning that a decoder needs and nobody sees or hears. ``cut``: what it
    refers to did not come before it, so that it can only be had decoded.
    """

    __slots__ = ("cut", "decode_timestamp", "duration", "format", "key", "lead", "packet", "timestamp")

    packet: Packet[Stream]
    format: ChunkFormat
    timestamp: int
    decode_timestamp: int
    duration: int
    key: bool
    lead: int
    cut: bool

    def __init__(
        self,
        packet: Packet[Stream],
        format: ChunkFormat,
        timestamp: int,
        decode_timestamp: int,
        duration: int,
        *,
        key: bool,
        lead: int = 0,
    ) -> None:
        self.packet = packet
        self.format = format
        self.timestamp = timestamp
        self.decode_timestamp = decode_timestamp
        self.duration = duration
        self.key = key
        self.lead = lead
        self.cut = False
