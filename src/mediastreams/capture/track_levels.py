"""``levels(…)``, ``spectrum(…)`` and ``voice_activity(…)`` of a track: from their arguments to a `FrameIterator`.

Not for: measuring (``_engine/levels.py``) or hearing voices (``_engine/voice_activity.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from mediastreams._engine.audio_data import AudioData
from mediastreams._engine.frame_iterator import FrameIterator
from mediastreams._engine.lanes import lane_for
from mediastreams._engine.levels import AudioLevel, AudioSpectrum, LevelMeter, SpectrumMeter
from mediastreams._webidl.conversions import double, unsigned_long

if TYPE_CHECKING:
    from mediastreams._engine.frames import Sound
    from mediastreams._engine.voice_activity import VoiceActivity
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["check_audio", "is_free", "iterate_sound", "levels_of", "spectrum_of", "voice_activity_of"]

_T = TypeVar("_T")
_HELD_US: Final = 10_000_000
"""So long a consumer may look elsewhere and still be told of everything."""
_LONGEST: Final = 60.0
_INTERVALS: Final = (0.001, 10.0)
_SIZES: Final = tuple(2**power for power in range(5, 16))


def levels_of(track: MediaStreamTrack[Any], interval: object) -> FrameIterator[AudioLevel]:
    """Check the arguments of ``levels``, attach to the track, and make its iterator."""
    where = "MediaStreamTrack.levels"
    check_audio(track, where)
    seconds = _interval(interval, where)
    return iterate_sound(track, LevelMeter(seconds, fold=not is_free(track)))


def spectrum_of(
    track: MediaStreamTrack[Any], interval: object, fft_size: object, smoothing: object
) -> FrameIterator[AudioSpectrum]:
    """Check the arguments of ``spectrum``, attach to the track, and make its iterator."""
    where = "MediaStreamTrack.spectrum"
    check_audio(track, where)
    seconds = _interval(interval, where)
    size = unsigned_long(fft_size, f"{where}: fft_size")
    if size not in _SIZES:
        raise ValueError(f"{where}: fft_size must be a power of two from {_SIZES[0]} to {_SIZES[-1]}, not {fft_size}")
    kept = double(smoothing, f"{where}: smoothing")
    if not 0 <= kept <= 1:
        raise ValueError(f"{where}: smoothing must be from 0 to 1, not {smoothing}")
    return iterate_sound(track, SpectrumMeter(seconds, size, kept, fold=not is_free(track)))


def voice_activity_of(
    track: MediaStreamTrack[Any], threshold: object, min_speech: object, min_silence: object
) -> FrameIterator[VoiceActivity]:
    """Check the arguments of ``voice_activity``, attach to the track, and make its iterator."""
    from mediastreams._engine.voice_activity import VoiceDetector, check_vad

    where = "MediaStreamTrack.voice_activity"
    check_audio(track, where)
    likely = double(threshold, f"{where}: threshold")
    if not 0 < likely < 1:
        raise ValueError(f"{where}: threshold must be between 0 and 1, not {threshold}")
    speech = _seconds(min_speech, f"{where}: min_speech", 0.0, _LONGEST)
    silence = _seconds(min_silence, f"{where}: min_silence", 0.0, _LONGEST)
    check_vad()
    return iterate_sound(track, VoiceDetector(likely, speech, silence))


def check_audio(track: MediaStreamTrack[Any], where: str) -> None:
    """See that it is a track of sound.

    Raises:
        TypeError: it is not.
    """
    if track.kind != "audio":
        raise TypeError(f"{where}: this is a track of kind {track.kind!r}, and has no sound; take stream.audio")


def is_free(track: MediaStreamTrack[Any]) -> bool:
    """Whether the track comes as fast as it is taken: then it waits, and nothing is missed or folded."""
    return track._feed.hub.source.free_running


def iterate_sound(track: MediaStreamTrack[Any], convert: Callable[[Sound], Sequence[_T]]) -> FrameIterator[_T]:
    """Attach to a track, and make an iterator over what a conversion makes of its sound."""
    return FrameIterator(
        track,
        track._feed,
        cast("Callable[[Sound], _T]", AudioData._of),  # for those without a conversion
        policy="wait" if is_free(track) else "drop-oldest",
        bound_us=_HELD_US,
        convert=convert,
        lane=lane_for(id(convert)),
    )


def _interval(value: object, where: str) -> float:
    return _seconds(value, f"{where}: interval", *_INTERVALS)


def _seconds(value: object, where: str, least: float, most: float) -> float:
    seconds = double(value, where)
    if not least <= seconds <= most:
        raise ValueError(f"{where} must be from {least:g} to {most:g} seconds, not {value}")
    return seconds
