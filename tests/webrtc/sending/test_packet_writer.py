"""RTP packets: headers, extensions, history, retransmission; the pacer; reports."""

import asyncio
import itertools

import pytest
from aiortc import rtp
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from hypothesis import given
from hypothesis import strategies as st

from mediastreams.testing import ManualClock
from mediastreams.webrtc.codecs import ABS_SEND_TIME, AUDIO_LEVEL, MID, send_codecs
from mediastreams.webrtc.plans import SendPlan
from mediastreams.webrtc.sending.pacer import Pacer
from mediastreams.webrtc.sending.packet_writer import HeaderExtensions, PacketWriter, SentFrame
from mediastreams.webrtc.sending.reports import goodbye, ntp_of, sender_report

VP8, OPUS = send_codecs("video")[0], send_codecs("audio")[0]
NTP = 0x1234_5678_9ABC_DEF0


def parsed(data, ids):
    known = rtp.HeaderExtensionsMap()
    known.configure(
        RTCRtpParameters(headerExtensions=[RTCRtpHeaderExtensionParameters(id=id, uri=uri) for uri, id in ids.items()])
    )
    return rtp.RtpPacket.parse(data, known)


def writer(codec=VP8, extensions=None, mid="0"):
    made = PacketWriter(1000, 2000)
    made.configure(SendPlan(codec, mid, "me", extensions or {}))
    return made


@given(
    mid_id=st.none() | st.integers(1, 20),
    level_id=st.none() | st.integers(1, 20),
    time_id=st.none() | st.integers(1, 20),
    mid=st.text("abcdefghij0123456789", min_size=1, max_size=20),
    level=st.none() | st.integers(0, 127),
)
def test_aiortc_reads_every_extension_in_either_form(mid_id, level_id, time_id, mid, level):
    ids = {uri: id for uri, id in ((MID, mid_id), (AUDIO_LEVEL, level_id), (ABS_SEND_TIME, time_id)) if id is not None}
    if len(set(ids.values())) < len(ids):
        return
    out = []
    made = writer(OPUS, ids, mid)
    made.send(SentFrame((b"sound",), 5, 5, level), 10, out.append, now=0, ntp=NTP)
    packet = parsed(out[0], ids)
    assert packet.payload == b"sound"
    assert packet.extensions.mid == (mid if mid_id else None)
    assert packet.extensions.audio_level == ((False, 127 if level is None else level) if level_id else None)
    assert packet.extensions.abs_send_time == (NTP >> 14 & 0xFFFFFF if time_id else None)
    assert HeaderExtensions(ids, mid, audio=True).size == len(out[0]) - 12 - 5


def test_numbers_run_on_and_wrap_and_only_a_pictures_last_packet_is_marked():
    made, out = writer(), []
    made._sequence = 0xFFFD
    for stamp in (10, 20):
        made.send(SentFrame((b"a", b"b", b"c"), stamp, 3), 10, out.append, now=0, ntp=0)
    packets = [parsed(data, {}) for data in out]
    assert [packet.sequence_number for packet in packets] == [0xFFFD, 0xFFFE, 0xFFFF, 0, 1, 2]
    assert [packet.marker for packet in packets] == [0, 0, 1] * 2
    assert [packet.timestamp for packet in packets] == [10] * 3 + [20] * 3
    assert (made.packets, made.octets, made.header_octets) == (6, 6, 72)


def test_what_was_not_sent_is_not_counted():
    made, out = writer(), []

    def put(data):
        if len(out) == 2:
            raise ConnectionError
        out.append(data)

    with pytest.raises(ConnectionError):
        made.send(SentFrame((b"a", b"b", b"c"), 1, 3), 10, put, now=0, ntp=0)
    assert (made.packets, made.octets) == (2, 2)
    out.clear()
    made.send(SentFrame((b"d",), 2, 1), 10, out.append, now=0, ntp=0)
    assert parsed(out[0], {}).sequence_number == (made._sequence - 1) & 0xFFFF


@given(counts=st.lists(st.integers(1, 40), min_size=1, max_size=40), start=st.integers(0, 0xFFFF), data=st.data())
def test_any_recent_packet_can_be_sent_again(counts, start, data):
    made, out = writer(), []
    made._sequence = start
    for stamp, count in enumerate(counts):
        made.send(SentFrame(tuple(b"%d" % index for index in range(count)), stamp, 1), 100, out.append, now=0, ntp=0)
    index = data.draw(st.integers(0, len(out) - 1))
    original = parsed(out[index], {})
    again = []
    assert made.repeat(original.sequence_number, again.append, now=0, ntp=0, round_trip=0) > 0
    packet = rtp.unwrap_rtx(parsed(again[0], {}), payload_type=96, ssrc=1000)
    assert (packet.sequence_number, packet.timestamp, packet.marker, packet.payload) == (
        original.sequence_number,
        original.timestamp,
        original.marker,
        original.payload,
    )
    assert parsed(again[0], {}).ssrc == 2000


def test_a_packet_is_not_sent_again_within_a_round_trip():
    made, out, again = writer(), [], []
    made.send(SentFrame((b"a",), 1, 1), 1, out.append, now=0, ntp=0)
    number = parsed(out[0], {}).sequence_number
    sent = [made.repeat(number, again.append, now=at, ntp=0, round_trip=100_000) for at in (0, 50_000, 99_000, 101_000)]
    assert sent == [3, 0, 0, 3]


def test_what_is_old_unsent_or_of_another_codec_is_not_sent_again():
    made, out, again = writer(), [], []
    frame = SentFrame((b"a", b"b"), 1, 2)
    made.send(frame, 1, out.append, now=0, ntp=0)
    first = parsed(out[0], {}).sequence_number
    assert made.repeat(first + 1 & 0xFFFF, again.append, now=0, ntp=0, round_trip=0) == 0
    for at in range(0, 3_000_000, 100_000):
        made.send(SentFrame((b"x",), 2, 1), 1, out.append, now=at, ntp=0)
    assert made.repeat(first, again.append, now=3_000_000, ntp=0, round_trip=0) == 0
    latest = parsed(out[-1], {}).sequence_number
    made.configure(SendPlan(send_codecs("video")[1], "0", "me", {}))
    assert made.repeat(latest, again.append, now=3_000_000, ntp=0, round_trip=0) == 0
    assert not again


def test_without_rtx_a_packet_is_sent_again_as_it_was():
    made, out, again = writer(OPUS), [], []
    made.send(SentFrame((b"a",), 1, 1), 1, out.append, now=0, ntp=0)
    made.repeat(parsed(out[0], {}).sequence_number, again.append, now=0, ntp=0, round_trip=0)
    assert again == out


def test_memory_of_what_was_sent_is_bounded():
    made = writer()
    for stamp in range(500):
        made.send(SentFrame((b"x",) * 20, stamp, 20), 100, lambda data: None, now=0, ntp=0)
    assert made._remembered <= 2048
    assert sum(len(frame.payloads) for frame in made._history) == made._remembered


def frame_of(count):
    return SentFrame((b"x" * 1000,) * count, 0, 1000 * count)


async def test_a_small_frame_leaves_at_once_and_a_large_one_little_by_little():
    made, out, times = writer(), [], []
    loop = asyncio.get_running_loop()

    def put(data):
        out.append(data)
        times.append(loop.time())

    pacer = Pacer(lambda frame, most: made.send(frame, most, put, now=0, ntp=0), on_dropped=lambda: None)
    pacer.rate = 4_000_000
    assert pacer.push(frame_of(5), loop, 0)
    assert len(out) == 5
    assert not len(pacer)
    pacer.push(frame_of(60), loop, 0)
    pacer.push(frame_of(2), loop, 0)
    assert len(out) == 15
    async with asyncio.timeout(5):
        while len(pacer):
            await asyncio.sleep(0.005)
    assert len(out) == 67
    numbers = [parsed(data, {}).sequence_number for data in out]
    assert all((b - a) & 0xFFFF == 1 for a, b in itertools.pairwise(numbers))
    assert times[-1] - times[5] > 0.02  # 50 packets at 10 Mbit/s


async def test_who_cannot_follow_is_dropped_to_the_next_key_frame():
    made, dropped = writer(), []
    loop = asyncio.get_running_loop()
    pacer = Pacer(
        lambda f, most: made.send(f, most, lambda data: None, now=0, ntp=0), on_dropped=lambda: dropped.append(1)
    )
    pacer.rate = 1
    pacer.push(frame_of(500), loop, 0)
    assert pacer.push(frame_of(1), loop, 300_000)
    assert not pacer.push(frame_of(1), loop, 401_000)
    assert dropped == [1]
    assert not len(pacer)
    pacer.push(frame_of(20), loop, 402_000)
    pacer.clear()
    assert pacer._timer is None


async def test_a_connection_that_is_lost_meanwhile_empties_the_pacer():
    dropped, count = [], []

    def send(frame, most):
        count.append(most)
        if len(count) > 1:
            raise ConnectionError
        frame.next += most
        return 1000

    pacer = Pacer(send, on_dropped=lambda: dropped.append(1))
    pacer.push(frame_of(50), asyncio.get_running_loop(), 0)
    await asyncio.sleep(0.05)
    assert dropped == [1]
    assert not len(pacer)


def test_reports_are_read_by_aiortc():
    data = sender_report(7, "näme", ntp=NTP, rtp=2**32 + 5, packets=2**33 + 1, octets=9)
    report, names = rtp.RtcpPacket.parse(data)
    assert report.ssrc == 7
    info = report.sender_info
    assert (info.ntp_timestamp, info.rtp_timestamp, info.packet_count, info.octet_count) == (NTP, 5, 1, 9)
    assert names.chunks[0].ssrc == 7
    assert names.chunks[0].items == [(1, "näme".encode())]
    assert rtp.RtcpPacket.parse(goodbye(7, 8))[0].sources == [7, 8]


@pytest.mark.parametrize("length", range(10))
def test_a_name_of_any_length_is_padded(length):
    _, names = rtp.RtcpPacket.parse(sender_report(1, "x" * length, ntp=0, rtp=0, packets=0, octets=0))
    assert names.chunks[0].items == [(1, b"x" * length)]


def test_ntp_time_runs_with_the_clock():
    clock = ManualClock()
    first = ntp_of(clock, clock.now_ns())
    assert (ntp_of(clock, clock.now_ns() + 1_500_000_000) - first) / 2**32 == pytest.approx(1.5, abs=1e-6)
    from datetime import UTC, datetime

    seconds = (first >> 32) - 2_208_988_800
    assert abs(datetime.now(UTC).timestamp() - seconds) < 10
