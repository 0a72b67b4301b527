"""What an inlet makes of a bad way, of a sender that changes its mind, and of nonsense."""

import asyncio
import random

import pytest
from aiortc.rtp import RtcpPsfbPacket, RtcpRtpfbPacket, RtpPacket
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.webrtc.receiving.peer import H264, OPUS, VP8, Peer, Pictures, Tone, Transport, plan_of

from mediastreams._engine.clock import use_clock
from mediastreams.testing import ManualClock
from mediastreams.webrtc.receiving.inlet import Inlet

__all__ = []

PLI, NACK = 1, 1


class Watched:
    """A track's frames, collected in the background: the brightness of each."""

    def __init__(self, track):
        self.greys, self.frames = [], []
        self._iterator = track.frames(policy="drop-oldest")
        self._task = asyncio.ensure_future(self._collect())

    async def _collect(self):
        async for frame in self._iterator:
            self.frames.append(frame)
            self.greys.append(int(frame.plane(0)[8, 8]))

    async def until(self, condition, seconds=10):
        for _ in range(seconds * 100):
            if condition(self):
                return
            await asyncio.sleep(0.01)
        assert condition(self), shown(self.greys)

    async def close(self):
        self._iterator.close()
        await self._task


@pytest.fixture
async def receive():
    made = []

    def make(*codecs, ssrcs=(1000,), rtx_ssrcs=None):
        inlet, transport = Inlet(codecs[0].kind), Transport()
        watched = Watched(inlet.track)
        made.append((inlet, watched))
        inlet.start(transport, plan_of(*codecs, ssrcs=ssrcs, rtx_ssrcs=rtx_ssrcs))
        return inlet, transport, watched

    yield make
    for inlet, watched in made:
        await inlet.stop()
        await watched.close()


def answering(transport, peer, pictures=None, *, chance=None, delay=0.01):
    """Have the peer heed requests: packets again, and key frames. Returns the list of requests for those."""
    loop, keys = asyncio.get_running_loop(), []

    def heed(packet):
        if isinstance(packet, RtcpRtpfbPacket):
            for number in packet.lost:
                if chance is None or chance.random() > 0.2:
                    loop.call_later(delay, peer.hand_in, [peer.again(number)])
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == PLI:
            keys.append(packet)

    transport.on_rtcp = heed
    return keys


def shown(greys):
    """Greys as numbers, a picture within three of what was drawn."""
    numbers = {Pictures.grey(number): number for number in range(25)}
    return [next((number for grey, number in numbers.items() if abs(grey - one) <= 3), None) for one in greys]


@pytest.mark.parametrize("rtx_ssrc", [None, 2000])
async def test_a_lost_packet_is_asked_for_and_no_picture_is_missing(receive, rtx_ssrc):
    inlet, transport, watched = receive(VP8, rtx_ssrcs={2000: 1000})
    peer, pictures = Peer(inlet, VP8, rtx_ssrc=rtx_ssrc), Pictures()
    answering(transport, peer)
    for number in range(20):
        packets = peer.packets(pictures.frame(number), 3000)
        if number not in {5, 6, 12}:
            peer.hand_in(packets)
        await asyncio.sleep(0.02)
    await watched.until(lambda one: len(one.greys) == 20)
    assert shown(watched.greys) == list(range(20))
    assert [packet.lost for packet in transport.of_kind(RtcpRtpfbPacket)] == [[(65_505) & 0xFFFF, 65_506], [65_512]]
    assert not transport.of_kind(RtcpPsfbPacket)
    inbound = inlet.stats()[0]
    assert inbound["nack_count"] == 2
    assert inbound["retransmitted_packets_received"] == (3 if rtx_ssrc else 0)


async def test_what_is_lost_for_good_is_followed_by_a_key_frame_that_was_asked_for(receive):
    inlet, transport, watched = receive(VP8)
    peer, pictures = Peer(inlet, VP8), Pictures()
    keys = []
    transport.on_rtcp = lambda packet: keys.append(packet) if isinstance(packet, RtcpPsfbPacket) else None
    served = 0
    for number in range(25):
        key, served = len(keys) > served, len(keys)
        packets = peer.packets(pictures.frame(number, key=key), 3000)
        if number != 5:
            peer.hand_in(packets)
        await asyncio.sleep(0.05)
    await watched.until(lambda one: one.greys and shown(one.greys)[-1] == 24)
    numbers = shown(watched.greys)
    assert len(keys) == 1
    assert numbers[:5] == [0, 1, 2, 3, 4]
    assert numbers == sorted(numbers)
    assert None not in numbers  # no picture is shown that refers to what was lost
    assert inlet.stats()[0]["pli_count"] == 1


async def test_pictures_keep_coming_with_one_packet_in_five_lost_both_ways(receive):
    chance = random.Random(3)
    inlet, transport, watched = receive(VP8, rtx_ssrcs={2000: 1000})
    peer, pictures = Peer(inlet, VP8, rtx_ssrc=2000), Pictures()
    keys = answering(transport, peer, chance=chance)
    served = 0
    for number in range(25 * 4):
        key, served = len(keys) > served, len(keys)
        for packet in peer.packets(pictures.frame(number % 25, key=key), 3000):
            if chance.random() > 0.2:
                peer.hand_in([packet])
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    assert len(watched.greys) >= 90
    assert None not in shown(watched.greys)
    stream = inlet._current
    assert len(stream.assembly) < 50
    assert len(stream.missing) < 50


async def test_a_packet_is_waited_for_as_long_as_the_receiver_wishes(receive):
    inlet, _, watched = receive(VP8)
    peer, pictures = Peer(inlet, VP8), Pictures()
    inlet.set_jitter_target(3000)
    peer.hand_in(peer.packets(pictures.frame(0), 3000))
    late = peer.packets(pictures.frame(1), 3000)
    peer.hand_in(peer.packets(pictures.frame(2), 3000))
    await asyncio.sleep(1)  # by itself it would have been given up
    peer.hand_in(late)
    await watched.until(lambda one: len(one.greys) == 3)
    assert shown(watched.greys) == [0, 1, 2]


async def test_packets_out_of_order_and_twice_are_no_loss(receive):
    chance = random.Random(5)
    inlet, transport, watched = receive(VP8)
    peer, pictures = Peer(inlet, VP8), Pictures(width=320, height=240)
    waiting = []
    for number in range(25):
        waiting += peer.packets(pictures.frame(number), 3000)
        if number % 3 == 2 or number == 24:
            first, *rest = waiting
            chance.shuffle(rest)
            peer.hand_in([first, *rest, first])
            waiting = []
        await asyncio.sleep(0.02)
    await watched.until(lambda one: len(one.greys) == 25)
    assert shown(watched.greys) == list(range(25))
    assert not transport.of_kind(RtcpPsfbPacket)


async def test_pictures_that_cannot_be_decoded_are_answered_by_one_request(receive):
    inlet, transport, watched = receive(VP8)
    peer, pictures = Peer(inlet, VP8), Pictures()
    peer.hand_in(peer.packets(pictures.frame(0), 3000))
    for _ in range(5):
        peer.hand_in(peer.packets(b"\x11" + bytes(30), 3000))
        await asyncio.sleep(0.02)
    assert len(transport.of_kind(RtcpPsfbPacket)) <= 1
    peer.hand_in(peer.packets(pictures.frame(1, key=True), 3000))
    peer.hand_in(peer.packets(pictures.frame(2), 3000))
    await watched.until(lambda one: shown(one.greys)[-2:] == [1, 2])


async def test_another_codec_in_mid_stream_goes_on_at_its_key_frame(receive):
    inlet, _, watched = receive(VP8, H264)
    peer, pictures = Peer(inlet, VP8), Pictures()
    for number in range(5):
        peer.hand_in(peer.packets(pictures.frame(number), 3000))
        await asyncio.sleep(0.02)
    peer.codec, pictures = H264, Pictures(H264, 128, 96)
    for number in range(5, 10):
        peer.hand_in(peer.packets(pictures.frame(number), 3000))
        await asyncio.sleep(0.02)
    await watched.until(lambda one: len(one.greys) == 10)
    assert shown(watched.greys) == list(range(10))
    assert inlet.track.get_settings().width == 128
    assert [one["mime_type"] for one in inlet.stats() if one["type"] == "codec"] == ["video/H264"]


async def test_another_source_is_followed_when_it_was_announced_or_the_first_is_silent(receive):
    inlet, _, watched = receive(VP8, ssrcs=(1000, 3000))
    first, second = Peer(inlet, VP8), Peer(inlet, VP8, ssrc=3000, sequence=7, timestamp=99)
    stranger, pictures = Peer(inlet, VP8, ssrc=4000, sequence=70, timestamp=5), [Pictures() for _ in range(3)]
    for number in range(3):
        first.hand_in(first.packets(pictures[0].frame(number), 3000))
        stranger.hand_in(stranger.packets(pictures[1].frame(20), 3000))
        await asyncio.sleep(0.02)
    for number in range(3, 6):
        second.hand_in(second.packets(pictures[2].frame(number), 3000))
        await asyncio.sleep(0.02)
    await watched.until(lambda one: len(one.greys) == 6)
    assert shown(watched.greys) == list(range(6))
    await asyncio.sleep(0.35)
    stranger.hand_in(stranger.packets(pictures[1].frame(7, key=True), 3000))
    await watched.until(lambda one: len(one.greys) == 7)
    assert {source.source for source in inlet.sources()} == {1000, 3000, 4000}
    times = [frame.timestamp for frame in watched.frames]
    assert times == sorted(set(times))


async def test_a_hundred_sources_are_not_remembered(receive):
    inlet, _, _ = receive(VP8, ssrcs=range(1, 200))
    key_frame = Pictures().frame(1)
    for ssrc in range(1, 100):
        peer = Peer(inlet, VP8, ssrc=ssrc)
        peer.hand_in(peer.packets(key_frame, 3000))
        await asyncio.sleep(0)
    assert len(inlet._streams) <= 8
    assert len(inlet._shared._media) <= 8


async def test_a_size_that_changes_is_told(receive):
    inlet, _, watched = receive(VP8)
    peer = Peer(inlet, VP8)
    changes = []
    inlet.track.add_event_listener(
        "configurationchange", lambda event: changes.append(inlet.track.get_settings().width)
    )
    for width in (64, 128):
        pictures = Pictures(width=width, height=48)
        for number in range(4):
            peer.hand_in(peer.packets(pictures.frame(number), 3000))
            await asyncio.sleep(0.02)
    await watched.until(lambda one: len(one.frames) == 8)
    await asyncio.sleep(0.05)
    assert [frame.coded_width for frame in watched.frames] == [64] * 4 + [128] * 4
    assert changes[-1] == 128
    assert inlet.stats()[0]["frame_width"] == 128


async def test_silence_mutes_and_media_unmutes():
    with use_clock(ManualClock()) as clock:
        inlet, transport = Inlet("video"), Transport()
        log = []
        for name in ("mute", "unmute", "ended"):
            inlet.track.add_event_listener(name, lambda event: log.append((event.type, clock.now_us() // 100_000)))
        inlet.start(transport, plan_of(VP8))
        peer, pictures = Peer(inlet, VP8), Pictures()
        with inlet.track.frames():
            for number in range(10):
                peer.hand_in(peer.packets(pictures.frame(number), 9000))
                await clock.advance(0.1)
            began = log[0][1]
            await clock.advance(5)
            peer.hand_in(peer.packets(pictures.frame(10), 9000))
            await clock.advance(0.1)
            peer.goodbye()
            await clock.advance(0.1)
            peer.hand_in(peer.packets(pictures.frame(11, key=True), 9000))
            await clock.advance(0.1)
            inlet.set_active(False)
            await clock.advance(0.1)
            peer.hand_in(peer.packets(pictures.frame(12), 9000))
            await clock.advance(0.1)
            await inlet.stop()
        await clock.advance(0.1)
    assert [(name, at - began) for name, at in log[:3]] == [("unmute", 0), ("mute", 29), ("unmute", 60)]
    assert [name for name, _ in log[3:]] == ["mute", "unmute", "mute", "ended"]


async def test_while_not_connected_nothing_is_sent_and_nothing_breaks(receive):
    inlet, transport, watched = receive(VP8)
    transport.connected = False
    peer, pictures = Peer(inlet, VP8), Pictures()
    for number in range(6):
        packets = peer.packets(pictures.frame(number, key=number == 3), 3000)
        if number != 2:
            peer.hand_in(packets)
        await asyncio.sleep(0.02)
    await watched.until(lambda one: len(one.greys) == 5)
    assert transport.sent == []
    assert inlet.stats()[0]["nack_count"] == 0


async def test_nobody_who_looks_nothing_is_decoded_and_who_comes_gets_a_key_frame():
    inlet, transport = Inlet("video"), Transport()
    inlet.start(transport, plan_of(VP8, ssrcs=(1000,)))
    peer, pictures = Peer(inlet, VP8), Pictures()
    keys = answering(transport, peer)
    for number in range(10):
        peer.hand_in(peer.packets(pictures.frame(number), 3000))
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert not inlet.track.muted
    assert inlet.track.get_settings().width == 64
    assert inlet.stats()[0]["frames_decoded"] == 1  # which told the size
    assert not keys
    watched = Watched(inlet.track)
    served = 0
    for number in range(10, 20):
        key, served = len(keys) > served, len(keys)
        peer.hand_in(peer.packets(pictures.frame(number, key=key), 3000))
        await asyncio.sleep(0.02)
    await watched.until(lambda one: one.greys and shown(one.greys)[-1] == 19)
    assert len(keys) == 1
    await watched.close()
    await inlet.stop()


async def test_a_track_that_was_stopped_costs_nothing_more():
    inlet, transport = Inlet("audio"), Transport()
    inlet.start(transport, plan_of(OPUS))
    peer, tone = Peer(inlet, OPUS), Tone()
    with inlet.track.frames():
        for _ in range(5):
            peer.hand_in(peer.packets(tone.packet(), 960))
        await asyncio.sleep(0.1)
        inlet.track.stop()
        await asyncio.sleep(0.2)
        before = inlet._decoding.figures.frames_received
        for _ in range(50):
            peer.hand_in(peer.packets(tone.packet(), 960))
        assert inlet._decoding.figures.frames_received == before
    await inlet.stop()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.builds(
            RtpPacket,
            st.sampled_from([96, 97, 102, 103, 111, 0, 127]),
            st.integers(0, 1),
            st.integers(0, 65_535),
            st.integers(0, (1 << 32) - 1),
            st.sampled_from([1000, 2000, 3000, 4000]),
            st.binary(max_size=40),
        ),
        max_size=60,
    ),
    st.sampled_from(["video", "audio"]),
)
def test_garbage_is_survived(packets, kind):
    async def run():
        inlet, transport = Inlet(kind), Transport()
        codecs = (VP8, H264) if kind == "video" else (OPUS,)
        inlet.start(transport, plan_of(*codecs, ssrcs=(1000, 3000), rtx_ssrcs={2000: 1000}))
        with inlet.track.frames():
            for packet in packets:
                inlet.handle_rtp(packet, inlet._clock.now_ns())
            inlet.handle_rtcp(object())
            await asyncio.sleep(0.02)
            inlet.stats()
            inlet.sources()
            await inlet.stop()

    asyncio.run(run())
