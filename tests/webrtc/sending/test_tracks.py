"""What becomes of a sender when its track changes: disabled, muted, replaced, resized, ended."""

import asyncio
import itertools
import threading

import av
import numpy as np
import pytest
from tests.webrtc.sending.loopback import Loopback, decoded, plan_for

import mediastreams as ms
from mediastreams._engine.clock import get_clock, use_clock
from mediastreams._engine.frames import Picture
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import DeviceModel, VideoMode
from mediastreams.abc import Source
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource
from mediastreams.testing import ManualClock
from mediastreams.webrtc.rtp.formats import format_of
from mediastreams.webrtc.sending.outlet import Outlet


class Hand(Source):
    """A camera whose pictures a test gives."""

    kind = "video"

    def __init__(self):
        self.clock = get_clock()
        self.delivery = None

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        return mode

    def stop(self):
        self.delivery = None

    def give(self, width, height, value=128, *, timestamp=None, format="yuv420p"):
        frame = av.VideoFrame(width, height, format)
        for plane in frame.planes:
            memoryview(plane)[:] = bytes((value,)) * plane.buffer_size
        self.delivery.deliver(Picture.stamped(frame, self.clock.now_us() if timestamp is None else timestamp))


async def track_of(source, rate=30):
    hub = SourceHub(source)
    mode = await asyncio.to_thread(hub.open, VideoMode(320, 240, rate, rate), {})
    track = MediaStreamTrack._create(TrackSource(hub, DeviceModel("video", modes=(mode,))), {"frame_rate": rate})
    hub.release()
    return track


@pytest.fixture
async def hand():
    source = Hand()
    source.track = await track_of(source)
    yield source
    source.track.stop()


async def give_until(source, transport, enough, **shape):
    for _ in range(200):
        source.give(**shape)
        await asyncio.sleep(0.02)
        if enough():
            return
    raise AssertionError("nothing came")


async def test_a_disabled_track_sends_black_and_silence_at_its_rate(stream, sending):
    video, audio = stream.get_video_tracks()[0], stream.get_audio_tracks()[0]
    video.enabled = audio.enabled = False
    outlet, seen = sending(video, "vp8")
    _, heard = sending(audio, "opus")
    await seen.until(lambda: len(seen.frames(outlet.ssrc)) >= 10)
    await heard.until(lambda: len(heard.packets) >= 10)
    for frame in decoded("vp8", seen.frames(outlet.ssrc)):
        assert frame.to_ndarray(format="gray").max() <= 20
    assert {packet.extensions.audio_level[1] for packet in heard.packets} == {127}
    video.enabled = True
    sent = len(seen.frames(outlet.ssrc))
    await seen.until(lambda: len(seen.frames(outlet.ssrc)) >= sent + 10)
    assert decoded("vp8", seen.frames(outlet.ssrc))[-1].to_ndarray(format="gray").max() > 60


async def test_a_muted_track_sends_black_once_a_second_and_comes_back(hand, sending):
    outlet, transport = sending(hand.track, "vp8")
    await give_until(hand, transport, lambda: len(transport.frames(outlet.ssrc)) >= 3, width=320, height=240)
    hand.delivery.set_muted(muted=True)
    sent = len(transport.frames(outlet.ssrc))
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= sent + 2)
    frames = transport.frames(outlet.ssrc)
    assert 80_000 < frames[sent + 1][0] - frames[sent][0] & 0xFFFFFFFF < 120_000
    shown = decoded("vp8", frames)
    assert shown[-1].to_ndarray(format="gray").max() <= 20
    assert (shown[-1].width, shown[-1].height) == (320, 240)
    hand.delivery.set_muted(muted=False)
    await give_until(hand, transport, lambda: len(transport.frames(outlet.ssrc)) >= sent + 5, width=320, height=240)
    assert decoded("vp8", transport.frames(outlet.ssrc))[-1].to_ndarray(format="gray").mean() > 60


async def test_a_muted_microphone_sends_silence(stream, sending):
    track = stream.get_audio_tracks()[0]
    _, transport = sending(track, "opus")
    await transport.until(lambda: len(transport.packets) >= 5)
    track._feed.source_muted(muted=True)
    real, track._feed.ports = track._feed.ports, ()  # what the fake one says meanwhile goes nowhere
    sent = len(transport.packets)
    await transport.until(lambda: len(transport.packets) >= sent + 25)
    assert {packet.extensions.audio_level[1] for packet in transport.packets[sent + 5 :]} == {127}
    stamps = [packet.timestamp for packet in transport.packets[sent + 5 :]]
    assert {b - a & 0xFFFFFFFF for a, b in itertools.pairwise(stamps)} == {960}
    track._feed.ports = real


async def test_the_size_may_change_and_be_odd(hand, sending):
    outlet, transport = sending(hand.track, "vp8")
    h264, other = sending(hand.track, "h264")
    sizes = [(320, 240), (161, 91), (640, 360)]
    for size in sizes:
        sent, also = len(transport.frames(outlet.ssrc)), len(other.frames(h264.ssrc))
        await give_until(
            hand,
            transport,
            lambda sent=sent, also=also: (
                len(transport.frames(outlet.ssrc)) >= sent + 3 and len(other.frames(h264.ssrc)) >= also + 3
            ),
            width=size[0],
            height=size[1],
        )
    shown = [(frame.width, frame.height) for frame in decoded("vp8", transport.frames(outlet.ssrc))]
    assert list(dict.fromkeys(shown)) == sizes
    shown = [(frame.width, frame.height) for frame in decoded("h264", other.frames(h264.ssrc))]
    assert list(dict.fromkeys(shown)) == [(320, 240), (160, 90), (640, 360)]


async def test_pictures_in_rgb_are_sent(hand, sending):
    outlet, transport = sending(hand.track, "vp8")
    await give_until(
        hand, transport, lambda: len(transport.frames(outlet.ssrc)) >= 2, width=320, height=240, format="bgr24"
    )
    assert 100 < decoded("vp8", transport.frames(outlet.ssrc))[0].to_ndarray(format="gray").mean() < 150


async def test_a_still_picture_is_sent_to_who_comes_later(hand, sending):
    first, transport = sending(hand.track, "vp8")
    await give_until(hand, transport, lambda: transport.frames(first.ssrc), width=320, height=240)
    await asyncio.sleep(0.4)
    late, seen = sending(hand.track, "vp8")
    await seen.until(lambda: seen.frames(late.ssrc), 3)
    assert decoded("vp8", seen.frames(late.ssrc))[0].width == 320


async def test_another_track_goes_on_in_the_same_numbers(stream, devices, sending):
    other = await devices.get_user_media(video={"width": 640, "height": 360})
    outlet, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= 5)
    outlet.set_track(other.get_video_tracks()[0])
    sent = len(transport.frames(outlet.ssrc))
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= sent + 8)
    frames = transport.frames(outlet.ssrc)
    stamps = [stamp for stamp, _ in frames]
    assert all(0 < b - a & 0xFFFFFFFF < 90_000 for a, b in itertools.pairwise(stamps))
    numbers = [format_of("vp8").inspect(payloads[0]).picture_id[0] for _, payloads in frames]
    assert all(b - a & 0x7FFF == 1 for a, b in itertools.pairwise(numbers))
    assert {frame.width for frame in decoded("vp8", frames)} == {320, 640}
    assert stream.get_video_tracks()[0].ready_state == "live"
    outlet.set_track(None)
    sent = len(transport.packets)
    await asyncio.sleep(0.15)
    assert len(transport.packets) == sent
    other.get_video_tracks()[0].stop()


async def test_an_ended_track_sends_nothing_more(stream, sending):
    outlet, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= 2)
    stream.get_video_tracks()[0].stop()
    await asyncio.sleep(0.1)
    sent = len(transport.packets)
    await asyncio.sleep(0.15)
    assert len(transport.packets) == sent


async def test_parameters_bound_size_and_rate_and_can_stop_it(stream, sending):
    outlet, transport = sending(stream.get_video_tracks()[0], "vp8")
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= 3)
    outlet.set_encoding(max_bitrate=100_000, max_framerate=10, scale_resolution_down_by=2.0, active=True)
    sent = len(transport.frames(outlet.ssrc))
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= sent + 12)
    shown = decoded("vp8", transport.frames(outlet.ssrc))
    assert list(dict.fromkeys((frame.width, frame.height) for frame in shown)) == [(320, 240), (160, 120)]
    stamps = [stamp for stamp, _ in transport.frames(outlet.ssrc)][-4:]
    assert np.median([b - a & 0xFFFFFFFF for a, b in itertools.pairwise(stamps)]) == pytest.approx(9000, abs=100)
    assert outlet.stats()[2]["frame_width"] == 160
    outlet.set_encoding(max_bitrate=None, max_framerate=None, scale_resolution_down_by=1.0, active=False)
    sent = len(transport.packets)
    await asyncio.sleep(0.1)
    assert len(transport.packets) == sent


async def test_time_on_a_manual_clock_is_the_captures(devices):
    clock = ManualClock()
    with use_clock(clock):
        source = Hand()
        track = await track_of(source)
        transport = Loopback()
        outlet = Outlet("video")
        outlet.set_track(track)
        outlet.start(transport, plan_for("vp8"))
        for _ in range(5):
            source.give(320, 240)
            await clock.advance(0.1)
        frames = transport.frames(outlet.ssrc)
        assert [b[0] - a[0] & 0xFFFFFFFF for a, b in itertools.pairwise(frames)] == [9000] * (len(frames) - 1)
        assert len(frames) >= 4
        await clock.advance(3)
        assert len([report for report in transport.reports if hasattr(report, "sender_info")]) >= 4
        track.stop()
        await outlet.stop()
        await clock.advance(0.1)
    assert not [thread for thread in threading.enumerate() if "send-" in thread.name]


async def test_sixty_pictures_a_second_are_sixty():
    clock = ManualClock()
    with use_clock(clock):
        devices = ms.MediaDevices(backends=["fake"])
        stream = await devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": {"exact": 60}})
        transport, outlet = Loopback(), Outlet("video")
        outlet.set_track(stream.get_video_tracks()[0])
        outlet.start(transport, plan_for("vp8"))
        await clock.advance(1.5)
        frames = transport.frames(outlet.ssrc)
        assert {b - a & 0xFFFFFFFF for (a, _), (b, _) in itertools.pairwise(frames)} <= {1499, 1500, 1501}
        assert len(frames) >= 85
        stream.get_video_tracks()[0].stop()
        await outlet.stop()
        await clock.advance(0.1)


async def test_an_encoder_that_fails_again_and_again_gives_up_and_says_so(hand, sending, monkeypatch, caplog):
    from mediastreams.webrtc.sending import live_video

    broken = live_video._Model("no_such_encoder", lambda plan, choice: {})
    monkeypatch.setitem(live_video._SOFTWARE, "vp8", broken)
    outlet, transport = sending(hand.track, "vp8")
    line = outlet._watch.encoder.line
    await give_until(hand, transport, lambda: line.finished, width=320, height=240)
    assert not transport.packets
    assert "cannot be sent as vp8" in caplog.text


async def test_sound_without_an_encoder_is_not_sent_and_it_is_said(stream, sending, monkeypatch, caplog):
    from mediastreams.webrtc.sending import live_audio

    monkeypatch.setitem(live_audio._MODELS, "g722", live_audio._Model("no_such_encoder", 16_000, 8_000, "s16"))
    outlet, transport = sending(stream.get_audio_tracks()[0], "g722")
    line = outlet._watch.encoder.line
    for _ in range(200):
        if line.finished:
            break
        await asyncio.sleep(0.02)
    assert line.finished
    assert not transport.packets
    assert "cannot be sent as g722" in caplog.text
