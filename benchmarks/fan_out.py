"""One 1080p source, 1 and 64 consumers: handing a frame over, and BGR arrays of it.

Beside ours: aiortc's MediaRelay, and the bare minimum (a thread that crosses to the loop and resolves futures).
Run: ``python benchmarks/fan_out.py`` (needs aiortc).
"""

from __future__ import annotations

import asyncio
import threading
import time
from fractions import Fraction
from functools import partial

import av
import numpy as np
from aiortc import MediaStreamTrack as PeerTrack
from aiortc.contrib.media import MediaRelay
from pairing import compare, cpu_seconds, main_table

import mediastreams as ms
from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Picture
from mediastreams.abc import Backend, Device, DeviceModel, Source, VideoMode

FRAMES = 60
WIDTH, HEIGHT = 1920, 1080


def new_frame() -> av.VideoFrame:
    """A frame of its own, as a decoder makes them; the pixels do not matter."""
    return av.VideoFrame(WIDTH, HEIGHT, "yuv420p")


class Paced(Source):
    """A thread that delivers a frame whenever it is told: like a camera's reader, without its waiting."""

    def __init__(self) -> None:
        self.kind = "video"
        self.clock = get_clock()
        self.delivery = None

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        return mode

    def stop(self):
        self.delivery = None


class OneCamera(Backend):
    name = "benchmark"

    def __init__(self) -> None:
        self.source = Paced()

    def list_devices(self):
        return [Device("videoinput", "1", "camera", DeviceModel("video", modes=(VideoMode(WIDTH, HEIGHT, 30, 30),)))]

    def create_source(self, device):
        return self.source


def produce(send, done: threading.Semaphore, consumers: int) -> None:
    """Send FRAMES frames, each when all consumers have had the one before: latency-bound, no drops."""
    for _ in range(FRAMES):
        send(new_frame())
        for _ in range(consumers):
            done.acquire()


def ours(consumers: int, format: str | None) -> float:
    async def run() -> float:
        backend = OneCamera()
        devices = ms.MediaDevices(backends=[backend])
        stream = await devices.get_user_media(video={"width": WIDTH, "height": HEIGHT})
        done = threading.Semaphore(0)

        async def consume(frames):
            async for frame in frames:
                if format:
                    frame.to_ndarray()
                done.release()

        tasks = [asyncio.create_task(consume(stream.video.frames(format=format))) for _ in range(consumers)]
        await asyncio.sleep(0.02)
        before = cpu_seconds()
        send = lambda frame: backend.source.delivery.deliver(Picture.stamped(frame, time.perf_counter_ns() // 1000))  # noqa: E731
        await asyncio.to_thread(produce, send, done, consumers)
        spent = cpu_seconds() - before
        stream.video.stop()
        await asyncio.gather(*tasks)
        return spent

    return asyncio.run(run())


def relay(consumers: int, format: str | None) -> float:
    async def run() -> float:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[av.VideoFrame] = asyncio.Queue()

        class Camera(PeerTrack):
            kind = "video"

            async def recv(self):
                return await queue.get()

        relay = MediaRelay()
        done = threading.Semaphore(0)
        camera = Camera()

        async def consume(track):
            while True:
                frame = await track.recv()
                if format:
                    frame.to_ndarray(format=format)
                done.release()

        tasks = [asyncio.create_task(consume(relay.subscribe(camera))) for _ in range(consumers)]
        await asyncio.sleep(0.02)

        def send(frame):
            frame.pts, frame.time_base = 0, Fraction(1, 90000)
            asyncio.run_coroutine_threadsafe(queue.put(frame), loop)  # as MediaPlayer hands frames over

        before = cpu_seconds()
        await asyncio.to_thread(produce, send, done, consumers)
        spent = cpu_seconds() - before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        camera.stop()
        await asyncio.sleep(0.01)
        return spent

    return asyncio.run(run())


def bare(consumers: int, format: str | None) -> float:
    """The least that asyncio can do: one crossing a frame, one future a consumer, one conversion a frame."""

    async def run() -> float:
        loop = asyncio.get_running_loop()
        done = threading.Semaphore(0)
        waiting: list[asyncio.Future] = []
        reformatter = av.video.reformatter.VideoReformatter()

        async def consume():
            while True:
                future = loop.create_future()
                waiting.append(future)
                if await future is None:
                    return
                done.release()

        tasks = [asyncio.create_task(consume()) for _ in range(consumers)]
        await asyncio.sleep(0.02)

        def resolve(value):
            futures, waiting[:] = waiting[:], []
            for future in futures:
                future.set_result(value)

        def send(frame):
            if format:
                converted = reformatter.reformat(frame, format=format)
                np.frombuffer(converted.planes[0], np.uint8)
                frame = converted
            loop.call_soon_threadsafe(resolve, frame)

        before = cpu_seconds()
        await asyncio.to_thread(produce, send, done, consumers)
        spent = cpu_seconds() - before
        resolve(None)
        await asyncio.gather(*tasks)
        return spent

    return asyncio.run(run())


if __name__ == "__main__":
    for format in (None, "bgr24"):
        for consumers in (1, 64):
            results = compare(
                {
                    "mediastreams": partial(ours, consumers, format),
                    "bare thread crossing": partial(bare, consumers, format),
                    "aiortc MediaRelay": partial(relay, consumers, format),
                }
            )
            what = "hand-over only" if format is None else "BGR arrays"
            main_table(
                f"{what}, {consumers} consumers, per consumer and frame",
                results,
                per=FRAMES * consumers,
                base="aiortc MediaRelay",
            )
