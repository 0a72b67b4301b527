"""Numbers in steps: every answer is one of them, and none is nearer."""

import random
from math import isclose

import pytest

from mediastreams._rules.fitness import number_distance
from mediastreams._rules.steps import nearest_step, within_steps
from mediastreams._rules.values import Range

TENTHS = Range(0.0, 1.0, 0.1)


def test_a_range_without_steps_has_everything_between_the_bounds():
    assert within_steps(Range(1.0, 4.0), 1.234, 2.5) == Range(1.234, 2.5)
    assert within_steps(Range(1.0, 4.0), 3.0, 2.5) is None


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, (0.0, 1.0)),
        (0.25, 0.75, (0.3, 0.7)),
        (0.3, 0.3, (0.3, 0.3)),
        (0.31, 0.39, None),
        (0.5, 0.4, None),
    ],
)
def test_bounds_are_narrowed_to_whole_steps_and_a_number_on_one_stays_as_it_is_written(low, high, expected):
    left = within_steps(TENTHS, low, high)
    assert left == (expected and Range(*expected, 0.1))


def test_what_lies_above_the_last_whole_step_is_not_offered():
    assert within_steps(Range(0.0, 1.0, 0.3), 0.0, 1.0) == Range(0.0, 0.9, 0.3)


@pytest.mark.parametrize(
    ("ideal", "default", "expected"),
    [
        (0.3, 0.0, 0.3),
        (0.33, 0.0, 0.3),
        (0.38, 0.0, 0.4),
        (7.0, 0.0, 1.0),
        (-7.0, 0.5, 0.0),
        (None, 0.7, 0.7),
        (None, 0.7321, 0.7321),  # what the device runs at
    ],
)
def test_the_nearest_step_is_taken(ideal, default, expected):
    left = within_steps(TENTHS, 0.0, 1.0)
    assert nearest_step(TENTHS, left, ideal, default) == expected


def test_a_device_that_stands_between_two_steps_moves_where_its_place_is_excluded():
    left = within_steps(TENTHS, 0.45, 1.0)
    assert nearest_step(TENTHS, left, None, 0.2222) == 0.5


@pytest.mark.parametrize("seed", range(100))
def test_no_step_is_nearer_than_the_one_that_is_taken(seed):
    rng = random.Random(seed)
    low, step, count = rng.choice((-36000.0, 0.0, 1.0, 0.1)), rng.choice((1.0, 0.25, 0.1, 7.0, 3600.0)), 40
    span = Range(low, low + step * count, step)
    every = [low + n * step for n in range(count + 1)]
    ends = sorted(rng.uniform(span.min, span.max) for _ in range(2))
    allowed = [number for number in every if ends[0] - 1e-6 * step <= number <= ends[1] + 1e-6 * step]
    left = within_steps(span, *ends)
    if not allowed:
        assert left is None
        return
    ideal = rng.uniform(2 * low - 1, span.max * 1.5)
    taken = nearest_step(span, left, ideal, rng.choice(every))
    assert any(isclose(taken, number, abs_tol=1e-6 * step) for number in allowed)
    assert number_distance(taken, ideal) <= min(number_distance(number, ideal) for number in allowed) + 1e-6
