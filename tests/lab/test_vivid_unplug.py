"""Unplugging, by taking the driver from its device, and plugging in again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mediastreams._rules.values import VideoMode
from mediastreams.errors import NotFoundError

pytestmark = pytest.mark.lab
DRIVER = Path("/sys/bus/platform/drivers/vivid")


@pytest.fixture
def plugged_in(eventually):
    """The virtual cameras are there again at the end."""
    yield
    if not Path("/dev/video0").exists():
        (DRIVER / "bind").write_text("vivid.0")
    eventually(lambda: Path("/dev/video4").exists())


@pytest.mark.usefixtures("plugged_in")
def test_an_unplugged_camera_ends_and_what_comes_back_is_the_same_device(backend, collector, eventually, open_files):
    before = backend.list_devices()
    source = backend.create_source(before[0])
    changes = []
    stop_watching = backend.watch(lambda: changes.append(len(backend.list_devices())))
    source.start(VideoMode(320, 180, 30.0, 30.0, "YUYV"), {}, collector)
    collector.wait_for_pictures(2)

    (DRIVER / "unbind").write_text("vivid.0")
    collector.wait(lambda: collector.ended, 5)
    (error,) = collector.ended
    assert isinstance(error, NotFoundError)
    assert "unplugged" in str(error)
    assert collector.log[-1] == ("end", error)
    eventually(lambda: changes and changes[-1] == len(before) - 3)
    source.stop()
    with pytest.raises(NotFoundError):
        source.start(VideoMode(320, 180, 30.0, 30.0, "YUYV"), {}, collector)

    (DRIVER / "bind").write_text("vivid.0")
    eventually(lambda: changes[-1] == len(before))
    stop_watching()
    assert [device.native_id for device in backend.list_devices()] == [device.native_id for device in before]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mediastreams-")]
    assert not open_files("video")
    assert not open_files("inotify")
