"""Whom packets are for."""

import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    HeaderExtensions,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
)

from mediastreams.webrtc.plans import Codec, ReceivePlan, SendPlan
from mediastreams.webrtc.transport import packet_router
from mediastreams.webrtc.transport.packet_router import PacketRouter

VP8 = Codec("video/VP8", 90000, 96, rtx=97)
OPUS = Codec("audio/opus", 48000, 111, 2)
MID = {"urn:ietf:params:rtp-hdrext:sdes:mid": 4}


class User:
    ssrc, rtx_ssrc = 1, 2

    def handle_rtcp(self, packet):
        """Routers only route."""


def plan(codec, mid, ssrcs=(), repeats=None):
    return ReceivePlan((codec,), mid, MID, 9, ssrcs, repeats or {})


def packet(ssrc, payload_type, mid=None):
    made = RtpPacket(ssrc=ssrc, payload_type=payload_type)
    made.extensions = HeaderExtensions(mid=mid)
    return made


@pytest.fixture
def router():
    return PacketRouter()


def test_what_was_announced_is_known_by_its_number(router):
    video, audio = User(), User()
    router.add_inlet(video, plan(VP8, "0", (10,), {11: 10}))
    router.add_inlet(audio, plan(OPUS, "1", (20,)))
    assert router.route_rtp(packet(10, 96)) is video
    assert router.route_rtp(packet(11, 97)) is video
    assert router.route_rtp(packet(20, 111)) is audio
    assert set(router.inlets) == {video, audio}


def test_what_was_not_is_known_by_its_mid_or_its_payload_type_and_remembered(router):
    video, audio, second = User(), User(), User()
    router.add_inlet(video, plan(VP8, "0"))
    router.add_inlet(audio, plan(OPUS, "1"))
    assert router.route_rtp(packet(7, 111)) is audio
    router.add_inlet(second, plan(VP8, "2"))
    assert router.route_rtp(packet(30, 96)) is None  # two could be meant
    assert router.route_rtp(packet(30, 96, mid="2")) is second
    assert router.route_rtp(packet(30, 96)) is second
    assert router.route_rtp(packet(30, 96, mid="0")) is video  # it has moved
    assert router.route_rtp(packet(31, 96, mid="other")) is None
    assert router.route_rtp(packet(32, 5)) is None


def test_a_new_plan_replaces_the_old_one(router):
    inlet = User()
    router.add_inlet(inlet, plan(VP8, "0", (10,)))
    router.add_inlet(inlet, plan(VP8, "0", (10,)))
    router.add_inlet(inlet, plan(OPUS, "0", (12,)))
    assert router.route_rtp(packet(10, 96)) is None
    assert router.route_rtp(packet(12, 111)) is inlet
    router.remove(inlet)
    router.remove(inlet)
    assert router.route_rtp(packet(12, 111)) is None
    assert router.inlets == ()


def test_a_peer_that_invents_sources_is_not_followed_for_ever(router, monkeypatch):
    monkeypatch.setattr(packet_router, "_MOST_SSRCS", 3)
    inlet = User()
    router.add_inlet(inlet, plan(VP8, "0"))
    for ssrc in range(10):
        assert router.route_rtp(packet(ssrc, 96)) is inlet
    assert len(router._by_ssrc) == 3


def test_reports_go_to_those_they_are_about(router):
    inlet, outlet, other = User(), User(), User()
    other.ssrc, other.rtx_ssrc = 5, 6
    router.add_inlet(inlet, plan(VP8, "0", (10,)))
    for sender in (outlet, other):
        router.add_outlet(sender, SendPlan(VP8, "0", "c", MID))
    info = RtcpSenderInfo(0, 0, 0, 0)

    def about(ssrc):
        return RtcpReceiverInfo(ssrc, 0, 0, 0, 0, 0, 0)

    assert router.route_rtcp(RtcpSrPacket(10, info, [about(1), about(2), about(5)])) == [inlet, outlet, other]
    assert router.route_rtcp(RtcpRrPacket(10, [about(1)])) == [outlet]
    assert router.route_rtcp(RtcpByePacket([10, 99])) == [inlet]
    assert router.route_rtcp(RtcpSdesPacket([RtcpSourceInfo(10, [])])) == [inlet]
    assert router.route_rtcp(RtcpRtpfbPacket(RTCP_RTPFB_NACK, 10, 5, [1])) == [other]
    assert router.route_rtcp(RtcpPsfbPacket(RTCP_PSFB_PLI, 10, 1, b"")) == [outlet]
    assert router.route_rtcp(RtcpPsfbPacket(RTCP_PSFB_APP, 10, 0, pack_remb_fci(1000, [1, 5]))) == [outlet, other]
    assert router.route_rtcp(RtcpPsfbPacket(RTCP_PSFB_APP, 10, 0, b"else")) == []
    router.remove(outlet)
    assert router.route_rtcp(RtcpRrPacket(10, [about(1), about(2)])) == []
