"""Bytes in a driver's buffer become frames of our own."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from mediastreams._backends.linux.v4l2_layouts import LAYOUTS
from mediastreams._backends.linux.v4l2_pictures import Colours, Decoder, Unpacker, picture_maker

WIDTH, HEIGHT = 62, 34
PLAIN = Colours(8, 0, 0, rgb=False)


def noise(name):
    """A frame with something different in every byte."""
    frame = av.VideoFrame(WIDTH, HEIGHT, name)
    for seed, plane in enumerate(frame.planes):
        plane.update(np.random.default_rng(seed).bytes(plane.buffer_size))
    return frame


def lines(frame, rule, padding=0):
    """The bytes of one plane's lines, each followed by padding, as a driver would lay them out."""
    plane = frame.planes[rule.target]
    count, used = rule.line_count(frame.height), rule.line_bytes(frame.width)
    there = np.frombuffer(plane, np.uint8)[: plane.line_size * count].reshape(count, plane.line_size)[:, :used]
    return np.pad(there, ((0, 0), (0, padding)), constant_values=0xEE).tobytes()


@pytest.mark.parametrize("padding", [0, 8])
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_copied_line_by_line_without_the_padding(name, padding):
    layout = LAYOUTS[name]
    original = noise(layout.name)
    first = layout.planes[0]
    if layout.memory_planes == 1:
        parts = [lines(original, rule, padding * rule.stride // 2) for rule in layout.planes]
        memory = [memoryview(b"".join(parts))]
        strides = [first.line_bytes(WIDTH) + padding]
    else:
        memory = [memoryview(lines(original, rule, padding)) for rule in layout.planes]
        strides = [rule.line_bytes(WIDTH) + padding for rule in layout.planes]
    made = Unpacker(layout, WIDTH, HEIGHT, strides, PLAIN).make(memory)
    assert (made.width, made.height, made.format.name) == (WIDTH, HEIGHT, layout.name)
    for rule in layout.planes:
        assert lines(made, rule) == lines(original, rule)


def test_a_frame_does_not_share_the_drivers_memory():
    buffer = bytearray(WIDTH * HEIGHT)
    made = Unpacker(LAYOUTS["GREY"], WIDTH, HEIGHT, [WIDTH], PLAIN).make([memoryview(buffer)])
    buffer[:] = b"\xff" * len(buffer)
    assert not made.to_ndarray().any()


def test_the_drivers_memory_is_let_go():
    view = memoryview(bytearray(WIDTH * HEIGHT))
    Unpacker(LAYOUTS["GREY"], WIDTH, HEIGHT, [WIDTH], PLAIN).make([view])
    view.release()  # raises while somebody looks at it


@pytest.mark.parametrize("name", ["GREY", "YUYV", "NV12", "YU12", "NM12"])
def test_a_buffer_that_is_not_full_holds_no_picture(name):
    layout = LAYOUTS[name]
    strides = [layout.planes[0].line_bytes(WIDTH)] * layout.memory_planes
    parts = [memoryview(b"x" * (WIDTH * HEIGHT - 1))] * layout.memory_planes
    assert Unpacker(layout, WIDTH, HEIGHT, strides, PLAIN).make(parts) is None


def test_a_driver_that_names_no_stride_has_no_padding():
    made = Unpacker(LAYOUTS["YUYV"], WIDTH, HEIGHT, [0], PLAIN).make([memoryview(b"\x80" * (WIDTH * HEIGHT * 2))])
    assert made.width == WIDTH


@pytest.mark.parametrize(
    ("colorspace", "encoding", "quantization", "rgb", "expected"),
    [
        (8, 0, 0, False, (6, 1, 1, 13)),  # sRGB, the usual webcam: BT.601, limited
        (7, 0, 0, False, (6, 2, 1, 13)),  # JPEG: full range
        (3, 0, 0, False, (1, 1, 1, 1)),  # HDTV
        (1, 2, 0, False, (1, 1, 6, 6)),  # the encoding overrules the colour space
        (3, 0, 1, False, (1, 2, 1, 1)),
        (8, 0, 0, True, (0, 2, 1, 13)),
        (10, 0, 2, False, (9, 1, 9, 14)),
        (99, 0, 0, False, (6, 1, 1, 13)),
    ],
)
def test_colours_are_said_in_ffmpegs_numbers(colorspace, encoding, quantization, rgb, expected):
    frame = av.VideoFrame(16, 16, "yuv420p")
    Colours(colorspace, encoding, quantization, rgb=rgb).write(frame)
    assert (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc) == expected


def jpeg(options=None):
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 160, 120, "yuvj422p", Fraction(1, 30)
    encoder.options = options or {}
    image = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuvj422p")
    return bytes([*encoder.encode(frame), *encoder.encode(None)][0])


def test_motion_jpeg_is_decoded_at_once_and_with_its_full_range():
    maker = picture_maker("MJPG", 160, 120, [0], PLAIN)
    for _ in range(3):
        made = maker.make([memoryview(jpeg())])
        assert (made.width, made.height) == (160, 120)
        assert made.color_range == 2


def test_a_jpeg_with_padding_behind_it_is_whole():
    assert Decoder("mjpeg").make([memoryview(jpeg() + bytes(3000))]) is not None


@pytest.mark.parametrize("spoiled", [b"", b"\x55" * 4000, jpeg()[:2000], jpeg()[:200]])
def test_a_spoiled_jpeg_is_skipped_and_the_next_is_decoded(spoiled):
    maker = Decoder("mjpeg")
    assert maker.make([memoryview(jpeg())]) is not None
    for _ in range(20):
        assert maker.make([memoryview(spoiled)]) is None
    assert maker.make([memoryview(jpeg())]) is not None


def test_a_camera_that_never_sends_a_flawless_jpeg_is_shown_all_the_same():
    maker = Decoder("mjpeg")
    flawed = memoryview(jpeg()[:-3000])
    made = [maker.make([flawed]) for _ in range(12)]
    assert made[0] is None
    assert made[-1] is not None
