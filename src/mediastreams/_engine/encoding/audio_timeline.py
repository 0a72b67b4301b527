"""`AudioTimeline`: sounds as they come, laid end to end on the recording's time.

Not for: resampling (``audio_chain.py``). Pure arithmetic on timestamps and NumPy arrays.

Rules of the file: what is missing becomes silence, what comes twice is cut off at its start, small
deviations are left to the resampler: every piece carries the instant where its first sample belongs.
Silence comes in pieces of at most a second, so that an hour's gap needs no hour's memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._engine.encoding.steady_time import JUMP_US, SteadyTime

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams._engine.frames import Sound

__all__ = ["AudioTimeline", "Piece"]

_SILENCE_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Gapless sound: ``samples`` is ``float32 [channels, n]``; ``time`` is µs since the recording's start."""

    samples: npt.NDArray[np.float32]
    sample_rate: int
    layout: str
    time: int


class AudioTimeline:
    """Where one track's sound stands in a recording that began at ``start`` (µs of the clock)."""

    def __init__(self, start: int, *, sample_rate: int, layout: str, channels: int) -> None:
        self._start = start
        self._sample_rate = sample_rate
        self._layout = layout
        self._channels = channels
        self._steady = SteadyTime(start)
        self._fresh = True  # nothing placed yet: the first timestamp is exact, however far from the start

    @property
    def position(self) -> int:
        """How far the track is filled, µs of the clock."""
        return self._steady.expected

    def place(self, sound: Sound, end: int | None = None) -> Iterator[Piece]:
        """Lay a sound down, after the silence it needs; nothing beyond ``end`` (µs of the clock)."""
        self._sample_rate, self._layout, self._channels = sound.sample_rate, sound.layout, sound.channels
        ahead = sound.timestamp - self.position
        samples, timestamp = sound.samples, sound.timestamp
        if ahead > JUMP_US or (ahead > 0 and (sound.gap or self._fresh)):
            yield from self.fill(timestamp if end is None else min(timestamp, end))
            self._steady.jump(timestamp)
        elif ahead < -JUMP_US or (ahead < 0 and self._fresh):
            skip = min(-(ahead * sound.sample_rate // 1_000_000), sound.length)  # rounded up
            samples = samples[:, skip:]
            timestamp += round(skip * 1_000_000 / sound.sample_rate)
            if samples.shape[1]:
                self._steady.jump(timestamp)
        self._fresh = False
        if end is not None:
            room = max(0, end - self.position) * sound.sample_rate
            samples = samples[:, : (room + 500_000) // 1_000_000]
        if samples.shape[1]:
            yield self._piece(samples, timestamp)

    def fill(self, until: int) -> Iterator[Piece]:
        """Lay silence down up to that instant (µs of the clock)."""
        while (missing := until - self.position) > 0:
            length = round(min(missing, _SILENCE_US) * self._sample_rate / 1_000_000)
            if length == 0:
                return
            self._fresh = False
            yield self._piece(np.zeros((self._channels, length), np.float32), self.position)

    def _piece(self, samples: npt.NDArray[np.float32], timestamp: int) -> Piece:
        length_us = samples.shape[1] * 1_000_000 / self._sample_rate
        time = self._steady.advance(timestamp, length_us)
        return Piece(samples, self._sample_rate, self._layout, time - self._start)
