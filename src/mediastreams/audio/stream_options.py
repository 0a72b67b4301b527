"""Which stream or track a source of the graph takes: the dictionaries, and how they are converted."""

from typing import Any, Final, Required, TypedDict

from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.interfaces import public
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = [
    "STREAM_OPTIONS",
    "TRACK_OPTIONS",
    "MediaStreamAudioSourceOptions",
    "MediaStreamTrackAudioSourceOptions",
]


@public
class MediaStreamAudioSourceOptions(TypedDict, total=False):
    """Which stream a `MediaStreamAudioSourceNode` takes into the graph.

    https://webaudio.github.io/web-audio-api/#dictdef-mediastreamaudiosourceoptions
    """

    media_stream: Required[MediaStream]


@public
class MediaStreamTrackAudioSourceOptions(TypedDict, total=False):
    """Which track a `MediaStreamTrackAudioSourceNode` takes into the graph.

    https://webaudio.github.io/web-audio-api/#dictdef-mediastreamtrackaudiosourceoptions
    """

    media_stream_track: Required[MediaStreamTrack]


STREAM_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "MediaStreamAudioSourceOptions", Member("media_stream", instance_of(MediaStream), required=True)
)
TRACK_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "MediaStreamTrackAudioSourceOptions", Member("media_stream_track", instance_of(MediaStreamTrack), required=True)
)
