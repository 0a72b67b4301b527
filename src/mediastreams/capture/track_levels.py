"""``track.levels(…)`` and ``track.spectrum(…)``: from their arguments to a `FrameIterator`.

Not for: measuring (``_engine/levels.py``).
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
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["check_audio", "is_free", "iterate_sound", "levels_of", "spectrum_of"]

_T = TypeVar("_T")
_HELD_US: Final = 10_000_000
"""So long a consumer may look elsewhere and still be told of everything."""
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
    least, most = _INTERVALS
    seconds = double(value, f"{where}: interval")
    if not least <= seconds <= most:
        raise ValueError(f"{where}: interval must be from {least} to {most:g} seconds, not {value}")
    return seconds
