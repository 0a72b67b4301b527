"""SelectSettings: which device, native mode and settings answer a track's constraints.

Not for: opening anything, permission, or comparing one settings dictionary after the other: settings are
regions per native mode, so the work does not grow with the number of sizes that scaling can make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from mediastreams._rules.audio_modes import audio_ask, least_audio, pick_audio
from mediastreams._rules.constraints import Constraints, ConstraintSet
from mediastreams._rules.explain import as_wish, conflict_of, explain
from mediastreams._rules.fitness import fitness_distance
from mediastreams._rules.needs import ANYTHING, Needs
from mediastreams._rules.offers import best_of_offers
from mediastreams._rules.properties import PROPERTIES
from mediastreams._rules.video_modes import least_video, pick_video, video_ask

if TYPE_CHECKING:
    from mediastreams._rules.values import DeviceModel, Mode, Setting, Settings

__all__ = ["EQUAL_WITHIN", "Overconstrained", "Selection", "can_satisfy", "select_settings"]

EQUAL_WITHIN = 5e-5
"""Distances that differ less are equal: below one pixel in 16 384, above 30.00003 for 30 frames per second."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The answer: run ``device`` in ``mode`` and make ``settings`` of it.

    ``mode`` is ``None`` for a model without modes. ``settings`` is complete, in the order of the properties.
    """

    device: DeviceModel
    mode: Mode | None
    settings: Settings
    distance: float


@dataclass(frozen=True, slots=True)
class Overconstrained:
    """No settings satisfy the required constraints.

    ``constraint`` names one that nothing satisfies, or one of those that fail together, "" where nothing was required;
    ``message`` says what would fit.
    """

    constraint: str
    message: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A device that meets the needs: its least distances and its best settings besides the mode's."""

    model: DeviceModel
    offers: dict[str, Setting]
    besides: float
    native: float
    scaled: float

    @property
    def distance(self) -> float:
        return self.besides + min(self.native, self.scaled)


def select_settings(
    devices: Sequence[DeviceModel], constraints: Constraints, *, current: Settings | None = None
) -> Selection | Overconstrained:
    """Run SelectSettings over all devices of a kind; ``apply_constraints`` passes the track's own only.

    Smallest fitness distance first; then, among equals:

    1. the order of ``devices``: the system's default comes first
    2. of properties besides the mode's the model's default, else the first value
    3. the picture or sound as the device gives it before anything scaled, decimated, resampled or mixed
    4. the mode nearest to the defaults, the model's or else 640 × 480 at 30, 48 000 Hz in stereo
    5. the smallest mode, then the cheapest, then the slowest
    6. of a scaled picture: uncropped, then as large as possible; the smallest mode that shows all of it

    ``current`` is used for one thing: a range without a default (a camera control) stays as it is when nothing
    is asked of it. The order of modes and of a mapping's keys has no influence.

    https://w3c.github.io/mediacapture-main/#dfn-selectsettings
    """
    # 1-2. `devices` are unconstrained by nature.
    # 3-4. Candidates: what meets the required constraints; none → say why.
    needs = ANYTHING.tightened(constraints.basic)
    if not can_satisfy(devices, needs):
        return _overconstrained(devices, constraints)
    # 5. Keep each advanced set that leaves a candidate.
    for entry in constraints.advanced:
        tighter = needs.tightened(entry)
        if can_satisfy(devices, tighter):
            needs = tighter
    # 6. The smallest distance, with the tie-breakers above.
    best: list[_Candidate] = []
    least = inf
    for model in devices:
        candidate = _candidate(model, needs, constraints.basic, current or {}, enough=0.0, below=least)
        if candidate is not None:
            best.append(candidate)
            least = min(least, candidate.distance)
            if least <= EQUAL_WITHIN:
                break
    # No distance is below 0, so a first one that is nearly 0 decides without a look at further devices.
    limit = max(least + EQUAL_WITHIN if least > EQUAL_WITHIN else 0.0, EQUAL_WITHIN)
    return _picked(next(c for c in best if c.distance <= limit), needs, constraints.basic, limit)


def can_satisfy(devices: Sequence[DeviceModel], needs: Needs) -> bool:
    """Say whether some settings of some device meet the needs.

    https://w3c.github.io/mediacapture-main/#dfn-satisfied
    """
    return any(_candidate(model, needs, {}, {}, enough=inf, below=inf) is not None for model in devices)


def _candidate(
    model: DeviceModel, needs: Needs, basic: ConstraintSet, current: Settings, *, enough: float, below: float
) -> _Candidate | None:
    """Measure one device; ``None`` when it cannot meet the needs, or not nearer than ``below``."""
    offers = best_of_offers(model, needs, basic, current)
    if offers is None:
        return None
    besides, settings = offers
    if not model.modes:
        return _Candidate(model, settings, besides, 0.0, inf)
    if model.kind == "video":
        native, scaled = least_video(model, video_ask(needs, basic), enough=enough - besides, below=below - besides)
    else:
        native, scaled = least_audio(model, audio_ask(needs, basic), enough=enough - besides, below=below - besides)
    if min(native, scaled) == inf:
        return None
    return _Candidate(model, settings, besides, native, scaled)


def _picked(candidate: _Candidate, needs: Needs, basic: ConstraintSet, limit: float) -> Selection:
    """Break the ties within the chosen device."""
    model = candidate.model
    mode: Mode | None = None
    chosen: dict[str, Setting] = {}
    left = limit - candidate.besides
    native = candidate.native <= left
    if model.modes and model.kind == "video":
        mode, chosen = pick_video(model, video_ask(needs, basic), limit=left, native=native)
    elif model.modes:
        mode, chosen = pick_audio(model, audio_ask(needs, basic), limit=left, native=native)
    every = {**candidate.offers, **chosen}
    settings = {name: every[name] for name in PROPERTIES if name in every}
    return Selection(model, mode, settings, fitness_distance(settings, basic))


def _overconstrained(devices: Sequence[DeviceModel], constraints: Constraints) -> Overconstrained:
    """Name the failing constraint.

    https://w3c.github.io/mediacapture-main/#dfn-applyconstraints (step 2)
    """
    required = {name: c for name, c in constraints.basic.items() if c.required}

    def possible(kept: ConstraintSet) -> bool:
        return can_satisfy(devices, ANYTHING.tightened(kept))

    def nearest() -> Settings:
        wishes = {name: wish for name, constraint in required.items() if (wish := as_wish(constraint)).ideal}
        found = select_settings(devices, Constraints(constraints.kind, wishes))
        return found.settings if isinstance(found, Selection) else {}

    conflict = conflict_of(required, possible)
    # SPEC-ISSUE: where no constraint fails alone the text wants "", but web-platform-tests want one of those that fail
    # together to be named (a width that only cropping makes, without cropping: the width).
    return Overconstrained(
        conflict[0] if conflict else "",
        explain(devices, constraints.kind, {name: required[name] for name in conflict}, nearest),
    )
