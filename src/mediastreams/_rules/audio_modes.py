"""What an audio device can be set to, as regions per native mode, and the best point of them.

Not for: properties besides the mode's (`offers`), or choosing between devices (`select_settings`).

A mode offers its sample size and every latency of its span; its sample rate and channels as they are, and,
where the engine may adapt, every rate of `SAMPLE_RATES` and every number of channels of 1 … the mode's.
Channels are never invented. All four properties are independent of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, cast

from mediastreams._rules.fitness import best_number, number_distance
from mediastreams._rules.properties import AUDIO_MODE_PROPERTIES
from mediastreams._rules.serving import SAMPLE_RATES, mode_order

if TYPE_CHECKING:
    from mediastreams._rules.constraints import ConstraintSet
    from mediastreams._rules.needs import Needs
    from mediastreams._rules.values import AudioMode, DeviceModel, Setting

__all__ = ["AudioAsk", "audio_ask", "least_audio", "pick_audio"]

_DEFAULTS = {"sample_rate": 48000, "channel_count": 2, "latency": 0.01}


@dataclass(frozen=True, slots=True)
class AudioAsk:
    """What is asked of the mode's properties."""

    needs: Needs
    ideals: dict[str, float]


def audio_ask(needs: Needs, basic: ConstraintSet) -> AudioAsk:
    """Gather what needs and ideals say about the mode's properties."""
    ideals = {
        name: cast("float", basic[name].ideal[0])
        for name in AUDIO_MODE_PROPERTIES
        if name in basic and basic[name].ideal
    }
    return AudioAsk(needs, ideals)


def least_audio(model: DeviceModel, ask: AudioAsk, *, enough: float, below: float = inf) -> tuple[float, float]:
    """Give the least distance of the native and of the adapted regions, infinite where one is empty.

    The search may stop at the first distance not above ``enough``, and need not find any above ``below``.
    """
    if below < inf and _bound(model, ask) > below:
        return inf, inf
    native = _least(model, ask, native=True)
    if not model.adaptable or (native < inf and native <= enough):
        return native, inf
    return native, _least(model, ask, native=False)


def pick_audio(
    model: DeviceModel, ask: AudioAsk, *, limit: float, native: bool
) -> tuple[AudioMode, dict[str, Setting]]:
    """Pick mode and settings from the native (or adapted) regions within ``limit``; there must be some.

    Tie-breakers: see `select_settings`.
    """
    modes = cast("Sequence[AudioMode]", model.modes)
    wanted = {name: cast("float", model.defaults.get(name, value)) for name, value in _DEFAULTS.items()}

    def preference(mode: AudioMode) -> tuple[object, ...]:
        changed = 0
        if not native:
            point = _point(mode, ask, wanted, native=False)
            changed = (point["channel_count"] != mode.channel_count) + (point["sample_rate"] != mode.sample_rate)
        from_default = number_distance(mode.sample_rate, wanted["sample_rate"]) + number_distance(
            mode.channel_count, wanted["channel_count"]
        )
        return (changed, round(from_default, 9), *mode_order(mode))

    distances = _distances(modes, ask, native=native)
    mode = min((mode for mode, far in zip(modes, distances, strict=True) if far <= limit), key=preference)
    return mode, _point(mode, ask, wanted, native=native)


def _least(model: DeviceModel, ask: AudioAsk, *, native: bool) -> float:
    return min(_distances(cast("Sequence[AudioMode]", model.modes), ask, native=native))


def _bound(model: DeviceModel, ask: AudioAsk) -> float:
    """Give a lower bound over all modes: one region that holds all the others."""
    modes = cast("Sequence[AudioMode]", model.modes)
    rates = [mode.sample_rate for mode in modes]
    hull = {
        "sample_rate": (min(SAMPLE_RATES[0], *rates), max(SAMPLE_RATES[1], *rates)),
        "latency": (min(mode.min_latency for mode in modes), max(mode.max_latency for mode in modes)),
        "channel_count": (1, max(mode.channel_count for mode in modes)),
    }
    bound = 0.0
    for name, ends in hull.items():
        low, high = _allowed(ask, name, *ends)
        if low > high:
            return inf
        bound += number_distance(best_number(low, high, ask.ideals.get(name), low), ask.ideals.get(name))
    return bound


def _distances(modes: Sequence[AudioMode], ask: AudioAsk, *, native: bool) -> list[float]:
    """Give the distance of each mode's region; modes repeat their numbers, so each is worked out once."""
    asked = [name for name in AUDIO_MODE_PROPERTIES if name in ask.needs.numbers or name in ask.ideals]
    totals = [0.0] * len(modes)
    for name in asked:
        span = _SPANS[name]
        known: dict[tuple[float, float], float] = {}
        for index, mode in enumerate(modes):
            ends = span(mode, native)
            if ends not in known:
                low, high = _allowed(ask, name, *ends)
                ideal = ask.ideals.get(name)
                known[ends] = inf if low > high else number_distance(best_number(low, high, ideal, low), ideal)
            totals[index] += known[ends]
    return totals


_SPANS: dict[str, Callable[[AudioMode, bool], tuple[float, float]]] = {
    "sample_rate": lambda mode, native: (
        (mode.sample_rate, mode.sample_rate)
        if native
        else (min(SAMPLE_RATES[0], mode.sample_rate), max(SAMPLE_RATES[1], mode.sample_rate))
    ),
    "sample_size": lambda mode, _: (mode.sample_size, mode.sample_size),
    "latency": lambda mode, _: (mode.min_latency, mode.max_latency),
    "channel_count": lambda mode, native: (mode.channel_count if native else 1, mode.channel_count),
}
"""Each property's closed interval in the native or the adapted region of a mode."""


def _allowed(ask: AudioAsk, name: str, low: float, high: float) -> tuple[float, float]:
    if name == "latency":
        return ask.needs.interval(name, low, high)
    return ask.needs.whole(name, int(low), int(high))


def _point(mode: AudioMode, ask: AudioAsk, wanted: dict[str, float], *, native: bool) -> dict[str, Setting]:
    """Give the best point of a region: ideal, else as native as allowed."""
    natural: dict[str, float] = {
        "sample_rate": mode.sample_rate,
        "sample_size": mode.sample_size,
        "latency": wanted["latency"],
        "channel_count": mode.channel_count,
    }
    if ask.ideals.get("latency") == 0:  # by the formula all are equally far from zero: the shortest is meant
        natural["latency"] = 0.0
    point: dict[str, Setting] = {}
    for name in AUDIO_MODE_PROPERTIES:
        low, high = _allowed(ask, name, *_SPANS[name](mode, native))
        best = best_number(low, high, ask.ideals.get(name), natural[name])
        point[name] = float(best) if name == "latency" else int(best)
    return point
