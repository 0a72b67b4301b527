"""Decimation: the rate is right, and evenly spread, whatever the source's timestamps do."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.decimation import START, decimate


def taken(timestamps, rate):
    phase, kept = START, []
    for index, timestamp in enumerate(timestamps):
        keep, phase = decimate(phase, round(timestamp), rate)
        if keep:
            kept.append(index)
    return kept


def even(rate, seconds):
    return [index * 1_000_000 / rate for index in range(round(rate * seconds))]


def largest_step(kept):
    return max(after - before for before, after in pairwise(kept))


@pytest.mark.parametrize(("source", "target"), [(30, 24), (60, 25), (23, 20), (60, 30), (59.94, 24), (120, 1), (30, 7)])
def test_an_even_source_comes_out_at_the_rate_without_a_large_gap(source, target):
    kept = taken(even(source, 100), target)
    assert len(kept) / 100 == pytest.approx(target, rel=0.01, abs=0.02)
    assert largest_step(kept) <= math.ceil(source / target)


@given(st.floats(5, 240), st.floats(0.05, 1.0))
def test_any_rate_comes_out_of_any_source(source, part):
    target = source * part
    seconds = max(20.0, 300 / target)
    kept = taken(even(source, seconds), target)
    assert len(kept) / seconds == pytest.approx(target, rel=0.012)
    # Whole microseconds can make an interval look shorter by one part in thousands: hence the small allowance.
    assert largest_step(kept) <= math.ceil(source / target - 1e-9) + (
        math.ceil(source / target) - source / target < 1e-3
    )


@pytest.mark.parametrize("ppm", [-900, -100, 0, 100, 900])
def test_a_source_of_the_wanted_rate_loses_nothing_though_clocks_differ(ppm):
    source = even(30 * (1 + ppm / 1e6), 4000)
    assert len(taken(source, 30)) == len(source)


def test_jitter_below_half_an_interval_loses_nothing_at_the_wanted_rate():
    chance = random.Random(7)
    source = [timestamp + chance.uniform(-12_000, 12_000) for timestamp in even(30, 200)]
    assert len(taken(source, 30)) >= len(source) - 2


def test_jitter_does_not_change_the_rate():
    chance = random.Random(8)
    source = sorted(timestamp + chance.uniform(-10_000, 10_000) for timestamp in even(60, 200))
    assert len(taken(source, 24)) / 200 == pytest.approx(24, rel=0.01)


def test_a_stall_is_followed_by_no_burst():
    source = even(60, 10) + [60_000_000 + timestamp for timestamp in even(60, 10)]
    kept = taken(source, 20)
    assert len([index for index in kept if 600 <= index < 606]) <= 3
    assert len(kept) == pytest.approx(400, abs=4)


def test_a_slow_source_passes_whole():
    assert taken(even(10, 10), 24) == list(range(100))


def test_a_source_of_variable_rate_never_exceeds_the_target():
    chance = random.Random(9)
    timestamp, source = 0.0, []
    while timestamp < 100_000_000:
        timestamp += chance.choice([8_000, 16_000, 33_000, 50_000])
        source.append(timestamp)
    assert 19 <= len(taken(source, 20)) / 100 <= 20.2


def test_equal_timestamps_are_one_frame():
    assert taken([0, 0, 0, 50_000, 50_000], 20) == [0, 3]


def test_time_that_steps_back_a_little_is_jitter():
    assert taken([0, 50_000, 40_000, 100_000, 150_000], 20) == [0, 1, 3, 4]


def test_time_that_jumps_far_back_begins_anew():
    assert taken([50_000_000, 0, 10_000, 100_000], 20) == [0, 1, 3]
