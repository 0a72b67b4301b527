"""The recorder's table of states."""

import pytest

from mediastreams._rules.recorder_state import LAST_EVENTS, TRANSITIONS, advance
from mediastreams.errors import InvalidStateError

__all__ = []

STATES = ("inactive", "recording", "paused")
INPUTS = ("start", "pause", "resume", "request data", "stop", "over")
REFUSED = {
    ("recording", "start"),
    ("paused", "start"),
    ("inactive", "pause"),
    ("inactive", "resume"),
    ("inactive", "request data"),
}


def test_every_state_answers_every_input_or_refuses_it():
    assert set(TRANSITIONS) == {(state, what) for state in STATES for what in INPUTS} - REFUSED


@pytest.mark.parametrize(("state", "what"), sorted(REFUSED))
def test_what_a_state_refuses_names_the_state_and_a_cure(state, what):
    with pytest.raises(InvalidStateError, match=f"the recorder is {state}; (start|stop) it first"):
        advance(state, what)


@pytest.mark.parametrize(("state", "what"), [("inactive", "stop"), ("inactive", "over")])
def test_ending_what_is_over_does_nothing(state, what):
    assert advance(state, what) == (state, ())


@pytest.mark.parametrize(("state", "what"), [("recording", "resume"), ("paused", "pause")])
def test_a_second_call_does_nothing(state, what):
    assert advance(state, what) == (state, ())


def test_a_recording_goes_through_its_states():
    state, effects = advance("inactive", "start")
    assert (state, effects) == ("recording", ("begin",))
    state, effects = advance(state, "pause")
    assert (state, effects) == ("paused", ("hold", "fire pause"))
    state, effects = advance(state, "request data")
    assert (state, effects) == ("paused", ("hand over",))
    state, effects = advance(state, "resume")
    assert (state, effects) == ("recording", ("go on", "fire resume"))
    assert advance(state, "stop") == ("inactive", ("inactivate", "finish"))


@pytest.mark.parametrize("state", ["recording", "paused"])
def test_whatever_ends_it_inactivates_it(state):
    assert advance(state, "over") == ("inactive", ("inactivate",))
    assert advance(state, "stop")[0] == "inactive"


def test_every_ending_ends_with_stop_and_an_error_comes_first():
    for events in LAST_EVENTS.values():
        assert events[-1] == "stop"
        assert "error" not in events[1:]
    assert LAST_EVENTS["stopped"] == ("dataavailable", "stop")
    assert LAST_EVENTS["not supported"] == ("error", "stop")
