"""``track.frames(…)``: from its arguments to a `FrameIterator`.

Not for: iterating (``_engine/frame_iterator.py``) or converting (``_engine/convert.py``, the adapters).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from mediastreams._engine import convert
from mediastreams._engine.array_formats import layout_of
from mediastreams._engine.audio_adapter import AudioAdapter
from mediastreams._engine.audio_data import AudioData
from mediastreams._engine.frame_iterator import FrameIterator
from mediastreams._engine.lanes import lane_for
from mediastreams._engine.port import DEFAULT_BOUND_US, Policy
from mediastreams._engine.sample_formats import to_samples
from mediastreams._engine.video_adapter import VideoAdapter
from mediastreams._engine.video_frame import VideoFrame
from mediastreams._webidl.conversions import wrong_type

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture, Sound
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["frames_of"]

_POLICIES: Final = ("latest", "drop-oldest", "wait")
_OF_KIND: Final = {
    "video": frozenset({"format", "width", "height"}),
    "audio": frozenset({"format", "sample_rate", "channels", "samples"}),
}
_LARGEST: Final = {"width": 16384, "height": 16384, "sample_rate": 768_000, "channels": 64, "samples": 1_000_000}


def frames_of(
    track: MediaStreamTrack, policy: Policy | None, options: Mapping[str, object]
) -> FrameIterator[VideoFrame] | FrameIterator[AudioData]:
    """Check the arguments of ``frames``, attach to the track, and make its iterator."""
    given = {name: value for name, value in options.items() if value is not None}
    _check(track.kind, policy, given)
    feed = track._feed
    free = feed.hub.source.free_running
    chosen: Policy = policy or ("wait" if free else "latest" if track.kind == "video" else "drop-oldest")
    key = tuple(sorted(given.items(), key=str))
    if track.kind == "video":
        return FrameIterator(
            track,
            feed,
            VideoFrame._of,
            policy=chosen,
            bound_us=DEFAULT_BOUND_US,
            convert=_video_conversion(given) if given else None,
            lane=lane_for(key) if given else None,
        )
    return FrameIterator(
        track,
        feed,
        AudioData._of,
        policy=chosen,
        bound_us=DEFAULT_BOUND_US,
        convert=_AudioConversion(given) if given else None,
        lane=lane_for(key) if given else None,
    )


def _check(kind: str, policy: object, given: Mapping[str, object]) -> None:
    where = "MediaStreamTrack.frames"
    if policy is not None and policy not in _POLICIES:
        raise ValueError(f"{where}: policy must be one of {', '.join(map(repr, _POLICIES))}, not {policy!r}")
    for name, value in given.items():
        if name not in _OF_KIND[kind]:
            raise TypeError(f"{where}: {name} is not for a track of kind {kind!r}")
        if name == "format":
            _check_format(kind, value, where)
        elif isinstance(value, bool) or not hasattr(value, "__index__"):
            raise wrong_type(f"{where}: {name}", "an integer", value)
        elif not 1 <= int(cast("int", value)) <= _LARGEST[name]:
            raise ValueError(f"{where}: {name} must be from 1 to {_LARGEST[name]}, not {value}")


def _check_format(kind: str, value: object, where: str) -> None:
    if not isinstance(value, str):
        raise wrong_type(f"{where}: format", "a string", value)
    if kind == "video":
        layout_of(value)
    elif value not in _SAMPLE_FORMATS:
        raise ValueError(f"{where}: format must be one of {', '.join(_SAMPLE_FORMATS)}, not {value!r}")


_SAMPLE_FORMATS: Final = ("float32", "int16", "int32", "uint8", "float64")


def _video_conversion(given: Mapping[str, Any]) -> Callable[[Picture], Sequence[VideoFrame]]:
    """Scale to the size that was asked for, covering it, and make the array: both are memoised on the picture."""
    format = given.get("format")
    sized = "width" in given or "height" in given
    adapter = VideoAdapter(given.get("width"), given.get("height"), enlarge=True) if sized else None

    def make(picture: Picture) -> Sequence[VideoFrame]:
        shown = picture if adapter is None else adapter.process(picture)
        assert shown is not None  # this adapter does not decimate
        return (VideoFrame._of(shown, None if format is None else (format, convert.to_ndarray(shown, format))),)

    return make


class _AudioConversion:
    """Resample, mix, cut to chunks, and make the array. Keeps the state of its resampler."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._format = given.get("format")
        adapts = given.keys() - {"format"}
        self._adapter = (
            AudioAdapter(given.get("sample_rate"), given.get("channels"), chunk_samples=given.get("samples"))
            if adapts
            else None
        )

    def __call__(self, sound: Sound) -> Sequence[AudioData]:
        return self._handles([sound] if self._adapter is None else self._adapter.process(sound))

    def flush(self) -> Sequence[AudioData]:
        """What the resampler and the last chunk still hold, when the track has ended."""
        return () if self._adapter is None else self._handles(self._adapter.flush())

    def _handles(self, sounds: Sequence[Sound]) -> Sequence[AudioData]:
        if self._format is None:
            return [AudioData._of(sound) for sound in sounds]
        return [AudioData._of(sound, (self._format, self._array(sound))) for sound in sounds]

    def _array(self, sound: Sound) -> Any:
        if self._format == "float32":
            return sound.samples
        array = to_samples(sound.samples, self._format or "")
        array.flags.writeable = False
        return array
