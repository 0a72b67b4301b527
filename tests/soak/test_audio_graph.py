"""Graphs for long: an hour of another crystal by the bench's time, ten minutes of the whole chain by the machine's."""

import asyncio
import time

import numpy as np
import pytest
from tests.audio.bench import RATE, Bench

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeMicrophone, FakeSpeaker

MINUTES = 10


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("speed", [48_010 / 48_000, 47_990 / 48_000])
def test_an_hour_at_48010_hz_in_a_graph_of_48000_has_no_hole_and_no_growing_delay(speed):
    bench = Bench(speed=speed)
    try:
        bench.run(10)
        missing, latency = bench.input.voice.missing, bench.input.latency
        bench.out.clear()
        for minute in range(60):
            bench.run(60)
            heard = bench.sound
            bench.out.clear()
            assert bench.input.voice.missing == missing, minute
            assert bench.input.voice.dropped == 0, minute
            assert bench.input.latency == pytest.approx(latency, abs=0.003), minute
            assert np.abs(np.diff(heard[0])).max() < 1.05 * 0.5 * 2 * np.pi / RATE, "no click"
    finally:
        bench.close()


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_ten_real_minutes_from_a_microphone_through_a_graph_to_a_speaker_and_a_track():
    """Delay and figures minute by minute. What the machine could not keep up with is counted, and bounded."""
    backend = FakeBackend([FakeMicrophone(), FakeSpeaker(label="Desk", speed=48_010 / 48_000)])
    devices = ms.MediaDevices(backends=[backend])
    stream = await devices.get_user_media(audio=True)
    async with ms.AudioContext(devices=devices) as context:
        source = context.create_media_stream_source(stream)
        end = context.create_media_stream_destination()
        node = source.connect(ms.BiquadFilterNode(context, frequency=5000)).connect(ms.GainNode(context, gain=0.8))
        node.connect(context.destination)
        node.connect(end)
        taken = 0
        began = None
        until = time.monotonic() + 60 * MINUTES
        look, seen = time.monotonic() + 60, []
        async for data in end.stream.audio.frames():
            began = data.timestamp if began is None else began
            taken += data.number_of_frames
            if time.monotonic() > look:
                look += 60
                stats = source.stats
                seen.append((stats.latency, context.output_latency, stats.missing_frames))
                print(seen[-1], context.playback_stats.to_json(), flush=True)
            if time.monotonic() > until:
                break
        span = (data.timestamp - began) / 1e6
        assert taken / RATE == pytest.approx(span, abs=0.1), "no frame of the graph is lost, and none made twice"
        # Each stall of the machine is waited for from then on, up to a second; what is longer is left out, and counted.
        assert max(one[0] for one in seen) <= 1.0
        assert max(one[1] for one in seen) <= 1.05
        missed = seen[-1][2] - seen[1][2]
        assert missed < 0.05 * RATE * 60 * (MINUTES - 2)
        heard = backend.device("Desk").heard(30).to_ndarray()
        beeps = np.flatnonzero(np.diff((np.abs(heard[0]) > 0.05).astype(int)) == 1)
        assert len(beeps) > 10
    stream.audio.stop()
    await asyncio.sleep(0)
