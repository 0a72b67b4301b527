"""What contexts and buffers are made with: their dictionaries, and how those are converted."""

from dataclasses import dataclass
from typing import Any, Final, Required, TypedDict

from mediastreams._webidl.conversions import double, enumeration, union, unsigned_long, usv_string
from mediastreams._webidl.dictionaries import Dictionary, Member, Schema
from mediastreams._webidl.interfaces import public
from mediastreams.audio.enums import AudioContextLatencyCategory, AudioContextRenderSizeCategory, AudioSinkType

__all__ = [
    "AUDIO_BUFFER_OPTIONS",
    "AUDIO_CONTEXT_OPTIONS",
    "OFFLINE_AUDIO_CONTEXT_OPTIONS",
    "AudioBufferOptions",
    "AudioContextOptions",
    "AudioSinkOptions",
    "AudioTimestamp",
    "OfflineAudioContextOptions",
    "sink_identifier",
]


@public
class AudioBufferOptions(TypedDict, total=False):
    """How large an `AudioBuffer` is.

    https://webaudio.github.io/web-audio-api/#dictdef-audiobufferoptions
    """

    number_of_channels: int
    length: Required[int]
    sample_rate: Required[float]


AUDIO_BUFFER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "AudioBufferOptions",
    Member("number_of_channels", unsigned_long, default=1),
    Member("length", unsigned_long, required=True),
    Member("sample_rate", double, required=True),
)


@public
class AudioSinkOptions(TypedDict, total=False):
    """An output that is no device: ``{"type": "none"}``.

    https://webaudio.github.io/web-audio-api/#dictdef-audiosinkoptions
    """

    type: Required[AudioSinkType | str]


_AUDIO_SINK_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "AudioSinkOptions", Member("type", enumeration(AudioSinkType), required=True)
)

sink_identifier: Final = union(
    'the id of an output, "" for the default, or {"type": "none"}',
    of_string=usv_string,
    of_mapping=_AUDIO_SINK_OPTIONS,
)
"""``(DOMString or AudioSinkOptions)``."""

_render_size: Final = union(
    "a category or a number of frames", of_string=enumeration(AudioContextRenderSizeCategory), of_number=unsigned_long
)


@public
class AudioContextOptions(TypedDict, total=False):
    """How an `AudioContext` is to be.

    ``latency_hint``: a category, or seconds. ``render_size_hint`` is taken and has no effect: a quantum is 128 frames.

    https://webaudio.github.io/web-audio-api/#dictdef-audiocontextoptions
    """

    latency_hint: AudioContextLatencyCategory | str | float
    sample_rate: float
    sink_id: str | AudioSinkOptions
    render_size_hint: AudioContextRenderSizeCategory | str | int


AUDIO_CONTEXT_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "AudioContextOptions",
    Member(
        "latency_hint",
        union(
            "a category or a number of seconds",
            of_string=enumeration(AudioContextLatencyCategory),
            of_number=double,
        ),
        default=AudioContextLatencyCategory.INTERACTIVE,
    ),
    Member("sample_rate", double),
    Member("sink_id", sink_identifier, default=""),
    Member("render_size_hint", _render_size, default=AudioContextRenderSizeCategory.DEFAULT),
)


@public
class OfflineAudioContextOptions(TypedDict, total=False):
    """How an `OfflineAudioContext` is to be.

    https://webaudio.github.io/web-audio-api/#dictdef-offlineaudiocontextoptions
    """

    number_of_channels: int
    length: int
    sample_rate: Required[float]
    render_size_hint: AudioContextRenderSizeCategory | str | int


OFFLINE_AUDIO_CONTEXT_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "OfflineAudioContextOptions",
    Member("number_of_channels", unsigned_long, default=1),
    Member("length", unsigned_long),
    Member("sample_rate", double, required=True),
    Member("render_size_hint", _render_size, default=AudioContextRenderSizeCategory.DEFAULT),
)


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class AudioTimestamp(Dictionary):
    """One instant by two clocks: the context's, in seconds, and the process's (``time.perf_counter``), in milliseconds.

    https://webaudio.github.io/web-audio-api/#dictdef-audiotimestamp
    """

    context_time: float | None = None
    performance_time: float | None = None
