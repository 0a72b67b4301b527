"""Capture from the kernel's virtual cameras, whose faults can be asked for."""

from __future__ import annotations

import errno
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mediastreams._backends.linux.v4l2_ioctl import VideoNode
from mediastreams._backends.linux.v4l2_source import CameraSource
from mediastreams._engine.clock import get_clock
from mediastreams._rules.values import VideoMode
from mediastreams.errors import NotFoundError, NotReadableError

pytestmark = pytest.mark.lab
SINGLE, MULTI, HDMI = "/dev/video0", "/dev/video3", "/dev/video4"
DRIVER = Path("/sys/bus/platform/drivers/vivid")


@pytest.fixture
def source_of(backend, open_files):
    made = []

    def source(path=SINGLE, **options):
        device = next(device for device in backend.list_devices() if device.handle.path == path)
        camera = device.handle
        made.append(
            CameraSource(
                path, camera.label, clock=get_clock(), offers=camera.offers, controls=camera.controls, **options
            )
        )
        return made[-1]

    yield source
    for each in made:
        each.stop()
    assert not open_files("/dev/video")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mediastreams-v4l2")]


def mode(width=320, height=180, rate=30.0, pixel_format="YUYV"):
    return VideoMode(width, height, rate, rate, pixel_format)


def set_control(name, value, path=SINGLE):
    with VideoNode(path) as node:
        node.capabilities()
        control = next(control for control in node.controls() if control.name == name)
        node.write_control(control.id, value)


def rgb(picture):
    """Own conversion by the frame's own means: nobody else has this frame."""
    return picture.av.to_ndarray(format="rgb24")


PACKED = ["YUYV", "UYVY", "YVYU", "RGB3", "BGR3", "RGBP"]
FOUR_BYTES = ["XR24", "AR24", "XB24", "AB24", "BX24", "BA24", "BGR4", "RGB4"]
PLANAR = ["NV12", "NV21", "YU12", "YV12", "422P", "NV16", "NV24"]
GREY = ["GREY", "Y16 "]
PIECES = ["NM12", "NM21", "NM16", "YM12", "YM21", "YM16", "YM24"]


@pytest.mark.parametrize("pixel_format", [*PACKED, *FOUR_BYTES, *PLANAR, *GREY])
def test_every_pixel_format_shows_the_same_colour_bars(source_of, collector, results, pixel_format):
    _check_bars(source_of(SINGLE), collector, results, pixel_format)


@pytest.mark.parametrize("pixel_format", [*PIECES, "NV12", "YUYV"])
def test_pictures_in_several_pieces_of_memory_show_the_same_colour_bars(source_of, collector, results, pixel_format):
    _check_bars(source_of(MULTI), collector, results, pixel_format)


def _check_bars(source, collector, results, pixel_format):
    got = source.start(mode(pixel_format=pixel_format), {}, collector)
    assert (got.width, got.height, got.pixel_format) == (320, 180, pixel_format)
    picture = collector.wait_for_pictures(2)[-1]
    source.stop()
    assert (picture.width, picture.height) == (320, 180)
    image = rgb(picture)
    piece = "pieces-" if source.path == MULTI else ""
    _save(image, results / f"bars-{piece}{pixel_format.strip()}.png")
    # Eight bars of 40 pixels: white, yellow, cyan, green, magenta, red, blue, black.
    bars = image[150:176, 20::40].mean(axis=0)
    if pixel_format in GREY:
        assert list(np.argsort(bars[:, 0])) == [7, 6, 5, 4, 3, 2, 1, 0]
        return
    expected = np.array(
        [[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=bool
    )
    assert np.array_equal(bars > 96, expected), bars.round()


def _save(image, path):
    from PIL import Image

    Image.fromarray(image).save(path)


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (640, 480), (1280, 720), (1920, 1080)])
def test_sizes_are_exact(source_of, collector, size):
    source = source_of()
    got = source.start(mode(*size, rate=15.0), {}, collector)
    assert (got.width, got.height) == size
    assert {(picture.width, picture.height) for picture in collector.wait_for_pictures(2)} == {size}


def test_an_unusual_size_from_an_interval_is_exact(source_of, collector):
    source = source_of(HDMI)
    got = source.start(mode(636, 358, 60.0, "YU12"), {}, collector)
    picture = collector.wait_for_pictures(2)[-1]
    assert (picture.width, picture.height) == (got.width, got.height)
    assert (got.width, got.height) == (636, 358)


@pytest.mark.parametrize("rate", [5.0, 10.0, 30.0])
def test_pictures_come_at_the_rate_that_was_asked_for(source_of, collector, rate):
    source = source_of()
    got = source.start(mode(rate=rate), {}, collector)
    assert got.min_frame_rate == got.max_frame_rate == pytest.approx(rate)
    stamps = [picture.timestamp for picture in collector.wait_for_pictures(8)]
    gaps = np.diff(stamps)
    assert np.median(gaps) == pytest.approx(1e6 / rate, rel=0.25)
    assert collector.pictures[0].duration == round(1e6 / rate)


def test_time_stamps_are_the_moment_of_capture_on_the_clock_and_never_go_back(source_of, collector):
    source = source_of()
    before = get_clock().now_us()
    source.start(mode(), {}, collector)
    pictures = collector.wait_for_pictures(10)
    after = get_clock().now_us()
    stamps = [picture.timestamp for picture in pictures]
    assert before - 100_000 < stamps[0] < stamps[-1] < after
    assert all(np.diff(stamps) > 0)
    assert all(picture.av.pts == picture.timestamp for picture in pictures)


def test_frames_live_on_after_the_camera_has_closed(source_of, collector):
    source = source_of()
    source.start(mode(), {}, collector)
    pictures = collector.wait_for_pictures(6)
    source.stop()
    assert all(rgb(picture).any() for picture in pictures)


def test_nothing_is_delivered_after_stop_and_stop_is_quick_and_can_be_repeated(source_of, collector):
    source = source_of()
    source.start(mode(), {}, collector)
    collector.wait_for_pictures(2)
    began = time.monotonic()
    source.stop()
    took = time.monotonic() - began
    count = len(collector.log)
    source.stop()
    time.sleep(0.3)
    assert len(collector.log) == count
    assert took < 0.2
    assert not collector.ended


def test_a_camera_can_be_started_again_in_another_mode(source_of, collector):
    source = source_of()
    for size in ((320, 180), (640, 360)):
        source.start(mode(*size), {}, collector)
        assert collector.wait_for_pictures(2)[-1].width == size[0]
        source.stop()


def test_two_cameras_stream_at_once(source_of, collector):
    first, second = source_of(SINGLE), source_of(MULTI)
    first.start(mode(), {}, collector)
    other = type(collector)()
    second.start(mode(pixel_format="NV12"), {}, other)
    assert collector.wait_for_pictures(3)
    assert other.wait_for_pictures(3)


def test_a_camera_in_use_is_not_readable_and_the_error_says_by_whom(source_of, collector):
    first, second = source_of(), source_of()
    first.start(mode(), {}, collector)
    with pytest.raises(NotReadableError, match="in use") as caught:
        second.start(mode(640, 360), {}, collector)
    assert caught.value.errno == errno.EBUSY
    second.stop()
    assert collector.wait_for_pictures(2)  # the first one does not notice


def test_a_node_that_is_not_there_is_not_found(collector):
    source = CameraSource("/dev/video77", "Ghost", clock=get_clock())
    with pytest.raises(NotFoundError, match="Ghost"):
        source.start(mode(), {}, collector)
    source.stop()


def test_a_full_bus_falls_back_to_another_pixel_format(source_of, collector):
    source = source_of()
    asked = mode(pixel_format="XXXX")  # the driver knows none of that name and keeps what it has
    got = source.start(asked, {}, collector)
    assert got.pixel_format != "XXXX"
    assert collector.wait_for_pictures(2)


def test_a_silent_camera_mutes_and_a_returning_one_unmutes(source_of, collector):
    source = source_of(stall_seconds=0.7)
    source.start(mode(), {}, collector)
    collector.wait_for_pictures(2)
    set_control("Percentage of Dropped Buffers", 100)
    try:
        collector.wait(lambda: collector.muted == [True])
        count = len(collector.pictures)
    finally:
        set_control("Percentage of Dropped Buffers", 0)
    collector.wait(lambda: collector.muted == [True, False])
    collector.wait(lambda: len(collector.pictures) > count)
    assert not collector.ended


def test_a_camera_that_sends_only_corrupt_pictures_mutes(source_of, collector):
    source = source_of(HDMI, stall_seconds=0.7)
    source.start(mode(638, 358, 60.0, "YU12"), {}, collector)  # a size at which this driver's pictures lack some bytes
    collector.wait(lambda: collector.muted == [True])
    source.stop()
    assert source.tally.corrupt > 0
    assert not collector.pictures


def test_stopping_a_silent_camera_is_quick(source_of, collector):
    source = source_of()
    source.start(mode(), {}, collector)
    collector.wait_for_pictures(1)
    set_control("Percentage of Dropped Buffers", 100)
    try:
        time.sleep(0.3)
        began = time.monotonic()
        source.stop()
        assert time.monotonic() - began < 0.2
    finally:
        set_control("Percentage of Dropped Buffers", 0)


def test_lost_buffers_are_counted(source_of, collector):
    set_control("Percentage of Dropped Buffers", 50)
    try:
        source = source_of()
        source.start(mode(), {}, collector)
        collector.wait_for_pictures(8)
        source.stop()
        assert source.tally.dropped > 0
    finally:
        set_control("Percentage of Dropped Buffers", 0)


def test_corrupt_buffers_are_skipped(source_of, collector):
    source = source_of()
    source.start(mode(), {}, collector)
    with VideoNode(SINGLE) as node:
        node.capabilities()
        inject = next(control for control in node.controls() if control.name == "Inject V4L2_BUF_FLAG_ERROR")
        for _ in range(3):
            collector.wait_for_pictures(2)
            node.write_control(inject.id, 1)
    collector.wait_for_pictures(3)
    source.stop()
    assert source.tally.corrupt == 3
    assert not collector.ended


def test_a_fatal_error_of_the_stream_is_survived(source_of, collector):
    source = source_of()
    source.start(mode(), {}, collector)
    collector.wait_for_pictures(2)
    set_control("Inject Fatal Streaming Error", 1)
    collector.wait_for_pictures(5)
    assert not collector.ended


def test_a_camera_that_fails_again_and_again_ends_with_its_error(source_of, collector):
    source = source_of()
    source.start(mode(), {}, collector)
    for _ in range(8):
        collector.wait(lambda: collector.ended or collector.pictures)
        set_control("Inject Fatal Streaming Error", 1)
        time.sleep(0.3)
        if collector.ended:
            break
    (error,) = collector.ended
    assert isinstance(error, NotReadableError)
    assert error.errno in {errno.EIO, errno.EINVAL}
    assert collector.log[-1][0] == "end"


def test_controls_are_set_while_streaming(source_of, collector):
    source = source_of()
    source.start(mode(), {}, collector)
    assert source.configure({"brightness": 255})
    collector.wait_for_pictures(3)
    bright = float(rgb(collector.pictures[-1]).mean())
    assert source.configure({"brightness": 0})
    collector.wait_for_pictures(3)
    assert bright > float(rgb(collector.pictures[-1]).mean()) + 50
    assert source.configure({"brightness": 128})
    assert not source.configure({"width": 640})


def test_a_forked_child_lets_go_of_the_camera(source_of, collector, open_files):
    source = source_of()
    source.start(mode(1280, 720), {}, collector)
    for _ in range(4):  # at different moments of the reader's work
        collector.wait_for_pictures(1)
        child = os.fork()
        if child == 0:
            held = open_files("/dev/video")
            mapped = "/dev/video" in Path("/proc/self/maps").read_text()
            source.stop()
            os._exit(bool(held) + 2 * mapped)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert collector.wait_for_pictures(2)


def test_the_whole_way_from_listing_to_picture(backend, collector):
    device = backend.list_devices()[0]
    chosen = next(each for each in device.model.modes if (each.width, each.height) == (640, 360))
    source = backend.create_source(device)
    got = source.start(replace(chosen), {**device.model.defaults}, collector)
    try:
        assert collector.wait_for_pictures(2)[-1].av.format.name == "yuv420p"
        assert got.width == 640
    finally:
        source.stop()
