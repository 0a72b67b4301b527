"""Video modes under constraints: the least distance of a device, and the pick among equals.

Not for: what a mode can be made into (`video_regions`), properties besides the mode's (`offers`), or choosing
between devices (`select_settings`).

Tie-breakers are listed at `select_settings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, cast

from mediastreams._rules.box_search import SizeAsk
from mediastreams._rules.constraints import ConstraintSet, aspect_of
from mediastreams._rules.fitness import best_number, number_distance
from mediastreams._rules.offers import is_display
from mediastreams._rules.serving import is_cropped, mode_order
from mediastreams._rules.values import VideoMode
from mediastreams._rules.video_regions import FRAME_RATE_FLOOR, Regions, VideoAsk

if TYPE_CHECKING:
    from mediastreams._rules.needs import Needs
    from mediastreams._rules.values import DeviceModel, Setting

__all__ = ["least_video", "pick_video", "video_ask"]

_DEFAULTS = {"width": 640, "height": 480, "frame_rate": 30.0}
"""What browsers use where nothing is asked, as the standard reports them."""


def video_ask(needs: Needs, basic: ConstraintSet) -> VideoAsk:
    """Gather what needs and ideals say about the mode's properties."""
    constant = 0.0
    ideals: dict[str, float | None] = {}
    for name in ("width", "height", "aspect_ratio", "frame_rate"):
        ideal = cast("float", basic[name].ideal[0]) if name in basic and basic[name].ideal else None
        if ideal == 0:  # every setting is at distance 1 from an ideal of zero: nothing to be near to
            constant, ideal = constant + 1, None
        ideals[name] = ideal
    resize = basic["resize_mode"].ideal if "resize_mode" in basic else ()

    def of_resize_mode(name: str) -> float:
        if not needs.allows("resize_mode", name):
            return inf
        return constant + (1.0 if resize and name not in resize else 0.0)

    return VideoAsk(
        SizeAsk(
            needs.whole("width", 1, 1 << 32),
            needs.whole("height", 1, 1 << 32),
            needs.interval("aspect_ratio", 0.0, inf),
            ideals["width"],
            ideals["height"],
            ideals["aspect_ratio"],
        ),
        needs.interval("frame_rate", FRAME_RATE_FLOOR, inf),
        ideals["frame_rate"],
        of_resize_mode("none"),
        of_resize_mode("crop-and-scale"),
    )


def least_video(model: DeviceModel, ask: VideoAsk, *, enough: float, below: float = inf) -> tuple[float, float]:
    """Give the least distance of the native and of the scaled regions, infinite where one is empty.

    The search may stop at the first distance not above ``enough``, and need not find any above ``below``.
    """
    modes = cast("Sequence[VideoMode]", model.modes)
    regions = Regions(model, ask)
    # One region that holds all the others bounds them from below: many a device is done with here.
    bound = regions.bound(_hull(modes))
    native = scaled = inf
    if bound == inf:
        return native, scaled
    if ask.native + bound <= below:
        native = regions.least_native(modes, enough)
        if native <= enough and native < inf:
            return native, inf
    below = min(below, native)
    if ask.scaled + bound <= below and model.adaptable:
        # FAST-PATH: what fits into another mode cannot be nearer than that: a handful of modes instead of hundreds.
        for mode in modes if is_display(model) else _largest(modes):
            distance = regions.scaled(mode, min(below, scaled))
            if distance < scaled:
                scaled = distance
                if scaled <= max(enough, ask.scaled + bound):
                    break
    return native, scaled


def _hull(modes: Sequence[VideoMode]) -> VideoMode:
    """Give a mode into which all of them fit."""
    # FAST-PATH: lists, not generators: 21 µs instead of 43 for 500 modes, many times a selection
    return VideoMode(
        max([mode.width for mode in modes]),
        max([mode.height for mode in modes]),
        FRAME_RATE_FLOOR,
        max([mode.max_frame_rate for mode in modes]),
    )


def _largest(modes: Sequence[VideoMode]) -> list[VideoMode]:
    """Those that do not fit into another one, by width, height and rate; the largest first."""
    found: list[VideoMode] = []
    for mode in sorted(modes, key=_area, reverse=True):
        for other in found:
            if (
                mode.max_frame_rate <= other.max_frame_rate
                and mode.width <= other.width
                and mode.height <= other.height
            ):
                break
        else:
            found.append(mode)
    return found


def _area(mode: VideoMode) -> tuple[int, float]:
    return mode.width * mode.height, mode.max_frame_rate


def pick_video(
    model: DeviceModel, ask: VideoAsk, *, limit: float, native: bool
) -> tuple[VideoMode, dict[str, Setting]]:
    """Pick mode and settings from the native (or scaled) regions within ``limit``; there must be some.

    Tie-breakers: see `select_settings`.
    """
    modes = cast("Sequence[VideoMode]", model.modes)
    wanted = {name: cast("float", model.defaults.get(name, value)) for name, value in _DEFAULTS.items()}
    regions = Regions(model, ask)

    def rate_of(mode: VideoMode, *, lowest: float) -> float:
        low, high = max(lowest, ask.rate[0]), min(mode.max_frame_rate, ask.rate[1])
        return float(best_number(low, high, ask.ideal_rate, wanted["frame_rate"]))

    def preference(mode: VideoMode) -> tuple[object, ...]:
        lowest = mode.min_frame_rate if native else FRAME_RATE_FLOOR
        rate = min(max(wanted["frame_rate"], lowest), mode.max_frame_rate)
        from_default = (
            number_distance(mode.width, wanted["width"])
            + number_distance(mode.height, wanted["height"])
            + number_distance(rate, wanted["frame_rate"])
        )
        return (round(from_default, 9), *mode_order(mode))

    if native:
        mode = min((mode for mode in modes if regions.native(mode) <= limit), key=preference)
        rate = rate_of(mode, lowest=mode.min_frame_rate)
        return mode, _settings(mode.width, mode.height, rate, "none")
    # The largest first: what is too far off for one is so for all that fit into it.
    near = (mode for mode in sorted(modes, key=_area, reverse=True) if regions.scaled(mode, limit) <= limit)
    mode = min(near, key=preference)
    width, height = regions.point(mode)
    rate = rate_of(mode, lowest=FRAME_RATE_FLOOR)
    chosen = _settings(width, height, rate, "crop-and-scale")
    if is_display(model):  # another surface would keep another ratio
        return mode, {**chosen, "aspect_ratio": aspect_of(mode.width, mode.height)}
    holding = (m for m in modes if m.width >= width and m.height >= height and m.max_frame_rate >= rate)
    return min(holding, key=lambda m: (is_cropped(m, chosen), *mode_order(m))), chosen


def _settings(width: int, height: int, rate: float, resize_mode: str) -> dict[str, Setting]:
    return {
        "width": width,
        "height": height,
        "aspect_ratio": aspect_of(width, height),
        "frame_rate": rate,
        "resize_mode": resize_mode,
    }
