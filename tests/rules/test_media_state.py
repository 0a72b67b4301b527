"""What a media element decides: events of a new ready state, where a seek lands, what was played."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.media_state import Will, joined, potentially_playing, ready_state_steps, seek_target

NOTHING, METADATA, CURRENT, FUTURE, ENOUGH = range(5)
PAUSED, PLAYING, EAGER = Will(paused=True), Will(paused=False), Will(paused=True, eligible_for_autoplay=True)


@pytest.mark.parametrize(
    ("before", "after", "had_data", "will", "steps"),
    [
        (NOTHING, METADATA, False, PAUSED, "loadedmetadata"),
        (METADATA, CURRENT, False, PAUSED, "loadeddata"),
        (METADATA, CURRENT, True, PAUSED, ""),
        (NOTHING, ENOUGH, False, PAUSED, "loadedmetadata loadeddata canplay canplaythrough"),
        (METADATA, ENOUGH, True, PLAYING, "canplay notify canplaythrough"),
        (METADATA, ENOUGH, True, EAGER, "canplay autoplay canplaythrough"),
        (CURRENT, FUTURE, True, PLAYING, "canplay notify"),
        (FUTURE, ENOUGH, True, PLAYING, "canplaythrough"),
        (ENOUGH, CURRENT, True, PLAYING, "timeupdate waiting"),
        (ENOUGH, CURRENT, True, PAUSED, ""),
        (ENOUGH, FUTURE, True, PLAYING, ""),
        (ENOUGH, ENOUGH, True, PLAYING, ""),
    ],
)
def test_a_new_ready_state_brings_these_steps_in_this_order(before, after, had_data, will, steps):
    found = ready_state_steps(before, after, had_data=had_data, will=will)
    assert [step.removeprefix("fire ").split()[0] for step in found] == steps.split()


@given(
    before=st.integers(0, 4), after=st.integers(0, 4), had=st.booleans(), will=st.sampled_from([PAUSED, PLAYING, EAGER])
)
def test_no_step_comes_twice_and_falling_brings_no_loading(before, after, had, will):
    steps = ready_state_steps(before, after, had_data=had, will=will)
    assert len(steps) == len(set(steps))
    if after < before:
        assert set(steps) <= {"fire timeupdate", "fire waiting"}


@pytest.mark.parametrize(
    ("wanted", "ranges", "now", "place"),
    [
        (3, [(0, 10)], 0, 3),
        (-3, [(0, 10)], 0, 0),
        (30, [(0, 10)], 0, 10),
        (5, [], 0, None),
        (5, [(0, 4), (7, 10)], 0, 4),
        (5.5, [(0, 4), (7, 10)], 9, 7),
        (5.5, [(0, 4), (7, 10)], 1, 4),
    ],
)
def test_a_seek_lands_in_what_there_is_at_the_place_nearest_to_the_one_wanted(wanted, ranges, now, place):
    assert seek_target(wanted, duration=10, seekable=ranges, now=now) == place


def test_without_an_end_nothing_is_beyond_it():
    assert seek_target(50, duration=math.inf, seekable=[(0, 60)], now=0) == 50


def test_time_passes_only_when_everything_is_well():
    well = {"paused": False, "ended": False, "failed": False, "ready_state": FUTURE}
    assert potentially_playing(**well)
    for change in ({"paused": True}, {"ended": True}, {"failed": True}, {"ready_state": CURRENT}):
        assert not potentially_playing(**{**well, **change})


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10)).map(lambda pair: (pair[0], pair[0] + pair[1]))))
def test_joined_ranges_are_in_order_apart_and_cover_the_same(ranges):
    found = joined(ranges[1:], ranges[0] if ranges else None)
    assert list(found) == sorted(found)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))
    for place in range(61):
        assert any(a <= place <= b for a, b in ranges) == any(a <= place <= b for a, b in found)
