"""Plain aiortc as the peer, offering and answering: sound, pictures, data."""

import asyncio
import contextlib

import aiortc
import aiortc.mediastreams
import pytest
from aiortc.contrib.media import MediaBlackhole

import mediastreams as ms
from mediastreams.webrtc import RTCPeerConnection

pytestmark = pytest.mark.may_block(reason="aiortc encodes and decodes in ways that hold the loop up")


@contextlib.asynccontextmanager
async def pair():
    theirs = aiortc.RTCPeerConnection()
    async with RTCPeerConnection() as ours:
        try:
            yield ours, theirs
        finally:
            await theirs.close()


async def we_offer(ours, theirs):
    await ours.set_local_description()
    while ours.ice_gathering_state != "complete":  # aiortc takes no candidates later
        await ours.wait_for("icegatheringstatechange", timeout=10)
    offer = ours.local_description
    await theirs.setRemoteDescription(aiortc.RTCSessionDescription(offer.sdp, offer.type.value))
    await theirs.setLocalDescription(await theirs.createAnswer())
    answer = theirs.localDescription
    await ours.set_remote_description({"type": answer.type, "sdp": answer.sdp})


async def they_offer(ours, theirs):
    await theirs.setLocalDescription(await theirs.createOffer())
    offer = theirs.localDescription
    await ours.set_remote_description({"type": offer.type, "sdp": offer.sdp})
    await ours.set_local_description()
    while ours.ice_gathering_state != "complete":
        await ours.wait_for("icegatheringstatechange", timeout=10)
    answer = ours.local_description
    await theirs.setRemoteDescription(aiortc.RTCSessionDescription(answer.sdp, answer.type.value))


@pytest.mark.parametrize("negotiate", [we_offer, they_offer])
async def test_media_and_data_go_both_ways(negotiate):
    devices = ms.MediaDevices(backends=["fake"])
    async with (
        devices.get_user_media(video={"width": 320, "height": 240}, audio=True) as stream,
        pair() as (ours, theirs),
    ):
        for track in stream.get_tracks():
            ours.add_track(track, stream)
        theirs.addTrack(aiortc.mediastreams.AudioStreamTrack())
        theirs.addTrack(aiortc.VideoStreamTrack())
        received, echo = {}, asyncio.Queue()
        theirs.on("track", lambda track: received.update({track.kind: track}))
        tracks = []
        ours.ontrack = lambda event: tracks.append(event.track)
        if negotiate is we_offer:
            channel = ours.create_data_channel("chat")

            @theirs.on("datachannel")
            def answer(other):
                other.on("message", other.send)

            channel.onmessage = lambda event: echo.put_nowait(event.data)
            channel.onopen = lambda _: channel.send("hello")
        else:
            channel = theirs.createDataChannel("chat")
            channel.on("open", lambda: channel.send("hello"))
            channel.on("message", echo.put_nowait)
            ours.ondatachannel = lambda event: setattr(
                event.channel, "onmessage", lambda message: event.channel.send(message.data)
            )
        await negotiate(ours, theirs)
        async with asyncio.timeout(20):
            assert await echo.get() == "hello"
            for track in tracks:
                frame = await anext(aiter(track))
                if track.kind == "video":
                    assert (frame.coded_width, frame.coded_height) == (640, 480)
            picture = await received["video"].recv()
            assert (picture.width, picture.height) == (320, 240)
            assert (await received["audio"].recv()).sample_rate == 48000
        assert sorted(track.kind for track in tracks) == ["audio", "video"]
        assert ours.connection_state == "connected"


async def test_the_peer_hangs_up():
    async with pair() as (ours, theirs):
        sink = MediaBlackhole()
        ours.add_transceiver("audio", direction="recvonly")
        theirs.addTrack(aiortc.mediastreams.AudioStreamTrack())
        tracks = []
        ours.ontrack = lambda event: tracks.append(event.track)
        await we_offer(ours, theirs)
        await anext(aiter(tracks[0]))
        await theirs.close()
        await sink.stop()
        async with asyncio.timeout(10):
            while not tracks[0].muted and tracks[0].ready_state == "live":
                await tracks[0].wait_for("mute")
        assert ours.sctp is None
