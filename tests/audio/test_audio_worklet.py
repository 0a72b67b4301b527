"""Processors that the program writes: samples as arrays, parameters, messages, errors; live and in memory."""

import asyncio
import types

import numpy as np
import pytest

import mediastreams as ms
from mediastreams.errors import DOMException, InvalidStateError, NotSupportedError


class Ring(ms.AudioWorkletProcessor):
    """Multiplies by a tone of its own."""

    name = "ring"
    parameter_descriptors = (
        {"name": "depth", "default_value": 1, "min_value": 0, "maxValue": 1},
        {"name": "pitch", "default_value": 100, "automation_rate": "k-rate"},
    )

    def __init__(self, options):
        super().__init__(options)
        self.frame = 0
        self.scale = options["processor_options"]["scale"]

    def process(self, inputs, outputs, parameters):
        assert inputs[0].dtype == np.float32
        times = (self.frame + np.arange(128)) / 48_000
        self.frame += 128
        tone = np.sin(2 * np.pi * parameters["pitch"][0] * times)
        assert parameters["depth"].shape[0] in {1, 128}
        outputs[0][:] = inputs[0] * (1 - parameters["depth"] + parameters["depth"] * tone) * self.scale
        return False


class Echo(ms.AudioWorkletProcessor):
    """Sends back what it is sent, and how many quanta it has made."""

    def __init__(self, options):
        super().__init__(options)
        self.quanta = 0
        self.port.onmessage = self.answer

    def answer(self, event):
        event.data.append(self.quanta)
        self.port.post_message({"heard": event.data})

    def process(self, inputs, outputs, parameters):
        self.quanta += 1
        return True


class Broken(ms.AudioWorkletProcessor):
    def process(self, inputs, outputs, parameters):
        raise RuntimeError("no sound today")


class Unfinished(ms.AudioWorkletProcessor):
    name = "unfinished"


@pytest.fixture
def context():
    return ms.OfflineAudioContext(1, 4800, 48_000)


async def test_a_processor_hears_and_makes_arrays(context):
    await context.audio_worklet.add_module(Ring)
    await context.audio_worklet.add_module(Ring)
    node = ms.AudioWorkletNode(
        context, "ring", parameter_data={"depth": 0.5, "other": 1}, processor_options={"scale": 2}
    )
    assert dict(node.parameters) == {"depth": node.parameters["depth"], "pitch": node.parameters["pitch"]}
    assert node.parameters["depth"].value == 0.5
    assert (node.parameters["pitch"].value, node.parameters["pitch"].automation_rate) == (100, "k-rate")
    node.parameters["pitch"].value = 200
    source = ms.ConstantSourceNode(context, offset=0.25)
    source.connect(node).connect(context.destination)
    source.start()
    heard = (await context.start_rendering()).get_channel_data(0)
    expected = 0.5 * (0.5 + 0.5 * np.sin(2 * np.pi * 200 * np.arange(4800) / 48_000))
    assert np.abs(heard - expected).max() < 1e-5


async def test_a_module_of_processors_is_added_as_a_whole(context):
    module = types.ModuleType("voices")
    one = type("One", (Ring,), {"__module__": "voices", "name": ""})
    module.One, module.np = one, np
    await context.audio_worklet.add_module(module)
    assert ms.AudioWorkletNode(context, "One", processor_options={"scale": 1}).parameters.keys() == {"depth", "pitch"}
    with pytest.raises(NotSupportedError, match="another processor"):
        await context.audio_worklet.add_module(type("Two", (Ring,), {"name": "One"}))
    for bad in (types.ModuleType("empty"), 5, ms.AudioWorkletProcessor, Ring.process):
        with pytest.raises(TypeError):
            await context.audio_worklet.add_module(bad)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"number_of_inputs": 0, "number_of_outputs": 0}, NotSupportedError),
        ({"output_channel_count": [0]}, NotSupportedError),
        ({"output_channel_count": [1, 2]}, DOMException),
        ({"parameter_data": 5}, TypeError),
        ({"parameter_data": {"depth": "deep"}}, TypeError),
        ({"channel_count": 99}, NotSupportedError),
    ],
)
async def test_an_impossible_node_is_refused(context, options, error):
    await context.audio_worklet.add_module(Ring)
    with pytest.raises(error):
        ms.AudioWorkletNode(context, "ring", options)
    with pytest.raises(InvalidStateError, match="no processor 'unknown'"):
        ms.AudioWorkletNode(context, "unknown")


@pytest.mark.parametrize(
    ("descriptors", "error"),
    [
        ([{"name": "a"}, {"name": "a"}], NotSupportedError),
        ([{"name": "a", "default_value": 2, "max_value": 1}], DOMException),
        ([{"default_value": 2}], TypeError),
        ([5], TypeError),
    ],
)
async def test_impossible_parameters_are_refused(context, descriptors, error):
    bad = type("Bad", (Ring,), {"parameter_descriptors": descriptors})
    with pytest.raises(error):
        await context.audio_worklet.add_module(bad)


async def test_messages_go_both_ways_as_copies():
    async with ms.AudioContext(sink_id={"type": "none"}) as context:
        await context.audio_worklet.add_module(Echo)
        node = ms.AudioWorkletNode(context, "Echo")
        node.connect(context.destination)
        answers = asyncio.Queue()
        node.port.onmessage = lambda event: answers.put_nowait(event.data)
        sent = ["hello"]
        node.port.post_message(sent)
        answer = await asyncio.wait_for(answers.get(), 10)
        assert answer["heard"][0] == "hello"
        assert sent == ["hello"]
        with pytest.raises(TypeError, match="cannot be copied"):
            node.port.post_message(answer for answer in sent)


@pytest.mark.parametrize("cls", [Broken, Unfinished, Ring])
async def test_what_a_processor_raises_ends_it_and_is_told_at_its_node(cls):
    async with ms.AudioContext(sink_id={"type": "none"}) as context:
        await context.audio_worklet.add_module(cls)
        node = ms.AudioWorkletNode(context, cls.name or cls.__name__)
        node.connect(context.destination)
        event = await node.wait_for("processorerror", timeout=10)
        assert type(event.error) is {Broken: RuntimeError, Unfinished: TypeError, Ring: KeyError}[cls]
        assert event.message
        before = context.current_time
        await asyncio.sleep(0.2)
        assert context.current_time > before


def test_who_has_no_constructor_says_where_it_comes_from(context):
    assert context.audio_worklet is context.audio_worklet
    for cls in (ms.AudioWorklet, ms.AudioParamMap, ms.MessagePort):
        with pytest.raises(TypeError, match="Illegal constructor"):
            cls()
