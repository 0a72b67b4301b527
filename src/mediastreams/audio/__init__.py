"""Web Audio: graphs of sound, in real time and in memory (extra ``mediastreams[audio]``).

A name is imported when it is first used. Written by ``tools/shop_window.py``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediastreams.audio.analyser_node import AnalyserNode
    from mediastreams.audio.audio_buffer import AudioBuffer
    from mediastreams.audio.audio_context import AudioContext
    from mediastreams.audio.audio_destination_node import AudioDestinationNode
    from mediastreams.audio.audio_node import AudioNode, AudioScheduledSourceNode
    from mediastreams.audio.audio_param import AudioParam
    from mediastreams.audio.audio_worklet import AudioParamMap, AudioWorklet, AudioWorkletNode
    from mediastreams.audio.audio_worklet_processor import AudioWorkletProcessor
    from mediastreams.audio.base_audio_context import BaseAudioContext
    from mediastreams.audio.context_options import (
        AudioBufferOptions,
        AudioContextOptions,
        AudioSinkOptions,
        AudioTimestamp,
        OfflineAudioContextOptions,
    )
    from mediastreams.audio.context_output import AudioSinkInfo
    from mediastreams.audio.effect_nodes import (
        BiquadFilterNode,
        ConvolverNode,
        DelayNode,
        DynamicsCompressorNode,
        GainNode,
        IIRFilterNode,
        WaveShaperNode,
    )
    from mediastreams.audio.enums import (
        AudioContextLatencyCategory,
        AudioContextRenderSizeCategory,
        AudioContextState,
        AudioSinkType,
        AutomationRate,
        BiquadFilterType,
        ChannelCountMode,
        ChannelInterpretation,
        DistanceModelType,
        OscillatorType,
        OverSampleType,
        PanningModelType,
    )
    from mediastreams.audio.media_element_node import MediaElementAudioSourceNode, MediaElementAudioSourceOptions
    from mediastreams.audio.media_stream_nodes import (
        AudioSourceStats,
        MediaStreamAudioDestinationNode,
        MediaStreamAudioSourceNode,
        MediaStreamTrackAudioSourceNode,
    )
    from mediastreams.audio.message_port import MessagePort
    from mediastreams.audio.node_options import (
        AnalyserOptions,
        AudioBufferSourceOptions,
        AudioNodeOptions,
        BiquadFilterOptions,
        ChannelMergerOptions,
        ChannelSplitterOptions,
        ConstantSourceOptions,
        ConvolverOptions,
        DelayOptions,
        DynamicsCompressorOptions,
        GainOptions,
        IIRFilterOptions,
        OscillatorOptions,
        PannerOptions,
        PeriodicWaveConstraints,
        PeriodicWaveOptions,
        StereoPannerOptions,
        WaveShaperOptions,
    )
    from mediastreams.audio.offline_audio_completion_event import (
        OfflineAudioCompletionEvent,
        OfflineAudioCompletionEventInit,
    )
    from mediastreams.audio.offline_audio_context import OfflineAudioContext
    from mediastreams.audio.periodic_wave import PeriodicWave
    from mediastreams.audio.playback_stats import AudioPlaybackStats
    from mediastreams.audio.source_nodes import AudioBufferSourceNode, ConstantSourceNode, OscillatorNode
    from mediastreams.audio.space_nodes import (
        AudioListener,
        ChannelMergerNode,
        ChannelSplitterNode,
        PannerNode,
        StereoPannerNode,
    )
    from mediastreams.audio.stream_options import MediaStreamAudioSourceOptions, MediaStreamTrackAudioSourceOptions
    from mediastreams.audio.worklet_options import AudioParamDescriptor, AudioWorkletNodeOptions

__all__ = [
    "AnalyserNode",
    "AnalyserOptions",
    "AudioBuffer",
    "AudioBufferOptions",
    "AudioBufferSourceNode",
    "AudioBufferSourceOptions",
    "AudioContext",
    "AudioContextLatencyCategory",
    "AudioContextOptions",
    "AudioContextRenderSizeCategory",
    "AudioContextState",
    "AudioDestinationNode",
    "AudioListener",
    "AudioNode",
    "AudioNodeOptions",
    "AudioParam",
    "AudioParamDescriptor",
    "AudioParamMap",
    "AudioPlaybackStats",
    "AudioScheduledSourceNode",
    "AudioSinkInfo",
    "AudioSinkOptions",
    "AudioSinkType",
    "AudioSourceStats",
    "AudioTimestamp",
    "AudioWorklet",
    "AudioWorkletNode",
    "AudioWorkletNodeOptions",
    "AudioWorkletProcessor",
    "AutomationRate",
    "BaseAudioContext",
    "BiquadFilterNode",
    "BiquadFilterOptions",
    "BiquadFilterType",
    "ChannelCountMode",
    "ChannelInterpretation",
    "ChannelMergerNode",
    "ChannelMergerOptions",
    "ChannelSplitterNode",
    "ChannelSplitterOptions",
    "ConstantSourceNode",
    "ConstantSourceOptions",
    "ConvolverNode",
    "ConvolverOptions",
    "DelayNode",
    "DelayOptions",
    "DistanceModelType",
    "DynamicsCompressorNode",
    "DynamicsCompressorOptions",
    "GainNode",
    "GainOptions",
    "IIRFilterNode",
    "IIRFilterOptions",
    "MediaElementAudioSourceNode",
    "MediaElementAudioSourceOptions",
    "MediaStreamAudioDestinationNode",
    "MediaStreamAudioSourceNode",
    "MediaStreamAudioSourceOptions",
    "MediaStreamTrackAudioSourceNode",
    "MediaStreamTrackAudioSourceOptions",
    "MessagePort",
    "OfflineAudioCompletionEvent",
    "OfflineAudioCompletionEventInit",
    "OfflineAudioContext",
    "OfflineAudioContextOptions",
    "OscillatorNode",
    "OscillatorOptions",
    "OscillatorType",
    "OverSampleType",
    "PannerNode",
    "PannerOptions",
    "PanningModelType",
    "PeriodicWave",
    "PeriodicWaveConstraints",
    "PeriodicWaveOptions",
    "StereoPannerNode",
    "StereoPannerOptions",
    "WaveShaperNode",
    "WaveShaperOptions",
]

_HOME = {
    "AnalyserNode": "analyser_node",
    "AnalyserOptions": "node_options",
    "AudioBuffer": "audio_buffer",
    "AudioBufferOptions": "context_options",
    "AudioBufferSourceNode": "source_nodes",
    "AudioBufferSourceOptions": "node_options",
    "AudioContext": "audio_context",
    "AudioContextLatencyCategory": "enums",
    "AudioContextOptions": "context_options",
    "AudioContextRenderSizeCategory": "enums",
    "AudioContextState": "enums",
    "AudioDestinationNode": "audio_destination_node",
    "AudioListener": "space_nodes",
    "AudioNode": "audio_node",
    "AudioNodeOptions": "node_options",
    "AudioParam": "audio_param",
    "AudioParamDescriptor": "worklet_options",
    "AudioParamMap": "audio_worklet",
    "AudioPlaybackStats": "playback_stats",
    "AudioScheduledSourceNode": "audio_node",
    "AudioSinkInfo": "context_output",
    "AudioSinkOptions": "context_options",
    "AudioSinkType": "enums",
    "AudioSourceStats": "media_stream_nodes",
    "AudioTimestamp": "context_options",
    "AudioWorklet": "audio_worklet",
    "AudioWorkletNode": "audio_worklet",
    "AudioWorkletNodeOptions": "worklet_options",
    "AudioWorkletProcessor": "audio_worklet_processor",
    "AutomationRate": "enums",
    "BaseAudioContext": "base_audio_context",
    "BiquadFilterNode": "effect_nodes",
    "BiquadFilterOptions": "node_options",
    "BiquadFilterType": "enums",
    "ChannelCountMode": "enums",
    "ChannelInterpretation": "enums",
    "ChannelMergerNode": "space_nodes",
    "ChannelMergerOptions": "node_options",
    "ChannelSplitterNode": "space_nodes",
    "ChannelSplitterOptions": "node_options",
    "ConstantSourceNode": "source_nodes",
    "ConstantSourceOptions": "node_options",
    "ConvolverNode": "effect_nodes",
    "ConvolverOptions": "node_options",
    "DelayNode": "effect_nodes",
    "DelayOptions": "node_options",
    "DistanceModelType": "enums",
    "DynamicsCompressorNode": "effect_nodes",
    "DynamicsCompressorOptions": "node_options",
    "GainNode": "effect_nodes",
    "GainOptions": "node_options",
    "IIRFilterNode": "effect_nodes",
    "IIRFilterOptions": "node_options",
    "MediaElementAudioSourceNode": "media_element_node",
    "MediaElementAudioSourceOptions": "media_element_node",
    "MediaStreamAudioDestinationNode": "media_stream_nodes",
    "MediaStreamAudioSourceNode": "media_stream_nodes",
    "MediaStreamAudioSourceOptions": "stream_options",
    "MediaStreamTrackAudioSourceNode": "media_stream_nodes",
    "MediaStreamTrackAudioSourceOptions": "stream_options",
    "MessagePort": "message_port",
    "OfflineAudioCompletionEvent": "offline_audio_completion_event",
    "OfflineAudioCompletionEventInit": "offline_audio_completion_event",
    "OfflineAudioContext": "offline_audio_context",
    "OfflineAudioContextOptions": "context_options",
    "OscillatorNode": "source_nodes",
    "OscillatorOptions": "node_options",
    "OscillatorType": "enums",
    "OverSampleType": "enums",
    "PannerNode": "space_nodes",
    "PannerOptions": "node_options",
    "PanningModelType": "enums",
    "PeriodicWave": "periodic_wave",
    "PeriodicWaveConstraints": "node_options",
    "PeriodicWaveOptions": "node_options",
    "StereoPannerNode": "space_nodes",
    "StereoPannerOptions": "node_options",
    "WaveShaperNode": "effect_nodes",
    "WaveShaperOptions": "node_options",
}


if not TYPE_CHECKING:  # to a type checker a name that is not here is an error

    def __getattr__(name: str) -> object:
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'mediastreams.audio' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"mediastreams.audio.{home}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
