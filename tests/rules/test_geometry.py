"""Crops and sizes: nothing is stretched, enlarged or off centre."""

from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.geometry import cover, output_size

SIDES = st.integers(min_value=1, max_value=5000)


def test_the_same_aspect_ratio_takes_the_whole_picture():
    assert cover(1920, 1080, 640, 360) == (0, 0, 1920, 1080)


def test_a_narrower_target_cuts_left_and_right():
    assert cover(1920, 1080, 640, 480) == (240, 0, 1440, 1080)


def test_a_wider_target_cuts_above_and_below():
    assert cover(640, 480, 1280, 720) == (0, 60, 640, 360)


def test_a_portrait_is_cut_from_a_landscape():
    assert cover(1920, 1080, 1080, 1920) == (656, 0, 608, 1080)


def test_left_and_top_are_multiples_of_what_the_format_needs():
    assert cover(1001, 1000, 994, 1000, (4, 1)).left == 0
    assert cover(1011, 1000, 1000, 1000, (4, 1)).left == 4
    assert cover(1000, 1011, 1000, 1000, (1, 2)).top == 4


@given(SIDES, SIDES, SIDES, SIDES)
def test_a_crop_lies_inside_touches_two_sides_and_is_centred(sw, sh, w, h):
    crop = cover(sw, sh, w, h)
    assert crop.left >= 0
    assert crop.top >= 0
    assert crop.width >= 1
    assert crop.height >= 1
    assert crop.left + crop.width <= sw
    assert crop.top + crop.height <= sh
    assert crop.width == sw or crop.height == sh
    assert abs(crop.left - (sw - crop.width - crop.left)) <= 3
    assert abs(crop.top - (sh - crop.height - crop.top)) <= 3
    assert crop.left % 2 == crop.top % 2 == 0


@given(SIDES, SIDES, SIDES, SIDES)
def test_a_crop_is_no_smaller_than_the_target_where_the_source_is_not(sw, sh, w, h):
    crop = cover(sw, sh, w, h)
    if sw >= w and sh >= h:
        assert crop.width >= w
        assert crop.height >= h


@given(
    st.integers(64, 5000),
    st.integers(64, 5000),
    st.integers(64, 5000),
    st.integers(64, 5000),
)
def test_a_crop_has_the_targets_aspect_ratio_to_a_pixel(sw, sh, w, h):
    crop = cover(sw, sh, w, h)
    assert abs(crop.width - crop.height * w / h) <= max(1, w / h)


def test_nothing_wanted_is_the_sources_size():
    assert output_size(1280, 721, None, None) == (1280, 721)


def test_one_side_gives_the_other_by_the_aspect_ratio():
    assert output_size(1920, 1080, 640, None) == (640, 360)
    assert output_size(1920, 1080, None, 480) == (854, 480)
    assert output_size(1279, 721, 1279, None) == (1279, 721)
    assert output_size(1279, 721, None, 721) == (1279, 721)


def test_a_target_that_fits_is_kept():
    assert output_size(1920, 1080, 641, 479) == (641, 479)


def test_a_source_that_is_too_small_is_not_enlarged():
    assert output_size(640, 480, 1280, 720) == (640, 360)
    assert output_size(640, 480, 480, 960) == (240, 480)
    assert output_size(640, 480, 320, 960) == (160, 480)


def test_a_source_that_is_too_small_is_enlarged_on_demand():
    assert output_size(640, 480, 1280, 720, enlarge=True) == (1280, 720)


@given(SIDES, SIDES, st.none() | SIDES, st.none() | SIDES)
def test_no_side_exceeds_the_source_by_more_than_making_it_even(sw, sh, w, h):
    width, height = output_size(sw, sh, w, h)
    assert 1 <= width <= max(sw, 2)
    assert 1 <= height <= max(sh, 2)
