"""An outlet over a transport without a network: what a peer would see."""

import asyncio
import itertools
import statistics

import av
import pytest
from aiortc import rtp
from tests.webrtc.sending.loopback import (
    Loopback,
    decoded,
    full_intra,
    not_received,
    picture_loss,
    plan_for,
    receiver_report,
)

from mediastreams.webrtc.codecs import send_codecs
from mediastreams.webrtc.rtp.formats import format_of
from mediastreams.webrtc.sending.outlet import Outlet


@pytest.mark.parametrize(
    ("name", "number"), [("vp8", 0), ("vp9", 0), ("av1", 0), *(("h264", number) for number in range(6))]
)
async def test_pictures_of_every_codec_arrive(stream, sending, name, number):
    outlet, transport = sending(stream.get_video_tracks()[0], name, number)
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= 12)
    frames = transport.frames(outlet.ssrc)
    assert format_of(name).is_key(format_of(name).depacketize(frames[0][1]))
    shown = decoded(name, frames)
    assert len(shown) == len(frames)
    assert {(frame.width, frame.height) for frame in shown} == {(320, 240)}
    steps = [(b - a) & 0xFFFFFFFF for (a, _), (b, _) in itertools.pairwise(frames[2:])]
    assert all(2990 <= step <= 3010 or step >= 5990 for step in steps)
    numbers = [packet.sequence_number for packet in transport.packets]
    assert all(b - a == 1 for a, b in itertools.pairwise(numbers))
    assert {packet.payload_type for packet in transport.packets} == {
        [codec for codec in send_codecs("video") if codec.name == name][number].payload_type
    }


@pytest.mark.parametrize(("name", "step"), [("opus", 960), ("g722", 160), ("pcmu", 160), ("pcma", 160)])
async def test_sound_of_every_codec_arrives(stream, sending, name, step):
    _, transport = sending(stream.get_audio_tracks()[0], name)

    def beeped():
        return any(packet.extensions.audio_level[1] < 60 for packet in transport.packets)

    await transport.until(lambda: len(transport.packets) >= 60 and beeped())  # the fake one beeps once a second
    stamps = [packet.timestamp for packet in transport.packets]
    steps = [(b - a) & 0xFFFFFFFF for a, b in itertools.pairwise(stamps)]
    assert statistics.median(steps) == step
    assert min(steps) == step  # more where the machine was held up, and the microphone lost sound
    assert not any(packet.marker for packet in transport.packets)
    decoder = av.CodecContext.create({"pcmu": "pcm_mulaw", "pcma": "pcm_alaw"}.get(name, name), "r")
    decoder.sample_rate = {"opus": 48_000, "g722": 16_000}.get(name, 8_000)
    decoder.layout = "stereo" if name == "opus" else "mono"
    loudest = 0.0
    for packet in transport.packets:
        for frame in decoder.decode(av.Packet(packet.payload)):
            samples = frame.to_ndarray()
            scale = 32768 if samples.dtype.kind == "i" else 1
            loudest = max(loudest, float(abs(samples).max()) / scale)
    assert 0.1 < loudest <= 1.0


async def test_extensions_and_reports_tell_who_and_when(stream, sending):
    _, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: sum(isinstance(report, rtp.RtcpSrPacket) for report in transport.reports) >= 2)
    assert {packet.extensions.mid for packet in transport.packets} == {"0"}
    assert all(packet.extensions.abs_send_time is not None for packet in transport.packets)
    senders = [report for report in transport.reports if isinstance(report, rtp.RtcpSrPacket)]
    (first, second) = (report.sender_info for report in senders[:2])
    seconds = (second.ntp_timestamp - first.ntp_timestamp) / 2**32
    units = (second.rtp_timestamp - first.rtp_timestamp) & 0xFFFFFFFF
    assert abs(units / 90_000 - seconds) < 0.001
    names = [report for report in transport.reports if isinstance(report, rtp.RtcpSdesPacket)]
    assert names[0].chunks[0].items == [(1, b"somebody")]
    assert second.packet_count <= len(transport.packets)


async def test_sound_and_picture_have_one_clock_in_reports(stream, sending):
    pictures, seen = sending(stream.get_video_tracks()[0], "vp8")
    sounds, heard = sending(stream.get_audio_tracks()[0], "opus")
    await seen.until(lambda: seen.reports)
    await heard.until(lambda: heard.reports)
    for outlet, transport, rate in ((pictures, seen, 90_000), (sounds, heard, 48_000)):
        report = next(report for report in transport.reports if isinstance(report, rtp.RtcpSrPacket))
        behind = (report.sender_info.rtp_timestamp - outlet._rtp + 2**31 & 0xFFFFFFFF) - 2**31
        captured = report.sender_info.ntp_timestamp / 2**32 - behind / rate  # NTP of the latest frame's capture
        from mediastreams.webrtc.sending.reports import ntp_of

        assert abs(captured - ntp_of(outlet._clock, outlet._rtp_at * 1000) / 2**32) < 0.002


async def test_a_key_frame_comes_when_it_is_asked_for_and_not_more_often_than_it_may(stream, sending):
    outlet, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= 10)
    before = len(transport.frames(outlet.ssrc))
    begin = asyncio.get_running_loop().time()
    for number in range(10):
        outlet.handle_rtcp(picture_loss(outlet.ssrc))
        outlet.handle_rtcp(full_intra(outlet.ssrc, number))
        await asyncio.sleep(0.02)
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= before + 20)
    vp8 = format_of("vp8")
    keys = [stamp for stamp, payloads in transport.frames(outlet.ssrc)[before:] if vp8.inspect(payloads[0]).key]
    passed = asyncio.get_running_loop().time() - begin
    assert 1 <= len(keys) <= 1 + passed / 0.3
    assert all(b - a >= 0.3 * 90_000 for a, b in itertools.pairwise(keys))
    assert outlet.stats()[2]["pli_count"] == 10
    assert outlet.stats()[2]["fir_count"] == 10


async def test_lost_packets_are_sent_again_under_their_own_number(stream, sending):
    outlet, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: len(transport.packets) >= 10)
    lost = transport.packets[4]
    outlet.handle_rtcp(not_received(outlet.ssrc, lost.sequence_number))
    outlet.handle_rtcp(not_received(outlet.ssrc, lost.sequence_number))  # at once again: one answer is under way
    again = [packet for packet in transport.packets if packet.ssrc == outlet.rtx_ssrc]
    assert len(again) == 1
    back = rtp.unwrap_rtx(again[0], payload_type=96, ssrc=outlet.ssrc)
    for name in ("sequence_number", "timestamp", "marker", "payload"):
        assert getattr(back, name) == getattr(lost, name)
    assert again[0].payload_type == 97
    outlet.handle_rtcp(not_received(outlet.ssrc, (lost.sequence_number - 20_000) & 0xFFFF))
    assert sum(packet.ssrc == outlet.rtx_ssrc for packet in transport.packets) == 1
    assert outlet.stats()[2]["retransmitted_packets_sent"] == 1


async def test_round_trips_and_losses_are_told(stream, sending):
    outlet, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: transport.reports)
    report = transport.reports[0]
    lsr = report.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF
    await asyncio.sleep(0.05)
    outlet.handle_rtcp(receiver_report(outlet.ssrc, lost=0.25, total=9, lsr=lsr, dlsr=1000))
    stats = {entry["type"]: entry for entry in outlet.stats()}
    remote = stats["remote-inbound-rtp"]
    assert 0.03 < remote["round_trip_time"] < 5
    assert (remote["fraction_lost"], remote["packets_lost"]) == (0.25, 9)
    assert remote["jitter"] == pytest.approx(0.001)
    assert remote["local_id"] == stats["outbound-rtp"]["id"]


async def test_nothing_is_sent_before_the_connection_and_a_key_frame_is_first_after_it(stream):
    transport = Loopback()
    transport.connected = False
    outlet = Outlet("video")
    outlet.set_track(stream.get_video_tracks()[0])
    outlet.start(transport, plan_for("vp8"))
    await asyncio.sleep(0.1)
    assert not transport.raw
    assert not outlet.sending
    transport.connected = True
    await transport.until(lambda: transport.packets)
    assert format_of("vp8").inspect(transport.packets[0].payload).key
    transport.connected = False
    await asyncio.sleep(0.1)
    sent = len(transport.packets)
    transport.connected = True
    await transport.until(lambda: len(transport.packets) > sent)
    assert format_of("vp8").inspect(transport.packets[sent].payload).key
    await outlet.stop()
    await outlet.stop()
    assert isinstance(transport.reports[-1], rtp.RtcpByePacket)
    assert not transport.users
    assert stream.get_video_tracks()[0].ready_state == "live"


async def test_inactive_sends_nothing_and_active_again_begins_with_a_key_frame(stream, sending):
    outlet, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: len(transport.packets) >= 3)
    outlet.set_active(False)
    sent = len(transport.packets)
    await asyncio.sleep(0.15)
    assert len(transport.packets) == sent
    outlet.set_active(True)
    await transport.until(lambda: len(transport.packets) > sent)
    assert format_of("vp8").inspect(transport.packets[sent].payload).key
    assert transport.packets[sent].sequence_number == transport.packets[sent - 1].sequence_number + 1
