"""Two microphones and two speakers of a PulseAudio server: microphone, graph, speaker, each at the right device."""

import asyncio

import numpy as np
import pytest
from tests.virtual.test_element_on_speaker import recording
from tests.virtual.test_main_job_microphones import PLAIN, microphones

import mediastreams as ms

__all__ = ["microphones"]

pytestmark = pytest.mark.real
RATE = 48_000
LEFT, RIGHT = 440, 1000  # Hz that the two microphones hear


def level(samples, hertz):
    window = np.hanning(len(samples))
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / RATE)
    return 2 * abs((samples * window * wave).sum()) / window.sum()


def loudest(samples):
    """The quarter of a second in which most is heard: a server's stream begins, and runs dry on a busy machine."""
    size = RATE // 4
    parts = [samples[start : start + size] for start in range(0, max(1, len(samples) - size), size // 4)]
    return max(parts, key=lambda part: float(np.square(part).sum()))


async def hear(devices, label):
    listed = await devices._list()
    exact = next(one.model.device_id for one in listed if one.device.label == label)
    return await devices.get_user_media(audio={**PLAIN, "device_id": {"exact": exact}})


async def speaker(devices, label):
    listed = next(one for one in await devices._list() if one.device.label == label)
    return (await devices.select_audio_output({"device_id": listed.model.device_id})).device_id


async def test_each_microphone_is_heard_through_its_graph_at_its_speaker_and_nowhere_else(pulse, microphones):
    pulse.add_speaker("near", "Near Speaker")
    pulse.add_speaker("far", "Far Speaker")
    devices = ms.MediaDevices(backends=["miniaudio"])
    async with (
        ms.AudioContext(devices=devices) as near_context,
        ms.AudioContext(devices=devices, sample_rate=44_100) as far_context,
        await hear(devices, "Left") as left,
        await hear(devices, "Right") as right,
    ):
        await near_context.set_sink_id(await speaker(devices, "Near Speaker"))
        await far_context.set_sink_id(await speaker(devices, "Far Speaker"))
        sources = []
        for context, stream, cut in ((near_context, left, 700), (far_context, right, 2000)):
            source = context.create_media_stream_source(stream)
            softer = ms.GainNode(context, gain=0.5)
            source.connect(ms.BiquadFilterNode(context, type="lowpass", frequency=cut)).connect(softer)
            softer.connect(context.destination)
            sources.append(source)
        await asyncio.sleep(1.5)  # the servers' streams begin
        async with recording(pulse, "near") as near, recording(pulse, "far") as far:
            await asyncio.sleep(2)
        print([dict(source.stats) for source in sources], near_context.output_latency, far_context.output_latency)
    near, far = loudest(near[0][0]), loudest(far[0][0])
    assert level(near, LEFT) > 0.1
    assert level(near, RIGHT) < 0.01 * level(near, LEFT) + 0.002
    assert level(far, RIGHT) > 0.1
    assert level(far, LEFT) < 0.01 * level(far, RIGHT) + 0.002


async def test_a_microphone_that_is_removed_is_silence_in_the_graph_which_goes_on(pulse, microphones):
    devices = ms.MediaDevices(backends=["miniaudio"])
    async with ms.AudioContext(sink_id={"type": "none"}) as context:
        stream = await hear(devices, "Left")
        end = context.create_media_stream_destination()
        context.create_media_stream_source(stream).connect(end)

        async def until(condition):
            async with asyncio.timeout(20):
                async for data in end.stream.audio.frames(samples=4800):
                    if condition(data.to_ndarray()[0]):
                        return

        await until(lambda samples: level(samples, LEFT) > 0.2)
        microphones("Left")
        await until(lambda samples: not samples.any())
        before = context.current_time
        await asyncio.sleep(0.2)
        assert context.current_time > before
        stream.audio.stop()
