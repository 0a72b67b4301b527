"""`MediaRecorderOptions`: what a `MediaRecorder` may be told."""

from __future__ import annotations

from typing import Any, Final, TypedDict

from mediastreams._webidl.conversions import dom_string, double, enumeration, unsigned_long
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.interfaces import public
from mediastreams.recording.enums import BitrateMode

__all__ = ["RECORDER_OPTIONS", "MediaRecorderOptions"]


@public
class MediaRecorderOptions(TypedDict, total=False):
    """How to record. ``bits_per_second`` is for all tracks together and overrides the other two.

    Of the two ``video_key_frame_interval_…``, milliseconds and frames, one may be given.

    https://w3c.github.io/mediacapture-record/#mediarecorderoptions-section
    """

    mime_type: str
    audio_bits_per_second: int
    video_bits_per_second: int
    bits_per_second: int
    audio_bitrate_mode: BitrateMode | str
    video_key_frame_interval_duration: float
    video_key_frame_interval_count: int


RECORDER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "MediaRecorderOptions",
    Member("mime_type", dom_string, default=""),
    Member("audio_bits_per_second", unsigned_long),
    Member("video_bits_per_second", unsigned_long),
    Member("bits_per_second", unsigned_long),
    Member("audio_bitrate_mode", enumeration(BitrateMode), default=BitrateMode.VARIABLE),
    Member("video_key_frame_interval_duration", double),
    Member("video_key_frame_interval_count", unsigned_long),
)
