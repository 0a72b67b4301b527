"""Names of formats, colour spaces, rectangles."""

import av
import pytest

from mediastreams._engine.video_frame import VideoFrame
from mediastreams._engine.video_layout import (
    FFMPEG_NAMES,
    DOMRectReadOnly,
    VideoColorSpace,
    format_name,
    plane_sizes,
)


@pytest.mark.parametrize(("name", "ffmpeg"), FFMPEG_NAMES.items())
def test_every_format_of_webcodecs_is_one_of_ffmpegs_and_back(name, ffmpeg):
    frame = av.VideoFrame(16, 8, ffmpeg)
    assert format_name(ffmpeg) == name
    assert len(plane_sizes(ffmpeg, 16, 8)) == len(frame.planes)
    for (line, lines, _, _), plane in zip(plane_sizes(ffmpeg, 16, 8), frame.planes, strict=True):
        assert line <= plane.line_size
        assert lines == plane.height


def test_full_range_formats_have_the_same_name_and_others_none():
    assert format_name("yuvj420p") == "I420"
    assert format_name("yuyv422") is None


def test_a_colour_space_is_what_was_given():
    space = VideoColorSpace(primaries="bt709", transfer="iec61966-2-1", matrix="rgb", fullRange=True)
    assert space.to_json() == {"primaries": "bt709", "transfer": "iec61966-2-1", "matrix": "rgb", "fullRange": True}
    assert space == VideoColorSpace(space.to_json())
    assert hash(space) == hash(VideoColorSpace(space.to_json()))
    assert space != VideoColorSpace()
    assert space != "bt709"
    assert "full_range=True" in repr(space)
    with pytest.raises(TypeError, match="one of"):
        VideoColorSpace(matrix="bt601")


def test_the_colour_space_of_a_buffer_is_written_into_the_frame():
    space = {"primaries": "bt709", "transfer": "bt709", "matrix": "bt709", "full_range": False}
    frame = VideoFrame(bytes(96), format="I420", coded_width=8, coded_height=8, timestamp=0, color_space=space)
    assert frame.color_space == VideoColorSpace(space)
    assert (frame.av.colorspace, frame.av.color_range, frame.av.color_trc, frame.av.color_primaries) == (1, 1, 1, 1)
    again = VideoFrame(
        bytes(96), format="I420", coded_width=8, coded_height=8, timestamp=0, color_space=frame.color_space
    )
    assert again.color_space == frame.color_space


def test_a_frame_without_tags_says_so_and_rgb_is_rgb():
    plain = VideoFrame(bytes(96), format="I420", coded_width=8, coded_height=8, timestamp=0)
    assert plain.color_space == VideoColorSpace()
    rgb = VideoFrame(bytes(256), format="RGBA", coded_width=8, coded_height=8, timestamp=0)
    assert (rgb.color_space.matrix, rgb.color_space.full_range) == ("rgb", True)


def test_a_rectangle_has_eight_numbers():
    rect = DOMRectReadOnly(1, 2, 3, 4)
    assert rect.to_json() == {"x": 1, "y": 2, "width": 3, "height": 4, "top": 2, "right": 4, "bottom": 6, "left": 1}
    assert DOMRectReadOnly(5, 5, -2, -3).left == 3


def test_a_rectangle_may_be_given_as_one():
    frame = VideoFrame(bytes(96), format="I420", coded_width=8, coded_height=8, timestamp=0)
    assert VideoFrame(frame, visible_rect=DOMRectReadOnly(2, 2, 4, 4)).coded_width == 4
