"""The ladder of renditions: one track in a few sizes or rates, and which of them a viewer gets.

Not for: what a viewer's link takes (``link_estimates.py``).

A viewer is *limited* when what its link takes is little more than what is sent. Estimates grow with what is sent, so a
viewer that is not limited may take more than its estimate says: after a while it is tried one rung higher, and where
that fails the next trial waits twice as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

__all__ = [
    "Rung",
    "Step",
    "bit_rate_step",
    "default_bit_rate",
    "encoder_bit_rate",
    "ladder",
    "limit_of",
    "next_rung",
    "preference_of",
    "scaled_size",
    "step_of",
]


@dataclass(frozen=True, slots=True)
class Step:
    """What a rung gives up: width and height are divided by ``scale``, the frame rate by ``slower``."""

    scale: float = 1.0
    slower: float = 1.0


_SMALLER: Final = (Step(), Step(2.0), Step(4.0))
_STEPS: Final[Mapping[str, Sequence[Step]]] = {
    "maintain-framerate": _SMALLER,
    "maintain-resolution": (Step(), Step(1.0, 2.0), Step(1.0, 4.0)),
    "balanced": (Step(), Step(2.0), Step(2.0, 2.0)),
    "maintain-framerate-and-resolution": (Step(),),  # pictures get worse, and in the end some are missing
}
_LEAST_SIDE: Final = 90  # pixels: smaller renditions are not worth an encoder
_LEAST_RATE: Final = 60_000  # bits a second
_FLOOR: Final = 0.4  # an encoder goes down to that part of its rate; what takes less gets a lower rung
_LIMITED: Final = 1.1
_DOWN_AFTER_US: Final = 1_000_000
_UP_AFTER_US: Final = 3_000_000
_TRIAL_US: Final = 5_000_000
_LONGEST_TRIAL_US: Final = 60_000_000
_TRIAL_FAILED_US: Final = 10_000_000
_OVERSHOOT: Final = 1.25  # what an encoder sends beyond its rate for a moment is no reason to leave it


def scaled_size(width: int, height: int, scale: float) -> tuple[int, int]:
    """Divide a size; whole pixels, at least two, never more than there are."""
    if scale <= 1:
        return width, height
    return max(2, int(width / scale)), max(2, int(height / scale))


def default_bit_rate(width: int, height: int, frame_rate: float) -> int:
    """What live pictures of a size need: a tenth of a bit a pixel, 2.8 Mbit/s for 720p30, without a ceiling.

    Above 30 a second pictures differ less: what is more of them counts a half.
    """
    rate = frame_rate if frame_rate <= 30 else 30 + (frame_rate - 30) / 2
    return max(_LEAST_RATE, round(width * height * rate * 0.1))


def preference_of(asked: str | None, hint: str) -> str:
    """What is kept where not everything can be: as was asked for, else as the track's content hint suggests.

    https://w3c.github.io/mst-content-hint/#dom-rtcrtpsendparameters-degradationpreference,
    https://w3c.github.io/mst-content-hint/#video-content-hints
    """
    if asked is not None:
        return asked
    return "maintain-resolution" if hint in {"detail", "text"} else "maintain-framerate"


def ladder(preference: str, width: int, height: int) -> Sequence[Step]:
    """The rungs for pictures of a size, the best first; one at least."""
    first, *others = _STEPS[preference]
    return [first] + [
        step for step in others if step.scale == 1 or min(scaled_size(width, height, step.scale)) >= _LEAST_SIDE
    ]


def step_of(preference: str, number: int) -> Step:
    """What a rung gives up; below the last one there is none."""
    steps = _STEPS[preference]
    return steps[min(number, len(steps) - 1)]


def limit_of(estimate: int | None, sent: int) -> int | None:
    """What a viewer's link limits it to, bits a second; ``None`` where what is ``sent`` does not fill it."""
    return estimate if estimate is not None and estimate < _LIMITED * sent else None


def encoder_bit_rate(nominal: int, limits: Iterable[int | None]) -> int:
    """The rate of one rung's encoder: as much as the best of its viewers takes, within bounds.

    The others do not lower it: whoever takes much less gets a lower rung.
    """
    known = list(limits)
    if not known or any(limit is None for limit in known):
        return nominal
    best = max(limit for limit in known if limit is not None)
    return max(round(_FLOOR * nominal), min(nominal, round(0.95 * best)))


def bit_rate_step(current: int, wanted: int, *, passed: int, live: bool) -> int | None:
    """The rate to set an encoder to now; ``None``: leave it.

    ``passed``: µs since its rate was last set. ``live``: it takes another rate while it runs; others are opened anew,
    with a key frame, and so seldom. Rates fall at once and rise step by step.
    """
    if wanted < current:
        enough, wait = (0.95, 500_000) if live else (0.8, 2_000_000)
        return wanted if wanted < enough * current and passed >= wait else None
    enough, wait = (1.05, 2_000_000) if live else (1.25, 10_000_000)
    if wanted < enough * current or passed < wait:
        return None
    return min(wanted, round(1.5 * current)) if live else min(wanted, 2 * current)


@dataclass(frozen=True, slots=True)
class Rung:
    """Where one viewer stands on the ladder, and since when things are as they are; times in µs."""

    number: int = 0
    since: int = 0
    short_since: int | None = None  # the link has taken less than is sent
    free_since: int | None = None  # the link has taken more
    trial: int = _TRIAL_US


def next_rung(state: Rung, *, estimate: int | None, sent: int, rates: Sequence[int], now: int) -> Rung:
    """Move a viewer, or leave it, at a report. Pure; call it about once a second.

    ``estimate``: what the link takes, ``None``: unknown. ``sent``: what was sent of late. ``rates``: what each rung
    needs, the highest first. All in bits a second.
    """
    number = min(state.number, len(rates) - 1)
    if number != state.number:  # the pictures have become smaller: there are fewer rungs
        state = Rung(number, now, trial=state.trial)
    if estimate is not None and estimate < 0.85 * min(sent, _OVERSHOOT * rates[number]):
        return _short(state, estimate, rates, now)
    free = limit_of(estimate, sent) is None
    state = replace(
        state,
        short_since=None,
        free_since=(state.free_since if state.free_since is not None else now) if free else None,
    )
    if number == 0 or not free or state.free_since is None:
        return state
    enough = estimate is not None and estimate >= 1.2 * rates[number - 1]
    wait = _UP_AFTER_US if enough else state.trial
    if now - max(state.since, state.free_since) < wait:
        return state
    return Rung(number - 1, now, trial=state.trial)


def _short(state: Rung, estimate: int, rates: Sequence[int], now: int) -> Rung:
    since = now if state.short_since is None else state.short_since
    last = len(rates) - 1
    if now - since < _DOWN_AFTER_US or state.number == last:
        return replace(state, short_since=since, free_since=None)
    fitting = next((number for number in range(state.number + 1, last) if rates[number] <= estimate), last)
    failed = now - state.since < _TRIAL_FAILED_US and state.since > 0
    trial = min(2 * state.trial, _LONGEST_TRIAL_US) if failed else _TRIAL_US
    return Rung(fitting, now, trial=trial)
