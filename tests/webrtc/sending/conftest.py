"""Fake devices for what is sent, and outlets that are stopped afterwards."""

import pytest
from tests.webrtc.sending.loopback import Loopback, plan_for

import mediastreams as ms
from mediastreams.webrtc.sending.outlet import Outlet


@pytest.fixture
async def devices():
    return ms.MediaDevices(backends=["fake"])


@pytest.fixture
async def stream(devices):
    stream = await devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True)
    yield stream
    for track in stream.get_tracks():
        track.stop()


@pytest.fixture
async def sending():
    """Begin to send a track; what was begun is stopped."""
    begun = []

    def begin(track, name, number=0, **parameters):
        transport = Loopback(track.kind)
        outlet = Outlet(track.kind)
        outlet.set_track(track)
        outlet.start(transport, plan_for(name, track.kind, number, **parameters))
        begun.append(outlet)
        return outlet, transport

    yield begin
    for outlet in begun:
        await outlet.stop()
