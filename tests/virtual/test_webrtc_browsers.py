"""Real browsers on the other end: pictures are counted and tones heard on both sides, in every codec they offer."""

import asyncio
import contextlib
import time

import numpy as np
import pytest

import mediastreams as ms
from mediastreams._backends.fake.card_code import COUNTER_RANGE, read_counter
from mediastreams.webrtc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription

__all__ = []

pytestmark = [
    pytest.mark.timeout(180),  # a browser on a busy machine
    pytest.mark.may_block("aiortc's handshake and a busy machine"),
]

# Answers an offer of ours, and keeps connection and stream.
ANSWER = """
const connection = kept.connection = new RTCPeerConnection();
kept.stream = new MediaStream();
connection.ontrack = ({track}) => kept.stream.addTrack(track);
for (const track of kept.sent?.getTracks() ?? []) connection.addTrack(track, kept.sent);
await connection.setRemoteDescription(argument);
await connection.setLocalDescription();
return await gathered(connection);
"""
OFFER = """
const connection = kept.connection = new RTCPeerConnection();
for (const track of kept.sent.getTracks()) connection.addTrack(track, kept.sent);
if (argument) connection.getTransceivers().filter(one => one.sender.track.kind === "video").forEach(one =>
  one.setCodecPreferences(RTCRtpSender.getCapabilities("video").codecs.filter(codec =>
    [argument, "video/rtx"].includes(codec.mimeType))));
await connection.setLocalDescription();
return await gathered(connection);
"""
SENT = """
kept.sent = new MediaStream([...paint(640, 360, 30).getTracks(), ...hum(argument).getTracks()]);
"""
STATS = """
const found = {};
(await kept.connection.getStats()).forEach(one => {
  if (one.type !== "inbound-rtp" || one.kind !== "video") return;
  found.frames = one.framesDecoded;
  found.lost = one.packetsLost;
  found.codec = one.codecId;
});
(await kept.connection.getStats()).forEach(one => { if (one.id === found.codec) found.codec = one.mimeType; });
return found;
"""


@pytest.fixture
async def ours():
    """A fake camera at 640 × 360 with a fake microphone."""
    devices = ms.MediaDevices(backends=["fake"])
    video = {"width": 640, "height": 360, "frame_rate": 30, "resize_mode": "crop-and-scale"}
    async with devices.get_user_media(video=video, audio=True) as stream:
        yield stream


@contextlib.asynccontextmanager
async def offered(page, stream, codec=None):
    """A connection that sends a stream to a page, and is through."""
    async with RTCPeerConnection() as connection:
        for track in stream.get_tracks():
            connection.add_track(track, stream)
        if codec is not None:
            video = next(one for one in connection.get_transceivers() if one.sender.track.kind == "video")
            wanted = [one for one in RTCRtpSender.get_capabilities("video").codecs if one.mime_type == codec]
            video.set_codec_preferences(wanted)
        await connection.set_local_description()
        await until(lambda: connection.ice_gathering_state == "complete")
        description = connection.local_description
        answer = await page.run(ANSWER, {"type": description.type, "sdp": description.sdp})
        await connection.set_remote_description(RTCSessionDescription(answer))
        await until(lambda: connection.connection_state == "connected")
        yield connection


@contextlib.asynccontextmanager
async def accepted(page, codec=None):
    """A connection that was sent a page's stream, and is through; and the stream."""
    async with RTCPeerConnection() as connection:
        streams = []
        connection.ontrack = lambda event: streams.append(event.streams[0])
        offer = await page.run(OFFER, codec)
        await connection.set_remote_description(RTCSessionDescription(offer))
        await connection.set_local_description()
        await until(lambda: connection.ice_gathering_state == "complete")
        description = connection.local_description
        await page.run(
            "await kept.connection.setRemoteDescription(argument)", {"type": description.type, "sdp": description.sdp}
        )
        await until(lambda: connection.connection_state == "connected")
        assert streams
        assert all(one is streams[0] for one in streams)
        yield connection, streams[0]


async def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)


def assert_in_order(counters):
    steps = np.diff(counters) % COUNTER_RANGE
    assert (steps > 0).all(), counters
    assert (steps < 60).all(), counters  # no picture of long ago


async def seen(track, pictures):
    """The counters of so many different pictures of a track."""
    counters = []
    async with asyncio.timeout(60):
        async for frame in track.frames(format="rgb24"):
            with contextlib.suppress(ValueError):
                counter = read_counter(frame.to_ndarray())
                if not counters or counter != counters[-1]:
                    counters.append(counter)
            if len(counters) >= pictures:
                break
    return counters


async def pitch(track):
    """The loudest pitch of half a second of sound, in Hz."""
    chunks, rate = [], 0
    async with asyncio.timeout(60):
        async for data in track:
            samples, rate = data.to_ndarray()[0], data.sample_rate
            if chunks or np.abs(samples).max() > 0.01:
                chunks.append(samples)
            if sum(map(len, chunks)) > rate / 2:
                break
    sound = np.concatenate(chunks)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return np.argmax(spectrum) * rate / len(sound)


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264", "video/VP9", "video/AV1"])
async def test_chromium_sees_our_camera_and_hears_our_microphone(browser, ours, codec):
    page = await browser("chromium")
    async with offered(page, ours, codec):
        watched = await page.run("return await watch(play(kept.stream), 30)")
        assert_in_order(watched["counters"])
        assert (watched["width"], watched["height"]) == (640, 360)
        assert (await page.run(STATS))["codec"] == codec
        heard = await page.run("return await listen(kept.stream)")
        assert heard["hertz"] > 200


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264", "video/VP9", "video/AV1"])
async def test_a_page_of_chromium_is_seen_and_heard_here(browser, codec):
    page = await browser("chromium")
    await page.run(SENT, 1000)
    async with accepted(page, codec) as (_, stream):
        assert_in_order(await seen(stream.video, 30))
        assert await pitch(stream.audio) == pytest.approx(1000, abs=5)


async def test_chromiums_own_camera_and_microphone_come_here_while_ours_go_there(browser, ours, tmp_path):
    page = await browser("chromium")
    await page.run(
        "kept.sent = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 640, height: 480}})"
    )
    async with offered(page, ours) as connection:
        receivers = [one.receiver.track for one in connection.get_transceivers()]
        stream = ms.MediaStream(receivers)
        summary = await ms.record(stream, tmp_path / "call.mkv", duration=3)
        assert summary.duration == pytest.approx(3, abs=0.2)
        assert summary.fps > 10
        assert stream.video.get_settings().width in {640, 480, 320}  # it begins small where the machine is busy
        watched = await page.run("return await watch(play(kept.stream), 20)")
        assert_in_order(watched["counters"])


async def test_a_track_that_is_disabled_is_black_over_there_until_it_is_enabled(browser, ours):
    page = await browser("chromium")
    brightness = """
      const video = kept.video ??= play(kept.stream);
      const canvas = new OffscreenCanvas(64, 36), context = canvas.getContext("2d");
      await until(() => {
        if (!video.videoWidth) return false;
        context.drawImage(video, 0, 0, 64, 36);
        const {data} = context.getImageData(0, 0, 64, 36);
        let sum = 0;
        for (let i = 0; i < data.length; i += 4) sum += data[i + 1];
        return argument ? sum / 64 / 36 < 8 : sum / 64 / 36 > 40;
      }, argument ? "black" : "picture");
    """
    async with offered(page, ours):
        await page.run(brightness, False)
        ours.video.enabled = False
        await page.run(brightness, True)
        ours.video.enabled = True
        await page.run(brightness, False)


async def test_firefox_sees_and_hears_us(browser, pulse, ours):
    pulse.add_speaker("out")  # without one its AudioContext does not run
    page = await browser("firefox")
    async with offered(page, ours, "video/VP8"):
        assert_in_order((await page.run("return await watch(play(kept.stream), 30)"))["counters"])
        assert (await page.run("return await listen(kept.stream)"))["hertz"] > 200


async def test_a_page_of_firefox_is_seen_and_heard_here(browser, pulse):
    pulse.add_speaker("out")
    page = await browser("firefox")
    await page.run(SENT, 1000)
    async with accepted(page) as (_, stream):
        assert_in_order(await seen(stream.video, 30))
        assert await pitch(stream.audio) == pytest.approx(1000, abs=5)
