"""Fake speakers: they ask for sound as a card would, by a crystal of their own, and write down what they are given.

Not for: the script of a device's life (``backend.py``).
"""

from __future__ import annotations

import errno
import threading
from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._backends.fake.devices import FakeSpeaker
from mediastreams._engine.audio_data import AudioData
from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Sound
from mediastreams._engine.pace import Pace
from mediastreams._rules.channel_mixing import layout_name
from mediastreams._rules.values import AudioMode, Mode, Settings
from mediastreams.abc import Clock, Sink, Supply
from mediastreams.errors import NotFoundError, NotReadableError

if TYPE_CHECKING:
    from mediastreams._backends.fake.backend import FakeDevice

__all__ = ["FakeSpeakerSink", "Tape"]

_BLOCK_SECONDS: Final = 0.01
_TAPE_SECONDS: Final = 60.0
_LATE_SECONDS: Final = 0.1  # what a held-up scheduler makes up for: as much as a card's buffer would bridge


class Tape:
    """The last minute of what a speaker was given in one mode, block by block, all its outputs mixed."""

    def __init__(self, mode: AudioMode, block: int) -> None:
        self.mode = mode
        self.block = block
        self._lock = threading.Lock()
        self._blocks: deque[tuple[int, int, np.ndarray]] = deque(
            maxlen=max(1, round(_TAPE_SECONDS * mode.sample_rate / block))
        )

    def add(self, number: int, at: int, samples: np.ndarray) -> None:
        """Write down one block: its number on the card's count, and when it is heard."""
        with self._lock:
            for place in range(len(self._blocks) - 1, -1, -1):
                earlier, _, sounded = self._blocks[place]
                if earlier == number:
                    self._blocks[place] = (number, at, sounded + samples)
                    return
                if earlier < number:
                    break
            self._blocks.append((number, at, samples.copy()))

    def last(self, seconds: float) -> AudioData | None:
        """The newest stretch without a hole, at most so long."""
        count = max(1, round(seconds * self.mode.sample_rate / self.block))
        with self._lock:
            blocks = list(self._blocks)[-count:]
        first = len(blocks) - 1
        while first > 0 and blocks[first - 1][0] == blocks[first][0] - 1:
            first -= 1
        if not blocks:
            return None
        samples = np.ascontiguousarray(np.concatenate([samples for *_, samples in blocks[first:]], axis=1), np.float32)
        layout = layout_name(self.mode.channel_count)
        return AudioData._of(Sound(samples, self.mode.sample_rate, blocks[first][1], layout))  # noqa: SLF001 - own handle


class FakeSpeakerSink(Sink):
    """One output to a fake speaker; several may sound together."""

    kind = "audio"

    def __init__(self, device: FakeDevice, clock: Clock | None) -> None:
        self.device = device
        self.clock = clock or get_clock()
        self._supply: Supply | None = None
        self._pace: Pace | None = None

    def start(self, mode: Mode | None, settings: Settings, supply: Supply) -> Mode:
        self.stop()
        device, description = self.device, self.device.description
        assert isinstance(description, FakeSpeaker)
        if not device.plugged:
            raise NotFoundError(f"{device.label} is not there: it was unplugged")
        if device.failure is not None:
            raise device.failure
        actual = mode if isinstance(mode, AudioMode) else description.modes[0]
        if actual is not mode:
            supply.reconfigured(actual)
        self._mode = actual
        self._latency_us = round(float(settings.get("latency", description.latency)) * 1e6)
        self._length = max(1, round(actual.sample_rate * _BLOCK_SECONDS))
        if device.tape is None or device.tape.mode != actual:
            device.tape = Tape(actual, self._length)
        self._tape = device.tape
        self._supply = supply
        device.sinks.add(self)
        rate = Fraction(actual.sample_rate * description.speed).limit_denominator(1000) / self._length
        self._pace = Pace(self.clock, rate, self._ask, late=round(_LATE_SECONDS * rate))
        return actual

    def stop(self) -> None:
        self.device.sinks.discard(self)
        pace, self._pace = self._pace, None
        if pace is not None:
            pace.stop()
        self._supply = None

    def device_gone(self) -> None:
        """The device was unplugged."""
        supply = self._supply
        pace, self._pace = self._pace, None
        if pace is not None:
            pace.stop()
        if supply is not None:
            supply.end(NotReadableError(f"{self.device.label} was unplugged", errno=errno.ENODEV))

    def _ask(self, number: int) -> None:
        supply, pace = self._supply, self._pace
        if supply is None or pace is None or self.device.stalled:
            return
        at = pace.instant_us(number) + self._latency_us
        samples = supply.sound(self._length, at)
        self._tape.add(number, at, np.zeros_like(samples) if self.device.muted else samples)

    def __repr__(self) -> str:
        return f"<FakeSpeakerSink {self.device.label!r}>"
