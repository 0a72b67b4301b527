"""Fake sources: what a running fake camera, screen or microphone delivers.

Not for: the script of a device's life (``backend.py``), nor for pixels and samples (``test_card.py``, ``tones.py``).

Rules of the file: a source looks at its device's state at each instant; frames that are not delivered while muted or
stalled are counted all the same, so the counter in the picture shows the gap.
"""

from __future__ import annotations

import errno
from fractions import Fraction
from math import log2
from typing import TYPE_CHECKING, cast

from mediastreams._backends.fake.devices import FakeCamera, FakeMicrophone
from mediastreams._backends.fake.test_card import Look, TestCard
from mediastreams._backends.fake.tones import Hearing, samples
from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Picture, Sound
from mediastreams._engine.pace import Pace
from mediastreams._rules.values import AudioMode, Mode, Settings, VideoMode
from mediastreams.abc import Source
from mediastreams.errors import NotFoundError, NotReadableError

if TYPE_CHECKING:
    from mediastreams._backends.fake.backend import FakeDevice
    from mediastreams._rules.values import Points
    from mediastreams.abc import Clock, Delivery

__all__ = ["FakeAudioSource", "FakeSource", "FakeVideoSource"]


class FakeSource(Source):
    """What both kinds have in common: opening by the device's state, pace, and the device's events."""

    def __init__(self, device: FakeDevice, clock: Clock | None) -> None:
        self.device = device
        self.clock = clock or get_clock()
        self._delivery: Delivery | None = None
        self._pace: Pace | None = None

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode:
        self.stop()
        if not self.device.plugged:
            raise NotFoundError(f"{self.device.label} is not there: it was unplugged")
        if self.device.failure is not None:
            raise self.device.failure
        actual = self._prepare(mode, dict(settings))
        self._delivery = delivery
        self.device.sources.add(self)
        if self.device.muted:
            delivery.set_muted(muted=True)
        self._pace = self._make_pace()
        return actual

    def stop(self) -> None:
        self.device.sources.discard(self)
        pace, self._pace = self._pace, None
        if pace is not None:
            pace.stop()
        self._delivery = None

    def device_muted(self, *, muted: bool) -> None:
        """The device begins or ends to give nothing."""
        if (delivery := self._delivery) is not None:
            delivery.set_muted(muted=muted)

    def device_gone(self) -> None:
        """The device was unplugged."""
        delivery = self._delivery
        pace, self._pace = self._pace, None
        if pace is not None:
            pace.stop()
        if delivery is not None:
            delivery.end(NotReadableError(f"{self.device.label} was unplugged", errno=errno.ENODEV))

    def device_resized(self) -> None:
        """The display surface has another size."""

    def _prepare(self, mode: Mode | None, settings: Settings) -> Mode:
        raise NotImplementedError

    def _make_pace(self) -> Pace:
        raise NotImplementedError

    def _fire(self, number: int) -> None:
        delivery, pace = self._delivery, self._pace
        if delivery is not None and pace is not None and not self.device.muted and not self.device.stalled:
            delivery.deliver(self._make(number, pace))

    def _make(self, number: int, pace: Pace) -> Picture | Sound:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.device.label!r}>"


class FakeVideoSource(FakeSource):
    """A camera, a monitor or a window. The first frame has the counter 0."""

    kind = "video"

    def _prepare(self, mode: Mode | None, settings: Settings) -> Mode:
        assert isinstance(mode, VideoMode)
        rate = float(settings.get("frame_rate", mode.max_frame_rate))
        rate = min(max(rate, mode.min_frame_rate), mode.max_frame_rate)
        if self.device.size is not None:  # a display surface has the size it has
            mode = VideoMode(*self.device.size, mode.min_frame_rate, mode.max_frame_rate, mode.pixel_format)
        self._mode = mode
        self._settings = settings
        self._rate = Fraction(rate).limit_denominator(1001)
        self._duration = round(1_000_000 / self._rate)
        self._card = TestCard(_look(self.device, mode, settings))
        return mode

    def configure(self, settings: Settings) -> bool:
        if "frame_rate" in settings:
            return False
        self._settings = {**self._settings, **settings}
        self._card = TestCard(_look(self.device, self._mode, self._settings))
        return True

    def device_resized(self) -> None:
        delivery, size = self._delivery, self.device.size
        if delivery is not None and size is not None:
            self._mode = VideoMode(*size, self._mode.min_frame_rate, self._mode.max_frame_rate, self._mode.pixel_format)
            delivery.reconfigured(self._mode)
            self._card = TestCard(_look(self.device, self._mode, self._settings))

    def _make_pace(self) -> Pace:
        return Pace(self.clock, self._rate, self._fire, late=1)

    def _make(self, number: int, pace: Pace) -> Picture:
        timestamp, counter = pace.instant_us(number), number - pace.first
        frame = self._card.paint(counter, timestamp, round(counter * 1_000_000 / self._rate))
        return Picture.stamped(frame, timestamp, self._duration, {"capture_time": timestamp})


def _look(device: FakeDevice, mode: VideoMode, settings: Settings) -> Look:
    """What the settings make of the picture."""

    def number(name: str, usual: float) -> float:
        return float(cast("float", settings.get(name, usual)))

    def manual(name: str) -> bool:
        return settings.get(f"{name}_mode") == "manual"

    light = 2.0 ** number("exposure_compensation", 0)
    if manual("exposure"):
        light = number("exposure_time", 156) / 156 * number("iso", 100) / 100
    return Look(
        mode.width,
        mode.height,
        device.label,
        desktop=not isinstance(device.description, FakeCamera),
        cursor=settings.get("cursor", "never") != "never",
        blur=bool(settings.get("background_blur", False)),
        torch=bool(settings.get("torch", False)),
        brightness=number("brightness", 128),
        contrast=number("contrast", 128),
        saturation=number("saturation", 128),
        sharpness=number("sharpness", 128),
        warmth=(number("color_temperature", 5000) - 5000) / 100 if manual("white_balance") else 0,
        light=light,
        defocus=abs(log2(max(number("focus_distance", 1), 0.01))) if manual("focus") else 0,
        zoom=number("zoom", 1),
        pan=number("pan", 0) / 3600,
        tilt=number("tilt", 0) / 3600,
        points=cast("Points", settings.get("points_of_interest", ())),
    )


class FakeAudioSource(FakeSource):
    """A microphone: chunks as long as its latency, each delivered when its last sample has been heard."""

    kind = "audio"

    def _prepare(self, mode: Mode | None, settings: Settings) -> Mode:
        assert isinstance(mode, AudioMode)
        latency = float(cast("float", settings.get("latency", mode.min_latency)))
        latency = min(max(latency, mode.min_latency), mode.max_latency)
        self._mode = mode
        self._settings = settings
        self._chunk = max(1, round(mode.sample_rate * latency))
        self._hearing = _hearing(self.device, mode, settings)
        return mode

    def configure(self, settings: Settings) -> bool:
        if "latency" in settings:
            return False
        self._settings = {**self._settings, **settings}
        self._hearing = _hearing(self.device, self._mode, self._settings)
        return True

    def _make_pace(self) -> Pace:
        rate = Fraction(self._mode.sample_rate, self._chunk)
        return Pace(self.clock, rate, self._fire, late=round(rate))  # a second is made up for: sound has no gaps

    def _make(self, number: int, pace: Pace) -> Sound:
        hearing = self._hearing
        timestamp = pace.instant_us(number - 1)
        heard = samples(hearing, (number - 1) * self._chunk, self._chunk)
        layout = {1: "mono", 2: "stereo"}.get(hearing.channels, f"{hearing.channels} channels")
        return Sound(heard, hearing.sample_rate, timestamp, layout, metadata={"capture_time": timestamp})


def _hearing(device: FakeDevice, mode: AudioMode, settings: Settings) -> Hearing:
    """What the settings make of the sound."""
    description = device.description
    assert isinstance(description, FakeMicrophone)
    return Hearing(
        mode.sample_rate,
        mode.channel_count,
        description.beep,
        noise=not (settings.get("noise_suppression", True) or settings.get("voice_isolation", False)),
        echo=not settings.get("echo_cancellation", True),
        gain=1.0 if settings.get("auto_gain_control", True) else 0.5,
    )
