"""VideoAdapter: a track's size and rate out of a source's pictures."""

import math
from itertools import pairwise

import numpy as np
import pytest

from mediastreams._engine import convert
from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.frames import Picture
from mediastreams._engine.video_adapter import VideoAdapter


def picture(timestamp=0, width=192, height=108, name="yuv420p"):
    """A ramp from left to right: the cut shows in the numbers."""
    ramp = np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8)[np.newaxis, :, np.newaxis], (height, width, 3))
    rgb = Picture(frame_from_array(np.ascontiguousarray(ramp), "rgb24", copy=True), 0)
    return Picture.stamped(convert.to_format(rgb, name).av, timestamp, 33_333, {"capture_time": timestamp - 5})


def test_nothing_wanted_passes_the_picture_itself():
    source = picture()
    assert VideoAdapter().process(source) is source


def test_the_middle_is_cut_out_and_scaled_without_stretching():
    made = VideoAdapter(54, 54).process(picture())
    assert (made.width, made.height, made.timestamp, made.duration) == (54, 54, 0, 33_333)
    assert made.metadata == {"capture_time": -5}
    luma = convert.to_ndarray(made, "gray")[27]
    # 108 of 192 columns are left, from column 42 on: grey 42/191 to 149/191.
    assert luma[0] == pytest.approx(255 * 42.5 / 191, abs=4)
    assert luma[-1] == pytest.approx(255 * 148.5 / 191, abs=4)


def test_tracks_of_one_size_share_one_picture():
    source = picture()
    first, second = VideoAdapter(64, 36), VideoAdapter(64, 36)
    assert first.process(source) is second.process(source)


def test_a_missing_side_follows_the_aspect_ratio():
    made = VideoAdapter(width=96).process(picture())
    assert (made.width, made.height) == (96, 54)


def test_a_small_picture_is_not_enlarged_unless_asked():
    made = VideoAdapter(400, 400).process(picture())
    assert (made.width, made.height) == (108, 108)
    made = VideoAdapter(400, 400, enlarge=True).process(picture())
    assert (made.width, made.height) == (400, 400)


def test_a_source_that_changes_its_size_is_cut_anew():
    adapter = VideoAdapter(54, 54)
    sizes = []
    for width, height in [(192, 108), (108, 192), (192, 108)]:
        made = adapter.process(picture(0, width, height))
        sizes.append((made.width, made.height))
    assert sizes == [(54, 54)] * 3


@pytest.mark.parametrize(("source", "target"), [(30, 24), (60, 25), (23, 20)])
def test_frames_are_left_out_evenly(source, target):
    adapter = VideoAdapter(frame_rate=target)
    frame = picture().av
    kept = [
        index
        for index in range(source * 20)
        if adapter.process(Picture(frame, round(index * 1_000_000 / source))) is not None
    ]
    assert len(kept) / 20 == pytest.approx(target, rel=0.01)
    assert max(after - before for before, after in pairwise(kept)) <= math.ceil(source / target)


def test_a_disabled_track_gives_black_of_the_same_size_at_the_same_rate():
    shown, hidden = VideoAdapter(64, 36, 15), VideoAdapter(64, 36, 15)
    for index in range(30):
        source = picture(index * 33_333)
        real, black = shown.process(source), hidden.process_blank(source)
        assert (real is None) == (black is None)
        if black is not None:
            assert (black.width, black.height, black.timestamp) == (64, 36, source.timestamp)
            assert black.metadata == source.metadata
            assert convert.to_ndarray(black, "rgb24").max() == 0


def test_black_of_an_unscaled_track_keeps_the_sources_colours():
    source = picture(name="yuvj420p")
    black = VideoAdapter().process_blank(source)
    assert (black.av.format.name, black.width) == ("yuvj420p", 192)
