"""The enumerations of recording."""

from __future__ import annotations

from enum import StrEnum

from mediastreams._webidl.interfaces import public

__all__ = ["BitrateMode", "RecordingState"]


@public
class BitrateMode(StrEnum):
    """How steady an encoder's rate is.

    https://w3c.github.io/mediacapture-record/#bitratemode
    """

    CONSTANT = "constant"
    VARIABLE = "variable"


@public
class RecordingState(StrEnum):
    """What a `MediaRecorder` does.

    https://w3c.github.io/mediacapture-record/#recordingstate
    """

    INACTIVE = "inactive"
    RECORDING = "recording"
    PAUSED = "paused"
