"""A graph in real time: what a track loses on its way through it, and what ten nodes cost of a core.

*added*: by how much later a click of a microphone (10 ms chunks) can be taken from a destination's track than from the
microphone's. *ten nodes*: CPU time of an oscillator and nine nodes that run in real time; *with tracks*: of eight nodes
between a microphone's track and one that is consumed, beside the same microphone and consumer without a graph. *32
inputs*: as many microphones into one gain.

Run: ``python benchmarks/audio_graph.py`` (SECONDS in the environment, 5, a turn; ROUNDS, 5).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time

import numpy as np

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeMicrophone

SECONDS = float(os.environ.get("SECONDS", "5"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SILENT = {"type": "none"}
RATE = 48_000
SETTLED = 1.0  # seconds until everything runs


async def microphone(count: int = 1) -> list[ms.MediaStream]:
    devices = ms.MediaDevices(backends=[FakeBackend([FakeMicrophone(label=f"Mic {n}") for n in range(count)])])
    listed = [one.model.device_id for one in await devices._list()]
    return [await devices.get_user_media(audio={"device_id": {"exact": one}}) for one in listed]


class Clicks:
    """When each beep of a track came: the instant at which its chunk could be taken, and the one it belongs to."""

    def __init__(self) -> None:
        self.found: list[float] = []
        self._quiet = 0

    def add(self, data: ms.AudioData) -> None:
        now = time.perf_counter()
        loud = np.flatnonzero(np.abs(data.to_ndarray()[0]) > 0.02)
        if loud.size and self._quiet > RATE // 4:
            self.found.append(now)
        self._quiet = 0 if loud.size else self._quiet + data.number_of_frames


async def listen(track: ms.MediaStreamTrack, clicks: Clicks, until: float) -> None:
    async for data in track.frames():
        clicks.add(data)
        if time.perf_counter() > until:
            return


async def added() -> list[float]:
    """Milliseconds by which each click is later behind the graph, chunks counted alike on both sides."""
    (stream,) = await microphone()
    async with ms.AudioContext(sink_id=SILENT) as context:
        end = context.create_media_stream_destination()
        source = context.create_media_stream_source(stream)
        source.connect(end)
        await asyncio.sleep(SETTLED)
        before, behind = Clicks(), Clicks()
        until = time.perf_counter() + max(SECONDS, 3)
        await asyncio.gather(listen(stream.audio, before, until), listen(end.stream.audio, behind, until))
    stream.audio.stop()
    late = [min((one - first for one in behind.found if one > first), default=np.nan) for first in before.found]
    return [1000 * one for one in late if one < 0.5]


KINDS = (ms.BiquadFilterNode, ms.GainNode, ms.StereoPannerNode, ms.DynamicsCompressorNode, ms.DelayNode)


async def alone(nodes: int) -> float:
    """CPU seconds in a second of an oscillator through a chain of nodes to the destination, which no device plays."""
    async with ms.AudioContext(sink_id=SILENT) as context:
        node: ms.AudioNode = context.create_oscillator()
        node.start()
        for number in range(nodes - 1):
            node = node.connect(KINDS[number % len(KINDS)](context))
        node.connect(context.destination)
        await asyncio.sleep(SETTLED)
        begin, used = time.perf_counter(), time.process_time()
        await asyncio.sleep(SECONDS)
        return (time.process_time() - used) / (time.perf_counter() - begin)


async def cost(nodes: int, tracks: int = 1) -> tuple[float, int]:
    """CPU seconds in a second, and underruns in frames, of microphones through a chain of nodes to a consumer."""
    streams = await microphone(tracks)
    missing = 0
    async with ms.AudioContext(sink_id=SILENT) as context:
        if nodes:
            end = context.create_media_stream_destination()
            node: ms.AudioNode = context.create_gain()
            sources = [context.create_media_stream_source(stream) for stream in streams]
            for source in sources:
                source.connect(node)
            for number in range(max(0, nodes - 3)):
                node = node.connect(KINDS[number % len(KINDS)](context))
            node.connect(end)
            track = end.stream.audio
        else:
            track, sources = streams[0].audio, []
        await asyncio.sleep(SETTLED)
        before = [source.stats.missing_frames for source in sources]
        begin, used = time.perf_counter(), time.process_time()
        async for data in track.frames():
            data.to_ndarray()
            if time.perf_counter() - begin > SECONDS:
                break
        used = (time.process_time() - used) / (time.perf_counter() - begin)
        missing = sum(source.stats.missing_frames - was for source, was in zip(sources, before, strict=True))
    for stream in streams:
        stream.audio.stop()
    return used, missing


if __name__ == "__main__":
    clicks, chain, plain, ten, many, holes = [], [], [], [], [], 0
    for _ in range(ROUNDS):
        clicks += asyncio.run(added())
        chain.append(asyncio.run(alone(10)))
        plain.append(asyncio.run(cost(0))[0])
        used, missing = asyncio.run(cost(10))
        ten.append(used)
        holes += missing
        many.append(asyncio.run(cost(3, tracks=32))[0])
    print(f"{ROUNDS} × {SECONDS:g} s each in turn")
    late, base = statistics.median(clicks), statistics.median(plain)
    more = statistics.median(ten) - base
    print(f"  added        median {late:5.1f} ms, most {max(clicks):5.1f}, of {len(clicks)} clicks")
    print(f"  ten nodes    {statistics.median(chain):6.3f} of a core")
    print(f"  with tracks  {more:6.3f} more than {base:.3f} without a graph; {holes} frames missed")
    print(f"  32 inputs    {statistics.median(many):6.3f} of a core, microphones included")
