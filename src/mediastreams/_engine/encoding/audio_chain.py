"""`AudioChain`: gapless sound in any rate and layout becomes frames for one encoder.

FFmpeg's resampler does the work, state and all, so chunks leave no seams.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from mediastreams._engine.resampler import Resampler

if TYPE_CHECKING:
    from mediastreams._engine.frames import Sound

__all__ = ["AudioChain"]


class AudioChain:
    """From gapless `Sound` to PyAV frames that count samples from 0. One thread at a time."""

    def __init__(self, *, sample_rate: int, layout: str, sample_format: str) -> None:
        self._sample_rate = sample_rate
        self._layout = layout
        self._sample_format = sample_format
        self._resampler: Resampler | None = None
        self._input: tuple[int, str] | None = None
        self._written = 0

    @property
    def written(self) -> int:
        """Samples per channel that have come out."""
        return self._written

    def push(self, sound: Sound) -> Iterator[av.AudioFrame]:
        """Put sound in, take out what is ready."""
        layout = sound.layout
        if layout != self._layout and layout.replace("(side)", "") == self._layout:
            layout = self._layout  # the same loudspeakers by another name: relabelled, not mixed
        if self._input != (sound.sample_rate, layout):
            yield from self.flush()
            self._input = (sound.sample_rate, layout)
            self._resampler = Resampler(self._sample_format, self._layout, self._sample_rate)
        assert self._resampler is not None
        frame = av.AudioFrame.from_ndarray(sound.samples, format="fltp", layout=layout)
        frame.sample_rate = sound.sample_rate
        yield from self._counted(self._resampler.resample(frame))

    def flush(self) -> Iterator[av.AudioFrame]:
        """Take out what the resampler still holds. `push` may follow."""
        if self._resampler is not None:
            yield from self._counted(self._resampler.resample(None))
            self._resampler = None
            self._input = None

    def _counted(self, frames: list[av.AudioFrame]) -> Iterator[av.AudioFrame]:
        for frame in frames:
            frame.time_base = Fraction(1, self._sample_rate)
            frame.pts = self._written
            self._written += frame.samples
            yield frame
