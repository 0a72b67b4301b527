"""Key frames that viewers ask for: merged, and not too often."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.key_requests import INTERVAL_US, KeyRequests


def test_the_first_frame_is_one():
    assert KeyRequests().due(123)


def test_requests_are_merged_and_answered_once():
    state = KeyRequests().made(0)
    assert not state.due(10_000_000)
    asked = state.ask()
    assert asked.ask() is asked
    assert asked.due(INTERVAL_US)
    assert not asked.made(INTERVAL_US).due(2 * INTERVAL_US)


def test_a_request_soon_after_one_is_answered_when_the_interval_is_over():
    state = KeyRequests().made(1_000_000).ask()
    assert not state.due(1_000_000 + INTERVAL_US - 1)
    assert state.due(1_000_000 + INTERVAL_US)


def test_time_that_jumps_back_does_not_keep_viewers_waiting():
    assert KeyRequests().made(50_000_000).ask().due(1_000_000)


@given(st.lists(st.tuples(st.integers(1, 400_000), st.booleans()), max_size=60))
def test_two_are_never_closer_than_the_interval_and_no_request_is_forgotten(steps):
    state, now, keys, waiting = KeyRequests(), 0, [], True
    for step, asks in steps:
        now += step
        if asks:
            state, waiting = state.ask(), True
        if state.due(now):
            assert waiting
            keys.append(now)
            state, waiting = state.made(now), False
        elif waiting:
            assert now - keys[-1] < INTERVAL_US
    assert all(b - a >= INTERVAL_US for a, b in itertools.pairwise(keys))
