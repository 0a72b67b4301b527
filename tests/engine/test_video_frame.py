"""VideoFrame: handles on shared pictures, by WebCodecs' names, for NumPy and Pillow users."""

import builtins
import gc
import io
import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from mediastreams._engine.frames import Picture
from mediastreams._engine.video_frame import VideoFrame
from mediastreams.errors import InvalidStateError, UnknownMemberWarning

RGB = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)


def made(**more):
    return VideoFrame.from_ndarray(RGB, timestamp=1_000_000, duration=33_333, **more)


# ── what it is made of ──


def test_a_frame_of_an_array_is_that_array():
    frame = made()
    assert np.array_equal(frame.to_ndarray(), RGB)
    assert (frame.timestamp, frame.duration) == (1_000_000, 33_333)
    assert (frame.coded_width, frame.coded_height, frame.display_width, frame.display_height) == (64, 48, 64, 48)
    assert frame.coded_rect == frame.visible_rect
    assert (frame.coded_rect.right, frame.coded_rect.bottom, frame.coded_rect.left, frame.coded_rect.top) == (
        64,
        48,
        0,
        0,
    )


def test_an_array_can_be_adopted():
    array = RGB.copy()
    frame = VideoFrame.from_ndarray(array, timestamp=0, copy=False)
    assert frame.plane(0).ctypes.data == array.ctypes.data


@pytest.mark.parametrize(("shape", "name"), [((8, 8), "gray"), ((8, 8, 3), "rgb24"), ((8, 8, 4), "rgba")])
def test_the_constructor_knows_arrays_by_their_shape(shape, name):
    assert VideoFrame(np.zeros(shape, np.uint8), timestamp=1).av.format.name == name


@pytest.mark.parametrize("name", ["bgra", "BGRA"])
def test_the_constructor_takes_either_name_of_an_arrays_format(name):
    assert VideoFrame(np.zeros((8, 8, 4), np.uint8), {"timestamp": 1, "format": name}).format == "BGRA"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_pil_images_become_frames(mode):
    image = Image.fromarray(RGB).convert(mode)
    frame = VideoFrame(image, timestamp=1)
    assert np.array_equal(frame.to_ndarray(), np.asarray(image.convert("RGB")))


def test_a_pyav_frame_is_referred_to_with_its_own_time():
    theirs = av.VideoFrame.from_ndarray(RGB, format="rgb24")
    theirs.pts, theirs.time_base = 3, Fraction(1, 30)
    frame = VideoFrame(theirs)
    assert frame.timestamp == 100_000
    assert frame.plane(0).ctypes.data == theirs.planes[0].buffer_ptr
    assert theirs.pts == 3


def test_another_time_touches_neither_the_pixels_nor_the_other_frame():
    frame = made()
    other = VideoFrame(frame, timestamp=7, metadata={"a": 1})
    assert (other.timestamp, other.duration, other.metadata()) == (7, 33_333, {"a": 1})
    assert (frame.timestamp, frame.metadata(), frame.av.pts) == (1_000_000, {}, 1_000_000)
    assert other.av is frame.av
    assert other.to_ndarray("gray") is frame.to_ndarray("gray")
    assert VideoFrame(frame)._picture is frame._picture


def test_a_new_picture_needs_a_time():
    with pytest.raises(TypeError, match="timestamp"):
        VideoFrame(RGB)


@pytest.mark.parametrize("nonsense", [3, None, b"12", "picture.png", object()])
def test_what_shows_no_picture_is_an_error_that_says_what_does(nonsense):
    with pytest.raises(TypeError, match="is no picture; pass"):
        VideoFrame(nonsense, timestamp=1)


def test_an_array_of_unknown_meaning_needs_a_format():
    with pytest.raises(TypeError, match="needs format="):
        VideoFrame(np.zeros((4, 4, 2), np.uint8), timestamp=1)


@pytest.mark.parametrize("bad", [{"timestamp": "1"}, {"timestamp": True}, {"timestamp": 2**63}, {"duration": -1}])
def test_wrong_times_are_type_errors(bad):
    with pytest.raises(TypeError):
        VideoFrame(RGB, {"timestamp": 1, **bad})
    with pytest.raises(TypeError):
        VideoFrame.from_ndarray(RGB, **bad)


def test_unknown_members_warn_at_the_callers_line():
    with pytest.warns(UnknownMemberWarning, match="did you mean 'timestamp'") as warnings:
        VideoFrame(made(), timestmp=4)
    assert warnings[0].filename == __file__


# ── how it is to be shown ──


def test_a_visible_rectangle_crops_without_copying():
    frame = VideoFrame(made(), visible_rect={"x": 16, "y": 8, "width": 32, "height": 16})
    assert (frame.coded_width, frame.coded_height, frame.timestamp) == (32, 16, 1_000_000)
    assert np.array_equal(frame.to_ndarray(), RGB[8:24, 16:48])


@pytest.mark.parametrize(
    "rect", [{"x": 60, "width": 8, "height": 8}, {"width": 0, "height": 1}, {"x": 0.5, "width": 4, "height": 4}]
)
def test_a_visible_rectangle_outside_is_a_type_error(rect):
    with pytest.raises(TypeError, match="does not lie"):
        VideoFrame(made(), visible_rect=rect)


def test_rotation_swaps_the_display_size_and_adds_up():
    once = VideoFrame(made(), rotation=90)
    assert (once.rotation, once.display_width, once.display_height, once.coded_width) == (90, 48, 64, 64)
    assert VideoFrame(once, rotation=100).rotation == 180
    assert VideoFrame(VideoFrame(made(), flip=True), rotation=90).rotation == 270
    assert VideoFrame(VideoFrame(made(), flip=True), flip=True).flip is False
    assert VideoFrame(made(), rotation=-90).rotation == 270
    assert once.clone().rotation == 90


def test_a_display_size_is_kept_for_both_sides_or_none():
    frame = VideoFrame(made(), display_width=128, display_height=48)
    assert (frame.display_width, frame.display_height, frame.coded_width) == (128, 48, 64)
    assert VideoFrame(frame).display_width == 128
    turned = VideoFrame(made(), rotation=90, display_width=100, display_height=200)
    assert (turned.display_width, turned.display_height) == (100, 200)
    with pytest.raises(TypeError, match="belong together"):
        VideoFrame(made(), display_width=5)


def test_alpha_can_be_discarded():
    frame = VideoFrame(np.full((8, 8, 4), 7, np.uint8), timestamp=1, alpha="discard")
    assert frame.format == "RGBX"
    assert VideoFrame(made(), alpha="discard").av.format.name == "rgb24"
    with pytest.raises(TypeError, match="keep, discard"):
        VideoFrame(made(), alpha="maybe")


# ── the handle ──


def test_closing_a_handle_leaves_its_clones_open():
    frame = made()
    other = frame.clone()
    frame.close()
    frame.close()
    assert np.array_equal(other.to_ndarray(), RGB)


def test_a_closed_frame_has_a_time_but_no_size_and_refuses_to_work():
    frame = made()
    frame.close()
    assert (frame.timestamp, frame.duration, frame.format, frame.coded_rect) == (1_000_000, 33_333, None, None)
    assert (frame.coded_width, frame.coded_height, frame.display_width, frame.rotation, frame.flip) == (
        0,
        0,
        0,
        0,
        False,
    )
    assert frame.color_space.matrix is None
    for use in (
        frame.clone,
        frame.to_ndarray,
        frame.to_image,
        frame.metadata,
        frame.allocation_size,
        lambda: frame.av,
        lambda: frame.plane(0),
        lambda: VideoFrame(frame),
    ):
        with pytest.raises(InvalidStateError, match="was closed"):
            use()
    assert "closed" in repr(frame)
    assert frame._repr_png_() is None


def test_a_context_manager_closes():
    with made() as frame:
        assert frame.coded_width == 64
    assert frame.coded_width == 0


def test_a_closed_or_dropped_frame_lets_go_of_its_picture():
    frame = made()
    picture = weakref.ref(frame._picture)
    frame.close()
    gc.collect()
    assert picture() is None


def test_a_frame_can_be_referred_to_weakly_and_has_no_other_attributes():
    frame = made()
    assert weakref.ref(frame)() is frame
    with pytest.raises(AttributeError):
        frame.colour = 1
    with pytest.raises(AttributeError):
        frame.timestamp = 1


# ── pixels out ──


def test_the_shared_array_is_read_only_and_a_copy_is_not():
    frame = made()
    assert frame.to_ndarray() is frame.clone().to_ndarray()
    with pytest.raises(ValueError, match="read-only"):
        frame.to_ndarray()[0, 0, 0] = 1
    copy = frame.to_ndarray(copy=True)
    copy[:] = 0
    assert np.array_equal(frame.to_ndarray(), RGB)


def test_images_come_out_as_they_went_in():
    assert np.array_equal(np.asarray(made().to_image()), RGB)
    clear = np.random.default_rng(1).integers(0, 256, (8, 8, 4)).astype(np.uint8)
    image = VideoFrame(clear, timestamp=1).to_image()
    assert image.mode == "RGBA"
    assert np.array_equal(np.asarray(image), clear)


def test_an_absent_pillow_is_named_with_the_cure(monkeypatch):
    really = builtins.__import__

    def without(name, *args, **more):
        if name.startswith("PIL"):
            raise ImportError(name)
        return really(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install .mediastreams"):
        made().to_image()


def test_jupyter_shows_the_picture():
    shown = Image.open(io.BytesIO(made()._repr_png_()))
    assert np.array_equal(np.asarray(shown), RGB)


def test_the_repr_says_what_and_when():
    assert repr(made()) == "<VideoFrame 64x48 rgb24 at 1.000000 s for 33.3 ms>"
    assert repr(VideoFrame(np.zeros((8, 8, 4), np.uint8), timestamp=-5)) == "<VideoFrame 8x8 RGBA at -0.000005 s>"


def test_metadata_is_a_copy():
    picture = Picture.stamped(made().av, 5, None, {"capture_time": 4})
    frame = VideoFrame._of(picture)
    frame.metadata()["capture_time"] = 0
    assert frame.metadata() == {"capture_time": 4}


def test_a_class_below_keeps_its_class():
    class Mine(VideoFrame):
        __slots__ = ()

    assert type(Mine(made()).clone()) is Mine
    assert type(Mine.from_ndarray(RGB, timestamp=1)) is Mine


def test_it_is_shown_under_its_public_name():
    assert f"{VideoFrame.__module__}.{VideoFrame.__qualname__}" == "mediastreams.VideoFrame"
