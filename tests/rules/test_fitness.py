from math import inf, isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.fitness import best_number, fitness_distance, number_distance

numbers = st.floats(-1e4, 1e4)


@pytest.mark.parametrize(
    ("kind", "asked", "settings", "distance"),
    [
        ("video", {}, {"width": 5}, 0),
        ("video", {"flux": {"exact": 1}}, {}, 0),
        ("video", {"sample_rate": {"exact": 1}}, {"width": 5}, 0),
        ("video", {"width": 5}, {"width": 5}, 0),
        ("video", {"width": 5}, {"width": 10}, 0.5),
        ("video", {"width": 10}, {"width": 5}, 0.5),
        ("video", {"width": 0}, {"width": 5}, 1),
        ("video", {"width": {"min": 3}}, {"width": 5}, 0),
        ("video", {"width": {"min": 6}}, {"width": 5}, inf),
        ("video", {"width": {"max": 4}}, {"width": 5}, inf),
        ("video", {"width": {"max": 5, "ideal": 4}}, {"width": 5}, 0.2),
        ("video", {"width": {"exact": 4}}, {"width": 5}, inf),
        ("video", {"width": {"exact": 4}}, {}, inf),
        ("video", {"zoom": {"min": 1}}, {}, inf),
        ("video", {"zoom": 2.0}, {}, 1),
        ("video", {"zoom": True}, {}, 1),
        ("video", {"zoom": True}, {"zoom": 3.0}, 0),
        ("video", {"zoom": False}, {"zoom": 3.0}, 1),
        ("video", {"zoom": False}, {}, 0),
        ("video", {"pan": 3.0}, {"pan": -3.0}, 2),
        ("video", {"facing_mode": "user"}, {"facing_mode": "user"}, 0),
        ("video", {"facing_mode": ["left", "user"]}, {"facing_mode": "user"}, 0),
        ("video", {"facing_mode": "left"}, {"facing_mode": "user"}, 1),
        ("video", {"facing_mode": {"exact": ["left"]}}, {"facing_mode": "user"}, inf),
        ("video", {"torch": False}, {"torch": True}, 1),
        ("video", {"torch": False}, {"torch": False}, 0),
        ("audio", {"echo_cancellation": "all"}, {"echo_cancellation": True}, 1),
        ("audio", {"echo_cancellation": {"exact": True}}, {"echo_cancellation": "all"}, inf),
        ("audio", {"latency": 0.01, "sample_rate": 96000}, {"latency": 0.02, "sample_rate": 48000}, 1.0),
    ],
)
def test_the_fitness_distance_is_the_standards(kind, asked, settings, distance):
    assert fitness_distance(settings, parse_constraints(kind, asked).basic) == distance


@pytest.mark.parametrize(
    ("asked", "settings", "distance"),
    [
        ({"zoom": True}, {}, inf),
        ({"zoom": True}, {"zoom": 1.0}, 0),
        ({"zoom": False}, {"zoom": 1.0}, inf),
        ({"zoom": False}, {}, 0),
        ({"width": 5}, {"width": 5}, 0),
        ({"width": 5}, {"width": 6}, inf),
    ],
)
def test_a_bare_value_in_an_advanced_set_is_required(asked, settings, distance):
    assert fitness_distance(settings, parse_constraints("video", {"advanced": [asked]}).advanced[0]) == distance


@settings(derandomize=True, deadline=None)
@given(numbers, numbers)
def test_the_distance_of_numbers_is_symmetric_and_bounded(one, other):
    distance = number_distance(one, other)
    assert distance == number_distance(other, one)
    assert 0 <= distance <= 2
    assert (distance == 0) == (one == other or isclose(one, other, rel_tol=1e-300))


@settings(derandomize=True, deadline=None)
@given(numbers, numbers, numbers, numbers, st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_no_number_of_an_interval_is_nearer_than_the_best_one(one, other, ideal, default, shares):
    low, high = min(one, other), max(one, other)
    best = best_number(low, high, ideal, default)
    assert low <= best <= high
    for share in shares:
        inside = min(max(low + share * (high - low), low), high)
        assert number_distance(best, ideal) <= number_distance(inside, ideal) + 1e-12


@pytest.mark.parametrize(
    ("ideal", "default", "best"),
    [(None, 30, 30), (None, 99, 60), (None, 1, 5), (24, 30, 24), (0, 30, 30), (100, 30, 60), (1, 30, 5)],
)
def test_the_default_wins_where_nothing_is_nearer(ideal, default, best):
    assert best_number(5, 60, ideal, default) == best
