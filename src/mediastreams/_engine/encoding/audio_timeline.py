"""`AudioTimeline`: sounds as they come, laid end to end on the recording's time.

Not for: drift (``rate_corrector.py``, which this uses) and resampling (``audio_encoder.py``).

Rules of the file: what is missing becomes silence, what comes twice or too late is cut off at its start. Silence
comes in pieces of at most a second, so that an hour's gap needs no hour's memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._engine.frames import Sound
from mediastreams._engine.rate_corrector import RateCorrector

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["AudioTimeline"]

_SILENCE_US: Final = 1_000_000
_SAME_US: Final = 1_000  # timestamps are rounded; less than this is no hole


class AudioTimeline:
    """Where one track's sound stands in a recording that began at ``start`` (µs of the clock).

    What it yields has no gap, from ``start`` on; `Sound.timestamp` is µs of the clock.
    """

    def __init__(self, start: int, *, sample_rate: int, layout: str, channels: int) -> None:
        self._sample_rate = sample_rate
        self._layout = layout
        self._channels = channels
        self._origin = start  # µs: where counting began, at this rate
        self._placed = 0  # samples since then
        self._corrector = RateCorrector(sample_rate)

    @property
    def position(self) -> int:
        """How far the track is filled, µs of the clock."""
        return self._origin + round(self._placed * 1_000_000 / self._sample_rate)

    def place(self, sound: Sound, end: int | None = None) -> Iterator[Sound]:
        """Lay a sound down, after the silence it needs; nothing beyond ``end`` (µs of the clock)."""
        if sound.sample_rate != self._sample_rate:
            yield from self.flush(end)
            self._origin, self._placed = self.position, 0
            self._sample_rate = sound.sample_rate
            self._corrector = RateCorrector(sound.sample_rate)
        self._layout, self._channels = sound.layout, sound.channels
        for steady in self._corrector.process(sound):
            yield from self._lay(steady, end)

    def fill(self, until: int) -> Iterator[Sound]:
        """Lay silence down up to that instant (µs of the clock)."""
        while (missing := until - self.position) > 0:
            length = round(min(missing, _SILENCE_US) * self._sample_rate / 1_000_000)
            if length == 0:
                return
            yield self._piece(np.zeros((self._channels, length), np.float32), self._layout)

    def flush(self, end: int | None = None) -> Iterator[Sound]:
        """Lay down what the correction holds back."""
        for steady in self._corrector.flush():
            yield from self._lay(steady, end)

    def _lay(self, sound: Sound, end: int | None) -> Iterator[Sound]:
        samples = sound.samples
        ahead = sound.timestamp - self.position
        if ahead > _SAME_US or (ahead > 0 and sound.gap):
            yield from self.fill(sound.timestamp if end is None else min(sound.timestamp, end))
        elif ahead < -_SAME_US:
            samples = samples[:, -(ahead * sound.sample_rate // 1_000_000) :]  # rounded up
        if end is not None:
            room = max(0, end - self._origin) * self._sample_rate / 1_000_000
            samples = samples[:, : max(0, round(room) - self._placed)]
        if samples.shape[1]:
            yield self._piece(samples, sound.layout)

    def _piece(self, samples: npt.NDArray[np.float32], layout: str) -> Sound:
        piece = Sound(np.ascontiguousarray(samples), self._sample_rate, self.position, layout)
        self._placed += samples.shape[1]
        return piece
