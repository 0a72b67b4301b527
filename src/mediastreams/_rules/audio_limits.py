"""Which values the members of Web Audio's objects take, and which error says so: a table.

Not for: types, which are converted before (``_webidl/conversions.py``).

Rules of the file: a limit is found by ``Interface.member`` (or an argument's name), of the nearest class first. What is
refused here never reaches the engine, which would lose the node over it.

https://webaudio.github.io/web-audio-api/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mediastreams.errors import DOMException

__all__ = ["FIXED_RATES", "MOST_CHANNELS", "Limit", "check", "error_named"]

MOST_CHANNELS: Final = 32
LOWEST_RATE: Final = 3000.0
HIGHEST_RATE: Final = 768_000.0


@dataclass(frozen=True, slots=True)
class Limit:
    """What is allowed, the name of the error that says it is not, and in words what is."""

    allows: Callable[[Any], bool]
    error: str
    says: str


def error_named(name: str, message: str) -> Exception:
    """Build the error of the standard's name: ``RangeError`` is Python's `ValueError`."""
    if name == "RangeError":
        return ValueError(message)
    return TypeError(message) if name == "TypeError" else DOMException(message, name)


def check(interfaces: Iterable[str], member: str, value: object, where: str) -> None:
    """See that a value may be given to a member; ``interfaces``: the object's classes, the nearest first.

    Raises:
        DOMException, ValueError: it may not; which one the standard says.
    """
    for interface in interfaces:
        limit = _LIMITS.get(f"{interface}.{member}")
        if limit is not None:
            if not limit.allows(value):
                raise error_named(limit.error, f"{where}.{member}: {_shown(value)}, and it is {limit.says}")
            return


def _shown(value: object) -> str:
    text = repr(getattr(value, "value", value))
    return text if len(text) <= 60 else f"{text[:57]}…"


def _between(least: float, most: float, error: str) -> Limit:
    return Limit(lambda value: least <= value <= most, error, f"from {least:g} to {most:g}")


def _at_least(least: float, error: str = "RangeError") -> Limit:
    return Limit(lambda value: value >= least, error, f"at least {least:g}")


def _only(fixed: object, error: str) -> Limit:
    return Limit(lambda value: value == fixed, error, f"always {fixed!r}")


def _but(excluded: object, error: str) -> Limit:
    return Limit(lambda value: value != excluded, error, f"never {excluded!r}")


def _power_of_two(value: int) -> bool:
    return 32 <= value <= 32_768 and value & (value - 1) == 0


_channels: Final = _between(1, MOST_CHANNELS, "NotSupportedError")
_ports: Final = _between(1, MOST_CHANNELS, "IndexSizeError")
_rate: Final = _between(LOWEST_RATE, HIGHEST_RATE, "NotSupportedError")
_up_to_stereo: Final = _between(1, 2, "NotSupportedError")
_limited: Final = _but("max", "NotSupportedError")
_coefficients: Final = Limit(lambda given: 1 <= len(given) <= 20, "NotSupportedError", "1 to 20 numbers")
_time: Final = _at_least(0.0)

_LIMITS: Final[Mapping[str, Limit]] = {
    "AudioNode.channel_count": _channels,
    "ConvolverNode.channel_count": _up_to_stereo,
    "ConvolverNode.channel_count_mode": _limited,
    "DynamicsCompressorNode.channel_count": _up_to_stereo,
    "DynamicsCompressorNode.channel_count_mode": _limited,
    "PannerNode.channel_count": _up_to_stereo,
    "PannerNode.channel_count_mode": _limited,
    "StereoPannerNode.channel_count": _up_to_stereo,
    "StereoPannerNode.channel_count_mode": _limited,
    "ChannelMergerNode.channel_count": _only(1, "InvalidStateError"),
    "ChannelMergerNode.channel_count_mode": _only("explicit", "InvalidStateError"),
    "ChannelMergerNode.number_of_inputs": _ports,
    "ChannelSplitterNode.channel_count_mode": _only("explicit", "InvalidStateError"),
    "ChannelSplitterNode.channel_interpretation": _only("discrete", "InvalidStateError"),
    "ChannelSplitterNode.number_of_outputs": _ports,
    "AudioDestinationNode.channel_count": _between(1, MOST_CHANNELS, "IndexSizeError"),
    "AudioDestinationNode.channel_count_mode": _only("explicit", "InvalidStateError"),
    "AnalyserNode.fft_size": Limit(_power_of_two, "IndexSizeError", "a power of two from 32 to 32768"),
    "AnalyserNode.smoothing_time_constant": _between(0.0, 1.0, "IndexSizeError"),
    "ConvolverNode.buffer": Limit(
        lambda buffer: buffer.number_of_channels in {1, 2, 4}, "NotSupportedError", "of 1, 2 or 4 channels"
    ),
    "DelayNode.max_delay_time": Limit(
        lambda seconds: 0 < seconds < 180, "NotSupportedError", "more than 0 and less than 180 seconds"
    ),
    "IIRFilterNode.feedforward": _coefficients,
    "IIRFilterNode.feedback": _coefficients,
    "OscillatorNode.type": _but("custom", "InvalidStateError"),
    "PannerNode.ref_distance": _at_least(0.0),
    "PannerNode.max_distance": Limit(lambda distance: distance > 0, "RangeError", "more than 0"),
    "PannerNode.rolloff_factor": _at_least(0.0),
    "PannerNode.cone_outer_gain": _between(0.0, 1.0, "InvalidStateError"),
    "PeriodicWave.real": Limit(lambda real: len(real) >= 2, "IndexSizeError", "at least 2 numbers"),
    "PeriodicWave.imag": Limit(lambda imag: len(imag) >= 2, "IndexSizeError", "at least 2 numbers"),
    "WaveShaperNode.curve": Limit(lambda curve: len(curve) >= 2, "InvalidStateError", "at least 2 numbers"),
    "AudioBuffer.number_of_channels": _channels,
    "AudioBuffer.length": _at_least(1, "NotSupportedError"),
    "AudioBuffer.sample_rate": _rate,
    "AudioContext.sample_rate": _rate,
    "OfflineAudioContext.number_of_channels": _channels,
    "OfflineAudioContext.length": _at_least(1, "NotSupportedError"),
    "OfflineAudioContext.sample_rate": _rate,
    "AudioWorkletNode.channel_count": _channels,
    "AudioParam.start_time": _time,
    "AudioParam.end_time": _time,
    "AudioParam.cancel_time": _time,
    "AudioParam.time_constant": _time,
    "AudioParam.duration": Limit(lambda seconds: seconds > 0, "RangeError", "more than 0 seconds"),
    "AudioParam.exponential_value": _but(0.0, "RangeError"),
    "AudioParam.values": Limit(lambda curve: len(curve) >= 2, "InvalidStateError", "at least 2 numbers"),
    "AudioScheduledSourceNode.when": _time,
    "AudioScheduledSourceNode.offset": _time,
    "AudioScheduledSourceNode.duration": _time,
}

FIXED_RATES: Final = frozenset(
    {
        *(("AudioBufferSourceNode", name) for name in ("playback_rate", "detune")),
        *(("DynamicsCompressorNode", name) for name in ("threshold", "knee", "ratio", "attack", "release")),
    }
)
"""Parameters whose automation rate cannot be changed."""
