"""`AudioLevel` and `AudioSpectrum`, and what measures them: `LevelMeter` and `SpectrumMeter`.

Not for: voices (``voice_activity.py``) or showing anything.

Rules of the file: full scale is ±1; decibels are relative to that (dBFS), and silence is minus infinity. An interval is
a whole number of samples, so intervals do not drift. A meter is the conversion of a `FrameIterator`: it is called
when somebody waits, off the loop, for nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, log10, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._engine.audio_adapter import JUMP_US, AudioAdapter
from mediastreams._webidl.interfaces import public

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams._engine.frames import Sound

__all__ = ["AudioLevel", "AudioSpectrum", "LevelMeter", "SpectrumMeter"]

_BLACKMAN_ALPHA: Final = 0.16


@public
@dataclass(frozen=True, slots=True)
class AudioLevel:
    """How loud a stretch of sound is, channel by channel.

    ``timestamp``: µs on the process's clock, of its first sample. ``duration``: µs. ``peak``: the largest deflection of
    each channel, 1.0 is full scale; a mix may have more, which a device or an encoder will clip. ``rms``: the root of
    the mean square of each channel; a sine of full scale has 0.707.
    """

    timestamp: int
    duration: int
    peak: tuple[float, ...]
    rms: tuple[float, ...]

    @property
    def peak_db(self) -> tuple[float, ...]:
        """The peaks in dBFS: 0 is full scale, -6 half of it, silence ``-inf``."""
        return tuple(_decibels(value) for value in self.peak)

    @property
    def rms_db(self) -> tuple[float, ...]:
        """The same of the ``rms``; a sine of full scale has -3."""
        return tuple(_decibels(value) for value in self.rms)

    @property
    def loudest(self) -> float:
        """The highest peak of all channels, in dBFS: one number for a meter."""
        return _decibels(max(self.peak, default=0.0))


@public
@dataclass(frozen=True, slots=True, eq=False)
class AudioSpectrum:
    """What frequencies a stretch of sound has, its channels mixed to one.

    ``timestamp``: µs, of the first sample of the window that was looked at. ``duration``: µs, of the window.
    ``decibels``: one for each bin, ``float32``, read-only; on the scale of an AnalyserNode, where a sine of full scale
    has -13.6 in the bin of its frequency: half of it is at negative frequencies, and the window takes the rest.
    """

    timestamp: int
    duration: int
    sample_rate: int
    decibels: npt.NDArray[np.float32]

    @property
    def frequencies(self) -> npt.NDArray[np.float32]:
        """What frequency each bin stands for, in Hz."""
        return _frequencies(self.sample_rate, len(self.decibels))


class LevelMeter:
    """Measures sound every ``interval`` seconds. ``fold``: one level over all that nobody had time for.

    Who looks less often than every interval gets one level over everything since the last look, and misses no peak.
    """

    def __init__(self, interval: float, *, fold: bool) -> None:
        self._adapter = AudioAdapter(chunk_us=round(interval * 1_000_000))
        self.fold = _loudest if fold else None

    def __call__(self, sound: Sound) -> Sequence[AudioLevel]:
        """Take a chunk; answer the levels of the intervals that are complete."""
        return [_level(part) for part in self._adapter.process(sound)]

    def flush(self) -> Sequence[AudioLevel]:
        """Answer the level of what is left at the end."""
        return [_level(part) for part in self._adapter.flush()]


def _level(sound: Sound) -> AudioLevel:
    samples = sound.samples
    peak = np.abs(samples).max(axis=1)
    rms = np.sqrt(np.square(samples, dtype=np.float64).mean(axis=1))
    return AudioLevel(sound.timestamp, sound.duration, tuple(peak.tolist()), tuple(rms.tolist()))


def _loudest(levels: Sequence[AudioLevel]) -> AudioLevel:
    """Make one level of several. Where the number of channels has changed, of those since then."""
    last = levels[-1]
    channels = range(len(last.peak))
    same = [level for level in levels if len(level.peak) == len(last.peak)]
    time = sum(level.duration for level in same) or 1
    return AudioLevel(
        same[0].timestamp,
        last.timestamp + last.duration - same[0].timestamp,
        tuple(max(level.peak[channel] for level in same) for channel in channels),
        tuple(sqrt(sum(level.rms[channel] ** 2 * level.duration for level in same) / time) for channel in channels),
    )


class SpectrumMeter:
    """Looks at the last ``size`` samples every ``interval`` seconds, as an AnalyserNode does when it is asked.

    The first spectrum comes when so many samples are there. ``smoothing``: how much of the one before stays, 0 … 1.

    https://webaudio.github.io/web-audio-api/#fft-windowing-and-smoothing-over-time
    """

    def __init__(self, interval: float, size: int, smoothing: float, *, fold: bool) -> None:
        self._interval = round(interval * 1_000_000)
        self._size = size
        self._smoothing = smoothing
        self._adapter = AudioAdapter(None, 1, self._interval)
        self._recent = np.zeros(0, np.float32)
        self._rate = 0
        self._end = 0  # µs: where the last part ended
        self._smoothed: npt.NDArray[np.float32] | None = None
        self.fold = _latest if fold else None

    def __call__(self, sound: Sound) -> Sequence[AudioSpectrum]:
        """Take a chunk; answer the spectra that are due."""
        return [made for part in self._adapter.process(sound) if (made := self._look(part)) is not None]

    def _look(self, part: Sound) -> AudioSpectrum | None:
        if part.sample_rate != self._rate or part.gap or abs(part.timestamp - self._end) > JUMP_US:
            self._rate, self._smoothed = part.sample_rate, None  # a window does not reach across a hole
            self._recent = np.zeros(0, np.float32)
        self._end = part.timestamp + part.duration
        self._recent = np.concatenate([self._recent, part.samples[0]])[-self._size :]
        if self._recent.size < self._size:
            return None
        # 1-2. The current time-domain data, and the Blackman window.
        # 3. The Fourier transform; its size divides, so that the numbers do not depend on it.
        transformed = np.fft.rfft(self._recent * _blackman(self._size))[:-1] / self._size
        found = np.abs(transformed).astype(np.float32)
        # 4. Smoothing over time.
        if self._smoothed is not None:
            found *= 1 - self._smoothing
            found += self._smoothing * self._smoothed
        self._smoothed = found
        # 5. To decibels.
        with np.errstate(divide="ignore"):
            decibels = 20 * np.log10(found)
        decibels.flags.writeable = False
        duration = round(self._size * 1_000_000 / self._rate)
        return AudioSpectrum(self._end - duration, duration, self._rate, decibels)


def _latest(spectra: Sequence[AudioSpectrum]) -> AudioSpectrum:
    """Nobody had time for the others, and they are in its smoothing."""
    return spectra[-1]


@lru_cache(maxsize=8)
def _blackman(size: int) -> npt.NDArray[np.float32]:
    """*Applying a Blackman window*.

    https://webaudio.github.io/web-audio-api/#blackman-window
    """
    turns = 2 * np.pi * np.arange(size) / size
    a0, a1, a2 = (1 - _BLACKMAN_ALPHA) / 2, 1 / 2, _BLACKMAN_ALPHA / 2
    return (a0 - a1 * np.cos(turns) + a2 * np.cos(2 * turns)).astype(np.float32)


@lru_cache(maxsize=8)
def _frequencies(sample_rate: int, bins: int) -> npt.NDArray[np.float32]:
    made = (np.arange(bins) * (sample_rate / (2 * bins))).astype(np.float32)
    made.flags.writeable = False
    return made


def _decibels(value: float) -> float:
    return 20 * log10(value) if value > 0 else -inf
