"""What a listing says of the kernel's virtual cameras."""

from __future__ import annotations

import threading

import pytest

from mediastreams._backends.linux.v4l2_backend import V4L2Backend

pytestmark = pytest.mark.lab


@pytest.fixture
def cameras(backend):
    return [device for device in backend.list_devices() if device.label == "vivid"]


def test_only_nodes_that_capture_pictures_are_listed_and_the_first_is_the_default(cameras):
    assert [device.handle.path for device in cameras] == ["/dev/video0", "/dev/video3", "/dev/video4"]
    assert [device.default for device in cameras] == [True, False, False]
    assert {device.device_class for device in cameras} == {"videoinput"}


def test_ids_differ_and_survive_a_second_listing_and_one_board_is_one_group(cameras):
    ids = [device.native_id for device in cameras]
    assert len(set(ids)) == 3
    assert ids == [device.native_id for device in V4L2Backend().list_devices() if device.label == "vivid"]
    assert ids[0] == "platform:vivid-000-index0"
    assert {device.group for device in cameras} == {"/sys/devices/platform/vivid.0"}


def test_a_webcam_lists_its_sizes_with_their_rates(cameras):
    modes = cameras[0].model.modes
    sizes = sorted({(mode.width, mode.height) for mode in modes})
    assert sizes == [(320, 180), (640, 360), (640, 480), (1280, 720), (1920, 1080), (3840, 2160)]
    rates = sorted({round(mode.max_frame_rate, 2) for mode in modes if mode.width == 640 and mode.height == 360})
    assert rates[0] == 1
    assert {15.0, 25.0, 30.0} <= set(rates)
    assert all(mode.min_frame_rate == mode.max_frame_rate for mode in modes)
    assert len({(mode.width, mode.height, mode.max_frame_rate) for mode in modes}) == len(modes)


def test_the_cheapest_pixel_format_stands_for_all(cameras):
    assert {mode.cost for mode in cameras[0].model.modes} == {0}
    assert {offer.pixel_format for offer in cameras[0].handle.offers} >= {"YUYV", "NV12", "YU12", "RGB3", "GREY"}


def test_a_multi_planar_camera_offers_formats_in_several_pieces_of_memory(cameras):
    assert {offer.pixel_format for offer in cameras[1].handle.offers} >= {"NM12", "YM12"}


def test_an_input_with_any_size_lists_the_usual_ones_within_it(cameras):
    sizes = {(mode.width, mode.height) for mode in cameras[2].model.modes}
    assert {(640, 480), (1280, 720)} <= sizes
    assert len(sizes) < 60


def test_controls_have_their_names_and_ranges(cameras):
    ranges = cameras[0].model.ranges
    assert (ranges["brightness"].min, ranges["brightness"].max) == (0, 255)
    assert set(ranges) >= {"brightness", "contrast", "saturation"}
    assert cameras[0].model.defaults["brightness"] in ranges["brightness"]


def test_listing_leaves_nothing_open(cameras, open_files):
    assert not open_files("video")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mediastreams-v4l2")]
