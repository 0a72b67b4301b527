"""Asking a video node, on the bytes that a real driver answered with.

The recording is of the kernel's uvcvideo and was made by tests/lab/test_usb_camera.py: request, structure before,
structure after (or the error's number).
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._backends.linux import v4l2_structs as s
from mediastreams._backends.linux.v4l2_devices import ask
from mediastreams._backends.linux.v4l2_ioctl import RateSpan, SizeSpan, VideoNode, code_of, fourcc
from mediastreams._backends.linux.v4l2_modes import cheapest_modes

RECORDING = Path(__file__).parent / "recordings" / "v4l2_webcam.json"
pytestmark = pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="recorded on a 64-bit system")


@pytest.fixture
def webcam():
    answers = {(request, before): after for request, before, after in json.loads(RECORDING.read_text())}

    def ioctl(_, request, argument):
        after = answers[request, bytes(argument).hex()]
        if isinstance(after, int):
            raise OSError(after, os.strerror(after))
        ctypes.memmove(ctypes.byref(argument), bytes.fromhex(after), ctypes.sizeof(argument))

    return VideoNode("recorded", ioctl=ioctl)


def node_that(**answers):
    """A node that answers the named requests by calls and knows no others."""
    by_number = {s.REQUESTS[name]: answer for name, answer in answers.items()}

    def ioctl(_, request, argument):
        if request not in by_number:
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        by_number[request](argument)

    return VideoNode("made up", ioctl=ioctl)


def nothing_at(index_limit):
    if index_limit:
        raise OSError(errno.EINVAL, "no more")


def test_request_numbers_are_those_of_the_kernels_header():
    assert {name: hex(number) for name, number in s.REQUESTS.items()} == {
        "QUERYCAP": "0x80685600",
        "ENUM_FMT": "0xc0405602",
        "G_FMT": "0xc0d05604",
        "S_FMT": "0xc0d05605",
        "REQBUFS": "0xc0145608",
        "QUERYBUF": "0xc0585609",
        "QBUF": "0xc058560f",
        "DQBUF": "0xc0585611",
        "STREAMON": "0x40045612",
        "STREAMOFF": "0x40045613",
        "G_PARM": "0xc0cc5615",
        "S_PARM": "0xc0cc5616",
        "G_CTRL": "0xc008561b",
        "S_CTRL": "0xc008561c",
        "QUERYCTRL": "0xc0445624",
        "QUERYMENU": "0xc02c5625",
        "TRY_FMT": "0xc0d05640",
        "ENUM_FRAMESIZES": "0xc02c564a",
        "ENUM_FRAMEINTERVALS": "0xc034564b",
        "DQEVENT": "0x80885659",
        "SUBSCRIBE_EVENT": "0x4020565a",
    }


def test_a_recorded_webcam_tells_who_it_is(webcam):
    found = webcam.capabilities()
    assert (found.driver, found.card, found.bus_info) == ("uvcvideo", "Lab Webcam: Lab Webcam", "usb-vhci_hcd.0-1")
    assert found.captures
    assert not found.multi_planar


def test_a_recorded_webcam_tells_its_formats_sizes_and_rates(webcam):
    webcam.capabilities()
    assert webcam.pixel_formats() == ["MJPG", "YUYV"]
    assert [(span.min_width, span.max_height) for span in webcam.sizes("MJPG")] == [(640, 480), (1280, 720), (320, 240)]
    assert [span.fastest for span in webcam.rates("MJPG", 1280, 720)] == [30.0, 15.0, 5.0]
    assert [span.fastest for span in webcam.rates("YUYV", 640, 480)] == [30.0, 10.0]
    assert webcam.current_rate() == 30.0


def test_a_recorded_webcam_tells_its_controls_with_their_values(webcam):
    webcam.capabilities()
    controls = {control.name: control for control in webcam.controls()}
    zoom = controls["Zoom, Absolute"]
    assert (zoom.minimum, zoom.maximum, zoom.step, zoom.value) == (100, 500, 1, 100)
    assert controls["Auto Exposure"].items == (1, 3)
    assert controls["Brightness"].minimum == -64


def test_a_recorded_webcam_becomes_modes(webcam):
    modes = cheapest_modes(ask(webcam).offers)
    assert [(mode.width, mode.height, mode.max_frame_rate, mode.pixel_format) for mode in modes] == [
        (1280, 720, 30.0, "MJPG"),
        (1280, 720, 15.0, "MJPG"),
        (1280, 720, 5.0, "MJPG"),
        (640, 480, 30.0, "YUYV"),
        (640, 480, 15.0, "MJPG"),
        (640, 480, 10.0, "YUYV"),
        (640, 480, 5.0, "MJPG"),
        (320, 240, 30.0, "YUYV"),
        (320, 240, 15.0, "MJPG"),
        (320, 240, 10.0, "YUYV"),
        (320, 240, 5.0, "MJPG"),
    ]


@pytest.mark.parametrize(
    ("capabilities", "of_the_node", "captures", "multi_planar"),
    [
        (0x84200001, 0x04200001, True, False),
        (0x84A00001, 0x04A00000, False, True),  # a webcam's metadata node: the device captures, the node does not
        (0x84201000, 0x04201000, True, True),
        (0x84200002, 0x04200002, False, True),  # output
        (0x04000001, 0x0, True, False),  # an old driver, which tells of the device only
        (0x80000001, 0x00000001, False, False),  # read() only
    ],
)
def test_what_a_node_can_do_is_the_nodes_own_flags(capabilities, of_the_node, captures, multi_planar):
    def answer(structure):
        structure.capabilities, structure.device_caps = capabilities, of_the_node

    found = node_that(QUERYCAP=answer).capabilities()
    assert (found.captures, found.multi_planar) == (captures, multi_planar)


def test_sizes_as_an_interval_are_one_span():
    def answer(entry):
        nothing_at(entry.index)
        entry.type = 3
        entry.span = s.SizeSpan(48, 1920, 2, 32, 1080, 0)

    assert node_that(ENUM_FRAMESIZES=answer).sizes("YUYV") == [SizeSpan(48, 1920, 2, 32, 1080, 1)]


def test_rates_as_an_interval_are_one_span_from_slow_to_fast():
    def answer(entry):
        nothing_at(entry.index)
        entry.type = 2
        entry.span.min = s.Fraction(1001, 30000)
        entry.span.max = s.Fraction(1, 5)

    (span,) = node_that(ENUM_FRAMEINTERVALS=answer).rates("YUYV", 640, 480)
    assert span == RateSpan(5.0, 30000 / 1001)


def test_an_interval_of_zero_is_no_rate():
    def answer(entry):
        nothing_at(entry.index > 1)
        entry.type = 1
        entry.span.min = s.Fraction(entry.index, 25)

    assert node_that(ENUM_FRAMEINTERVALS=answer).rates("YUYV", 640, 480) == [RateSpan(25.0, 25.0)]


def test_a_driver_that_lists_no_sizes_and_rates_is_asked_what_it_would_take():
    def identity(structure):
        structure.capabilities = 0x84200001
        structure.device_caps = 0x04200001

    def formats(entry):
        nothing_at(entry.index)
        entry.pixelformat = code_of("YUYV")

    def nearest(structure):
        pix = structure.fmt.pix
        pix.width, pix.height = min(pix.width, 720), min(pix.height, 576)

    def present(structure):
        structure.fmt.pix.width, structure.fmt.pix.height = 720, 576

    node = node_that(QUERYCAP=identity, ENUM_FMT=formats, TRY_FMT=nearest, G_FMT=present)
    sizes = {(offer.width, offer.height) for offer in ask(node).offers}
    assert {(640, 480), (720, 576), (320, 240)} <= sizes
    assert max(width for width, _ in sizes) == 720
    assert {offer.rates for offer in ask(node).offers} == {(RateSpan(30.0, 30.0),)}


def test_a_driver_that_never_ends_its_list_does_not_hang_us():
    def answer(entry):
        entry.pixelformat = code_of("YUYV")

    assert len(node_that(ENUM_FMT=answer).pixel_formats()) == 4096


def test_an_error_that_is_no_end_of_a_list_comes_through():
    def answer(_):
        raise OSError(errno.ENODEV, "gone")

    with pytest.raises(OSError, match="gone"):
        node_that(ENUM_FMT=answer).pixel_formats()


def test_a_control_that_cannot_be_read_has_no_value():
    def answer(_):
        raise OSError(errno.EACCES, "write-only")

    assert node_that(G_CTRL=answer).read_control(1) is None


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=4, max_size=4), st.booleans())
def test_four_characters_and_their_number_are_the_same(letters, big_endian):
    name = letters + "-BE" * big_endian
    assert fourcc(code_of(name)) == name
