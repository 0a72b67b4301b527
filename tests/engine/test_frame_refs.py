"""Private frames on shared pixels: own times and tags, no copy; and copies where they are wanted."""

import gc
import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from mediastreams._engine.array_formats import frame_from_array, plane_of
from mediastreams._engine.frame_refs import Pool, deep_copy, private_frame
from mediastreams._engine.frames import MICROSECONDS, Picture
from mediastreams.errors import NotSupportedError


def frame(width=32, height=16):
    array = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Picture.stamped(frame_from_array(array, "rgb24", copy=True), 77).av, array


def test_a_private_frame_has_the_same_pixels_and_a_time_of_its_own():
    shared, _ = frame()
    own = private_frame(shared, 99)
    assert own.planes[0].buffer_ptr == shared.planes[0].buffer_ptr
    assert (own.pts, own.time_base, shared.pts) == (99, MICROSECONDS, 77)
    own.pts, own.time_base, own.colorspace = 1, Fraction(1, 30), 1
    assert (shared.pts, shared.time_base, shared.colorspace) == (77, MICROSECONDS, 2)
    assert private_frame(shared).pts == 77


def test_the_pixels_live_as_long_as_any_frame_on_them():
    shared, array = frame()
    own = private_frame(shared)
    del shared
    gc.collect()
    assert np.array_equal(plane_of(own, 0), array)


def test_a_crop_points_into_the_shared_pixels():
    shared, array = frame()
    own = private_frame(shared, crop=(8, 4, 10, 6))
    assert (own.width, own.height) == (10, 6)
    assert np.array_equal(plane_of(own, 0), array[4:10, 8:18])


def test_encoding_a_private_frame_leaves_the_shared_one_as_it_is():
    shared, _ = frame()
    encoder = av.CodecContext.create("mpeg4", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 32, 16, "yuv420p", Fraction(1, 30)
    reformatter = av.video.reformatter.VideoReformatter()
    yuv = Picture.stamped(reformatter.reformat(shared, format="yuv420p"), 5_000_000).av
    encoder.encode(private_frame(yuv))
    assert (yuv.pts, yuv.time_base) == (5_000_000, MICROSECONDS)


def test_frames_of_all_kinds_pass_at_once_in_many_threads():
    frames = [frame(width, 16) for width in (16, 32, 48, 64)]
    wrong = []

    def work(index):
        shared, array = frames[index % 4]
        for step in range(200):
            own = private_frame(shared, step)
            if own.pts != step or not np.array_equal(plane_of(own, 0), array):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=[index]) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_deep_copy_shares_nothing_but_values():
    shared, array = frame()
    shared.colorspace, shared.color_range = 1, 2
    copy = deep_copy(shared)
    assert copy.planes[0].buffer_ptr != shared.planes[0].buffer_ptr
    assert np.array_equal(plane_of(copy, 0), array)
    assert (copy.pts, copy.time_base, copy.colorspace, copy.color_range) == (77, MICROSECONDS, 1, 2)


def test_a_frame_without_pixels_is_an_error_of_ours():
    with pytest.raises(NotSupportedError):
        private_frame(av.VideoFrame())


def test_a_pool_keeps_what_was_given_back_and_begins_again_when_it_is_full():
    made = []
    pool = Pool(lambda key: made.append(key) or object(), keys=2)
    first = pool.take("a")
    assert pool.take("a") is not first
    pool.give("a", first)
    assert pool.take("a") is first
    for key in "abc":
        pool.give(key, first)
    assert pool.take("a") is not first
    assert pool.take("c") is first
