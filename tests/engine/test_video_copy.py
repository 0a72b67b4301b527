"""`copy_to` and `allocation_size`: planes in buffers, as laid out, cut or converted."""

import numpy as np
import pytest

from mediastreams._engine.video_frame import VideoFrame
from mediastreams.errors import InvalidStateError

SIZES = {
    "I420": 1.5,
    "I420A": 2.5,
    "I422": 2,
    "I444": 3,
    "I444A": 4,
    "NV12": 1.5,
    "RGBA": 4,
    "RGBX": 4,
    "BGRX": 4,
    "I420P10": 3,
}


def raw(size, seed=0):
    # Below 4: also valid as the upper bytes of 10 bits.
    return np.random.default_rng(seed).integers(0, 4, int(size)).astype(np.uint8).tobytes()


def frame(name="I420", width=16, height=8):
    data = raw(width * height * SIZES[name])
    return VideoFrame(data, format=name, coded_width=width, coded_height=height, timestamp=1), data


@pytest.mark.parametrize("name", SIZES)
async def test_what_went_in_as_a_buffer_comes_out_as_it(name):
    made, data = frame(name)
    assert made.format == name
    assert made.allocation_size() == len(data)
    out = bytearray(len(data))
    layouts = await made.copy_to(out)
    assert bytes(out) == data
    assert layouts[0].offset == 0
    assert sum(1 for _ in layouts) == len(made.av.planes)


async def test_odd_sizes_round_the_chroma_up():
    data = raw(7 * 5 + 2 * 4 * 3)
    made = VideoFrame(data, format="I420", coded_width=7, coded_height=5, timestamp=1)
    assert made.allocation_size() == len(data)
    out = bytearray(len(data))
    await made.copy_to(out)
    assert bytes(out) == data


async def test_a_rectangle_is_cut_out_of_every_plane():
    made, data = frame()
    out = bytearray(made.allocation_size(rect={"x": 4, "y": 2, "width": 8, "height": 4}))
    layouts = await made.copy_to(out, {"rect": {"x": 4, "y": 2, "width": 8, "height": 4}})
    luma = np.frombuffer(data, np.uint8, 128).reshape(8, 16)[2:6, 4:12]
    cb = np.frombuffer(data, np.uint8, 32, 128).reshape(4, 8)[1:3, 2:6]
    assert bytes(out[:32]) == luma.tobytes()
    assert bytes(out[32:40]) == cb.tobytes()
    assert [(layout.offset, layout.stride) for layout in layouts] == [(0, 8), (32, 4), (40, 4)]


async def test_a_layout_says_where_the_planes_go():
    made, data = frame("NV12")
    layout = [{"offset": 100, "stride": 20}, {"offset": 4, "stride": 16}]
    assert made.allocation_size(layout=layout) == 100 + 20 * 8
    out = bytearray(300)
    await made.copy_to(out, layout=layout)
    assert bytes(out[120:136]) == data[16:32]
    assert bytes(out[4:68]) == data[128:]
    assert not any(out[:4])
    assert not any(out[68:100])
    assert not any(out[116:120])


async def test_another_format_is_converted_to():
    made = VideoFrame.from_ndarray(np.full((4, 4, 3), (1, 2, 3), np.uint8), timestamp=0)
    out = bytearray(made.allocation_size(format="BGRA"))
    await made.copy_to(out, format="BGRA")
    assert bytes(out) == bytes([3, 2, 1, 255]) * 16


async def test_any_writable_buffer_serves():
    made, data = frame()
    out = np.zeros((12, 16), np.uint8)
    await made.copy_to(out)
    assert out.tobytes() == data


async def test_what_does_not_fit_is_an_error_before_a_byte_is_written():
    made, data = frame()
    small = bytearray(len(data) - 1)
    with pytest.raises(ValueError, match=r"192 are needed"):
        await made.copy_to(small)
    assert not any(small)
    with pytest.raises(TypeError, match="writable"):
        await made.copy_to(bytes(len(data)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rect": {"x": 1, "width": 4, "height": 4}}, "splits a colour sample"),
        ({"rect": {"x": 14, "width": 4, "height": 4}}, "does not lie"),
        ({"layout": [{"offset": 0, "stride": 16}]}, "3 planes"),
        (
            {"layout": [{"offset": 0, "stride": 15}, {"offset": 500, "stride": 8}, {"offset": 600, "stride": 8}]},
            "stride is 15",
        ),
        (
            {"layout": [{"offset": 0, "stride": 16}, {"offset": 100, "stride": 8}, {"offset": 600, "stride": 8}]},
            "overlap",
        ),
        ({"layout": [{"offset": 0}]}, "needs a member 'stride'"),
        ({"format": "YV12"}, "one of I420"),
    ],
)
def test_options_that_do_not_fit_are_type_errors(options, message):
    with pytest.raises(TypeError, match=message):
        frame()[0].allocation_size(options)


async def test_a_closed_frame_cannot_be_copied():
    made, data = frame()
    made.close()
    with pytest.raises(InvalidStateError):
        await made.copy_to(bytearray(len(data)))
