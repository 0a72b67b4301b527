"""The life of a recorder as a table: inactive, recording, paused.

Not for: recording or firing anything: `advance` says what has to happen, the caller does it in that order.

What is not in the table is refused with an `InvalidStateError`. The state changes at once, its events follow as tasks.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from mediastreams.errors import InvalidStateError

__all__ = ["LAST_EVENTS", "TRANSITIONS", "Ending", "RecorderEffect", "RecorderInput", "RecorderState", "advance"]

RecorderState: TypeAlias = Literal["inactive", "recording", "paused"]
RecorderInput: TypeAlias = Literal["start", "pause", "resume", "request data", "stop", "over"]
RecorderEffect: TypeAlias = Literal[
    "begin", "hold", "fire pause", "go on", "fire resume", "hand over", "inactivate", "finish"
]
Ending: TypeAlias = Literal["stopped", "not supported", "track set changed", "failed"]

TRANSITIONS: Final[Mapping[tuple[RecorderState, RecorderInput], tuple[RecorderState, tuple[RecorderEffect, ...]]]] = (
    MappingProxyType(
        {
            ("inactive", "start"): ("recording", ("begin",)),
            ("inactive", "stop"): ("inactive", ()),
            ("inactive", "over"): ("inactive", ()),
            ("recording", "pause"): ("paused", ("hold", "fire pause")),
            ("recording", "resume"): ("recording", ()),
            ("recording", "request data"): ("recording", ("hand over",)),
            ("recording", "stop"): ("inactive", ("inactivate", "finish")),
            ("recording", "over"): ("inactive", ("inactivate",)),
            ("paused", "pause"): ("paused", ()),
            ("paused", "resume"): ("recording", ("go on", "fire resume")),
            ("paused", "request data"): ("paused", ("hand over",)),
            ("paused", "stop"): ("inactive", ("inactivate", "finish")),
            ("paused", "over"): ("inactive", ("inactivate",)),
        }
    )
)
"""(state, input) → (state, effects). ``over``: the gathering of data has ended by itself."""

LAST_EVENTS: Final[Mapping[Ending, tuple[str, ...]]] = MappingProxyType(
    {
        "stopped": ("dataavailable", "stop"),  # by the application, or because all tracks have ended
        "not supported": ("error", "stop"),
        "track set changed": ("error", "dataavailable", "stop"),
        "failed": ("error", "dataavailable", "stop"),
    }
)
"""The events that end a recording, in order."""


def advance(state: RecorderState, what: RecorderInput) -> tuple[RecorderState, tuple[RecorderEffect, ...]]:
    """Take one input: the new state and what to do, in order.

    Raises:
        InvalidStateError: not in this state.

    https://w3c.github.io/mediacapture-record/#mediarecorder-methods
    """
    row = TRANSITIONS.get((state, what))
    if row is None:
        cure = "stop it first" if what == "start" else "start it first"
        raise InvalidStateError(f"{what.replace(' ', '_')}: the recorder is {state}; {cure}")
    return row
