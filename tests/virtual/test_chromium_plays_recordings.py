"""What `MediaRecorder` records, played by headless Chromium: every WebM and MP4, whole and in slices."""

import asyncio

import pytest

import mediastreams as ms
from mediastreams._engine.clock import use_clock
from mediastreams.testing import ManualClock

__all__ = []

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

CASES = {
    "vp9": ("video/webm", None),
    "vp8-slices": ("video/webm;codecs=vp8", 250),
    "av1": ("video/webm;codecs=av1", None),
    "sound": ("audio/webm", None),
    "h264": ("video/mp4", None),
    "h264-slices": ("video/mp4;codecs=avc1.42E01E,mp4a.40.2", 250),
    "av1-mp4-slices": ("video/mp4;codecs=av01,opus", 250),
    "aac": ("audio/mp4", None),
}
SECONDS = 1.5


async def recorded(clock, mime_type, timeslice):
    """The bytes of a recording with a pause in it."""
    devices = ms.MediaDevices(backends=["fake"])
    wanted = {"audio": True} | ({} if mime_type.startswith("audio") else {"video": {"width": 320, "height": 240}})
    stream = await clock.until(devices.get_user_media(wanted))
    recorder = ms.MediaRecorder(stream, mime_type=mime_type)
    blobs = []
    recorder.ondataavailable = lambda event: blobs.append(event.data)
    stopped = asyncio.ensure_future(recorder.wait_for("stop"))
    recorder.start(timeslice)
    await clock.advance(SECONDS / 2)
    recorder.pause()
    await clock.advance(3)
    recorder.resume()
    await clock.advance(SECONDS / 2)
    recorder.stop()
    await clock.until(stopped)
    stream._stop_tracks()
    await clock.advance(0.1)
    return bytes(ms.Blob(blobs))


async def test_every_webm_and_mp4_plays_to_its_end_and_is_as_long_as_was_recorded(chromium_plays):
    with use_clock(ManualClock()) as clock:
        files = {name: (await recorded(clock, *case), case[0]) for name, case in CASES.items()}
    found = await asyncio.to_thread(chromium_plays, files, 150)
    for one in found:
        assert one.error is None, one
        assert one.last == pytest.approx(SECONDS, abs=0.15), one
        if one.name != "vp8-slices":  # the head of sliced WebM was given out before anybody knew the duration
            assert one.first == pytest.approx(SECONDS, abs=0.15), one
        if not CASES[one.name][0].startswith("audio"):
            assert (one.width, one.height) == (320, 240)
            assert one.pictures > 20
