"""Fake devices for what is sent."""

import pytest

import mediastreams as ms


@pytest.fixture
async def stream():
    devices = ms.MediaDevices(backends=["fake"])
    stream = await devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True)
    yield stream
    for track in stream.get_tracks():
        track.stop()
