"""From what a camera's driver lists to the modes that rules choose from.

Not for: asking the driver (``v4l2_ioctl.py``). Pure. Three decisions live here: sizes that a driver gives as
an interval become the usual sizes within it; of several pixel formats with the same size and rate the
cheapest stays; pixel formats that we cannot turn into pictures do not appear.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediastreams._backends.linux.v4l2_layouts import cost_of
from mediastreams._rules.values import VideoMode

if TYPE_CHECKING:
    from mediastreams._backends.linux.v4l2_ioctl import RateSpan, SizeSpan

__all__ = ["FormatOffer", "cheapest_modes", "substitutes", "usual_sizes"]

USUAL_SIZES: Final = (
    *((160, 120), (176, 144), (320, 180), (320, 240), (352, 288), (424, 240), (480, 270), (640, 360), (640, 480)),
    *((720, 480), (720, 576), (768, 576), (800, 600), (848, 480), (960, 540), (960, 720), (1024, 576), (1024, 768)),
    *((1280, 720), (1280, 800), (1280, 960), (1280, 1024), (1600, 900), (1600, 1200), (1920, 1080), (1920, 1200)),
    *((2048, 1536), (2560, 1440), (2592, 1944), (3264, 2448), (3840, 2160), (4096, 2160), (7680, 4320)),
)


@dataclass(frozen=True, slots=True)
class FormatOffer:
    """One pixel format at one size, with its rates."""

    pixel_format: str
    width: int
    height: int
    rates: tuple[RateSpan, ...]


def usual_sizes(span: SizeSpan, current: tuple[int, int] | None = None) -> list[tuple[int, int]]:
    """Choose from an interval of sizes: the usual ones in it, its largest, and the one set now."""
    if (span.min_width, span.min_height) == (span.max_width, span.max_height):
        return [(span.min_width, span.min_height)]
    candidates = {*USUAL_SIZES, (span.max_width, span.max_height)}
    if current is not None:
        candidates.add(current)
    fitting = [
        (width, height)
        for width, height in candidates
        if _on_step(width, span.min_width, span.max_width, span.step_width)
        and _on_step(height, span.min_height, span.max_height, span.step_height)
    ]
    return sorted(fitting) or [(span.min_width, span.min_height)]


def cheapest_modes(offers: Iterable[FormatOffer]) -> tuple[VideoMode, ...]:
    """One mode per size and rate, largest first; of several pixel formats the one that costs least."""
    best: dict[tuple[int, int, float, float], VideoMode] = {}
    for offer in offers:
        cost = cost_of(offer.pixel_format)
        if cost is None or not offer.width or not offer.height:
            continue
        for span in offer.rates:
            key = (offer.width, offer.height, round(span.slowest, 3), round(span.fastest, 3))
            known = best.get(key)
            if known is None or cost < known.cost:
                best[key] = VideoMode(offer.width, offer.height, span.slowest, span.fastest, offer.pixel_format, cost)
    return tuple(
        sorted(
            best.values(), key=lambda mode: (-mode.width * mode.height, -mode.width, -mode.max_frame_rate, mode.cost)
        )
    )


def substitutes(offers: Sequence[FormatOffer], mode: VideoMode, rate: float) -> list[str]:
    """Pixel formats to try for a mode, its own first: another may fit where a shared bus has no room left."""
    others = [
        offer.pixel_format
        for offer in offers
        if (offer.width, offer.height) == (mode.width, mode.height)
        and offer.pixel_format != mode.pixel_format
        and any(span.slowest - 0.01 <= rate <= span.fastest + 0.01 for span in offer.rates)
    ]
    ranked = sorted((cost, name) for name in others if (cost := cost_of(name)) is not None)
    return [mode.pixel_format, *(name for _, name in ranked)]


def _on_step(value: int, smallest: int, largest: int, step: int) -> bool:
    return smallest <= value <= largest and (value == largest or (value - smallest) % step == 0)
