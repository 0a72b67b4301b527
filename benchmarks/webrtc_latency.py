"""Glass to glass over loopback: how old a picture is when the program at the far end has it, ours beside aiortc.

Both send one fake camera (640 × 360, 30 a second, VP8) to another connection in this process and take pictures as
BGR arrays there; the age is now less the instant at which the picture with that counter was captured. The two run in
turn. Run: ``python benchmarks/webrtc_latency.py`` (SECONDS in the environment, 10, a turn; ROUNDS, 5).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time

import aiortc
from aiortc.mediastreams import MediaStreamError

import mediastreams as ms
from mediastreams._backends.fake.card_code import COUNTER_RANGE, read_counter
from mediastreams.webrtc import RTCPeerConnection, as_aiortc

SECONDS = float(os.environ.get("SECONDS", "10"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
WARMUP = 2.0  # the encoder's first pictures, the jitter buffer's first guesses
RATE = 30


class Ages:
    """Ages of pictures, by the counters in them: the camera paces its pictures evenly from ``begin`` on."""

    def __init__(self, counter: int, timestamp: int) -> None:
        self._counter, self._timestamp = counter, timestamp
        self._from = time.perf_counter() + WARMUP
        self.values: list[float] = []

    def add(self, bgr) -> None:
        now = time.perf_counter()
        with contextlib.suppress(ValueError):
            counter = read_counter(bgr[..., ::-1])
            captured = self._timestamp / 1e6 + (counter - self._counter) % COUNTER_RANGE / RATE
            if now > self._from:
                self.values.append((now - captured) * 1e3)


@contextlib.asynccontextmanager
async def camera():
    devices = ms.MediaDevices(backends=["fake"])
    async with devices.get_user_media(video={"width": 640, "height": 360, "frame_rate": RATE}) as stream:
        async for frame in stream.video.frames(format="rgb24"):
            yield stream, Ages(read_counter(frame.to_ndarray()), frame.timestamp)
            break


async def ours() -> list[float]:
    async with camera() as (stream, ages), RTCPeerConnection() as near, RTCPeerConnection() as far:
        near.onicecandidate = lambda event: asyncio.ensure_future(far.add_ice_candidate(event.candidate))
        far.onicecandidate = lambda event: asyncio.ensure_future(near.add_ice_candidate(event.candidate))
        near.add_track(stream.video, stream)
        await near.set_local_description()
        await far.set_remote_description(near.local_description)
        await far.set_local_description()
        await near.set_remote_description(far.local_description)
        end = time.perf_counter() + SECONDS + WARMUP
        async for frame in far.get_receivers()[0].track.frames(format="bgr24"):
            ages.add(frame.to_ndarray())
            if time.perf_counter() > end:
                break
    return ages.values


async def aiortcs() -> list[float]:
    async with camera() as (stream, ages):
        near, far = aiortc.RTCPeerConnection(), aiortc.RTCPeerConnection()
        got: asyncio.Future[aiortc.MediaStreamTrack] = asyncio.get_running_loop().create_future()
        far.on("track", got.set_result)
        near.addTrack(as_aiortc(stream.video))
        await near.setLocalDescription(await near.createOffer())
        await far.setRemoteDescription(near.localDescription)
        await far.setLocalDescription(await far.createAnswer())
        await near.setRemoteDescription(far.localDescription)
        track = await got
        end = time.perf_counter() + SECONDS + WARMUP
        with contextlib.suppress(MediaStreamError):
            while time.perf_counter() < end:
                frame = await track.recv()
                ages.add(await asyncio.to_thread(frame.to_ndarray, format="bgr24"))
        await asyncio.gather(near.close(), far.close())
    return ages.values


def show(name: str, rounds: list[list[float]]) -> float:
    medians = [statistics.median(values) for values in rounds]
    late = [statistics.quantiles(values, n=20)[-1] for values in rounds]
    p95 = statistics.median(late)
    count = sum(map(len, rounds))
    print(f"  {name:<14} median {statistics.median(medians):6.1f} ms, p95 {p95:6.1f} ms, {count} pictures")
    return p95


if __name__ == "__main__":
    results: tuple[list[list[float]], list[list[float]]] = ([], [])
    for _ in range(ROUNDS):
        for run, found in zip((ours, aiortcs), results, strict=True):
            found.append(asyncio.run(run()))
    print(f"age of a picture at the far end of a connection, {ROUNDS} × {SECONDS:g} s each in turn")
    mine, theirs = show("mediastreams", results[0]), show("aiortc", results[1])
    print(f"  p95: {mine / theirs:.2f} × aiortc's")
