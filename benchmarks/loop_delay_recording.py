"""How late the event loop is while 1080p30 is recorded: `record` against the same encode in a bare thread.

A task sleeps 2 ms at a time and notes how much longer it took; the 99th percentile counts. The idle loop beside
it tells what the machine itself adds. Runs are interleaved, the median of all rounds is printed.

    python benchmarks/loop_delay_recording.py [--seconds 6] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path

import av

from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Picture
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import DeviceModel, VideoMode
from mediastreams.abc import Source
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource
from mediastreams.recording.record import record

WIDTH, HEIGHT, RATE = 1920, 1080, 30
OPTIONS = {"preset": "veryfast", "crf": "23", "bf": "0", "g": "120", "rc-lookahead": "6", "threads": "2"}
NAP = 0.002


def card(count: int) -> list[av.VideoFrame]:
    with av.open(f"testsrc2=size={WIDTH}x{HEIGHT}:rate={RATE},format=yuv420p", format="lavfi") as container:
        return [frame for frame, _ in zip(container.decode(video=0), range(count), strict=False)]


async def delays(until: asyncio.Future | asyncio.Task) -> list[float]:
    found = []
    while not until.done():
        before = time.perf_counter()
        await asyncio.sleep(NAP)
        found.append(time.perf_counter() - before - NAP)
    return found


def paced(frames: list[av.VideoFrame], seconds: float, take) -> None:
    """Give ``take`` a frame every thirtieth of a second."""
    begin = time.perf_counter()
    for index in range(round(seconds * RATE)):
        time.sleep(max(0.0, begin + index / RATE - time.perf_counter()))
        frame = frames[index % len(frames)]
        fresh = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for target, source in zip(fresh.planes, frame.planes, strict=True):
            target.update(memoryview(source))
        take(fresh, round(time.perf_counter() * 1e6))


def encode_bare(frames: list[av.VideoFrame], seconds: float, out: Path) -> None:
    with av.open(str(out), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE, options=OPTIONS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1_000_000)

        def take(frame: av.VideoFrame, timestamp: int) -> None:
            frame.time_base, frame.pts = Fraction(1, 1_000_000), timestamp
            container.mux(stream.encode(frame))

        paced(frames, seconds, take)
        container.mux(stream.encode(None))


class Card(Source):
    kind = "video"

    def __init__(self, frames: list[av.VideoFrame], seconds: float) -> None:
        self.clock = get_clock()
        self._frames, self._seconds = frames, seconds

    def start(self, mode, settings, delivery):
        def run() -> None:
            paced(self._frames, self._seconds, lambda frame, at: delivery.deliver(Picture.stamped(frame, at, 33_333)))
            delivery.end()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        return mode

    def stop(self) -> None:
        self._thread.join()


async def one(job: str, frames: list[av.VideoFrame], seconds: float, folder: Path) -> list[float]:
    if job == "idle":
        return await delays(asyncio.ensure_future(asyncio.sleep(seconds)))
    if job == "bare thread":
        return await delays(asyncio.ensure_future(asyncio.to_thread(encode_bare, frames, seconds, folder / "a.mp4")))
    hub = SourceHub(Card(frames, seconds))
    mode = await asyncio.to_thread(hub.open, VideoMode(WIDTH, HEIGHT, RATE, RATE), {})
    track = MediaStreamTrack._create(TrackSource(hub, DeviceModel("video", modes=(mode,))), {"frame_rate": RATE})
    hub.release()
    task = asyncio.ensure_future(record(MediaStream([track]), folder / "b.mp4", encoder_options=OPTIONS))
    found = await delays(task)
    print(f"    {(await task).dropped} dropped", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    frames = card(RATE)
    found: dict[str, list[float]] = {"idle": [], "bare thread": [], "record": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(asked.rounds):
            for job, results in found.items():
                delay = sorted(asyncio.run(one(job, frames, asked.seconds, Path(folder))))
                results.append(delay[int(len(delay) * 0.99)] * 1000)
    base = statistics.median(found["bare thread"])
    for job, results in found.items():
        middle = statistics.median(results)
        span = f"({min(results):.2f}–{max(results):.2f})"
        print(f"{job:12} p99 {middle:6.2f} ms  {span:>16}  {middle / base:5.2f} of bare thread")


if __name__ == "__main__":
    main()
