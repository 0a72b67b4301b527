"""`VideoPlaybackQuality`: how many pictures a video element has shown, and how many it could not.

Not for: counts of one consumer's frames (``frames().stats``).
"""

from __future__ import annotations

from mediastreams._webidl.interfaces import illegal_constructor, public

__all__ = ["VideoPlaybackQuality"]


@public
class VideoPlaybackQuality:
    """What became of an element's pictures since its resource was loaded. A snapshot.

    https://w3c.github.io/media-playback-quality/#videoplaybackquality-interface
    """

    __slots__ = ("_corrupted", "_created", "_dropped", "_total")

    __init__ = illegal_constructor("Call get_video_playback_quality() of a VideoElement.")

    _created: float
    _dropped: int
    _total: int
    _corrupted: int

    @classmethod
    def _of(cls, created: float, *, shown: int, dropped: int, corrupted: int) -> VideoPlaybackQuality:
        made = cls.__new__(cls)
        made._created = created
        made._dropped = dropped
        made._total = shown + dropped
        made._corrupted = corrupted
        return made

    @property
    def creation_time(self) -> float:
        """When it was made: ms of the process's clock, as a video frame callback's ``now``."""
        return self._created

    @property
    def dropped_video_frames(self) -> int:
        """Pictures that were decoded and came too late to be seen."""
        return self._dropped

    @property
    def total_video_frames(self) -> int:
        """Pictures that were shown, and those that were dropped."""
        return self._total

    @property
    def corrupted_video_frames(self) -> int:
        """Pictures in which the decoder found damage; they are shown all the same."""
        return self._corrupted

    def __repr__(self) -> str:
        return f"<VideoPlaybackQuality {self._total} frames, {self._dropped} dropped, {self._corrupted} corrupted>"
