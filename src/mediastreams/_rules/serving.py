"""Which mode can give which settings: for several tracks on one device, and for keeping it open.

Not for: finding settings. ``serves`` asks what an adapter can make; crop-and-scale only takes away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from mediastreams._rules.values import AudioMode, DeviceModel, Mode, Settings, VideoMode

__all__ = ["SAMPLE_RATES", "cheapest_mode", "is_cropped", "mode_order", "serves"]

SAMPLE_RATES = (8000, 192000)
"""What the resampler makes of any microphone: telephone to studio. A native rate beyond is offered as well."""

_RATE_ROUNDING = 1e-9


def serves(mode: Mode, settings: Settings, *, adaptable: bool = True) -> bool:
    """Say whether an adapter can make these settings out of that mode.

    Settings that a mode does not decide are ignored, absent ones can be anything.
    """
    if isinstance(mode, VideoMode):
        return _serves_video(mode, settings, adaptable=adaptable)
    return _serves_audio(mode, settings, adaptable=adaptable)


def _serves_video(mode: VideoMode, settings: Settings, *, adaptable: bool) -> bool:
    width, height, rate = (_number(settings, name) for name in ("width", "height", "frame_rate"))
    highest = mode.max_frame_rate + _RATE_ROUNDING
    if settings.get("resize_mode", "crop-and-scale") == "none" or not adaptable:
        lowest = mode.min_frame_rate - _RATE_ROUNDING
        return width in (None, mode.width) and height in (None, mode.height) and _within(rate, lowest, highest)
    return _within(width, 1, mode.width) and _within(height, 1, mode.height) and _within(rate, 0, highest)


def _serves_audio(mode: AudioMode, settings: Settings, *, adaptable: bool) -> bool:
    channels, rate = _number(settings, "channel_count"), _number(settings, "sample_rate")
    if _number(settings, "sample_size") not in (None, mode.sample_size):
        return False
    if not _within(_number(settings, "latency"), mode.min_latency, mode.max_latency):
        return False
    if channels in (None, mode.channel_count) and rate in (None, mode.sample_rate):
        return True
    if not adaptable:
        return False
    low, high = min(SAMPLE_RATES[0], mode.sample_rate), max(SAMPLE_RATES[1], mode.sample_rate)
    return _within(channels, 1, mode.channel_count) and _within(rate, low, high)


def cheapest_mode(model: DeviceModel, tracks: Sequence[Settings]) -> Mode | None:
    """Give the cheapest mode that serves all these tracks at once, or ``None``.

    Cheapest: shows every track its whole picture if one mode can, then small, then low in cost and rate. A
    device runs at one rate: tracks that take it as it is must agree, and the others need no more than that.
    """
    native = [track for track in tracks if track.get("resize_mode") == "none" and "frame_rate" in track]
    rates = {cast("float", track["frame_rate"]) for track in native}
    if len(rates) > 1:
        return None
    if rates:
        (rate,) = rates
        if any(cast("float", track.get("frame_rate", 0)) > rate + _RATE_ROUNDING for track in tracks):
            return None
    fitting = [mode for mode in model.modes if all(serves(mode, track, adaptable=model.adaptable) for track in tracks)]
    if not fitting:
        return None
    return min(fitting, key=lambda mode: (sum(is_cropped(mode, track) for track in tracks), *mode_order(mode)))


def is_cropped(mode: Mode, settings: Settings) -> bool:
    """Say whether making the settings' size of the mode cuts something off, beyond rounding to a pixel."""
    width, height = _number(settings, "width"), _number(settings, "height")
    if not isinstance(mode, VideoMode) or width is None or height is None:
        return False
    # the shorter side is at most half a pixel off where the longer side was rounded
    return abs(width * mode.height - height * mode.width) > max(mode.width, mode.height) / 2


def mode_order(mode: Mode) -> tuple[object, ...]:
    """Give the order of modes that are otherwise equal: small, low in cost, slow; independent of their listing."""
    if isinstance(mode, VideoMode):
        return (
            mode.width * mode.height,
            mode.width,
            mode.cost,
            mode.max_frame_rate,
            mode.min_frame_rate,
            mode.pixel_format,
        )
    return (mode.channel_count, mode.sample_rate, mode.cost, mode.sample_size, mode.max_latency, mode.min_latency)


def _number(settings: Settings, name: str) -> float | None:
    return cast("float | None", settings.get(name))


def _within(value: float | None, low: float, high: float) -> bool:
    return value is None or low <= value <= high
