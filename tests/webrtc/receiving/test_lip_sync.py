"""A call is recorded at the far end: sound and picture are together, whatever their ways."""

import asyncio
import statistics

import av
import numpy as np
import pytest
from tests.webrtc.wire import Wire, connect

import mediastreams as ms
from mediastreams.testing import read_flash
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

    yield wire, begin
    for one in (*outlets, *inlets):
        await one.stop()
    for track in stream.get_tracks():
        track.stop()


def onsets(times, on, *, least):
    """When something begins that was off for so long."""
    found, off_since = [], None
    for time, lit in zip(times, on, strict=True):
        if lit and off_since is not None and time - off_since >= least:
            found.append(time)
        if lit:
            off_since = None
        elif off_since is None:
            off_since = time
    return found


def flashes(path):
    with av.open(str(path)) as container:
        shown = [(frame.time, read_flash(frame.to_ndarray(format="rgb24"))) for frame in container.decode(video=0)]
    return onsets(*zip(*shown, strict=True), least=0.5)


def beeps(path):
    with av.open(str(path)) as container:
        parts = [
            (frame.time, frame.sample_rate, np.abs(frame.to_ndarray()).max(0)) for frame in container.decode(audio=0)
        ]
    times = np.concatenate([time + np.arange(len(samples)) / rate for time, rate, samples in parts])
    return onsets(times, np.concatenate([samples for _, _, samples in parts]) > 0.1, least=0.5)


def lag(path):
    """By how many seconds the sound is behind the picture, and how much that varies."""
    seen, heard = flashes(path), beeps(path)
    near = [min((beep - flash for beep in heard), key=abs) for flash in seen]
    near = [one for one in near if abs(one) < 0.5]
    return statistics.median(near), near


@pytest.mark.parametrize(
    "ways", [{"audio": 0.01, "video": 0.01}, {"audio": 0.01, "video": 0.16}, {"audio": 0.2, "video": 0.02}]
)
async def test_a_recorded_call_has_sound_and_picture_together(call, tmp_path, ways):
    wire, begin = call
    wire.delay = ways
    wire.jitter = 0.02
    received = begin()
    await asyncio.gather(*(track.wait_for("unmute", timeout=10) for track in received.get_tracks()))
    await asyncio.sleep(1)  # the first reports have come
    await ms.record(received, tmp_path / "call.webm", duration=5)
    late, all_of_them = await asyncio.to_thread(lag, tmp_path / "call.webm")
    assert len(all_of_them) >= 3
    assert abs(late) <= 0.04
    assert max(map(abs, all_of_them)) <= 0.04
