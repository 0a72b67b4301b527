"""Video modes under constraints: the least distance of a device, and the pick among equals.

Not for: what a mode can be made into (`video_regions`), properties besides the mode's (`offers`), or choosing
between devices (`select_settings`).

Tie-breakers are listed at `select_settings`.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, cast

from mediastreams._rules.box_search import SizeAsk
from mediastreams._rules.constraints import ConstraintSet, aspect_of
from mediastreams._rules.fitness import best_number
from mediastreams._rules.mode_index import FRAME_RATE_FLOOR, index_of
from mediastreams._rules.offers import is_display
from mediastreams._rules.serving import is_cropped
from mediastreams._rules.video_regions import Regions, VideoAsk

if TYPE_CHECKING:
    from mediastreams._rules.needs import Needs
    from mediastreams._rules.values import DeviceModel, Setting, VideoMode

__all__ = ["least_video", "pick_video", "video_ask"]


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
    regions = Regions(model, ask)
    native = regions.least_native(enough=enough, below=below)
    if not model.adaptable or (native <= enough and native < inf):
        return native, inf
    below = min(below, native)
    return native, regions.least_scaled(enough=enough, below=below)


def pick_video(
    model: DeviceModel, ask: VideoAsk, *, limit: float, native: bool
) -> tuple[VideoMode, dict[str, Setting]]:
    """Pick mode and settings from the native (or scaled) regions within ``limit``; there must be some.

    Tie-breakers: see `select_settings`.
    """
    regions, index = Regions(model, ask), index_of(model)

    def rate_of(mode: VideoMode, *, lowest: float) -> float:
        low, high = max(lowest, ask.rate[0]), min(mode.max_frame_rate, ask.rate[1])
        return float(best_number(low, high, ask.ideal_rate, index.wanted["frame_rate"]))

    if native:
        mode = regions.preferred(limit, native=True)
        rate = rate_of(mode, lowest=mode.min_frame_rate)
        return mode, _settings(mode.width, mode.height, rate, "none")
    mode = regions.preferred(limit, native=False)
    width, height = regions.point(mode)
    rate = rate_of(mode, lowest=FRAME_RATE_FLOOR)
    chosen = _settings(width, height, rate, "crop-and-scale")
    if is_display(model):  # another surface would keep another ratio
        return mode, {**chosen, "aspect_ratio": aspect_of(mode.width, mode.height)}
    holding = [m for m in index.by_size if m.width >= width and m.height >= height and m.max_frame_rate >= rate]
    return next((m for m in holding if not is_cropped(m, chosen)), holding[0]), chosen


def _settings(width: int, height: int, rate: float, resize_mode: str) -> dict[str, Setting]:
    return {
        "width": width,
        "height": height,
        "aspect_ratio": aspect_of(width, height),
        "frame_rate": rate,
        "resize_mode": resize_mode,
    }
