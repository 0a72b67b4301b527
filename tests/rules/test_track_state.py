import itertools

import pytest

from mediastreams._rules.track_state import TrackState, advance

INPUTS = ("stop", "source ended", "source muted", "source unmuted")


@pytest.mark.parametrize(
    ("muted", "what", "ready_state", "then_muted", "effects"),
    [
        (False, "stop", "ended", False, ("notify source",)),
        (True, "stop", "ended", True, ("notify source",)),
        (False, "source ended", "ended", False, ("notify source", "fire ended")),
        (True, "source ended", "ended", True, ("notify source", "fire ended")),
        (False, "source muted", "live", True, ("fire mute",)),
        (True, "source muted", "live", True, ()),
        (True, "source unmuted", "live", False, ("fire unmute",)),
        (False, "source unmuted", "live", False, ()),
    ],
)
def test_a_live_track_goes_by_the_table(muted, what, ready_state, then_muted, effects):
    assert advance(TrackState("live", muted), what) == (TrackState(ready_state, then_muted), effects)


@pytest.mark.parametrize(("muted", "what"), list(itertools.product((True, False), INPUTS)))
def test_nothing_happens_to_an_ended_track(muted, what):
    state = TrackState("ended", muted)
    assert advance(state, what) == (state, ())
