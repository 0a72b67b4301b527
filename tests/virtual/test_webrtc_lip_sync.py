"""A call between two real connections, recorded at the far end, with ways of different length."""

import asyncio
import statistics

import pytest
from tests.virtual.bad_link import BadLink, connect_over
from tests.webrtc.receiving.lip_sync import lags

import mediastreams as ms
from mediastreams.testing import read_counter
from mediastreams.webrtc import RTCPeerConnection

__all__ = []

VIDEO = (96, 98, 103, 107, 45)
AUDIO = (111,)


@pytest.mark.may_block(reason="encoders and decoders of a busy machine")
@pytest.mark.parametrize(("slow", "by"), [(VIDEO, 0.15), (AUDIO, 0.2)])
async def test_a_recorded_call_has_sound_and_picture_within_40_ms(tmp_path, slow, by):
    link = BadLink()
    link.delay, link.jitter, link.ordered = 0.01, 0.01, True
    link.extra = dict.fromkeys(slow, by)
    devices = ms.MediaDevices(backends=["fake"])
    async with (
        devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True) as stream,
        RTCPeerConnection() as near,
        RTCPeerConnection() as far,
    ):
        with stream.video.frames() as frames:
            first = await anext(frames)
            camera = read_counter(first.to_ndarray("rgb24")), first.timestamp / 1_000_000
        received = []
        far.ontrack = lambda event: received.append(event.streams[0])
        for track in stream.get_tracks():
            near.add_track(track, stream)
        await connect_over(link, near, far)
        await asyncio.gather(*(one.wait_for("unmute", timeout=20) for one in received[0].get_tracks() if one.muted))
        for receiver in far.get_receivers():  # both have reported
            while (sender := receiver._inlet._current.sender) is None or sender.count < 2:
                await asyncio.sleep(0.05)
        await ms.record(received[0], tmp_path / "call.webm", duration=3.2)
    link.close()
    found = await asyncio.to_thread(lags, tmp_path / "call.webm", *camera)
    assert len(found) >= 3
    assert abs(statistics.median(found)) <= 0.02
    assert max(map(abs, found)) <= 0.04
