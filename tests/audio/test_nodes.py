"""Every node: made, typed, connected, and refused what it does not take; the graph sounds as the engine alone does."""

import gc

import numpy as np
import pytest
import web_audio_api

import mediastreams as ms
from mediastreams.errors import DOMException, InvalidAccessError, InvalidStateError, NotSupportedError

NODES = {
    "analyser": (1, 1, "max"),
    "biquad_filter": (1, 1, "max"),
    "buffer_source": (0, 1, "max"),
    "channel_merger": (6, 1, "explicit"),
    "channel_splitter": (1, 6, "explicit"),
    "constant_source": (0, 1, "max"),
    "convolver": (1, 1, "clamped-max"),
    "delay": (1, 1, "max"),
    "dynamics_compressor": (1, 1, "clamped-max"),
    "gain": (1, 1, "max"),
    "oscillator": (0, 1, "max"),
    "panner": (1, 1, "clamped-max"),
    "stereo_panner": (1, 1, "clamped-max"),
    "wave_shaper": (1, 1, "max"),
}


@pytest.fixture
def context():
    return ms.OfflineAudioContext(2, 4800, 48_000)


@pytest.mark.parametrize(("name", "ports"), NODES.items())
def test_a_node_is_made_by_its_context_with_the_standards_ports_and_mode(context, name, ports):
    node = getattr(context, f"create_{name}")()
    assert isinstance(node, ms.AudioNode)
    assert (node.number_of_inputs, node.number_of_outputs, node.channel_count_mode) == ports
    assert node.context is context
    assert isinstance(node.channel_count_mode, ms.ChannelCountMode)
    assert isinstance(node, ms.AudioScheduledSourceNode) is (ports[0] == 0)


async def test_sound_is_exactly_what_the_engine_alone_makes():
    ours = ms.OfflineAudioContext(2, 48_000, 48_000)
    oscillator = ms.OscillatorNode(ours, frequency=440)
    filtered = ms.BiquadFilterNode(ours, {"type": "lowpass", "frequency": 700, "Q": 3})
    gain = ours.create_gain()
    gain.gain.set_value_at_time(0.2, 0).linear_ramp_to_value_at_time(0.8, 0.5)
    oscillator.connect(filtered).connect(gain).connect(ours.destination)
    oscillator.start(0.1)
    rendered = await ours.start_rendering()

    bare = web_audio_api.OfflineAudioContext(2, 48_000, 48_000.0)
    tone = web_audio_api.OscillatorNode(bare, {"frequency": 440})
    low = web_audio_api.BiquadFilterNode(bare, {"type": "lowpass", "frequency": 700, "Q": 3})
    loud = bare.createGain()
    loud.gain.setValueAtTime(0.2, 0)
    loud.gain.linearRampToValueAtTime(0.8, 0.5)
    tone.connect(low)
    low.connect(loud)
    loud.connect(bare.destination)
    tone.start(0.1)
    expected = await bare.startRendering()
    assert rendered.number_of_channels == 2
    for channel in range(2):
        assert np.array_equal(
            rendered.get_channel_data(channel), np.array(expected.getChannelData(channel), np.float32)
        )
    assert np.abs(rendered.get_channel_data(0)).max() > 0.5


def test_parameters_nodes_and_the_listener_are_the_same_objects_every_time(context):
    gain = context.create_gain()
    assert gain.gain is gain.gain
    assert context.destination is context.destination
    assert context.listener is context.listener
    assert context.listener.position_x is context.listener.position_x
    assert gain.connect(context.destination) is context.destination
    assert gain.connect(context.create_gain().gain) is None


def test_options_come_as_a_mapping_in_both_spellings_or_as_keywords(context):
    assert ms.DelayNode(context, {"maxDelayTime": 2, "delay_time": 1}).delay_time.value == 1
    assert ms.GainNode(context, gain=0.5, channel_count=1).channel_count == 1
    with pytest.warns(ms.UnknownMemberWarning, match="did you mean 'gain'"):
        ms.GainNode(context, gian=0.5)
    with pytest.raises(TypeError, match="twice"):
        ms.GainNode(context, {"gain": 1}, gain=2)


BAD = [
    (lambda c: ms.GainNode(c, gain="loud"), TypeError, "GainNode.gain: expected a number"),
    (lambda c: ms.GainNode(None), TypeError, "expected a BaseAudioContext"),
    (lambda c: ms.GainNode(c, channel_count=0), NotSupportedError, "from 1 to 32"),
    (lambda c: ms.GainNode(c, channel_count_mode="most"), TypeError, "one of 'max'"),
    (lambda c: setattr(c.create_gain(), "channel_count", 33), NotSupportedError, "from 1 to 32"),
    (lambda c: setattr(c.create_gain(), "channel_interpretation", 1), TypeError, "expected a str"),
    (lambda c: setattr(c.create_gain(), "gain", 1), AttributeError, "set its value"),
    (lambda c: setattr(c.create_analyser(), "frequency_bin_count", 1), AttributeError, "cannot be set"),
    (lambda c: c.create_gain().connect(5), TypeError, "an AudioNode or an AudioParam"),
    (lambda c: c.create_gain().connect(c.destination, 1), DOMException, "has 1 outputs, none is 1"),
    (lambda c: c.create_gain().connect(c.destination, 0, 1), DOMException, "has 1 inputs, none is 1"),
    (lambda c: c.create_gain().disconnect(c.destination), InvalidAccessError, "unconnected"),
    (lambda c: c.create_gain().disconnect(7), DOMException, "has 1 outputs"),
    (lambda c: c.create_gain().disconnect(c.destination, 0, 3), DOMException, "no input 3"),
    (lambda c: c.create_channel_splitter(33), DOMException, "from 1 to 32"),
    (lambda c: setattr(c.create_channel_splitter(), "channel_count", 3), InvalidStateError, "always 6"),
    (lambda c: setattr(c.create_channel_merger(), "channel_count", 3), InvalidStateError, "always 1"),
    (lambda c: setattr(c.destination, "channel_count", 1), InvalidStateError, "for good"),
    (lambda c: setattr(c.create_panner(), "channel_count", 3), NotSupportedError, "from 1 to 2"),
    (lambda c: setattr(c.create_panner(), "ref_distance", -1), ValueError, "at least 0"),
    (lambda c: c.create_delay(0), NotSupportedError, "more than 0"),
    (lambda c: c.create_iir_filter([0, 0], [1]), InvalidStateError, "nothing would come out"),
    (lambda c: c.create_iir_filter([1], [0]), InvalidStateError, "first feedback"),
    (lambda c: c.create_iir_filter([], [1]), NotSupportedError, "1 to 20"),
    (lambda c: c.create_iir_filter("one", [1]), TypeError, "a sequence of numbers"),
    (lambda c: c.create_iir_filter([float("nan")], [1]), TypeError, "finite"),
    (lambda c: setattr(c.create_oscillator(), "type", "custom"), InvalidStateError, "never 'custom'"),
    (lambda c: ms.OscillatorNode(c, type="custom"), InvalidStateError, "never 'custom'"),
    (lambda c: c.create_oscillator().start(-1), ValueError, "at least 0"),
    (lambda c: c.create_oscillator().stop(), InvalidStateError, "not started"),
    (lambda c: c.create_periodic_wave([0, 1], [0]), DOMException, "at least 2"),
    (lambda c: c.create_periodic_wave([0, 1], [0, 1, 2]), DOMException, "2 real and 3 imaginary"),
    (lambda c: setattr(c.create_analyser(), "fft_size", 100), DOMException, "a power of two"),
    (lambda c: setattr(c.create_analyser(), "min_decibels", 0), DOMException, "not below"),
    (lambda c: ms.AnalyserNode(c, max_decibels=-200), DOMException, "not below"),
    (lambda c: c.create_analyser().get_float_time_domain_data([0.0]), TypeError, "float32"),
    (lambda c: c.create_analyser().get_byte_time_domain_data(bytes(4)), TypeError, "written to"),
    (lambda c: setattr(c.create_wave_shaper(), "curve", [1]), InvalidStateError, "at least 2"),
    (lambda c: setattr(c.create_convolver(), "buffer", c.create_buffer(3, 9, 48000)), NotSupportedError, "4"),
    (lambda c: setattr(c.create_convolver(), "buffer", c.create_buffer(1, 9, 44100)), NotSupportedError, "44"),
    (lambda c: setattr(c.create_buffer_source(), "buffer", 1), TypeError, "an AudioBuffer"),
    (lambda c: c.create_biquad_filter().get_frequency_response([1, 2], f32(1), f32(2)), InvalidAccessError, "equally"),
]  # fmt: skip


def f32(length):
    return np.zeros(length, np.float32)


@pytest.mark.parametrize(("act", "error", "says"), BAD)
def test_what_a_node_does_not_take_is_the_standards_error_and_says_what_it_takes(context, act, error, says):
    with pytest.raises(error, match=says):
        act(context)


async def test_a_node_that_was_given_something_bad_is_as_good_as_before(context):
    oscillator, panner = context.create_oscillator(), context.create_panner()
    with pytest.raises(ValueError, match="at least 0"):
        oscillator.start(-1)
    with pytest.raises(InvalidStateError):
        oscillator.type = "custom"
    with pytest.raises(InvalidStateError):
        panner.cone_outer_gain = 3
    oscillator.type = "square"
    panner.cone_outer_gain = 0.5
    oscillator.connect(panner).connect(context.destination)
    oscillator.start()
    assert np.abs((await context.start_rendering()).get_channel_data(0)).max() > 0.1


def test_nodes_of_two_contexts_cannot_be_connected(context):
    other = ms.OfflineAudioContext(1, 10, 48_000)
    with pytest.raises(InvalidAccessError, match="different contexts"):
        context.create_gain().connect(other.destination)
    with pytest.raises(InvalidAccessError, match="different contexts"):
        context.create_gain().connect(other.create_gain().gain)


def test_connections_are_taken_back_all_or_one_by_one(context):
    gain, other = context.create_gain(), context.create_gain()
    gain.connect(other)
    gain.connect(other.gain)
    gain.connect(context.destination)
    gain.disconnect(other, 0, 0)
    gain.disconnect(other.gain)
    gain.disconnect(0)
    with pytest.raises(InvalidAccessError):
        gain.disconnect(context.destination)
    gain.connect(other)
    gain.disconnect()
    with pytest.raises(InvalidAccessError):
        gain.disconnect(other)


async def test_left_and_right_are_taken_apart_and_put_together_the_other_way_round(context):
    buffer = context.create_buffer(2, 4800, 48_000)
    buffer.get_channel_data(0)[:] = 0.25
    buffer.get_channel_data(1)[:] = -0.5
    source = ms.AudioBufferSourceNode(context, buffer=buffer)
    splitter, merger = context.create_channel_splitter(2), context.create_channel_merger(2)
    source.connect(splitter)
    splitter.connect(merger, 0, 1)
    splitter.connect(merger, 1, 0)
    merger.connect(context.destination)
    source.start()
    rendered = await context.start_rendering()
    assert set(rendered.get_channel_data(0)) == {-0.5}
    assert set(rendered.get_channel_data(1)) == {0.25}


@pytest.mark.parametrize(
    ("channels", "interpretation", "left", "right"),
    [
        (1, "speakers", 0.1, 0.1),
        (2, "speakers", 0.1, 0.2),
        (4, "speakers", 0.5 * (0.1 + 0.3), 0.5 * (0.2 + 0.4)),
        (6, "speakers", 0.1 + np.sqrt(0.5) * (0.3 + 0.5), 0.2 + np.sqrt(0.5) * (0.3 + 0.6)),
        (6, "discrete", 0.1, 0.2),
    ],
)
async def test_any_number_of_channels_becomes_two_by_the_rules_of_speakers(
    context, channels, interpretation, left, right
):
    buffer = context.create_buffer(channels, 4800, 48_000)
    for channel in range(channels):
        buffer.get_channel_data(channel)[:] = (channel + 1) / 10
    source = ms.AudioBufferSourceNode(context, {"buffer": buffer})
    gain = ms.GainNode(context, channel_count=2, channel_count_mode="explicit", channel_interpretation=interpretation)
    source.connect(gain).connect(context.destination)
    source.start()
    rendered = await context.start_rendering()
    assert rendered.get_channel_data(0)[100] == pytest.approx(left, abs=1e-6)
    assert rendered.get_channel_data(1)[100] == pytest.approx(right, abs=1e-6)


async def test_a_buffer_is_heard_as_it_was_when_it_was_started(context):
    buffer = context.create_buffer(1, 4800, 48_000)
    source = context.create_buffer_source()
    source.buffer = buffer
    buffer.get_channel_data(0)[:] = 0.5
    source.connect(context.destination)
    source.start()
    buffer.get_channel_data(0)[:] = 1
    assert source.buffer is buffer
    with pytest.raises(InvalidStateError, match="already"):
        source.buffer = context.create_buffer(1, 1, 48_000)
    assert set((await context.start_rendering()).get_channel_data(0)) == {0.5}


async def test_a_part_of_a_buffer_is_played(context):
    buffer = context.create_buffer(1, 4800, 48_000)
    buffer.get_channel_data(0)[:] = np.arange(4800) / 4800
    source = ms.AudioBufferSourceNode(context, buffer=buffer)
    source.connect(context.destination)
    source.start(0.0, 0.05, 0.01)
    heard = (await context.start_rendering()).get_channel_data(0)
    assert heard[0] == pytest.approx(0.5, abs=1e-4)
    assert not heard[490:].any()


async def test_a_buffer_that_is_given_after_the_start_is_heard_from_then_on(context):
    source = context.create_buffer_source()
    source.connect(context.destination)
    source.start()
    buffer = context.create_buffer(1, 4800, 48_000)
    buffer.get_channel_data(0)[:] = 0.5
    source.buffer = None
    source.buffer = buffer
    assert (await context.start_rendering()).get_channel_data(0).max() == 0.5


async def test_an_oscillator_has_a_shape_of_ones_own(context, level_at):
    wave = context.create_periodic_wave([0, 0, 0], [0, 0, 1])
    oscillator = ms.OscillatorNode(context, frequency=500, periodic_wave=wave)
    assert oscillator.type == "custom"
    oscillator.connect(context.destination)
    oscillator.start()
    heard = (await context.start_rendering()).get_channel_data(0)
    assert level_at(heard, 1000) == pytest.approx(1, abs=0.01)
    assert level_at(heard, 500) < 0.01
    oscillator.type = "custom"
    assert ms.PeriodicWave(context, disable_normalization=True)


async def test_a_room_and_a_curve_can_be_given_once(context):
    response = context.create_buffer(1, 2, 48_000)
    response.get_channel_data(0)[1] = 1.0
    room = ms.ConvolverNode(context, buffer=response, disable_normalization=True)
    room.buffer = response
    assert room.buffer is response
    with pytest.raises(NotSupportedError, match="already"):
        room.buffer = None
    shaper = ms.WaveShaperNode(context, curve=[-0.5, 0.0, 0.5], oversample="2x")
    assert list(shaper.curve) == [-0.5, 0, 0.5]
    with pytest.raises(InvalidStateError, match="already"):
        shaper.curve = [0, 1]
    with pytest.raises(NotSupportedError, match="taken back"):
        shaper.curve = None
    fresh = context.create_wave_shaper()
    fresh.curve = None
    fresh.curve = np.array([-1, 1], np.float32)
    assert list(fresh.curve) == [-1, 1]
    constant = ms.ConstantSourceNode(context, offset=0.5)
    constant.connect(room).connect(context.destination)
    constant.start()
    heard = (await context.start_rendering()).get_channel_data(0)
    assert heard[0] == pytest.approx(0, abs=1e-6)
    assert heard[100] == pytest.approx(0.5, abs=1e-5)


async def test_an_analyser_tells_samples_and_spectrum(context):
    analyser = ms.AnalyserNode(context, fft_size=2048)
    analyser.min_decibels, analyser.max_decibels = -90, -10
    oscillator = ms.OscillatorNode(context, frequency=48_000 / 2048 * 100)
    oscillator.connect(analyser).connect(context.destination)
    oscillator.start()
    await context.start_rendering()
    spectrum, samples = f32(analyser.frequency_bin_count), f32(2048)
    analyser.get_float_frequency_data(spectrum)
    analyser.get_float_time_domain_data(samples)
    assert int(spectrum.argmax()) == 100
    assert samples.max() == pytest.approx(1, abs=0.02)
    coarse, wave = np.zeros(1024, np.uint8), bytearray(2048)
    analyser.get_byte_frequency_data(coarse)
    analyser.get_byte_time_domain_data(wave)
    assert int(coarse.argmax()) == 100
    assert max(wave) > 250


def test_filters_tell_their_response(context):
    magnitudes, phases = f32(2), f32(2)
    context.create_biquad_filter().get_frequency_response([10, 10_000], magnitudes, phases)
    assert magnitudes[0] == pytest.approx(1, abs=0.01)
    assert magnitudes[1] < 0.01
    context.create_iir_filter([0.5], [1.0]).get_frequency_response(np.array([100.0, 200.0]), magnitudes, phases)
    assert list(magnitudes) == [0.5, 0.5]


def test_places_in_space_are_set_together_or_not_at_all(context):
    panner = context.create_panner()
    panner.set_position(1, 2, 3)
    panner.set_orientation(0, 0, 1)
    context.listener.set_position(4, 5, 6)
    context.listener.set_orientation(0, 0, -1, 0, 1, 0)
    with pytest.raises(TypeError, match="set_position: position_z"):
        panner.set_position(7, 8, "far")
    assert "AudioParam position_x" in repr(panner.position_x)


def test_interfaces_that_are_made_by_others_cannot_be_constructed():
    for cls in (ms.AudioNode, ms.AudioScheduledSourceNode, ms.AudioParam, ms.AudioListener, ms.AudioDestinationNode):
        with pytest.raises(TypeError, match="Illegal constructor"):
            cls()
    with pytest.raises(TypeError, match="Illegal constructor"):
        ms.BaseAudioContext()


def test_a_context_that_is_dropped_goes_with_its_nodes():
    context = ms.OfflineAudioContext(1, 128, 48_000)
    context.create_gain().connect(context.destination)
    del context
    assert gc.collect() >= 0
    assert not [one for one in gc.get_objects() if type(one) is ms.OfflineAudioContext]
