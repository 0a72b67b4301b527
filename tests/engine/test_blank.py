"""Black and silence: right in every format, made once, each delivery with its own time."""

import numpy as np
import pytest

from mediastreams._engine import blank, convert
from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.frames import Picture, Sound

FORMATS = ["yuv420p", "yuvj420p", "yuv422p", "nv12", "yuyv422", "rgba", "bgr0", "rgb24", "gray", "yuv420p10le", "gbrp"]


def picture(name="yuv420p", color_range=0, timestamp=5):
    white = Picture(frame_from_array(np.full((48, 64, 3), 255, np.uint8), "rgb24", copy=True), 0)
    made = convert.to_format(white, name).av
    if color_range:
        made.color_range = color_range
    return Picture.stamped(made, timestamp, 33, {"capture_time": 4})


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("color_range", [0, 1, 2])
def test_black_is_black_in_every_format(name, color_range):
    like = picture(name, color_range)
    made = blank.black_like(like)
    assert made.av.format.name == name
    assert (made.width, made.height) == (64, 48)
    assert convert.to_ndarray(made, "rgb24").max() == 0


def test_transparent_formats_are_opaque_black():
    assert convert.to_ndarray(blank.black_like(picture("rgba")), "rgba")[..., 3].min() == 255
    assert convert.plane(blank.black_like(picture("yuva420p")), 3).min() == 255


def test_limited_and_full_range_have_their_own_black():
    assert set(convert.plane(blank.black(64, 48, 0), 0).flat) == {16}
    assert set(convert.plane(blank.black_like(picture("yuvj420p")), 0).flat) == {0}
    assert set(convert.plane(blank.black_like(picture("yuvj420p")), 1).flat) == {128}


def test_a_format_that_cannot_be_made_is_replaced():
    assert blank.black(64, 48, 0, format="vaapi").av.format.name == "yuv420p"
    assert blank.black(64, 48, 0, format="pal8").av.format.name == "yuv420p"


def test_black_has_the_times_of_what_it_stands_for_on_shared_pixels():
    first, second = blank.black_like(picture(timestamp=5)), blank.black_like(picture(timestamp=6))
    assert (first.timestamp, first.duration, first.metadata) == (5, 33, {"capture_time": 4})
    assert second.timestamp == 6
    assert first.av is second.av
    assert first.av.pts is None


def test_black_is_converted_and_scaled_once_for_all_deliveries():
    first, second = blank.black(64, 48, 1), blank.black(64, 48, 2)
    convert.age(first)
    assert convert.to_ndarray(first, "bgr24") is convert.to_ndarray(second, "bgr24")
    small = [convert.scaled(each, 32, 24) for each in (first, second)]
    assert [each.timestamp for each in small] == [1, 2]
    assert small[0].av is small[1].av


def test_silence_has_the_shape_and_time_of_what_it_stands_for():
    loud = Sound(np.ones((2, 480), np.float32), 48000, 77, "stereo", gap=3, metadata={"capture_time": 70})
    quiet = blank.silence_like(loud)
    assert (quiet.sample_rate, quiet.timestamp, quiet.layout, quiet.gap) == (48000, 77, "stereo", 3)
    assert quiet.metadata == {"capture_time": 70}
    assert quiet.samples.shape == (2, 480)
    assert not quiet.samples.any()
    assert blank.silence_like(loud).samples is quiet.samples


def test_silence_of_any_length_can_be_made():
    quiet = blank.silence(44100, "5.1", 6, 441, 9)
    assert (quiet.channels, quiet.length, quiet.timestamp, quiet.layout) == (6, 441, 9, "5.1")
