"""Which values the members of the graph take: the table, one row after another."""

import pytest

from mediastreams._rules.audio_limits import FIXED_RATES, check, error_named
from mediastreams.errors import InvalidStateError, NotSupportedError


class Rows(list):
    """A list that knows how many channels it would have."""

    number_of_channels = 3


ROWS = [
    ("GainNode AudioNode", "channel_count", 32, 33, NotSupportedError),
    ("PannerNode AudioNode", "channel_count", 2, 3, NotSupportedError),
    ("ConvolverNode AudioNode", "channel_count_mode", "explicit", "max", NotSupportedError),
    ("ChannelMergerNode AudioNode", "channel_count", 1, 2, InvalidStateError),
    ("ChannelSplitterNode AudioNode", "channel_interpretation", "discrete", "speakers", InvalidStateError),
    ("ChannelSplitterNode", "number_of_outputs", 32, 0, "IndexSizeError"),
    ("AudioDestinationNode AudioNode", "channel_count", 8, 33, "IndexSizeError"),
    ("AnalyserNode", "fft_size", 1024, 1000, "IndexSizeError"),
    ("AnalyserNode", "fft_size", 32, 16, "IndexSizeError"),
    ("AnalyserNode", "smoothing_time_constant", 0.5, 1.1, "IndexSizeError"),
    ("DelayNode", "max_delay_time", 179.9, 180.0, NotSupportedError),
    ("IIRFilterNode", "feedback", [1.0], [], NotSupportedError),
    ("OscillatorNode", "type", "sine", "custom", InvalidStateError),
    ("PannerNode", "max_distance", 1.0, 0.0, ValueError),
    ("PannerNode", "ref_distance", 0.0, -1.0, ValueError),
    ("PannerNode", "cone_outer_gain", 1.0, 1.5, InvalidStateError),
    ("PeriodicWave", "real", [0, 1], [0], "IndexSizeError"),
    ("PeriodicWave", "imag", [0, 1], [0], "IndexSizeError"),
    ("WaveShaperNode", "curve", [0, 1], [0], InvalidStateError),
    ("AudioBuffer", "sample_rate", 3000.0, 2999.0, NotSupportedError),
    ("AudioBuffer", "length", 1, 0, NotSupportedError),
    ("AudioParam", "start_time", 0.0, -0.1, ValueError),
    ("AudioParam", "duration", 0.1, 0.0, ValueError),
    ("AudioParam", "exponential_value", -1.0, 0.0, ValueError),
    ("AudioParam", "values", [1, 2], [1], InvalidStateError),
]


@pytest.mark.parametrize(("interfaces", "member", "good", "bad", "error"), ROWS)
def test_a_value_within_the_limit_passes_and_one_outside_is_the_standards_error(interfaces, member, good, bad, error):
    check(interfaces.split(), member, good, "Node")
    with pytest.raises(Exception, match=rf"^Node\.{member}: ") as caught:
        check(interfaces.split(), member, bad, "Node")
    assert caught.value.name == error if isinstance(error, str) else type(caught.value) is error


def test_a_response_of_three_channels_is_none_of_a_room():
    with pytest.raises(NotSupportedError, match=r"^Room.buffer: \[…, and it is of 1, 2 or 4 channels|1, 2 or 4"):
        check(("ConvolverNode",), "buffer", Rows([0.0] * 100), "Room")


def test_the_nearest_class_decides_and_members_without_a_limit_take_anything():
    check(("ChannelMergerNode", "AudioNode"), "channel_count", 1, "Merger")
    check(("GainNode",), "gain", -1e30, "Gain")


@pytest.mark.parametrize(
    ("name", "cls"), [("RangeError", ValueError), ("TypeError", TypeError), ("NotSupportedError", NotSupportedError)]
)
def test_errors_have_pythons_classes(name, cls):
    error = error_named(name, "why")
    assert type(error) is cls
    assert str(error) == "why"


def test_the_parameters_of_compressors_change_once_a_quantum_for_good():
    assert ("DynamicsCompressorNode", "ratio") in FIXED_RATES
    assert ("GainNode", "gain") not in FIXED_RATES
