"""The life of a track as a table: live or ended, muted or not.

Not for: firing or stopping anything: `advance` says what has to happen, the caller does it in that order.

An ended track is never muted or unmuted again and fires nothing: its source no longer reaches it.
``stop`` fires nothing either: ``ended`` is for ends that the application did not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = ["TRANSITIONS", "Effect", "TrackInput", "TrackState", "advance"]

TrackInput: TypeAlias = Literal["stop", "source ended", "source muted", "source unmuted"]
Effect: TypeAlias = Literal["notify source", "fire ended", "fire mute", "fire unmute"]
_ReadyState: TypeAlias = Literal["live", "ended"]


@dataclass(frozen=True, slots=True)
class TrackState:
    """The slots [[ReadyState]] and [[Muted]]."""

    ready_state: _ReadyState = "live"
    muted: bool = False


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
    return TrackState(ready_state, muted), effects
