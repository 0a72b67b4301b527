"""Two connections in one process: media, data, states."""

import asyncio

import pytest
from tests.webrtc import pairs

import mediastreams as ms
from mediastreams.webrtc import RTCPeerConnection

pytestmark = pytest.mark.may_block(reason="encoders and decoders of a busy machine")


@pytest.fixture
async def stream():
    """A camera and a microphone that do not exist."""
    devices = ms.MediaDevices(backends=["fake"])
    async with devices.get_user_media(video={"width": 320, "height": 240}, audio=True) as opened:
        yield opened


async def test_media_go_from_one_to_the_other_in_their_stream(stream):
    async with pairs.pair() as (one, other):
        tracks = []
        other.ontrack = lambda event: tracks.append((event.track, event.streams, event.receiver, event.transceiver))
        for track in stream.get_tracks():
            one.add_track(track, stream)
        await pairs.connect(one, other)
        assert [track.kind for track, *_ in tracks] == ["audio", "video"]
        assert all(streams[0].id == stream.id and len(streams) == 1 for _, streams, *_ in tracks)
        assert tracks[0][1][0] is tracks[1][1][0]
        for track, _, receiver, transceiver in tracks:
            assert receiver.track is track
            assert transceiver.receiver is receiver
            assert transceiver.current_direction == "recvonly"
            async for frame in track:
                assert frame.timestamp > 0
                break
            if track.muted:
                await track.wait_for("unmute", timeout=5)
    assert all(track.ready_state == "ended" for track, *_ in tracks)
    assert all(track.ready_state == "live" for track in stream.get_tracks())


async def test_a_message_of_a_mebibyte_in_parts_comes_back_whole():
    async with pairs.pair() as (one, other):
        channel = one.create_data_channel("grüße", protocol="echo")

        @other.on("datachannel")
        def answer(event):
            assert (event.channel.label, event.channel.protocol) == ("grüße", "echo")
            event.channel.onmessage = lambda message: event.channel.send(message.data)

        received = asyncio.Queue()
        channel.onmessage = lambda message: received.put_nowait(message.data)
        await pairs.connect(one, other)
        if channel.ready_state != "open":
            await channel.wait_for("open", timeout=10)
        whole = bytes(range(256)) * 4096
        parts = [whole[start : start + 65536] for start in range(0, len(whole), 65536)]
        for part in ["text", "", b"", *parts]:
            channel.send(part)
        async with asyncio.timeout(30):
            found = [await received.get() for _ in range(3 + len(parts))]
        assert found[:3] == ["text", "", b""]
        assert b"".join(found[3:]) == whole
        assert channel.buffered_amount == 0
        assert one.sctp.state == "connected"


async def test_a_connection_that_was_never_used_closes_without_a_trace():
    connection = RTCPeerConnection()
    connection.close()
    connection.close()
    assert connection.signaling_state == "closed"
    assert connection.connection_state == "closed"
