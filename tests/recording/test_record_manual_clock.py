"""`record` under the manual clock: fake devices, no waiting, the same file every time."""

import asyncio
import gc

import pytest

import mediastreams as ms
from mediastreams._engine.clock import use_clock
from mediastreams.testing import ManualClock

__all__ = []


async def test_fake_devices_are_recorded_without_waiting(probe, tmp_path):
    clock = ManualClock()
    with use_clock(clock):
        devices = ms.MediaDevices(backends=["fake"])
        opening = asyncio.ensure_future(
            devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True)
        )
        while not opening.done():
            await clock.advance(0.01)
        stream = opening.result()
        try:
            async with ms.record(stream, tmp_path / "a.mkv") as recording:
                await clock.advance(3.0)
        finally:
            for track in stream.get_tracks():
                track.stop()
            await clock.advance(0.1)
    summary = recording.summary
    assert summary.dropped == 0
    assert summary.duration == pytest.approx(3.0, abs=0.1)
    assert summary.fps == pytest.approx(30, abs=0.5)
    assert (await probe(tmp_path / "a.mkv")).duration == pytest.approx(3.0, abs=0.1)


async def test_a_recording_holds_its_tracks_though_nobody_else_does(tmp_path):
    with use_clock(ManualClock()) as clock:
        devices = ms.MediaDevices(backends=["fake"])

        async def record_and_forget():
            camera = await devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30})
            recording = ms.record(camera, tmp_path / "a.mkv", duration=0.5)
            del camera
            return await recording

        with pytest.warns(ResourceWarning, match="stop"):  # for afterwards: nobody stopped the camera
            summary = await clock.until(_collected_after(record_and_forget()))
        await clock.advance(0.1)
    assert summary.frames == 15


async def _collected_after(awaitable):
    result = await awaitable
    gc.collect()
    return result
