"""One encoder for many viewers: shared, laddered, and nobody held back."""

import asyncio
import itertools
import threading

import pytest
from tests.webrtc.sending.loopback import Loopback, decoded, estimate, plan_for, receiver_report

from mediastreams.webrtc import RTCDegradationPreference
from mediastreams.webrtc.rtp.formats import format_of
from mediastreams.webrtc.sending import shared_encoder as module
from mediastreams.webrtc.sending.outlet import Outlet
from mediastreams.webrtc.sending.packet_writer import SentFrame


def encoders():
    return [thread for thread in threading.enumerate() if "send-" in thread.name]


async def gone(count=0):
    for _ in range(200):
        if len(encoders()) == count:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_viewers_of_one_codec_share_one_encoder_and_its_bytes(stream, sending):
    track = stream.get_video_tracks()[0]
    viewers = [sending(track, "vp8") for _ in range(5)]
    for outlet, transport in viewers:
        await transport.until(lambda outlet=outlet, transport=transport: len(transport.frames(outlet.ssrc)) >= 8)
    assert len(encoders()) == 1
    bodies = []
    for outlet, transport in viewers:
        parts = {stamp - outlet._rtp_base & 0xFFFFFFFF: payloads for stamp, payloads in transport.frames(outlet.ssrc)}
        bodies.append({stamp: b"".join(part[4:] for part in payloads) for stamp, payloads in parts.items()})
    common = set(bodies[0]).intersection(*bodies[1:])
    assert len(common) >= 4
    for stamp in common:
        assert len({body[stamp] for body in bodies}) == 1
    other, seen = sending(track, "h264")
    await seen.until(lambda: seen.frames(other.ssrc))
    assert len(encoders()) == 2
    for outlet, _ in viewers:
        await outlet.stop()
    assert await gone(1)
    await other.stop()
    assert await gone()
    assert not module._encoders


async def test_a_late_viewer_begins_with_a_key_frame_that_the_others_get_too(stream, sending):
    track = stream.get_video_tracks()[0]
    first, seen = sending(track, "vp8")
    await seen.until(lambda: len(seen.frames(first.ssrc)) >= 15)
    keys = [outlet.key_frames for outlet in (first,)]
    late, transport = sending(track, "vp8")
    await transport.until(lambda: len(transport.frames(late.ssrc)) >= 3)
    assert format_of("vp8").inspect(transport.packets[0].payload).key
    assert len(decoded("vp8", transport.frames(late.ssrc))) >= 3
    assert first.key_frames == keys[0] + 1


async def report(outlet, *, bit_rate, seconds):
    """Tell an estimate again and again, as receivers do."""
    for _ in range(round(seconds / 0.1)):
        outlet.handle_rtcp(estimate(bit_rate(), outlet.ssrc))
        await asyncio.sleep(0.1)


@pytest.mark.timeout(90)
async def test_a_viewer_on_a_small_link_gets_a_lower_rung_and_the_others_nothing_of_it(devices, sending):
    stream = await devices.get_user_media(video={"width": 640, "height": 360, "frame_rate": 15})
    track = stream.get_video_tracks()[0]
    good, seen = sending(track, "vp8")
    poor, few = sending(track, "vp8")
    await few.until(lambda: few.frames(poor.ssrc))

    async def lower():
        while poor._watch.rung.number == 0:
            poor.handle_rtcp(estimate(max(30_000, round(poor.sent_rate * 0.3)), poor.ssrc))
            good.handle_rtcp(estimate(5_000_000, good.ssrc))
            await asyncio.sleep(0.1)

    await asyncio.wait_for(lower(), 30)
    before = len(few.frames(poor.ssrc))
    await few.until(lambda: len(few.frames(poor.ssrc)) >= before + 20, 20)
    await few.until(lambda: poor._watch._coming is None)
    widths = [frame.width for frame in decoded("vp8", few.frames(poor.ssrc))]
    assert widths[0] == 640
    assert widths[-1] in {320, 160}
    assert {frame.width for frame in decoded("vp8", seen.frames(good.ssrc))} == {640}
    numbers = [packet.sequence_number for packet in few.packets]
    assert all((b - a) & 0xFFFF == 1 for a, b in itertools.pairwise(numbers))
    assert good._watch.rung.number == 0
    track.stop()


@pytest.mark.timeout(90)
async def test_what_is_to_be_read_gets_fewer_pictures_and_not_smaller_ones(stream, sending):
    track = stream.get_video_tracks()[0]
    track.content_hint = "text"
    outlet, transport = sending(track, "vp8")
    await transport.until(lambda: outlet.sent_rate > 0)

    async def lower():
        while outlet._watch.rung.number == 0 or outlet._watch._coming is not None:
            outlet.handle_rtcp(estimate(max(30_000, round(outlet.sent_rate * 0.3)), outlet.ssrc))
            await asyncio.sleep(0.1)

    await asyncio.wait_for(lower(), 30)
    choice = outlet.choice
    assert choice.scale == 1.0
    assert choice.frame_rate in {15, 7.5}
    assert outlet.encoded_size == (320, 240)
    track.content_hint = ""
    await transport.until(lambda: outlet.choice.scale > 1)


@pytest.mark.timeout(90)
async def test_what_was_not_preferred_is_given_up_on_a_small_link(devices, sending):
    stream = await devices.get_user_media(video={"width": 640, "height": 360, "frame_rate": 30})
    track = stream.get_video_tracks()[0]
    track.content_hint = "text"  # what is asked for counts more
    made = {name: sending(track, "vp8") for name in RTCDegradationPreference}
    for name, (outlet, _) in made.items():
        outlet.set_encoding(
            max_bitrate=None,
            max_framerate=None,
            scale_resolution_down_by=1.0,
            active=True,
            degradation_preference=name,
        )
    assert len({outlet._watch.encoder for outlet, _ in made.values()}) == 1  # who gets all shares one encoder
    fast, slow, both, all_ = (outlet for outlet, _ in made.values())
    await made["balanced"][1].until(lambda: both.sent_rate > 0)

    def lowered(outlet):
        return outlet._watch.rung.number > 0 and outlet._watch._coming is None

    async def lower():
        while not (lowered(fast) and lowered(slow) and lowered(both)):
            for outlet, _ in made.values():
                outlet.handle_rtcp(estimate(max(30_000, round(outlet.sent_rate * 0.3)), outlet.ssrc))
            await asyncio.sleep(0.1)

    await asyncio.wait_for(lower(), 60)
    assert fast.choice.scale > 1
    assert fast.choice.frame_rate is None
    assert slow.choice.scale == 1
    assert slow.choice.frame_rate in {15, 7.5}
    assert both.choice.scale == 2
    assert both.choice.frame_rate in {None, 15}
    assert all_._watch.rung.number == 0
    assert (all_.choice.scale, all_.choice.frame_rate) == (1, None)
    track.stop()


async def test_who_takes_less_than_the_lowest_rung_loses_pictures_and_not_time(devices, sending):
    stream = await devices.get_user_media(video={"width": 160, "height": 120, "frame_rate": 30})
    outlet, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= 5)
    for frame in (1, 2):  # as if large frames had not left for half a second
        outlet._pacer._frames.append(SentFrame((b"\x90\x80\x80\x00x",) * frame, 0, 5))
    outlet._pacer._frames[0].queued = outlet._clock.now_us() - 500_000
    dropped, sent = outlet.dropped, len(transport.packets)
    await transport.until(lambda: outlet.dropped > dropped)
    await transport.until(lambda: len(transport.packets) > sent)
    assert format_of("vp8").inspect(transport.packets[sent].payload).key
    assert transport.packets[sent].sequence_number == transport.packets[sent - 1].sequence_number + 1
    for track in stream.get_tracks():
        track.stop()


async def test_loss_lowers_the_rate_of_the_only_viewer(stream, sending):
    outlet, transport = sending(stream.get_video_tracks()[0], "h264")
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= 5)
    full = outlet.target_bit_rate

    async def lower():
        while outlet.target_bit_rate >= full:
            outlet.handle_rtcp(receiver_report(outlet.ssrc, lost=0.25, total=5))
            await asyncio.sleep(0.2)

    outlet._watch.adapt = lambda estimate, sent, now: outlet._watch.encoder.set_wish(outlet, full, estimate)
    await asyncio.wait_for(lower(), 20)
    assert 0.4 * full <= outlet.target_bit_rate < full


async def test_a_loop_that_stands_still_loses_frames_and_goes_on_with_a_key_frame(stream, sending):
    outlet, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= 3)
    encoder = outlet._watch.encoder
    (group,) = encoder._targets
    group._scheduled = True  # nothing is delivered, as if the loop did other things
    for _ in range(500):
        if group._lost:
            break
        for frame in list(group._frames)[:1]:
            for _ in range(module._MOST_WAITING):
                group.put(frame)
        await asyncio.sleep(0.01)
    assert len(group._frames) <= module._MOST_WAITING
    keys = outlet.key_frames
    group._deliver()
    await transport.until(lambda: outlet.key_frames > keys)
    frames = transport.frames(outlet.ssrc)
    assert format_of("vp8").inspect(frames[-1][1][0]).key


async def test_a_loop_that_ends_without_closing_what_it_sends_leaves_no_encoder(stream):
    left = []

    async def forget():
        transport, outlet = Loopback(), Outlet("video")
        outlet.set_track(stream.get_video_tracks()[0])
        outlet.start(transport, plan_for("vp8"))
        left.append(outlet)
        await transport.until(lambda: transport.frames(outlet.ssrc))

    await asyncio.to_thread(asyncio.run, forget())
    assert await gone()
    assert left[0].frames  # it is still there, and may be closed yet, from anywhere
    assert not module._encoders


async def test_viewers_on_two_loops_share_an_encoder(stream, sending):
    track = stream.get_video_tracks()[0]
    _outlet, transport = sending(track, "vp8")
    await transport.until(lambda: transport.packets)
    count = []

    async def elsewhere():
        there = Loopback()
        other = Outlet("video")
        other.set_track(track)
        other.start(there, plan_for("vp8"))
        await there.until(lambda: len(there.frames(other.ssrc)) >= 5)
        count.append(len(encoders()))
        await other.stop()

    await asyncio.to_thread(asyncio.run, elsewhere())
    assert count == [1]
    before = len(transport.packets)
    await transport.until(lambda: len(transport.packets) > before)
