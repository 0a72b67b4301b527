"""What is in a file, as data: `TrackInfo`, one for every stream that becomes a track.

Not for: reading the streams (``passes.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediastreams._backends.ffmpeg.sounds import usual_layout
from mediastreams._rules.values import AudioMode, DeviceModel, Kind, Mode, VideoMode

if TYPE_CHECKING:
    from fractions import Fraction

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

__all__ = ["TrackInfo", "describe", "frame_rate_of"]

_DEFAULT_RATE: Final = 25.0
_LEAST_RATE: Final = 0.001  # a slide show may have less
_MOST_RATE: Final = 1000.0  # beyond it the "rate" is the container's time base


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """One stream of a file. ``index`` is the stream's in the file; ``end`` its end in µs, where the file says it."""

    index: int
    kind: Kind
    label: str
    language: str
    codec: str
    layout: str
    mode: Mode
    end: int | None = None

    @property
    def model(self) -> DeviceModel:
        """What constraints on the track are decided about."""
        if isinstance(self.mode, VideoMode):
            return DeviceModel("video", modes=(self.mode,))
        return DeviceModel("audio", modes=(self.mode,))


def describe(container: InputContainer, name: str, zero_us: int) -> tuple[TrackInfo, ...]:
    """List the streams that can be decoded: video and audio, without cover pictures."""
    return tuple(info for stream in container.streams if (info := _describe_stream(stream, name, zero_us)) is not None)


def _describe_stream(stream: Stream, name: str, zero_us: int) -> TrackInfo | None:
    from av.stream import Disposition

    if stream.type not in {"audio", "video"} or stream.codec_context is None:
        return None
    if stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails):
        return None
    mode = _video_mode(stream) if stream.type == "video" else _audio_mode(stream)  # type: ignore[arg-type]
    if mode is None:
        return None
    language = _text(stream.language) if stream.language not in {None, "und"} else ""
    label = _text(stream.metadata.get("title", "")) or (f"{name} ({language})" if language else name)
    return TrackInfo(
        index=stream.index,
        kind="video" if stream.type == "video" else "audio",
        label=label,
        language=language or "",
        codec=stream.codec_context.name,
        layout=usual_layout(stream.layout) if stream.type == "audio" else "",  # type: ignore[attr-defined]
        mode=mode,
        end=_end_of(stream, zero_us),
    )


def _text(found: str) -> str:
    """What a file says, fit to be shown: from 19 on PyAV lets bytes that are no text through, as half a letter each."""
    return found.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _end_of(stream: Stream, zero_us: int) -> int | None:
    if stream.duration is None or not stream.time_base:
        return None
    base = stream.time_base
    ticks = (stream.start_time or 0) + stream.duration
    return ticks * base.numerator * 1_000_000 // base.denominator - zero_us


def frame_rate_of(stream: VideoStream) -> float:
    """The stream's average frame rate, else the best guess."""
    candidates: tuple[Fraction | None, ...] = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    for rate in candidates:
        if rate and rate.denominator and 0 < (value := rate.numerator / rate.denominator) <= _MOST_RATE:
            return value
    return _DEFAULT_RATE


def _video_mode(stream: VideoStream) -> VideoMode | None:
    context = stream.codec_context
    if context.width <= 0 or context.height <= 0:
        return None
    rate = max(round(frame_rate_of(stream), 3), _LEAST_RATE)
    return VideoMode(context.width, context.height, rate, rate, pixel_format=context.pix_fmt or "")


def _audio_mode(stream: AudioStream) -> AudioMode | None:
    context = stream.codec_context
    channels = context.layout.nb_channels
    if not context.sample_rate or not channels:
        return None
    return AudioMode(context.sample_rate, channels, min_latency=0.0, max_latency=0.0)
