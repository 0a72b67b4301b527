"""A call is recorded at the far end: sound and picture are together, whatever their ways."""

import asyncio
import statistics

import pytest
from tests.webrtc.receiving.lip_sync import lags
from tests.webrtc.wire import Wire, connect

import mediastreams as ms
from mediastreams.testing import read_counter
from mediastreams.webrtc.receiving.inlet import Inlet
from mediastreams.webrtc.sending.outlet import Outlet

__all__ = []


@pytest.fixture
async def call():
    """A fake camera and microphone, sent over a wire and received."""
    devices = ms.MediaDevices(backends=["fake"])
    stream = await devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True)
    wire, outlets, inlets = Wire(), [], []

    def begin(video="vp8", audio="opus"):
        for track, name in ((stream.video, video), (stream.audio, audio)):
            outlet, inlet = Outlet(track.kind), Inlet(track.kind)
            outlets.append(outlet)
            inlets.append(inlet)
            outlet.set_track(track)
            connect(wire, outlet, inlet, name)
        return ms.MediaStream([inlet.track for inlet in inlets])

    with stream.video.frames() as frames:
        first = await anext(frames)
        camera = read_counter(first.to_ndarray("rgb24")), first.timestamp / 1_000_000
    yield wire, begin, inlets, camera
    for one in (*outlets, *inlets):
        await one.stop()
    for track in stream.get_tracks():
        track.stop()


@pytest.mark.parametrize(
    "ways", [{"audio": 0.01, "video": 0.01}, {"audio": 0.01, "video": 0.16}, {"audio": 0.2, "video": 0.02}]
)
async def test_a_recorded_call_has_sound_and_picture_together(call, tmp_path, ways):
    wire, begin, inlets, camera = call
    wire.delay = ways
    wire.jitter = 0.02
    received = begin()
    await asyncio.gather(*(track.wait_for("unmute", timeout=20) for track in received.get_tracks()))
    for inlet in inlets:
        while inlet._current.sender is None or inlet._current.sender.count < 3:
            await asyncio.sleep(0.05)
    await ms.record(received, tmp_path / "call.webm", duration=3.2)
    found = await asyncio.to_thread(lags, tmp_path / "call.webm", *camera)
    assert len(found) >= 3
    assert abs(statistics.median(found)) <= 0.02
    assert max(map(abs, found)) <= 0.04
