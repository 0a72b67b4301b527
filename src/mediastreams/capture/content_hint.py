"""What ``track.content_hint`` may be, and what it changes on the track itself: defaults for the processing of sound.

Not for: what consumers make of the hint.

https://w3c.github.io/mst-content-hint/
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mediastreams._webidl.tasks import queue_task, start_task
from mediastreams.capture.apply_constraints import apply_constraints
from mediastreams.capture.enums import MediaStreamTrackState
from mediastreams.errors import DOMException

if TYPE_CHECKING:
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["HINTS", "set_content_hint"]

_logger = logging.getLogger(__name__)

HINTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "audio": frozenset({"", "speech", "speech-recognition", "music"}),
        "video": frozenset({"", "motion", "detail", "text"}),
    }
)
"""The valid values for each kind of track."""

_DEFAULTS: Final[Mapping[str, Mapping[str, bool]]] = MappingProxyType(
    {
        "music": {"echo_cancellation": False, "auto_gain_control": False, "noise_suppression": False},
        "speech": {"echo_cancellation": True, "auto_gain_control": True},
        "speech-recognition": {"echo_cancellation": False, "auto_gain_control": False, "noise_suppression": False},
    }
)


def set_content_hint(track: MediaStreamTrack, value: str) -> None:
    """*Set contentHint*. Where the hint means other defaults for a device's processing, that follows soon.

    https://w3c.github.io/mst-content-hint/#dom-mediastreamtrack-contenthint
    """
    # 1-2. A value that is not for this kind of track.
    if value not in HINTS[track.kind]:
        return
    # 3. The hint.
    track._content_hint = value
    # 4. What becomes of it on the track itself; consumers look at the hint when they need it.
    defaults = _DEFAULTS.get(value, {}) if track.kind == "audio" else {}
    if not value:
        track._hinted.clear()
    elif any(name in track._source.model.choices for name in defaults):
        track._hinted.update(defaults)
        queue_task(track._owner, _begin_to_follow, track)


def _begin_to_follow(track: MediaStreamTrack) -> None:
    start_task(_follow(track), "Following a content hint")


async def _follow(track: MediaStreamTrack) -> None:
    """*Apply a default*: select settings anew under the constraints there are.

    SPEC-ISSUE: the text lets the hint's value win wherever the constraints permit it; but an ``ideal`` is what the
    application asked for in so many words, and SelectSettings must come as near to it as it can. It wins here.

    https://w3c.github.io/mst-content-hint/#behavior-of-a-mediastreamtrack
    """
    if track.ready_state is MediaStreamTrackState.LIVE:
        try:
            await apply_constraints(track, None)
        except DOMException as error:
            _logger.warning("%r could not follow its content hint: %s", track, error)
