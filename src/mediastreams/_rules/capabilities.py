"""Capabilities and inherent settings in the standard's shape, made of a device's model.

Not for: choosing anything. What is not a property of the model is absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from mediastreams._rules.constraints import ASPECT_DECIMALS, aspect_of
from mediastreams._rules.mode_index import FRAME_RATE_FLOOR, index_of
from mediastreams._rules.offers import is_display, offered_values
from mediastreams._rules.properties import PROPERTIES
from mediastreams._rules.serving import SAMPLE_RATES
from mediastreams._rules.values import AudioMode, DeviceModel, Range, Setting, Settings, VideoMode

__all__ = ["INHERENT", "Capability", "capabilities_of", "inherent_settings"]

Capability: TypeAlias = Range | tuple[Setting, ...] | str | bool

INHERENT = ("device_id", "facing_mode", "group_id")
"""The inherent constrainable track properties: what an ended track still says.

https://w3c.github.io/mediacapture-main/#dfn-list-of-inherent-constrainable-track-properties
"""

_SINGLE = frozenset(("device_id", "group_id", "display_surface", "logical_surface"))
"""Capabilities that are one value, not a list of one."""


def capabilities_of(model: DeviceModel, settings: Settings | None = None) -> Mapping[str, Capability]:
    """Describe the sets of values that settings come from, in the order of the properties.

    ``settings`` are the track's current ones: a display surface reports its present aspect ratio as the only one.

    https://w3c.github.io/mediacapture-main/#dfn-capabilities
    """
    every: dict[str, Capability] = {}
    for name, values in offered_values(model).items():
        every[name] = cast("str | bool", values[0]) if name in _SINGLE else values
    every.update(model.ranges)
    if model.modes and model.kind == "video":
        every.update(_of_video(model, settings or {}))
    elif model.modes:
        every.update(_of_audio(model))
    return {name: every[name] for name in PROPERTIES if name in every}


def _of_video(model: DeviceModel, settings: Settings) -> dict[str, Capability]:
    root = index_of(model).root
    widest, highest, fastest = root.hull.width, root.hull.height, root.hull.max_frame_rate
    if not model.adaptable:
        return {
            "width": Range(*root.width),
            "height": Range(*root.height),
            "aspect_ratio": Range(*root.ratio),
            "frame_rate": Range(*root.rate),
            "resize_mode": ("none",),
        }
    aspect = Range(round(1 / highest, ASPECT_DECIMALS), float(widest))
    slowest = 0.0
    if is_display(model):
        first = cast("VideoMode", model.modes[0])
        ratio = cast("float", settings.get("aspect_ratio", aspect_of(first.width, first.height)))
        aspect, slowest = Range(ratio, ratio), FRAME_RATE_FLOOR
    return {
        "width": Range(1, widest),
        "height": Range(1, highest),
        "aspect_ratio": aspect,
        "frame_rate": Range(slowest, fastest),
        "resize_mode": ("none", "crop-and-scale"),
    }


def _of_audio(model: DeviceModel) -> dict[str, Capability]:
    modes = cast("Sequence[AudioMode]", model.modes)
    rates, channels = [mode.sample_rate for mode in modes], [mode.channel_count for mode in modes]
    sizes = [mode.sample_size for mode in modes]
    low, high = SAMPLE_RATES if model.adaptable else (max(rates), min(rates))
    return {
        "sample_rate": Range(min(low, *rates), max(high, *rates)),
        "sample_size": Range(min(sizes), max(sizes)),
        "latency": Range(min(mode.min_latency for mode in modes), max(mode.max_latency for mode in modes)),
        "channel_count": Range(1 if model.adaptable else min(channels), max(channels)),
    }


def inherent_settings(settings: Settings) -> dict[str, Setting]:
    """Give what ``get_settings`` of an ended track returns.

    https://w3c.github.io/mediacapture-main/#dom-mediastreamtrack-getsettings
    """
    return {name: settings[name] for name in PROPERTIES if name in INHERENT and name in settings}
