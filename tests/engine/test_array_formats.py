"""Arrays of every format: into a frame and out again, copied or adopted, and named when they do not fit."""

import gc

import numpy as np
import pytest

from mediastreams._engine.array_formats import LAYOUTS, frame_from_array, layout_of, packed, plane_of


def array_for(name, width, height):
    layout = LAYOUTS[name]
    numbers = np.random.default_rng(3).integers(0, 200, layout.shape(width, height))
    return numbers.astype(layout.dtype)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize(("width", "height"), [(64, 48), (66, 50)])
def test_what_goes_in_comes_out(name, copy, width, height):
    array = array_for(name, width, height)
    frame = frame_from_array(array, name, copy=copy)
    assert (frame.width, frame.height, frame.format.name) == (width, height, name)
    assert np.array_equal(packed(frame, LAYOUTS[name]), array)


def test_a_copy_does_not_follow_its_array_and_an_adopted_one_is_it():
    array = array_for("rgb24", 16, 8)
    copied, adopted = frame_from_array(array, "rgb24", copy=True), frame_from_array(array, "rgb24", copy=False)
    assert adopted.planes[0].buffer_ptr == array.ctypes.data
    before = array.copy()
    array[:] = 1
    assert np.array_equal(plane_of(copied, 0), before)
    assert np.array_equal(plane_of(adopted, 0), array)


def test_an_adopted_array_lives_as_long_as_the_frame():
    expected = array_for("bgr24", 16, 8)
    frame = frame_from_array(expected.copy(), "bgr24", copy=False)
    gc.collect()
    assert np.array_equal(plane_of(frame, 0), expected)


def test_an_array_that_cannot_be_adopted_is_copied():
    array = array_for("rgb24", 16, 8)[:, ::-1]
    assert np.array_equal(plane_of(frame_from_array(array, "rgb24", copy=False), 0), array)


def test_grey_may_have_an_axis_of_one_channel():
    array = array_for("gray", 16, 8)
    assert np.array_equal(plane_of(frame_from_array(array[:, :, np.newaxis], "gray", copy=True), 0), array)


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("rgb24", (8, 16), r"\[height, width, 3\]"),
        ("rgb24", (8, 16, 4), r"\[height, width, 3\]"),
        ("rgba", (8, 16, 3), r"\[height, width, 4\]"),
        ("gray", (8,), r"\[height, width\]"),
        ("gray", (0, 8), r"\[height, width\]"),
        ("yuv420p", (8, 16), r"\[height \* 3 / 2, width\]"),
        ("yuv420p", (9, 15), r"\[height \* 3 / 2, width\]"),
        ("yuv422p", (8, 15), r"\[height \* 2, width\]"),
        ("yuv444p", (8, 16, 3), r"\[3, height, width\]"),
    ],
)
def test_an_array_of_another_shape_is_an_error_that_says_which(name, shape, expected):
    with pytest.raises(ValueError, match=expected):
        frame_from_array(np.zeros(shape, np.uint8), name, copy=True)


def test_samples_of_another_type_are_an_error_with_the_cure():
    with pytest.raises(TypeError, match=r"multiply by 255 and cast"):
        frame_from_array(np.zeros((8, 8, 3)), "rgb24", copy=True)
    with pytest.raises(TypeError, match="uint16 samples, not uint8"):
        frame_from_array(np.zeros((8, 8), np.uint8), "gray16le", copy=True)


def test_packed_formats_that_share_chroma_need_an_even_width():
    with pytest.raises(ValueError, match="even width"):
        LAYOUTS["yuyv422"].shape(7, 4)


@pytest.mark.parametrize(
    ("name", "meant"), [("RGB", "rgb24"), ("I420", "yuv420p"), ("BGRX", "bgr0"), ("yuv420", "yuv420p")]
)
def test_other_names_lead_to_ffmpegs(name, meant):
    with pytest.raises(ValueError, match=f"did you mean '{meant}'"):
        layout_of(name)
