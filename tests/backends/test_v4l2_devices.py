"""Finding cameras: names, ids, groups, and where they sit. The device trees here are made of folders."""

from __future__ import annotations

import errno

import pytest

from mediastreams._backends.linux.v4l2_devices import CameraListing, label_of
from mediastreams._backends.linux.v4l2_source import CameraSource
from mediastreams._backends.sysfs import facing_mode, physical_device, read_attribute
from mediastreams._engine.clock import get_clock
from mediastreams._rules.values import VideoMode
from mediastreams.errors import NotFoundError, NotReadableError


@pytest.mark.parametrize(
    ("card", "label"),
    [
        ("HD Pro Webcam C920", "HD Pro Webcam C920"),
        ("Integrated Camera: Integrated C", "Integrated Camera"),
        ("Brio: Brio", "Brio"),
        ("UVC Camera (046d:0825)", "UVC Camera (046d:0825)"),
        ("Cam Link 4K: Cam Link 4K", "Cam Link 4K"),
        ("Dell: Infrared", "Dell: Infrared"),
    ],
)
def test_a_name_that_repeats_itself_is_said_once(card, label):
    assert label_of(card) == label


@pytest.fixture
def webcam(tmp_path):
    """A USB device with a camera interface and a sound interface, and the class folder's links to them."""
    usb = tmp_path / "devices" / "pci0000:00" / "usb1" / "1-5"
    for interface in ("1-5:1.0/video4linux/video0", "1-5:1.2/sound/card1"):
        (usb / interface).mkdir(parents=True)
    (usb / "idVendor").write_text("046d\n")
    (usb / "idProduct").write_text("082d\n")
    (usb / "1-5:1.0/video4linux/video0/device").symlink_to(usb / "1-5:1.0")
    (usb / "1-5:1.2/sound/card1/device").symlink_to(usb / "1-5:1.2")
    return usb


def test_a_camera_and_its_microphone_are_one_physical_device(webcam):
    camera = physical_device(webcam / "1-5:1.0/video4linux/video0/device")
    microphone = physical_device(webcam / "1-5:1.2/sound/card1/device")
    assert camera == microphone == str(webcam)


def test_a_device_that_is_not_usb_is_its_own_group(tmp_path):
    platform = tmp_path / "devices" / "platform" / "vivid.0"
    platform.mkdir(parents=True)
    assert physical_device(platform) == str(platform)


@pytest.mark.parametrize(("panel", "facing"), [("front", "user"), ("back", "environment"), ("top", None), (None, None)])
def test_the_panel_the_firmware_names_is_the_facing_mode(webcam, panel, facing):
    if panel:
        (webcam / "physical_location").mkdir()
        (webcam / "physical_location" / "panel").write_text(panel + "\n")
    assert facing_mode(webcam / "1-5:1.0/video4linux/video0/device") == facing


def test_the_panel_of_the_computer_is_not_the_panel_of_the_camera(webcam):
    (webcam.parent / "physical_location").mkdir()
    (webcam.parent / "physical_location" / "panel").write_text("front\n")
    assert facing_mode(webcam / "1-5:1.0/video4linux/video0/device") is None


def test_an_attribute_that_is_not_there_is_nothing(tmp_path):
    assert read_attribute(tmp_path, "index") is None


def test_a_machine_without_a_video_driver_has_no_cameras(tmp_path):
    assert CameraListing(sysfs=tmp_path / "none", by_id=tmp_path, dev=tmp_path).devices() == []


def test_a_node_that_is_no_camera_is_not_listed(tmp_path):
    (tmp_path / "class" / "video0").mkdir(parents=True)
    (tmp_path / "video0").write_text("a file")  # answers no request of the video interface
    assert CameraListing(sysfs=tmp_path / "class", by_id=tmp_path / "none", dev=tmp_path).devices() == []


def test_a_camera_this_user_may_not_open_is_listed_by_its_name(webcam, tmp_path, monkeypatch):
    def refuse(self, path):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(CameraListing, "_ask", refuse)  # as root, which runs tests too, nothing refuses
    folder = webcam / "1-5:1.0" / "video4linux"
    (folder / "video0" / "name").write_text("Brio: Brio\n")
    (folder / "video0" / "index").write_text("0\n")
    (folder / "video1").mkdir()
    (folder / "video1" / "index").write_text("1\n")
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    (tmp_path / "video0").touch()
    (by_id / "usb-Logitech_Brio_1234-video-index0").symlink_to(tmp_path / "video0")
    (camera,) = CameraListing(sysfs=folder, by_id=by_id, dev=tmp_path).devices()
    assert (camera.label, camera.native_id, camera.default) == ("Brio", "usb-Logitech_Brio_1234-video-index0", True)
    assert camera.model.modes
    assert camera.group == str(webcam)


MODE = VideoMode(640, 480, 30.0, 30.0, "YUYV", 1)


def test_a_file_that_is_no_camera_is_not_readable(tmp_path):
    (tmp_path / "video0").write_text("a file")
    source = CameraSource(str(tmp_path / "video0"), "File", clock=get_clock())
    with pytest.raises(NotReadableError, match="File") as caught:
        source.start(MODE, {}, None)
    assert caught.value.errno == errno.ENOTTY
    source.stop()


def test_a_camera_that_is_not_there_is_not_found(tmp_path):
    source = CameraSource(str(tmp_path / "video0"), "Ghost", clock=get_clock())
    with pytest.raises(NotFoundError, match="Ghost"):
        source.start(MODE, {}, None)
    source.stop()
