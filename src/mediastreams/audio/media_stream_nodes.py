"""Tracks in a graph: `MediaStreamAudioSourceNode`, its brother for tracks, and `MediaStreamAudioDestinationNode`.

Not for: the way of the samples (``graph_input.py``, ``graph_output.py``).

Rules of the file: a source sounds while it is connected, whoever holds the node (``fed_node.py``); a destination lives
as long as its tracks do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mediastreams._rules.values import DeviceModel
from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.dictionaries import Dictionary, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.audio.audio_node import AudioNode
from mediastreams.audio.enums import ChannelCountMode
from mediastreams.audio.fed_node import FedNode, Listening
from mediastreams.audio.graph_input import GraphInput
from mediastreams.audio.node_options import AUDIO_NODE_OPTIONS
from mediastreams.audio.stream_options import STREAM_OPTIONS, TRACK_OPTIONS
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams.audio.audio_context import AudioContext
    from mediastreams.audio.node_options import AudioNodeOptions
    from mediastreams.audio.stream_options import MediaStreamAudioSourceOptions, MediaStreamTrackAudioSourceOptions

__all__ = [
    "AudioSourceStats",
    "MediaStreamAudioDestinationNode",
    "MediaStreamAudioSourceNode",
    "MediaStreamTrackAudioSourceNode",
    "TrackSourceNode",
]

_USUAL_CHANNELS: Final = 2


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class AudioSourceStats(Dictionary):
    """What a track's way into a graph has been like, since it began.

    ``latency``: seconds from a frame's timestamp to the graph, now. ``underruns``: how often nothing had come when it
    was needed, and ``missing_frames`` for how long; a muted track does that, too. ``dropped_frames``: what came too
    late, or was too much.
    """

    latency: float | None = None
    underruns: int | None = None
    missing_frames: int | None = None
    dropped_frames: int | None = None


class TrackSourceNode(FedNode):
    """A node that gives a track's sound."""

    _feeding: GraphInput | None = None

    def _take(self, context: AudioContext, track: MediaStreamTrack) -> None:
        """Let a track be heard."""
        self._join(context)
        if context._over:
            return
        told = Listening(self)
        self._feeding = GraphInput(
            track._feed,
            context._rendering,
            round(context.sample_rate),
            track.get_settings().channel_count or _USUAL_CHANNELS,
            on_channels=told.channels_changed,
            on_end=told.ended,
        )
        self._feeding.kept = track
        self._feed_from(self._feeding)

    @property
    def stats(self) -> AudioSourceStats:
        """Counters of the way into the graph; of an ended track zeros."""
        given = self._feeding
        if given is None:
            return AudioSourceStats(latency=0.0, underruns=0, missing_frames=0, dropped_frames=0)
        voice = given.voice
        return AudioSourceStats(
            latency=given.latency,
            underruns=voice.holes,
            missing_frames=voice.missing,
            dropped_frames=voice.dropped,
        )


@public
class MediaStreamAudioSourceNode(TrackSourceNode):
    """A stream's sound in the graph: that of one audio track, the one with the least id when the node is made.

    Silence while the track is muted or disabled, and after its end. What is done to the stream later does not matter.

    https://webaudio.github.io/web-audio-api/#MediaStreamAudioSourceNode
    """

    def __init__(
        self,
        context: AudioContext,
        options: MediaStreamAudioSourceOptions | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one.

        Raises:
            InvalidStateError: the stream has no audio track.
            TypeError: no ``media_stream``, or the context is not one in real time.

        https://webaudio.github.io/web-audio-api/#dom-mediastreamaudiosourcenode-mediastreamaudiosourcenode
        """
        given = STREAM_OPTIONS.convert(merge_arguments(options, members, self._kind), self._kind)
        stream: MediaStream = given["media_stream"]
        # 1-2. Audio tracks there must be.
        tracks = stream.get_audio_tracks()
        if not tracks:
            raise InvalidStateError(f"{self._kind}: the stream has no audio track")
        # 3-5. [[input track]]: the first by the order of code units of the ids.
        track = min(tracks, key=lambda one: one.id.encode("utf-16-be"))
        self._media_stream = stream
        self._take(context, track)

    @property
    def media_stream(self) -> MediaStream:
        """The stream."""
        return self._media_stream


@public
class MediaStreamTrackAudioSourceNode(TrackSourceNode):
    """A track's sound in the graph. Silence while the track is muted or disabled, and after its end.

    https://webaudio.github.io/web-audio-api/#MediaStreamTrackAudioSourceNode
    """

    def __init__(
        self,
        context: AudioContext,
        options: MediaStreamTrackAudioSourceOptions | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one.

        Raises:
            InvalidStateError: it is a video track.
            TypeError: no ``media_stream_track``, or the context is not one in real time.

        https://webaudio.github.io/web-audio-api/#dom-mediastreamtrackaudiosourcenode-mediastreamtrackaudiosourcenode
        """
        given = TRACK_OPTIONS.convert(merge_arguments(options, members, self._kind), self._kind)
        track: MediaStreamTrack = given["media_stream_track"]
        if track.kind != "audio":
            raise InvalidStateError(f"{self._kind}: it is a video track")
        self._take(context, track)


@public
class MediaStreamAudioDestinationNode(AudioNode):
    """An end of the graph that is a stream: what is connected to it is what its audio track gives.

    The track is of two channels unless ``channel_count`` says otherwise. It is muted while the context is suspended,
    and ends when that is closed.

    https://webaudio.github.io/web-audio-api/#MediaStreamAudioDestinationNode
    """

    def __init__(
        self, context: AudioContext, options: AudioNodeOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one.

        Raises:
            NotSupportedError: not 1 to 32 channels.
            TypeError: the context is not one in real time.

        https://webaudio.github.io/web-audio-api/#dom-mediastreamaudiodestinationnode-mediastreamaudiodestinationnode
        """
        from mediastreams.audio.audio_context import AudioContext

        given = AUDIO_NODE_OPTIONS.convert(merge_arguments(options, members, self._kind), self._kind)
        instance_of(AudioContext)(context, f"{self._kind}: context")
        self._begin(context, given)
        output, self._native = context._output_of(given)
        self._output = output
        model = DeviceModel("audio", modes=(output.hub.mode,))  # type: ignore[arg-type]  # it is an AudioMode
        source = TrackSource(output.hub, model, "MediaStreamAudioDestinationNode")
        settings = {"sample_rate": round(context.sample_rate), "channel_count": self.channel_count}
        try:
            track: MediaStreamTrack = MediaStreamTrack._create(source, {})  # as it comes, whatever that will be
            track._settings = settings
        finally:
            output.hub.release()
        self._stream = MediaStream([track])
        if context._over:
            output.end()

    def _attribute_set(self, name: str) -> None:
        super()._attribute_set(name)
        explicit = self.channel_count_mode is ChannelCountMode.EXPLICIT
        self._output.channels = self.channel_count if explicit else None

    @property
    def stream(self) -> MediaStream:
        """The stream, with one audio track."""
        return self._stream

    @property
    def number_of_outputs(self) -> int:
        """None in the graph: what comes out is the stream."""
        return 0
