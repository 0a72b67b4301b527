"""The ladder: sizes, rates, and where a viewer stands on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.renditions import (
    Rung,
    Step,
    bit_rate_step,
    default_bit_rate,
    encoder_bit_rate,
    ladder,
    limit_of,
    next_rung,
    preference_of,
    scaled_size,
    step_of,
)

SECOND = 1_000_000
RATES = (800_000, 200_000, 60_000)


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [((640, 360), 1, (640, 360)), ((641, 361), 2.0, (320, 180)), ((641, 361), 0.5, (641, 361)), ((3, 3), 4, (2, 2))],
)
def test_sizes_are_divided_into_whole_pixels(size, scale, expected):
    assert scaled_size(*size, scale) == expected


def test_rates_have_no_ceiling_and_rise_less_above_30_frames():
    assert default_bit_rate(1280, 720, 30) == 2_764_800
    assert default_bit_rate(3840, 2160, 30) > 20_000_000
    assert default_bit_rate(1280, 720, 30) < default_bit_rate(1280, 720, 60) < 2 * default_bit_rate(1280, 720, 30)
    assert default_bit_rate(16, 16, 1) == 60_000


@pytest.mark.parametrize(
    ("size", "count"), [((1280, 720), 3), ((640, 360), 3), ((320, 240), 2), ((160, 120), 1), ((8, 8), 1)]
)
def test_small_pictures_have_fewer_rungs(size, count):
    assert len(ladder("maintain-framerate", *size)) == count
    assert len(ladder("maintain-resolution", *size)) == 3  # fewer pictures can be had of any size


@pytest.mark.parametrize(
    ("preference", "steps"),
    [
        ("maintain-framerate", [Step(), Step(2), Step(4)]),
        ("maintain-resolution", [Step(), Step(1, 2), Step(1, 4)]),
        ("balanced", [Step(), Step(2), Step(2, 2)]),
        ("maintain-framerate-and-resolution", [Step()]),
    ],
)
def test_each_preference_has_its_ladder(preference, steps):
    assert list(ladder(preference, 1280, 720)) == steps
    assert [step_of(preference, number) for number in range(3)] == [*steps, steps[-1], steps[-1]][:3]


@pytest.mark.parametrize(
    ("asked", "hint", "kept"),
    [
        (None, "", "maintain-framerate"),
        (None, "motion", "maintain-framerate"),
        (None, "detail", "maintain-resolution"),
        (None, "text", "maintain-resolution"),
        ("balanced", "text", "balanced"),
    ],
)
def test_what_is_asked_for_comes_before_the_hint(asked, hint, kept):
    assert preference_of(asked, hint) == kept


def test_a_viewer_is_limited_only_by_what_it_nearly_fills():
    assert limit_of(None, 500_000) is None
    assert limit_of(700_000, 500_000) is None
    assert limit_of(540_000, 500_000) == 540_000


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([], 1000),
        ([None], 1000),
        ([700, None], 1000),
        ([700], 665),
        ([500, 800], 760),
        ([5000], 1000),
        ([100], 400),
    ],
)
def test_an_encoder_gives_what_its_best_viewer_takes(limits, expected):
    assert encoder_bit_rate(1000, limits) == expected


@pytest.mark.parametrize(
    ("wanted", "passed", "live", "expected"),
    [
        (960, SECOND, True, None),
        (900, SECOND, True, 900),
        (900, 100_000, True, None),
        (1020, 3 * SECOND, True, None),
        (1200, 3 * SECOND, True, 1200),
        (9000, 3 * SECOND, True, 1500),
        (1200, SECOND, True, None),
        (850, 3 * SECOND, False, None),
        (700, 3 * SECOND, False, 700),
        (700, SECOND, False, None),
        (1200, 20 * SECOND, False, None),
        (1500, 20 * SECOND, False, 1500),
        (1500, 5 * SECOND, False, None),
        (9000, 20 * SECOND, False, 2000),
    ],
)
def test_rates_fall_at_once_and_rise_step_by_step(wanted, passed, live, expected):
    assert bit_rate_step(1000, wanted, passed=passed, live=live) == expected


def run(state, seconds, *, estimate, sent, rates=RATES, begin=SECOND):
    """Report once a second; answers the state and the rungs in order."""
    seen = []
    for second in range(seconds):
        state = next_rung(state, estimate=estimate, sent=sent, rates=rates, now=begin + second * SECOND)
        seen.append(state.number)
    return state, seen


def test_a_link_that_takes_enough_stays_on_top():
    assert set(run(Rung(), 60, estimate=1_000_000, sent=790_000)[1]) == {0}
    assert set(run(Rung(), 60, estimate=None, sent=790_000)[1]) == {0}


def test_an_estimate_below_what_could_be_sent_but_is_not_is_no_reason_to_leave():
    assert set(run(Rung(), 60, estimate=300_000, sent=200_000)[1]) == {0}


def test_a_short_link_falls_after_a_second_to_the_rung_that_fits():
    assert run(Rung(), 3, estimate=250_000, sent=790_000)[1] == [0, 1, 1]
    assert run(Rung(), 3, estimate=70_000, sent=790_000)[1] == [0, 2, 2]
    assert run(Rung(), 3, estimate=30_000, sent=790_000)[1] == [0, 2, 2]


def test_one_bad_report_is_not_enough():
    state = next_rung(Rung(), estimate=100_000, sent=790_000, rates=RATES, now=SECOND)
    state = next_rung(state, estimate=900_000, sent=790_000, rates=RATES, now=2 * SECOND)
    state = next_rung(state, estimate=100_000, sent=790_000, rates=RATES, now=3 * SECOND)
    assert state.number == 0


def test_the_last_rung_is_not_left_downwards():
    assert set(run(Rung(2), 10, estimate=30_000, sent=60_000)[1]) == {2}


def test_who_takes_enough_for_the_next_rung_rises_after_three_seconds():
    _, seen = run(Rung(1, SECOND), 10, estimate=1_000_000, sent=190_000)
    assert seen == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]


def test_who_is_not_limited_is_tried_higher_and_a_failure_doubles_the_wait():
    state, seen = run(Rung(1, SECOND), 6, estimate=280_000, sent=190_000)
    assert seen == [1, 1, 1, 1, 1, 0]
    state, seen = run(state, 3, estimate=300_000, sent=790_000, begin=8 * SECOND)
    assert seen == [0, 1, 1]
    assert state.trial == 10 * SECOND
    _, seen = run(state, 12, estimate=280_000, sent=190_000, begin=11 * SECOND)
    assert seen.index(0) >= 9
    for _ in range(6):
        state = Rung(0, 8 * SECOND, short_since=7 * SECOND, trial=state.trial)
        state = next_rung(state, estimate=300_000, sent=790_000, rates=RATES, now=9 * SECOND)
    assert state.trial == 60 * SECOND


def test_a_link_that_is_filled_does_not_rise():
    assert set(run(Rung(1, SECOND), 60, estimate=195_000, sent=190_000)[1]) == {1}


def test_pictures_that_become_smaller_have_fewer_rungs():
    state = next_rung(Rung(2, SECOND), estimate=None, sent=1000, rates=RATES[:1], now=9 * SECOND)
    assert (state.number, state.since) == (0, 9 * SECOND)


@given(
    st.lists(st.tuples(st.none() | st.integers(30_000, 2_000_000), st.integers(0, 900_000)), max_size=50),
    st.integers(1, 3),
)
def test_a_viewer_is_always_on_a_rung_and_moves_one_up_at_most(reports, count):
    state = Rung()
    for second, (estimate, sent) in enumerate(reports):
        before = state.number
        state = next_rung(state, estimate=estimate, sent=sent, rates=RATES[:count], now=second * SECOND)
        assert 0 <= state.number < count
        assert state.number >= before - 1
