"""`mix`: any number of audio tracks as one, `AudioMix`.

Not for: when and how samples are added up (``_engine/mixer.py``), or for filters and effects (the audio graph).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, cast

from mediastreams._engine.audio_data import AudioData
from mediastreams._engine.mixer import Mixer
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode, DeviceModel
from mediastreams._webidl.conversions import boolean, double, sequence_of, unsigned_long, wrong_type
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.capture.apply_constraints import settings_satisfying
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams._engine.mixer_input import MixerInput

__all__ = ["AudioMix", "mix"]

_RATES: Final = (8_000, 192_000)
_MOST_CHANNELS: Final = 32
_RAMP: Final = 0.02
_numbers: Final = sequence_of(double)


def mix(
    tracks: Iterable[MediaStreamTrack[AudioData] | MediaStream],
    *,
    gains: Iterable[float] | None = None,
    channel_count: int = 2,
    sample_rate: int = 48_000,
    ends: bool = True,
) -> AudioMix:
    """Mix audio tracks into one, from now on.

    Tracks may be of any rate and number of channels (mixed up and down by the rules of Web Audio) and of any device:
    clocks that run apart are corrected. What is stamped t in a track is stamped t in the mix, so it stays in step with
    video. The mix is behind the slowest of its tracks and no more; one that stops coming is waited for 0.1 s, once. It
    lets the tracks live, and does not stop them when it is stopped. Nothing is clipped: levels above 1 are for a gain,
    or for the encoder or device that clips them.

    Args:
        tracks: tracks, or streams, of which the first audio track counts. Tracks of files that were opened with
            ``clock="free"``, and nothing else, make a mix with a free clock: as fast as it is taken.
        gains: a factor for each of them; 1 without.
        channel_count: of the mix, 1 to 32.
        sample_rate: of the mix, 8000 to 192000 Hz.
        ends: whether the mix ends when the last of its tracks has ended; else it is silent then, and more may come.

    Raises:
        InvalidStateError: a track has ended, or a stream has no live audio track.
        InvalidAccessError: a track is there twice.
        TypeError: what is no audio track and no stream.
        ValueError: no track and ``ends``, not a gain for each, a rate or a number of channels out of range.
    """
    where = "mix"
    if isinstance(tracks, (MediaStreamTrack, MediaStream)) or not isinstance(tracks, Iterable):
        raise wrong_type(where, "a sequence of tracks or streams", tracks)
    chosen = [_audio_of(one, where) for one in tracks]
    ends = boolean(ends, f"{where}: ends")
    if ends and not chosen:
        raise ValueError("mix: without a track the mix would end at once; ends=False lets it wait for some")
    factors = [1.0] * len(chosen) if gains is None else _numbers(gains, f"{where}: gains")
    if len(factors) != len(chosen):
        raise ValueError(f"mix: {len(factors)} gains for {len(chosen)} tracks")
    channels = unsigned_long(channel_count, f"{where}: channel_count")
    if not 1 <= channels <= _MOST_CHANNELS:
        raise ValueError(f"mix: channel_count must be from 1 to {_MOST_CHANNELS}, not {channel_count}")
    rate = unsigned_long(sample_rate, f"{where}: sample_rate")
    if not _RATES[0] <= rate <= _RATES[1]:
        raise ValueError(f"mix: sample_rate must be from {_RATES[0]} to {_RATES[1]}, not {sample_rate}")
    mode = AudioMode(rate, channels, sample_size=32)
    free = bool(chosen) and all(track._feed.hub.source.free_running for track in chosen)
    mixer = Mixer(mode, free=free, ends=ends)
    try:
        for track, factor in zip(chosen, factors, strict=True):
            mixer.add(track, track._feed, factor)
        return _track_of(mixer)
    except BaseException:
        mixer.stop()
        raise


def _track_of(mixer: Mixer) -> AudioMix:
    model = DeviceModel("audio", modes=(mixer.mode,))
    source = TrackSource(SourceHub(mixer), model, label="mix")
    settings = settings_satisfying(model, {}, display=False)
    source.open_for(mixer.mode, settings)
    try:
        track: AudioMix = AudioMix._create(source, settings)
    finally:
        source.hub.release()
    return track


def _audio_of(value: object, where: str) -> MediaStreamTrack[AudioData]:
    """Answer the live audio track that was meant."""
    if isinstance(value, MediaStream):
        live = next((track for track in value.get_audio_tracks() if track.ready_state == "live"), None)
        if live is None:
            raise InvalidStateError(f"{where}: the stream has no live audio track")
        return live
    if not isinstance(value, MediaStreamTrack):
        raise wrong_type(where, "an audio track or a stream", value)
    if value.kind != "audio":
        raise TypeError(f"{where}: a track of kind {value.kind!r} has no sound; take stream.audio")
    if value.ready_state == "ended":
        raise InvalidStateError(f"{where}: the track has ended")
    return cast("MediaStreamTrack[AudioData]", value)


@public
class AudioMix(MediaStreamTrack[AudioData]):
    """Several tracks as one, made by `mix`; a track as any other: recorded, sent, played, cloned.

    Tracks join and leave while it runs, and have gains. A clone is of the same mix: what one adds, both have. The mix
    runs while one of its tracks (it and its clones) lives; `stop` leaves the mixed tracks alone. `add`, `remove`,
    `set_gain` and `inputs` work from any thread.
    """

    __init__ = illegal_constructor("Call mix().")

    @property
    def _mixer(self) -> Mixer:
        return cast("Mixer", self._source.hub.source)

    @property
    def inputs(self) -> tuple[MediaStreamTrack[AudioData], ...]:
        """The tracks that are mixed now."""
        tracks = [one.track for one in self._mixer.inputs]
        return tuple(cast("MediaStreamTrack[AudioData]", track) for track in tracks if track is not None)

    def add(self, track: MediaStreamTrack[AudioData] | MediaStream, *, gain: float = 1.0) -> None:
        """Mix a track in, or the first audio track of a stream, from now on.

        Raises:
            InvalidAccessError: it is in the mix already, or is made of this mix.
            InvalidStateError: the track or the mix has ended, or the stream has no live audio track.
            NotSupportedError: a track in real time, in a mix of files with a free clock.
            TypeError: no audio track, or no number.
        """
        where = "AudioMix.add"
        factor = double(gain, f"{where}: gain")
        chosen = _audio_of(track, where)
        if self.ready_state == "ended":
            raise InvalidStateError("AudioMix.add: this mix has ended")
        self._mixer.add(chosen, chosen._feed, factor)

    def remove(self, track: MediaStreamTrack[AudioData] | MediaStream) -> None:
        """Take a track out, which dies away in 20 ms; it goes on elsewhere. The mix goes on, if need be in silence.

        Raises:
            NotFoundError: it is not in the mix, or has ended.
            TypeError: neither a track nor a stream.
        """
        self._input_of(track, "AudioMix.remove").leave(self._mixer.mode.sample_rate)

    def set_gain(self, track: MediaStreamTrack[AudioData] | MediaStream, gain: float, *, ramp: float = _RAMP) -> None:
        """Make a track louder or quieter, within ``ramp`` seconds: ``set_gain(music, 0.2, ramp=0.3)`` ducks it.

        Raises:
            NotFoundError: it is not in the mix, or has ended.
            TypeError: neither a track nor a stream, or no number.
            ValueError: a negative ``ramp``.
        """
        where = "AudioMix.set_gain"
        factor, seconds = double(gain, f"{where}: gain"), double(ramp, f"{where}: ramp")
        if seconds < 0:
            raise ValueError(f"{where}: ramp must not be negative")
        self._input_of(track, where).gain.go_to(factor, round(seconds * self._mixer.mode.sample_rate))

    def get_gain(self, track: MediaStreamTrack[AudioData] | MediaStream) -> float:
        """The factor of a track, or that which it is on the way to.

        Raises:
            NotFoundError: it is not in the mix, or has ended.
            TypeError: neither a track nor a stream.
        """
        return self._input_of(track, "AudioMix.get_gain").gain.target

    def _input_of(self, track: object, where: str) -> MixerInput:
        if isinstance(track, MediaStream):
            tracks = track.get_audio_tracks()
            track = next((one for one in tracks if one in self.inputs), tracks[0] if tracks else track)
        if not isinstance(track, MediaStreamTrack):
            raise wrong_type(where, "an audio track or a stream", track)
        return self._mixer.find(track._feed)

    def clone(self) -> AudioMix:
        """A track of the same mix with a life, constraints, settings and ``enabled`` of its own.

        Raises:
            RuntimeError: called outside the loop that owns the track.

        https://w3c.github.io/mediacapture-main/#dfn-clone-a-track
        """
        clone: AudioMix = self._clone_as(AudioMix)
        return clone
