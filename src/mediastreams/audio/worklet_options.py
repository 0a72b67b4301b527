"""What a processor's node is made with, and its parameters: the dictionaries, and how they are converted."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Required, TypedDict

from mediastreams._rules.audio_limits import MOST_CHANNELS
from mediastreams._webidl.conversions import (
    anything,
    dom_string,
    double,
    enumeration,
    sequence_of,
    unsigned_long,
    wrong_type,
)
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.interfaces import public
from mediastreams.audio.enums import AutomationRate
from mediastreams.audio.node_options import AUDIO_NODE_OPTIONS, AudioNodeOptions
from mediastreams.errors import DOMException, NotSupportedError

__all__ = [
    "AUDIO_PARAM_DESCRIPTOR",
    "AUDIO_WORKLET_NODE_OPTIONS",
    "AudioParamDescriptor",
    "AudioWorkletNodeOptions",
    "check_ports",
]

_LARGEST: Final = 3.4028234663852886e38


@public
class AudioParamDescriptor(TypedDict, total=False):
    """A parameter of a processor.

    https://webaudio.github.io/web-audio-api/#dictdef-audioparamdescriptor
    """

    name: Required[str]
    default_value: float
    min_value: float
    max_value: float
    automation_rate: AutomationRate | str


AUDIO_PARAM_DESCRIPTOR: Final[Schema[dict[str, Any]]] = Schema(
    "AudioParamDescriptor",
    Member("name", dom_string, required=True),
    Member("default_value", double, default=0.0),
    Member("min_value", double, default=-_LARGEST),
    Member("max_value", double, default=_LARGEST),
    Member("automation_rate", enumeration(AutomationRate), default=AutomationRate.A_RATE),
)


@public
class AudioWorkletNodeOptions(AudioNodeOptions, total=False):
    """How many inputs and outputs a processor has, and what it is given. ``processor_options``: anything.

    https://webaudio.github.io/web-audio-api/#dictdef-audioworkletnodeoptions
    """

    number_of_inputs: int
    number_of_outputs: int
    output_channel_count: Sequence[int]
    parameter_data: Mapping[str, float]
    processor_options: object


def _values(value: object, where: str, /) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise wrong_type(where, "a mapping of numbers", value)
    return {dom_string(key, where): double(item, f"{where}[{key!r}]") for key, item in value.items()}


AUDIO_WORKLET_NODE_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "AudioWorkletNodeOptions",
    Member("number_of_inputs", unsigned_long, default=1),
    Member("number_of_outputs", unsigned_long, default=1),
    Member("output_channel_count", sequence_of(unsigned_long)),
    Member("parameter_data", _values),
    Member("processor_options", anything),
    inherits=AUDIO_NODE_OPTIONS,
)


def check_ports(options: Mapping[str, Any], where: str) -> None:
    """See that inputs, outputs and channels are possible.

    Raises:
        NotSupportedError: neither inputs nor outputs, or not 1 to 32 channels.
        DOMException: IndexSizeError, not as many numbers of channels as outputs.

    https://webaudio.github.io/web-audio-api/#configuring-channels-with-audioworkletnodeoptions
    """
    outputs = options["number_of_outputs"]
    if not options["number_of_inputs"] and not outputs:
        raise NotSupportedError(f"{where}: it has neither inputs nor outputs")
    counts = options.get("output_channel_count")
    if counts is None:
        return
    if any(not 1 <= count <= MOST_CHANNELS for count in counts):
        raise NotSupportedError(f"{where}.output_channel_count: {counts}, and an output has 1 to {MOST_CHANNELS}")
    if len(counts) != outputs:
        raise DOMException(f"{where}.output_channel_count: {len(counts)} for {outputs} outputs", "IndexSizeError")
