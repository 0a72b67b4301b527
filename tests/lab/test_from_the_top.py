"""Cameras as an application meets them: through the public names only."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import mediastreams as ms
from mediastreams.testing import check_backend

pytestmark = pytest.mark.lab
DRIVER = Path("/sys/bus/platform/drivers/vivid")
WIDE = {"width": {"exact": 640}, "height": {"exact": 360}, "frame_rate": {"exact": 15}, "resize_mode": "none"}


def test_the_back_end_keeps_its_contract_with_a_camera_open(backend):
    check_backend(backend, seconds=20)


@pytest.fixture
def plugged_in(eventually):
    """The virtual cameras are there again at the end."""
    yield
    if not Path("/dev/video0").exists():
        (DRIVER / "bind").write_text("vivid.0")
    eventually(lambda: Path("/dev/video4").exists())


@pytest.mark.may_block(reason="this guest is slow")
async def test_get_user_media_gives_the_size_and_rate_and_frames_from_the_first_camera():
    devices = ms.MediaDevices(backends=["v4l2"])
    stream = await devices.get_user_media(video=WIDE)
    try:
        track = stream.video
        settings = track.get_settings()
        assert (settings.width, settings.height, settings.frame_rate) == (640, 360, 15)
        assert track.label == "vivid"
        seen = 0
        async for frame in track:
            assert (frame.coded_width, frame.coded_height) == (640, 360)
            seen += 1
            if seen == 3:
                break
    finally:
        for each in stream.get_tracks():
            each.stop()


@pytest.mark.may_block(reason="this guest is slow")
async def test_the_listing_and_a_camera_by_its_id():
    devices = ms.MediaDevices(backends=["v4l2"])
    async with devices.get_user_media(video=True):
        cameras = [info for info in await devices.enumerate_devices() if info.label == "vivid"]
    assert [info.kind for info in cameras] == ["videoinput"] * 3
    assert len({info.group_id for info in cameras}) == 1
    async with devices.get_user_media(video={"device_id": {"exact": cameras[1].device_id}}) as stream:
        assert stream.video.get_settings().device_id == cameras[1].device_id
        capabilities = stream.video.get_capabilities()
        assert capabilities.frame_rate.max >= 30
        assert capabilities.width.max >= 1920


@pytest.mark.may_block(reason="this guest is slow")
async def test_applying_constraints_moves_a_running_camera_to_another_size():
    devices = ms.MediaDevices(backends=["v4l2"])
    async with devices.get_user_media(video=WIDE) as stream:
        track = stream.video
        await track.apply_constraints({**WIDE, "width": {"exact": 320}, "height": {"exact": 180}})
        assert track.get_settings().width == 320
        async for frame in track:
            if frame.coded_width == 320:
                break


@pytest.mark.usefixtures("plugged_in")
@pytest.mark.may_block(reason="this guest is slow")
async def test_unplugging_ends_the_track_and_changes_the_listing():
    devices = ms.MediaDevices(backends=["v4l2"])
    changed = asyncio.Event()
    devices.ondevicechange = lambda event: changed.set()
    async with devices.get_user_media(video=WIDE) as stream:
        track = stream.video
        ended = asyncio.ensure_future(track.wait_for("ended", timeout=20))
        await asyncio.sleep(0.5)
        (DRIVER / "unbind").write_text("vivid.0")
        await ended
        assert track.ready_state == "ended"
        await asyncio.wait_for(changed.wait(), 20)
        assert not [info for info in await devices.enumerate_devices() if info.label == "vivid"]
    devices.ondevicechange = None
