"""`RateCorrector`: sound whose device's clock runs apart from ours, stretched to ours without a click.

Not for: changing the nominal rate (``audio_adapter.py``).

Rules of the file: what comes out is an unbroken count of samples at the nominal rate; the samples' places follow
the timestamps that came in. The correction is a change of speed of at most half a per cent, steered by a
critically damped loop, so nothing is inserted or cut; while there is no drift the samples pass unchanged, bit by
bit. FFmpeg's own (``aresample=async``) corrects in steps and begins with silence or a cut; PyAV does not
give access to its compensation.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mediastreams._engine.frames import Sound

if TYPE_CHECKING:
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

__all__ = ["RateCorrector"]

LIMIT: Final = 0.005
"""Half a per cent: a twelfth of a semitone, inaudible; any oscillator is within a fiftieth of it."""

JUMP_US: Final = 100_000
"""Further apart than this, sound is missing (or time was set): a gap, not drift."""

REST_S: Final = 0.002
"""Below this nothing is corrected until it was exceeded once: sources of exact time pass unchanged."""

_OMEGA: Final = 0.1  # rad/s, the loop's speed: an error is gone after half a minute, jitter is smoothed away


class RateCorrector:
    """Keeps one source's sound on the clock of its timestamps, within a few milliseconds for ever.

    Sound in is of ``sample_rate``, nominally; sound out is continuous, its timestamps are those of the
    nominal rate. Where sound is missing for longer than 100 ms (or ``gap`` says so) the next chunk carries a
    ``gap``, to be filled with silence, and stands where it belongs. ``rest``: seconds of error up to which the samples
    pass unchanged, until it was exceeded once. One thread at a time.
    """

    def __init__(self, sample_rate: int, *, rest: float = REST_S) -> None:
        self._rate = sample_rate
        self._rest = rest
        self._origin = 0  # µs: time of output sample 0
        self._given = 0  # output samples so far, gaps included
        self._stretcher: _Stretcher | None = None
        self._history: Samples | None = None  # the last samples that passed unchanged
        self._layout = ""
        self._channels = 0
        self._integral = 0.0
        self._last: int | None = None  # µs of the last chunk
        self.error = 0.0

    @property
    def correction(self) -> float:
        """How much faster sound comes out than in, 0.0001 for 100 ppm; 0 while nothing is corrected."""
        return 0.0 if self._stretcher is None else self._stretcher.faster

    def process(self, sound: Sound) -> list[Sound]:
        """Take one chunk and answer what is ready.

        Raises: ValueError (a chunk of another rate).
        """
        if sound.sample_rate != self._rate:
            raise ValueError(f"sound of {sound.sample_rate} Hz in a corrector for {self._rate} Hz: resample it first")
        if self._last is None or (sound.layout, sound.channels) != (self._layout, self._channels):
            return [*self.flush(), *self._restart(sound)]
        # Where the chunk's first sample belongs, less where it would come: in samples of the output.
        place = (sound.timestamp - self._origin) * self._rate / 1_000_000
        error = (place - self._given - self._held()) / self._rate
        if sound.gap or abs(error) * 1_000_000 > JUMP_US:
            return [*self._drain(), *self._jump(sound)]
        self._steer(error, (sound.timestamp - self._last) / 1_000_000)
        self._last = sound.timestamp
        return self._give(self._stretched(sound.samples), sound)

    def flush(self) -> list[Sound]:
        """Answer what is held back (a third of a millisecond); the next chunk begins anew."""
        done = self._drain()
        self._last = None
        return done

    # --- stretches ---

    def _restart(self, sound: Sound) -> list[Sound]:
        """Begin to count at this chunk."""
        self._origin = sound.timestamp
        self._given = 0
        return self._begin(sound, gap=sound.gap)

    def _jump(self, sound: Sound) -> list[Sound]:
        """Leave out what is missing, and stand where the chunk belongs; going back is impossible, so count anew."""
        place = round((sound.timestamp - self._origin) * self._rate / 1_000_000)
        missing = place - self._given
        if missing * 1_000_000 < -JUMP_US * self._rate:
            return self._restart(sound)
        missing = max(0, missing)
        self._given += missing
        return self._begin(sound, gap=missing)

    def _begin(self, sound: Sound, gap: int) -> list[Sound]:
        self._layout, self._channels = sound.layout, sound.channels
        self._stretcher = None
        self._history = None
        self._integral = 0.0
        self.error = 0.0
        self._last = sound.timestamp
        return self._give(self._stretched(sound.samples), sound, gap)

    def _drain(self) -> list[Sound]:
        """Give out what the filter holds, and stop correcting."""
        stretcher, self._stretcher = self._stretcher, None
        self._history = None
        if stretcher is None:
            return []
        last = Sound(np.zeros((self._channels, 0), np.float32), self._rate, 0, self._layout)
        return self._give(stretcher.finish(), last)

    def _held(self) -> float:
        return 0.0 if self._stretcher is None else self._stretcher.held

    def _steer(self, error: float, passed: float) -> None:
        """Choose the speed: proportional to the error and to its sum, as long as that sum has an effect."""
        self.error = error
        if self._stretcher is None:
            if abs(error) < self._rest or self._history is None:
                return
            self._stretcher = _Stretcher(self._history)
        passed = min(max(passed, 0.0), 5.0)  # chunks that are longer are steered as if they were not
        self._integral = min(max(self._integral + _OMEGA * _OMEGA * error * passed, -LIMIT), LIMIT)
        gain = min(2 * _OMEGA, 1 / passed if passed else LIMIT / 1e-9)
        self._stretcher.faster = min(max(gain * error + self._integral, -LIMIT), LIMIT)

    def _stretched(self, samples: Samples) -> Samples:
        if self._stretcher is not None:
            return self._stretcher.feed(samples)
        before = samples if self._history is None else np.concatenate([self._history, samples[:, -_TAPS:]], axis=1)
        self._history = before[:, -_TAPS:].copy()
        return samples

    def _give(self, samples: Samples, source: Sound, gap: int = 0) -> list[Sound]:
        if not samples.shape[1]:
            return []
        timestamp = self._origin + round(self._given * 1_000_000 / self._rate)
        self._given += samples.shape[1]
        return [Sound(samples, self._rate, timestamp, self._layout, gap, source.metadata)]


# --- resampling by a speed that changes all the time ---

_TAPS: Final = 32  # flat to 0.8 of the band, images 90 dB down
_PHASES: Final = 512  # interpolated linearly in between: 106 dB
_AHEAD: Final = _TAPS // 2


@lru_cache(maxsize=1)
def _kernel() -> Samples:
    """A Kaiser-windowed sinc at all phases, ``[phases + 1, taps]``; phase 0 is a single 1: it changes nothing."""
    phase = np.arange(_PHASES + 1)[:, np.newaxis] / _PHASES
    distance = np.arange(_TAPS)[np.newaxis] - (_AHEAD - 1) - phase
    inside = np.clip(1 - (distance / _AHEAD) ** 2, 0, None)
    kernel = np.sinc(distance) * np.i0(9.0 * np.sqrt(inside)) / np.i0(9.0)
    return np.ascontiguousarray(kernel / kernel.sum(axis=1, keepdims=True), np.float32)


class _Stretcher:
    """A filter that reads its input at any speed. ``held``: output samples that the input so far will still give."""

    def __init__(self, history: Samples) -> None:
        missing = _TAPS - history.shape[1]
        self._input = np.pad(history, ((0, 0), (missing, 0))) if missing > 0 else history[:, -_TAPS:]
        self._place = float(self._input.shape[1])  # where in the input the next output sample is
        self.faster = 0.0

    @property
    def held(self) -> float:
        return float((self._input.shape[1] - self._place) * (1 + self.faster))

    def feed(self, samples: Samples) -> Samples:
        data = self._input = np.concatenate([self._input, samples], axis=1)
        step = 1 / (1 + self.faster)
        # The last tap of the last output must lie inside: floor(place) + AHEAD < length.
        room = data.shape[1] - _AHEAD - self._place
        count = max(0, int(np.ceil(room / step)))
        if not count:
            return np.zeros((data.shape[0], 0), np.float32)
        places = self._place + np.arange(count) * step
        whole = np.floor(places).astype(np.intp)
        at = (places - whole) * _PHASES
        phase = at.astype(np.intp)
        weight = (at - phase).astype(np.float32)[:, np.newaxis]
        kernel = _kernel()
        lower = kernel[phase]
        taps = lower + (kernel[phase + 1] - lower) * weight
        windows = sliding_window_view(data, _TAPS, axis=1)[:, whole - (_AHEAD - 1)]
        out: Samples = np.einsum("cnt,nt->cn", windows, taps)
        self._place += count * step
        drop = max(0, int(self._place) - _TAPS)
        self._input = data[:, drop:].copy()
        self._place -= drop
        return out

    def finish(self) -> Samples:
        """Give the rest, as if silence followed."""
        left = max(0, round(self.held))
        return self.feed(np.zeros((self._input.shape[0], 2 * _TAPS), np.float32))[:, :left]
