"""``mediastreams devices``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from mediastreams._engine.registry import default_backends, resolve_backends
from mediastreams._rules.values import AudioMode, VideoMode
from mediastreams.capture.listing import ListedDevice, list_devices

if TYPE_CHECKING:
    from mediastreams._rules.values import Mode

__all__ = ["devices"]

_NOUNS: Final = {
    "videoinput": "camera",
    "audioinput": "microphone",
    "audiooutput": "speaker",
    "monitor": "screen",
    "window": "window",
}


def devices(*, as_json: bool, fake: bool) -> int:
    """List what there is; nothing is opened."""
    listed = list_devices(resolve_backends(["fake"]) if fake else default_backends())
    if as_json:
        plain = not (sys.stdout.encoding or "").lower().startswith("utf")  # labels stay whole there by escapes
        print(json.dumps([_as_json(one) for one in listed], indent=2, ensure_ascii=plain))
    elif not listed:
        print("No cameras, microphones, speakers or screens. `--fake` shows the fake ones.")
    else:
        _print_table(listed)
    return 0


def _as_json(one: ListedDevice) -> dict[str, Any]:
    modes = [{name: value for name, value in asdict(mode).items() if name != "cost"} for mode in one.model.modes]
    return {
        "kind": one.device.device_class,
        "label": one.device.label,
        "device_id": one.model.device_id,
        "group_id": one.model.group_id,
        "default": one.device.default,
        "backend": one.backend.name,
        "modes": modes,
    }


def _print_table(listed: Sequence[ListedDevice]) -> None:
    order = list(_NOUNS)
    for one in sorted(listed, key=lambda one: (order.index(one.device.device_class), not one.device.default)):
        mark = " (default)" if one.device.default else ""
        print(f"{_NOUNS[one.device.device_class]:<11}{one.device.label}{mark}")
        print(f"           id     {one.model.device_id}")
        if one.model.modes:
            print(f"           modes  {', '.join(_modes(one.model.modes))}")


def _modes(modes: Sequence[Mode]) -> list[str]:
    """One entry a size or rate, the largest first; the highest rate of each size."""
    rates: dict[tuple[int, int], float] = {}
    texts: list[str] = []
    for mode in modes:
        if isinstance(mode, VideoMode):
            size = (mode.width, mode.height)
            rates[size] = max(rates.get(size, 0.0), mode.max_frame_rate)
        elif isinstance(mode, AudioMode):
            texts.append(f"{mode.sample_rate} Hz × {mode.channel_count}")
    sizes = sorted(rates, key=lambda size: size[0] * size[1], reverse=True)
    return [f"{width}×{height} @ {rates[width, height]:g}" for width, height in sizes] + list(dict.fromkeys(texts))
