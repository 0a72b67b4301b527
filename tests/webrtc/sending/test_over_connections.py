"""What is sent, over real connections: plain aiortc decodes it, asks for what was lost, and reports."""

import asyncio
import contextlib

import pytest
from aiortc import RTCPeerConnection as TheirConnection
from aiortc import RTCRtpReceiver, RTCSessionDescription, rtp
from tests.webrtc import pairs

from mediastreams.webrtc import RTCPeerConnection

pytestmark = pytest.mark.may_block(reason="it makes certificates, encodes and decodes on a busy machine")


@contextlib.asynccontextmanager
async def to_aiortc(stream, mime_type=None):
    """A connection of ours that sends a stream to one of aiortc's; its tracks by kind."""
    theirs = TheirConnection()
    tracks = {}
    theirs.on("track", lambda track: tracks.update({track.kind: track}))
    async with RTCPeerConnection() as ours:
        for track in stream.get_tracks():
            ours.add_track(track, stream)
        await ours.set_local_description(await ours.create_offer())
        async with asyncio.timeout(20):
            while ours.ice_gathering_state != "complete":
                await ours.wait_for("icegatheringstatechange")
        await theirs.setRemoteDescription(RTCSessionDescription(ours.local_description.sdp, "offer"))
        if mime_type is not None:
            chosen = [codec for codec in RTCRtpReceiver.getCapabilities("video").codecs if codec.mimeType == mime_type]
            for transceiver in theirs.getTransceivers():
                if transceiver.kind == "video":
                    transceiver.setCodecPreferences(chosen)
        await theirs.setLocalDescription(await theirs.createAnswer())
        await ours.set_remote_description({"type": "answer", "sdp": theirs.localDescription.sdp})
        try:
            yield ours, theirs, tracks
        finally:
            for track in tracks.values():
                track.stop()
            await theirs.close()


@pytest.mark.parametrize("mime_type", ["video/VP8", "video/H264"])
async def test_aiortc_shows_and_hears_it(stream, mime_type):
    async with to_aiortc(stream, mime_type) as (ours, _theirs, tracks), asyncio.timeout(20):
        pictures = [await tracks["video"].recv() for _ in range(10)]
        assert {(frame.width, frame.height) for frame in pictures} == {(320, 240)}
        assert pictures[-1].to_ndarray(format="gray").std() > 20
        loudest = 0
        for _ in range(80):
            frame = await tracks["audio"].recv()
            loudest = max(loudest, abs(int(frame.to_ndarray().max())))
        assert loudest > 3000
        types = {}
        while "remote-inbound-rtp" not in types:
            await asyncio.sleep(0.1)
            types = {entry["type"]: entry for entry in (await ours.get_stats()).values()}
        assert types["remote-inbound-rtp"]["packets_lost"] == 0


async def test_what_the_network_loses_is_sent_again(stream):
    stream.get_audio_tracks()[0].stop()
    stream.remove_track(stream.get_audio_tracks()[0])
    async with to_aiortc(stream, "video/VP8") as (ours, _theirs, tracks), asyncio.timeout(25):
        await tracks["video"].recv()
        outlet = ours.get_senders()[0]._outlet
        real, count = outlet._transport, 0

        class Lossy:
            """The transport, but for every seventh packet."""

            connected = True
            remove, add_outlet = real.remove, real.add_outlet

            def send(self, data):
                nonlocal count
                count += not rtp.is_rtcp(data)
                if rtp.is_rtcp(data) or count % 7:
                    real.send(data)

        outlet._transport = Lossy()
        while outlet.writer.repeated_packets < 5:
            await tracks["video"].recv()
        before = outlet.key_frames
        for _ in range(20):
            await tracks["video"].recv()
        assert outlet.key_frames <= before + 1
        assert outlet.feedback.nacks >= 5
        outlet._transport = real


async def test_another_track_goes_on_for_aiortc(stream, devices):
    other = await devices.get_user_media(video={"width": 640, "height": 360})
    async with to_aiortc(stream, "video/VP8") as (ours, _theirs, tracks), asyncio.timeout(25):
        await tracks["video"].recv()
        sender = next(sender for sender in ours.get_senders() if sender.track.kind == "video")
        await sender.replace_track(other.get_video_tracks()[0])
        while (await tracks["video"].recv()).width != 640:
            pass
        assert stream.get_video_tracks()[0].ready_state == "live"
    assert other.get_video_tracks()[0].ready_state == "live"
    other.get_video_tracks()[0].stop()


async def test_a_remote_track_is_forwarded_as_it_came_and_its_sender_asked_for_key_frames(stream):
    async with pairs.pair() as (camera, middle), pairs.pair() as (forwarder, viewer), asyncio.timeout(40):
        came, seen = asyncio.Queue(), asyncio.Queue()
        middle.ontrack = lambda event: came.put_nowait(event.track)
        viewer.ontrack = lambda event: seen.put_nowait(event.track)
        camera.add_track(stream.get_video_tracks()[0], stream)
        await pairs.connect(camera, middle)
        remote = await came.get()
        if remote.muted:
            await remote.wait_for("unmute", timeout=10)
        forwarder.add_track(remote)
        await pairs.connect(forwarder, viewer)
        track = await seen.get()
        frames = track.frames()
        for _ in range(10):
            frame = await anext(frames)
        assert (frame.coded_width, frame.coded_height) == (320, 240)
        outlet = forwarder.get_senders()[0]._outlet
        while not outlet._watch.encoder.line.passing:
            await anext(frames)
        origin = camera.get_senders()[0]._outlet
        before = origin.key_frames
        outlet._watch.request_key()
        while origin.key_frames == before:
            await anext(frames)
        assert outlet._watch.encoder.line.passing
