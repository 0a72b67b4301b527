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
    "AnalyserNode": "audio.analyser_node",
    "AnalyserOptions": "audio.node_options",
    "AudioBuffer": "audio.audio_buffer",
    "AudioBufferOptions": "audio.context_options",
    "AudioBufferSourceNode": "audio.source_nodes",
    "AudioBufferSourceOptions": "audio.node_options",
    "AudioContext": "audio.audio_context",
    "AudioContextLatencyCategory": "audio.enums",
    "AudioContextOptions": "audio.context_options",
    "AudioContextRenderSizeCategory": "audio.enums",
    "AudioContextState": "audio.enums",
    "AudioDestinationNode": "audio.audio_destination_node",
    "AudioListener": "audio.space_nodes",
    "AudioNode": "audio.audio_node",
    "AudioNodeOptions": "audio.node_options",
    "AudioParam": "audio.audio_param",
    "AudioParamDescriptor": "audio.worklet_options",
    "AudioParamMap": "audio.audio_worklet",
    "AudioPlaybackStats": "audio.playback_stats",
    "AudioScheduledSourceNode": "audio.audio_node",
    "AudioSinkInfo": "audio.context_output",
    "AudioSinkOptions": "audio.context_options",
    "AudioSinkType": "audio.enums",
    "AudioSourceStats": "audio.media_stream_nodes",
    "AudioTimestamp": "audio.context_options",
    "AudioWorklet": "audio.audio_worklet",
    "AudioWorkletNode": "audio.audio_worklet",
    "AudioWorkletNodeOptions": "audio.worklet_options",
    "AudioWorkletProcessor": "audio.audio_worklet_processor",
    "AutomationRate": "audio.enums",
    "BaseAudioContext": "audio.base_audio_context",
    "BiquadFilterNode": "audio.effect_nodes",
    "BiquadFilterOptions": "audio.node_options",
    "BiquadFilterType": "audio.enums",
    "ChannelCountMode": "audio.enums",
    "ChannelInterpretation": "audio.enums",
    "ChannelMergerNode": "audio.space_nodes",
    "ChannelMergerOptions": "audio.node_options",
    "ChannelSplitterNode": "audio.space_nodes",
    "ChannelSplitterOptions": "audio.node_options",
    "ConstantSourceNode": "audio.source_nodes",
    "ConstantSourceOptions": "audio.node_options",
    "ConvolverNode": "audio.effect_nodes",
    "ConvolverOptions": "audio.node_options",
    "DelayNode": "audio.effect_nodes",
    "DelayOptions": "audio.node_options",
    "DistanceModelType": "audio.enums",
    "DynamicsCompressorNode": "audio.effect_nodes",
    "DynamicsCompressorOptions": "audio.node_options",
    "GainNode": "audio.effect_nodes",
    "GainOptions": "audio.node_options",
    "IIRFilterNode": "audio.effect_nodes",
    "IIRFilterOptions": "audio.node_options",
    "MediaElementAudioSourceNode": "audio.media_element_node",
    "MediaElementAudioSourceOptions": "audio.media_element_node",
    "MediaStreamAudioDestinationNode": "audio.media_stream_nodes",
    "MediaStreamAudioSourceNode": "audio.media_stream_nodes",
    "MediaStreamAudioSourceOptions": "audio.stream_options",
    "MediaStreamTrackAudioSourceNode": "audio.media_stream_nodes",
    "MediaStreamTrackAudioSourceOptions": "audio.stream_options",
    "MessagePort": "audio.message_port",
    "OfflineAudioCompletionEvent": "audio.offline_audio_completion_event",
    "OfflineAudioCompletionEventInit": "audio.offline_audio_completion_event",
    "OfflineAudioContext": "audio.offline_audio_context",
    "OfflineAudioContextOptions": "audio.context_options",
    "OscillatorNode": "audio.source_nodes",
    "OscillatorOptions": "audio.node_options",
    "OscillatorType": "audio.enums",
    "OverSampleType": "audio.enums",
    "PannerNode": "audio.space_nodes",
    "PannerOptions": "audio.node_options",
    "PanningModelType": "audio.enums",
    "PeriodicWave": "audio.periodic_wave",
    "PeriodicWaveConstraints": "audio.node_options",
    "PeriodicWaveOptions": "audio.node_options",
    "StereoPannerNode": "audio.space_nodes",
    "StereoPannerOptions": "audio.node_options",
    "WaveShaperNode": "audio.effect_nodes",
    "WaveShaperOptions": "audio.node_options",
}


if not TYPE_CHECKING:  # to a type checker a name that is not here is an error

    def __getattr__(name: str) -> object:
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'mediastreams.audio' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"mediastreams.{home}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
