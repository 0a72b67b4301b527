"""Packets in, a track out."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest
from aiortc.rtp import RtcpPsfbPacket, RtcpRrPacket
from tests.webrtc.receiving.peer import OPUS, VP8, Peer, Pictures, Tone, Transport, plan_of

from mediastreams.webrtc.receiving.inlet import Inlet

__all__ = []


@pytest.fixture
async def receive():
    """An inlet for a codec, and what it sends."""
    inlets = []

    def make(*codecs, ssrcs=(), rtx_ssrcs=None):
        inlet, transport = Inlet(codecs[0].kind), Transport()
        inlets.append(inlet)
        inlet.start(transport, plan_of(*codecs, ssrcs=ssrcs, rtx_ssrcs=rtx_ssrcs))
        return inlet, transport

    yield make
    for inlet in inlets:
        await inlet.stop()


async def send_pictures(peer, pictures, count, *, rate=100, first=0):
    for number in range(first, first + count):
        peer.hand_in(peer.packets(pictures.frame(number), 90_000 // rate))
        await asyncio.sleep(1 / rate)


async def test_pictures_come_out_as_they_were_sent_with_their_times(receive):
    inlet, transport = receive(VP8)
    peer, pictures = Peer(inlet, VP8), Pictures()
    frames = inlet.track.frames(policy="drop-oldest")
    assert inlet.track.muted
    assert inlet.track.label == "remote video"
    await send_pictures(peer, pictures, 30)
    got = [await anext(frames) for _ in range(30)]
    unmuted = not inlet.track.muted
    steps = [b.timestamp - a.timestamp for a, b in pairwise(got)]
    assert unmuted
    assert all(9_000 <= step <= 11_000 for step in steps)
    stamps = [frame.metadata()["rtp_timestamp"] for frame in got]
    assert stamps[0] == 0xFFFF_0000
    assert all((b - a) % (1 << 32) == 900 for a, b in pairwise(stamps))
    assert got[5].metadata()["receive_time"] >= got[5].metadata()["capture_time"]
    settings = inlet.track.get_settings()
    assert (settings.width, settings.height) == (64, 48)
    assert not transport.of_kind(RtcpPsfbPacket)


async def test_sound_that_is_lost_is_made_up_for(receive):
    inlet, _ = receive(OPUS)
    peer, tone = Peer(inlet, OPUS), Tone()
    sounds = inlet.track.frames()
    for number in range(40):
        packets = peer.packets(tone.packet(), 960)
        if number % 10 != 5:
            peer.hand_in(packets)
        await asyncio.sleep(0.02)
    got = [await anext(sounds) for _ in range(40)]
    assert all(b.timestamp - a.timestamp == 20_000 for a, b in pairwise(got))
    loudness = [float(np.abs(one.to_ndarray()).max()) for one in got[2:]]
    assert min(loudness) > 0.2
    (inbound, codec) = inlet.stats()
    assert inbound["packets_lost"] == 4
    assert inbound["concealed_samples"] == 4 * 960
    assert codec["mime_type"] == "audio/opus"


async def test_the_track_ends_with_the_receiver(receive):
    inlet, transport = receive(VP8)
    peer, pictures = Peer(inlet, VP8), Pictures()
    ended = asyncio.ensure_future(inlet.track.wait_for("ended", timeout=5))
    await send_pictures(peer, pictures, 3)
    await inlet.stop()
    await ended
    await inlet.stop()
    assert inlet.track.ready_state == "ended"
    assert inlet not in transport.users


async def test_reports_tell_the_sender_what_was_lost(receive):
    inlet, transport = receive(OPUS)
    peer, tone = Peer(inlet, OPUS), Tone()
    while not transport.of_kind(RtcpRrPacket):
        packets = peer.packets(tone.packet(), 960)
        if peer.sent % 4:
            peer.hand_in(packets)
        await asyncio.sleep(0.01)
    (report,) = transport.of_kind(RtcpRrPacket)[0].reports
    assert report.ssrc == 1000
    assert 50 <= report.fraction_lost <= 75
    assert report.packets_lost > 0


async def test_sound_whose_times_run_ahead_of_its_samples_is_cut_and_that_which_they_leave_out_is_a_gap(receive):
    inlet, _ = receive(OPUS)
    peer, tone = Peer(inlet, OPUS), Tone()
    sounds = inlet.track.frames()
    for number in range(60):
        peer.hand_in(peer.packets(tone.packet(), 960))
        if number == 50:
            peer.timestamp += 4800  # the sender left something out
            await asyncio.sleep(0.1)
        if not 10 <= number < 15:  # the way gets shorter by 100 ms
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    await inlet.stop()
    got = [one async for one in sounds]
    ends = [one.timestamp + one.duration for one in got]
    apart = [b.timestamp - end for b, end in zip(got[1:], ends, strict=False)]
    assert min(apart) >= -500
    gaps = [(one.gap, away) for one, away in zip(got[1:], apart, strict=True) if one.gap]
    assert len(gaps) == 1
    assert 4000 < gaps[0][0] < 5000
    assert sum(one.number_of_frames < 960 for one in got) >= 10
