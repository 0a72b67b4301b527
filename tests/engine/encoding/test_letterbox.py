"""Pictures of another size in a frame that stays."""

import av
import numpy as np
import pytest

from mediastreams._engine.encoding.letterbox import black_frame, fitted, inner_size
from mediastreams._engine.frames import Picture

__all__ = []


def picture(width, height, pixel_format="yuv420p", luma=200):
    frame = av.VideoFrame(width, height, pixel_format)
    for index, plane in enumerate(frame.planes):
        memoryview(plane)[:] = bytes((luma if index == 0 else 128,)) * plane.buffer_size
    return Picture.stamped(frame, 5_000)


def luma_of(picture):
    plane = picture.av.planes[0]
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: picture.height, : picture.width]


@pytest.mark.parametrize(
    ("size", "room", "inner"),
    [
        ((640, 480), (640, 480), (640, 480)),
        ((480, 640), (640, 480), (360, 480)),
        ((1920, 1080), (640, 480), (640, 360)),
        ((1, 1000), (640, 480), (2, 480)),
        ((161, 121), (160, 120), (160, 120)),
        ((320, 240), (641, 481), (641, 481)),
    ],
)
def test_the_shape_is_kept(size, room, inner):
    assert inner_size(*size, *room) == inner


def test_a_picture_that_fits_is_passed_as_it_is():
    one = picture(160, 120)
    assert fitted(one, 160, 120, "yuv420p") is one


@pytest.mark.parametrize("pixel_format", ["yuv420p", "nv12"])
@pytest.mark.parametrize(("width", "height"), [(160, 120), (161, 121)])
@pytest.mark.parametrize(("from_width", "from_height"), [(120, 160), (320, 120)])
def test_another_shape_gets_black_bars(pixel_format, width, height, from_width, from_height):
    shown = fitted(picture(from_width, from_height), width, height, pixel_format)
    assert (shown.width, shown.height, shown.av.format.name) == (width, height, pixel_format)
    assert (shown.timestamp, shown.av.pts) == (5_000, 5_000)
    luma = luma_of(shown)
    assert luma[height // 2, width // 2] == 200
    assert luma[0, 0] == luma[-1, -1] == 16
    share = (luma == 200).mean()
    inner = inner_size(from_width, from_height, width, height)
    assert share == pytest.approx(inner[0] * inner[1] / (width * height), abs=0.02)


def test_other_formats_are_converted_on_the_way():
    shown = fitted(picture(64, 64, "yuv444p"), 64, 64, "yuv420p")
    assert shown.av.format.name == "yuv420p"


@pytest.mark.parametrize("pixel_format", ["yuv420p", "nv12"])
def test_black_is_black(pixel_format):
    frame = black_frame(16, 16, pixel_format)
    rgb = frame.to_ndarray(format="rgb24")
    assert rgb.max() <= 1
