"""From what a driver lists to modes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._backends.linux.v4l2_ioctl import RateSpan, SizeSpan
from mediastreams._backends.linux.v4l2_modes import FormatOffer, cheapest_modes, substitutes, usual_sizes
from mediastreams._rules.values import VideoMode

THIRTY, TEN = RateSpan(30.0, 30.0), RateSpan(10.0, 10.0)


def test_a_single_size_is_itself_however_unusual():
    assert usual_sizes(SizeSpan(1288, 1288, 1, 964, 964, 1)) == [(1288, 964)]


def test_an_interval_gives_the_usual_sizes_in_it_its_largest_and_the_present_one():
    sizes = usual_sizes(SizeSpan(16, 1300, 2, 16, 1000, 2), (1000, 500))
    assert {(640, 480), (1280, 720), (1300, 1000), (1000, 500)} <= set(sizes)
    assert (1920, 1080) not in sizes


def test_sizes_off_the_step_are_left_out():
    sizes = usual_sizes(SizeSpan(32, 1920, 32, 32, 1080, 4))
    assert (640, 480) in sizes
    assert (848, 480) not in sizes  # 848 is no multiple of 32


@given(
    st.integers(1, 500),
    st.integers(0, 4000),
    st.integers(1, 64),
    st.integers(1, 500),
    st.integers(0, 3000),
    st.integers(1, 64),
)
def test_every_chosen_size_is_one_the_driver_takes(width, more_width, step_width, height, more_height, step_height):
    span = SizeSpan(width, width + more_width, step_width, height, height + more_height, step_height)
    sizes = usual_sizes(span)
    assert sizes
    for chosen_width, chosen_height in sizes:
        assert span.min_width <= chosen_width <= span.max_width
        assert span.min_height <= chosen_height <= span.max_height
        assert chosen_width == span.max_width or (chosen_width - width) % step_width == 0
        assert chosen_height == span.max_height or (chosen_height - height) % step_height == 0


def test_the_cheapest_format_stands_for_a_size_and_rate():
    modes = cheapest_modes(
        [
            FormatOffer("MJPG", 640, 480, (THIRTY, TEN)),
            FormatOffer("YUYV", 640, 480, (TEN,)),
            FormatOffer("NV12", 640, 480, (TEN,)),
            FormatOffer("GREY", 640, 480, (THIRTY,)),
        ]
    )
    assert [(mode.max_frame_rate, mode.pixel_format) for mode in modes] == [(30.0, "MJPG"), (10.0, "NV12")]


def test_formats_that_cannot_be_read_make_no_modes():
    assert cheapest_modes([FormatOffer("pRAA", 640, 480, (THIRTY,)), FormatOffer("YUYV", 0, 0, (THIRTY,))]) == ()


def test_modes_are_sorted_from_large_and_fast_to_small_and_slow():
    modes = cheapest_modes([FormatOffer("YUYV", 320, 240, (TEN, THIRTY)), FormatOffer("YUYV", 640, 480, (TEN,))])
    assert [(mode.width, mode.max_frame_rate) for mode in modes] == [(640, 10.0), (320, 30.0), (320, 10.0)]


def test_an_interval_of_rates_is_one_mode():
    (mode,) = cheapest_modes([FormatOffer("YUYV", 640, 480, (RateSpan(1.0, 60.0),))])
    assert (mode.min_frame_rate, mode.max_frame_rate) == (1.0, 60.0)


@pytest.mark.parametrize(("rate", "expected"), [(30.0, ["YUYV", "MJPG"]), (10.0, ["YUYV", "NV12", "MJPG"])])
def test_substitutes_have_the_size_and_the_rate_the_cheap_first(rate, expected):
    offers = [
        FormatOffer("YUYV", 640, 480, (THIRTY, TEN)),
        FormatOffer("MJPG", 640, 480, (THIRTY, TEN)),
        FormatOffer("NV12", 640, 480, (TEN,)),
        FormatOffer("RGB3", 320, 240, (THIRTY, TEN)),
        FormatOffer("pRAA", 640, 480, (THIRTY, TEN)),
    ]
    assert substitutes(offers, VideoMode(640, 480, rate, rate, "YUYV", 1), rate) == expected
