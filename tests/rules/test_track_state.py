import itertools

import pytest

from mediastreams._rules.track_state import TrackState, advance, cloned, flow_of, set_enabled, stream_active

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
@pytest.mark.parametrize("enabled", [True, False])
def test_a_live_track_goes_by_the_table(enabled, muted, what, ready_state, then_muted, effects):
    before = TrackState("live", muted, enabled)
    assert advance(before, what) == (TrackState(ready_state, then_muted, enabled), effects)


@pytest.mark.parametrize(("muted", "what"), list(itertools.product((True, False), INPUTS)))
def test_nothing_happens_to_an_ended_track(muted, what):
    state = TrackState("ended", muted)
    assert advance(state, what) == (state, ())


def test_an_ended_track_still_keeps_the_value_of_enabled():
    ended = TrackState("ended")
    assert set_enabled(ended, enabled=False) == TrackState("ended", enabled=False)
    assert flow_of(set_enabled(ended, enabled=True)) == "nothing"


@pytest.mark.parametrize(
    ("state", "flow"),
    [
        (TrackState(), "media"),
        (TrackState(muted=True), "black or silence"),
        (TrackState(enabled=False), "black or silence"),
        (TrackState(muted=True, enabled=False), "black or silence"),
        (TrackState("ended"), "nothing"),
    ],
)
def test_media_flows_only_while_live_unmuted_and_enabled(state, flow):
    assert flow_of(state) == flow


def test_a_clone_is_as_live_and_enabled_as_its_original_and_as_muted_as_the_source():
    assert cloned(TrackState("ended", enabled=False), source_muted=True) == TrackState("ended", True, False)
    assert cloned(TrackState("live", muted=True), source_muted=False) == TrackState()


def test_a_stream_is_active_while_one_of_its_tracks_lives():
    assert stream_active([TrackState("ended"), TrackState("live", muted=True)])
    assert not stream_active([TrackState("ended")])
    assert not stream_active([])
