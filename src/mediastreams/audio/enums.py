"""The enumerations of Web Audio."""

from __future__ import annotations

from enum import StrEnum

from mediastreams._webidl.interfaces import public

__all__ = [
    "AudioContextLatencyCategory",
    "AudioContextRenderSizeCategory",
    "AudioContextState",
    "AudioSinkType",
    "AutomationRate",
    "BiquadFilterType",
    "ChannelCountMode",
    "ChannelInterpretation",
    "DistanceModelType",
    "OscillatorType",
    "OverSampleType",
    "PanningModelType",
]


@public
class AudioContextLatencyCategory(StrEnum):
    """What matters more: a quick answer, or a sound that never breaks off.

    https://webaudio.github.io/web-audio-api/#enumdef-audiocontextlatencycategory
    """

    BALANCED = "balanced"
    INTERACTIVE = "interactive"
    PLAYBACK = "playback"


@public
class AudioContextRenderSizeCategory(StrEnum):
    """How large a render quantum is wanted.

    https://webaudio.github.io/web-audio-api/#enumdef-audiocontextrendersizecategory
    """

    DEFAULT = "default"
    HARDWARE = "hardware"


@public
class AudioContextState(StrEnum):
    """What a context is doing.

    https://webaudio.github.io/web-audio-api/#enumdef-audiocontextstate
    """

    SUSPENDED = "suspended"
    RUNNING = "running"
    CLOSED = "closed"
    INTERRUPTED = "interrupted"


@public
class AudioSinkType(StrEnum):
    """An output that is no device.

    https://webaudio.github.io/web-audio-api/#enumdef-audiosinktype
    """

    NONE = "none"


@public
class AutomationRate(StrEnum):
    """How often a parameter takes a new value.

    https://webaudio.github.io/web-audio-api/#enumdef-automationrate
    """

    A_RATE = "a-rate"
    K_RATE = "k-rate"


@public
class BiquadFilterType(StrEnum):
    """What a `BiquadFilterNode` lets through.

    https://webaudio.github.io/web-audio-api/#enumdef-biquadfiltertype
    """

    LOWPASS = "lowpass"
    HIGHPASS = "highpass"
    BANDPASS = "bandpass"
    LOWSHELF = "lowshelf"
    HIGHSHELF = "highshelf"
    PEAKING = "peaking"
    NOTCH = "notch"
    ALLPASS = "allpass"


@public
class ChannelCountMode(StrEnum):
    """How many channels a node makes of its inputs.

    https://webaudio.github.io/web-audio-api/#enumdef-channelcountmode
    """

    MAX = "max"
    CLAMPED_MAX = "clamped-max"
    EXPLICIT = "explicit"


@public
class ChannelInterpretation(StrEnum):
    """What channels mean when their number changes.

    https://webaudio.github.io/web-audio-api/#enumdef-channelinterpretation
    """

    SPEAKERS = "speakers"
    DISCRETE = "discrete"


@public
class DistanceModelType(StrEnum):
    """How sound becomes softer with the distance.

    https://webaudio.github.io/web-audio-api/#enumdef-distancemodeltype
    """

    LINEAR = "linear"
    INVERSE = "inverse"
    EXPONENTIAL = "exponential"


@public
class OscillatorType(StrEnum):
    """The shape of an oscillation.

    https://webaudio.github.io/web-audio-api/#enumdef-oscillatortype
    """

    SINE = "sine"
    SQUARE = "square"
    SAWTOOTH = "sawtooth"
    TRIANGLE = "triangle"
    CUSTOM = "custom"


@public
class OverSampleType(StrEnum):
    """How finely a curve is followed.

    https://webaudio.github.io/web-audio-api/#enumdef-oversampletype
    """

    NONE = "none"
    DOUBLE = "2x"
    QUADRUPLE = "4x"


@public
class PanningModelType(StrEnum):
    """How a place becomes two channels.

    https://webaudio.github.io/web-audio-api/#enumdef-panningmodeltype
    """

    EQUALPOWER = "equalpower"
    HRTF = "HRTF"
