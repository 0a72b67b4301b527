"""What a recording tells of itself: `RecordingProgress` while it runs, `RecordingSummary` when it is done."""

from __future__ import annotations

from dataclasses import dataclass

from mediastreams._webidl.interfaces import public

__all__ = ["RecordedFile", "RecordingProgress", "RecordingSummary"]


@public
@dataclass(frozen=True, slots=True)
class RecordingProgress:
    """How far a recording is. ``peak`` and ``level`` (root mean square) are dBFS since the last report.

    ``elapsed`` is seconds of media in the file, ``dropped`` frames that could not be encoded in time, ``size`` bytes.
    Silence is ``-inf``. ``path``: the file that is written now. While ``waiting`` there is none: the last seconds are
    ``held``, bytes in memory, until `Recording.trigger`.
    """

    elapsed: float
    frames: int
    fps: float
    dropped: int
    peak: float
    level: float
    size: int
    path: str | None = None
    waiting: bool = False
    held: int = 0


@public
@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One file of a recording, ``start`` seconds after its beginning. ``frames`` are the first video track's."""

    path: str | None
    start: float
    duration: float
    size: int
    frames: int


@public
@dataclass(frozen=True, slots=True)
class RecordingSummary:
    """What was written. ``None`` where there is no picture or no sound; ``path`` of a file object is ``None``, too.

    ``files`` are those that were written and kept, in order; of several ``path`` is the pattern of their names.
    ``duration`` is seconds, ``size`` bytes, ``fps`` the average of the first video track, ``dropped`` frames that
    could not be encoded in time.
    """

    path: str | None
    container: str
    mime_type: str
    video_codec: str | None
    audio_codec: str | None
    size: int
    duration: float
    frames: int
    fps: float
    dropped: int
    width: int | None
    height: int | None
    sample_rate: int | None
    channels: int | None
    files: tuple[RecordedFile, ...] = ()
