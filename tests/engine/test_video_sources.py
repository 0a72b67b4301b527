"""Raw buffers as pictures."""

import numpy as np
import pytest

from mediastreams._engine.video_frame import VideoFrame

INIT = {"format": "I420", "coded_width": 8, "coded_height": 4, "timestamp": 5}


def test_planes_are_taken_in_order():
    data = bytes([1] * 32 + [2] * 8 + [3] * 8)
    frame = VideoFrame(data, INIT, duration=9)
    assert [set(frame.plane(index).flat) for index in range(3)] == [{1}, {2}, {3}]
    assert (frame.timestamp, frame.duration, frame.format) == (5, 9, "I420")


def test_a_layout_says_where_the_planes_are():
    data = np.zeros(200, np.uint8)
    data[100 : 100 + 4 * 10].reshape(4, 10)[:, :8] = 1
    data[10:18], data[50:58] = 2, 3
    layout = [{"offset": 100, "stride": 10}, {"offset": 10, "stride": 4}, {"offset": 50, "stride": 4}]
    frame = VideoFrame(data, INIT, layout=layout)
    assert [set(frame.plane(index).flat) for index in range(3)] == [{1}, {2}, {3}]


def test_the_buffer_is_copied():
    data = bytearray(48)
    frame = VideoFrame(data, INIT)
    data[:] = bytes([9]) * 48
    assert not frame.plane(0).any()


def test_buffers_of_any_shape_serve():
    assert VideoFrame(np.zeros((6, 8), np.uint8), INIT).coded_height == 4
    assert VideoFrame(memoryview(bytes(96))[::2], INIT).coded_height == 4


@pytest.mark.parametrize(
    ("data", "more", "message"),
    [
        (bytes(47), {}, "too few"),
        (3, {}, "no buffer"),
        (bytes(48), {"layout": [{"offset": 0, "stride": 8}]}, "3 planes"),
        (bytes(48), {"layout": [{"offset": 0, "stride": 7}] * 3}, "stride is 7"),
        (bytes(48), {"format": "I999"}, "one of I420"),
        (bytes(48), {"coded_width": 0}, "positive"),
    ],
)
def test_what_does_not_fit_is_a_type_error(data, more, message):
    with pytest.raises(TypeError, match=message):
        VideoFrame(data, INIT | more)


def test_required_members_are_named():
    with pytest.raises(TypeError, match="needs a member 'timestamp'"):
        VideoFrame(bytes(48), format="I420", coded_width=8, coded_height=4)
