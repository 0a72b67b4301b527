"""Tracks in a graph: `MediaStreamAudioSourceNode`, its brother for tracks, and `MediaStreamAudioDestinationNode`.

Not for: the way of the samples (``graph_input.py``, ``graph_output.py``).

Rules of the file: what others connect to is a gain of the engine, so that what feeds it can be replaced when the
track's number of channels changes. A source sounds while it is connected, whoever holds the node; one that is neither
connected nor held lets go of its track.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mediastreams._engine.worker import reaper
from mediastreams._rules.values import DeviceModel
from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.dictionaries import Dictionary, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import queue_task
from mediastreams.audio.audio_node import AudioNode
from mediastreams.audio.engine import call
from mediastreams.audio.enums import ChannelCountMode
from mediastreams.audio.graph_input import GraphInput
from mediastreams.audio.node_options import AUDIO_NODE_OPTIONS
from mediastreams.audio.stream_options import STREAM_OPTIONS, TRACK_OPTIONS
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed
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

    ``latency``: seconds from a frame's timestamp to the graph, now. ``missing_frames``: frames of silence that the
    graph got because nothing had come, of a muted track, too. ``dropped_frames``: what came too late, or was too much.
    """

    latency: float | None = None
    missing_frames: int | None = None
    dropped_frames: int | None = None


class TrackSourceNode(AudioNode):
    """A node that gives a track's sound: of a stream, of a track, of an element."""

    _live: AudioContext
    _input: GraphInput | None = None
    _worklet: Any = None

    def _sound(self, context: AudioContext, feed: TrackFeed | None, channels: int, *, kept: object = None) -> None:
        """Begin: what of the engine others connect to, and what feeds it."""
        from mediastreams.audio.audio_context import AudioContext

        self._live = instance_of(AudioContext)(context, f"{self._kind}: context")
        self._begin(context, {})
        self._native = call(context._native.createGain)
        if feed is not None and not context._over:
            self._feed_from(context, feed, channels)
            if self._input is not None:
                self._input.kept = kept

    def _feed_from(self, context: AudioContext, feed: TrackFeed, channels: int) -> None:
        listening = _Listening(self)
        context._rendering.look(feed.clock.now_us())
        self._input = GraphInput(
            feed,
            context._rendering,
            round(context.sample_rate),
            channels,
            on_channels=listening.channels_changed,
            on_end=listening.ended,
        )
        context._inputs.add(self._input)
        self._attach()

    def _attach(self) -> None:
        """Have the engine ask for the track in as many channels as it has."""
        given, before = self._input, self._worklet
        if given is None or self._live._over:
            return
        channels = given.wanted_channels
        asker = given.asker(channels)
        made = self._live._bridge.node(asker, numberOfInputs=0, numberOfOutputs=1, outputChannelCount=[channels])
        call(made.connect, self._native)
        self._worklet = made
        if before is not None:
            call(before.disconnect)

    def _quiet(self) -> None:
        """The track has ended."""
        self._input = None
        worklet, self._worklet = self._worklet, None
        if worklet is not None:
            call(worklet.disconnect)

    @property
    def number_of_inputs(self) -> int:
        """None: it is a source."""
        return 0

    @property
    def stats(self) -> AudioSourceStats:
        """Counters of the way into the graph; of an ended track zeros."""
        given = self._input
        if given is None:
            return AudioSourceStats(latency=0.0, missing_frames=0, dropped_frames=0)
        voice = given.voice
        return AudioSourceStats(latency=given.latency, missing_frames=voice.missing, dropped_frames=voice.dropped)

    def __del__(self) -> None:
        given = getattr(self, "_input", None)
        if given is not None and not self._sounding:
            reaper.put(given.close)


class _Listening:
    """What the engine's thread tells a node, which it holds weakly."""

    def __init__(self, node: TrackSourceNode) -> None:
        import weakref

        self._node = weakref.ref(node)

    def channels_changed(self) -> None:
        node = self._node()
        if node is not None:
            queue_task(node._owner, node._attach)

    def ended(self) -> None:
        node = self._node()
        if node is not None:
            queue_task(node._owner, node._quiet)


def _channels_of(track: MediaStreamTrack) -> int:
    return track.get_settings().channel_count or _USUAL_CHANNELS


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
        self._sound(context, track._feed, _channels_of(track), kept=track)

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
        self._sound(context, track._feed, _channels_of(track), kept=track)


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
