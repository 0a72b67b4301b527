"""A webcam driven by the kernel's ``uvcvideo``; what hangs on the cable is software (usb_camera.py)."""

from __future__ import annotations

import ctypes
import fcntl
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from usb_camera import PRIVACY, PROCESSING, TERMINAL, UsbCamera

import mediastreams as ms
from mediastreams._backends.linux.v4l2_controls import PRIVACY as PRIVACY_CONTROL
from mediastreams._backends.linux.v4l2_devices import ask
from mediastreams._backends.linux.v4l2_ioctl import VideoNode
from mediastreams._backends.linux.v4l2_source import CameraSource
from mediastreams._engine.clock import get_clock
from mediastreams._rules.values import Range, VideoMode
from mediastreams.errors import NotFoundError

pytestmark = pytest.mark.lab
BY_ID = Path("/dev/v4l/by-id")
JPEG = VideoMode(640, 480, 30.0, 30.0, "MJPG", 10)
RAW = VideoMode(640, 480, 30.0, 30.0, "YUYV", 1)


@pytest.fixture
def listed(backend):
    return lambda label="Lab Webcam": [device for device in backend.list_devices() if device.label == label]


@pytest.fixture(scope="module")
def webcam():
    with UsbCamera() as camera:
        yield camera


@pytest.fixture
def device(webcam, eventually, listed):
    webcam.silent, webcam.spoil = False, None
    webcam.values[PRIVACY] = [0]
    eventually(listed)
    (found,) = listed()  # its metadata node is none
    return found


@pytest.fixture
def started(device, collector, open_files):
    """Start a camera, and have it closed at the end."""
    sources = []

    def start(mode=JPEG, settings=None, **options):
        camera = device.handle
        source = CameraSource(
            camera.path,
            camera.label,
            clock=get_clock(),
            offers=camera.offers,
            controls=camera.controls,
            written=camera.written,
            **options,
        )
        sources.append(source)
        source.start(mode, settings or {}, collector)
        return source

    yield start
    for source in sources:
        source.stop()
    assert not open_files("/dev/video")


def rgb(picture):
    return picture.av.to_ndarray(format="rgb24")


def test_the_listing_prefers_raw_pictures_where_the_camera_has_them(device):
    formats = {(mode.width, mode.max_frame_rate): mode.pixel_format for mode in device.model.modes}
    assert formats[1280, 30.0] == "MJPG"
    assert formats[640, 30.0] == "YUYV"
    assert formats[640, 15.0] == "MJPG"


def test_controls_have_the_names_and_units_of_image_capture(device):
    ranges = device.model.ranges
    assert ranges["zoom"] == Range(100, 500, 1)
    assert ranges["pan"] == ranges["tilt"] == Range(-36000, 36000, 3600)
    assert ranges["exposure_time"] == Range(3, 2047, 1)
    assert ranges["color_temperature"] == Range(2800, 6500, 10)
    assert ranges["focus_distance"] == Range(0, 250, 5)
    assert set(ranges) >= {"brightness", "contrast", "saturation", "sharpness", "focus_distance"}
    for name in ("focus_mode", "exposure_mode", "white_balance_mode"):
        assert device.model.choices[name] == ("continuous", "manual")
        assert device.model.defaults[name] == "continuous"


def test_the_group_is_the_usb_device(device):
    assert Path(device.group, "idVendor").read_text().strip() == "1209"
    assert Path(device.group, "serial").read_text().strip() == "LAB0001"


def test_the_id_is_the_by_id_name_where_udev_made_one(device, listed):
    assert device.native_id == "usb-vhci_hcd.0-1-index0"
    BY_ID.mkdir(parents=True, exist_ok=True)
    link = BY_ID / "usb-Lab_Lab_Webcam_LAB0001-video-index0"
    link.symlink_to(f"../../{Path(device.handle.path).name}")
    try:
        assert listed()[0].native_id == link.name
    finally:
        link.unlink()


@pytest.mark.parametrize("mode", [JPEG, RAW, VideoMode(320, 240, 15.0, 15.0, "MJPG", 10)])
def test_pictures_of_both_kinds_show_the_bars(started, collector, results, mode):
    started(mode)
    picture = collector.wait_for_pictures(2)[-1]
    assert (picture.width, picture.height) == (mode.width, mode.height)
    image = rgb(picture)
    from PIL import Image

    Image.fromarray(image).save(results / f"usb-{mode.pixel_format}-{mode.width}.png")
    bars = image[mode.height // 2, mode.width // 16 :: mode.width // 8]
    expected = np.array([[bar >> bit & 1 for bit in (1, 2, 0)] for bar in range(7, -1, -1)], dtype=bool)
    assert np.array_equal(bars > 96, expected)


def test_a_decoded_picture_is_the_one_just_sent(started, collector):
    started(VideoMode(320, 240, 5.0, 5.0, "MJPG", 10))
    ages = []
    deliver = collector.deliver
    collector.deliver = lambda data: (ages.append(get_clock().now_us() - data.timestamp), deliver(data))
    collector.wait_for_pictures(5)
    assert np.median(ages) < 200_000  # less than one interval: no decoder keeps a picture back


def test_half_a_picture_and_noise_are_skipped_and_the_stream_goes_on(webcam, started, collector, eventually):
    source = started(stall_seconds=60)
    collector.wait_for_pictures(2)
    for spoil in ("noise", "cut"):
        before = source.tally.corrupt
        webcam.spoil = spoil
        eventually(lambda before=before: source.tally.corrupt >= before + 2)
        webcam.spoil = None
        collector.wait_for_pictures(2)
    assert not collector.ended


def test_a_webcam_that_falls_silent_mutes_and_stops_at_once(webcam, started, collector):
    source = started(RAW, stall_seconds=0.5)
    collector.wait_for_pictures(2)
    webcam.silent = True
    collector.wait(lambda: collector.muted == [True])
    webcam.silent = False
    collector.wait(lambda: collector.muted == [True, False])
    webcam.silent = True
    source.stop()
    assert not collector.ended


def test_controls_reach_the_camera_and_modes_before_values(webcam, started, collector):
    source = started(RAW, {"zoom": 200})
    assert webcam.values[TERMINAL, 0x0B] == [200]
    assert source.configure({"zoom": 300, "exposure_mode": "manual", "exposure_time": 500, "pan": 7200})
    assert webcam.values[TERMINAL, 0x0B] == [300]
    assert webcam.values[TERMINAL, 0x02] == [1]
    assert webcam.values[TERMINAL, 0x04] == [500]
    assert webcam.values[TERMINAL, 0x0D] == [7200, 0]
    assert source.configure({"white_balance_mode": "manual", "color_temperature": 3000, "brightness": -64})
    assert webcam.values[PROCESSING, 0x0A] == [3000]
    assert webcam.values[PROCESSING, 0x02] == [-64]
    assert collector.wait_for_pictures(2)
    source.stop()
    # The camera keeps what was set; the next start brings back what it is asked for, and what sleeps stays asleep.
    again = started(
        RAW, {"exposure_mode": "continuous", "exposure_time": 250, "white_balance_mode": "continuous", "zoom": 100}
    )
    assert webcam.values[TERMINAL, 0x0B] == [100]
    assert webcam.values[TERMINAL, 0x02] == [8]
    assert webcam.values[TERMINAL, 0x04] == [500]
    assert again.configure({"pan": 0})
    assert webcam.values[TERMINAL, 0x0D] == [0, 0]


def test_a_value_asked_for_while_an_automatic_decides_comes_true_when_that_is_switched_off(webcam, started):
    source = started(RAW, {"exposure_mode": "continuous", "exposure_time": 700})
    assert webcam.values[TERMINAL, 0x04] != [700]
    assert source.configure({"exposure_mode": "manual"})
    assert webcam.values[TERMINAL, 0x04] == [700]
    assert source.configure({"exposure_mode": "continuous"})


@pytest.mark.may_block(reason="this guest is slow")
async def test_a_track_moves_the_webcam_and_takes_a_photo_larger_than_its_pictures(webcam, device, results):
    devices = ms.MediaDevices(backends=["v4l2"])
    async with devices.get_user_media(video=True):
        (webcam_id,) = [one.device_id for one in await devices.enumerate_devices() if one.label == device.label]
    wanted = {"device_id": {"exact": webcam_id}, "width": 320, "height": 240, "zoom": True}
    async with devices.get_user_media(video=wanted) as stream:
        track = stream.video
        assert track.get_capabilities().zoom == {"min": 100, "max": 500, "step": 1}
        assert track.get_capabilities().pan == {"min": -36000, "max": 36000, "step": 3600}
        asked = {"zoom": 250, "pan": 7200, "exposure_mode": "manual", "exposure_time": 333}
        await track.apply_constraints(width=320, height=240, **asked)
        assert webcam.values[TERMINAL, 0x0B] == [250]
        assert webcam.values[TERMINAL, 0x0D] == [7200, 0]
        assert webcam.values[TERMINAL, 0x04] == [333]
        settings = track.get_settings()
        assert (settings.zoom, settings.pan, settings.exposure_time) == (250, 7200, 333)
        capture = ms.ImageCapture(track)
        blob = await capture.take_photo(image_width=1280, image_height=720)
        (results / "usb-photo.jpg").write_bytes(bytes(blob))
        from PIL import Image

        photo = Image.open(io.BytesIO(bytes(blob)))
        assert photo.size == (1280, 720)
        assert photo.getexif()[0x0110] == "Lab Webcam"
        bitmap = await capture.grab_frame()
        assert (bitmap.width, bitmap.height) == (320, 240)
        assert webcam.values[TERMINAL, 0x0B] == [250]
        await track.apply_constraints({"zoom": 100, "pan": 0, "exposure_mode": "continuous"})


def test_a_closed_privacy_shutter_mutes_from_the_start(webcam, started, collector):
    webcam.values[PRIVACY] = [1]
    started(RAW)
    collector.wait(lambda: collector.muted == [True])
    collector.wait_for_pictures(2)
    assert collector.muted == [True]


def test_moving_the_privacy_shutter_mutes_and_unmutes(device, started, collector):
    started(RAW)
    collector.wait_for_pictures(1)
    with VideoNode(device.handle.path) as node:
        for covered in (1, 0, 1):
            node.write_control(PRIVACY_CONTROL, covered)
            collector.wait(lambda: collector.muted and collector.muted[-1] == bool(covered))  # noqa: B023 - waits here
    assert collector.muted == [True, False, True]
    assert not collector.ended


def test_a_listing_replayed_from_its_recording_is_the_same(device, results):
    log = []
    with VideoNode(device.handle.path) as node:

        def recorded(_, request, argument):
            before = bytes(argument).hex()
            try:
                fcntl.ioctl(node.fd, request, argument)
            except OSError as error:
                log.append([request, before, error.errno])
                raise
            log.append([request, before, bytes(argument).hex()])

        live = ask(VideoNode(device.handle.path, ioctl=recorded))
    (results / "listing.json").write_text(json.dumps(log))
    answers = {(request, before): after for request, before, after in log}

    def replayed(_, request, argument):
        after = answers[request, bytes(argument).hex()]
        if isinstance(after, int):
            raise OSError(after, os.strerror(after))
        ctypes.memmove(ctypes.byref(argument), bytes.fromhex(after), ctypes.sizeof(argument))

    assert ask(VideoNode("replayed", ioctl=replayed)) == live


def test_an_unplugged_webcam_ends_and_comes_back_with_its_id(backend, collector, eventually, listed):
    with UsbCamera(port=1, serial="LAB0002", product="Travelling Webcam") as camera:
        eventually(lambda: listed("Travelling Webcam"))
        (device,) = listed("Travelling Webcam")
        source = backend.create_source(device)
        source.start(RAW, {}, collector)
        collector.wait_for_pictures(2)
        camera.unplug()
        collector.wait(lambda: collector.ended, 10)
        assert isinstance(collector.ended[0], NotFoundError)
        source.stop()
    eventually(lambda: not listed("Travelling Webcam"))
    with UsbCamera(port=1, serial="LAB0002", product="Travelling Webcam"):
        eventually(lambda: listed("Travelling Webcam"))
        assert listed("Travelling Webcam")[0].native_id == device.native_id
