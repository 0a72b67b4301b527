"""A call over a bad network: media come back, nothing grows, statistics tell."""

import asyncio
import contextlib
import gc
import statistics
import threading
import time
import tracemalloc
from itertools import pairwise

import pytest
from tests.virtual.bad_link import BadLink, connect_over, negotiate_over
from tests.webrtc.pairs import until

import mediastreams as ms
from mediastreams.testing import read_counter
from mediastreams.webrtc import RTCIceTransport, RTCPeerConnection
from mediastreams.webrtc.transport.ice_generation import Timing

__all__ = []

pytestmark = pytest.mark.may_block(reason="encoders and decoders of a busy machine")


class Call:
    """A fake camera and microphone, seen and heard at the far end. ``pictures``: (time, number, timestamp)."""

    def __init__(self, stream, near, far, tracks):
        self.stream, self.near, self.far = stream, near, far
        self.video = next(track for track in tracks if track.kind == "video")
        self.audio = next(track for track in tracks if track.kind == "audio")
        self.pictures, self.sounds = [], []

    async def see(self):
        with self.video.frames() as frames:
            async for frame in frames:
                with contextlib.suppress(ValueError):  # too few bits for so small a number: no picture to judge by
                    number = await asyncio.to_thread(lambda frame=frame: read_counter(frame.to_ndarray("rgb24")))
                    self.pictures.append((time.monotonic(), number, frame.timestamp))

    async def hear(self):
        with self.audio.frames() as frames:
            async for sound in frames:
                self.sounds.append((time.monotonic(), sound.timestamp, sound.number_of_frames))

    def inlet(self, kind):
        return next(one._inlet for one in self.far.get_receivers() if one.track.kind == kind)

    async def inbound(self, kind):
        report = await self.far.get_stats()
        return next(one for one in report.values() if one["type"] == "inbound-rtp" and one["kind"] == kind)

    def since(self, began):
        return [one for one in self.pictures if one[0] >= began]


@pytest.fixture
async def link():
    made = BadLink()
    yield made
    made.close()


@pytest.fixture
async def call(link):
    """Connected over the link, watched."""
    devices = ms.MediaDevices(backends=["fake"])
    async with (
        devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True) as stream,
        RTCPeerConnection() as near,
        RTCPeerConnection() as far,
    ):
        tracks = []
        far.ontrack = lambda event: tracks.append(event.track)
        for track in stream.get_tracks():
            near.add_track(track, stream)
        await connect_over(link, near, far)
        made = Call(stream, near, far, tracks)
        tasks = [asyncio.ensure_future(made.see()), asyncio.ensure_future(made.hear())]
        for _ in range(400):
            if len(made.pictures) >= 10 and len(made.sounds) >= 10:
                break
            await asyncio.sleep(0.05)
        yield made
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def longest_pause(times):
    return max((b - a for a, b in pairwise(times)), default=float("inf"))


@pytest.mark.parametrize(("loss", "pause"), [(0.05, 1.0), (0.2, 2.5)])
async def test_pictures_and_sound_keep_coming_over_a_link_that_loses(call, link, loss, pause):
    link.delay, link.loss = 0.02, loss
    began = time.monotonic()
    before = len(call.sounds)
    await asyncio.sleep(4)
    seen = call.since(began)
    numbers = [number for _, number, _ in seen]
    assert len(seen) > 40
    assert numbers == sorted(numbers)
    assert longest_pause([at for at, *_ in seen]) < pause
    video, audio = await call.inbound("video"), await call.inbound("audio")
    assert video["packets_lost"] > 0
    assert video["nack_count"] > 0
    assert video["retransmitted_packets_received"] > 0
    assert audio["packets_lost"] > 0
    assert audio["concealed_samples"] > 0
    heard = call.sounds[before:]
    span = heard[-1][1] - heard[0][1]
    assert span > 2_500_000
    assert sum(length for *_, length in heard) / 48_000 > 0.85 * span / 1e6  # most of what is lost is made up for
    assert not call.video.muted


async def test_jitter_and_packets_out_of_order_and_twice_are_no_trouble(call, link):
    link.delay, link.jitter, link.twice = 0.01, 0.04, 0.1
    began = time.monotonic()
    await asyncio.sleep(4)
    seen = call.since(began)
    numbers, stamps = [one[1] for one in seen], [one[2] for one in seen]
    assert len(seen) > 60
    assert numbers == sorted(numbers)
    assert stamps == sorted(set(stamps))
    errors = [(b[2] - a[2]) / 1e6 - (b[1] - a[1]) / 30 for a, b in pairwise(seen[30:])]
    assert statistics.quantiles([abs(one) for one in errors], n=20)[-1] < 0.005  # the jitter is not in the times
    video = await call.inbound("video")
    assert video["jitter"] > 0.002
    assert video["pli_count"] <= 2


async def test_a_link_that_dies_and_returns_mutes_and_unmutes(call, link):
    muted = [asyncio.ensure_future(track.wait_for("mute", timeout=15)) for track in (call.video, call.audio)]
    link.cut = True
    await asyncio.gather(*muted)
    await asyncio.sleep(1)
    link.cut = False
    returned = time.monotonic()
    await asyncio.gather(*(track.wait_for("unmute", timeout=20) for track in (call.video, call.audio)))
    await asyncio.sleep(2)
    seen = call.since(returned)
    assert len(seen) > 30
    heard = [one for one in call.sounds if one[0] >= returned]
    assert len(heard) > 60
    for now, _, stamp in seen[-10:]:
        assert abs(time.monotonic() * 1e6 - stamp - (time.monotonic() - now) * 1e6 - _clock_offset()) < 1_000_000
    assert (await call.inbound("video"))["total_freezes_duration"] < 2  # muted is not frozen


def encoders():
    return [one.name for one in threading.enumerate() if "send-vp8" in one.name]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(RTCIceTransport, "_timing", Timing(10, 0.2, 1.0, 2.5))


async def test_a_way_that_failed_for_good_is_made_anew_under_the_same_tracks(impatient, call, link):
    near, far, sender = call.near, call.far, call.near.get_senders()[0]
    senders, receivers, transceivers = near.get_senders(), far.get_receivers(), far.get_transceivers()
    muted = [asyncio.ensure_future(track.wait_for("mute", timeout=15)) for track in (call.video, call.audio)]
    link.cut = True
    async with asyncio.timeout(20):
        for connection in (near, far):
            while connection.connection_state != "failed":
                await connection.wait_for("connectionstatechange")
    await asyncio.gather(*muted)
    await until(lambda: not encoders())
    before = [await call.inbound("video"), await call.inbound("audio")]
    sent = {one["id"]: one for one in (await sender.get_stats()).values() if one["type"] == "outbound-rtp"}
    link.cut = False
    for _ in range(50):
        await asyncio.sleep(0.02)
        assert not encoders()  # nothing is encoded for nobody, not even a picture now and then
    assert near.connection_state == "failed"  # the peer's consent is gone: not by itself
    assert (await call.inbound("video"))["packets_received"] == before[0]["packets_received"]
    unmuted = [asyncio.ensure_future(track.wait_for("unmute", timeout=20)) for track in (call.video, call.audio)]
    near.restart_ice()
    await near.wait_for("negotiationneeded", timeout=2)
    await negotiate_over(link, near, far)
    await asyncio.gather(*unmuted)
    returned = time.monotonic()
    await asyncio.sleep(2)
    assert len(call.since(returned)) > 20
    assert len([one for one in call.sounds if one[0] >= returned]) > 40
    assert (near.get_senders(), far.get_receivers(), far.get_transceivers()) == (senders, receivers, transceivers)
    assert [one.track for one in receivers] == sorted(
        (call.video, call.audio), key=[one.track for one in receivers].index
    )
    for old in before:
        new = await call.inbound(old["kind"])
        assert (new["id"], new["ssrc"]) == (old["id"], old["ssrc"])
        assert new["packets_received"] > old["packets_received"]
    report = await sender.get_stats()
    assert all(report[name]["packets_sent"] > one["packets_sent"] for name, one in sent.items())
    assert sent


def _clock_offset():
    from mediastreams._engine.clock import get_clock

    return time.monotonic() * 1e6 - get_clock().now_us()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("halves", [8, pytest.param(240, marks=pytest.mark.soak)])
async def test_a_long_bad_time_makes_nothing_grow(call, link, halves):
    link.delay, link.jitter, link.loss, link.twice = 0.03, 0.05, 0.1, 0.05

    def waiting():
        inlets = [call.inlet("video"), call.inlet("audio")]
        return sum(
            len(one._current.assembly or ())
            + len(one._current.sounds)
            + len(one._current.missing)
            + len(one._decoding._queue)
            for one in inlets
        )

    most = 0
    for round_ in range(halves):
        link.cut = round_ % 8 == 5  # half a second now and then
        await asyncio.sleep(0.5)
        most = max(most, waiting())
    link.cut = False
    assert most < 600
    link.jitter = link.loss = link.twice = 0.0
    await until(lambda: waiting() < 20, seconds=2.5)
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        link.loss, link.jitter = 0.1, 0.05
        await asyncio.sleep(2.5)
        call.pictures.clear()
        call.sounds.clear()
        link.loss = link.jitter = 0.0
        await asyncio.sleep(1)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 2_000_000
