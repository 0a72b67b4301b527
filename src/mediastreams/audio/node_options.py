"""What the nodes of the graph are made with: their dictionaries, and how those are converted.

Not for: the ranges of the values (``_rules/audio_limits.py``), or the contexts' (``context_options.py``).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Required, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from mediastreams._webidl.conversions import boolean, double, enumeration, instance_of, unsigned_long
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.interfaces import public
from mediastreams.audio.enums import (
    BiquadFilterType,
    ChannelCountMode,
    ChannelInterpretation,
    DistanceModelType,
    OscillatorType,
    OverSampleType,
    PanningModelType,
)
from mediastreams.audio.samples import double_samples, float_samples

if TYPE_CHECKING:
    from mediastreams.audio.audio_buffer import AudioBuffer
    from mediastreams.audio.periodic_wave import PeriodicWave

__all__ = [
    "ANALYSER_OPTIONS",
    "AUDIO_BUFFER_SOURCE_OPTIONS",
    "AUDIO_NODE_OPTIONS",
    "BIQUAD_FILTER_OPTIONS",
    "CHANNEL_MERGER_OPTIONS",
    "CHANNEL_SPLITTER_OPTIONS",
    "CONSTANT_SOURCE_OPTIONS",
    "CONVOLVER_OPTIONS",
    "DELAY_OPTIONS",
    "DYNAMICS_COMPRESSOR_OPTIONS",
    "GAIN_OPTIONS",
    "IIR_FILTER_OPTIONS",
    "OSCILLATOR_OPTIONS",
    "PANNER_OPTIONS",
    "PERIODIC_WAVE_CONSTRAINTS",
    "PERIODIC_WAVE_OPTIONS",
    "STEREO_PANNER_OPTIONS",
    "WAVE_SHAPER_OPTIONS",
    "AnalyserOptions",
    "AudioBufferSourceOptions",
    "AudioNodeOptions",
    "BiquadFilterOptions",
    "ChannelMergerOptions",
    "ChannelSplitterOptions",
    "ConstantSourceOptions",
    "ConvolverOptions",
    "DelayOptions",
    "DynamicsCompressorOptions",
    "GainOptions",
    "IIRFilterOptions",
    "Numbers",
    "OscillatorOptions",
    "PannerOptions",
    "PeriodicWaveConstraints",
    "PeriodicWaveOptions",
    "StereoPannerOptions",
    "WaveShaperOptions",
]


Numbers: TypeAlias = Sequence[float] | npt.NDArray[np.floating[Any]]
"""Numbers in a row: ``sequence<float>``, ``Float32Array``."""


def _audio_buffer() -> "type[AudioBuffer]":
    from mediastreams.audio.audio_buffer import AudioBuffer

    return AudioBuffer


def _periodic_wave() -> "type[PeriodicWave]":
    from mediastreams.audio.periodic_wave import PeriodicWave

    return PeriodicWave


@public
class AudioNodeOptions(TypedDict, total=False):
    """How many channels a node has, and how they come about.

    https://webaudio.github.io/web-audio-api/#dictdef-audionodeoptions
    """

    channel_count: int
    channel_count_mode: ChannelCountMode | str
    channel_interpretation: ChannelInterpretation | str


AUDIO_NODE_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "AudioNodeOptions",
    Member("channel_count", unsigned_long),
    Member("channel_count_mode", enumeration(ChannelCountMode)),
    Member("channel_interpretation", enumeration(ChannelInterpretation)),
)


@public
class AnalyserOptions(AudioNodeOptions, total=False):
    """How finely an `AnalyserNode` looks, and which levels its bytes span.

    https://webaudio.github.io/web-audio-api/#dictdef-analyseroptions
    """

    fft_size: int
    max_decibels: float
    min_decibels: float
    smoothing_time_constant: float


ANALYSER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "AnalyserOptions",
    Member("fft_size", unsigned_long, default=2048),
    Member("max_decibels", double, default=-30.0),
    Member("min_decibels", double, default=-100.0),
    Member("smoothing_time_constant", double, default=0.8),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class AudioBufferSourceOptions(TypedDict, total=False):
    """What an `AudioBufferSourceNode` plays, and how.

    https://webaudio.github.io/web-audio-api/#dictdef-audiobuffersourceoptions
    """

    buffer: "AudioBuffer"
    detune: float
    loop: bool
    loop_end: float
    loop_start: float
    playback_rate: float


AUDIO_BUFFER_SOURCE_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "AudioBufferSourceOptions",
    Member("buffer", instance_of(_audio_buffer, "AudioBuffer")),
    Member("detune", double, default=0.0),
    Member("loop", boolean, default=False),
    Member("loop_end", double, default=0.0),
    Member("loop_start", double, default=0.0),
    Member("playback_rate", double, default=1.0),
)


@public
class BiquadFilterOptions(AudioNodeOptions, total=False):
    """How a `BiquadFilterNode` filters.

    https://webaudio.github.io/web-audio-api/#dictdef-biquadfilteroptions
    """

    type: BiquadFilterType | str
    Q: float
    detune: float
    frequency: float
    gain: float


BIQUAD_FILTER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "BiquadFilterOptions",
    Member("type", enumeration(BiquadFilterType), default=BiquadFilterType.LOWPASS),
    Member("Q", double, default=1.0),
    Member("detune", double, default=0.0),
    Member("frequency", double, default=350.0),
    Member("gain", double, default=0.0),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class ChannelMergerOptions(AudioNodeOptions, total=False):
    """How many inputs a `ChannelMergerNode` has.

    https://webaudio.github.io/web-audio-api/#dictdef-channelmergeroptions
    """

    number_of_inputs: int


CHANNEL_MERGER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "ChannelMergerOptions",
    Member("number_of_inputs", unsigned_long, default=6),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class ChannelSplitterOptions(AudioNodeOptions, total=False):
    """How many outputs a `ChannelSplitterNode` has.

    https://webaudio.github.io/web-audio-api/#dictdef-channelsplitteroptions
    """

    number_of_outputs: int


CHANNEL_SPLITTER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "ChannelSplitterOptions",
    Member("number_of_outputs", unsigned_long, default=6),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class ConstantSourceOptions(TypedDict, total=False):
    """What a `ConstantSourceNode` gives.

    https://webaudio.github.io/web-audio-api/#dictdef-constantsourceoptions
    """

    offset: float


CONSTANT_SOURCE_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "ConstantSourceOptions",
    Member("offset", double, default=1.0),
)


@public
class ConvolverOptions(AudioNodeOptions, total=False):
    """The room of a `ConvolverNode`.

    https://webaudio.github.io/web-audio-api/#dictdef-convolveroptions
    """

    buffer: "AudioBuffer"
    disable_normalization: bool


CONVOLVER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "ConvolverOptions",
    Member("buffer", instance_of(_audio_buffer, "AudioBuffer")),
    Member("disable_normalization", boolean, default=False),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class DelayOptions(AudioNodeOptions, total=False):
    """How long a `DelayNode` holds sound back, in seconds, and at most.

    https://webaudio.github.io/web-audio-api/#dictdef-delayoptions
    """

    max_delay_time: float
    delay_time: float


DELAY_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "DelayOptions",
    Member("max_delay_time", double, default=1.0),
    Member("delay_time", double, default=0.0),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class DynamicsCompressorOptions(AudioNodeOptions, total=False):
    """From where on, how much and how fast a `DynamicsCompressorNode` compresses.

    https://webaudio.github.io/web-audio-api/#dictdef-dynamicscompressoroptions
    """

    attack: float
    knee: float
    ratio: float
    release: float
    threshold: float


DYNAMICS_COMPRESSOR_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "DynamicsCompressorOptions",
    Member("attack", double, default=0.003),
    Member("knee", double, default=30.0),
    Member("ratio", double, default=12.0),
    Member("release", double, default=0.25),
    Member("threshold", double, default=-24.0),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class GainOptions(AudioNodeOptions, total=False):
    """How loud a `GainNode` makes it.

    https://webaudio.github.io/web-audio-api/#dictdef-gainoptions
    """

    gain: float


GAIN_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "GainOptions",
    Member("gain", double, default=1.0),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class IIRFilterOptions(AudioNodeOptions, total=False):
    """The coefficients of an `IIRFilterNode`.

    https://webaudio.github.io/web-audio-api/#dictdef-iirfilteroptions
    """

    feedforward: Required[Numbers]
    feedback: Required[Numbers]


IIR_FILTER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "IIRFilterOptions",
    Member("feedforward", double_samples, required=True),
    Member("feedback", double_samples, required=True),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class OscillatorOptions(AudioNodeOptions, total=False):
    """How an `OscillatorNode` sounds.

    https://webaudio.github.io/web-audio-api/#dictdef-oscillatoroptions
    """

    type: OscillatorType | str
    frequency: float
    detune: float
    periodic_wave: "PeriodicWave"


OSCILLATOR_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "OscillatorOptions",
    Member("type", enumeration(OscillatorType), default=OscillatorType.SINE),
    Member("frequency", double, default=440.0),
    Member("detune", double, default=0.0),
    Member("periodic_wave", instance_of(_periodic_wave, "PeriodicWave")),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class PannerOptions(AudioNodeOptions, total=False):
    """Where a `PannerNode` puts its sound, and how far it carries.

    https://webaudio.github.io/web-audio-api/#dictdef-panneroptions
    """

    panning_model: PanningModelType | str
    distance_model: DistanceModelType | str
    position_x: float
    position_y: float
    position_z: float
    orientation_x: float
    orientation_y: float
    orientation_z: float
    ref_distance: float
    max_distance: float
    rolloff_factor: float
    cone_inner_angle: float
    cone_outer_angle: float
    cone_outer_gain: float


PANNER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "PannerOptions",
    Member("panning_model", enumeration(PanningModelType), default=PanningModelType.EQUALPOWER),
    Member("distance_model", enumeration(DistanceModelType), default=DistanceModelType.INVERSE),
    Member("position_x", double, default=0.0),
    Member("position_y", double, default=0.0),
    Member("position_z", double, default=0.0),
    Member("orientation_x", double, default=1.0),
    Member("orientation_y", double, default=0.0),
    Member("orientation_z", double, default=0.0),
    Member("ref_distance", double, default=1.0),
    Member("max_distance", double, default=10000.0),
    Member("rolloff_factor", double, default=1.0),
    Member("cone_inner_angle", double, default=360.0),
    Member("cone_outer_angle", double, default=360.0),
    Member("cone_outer_gain", double, default=0.0),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class PeriodicWaveConstraints(TypedDict, total=False):
    """Whether a wave is brought to a peak of 1.

    https://webaudio.github.io/web-audio-api/#dictdef-periodicwaveconstraints
    """

    disable_normalization: bool


PERIODIC_WAVE_CONSTRAINTS: Final[Schema[dict[str, Any]]] = Schema(
    "PeriodicWaveConstraints",
    Member("disable_normalization", boolean, default=False),
)


@public
class PeriodicWaveOptions(PeriodicWaveConstraints, total=False):
    """The partials of a `PeriodicWave`.

    https://webaudio.github.io/web-audio-api/#dictdef-periodicwaveoptions
    """

    real: Numbers
    imag: Numbers


PERIODIC_WAVE_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "PeriodicWaveOptions",
    Member("real", float_samples),
    Member("imag", float_samples),
    inherits=PERIODIC_WAVE_CONSTRAINTS,
)


@public
class StereoPannerOptions(AudioNodeOptions, total=False):
    """Where a `StereoPannerNode` puts its sound, from -1 (left) to 1.

    https://webaudio.github.io/web-audio-api/#dictdef-stereopanneroptions
    """

    pan: float


STEREO_PANNER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "StereoPannerOptions",
    Member("pan", double, default=0.0),
    inherits=AUDIO_NODE_OPTIONS,
)


@public
class WaveShaperOptions(AudioNodeOptions, total=False):
    """How a `WaveShaperNode` bends its sound.

    https://webaudio.github.io/web-audio-api/#dictdef-waveshaperoptions
    """

    curve: Numbers
    oversample: OverSampleType | str


WAVE_SHAPER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "WaveShaperOptions",
    Member("curve", float_samples),
    Member("oversample", enumeration(OverSampleType), default=OverSampleType.NONE),
    inherits=AUDIO_NODE_OPTIONS,
)
