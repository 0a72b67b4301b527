"""32 streams mixed in real time: the share of one core, and what a stream costs. Also how late the mix is.

Each stream is a source of its own with 10 ms chunks, mono and stereo, 48 000 and 44 100 Hz, some of other crystals; all
are delivered in real time by one thread, whose own cost is measured without a mix and taken off. Run:
``python benchmarks/audio_mix.py`` (SECONDS and STREAMS in the environment, 20 and 32).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import threading
import time

import numpy as np

import mediastreams as ms
from mediastreams._engine.frames import Sound
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode, DeviceModel
from mediastreams.abc import Source
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource

SECONDS = float(os.environ.get("SECONDS", "20"))
STREAMS = int(os.environ.get("STREAMS", "32"))
SHAPES = [(48_000, 1, 1.0), (48_000, 2, 1.0), (44_100, 2, 1.0), (48_000, 1, 48_010 / 48_000)]


class Made(Source):
    """A stream whose chunks are made beforehand; `due` says when the next one is, `give` delivers it."""

    kind = "audio"

    def __init__(self, number: int) -> None:
        from mediastreams._engine.clock import get_clock

        self.clock = get_clock()
        self.rate, self.channels, self.speed = SHAPES[number % len(SHAPES)]
        self.samples = np.full((self.channels, self.rate // 100), 0.01, np.float32)
        self.layout = "mono" if self.channels == 1 else "stereo"
        self.phase = number * 10_000_000 / STREAMS  # ns: streams do not come all at once
        self.delivery = None

    def start(self, mode, settings, delivery):
        self.began = self.clock.now_ns() + self.phase
        self.count = 0
        self.delivery = delivery
        return AudioMode(self.rate, self.channels)

    @property
    def due(self) -> float:
        return self.began + (self.count + 1) * 10_000_000 / self.speed

    def give(self) -> None:
        stamp = round((self.began + self.count * 10_000_000 / self.speed) / 1000)
        self.count += 1
        if self.delivery is not None:
            self.delivery.deliver(Sound(self.samples, self.rate, stamp, self.layout))

    def stop(self) -> None:
        self.delivery = None


def track_of(source: Made) -> MediaStreamTrack:
    mode = AudioMode(source.rate, source.channels)
    made = TrackSource(SourceHub(source), DeviceModel("audio", modes=(mode,)))
    made.open_for(mode, {})
    track = MediaStreamTrack._create(made, {})
    made.hub.release()
    return track


async def measure(*, mixed: bool) -> tuple[float, list[float], int]:
    """CPU seconds a second, by how many ms the blocks come after their first sample, and samples left out, as late."""
    sources = [Made(number) for number in range(STREAMS)]
    tracks = [track_of(source) for source in sources]
    ages: list[float] = []
    mix = ms.mix(tracks) if mixed else None
    if mix is not None:
        clock = mix._feed.clock
        port = mix._feed.attach(
            policy="drop-oldest",
            on_item=lambda: [ages.append((clock.now_us() - one.timestamp) / 1000) for one in iter(port.take, None)],
        )
    stop = False

    def deliver() -> None:
        while not stop:
            first = min(sources, key=lambda source: source.due)
            time.sleep(max(0, first.due - time.perf_counter_ns()) / 1e9)
            first.give()

    thread = threading.Thread(target=deliver)
    thread.start()
    await asyncio.sleep(2)
    inputs = () if mix is None else mix._mixer.inputs
    joined = sum(one.dropped for one in inputs)  # what was older than the mix
    before, began = time.process_time(), time.perf_counter()
    await asyncio.sleep(SECONDS)
    used = (time.process_time() - before) / (time.perf_counter() - began)
    lost = sum(one.dropped for one in inputs) - joined
    stop = True
    await asyncio.to_thread(thread.join)
    if mix is not None:
        mix.stop()
    for track in tracks:
        track.stop()
    return used, ages[200:], lost


async def main() -> None:
    print(f"{STREAMS} streams of 10 ms chunks mixed in real time, {SECONDS:g} s")
    bare, _, _ = await measure(mixed=False)
    used, ages, lost = await measure(mixed=True)
    mixing = used - bare
    print(f"  delivering alone   {bare * 100:6.1f} % of a core")
    each = mixing / STREAMS / 100 * 1e6
    print(f"  mixing             {mixing * 100:6.1f} % of a core, {each:.0f} µs a chunk and stream")
    ages.sort()
    print(
        f"  a block comes after its first sample: median {statistics.median(ages):.1f} ms, "
        f"99 % {ages[len(ages) * 99 // 100]:.1f} ms, most {ages[-1]:.1f} ms; {len(ages)} blocks, "
        f"{lost} samples left out"
    )


if __name__ == "__main__":
    asyncio.run(main())
