"""How late the event loop is while 720p30 is sent as VP8: an outlet against the same encode in a bare thread.

As ``loop_delay_recording.py``, whose tools these are; the outlet's packets are counted and not sent.

    python benchmarks/loop_delay_sending.py [--seconds 6] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from fractions import Fraction

import av
import loop_delay_recording as tools

from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import DeviceModel, VideoMode
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource
from mediastreams.webrtc.codecs import send_codecs
from mediastreams.webrtc.plans import SendPlan
from mediastreams.webrtc.sending.outlet import Outlet

WIDTH, HEIGHT, RATE = tools.WIDTH, tools.HEIGHT, tools.RATE = 1280, 720, 30


class Nowhere:
    """A transport that counts what it is given."""

    connected = True

    def __init__(self) -> None:
        self.packets = 0

    def add_outlet(self, outlet, plan) -> None:
        pass

    def remove(self, user) -> None:
        pass

    def send(self, data: bytes) -> None:
        self.packets += 1


def encode_bare(frames: list[av.VideoFrame], seconds: float) -> None:
    from mediastreams._engine.encoding.codecs import VideoPlan
    from mediastreams._rules.renditions import default_bit_rate
    from mediastreams.webrtc.sending.live_video import _vpx

    plan = VideoPlan(WIDTH, HEIGHT, RATE, default_bit_rate(WIDTH, HEIGHT, RATE))
    context = av.CodecContext.create("libvpx", "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate, context.gop_size = Fraction(1, 1_000_000), Fraction(RATE), 3000
    context.options = dict(_vpx(plan, None))

    def take(frame: av.VideoFrame, timestamp: int) -> None:
        frame.time_base, frame.pts = Fraction(1, 1_000_000), timestamp
        context.encode(frame)

    tools.paced(frames, seconds, take)


async def sent(frames: list[av.VideoFrame], seconds: float) -> list[float]:
    hub = SourceHub(tools.Card(frames, seconds))
    mode = await asyncio.to_thread(hub.open, VideoMode(WIDTH, HEIGHT, RATE, RATE), {})
    track = MediaStreamTrack._create(TrackSource(hub, DeviceModel("video", modes=(mode,))), {"frame_rate": RATE})
    hub.release()
    outlet, transport = Outlet("video"), Nowhere()
    outlet.set_track(track)
    outlet.start(transport, SendPlan(send_codecs("video")[0], "0", "somebody", {}))
    found = await tools.delays(asyncio.ensure_future(asyncio.sleep(seconds)))
    print(f"    {outlet.frames} pictures in {transport.packets} packets", flush=True)
    await outlet.stop()
    track.stop()
    return found


async def one(job: str, frames: list[av.VideoFrame], seconds: float) -> list[float]:
    if job == "idle":
        return await tools.delays(asyncio.ensure_future(asyncio.sleep(seconds)))
    if job == "bare thread":
        return await tools.delays(asyncio.ensure_future(asyncio.to_thread(encode_bare, frames, seconds)))
    return await sent(frames, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    frames = tools.card(RATE)
    found: dict[str, list[float]] = {"idle": [], "bare thread": [], "outlet": []}
    for _ in range(asked.rounds):
        for job, results in found.items():
            delay = sorted(asyncio.run(one(job, frames, asked.seconds)))
            results.append(delay[int(len(delay) * 0.99)] * 1000)
    base = statistics.median(found["bare thread"])
    for job, results in found.items():
        middle = statistics.median(results)
        span = f"({min(results):.2f}–{max(results):.2f})"
        print(f"{job:12} p99 {middle:6.2f} ms  {span:>16}  {middle / base:5.2f} of bare thread")


if __name__ == "__main__":
    main()
