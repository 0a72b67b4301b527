"""What a media element decides: which events a new ready state brings, where a seek lands, what was played.

Not for: firing, seeking or playing anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = [
    "HAVE_CURRENT_DATA",
    "HAVE_ENOUGH_DATA",
    "HAVE_FUTURE_DATA",
    "HAVE_METADATA",
    "HAVE_NOTHING",
    "Range",
    "Step",
    "Will",
    "joined",
    "potentially_playing",
    "ready_state_steps",
    "seek_target",
]

HAVE_NOTHING: Final = 0
HAVE_METADATA: Final = 1
HAVE_CURRENT_DATA: Final = 2
HAVE_FUTURE_DATA: Final = 3
HAVE_ENOUGH_DATA: Final = 4

Range: TypeAlias = tuple[float, float]
"""From and to, in seconds."""

Step: TypeAlias = Literal[
    "fire loadedmetadata",
    "fire loadeddata",
    "fire timeupdate",
    "fire waiting",
    "fire canplay",
    "notify about playing",
    "autoplay",
    "fire canplaythrough",
]


@dataclass(frozen=True, slots=True)
class Will:
    """What the program wants: whether it is paused, and whether it may begin by itself (autoplay)."""

    paused: bool
    eligible_for_autoplay: bool = False


def potentially_playing(*, paused: bool, ended: bool, failed: bool, ready_state: int) -> bool:
    """*Potentially playing*: whether time passes.

    https://html.spec.whatwg.org/multipage/media.html#potentially-playing
    """
    return not paused and not ended and not failed and ready_state >= HAVE_FUTURE_DATA


def ready_state_steps(before: int, after: int, *, had_data: bool, will: Will) -> tuple[Step, ...]:
    """*When the ready state changes*: what to do, in order. ``had_data``: ``loadeddata`` was fired since the load.

    https://html.spec.whatwg.org/multipage/media.html#ready-states
    """
    steps: list[Step] = []
    if before == HAVE_NOTHING and after >= HAVE_METADATA:
        steps.append("fire loadedmetadata")
    if before < HAVE_CURRENT_DATA <= after and not had_data:
        steps.append("fire loadeddata")
    if after <= HAVE_CURRENT_DATA and before >= HAVE_FUTURE_DATA and not will.paused:
        steps += ["fire timeupdate", "fire waiting"]
    if before <= HAVE_CURRENT_DATA < HAVE_FUTURE_DATA <= after:
        steps.append("fire canplay")
        if not will.paused:
            steps.append("notify about playing")
    if before < HAVE_ENOUGH_DATA == after:
        if will.paused and will.eligible_for_autoplay:
            steps.append("autoplay")
        steps.append("fire canplaythrough")
    return tuple(steps)


def seek_target(wanted: float, *, duration: float, seekable: Iterable[Range], now: float) -> float | None:
    """Steps 6 to 8 of *seek*: bring a place into what there is; ``None``: nothing can be sought.

    https://html.spec.whatwg.org/multipage/media.html#dom-media-seek
    """
    # 6-7. Not after the end, not before the beginning.
    wanted = min(wanted, duration)
    wanted = max(wanted, 0.0)
    # 8. The nearest place that can be sought; of two, the one nearer to where it is.
    ranges = tuple(seekable)
    if not ranges:
        return None
    nearest = [min(max(wanted, start), end) for start, end in ranges]
    return min(nearest, key=lambda place: (abs(place - wanted), abs(place - now)))


def joined(ranges: Iterable[Range], new: Range | None = None) -> tuple[Range, ...]:
    """Put ranges in order, and those that touch together: a *normalized TimeRanges object*.

    https://html.spec.whatwg.org/multipage/media.html#normalized-timeranges-object
    """
    found: list[Range] = []
    for start, end in sorted((*ranges, *(() if new is None else (new,)))):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)
