"""Shared media data: one `Picture` or `Sound` per captured frame, whoever looks at it.

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
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from av import VideoFrame

__all__ = ["MICROSECONDS", "Picture", "Sound"]

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
