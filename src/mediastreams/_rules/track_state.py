"""The life of a track as a table: live or ended, muted or not, enabled or not.

Not for: firing or stopping anything: `advance` says what has to happen, the caller does it in that order.

An ended track is never muted or unmuted again and fires nothing: its source no longer reaches it.
``stop`` fires nothing either: ``ended`` is for ends that the application did not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = ["Effect", "Flow", "TrackInput", "TrackState", "advance", "cloned", "flow_of", "set_enabled", "stream_active"]

TrackInput: TypeAlias = Literal["stop", "source ended", "source muted", "source unmuted"]
Effect: TypeAlias = Literal["notify source", "fire ended", "fire mute", "fire unmute"]
Flow: TypeAlias = Literal["media", "black or silence", "nothing"]
_ReadyState: TypeAlias = Literal["live", "ended"]


@dataclass(frozen=True, slots=True)
class TrackState:
    """The slots [[ReadyState]], [[Muted]] and [[Enabled]]."""

    ready_state: _ReadyState = "live"
    muted: bool = False
    enabled: bool = True


_Key: TypeAlias = tuple[_ReadyState, bool, TrackInput]
_Row: TypeAlias = tuple[_ReadyState, bool, tuple[Effect, ...]]

TRANSITIONS: Mapping[_Key, _Row] = MappingProxyType(
    {
        ("live", False, "stop"): ("ended", False, ("notify source",)),
        ("live", False, "source ended"): ("ended", False, ("notify source", "fire ended")),
        ("live", False, "source muted"): ("live", True, ("fire mute",)),
        ("live", False, "source unmuted"): ("live", False, ()),
        ("live", True, "stop"): ("ended", True, ("notify source",)),
        ("live", True, "source ended"): ("ended", True, ("notify source", "fire ended")),
        ("live", True, "source muted"): ("live", True, ()),
        ("live", True, "source unmuted"): ("live", False, ("fire unmute",)),
    }
)
"""(ready state, muted, input) → (ready state, muted, effects); what is not here changes nothing."""


def advance(state: TrackState, what: TrackInput) -> tuple[TrackState, tuple[Effect, ...]]:
    """Take one input: the new state and what to do, in order.

    https://w3c.github.io/mediacapture-main/#track-ended
    https://w3c.github.io/mediacapture-main/#set-track-muted
    https://w3c.github.io/mediacapture-main/#dom-mediastreamtrack-stop
    """
    row = TRANSITIONS.get((state.ready_state, state.muted, what))
    if row is None:
        return state, ()
    ready_state, muted, effects = row
    return TrackState(ready_state, muted, state.enabled), effects


def set_enabled(state: TrackState, *, enabled: bool) -> TrackState:
    """Set the slot; an ended track keeps the value, it just does nothing.

    https://w3c.github.io/mediacapture-main/#dom-mediastreamtrack-enabled
    """
    return replace(state, enabled=enabled)


def cloned(state: TrackState, *, source_muted: bool) -> TrackState:
    """Give the state of a clone: as live and as enabled as the original, as muted as the source.

    SPEC-ISSUE: the steps of *clone a track* forget the enabled state, which *Media Flow* exempts for clones
    from "always enabled"; web-platform-tests and browsers copy it.

    https://w3c.github.io/mediacapture-main/#clone-track
    """
    return TrackState(state.ready_state, source_muted, state.enabled)


def flow_of(state: TrackState) -> Flow:
    """Say what consumers get.

    https://w3c.github.io/mediacapture-main/#media-flow
    """
    if state.ready_state == "ended":
        return "nothing"
    return "media" if state.enabled and not state.muted else "black or silence"


def stream_active(tracks: Sequence[TrackState]) -> bool:
    """Say whether a stream of these tracks is active: one of them has not ended.

    https://w3c.github.io/mediacapture-main/#stream-active
    """
    return any(track.ready_state == "live" for track in tracks)
