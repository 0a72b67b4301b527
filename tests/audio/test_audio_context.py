"""`AudioContext`: its states, its output, its end; in real time."""

import asyncio
import gc
import os
import subprocess
import sys
import time

import numpy as np
import pytest

import mediastreams as ms
from mediastreams._backends.fake.speakers import FakeSpeakerSink
from mediastreams.testing import FakeBackend, FakeSpeaker


@pytest.fixture
def backend():
    return FakeBackend([FakeSpeaker(label="Desk"), FakeSpeaker(label="Hall")])


@pytest.fixture
def devices(backend):
    return ms.MediaDevices(backends=[backend])


@pytest.fixture
async def context(devices):
    async with ms.AudioContext(devices=devices) as one:
        yield one


async def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.01)


def heard(backend, label="Desk", seconds=0.3):
    data = backend.device(label).heard(seconds)
    return np.zeros((2, 1), np.float32) if data is None else data.to_ndarray()


async def test_a_context_begins_suspended_and_runs_at_once(devices):
    context = ms.AudioContext(devices=devices)
    assert context.state == "suspended"
    states = []
    context.onstatechange = lambda event: states.append(context.state)
    await context.wait_for("statechange", timeout=5)
    assert states == ["running"]
    assert (context.sample_rate, context.render_quantum_size, context.sink_id) == (48_000, 128, "")
    assert context.base_latency == pytest.approx(384 / 48_000)
    assert context.output_latency == 0
    await until(lambda: context.current_time > 0.05)
    stamp = context.get_output_timestamp()
    assert 0 <= stamp.context_time <= context.current_time
    assert stamp.performance_time == pytest.approx(time.perf_counter() * 1000, abs=1000)
    await context.close()


async def test_a_context_stands_still_and_goes_on_and_ends_once(context):
    states = []
    context.onstatechange = lambda event: states.append(str(context.state))
    await context.suspend()
    stood = context.current_time
    await asyncio.sleep(0.1)
    assert context.current_time == stood
    await context.resume()
    await until(lambda: context.current_time > stood)
    await context.close()
    await asyncio.sleep(0.01)
    assert states[-3:] == ["suspended", "running", "closed"] or states == ["running", "closed"]
    for act in (context.close, context.suspend, context.resume, lambda: context.set_sink_id("")):
        with pytest.raises(ms.errors.InvalidStateError, match="closed"):
            await act()
    with pytest.raises(ms.errors.InvalidStateError, match="can no longer come"):
        await context.wait_for("statechange")


async def test_a_context_that_is_suspended_at_once_never_runs(devices):
    async with ms.AudioContext(devices=devices) as context:
        states = []
        context.onstatechange = lambda event: states.append(context.state)
        await context.suspend()
        await asyncio.sleep(0.05)
        assert context.state == "suspended"
        assert "running" not in states


async def test_changes_that_are_asked_for_together_happen_in_order(context):
    await asyncio.gather(context.suspend(), context.resume(), context.suspend())
    assert context.state == "suspended"
    await asyncio.gather(context.resume(), context.close(), return_exceptions=True)
    assert context.state == "closed"


async def test_who_gives_up_waiting_does_not_stop_the_end(devices):
    context = ms.AudioContext(devices=devices)
    closing = asyncio.ensure_future(context.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await until(lambda: context.state == "closed")


async def test_what_is_connected_to_the_destination_is_heard_at_the_default_speaker(context, backend, level_at):
    oscillator = context.create_oscillator()
    oscillator.frequency.value = 1000
    left = ms.StereoPannerNode(context, pan=-1)
    oscillator.connect(left).connect(context.destination)
    oscillator.start()
    await until(lambda: level_at(heard(backend)[0], 1000) > 0.5)
    assert level_at(heard(backend)[1], 1000) < 0.01
    assert context.output_latency > 0
    assert not heard(backend, "Hall").any()


async def test_another_speaker_is_gone_over_to_and_told(context, backend, devices, level_at):
    events = []
    context.onsinkchange = lambda event: events.append(context.sink_id)
    oscillator = context.create_oscillator()
    oscillator.connect(context.destination)
    oscillator.start()
    listed = next(one for one in await devices._list() if one.device.label == "Hall")
    told = await devices.select_audio_output({"device_id": listed.model.device_id})
    await context.set_sink_id(told.device_id)
    await context.set_sink_id(told.device_id)
    await until(lambda: level_at(heard(backend, "Hall")[0], 440) > 0.5)
    await context.set_sink_id({"type": "none"})
    await context.set_sink_id({"type": "none"})
    assert isinstance(context.sink_id, ms.AudioSinkInfo)
    assert context.sink_id.type == "none"
    with pytest.raises(ms.errors.NotFoundError):
        await context.set_sink_id("nowhere")
    with pytest.raises(TypeError):
        await context.set_sink_id(5)
    await context.set_sink_id("")
    await until(lambda: len(events) == 3)
    await until(lambda: level_at(heard(backend)[0], 440) > 0.5)


async def test_without_a_device_nothing_is_opened_and_time_goes_on(backend, devices):
    async with ms.AudioContext(sink_id={"type": "none"}, devices=devices) as context:
        oscillator = context.create_oscillator()
        oscillator.connect(context.destination)
        oscillator.start()
        await until(lambda: context.current_time > 0.2)
        assert isinstance(context.sink_id, ms.AudioSinkInfo)
        assert not heard(backend).any()


async def test_an_output_that_may_not_be_known_is_told_by_an_error_event(devices):
    async with ms.AudioContext({"sinkId": "nowhere"}, devices=devices) as context:
        event = await context.wait_for("error", timeout=10)
        assert isinstance(event.error, ms.errors.NotFoundError)


async def test_a_speaker_that_is_unplugged_is_followed_by_the_next(context, backend, level_at):
    oscillator = context.create_oscillator()
    oscillator.connect(context.destination)
    oscillator.start()
    await until(lambda: level_at(heard(backend)[0], 440) > 0.5)
    backend.unplug("Desk")
    await until(lambda: level_at(heard(backend, "Hall")[0], 440) > 0.5)


async def test_more_channels_than_two_are_rendered_for_the_destination(context):
    context.destination.channel_count = 6
    assert context.destination.channel_count == 6
    assert context.destination.max_channel_count == 32
    with pytest.raises(ms.errors.DOMException, match="from 1 to 32"):
        context.destination.channel_count = 33
    with pytest.raises(ms.errors.InvalidStateError):
        context.destination.channel_count_mode = "max"


async def test_a_tone_that_is_held_by_nobody_sounds_to_its_end_and_tells_it(context):
    ended = asyncio.Event()

    def beep():
        oscillator = context.create_oscillator()
        oscillator.onended = lambda event: ended.set()
        oscillator.connect(context.destination)
        oscillator.start()
        oscillator.stop(context.current_time + 0.2)

    beep()
    gc.collect()
    await asyncio.wait_for(ended.wait(), 10)
    assert not context._playing


async def test_nodes_of_a_closed_context_can_be_made_and_do_nothing(devices):
    context = ms.AudioContext(devices=devices)
    await context.close()
    oscillator = context.create_oscillator()
    oscillator.connect(context.destination)
    oscillator.start()
    node = ms.MediaStreamAudioDestinationNode(context)
    await asyncio.sleep(0.01)
    assert node.stream.audio.ready_state == "ended"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"sample_rate": 100}, ms.errors.NotSupportedError),
        ({"latency_hint": "soon"}, TypeError),
        ({"latency_hint": None, "sink_id": {"type": "loud"}}, TypeError),
        ({"sink_id": {}}, TypeError),
        ({"render_size_hint": "small"}, TypeError),
    ],
)
def test_impossible_options_are_refused_and_nothing_runs(options, error):
    with pytest.raises(error):
        ms.AudioContext(options)


@pytest.mark.parametrize(
    ("hint", "frames"), [("interactive", 384), ("balanced", 512), ("playback", 1920), (0.02, 1024), (0, 128), (9, 9600)]
)
async def test_who_wants_less_latency_gets_smaller_chunks(hint, frames, devices):
    async with ms.AudioContext(latency_hint=hint, devices=devices) as context:
        assert context.base_latency == pytest.approx(frames / 48_000)


@pytest.mark.parametrize(
    ("hint", "seconds"), [("interactive", 0.04), ("balanced", 0.07), ("playback", 0.1), (0.02, 0.02)]
)
async def test_who_wants_less_latency_asks_the_device_for_it(hint, seconds, backend, devices, monkeypatch):
    asked = []

    class Asked(FakeSpeakerSink):
        def start(self, mode, settings, supply):
            asked.append(settings["latency"])
            return super().start(mode, settings, supply)

    monkeypatch.setattr(backend, "create_sink", lambda device: Asked(backend.device(device.label), None))
    async with ms.AudioContext(latency_hint=hint, devices=devices) as context:
        ms.ConstantSourceNode(context).connect(context.destination)
        await until(lambda: asked)
    assert asked == [seconds]


async def test_another_sample_rate_is_rendered_and_heard(backend, devices, level_at):
    async with ms.AudioContext(sample_rate=22_050, devices=devices) as context:
        assert context.sample_rate == 22_050
        oscillator = context.create_oscillator()
        oscillator.connect(context.destination)
        oscillator.start()
        await until(lambda: level_at(heard(backend)[0], 440) > 0.5)


async def test_a_context_that_is_dropped_is_closed_with_a_warning(devices):
    context = ms.AudioContext(devices=devices)
    live = context._live
    await asyncio.sleep(0.05)
    del context
    with pytest.warns(ResourceWarning, match="was dropped while it runs"):
        gc.collect()
    await until(lambda: live._closed)


def test_a_program_may_end_while_a_context_sounds():
    program = (
        "import time, mediastreams as ms\n"
        "context = ms.AudioContext()\n"
        "node = context.create_media_stream_destination()\n"
        "tone = context.create_oscillator(); tone.connect(node); tone.start()\n"
        "time.sleep(0.3)\n"
        "print('bye')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False, env=os.environ
    )
    assert (done.returncode, done.stdout.strip(), done.stderr.strip()) == (0, "bye", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_in_a_forked_child_a_context_is_closed_and_the_engine_says_why():
    program = (
        "import os, time, warnings, mediastreams as ms\n"
        "warnings.simplefilter('ignore')\n"
        "context = ms.AudioContext(); gain = context.create_gain(); time.sleep(0.1)\n"
        "pid = os.fork()\n"
        "if pid:\n"
        "    print('parent', os.waitpid(pid, 0)[1], context.state, flush=True)\n"
        "else:\n"
        "    print(context.state)\n"
        "    try: gain.gain.value = 1\n"
        "    except ms.errors.NotSupportedError as error: print(error, flush=True)\n"
        "    os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False, env=os.environ
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "closed"
    assert "spawn" in lines[1]
    assert lines[2].startswith("parent 0")


def test_a_context_works_without_a_loop_of_the_program():
    context = ms.AudioContext(sink_id={"type": "none"})
    oscillator = context.create_oscillator()
    oscillator.connect(context.destination)
    oscillator.start()
    deadline = time.monotonic() + 10
    while context.current_time < 0.1:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert context.state == "running"
    context._end()
    context._ended = True


async def test_what_is_heard_is_told_in_figures(context, backend, level_at):
    stats = context.playback_stats
    assert stats is context.playback_stats
    assert stats.to_json()["underrunEvents"] == 0
    oscillator = context.create_oscillator()
    oscillator.connect(context.destination)
    oscillator.start()
    await until(lambda: level_at(heard(backend)[0], 440) > 0.5)
    await until(lambda: stats.average_latency > 0)
    assert 0 < stats.minimum_latency <= stats.average_latency + 1e-9
    assert stats.average_latency <= stats.maximum_latency + 1e-9
    assert stats.total_duration >= stats.underrun_duration
    assert set(stats.to_json()) == {
        "underrunDuration",
        "underrunEvents",
        "totalDuration",
        "averageLatency",
        "minimumLatency",
        "maximumLatency",
    }
    stats.reset_latency()
    assert stats.minimum_latency == stats.maximum_latency == pytest.approx(context._output.latency, abs=0.5)
    assert "underruns" in repr(stats)
    with pytest.raises(TypeError, match="Illegal constructor"):
        ms.AudioPlaybackStats()
