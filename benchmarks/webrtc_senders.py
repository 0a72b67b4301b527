"""What sending one camera to many viewers costs the sender: `RTCPeerConnection` of ours against plain aiortc.

One fake camera, 640×360 at 30 a second, VP8, to 1, 8 and 50 viewers (aiortc: 1 and 8). The viewers are other processes:
aiortc's own connections, DTLS, jitter buffers, reports, estimates and all, that count and do not decode. Both senders
encode at one bit rate. What counts is the process CPU time of the sender, in cores.

    python benchmarks/webrtc_senders.py [--seconds 8] [--rounds 1] [--viewers 1 8 50]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time

BIT_RATE = 691_200  # what ours takes for that size and rate
SIZE = {"width": 640, "height": 360, "frame_rate": 30}
SETTLE = 3.0


# ── viewers: one process ─────────────────────────────────────────────────────────────────────────


async def view() -> None:
    """Answer the offers that come as lines, then count; a line ``count`` is answered with what came so far."""
    import aiortc.rtcrtpreceiver as receiver
    from aiortc import RTCPeerConnection, RTCSessionDescription

    pictures: dict[int, int] = {}

    def count_only(loop, input_queue, output_queue, *_):
        while input_queue.get() is not None:
            pictures[id(input_queue)] = pictures.get(id(input_queue), 0) + 1

    receiver.decoder_worker = count_only
    packets: list[int] = [0, 0]
    handle = receiver.RTCRtpReceiver._handle_rtp_packet

    async def counted(self, packet, arrival_time_ms):
        packets[0] += 1
        packets[1] += len(packet.payload)
        await handle(self, packet, arrival_time_ms)

    receiver.RTCRtpReceiver._handle_rtp_packet = counted
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    connections = []
    while line := await reader.readline():
        asked = json.loads(line)
        if asked == "count":
            answer = {"packets": packets[0], "octets": packets[1], "pictures": sorted(pictures.values())}
        else:
            connection = RTCPeerConnection()
            connections.append(connection)
            await connection.setRemoteDescription(RTCSessionDescription(asked["sdp"], "offer"))
            await connection.setLocalDescription(await connection.createAnswer())
            answer = {"sdp": connection.localDescription.sdp}
        print(json.dumps(answer), flush=True)
    await asyncio.gather(*(connection.close() for connection in connections))


class Viewers:
    """The viewers' processes, as the sender talks to them."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            "--view",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**20,
        )

    async def ask(self, what: object) -> dict:
        assert self._process is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        return json.loads(await self._process.stdout.readline())

    async def stop(self) -> None:
        self._process.stdin.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._process.wait(), 10)


# ── senders: each in a process of its own ────────────────────────────────────────────────────────


async def until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def connect_ours(track, viewers: Viewers):
    from mediastreams.webrtc import RTCPeerConnection

    connection = RTCPeerConnection()
    connection.add_track(track)
    await connection.set_local_description(await connection.create_offer())
    await until(lambda: connection.ice_gathering_state == "complete")
    answer = await viewers.ask({"sdp": connection.local_description.sdp})
    await connection.set_remote_description({"type": "answer", "sdp": answer["sdp"]})
    await until(lambda: connection.connection_state == "connected")
    return connection.close


async def connect_aiortc(track, viewers: Viewers):
    from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription

    connection = RTCPeerConnection()
    transceiver = connection.addTransceiver(track, direction="sendonly")
    vp8 = [
        codec for codec in RTCRtpSender.getCapabilities("video").codecs if codec.mimeType in {"video/VP8", "video/rtx"}
    ]
    transceiver.setCodecPreferences(vp8)
    await connection.setLocalDescription(await connection.createOffer())
    answer = await viewers.ask({"sdp": connection.localDescription.sdp})
    await connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    await until(lambda: connection.connectionState == "connected")
    return connection.close


def relayed(track):
    """The camera's frames as aiortc's programs hand one track to several connections."""
    from fractions import Fraction

    from aiortc import MediaStreamTrack
    from aiortc.contrib.media import MediaRelay
    from aiortc.mediastreams import MediaStreamError

    from mediastreams._engine.frame_refs import private_frame

    class Frames(MediaStreamTrack):
        kind = "video"

        def __init__(self) -> None:
            super().__init__()
            self._frames = track.frames()

        async def recv(self):
            try:
                frame = await anext(self._frames)
            except StopAsyncIteration:
                raise MediaStreamError from None
            out = private_frame(frame._picture.av, frame.timestamp)
            out.time_base = Fraction(1, 1_000_000)
            return out

    relay, source = MediaRelay(), Frames()
    return lambda: relay.subscribe(source)


async def send(arm: str, count: int, seconds: float) -> None:
    import mediastreams as ms

    if arm == "aiortc":
        from aiortc.codecs import vpx

        vpx.DEFAULT_BITRATE = vpx.MIN_BITRATE = vpx.MAX_BITRATE = BIT_RATE
    devices = ms.MediaDevices(backends=["fake"])
    stream = await devices.get_user_media(video=SIZE)
    track = stream.get_video_tracks()[0]
    viewers = Viewers()
    await viewers.start()
    subscribe = relayed(track) if arm == "aiortc" else lambda: track
    connect = connect_aiortc if arm == "aiortc" else connect_ours
    closes = [await connect(subscribe(), viewers) for _ in range(count)]
    await asyncio.sleep(SETTLE)
    before, cpu, begin = await viewers.ask("count"), time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    passed, cpu = time.perf_counter() - begin, time.process_time() - cpu
    after = await viewers.ask("count")
    rates = [
        (b - a) / passed for a, b in zip(before["pictures"], after["pictures"], strict=False)
    ]  # sorted: viewers differ by little
    print(
        json.dumps(
            {
                "cores": cpu / passed,
                "bit_rate": (after["octets"] - before["octets"]) * 8 / passed / count,
                "packets": (after["packets"] - before["packets"]) / passed,
                "least_rate": min(rates, default=0.0),
                "viewers": len(after["pictures"]),
            }
        ),
        flush=True,
    )
    for close in closes:
        closed = close()
        if closed is not None:
            await closed
    track.stop()
    await viewers.stop()


# ── the comparison ───────────────────────────────────────────────────────────────────────────────


async def measured(arm: str, count: int, seconds: float) -> dict:
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--send", arm, "--count", str(count), "--seconds", str(seconds),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return json.loads(out.splitlines()[0])


async def compare(seconds: float, rounds: int, counts: list[int]) -> None:
    jobs = [("ours", count) for count in counts] + [("aiortc", count) for count in counts if count <= 8]
    found: dict[tuple[str, int], list[dict]] = {job: [] for job in jobs}
    for _ in range(rounds):
        for job in jobs:
            result = await measured(*job, seconds)
            found[job].append(result)
            print(
                f"{job[0]:7} {job[1]:3} viewers: {result['cores']:.3f} cores, {result['bit_rate'] / 1000:.0f} kbit/s "
                f"and at least {result['least_rate']:.1f} pictures/s each, {result['packets']:.0f} packets/s",
                flush=True,
            )
    cores = {job: statistics.median(result["cores"] for result in results) for job, results in found.items()}
    if ("aiortc", 8) in cores and ("ours", 8) in cores:
        print(f"8 viewers: {cores['ours', 8] / cores['aiortc', 8]:.2f} of aiortc's (target: 0.25)")
    if ("ours", 50) in cores and ("ours", 1) in cores:
        print(f"50 viewers: {cores['ours', 50] / cores['ours', 1]:.2f} times one viewer's (target: 4)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 8, 50])
    parser.add_argument("--view", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--send", choices=["ours", "aiortc"], help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=1, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.view:
        asyncio.run(view())
    elif asked.send:
        asyncio.run(send(asked.send, asked.count, asked.seconds))
    else:
        asyncio.run(compare(asked.seconds, asked.rounds, asked.viewers))


if __name__ == "__main__":
    main()
