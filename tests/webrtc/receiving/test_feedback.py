"""What a receiver tells the sender, as the sender reads it."""

import pytest
from aiortc.rtp import RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket, RtpPacket, unpack_remb_fci
from hypothesis import given
from hypothesis import strategies as st
from tests.webrtc.receiving.peer import Transport

from mediastreams.webrtc.receiving.feedback import Feedback

__all__ = []


def feedback():
    made = Feedback()
    made.transport, made.ssrc = Transport(), 7
    return made, made.transport


@given(st.sets(st.integers(65_000, 67_000), min_size=1, max_size=600))
def test_packets_are_asked_for_across_the_wrap_around(places):
    made, transport = feedback()
    made.ask_for_packets(1000, sorted(places))
    asked = [number for packet in transport.sent for number in packet.lost]
    assert sorted(asked) == sorted(place & 0xFFFF for place in places)
    assert {(packet.ssrc, packet.media_ssrc) for packet in transport.sent} == {(7, 1000)}
    assert made.nacks == len(transport.sent)
    assert all(len(bytes(packet)) < 1200 for packet in transport.sent)


def test_nothing_to_ask_for_is_not_asked():
    made, transport = feedback()
    made.ask_for_packets(1000, [])
    assert transport.sent == []


def test_a_key_frame_is_asked_for():
    made, transport = feedback()
    assert made.ask_for_key(1000)
    (packet,) = transport.of_kind(RtcpPsfbPacket, 1)
    assert packet.media_ssrc == 1000
    assert made.plis == 1


def test_a_report_goes_through_as_it_is():
    made, transport = feedback()
    block = RtcpReceiverInfo(1000, 3, -5, 70_000, 12, 99, 65_536)
    made.report([block])
    (packet,) = transport.of_kind(RtcpRrPacket)
    assert packet.reports == [block]


def test_the_rate_that_a_link_bears_is_estimated_and_told():
    made, transport = feedback()
    for number in range(600):  # 1 Mbit/s, steadily
        packet = RtpPacket(96, 0, number & 0xFFFF, number * 900, 1000, bytes(1250))
        at = 100_000 + number * 10
        packet.extensions.abs_send_time = (at << 18) // 1000 & 0xFFFFFF
        made.estimate(packet, at)
    told = [unpack_remb_fci(packet.fci) for packet in transport.of_kind(RtcpPsfbPacket, 15)]
    assert told
    bit_rate, ssrcs = told[-1]
    assert ssrcs == [1000]
    assert 800_000 < bit_rate < 2_000_000


def test_packets_without_the_time_of_sending_are_no_trouble():
    made, transport = feedback()
    made.estimate(RtpPacket(96, 0, 1, 1, 1000, b"x"), 5)
    assert transport.sent == []


@pytest.mark.parametrize("connected", [True, False])
def test_while_nothing_can_be_sent_nothing_counts(connected):
    made, transport = feedback()
    transport.connected = False
    if not connected:
        made.transport = None
    made.ask_for_packets(1000, [1, 2])
    assert not made.ask_for_key(1000)
    made.report([])
    assert (made.nacks, made.plis, transport.sent) == (0, 0, [])
