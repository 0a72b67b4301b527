"""`SoundLine`: one voice's sound laid out on an output's count of samples, its clock corrected, its edges soft.

Not for: deciding when something is to be heard (``voices.py``).

Rules of the file: places are sample numbers of the output, which never stands still; what comes for a place that has
been read is thrown away, where nothing was laid there is silence, and sound begins and ends in 5 ms, so that no
hole is heard as a click.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._engine.audio_adapter import AudioAdapter
from mediastreams._engine.frames import Sound
from mediastreams._engine.rate_corrector import RateCorrector

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

__all__ = ["REST_SECONDS", "SoundLine"]

FADE_SECONDS: Final = 0.005
REST_SECONDS: Final = 0.01
"""So far apart samples pass unchanged: an output on a busy machine tells its time no better, and nobody hears it."""
LONGEST_SECONDS: Final = 2.0
"""What a source may be ahead; more of it is thrown away."""


class SoundLine:
    """Sound at one rate in one number of channels, from sample ``start`` of the output on. One thread at a time.

    ``dropped``: samples thrown away because they came too late, or twice, or too far ahead. ``missing``: samples that
    were read where nothing lay, since something first did; ``holes``: how often that began. ``rest``: seconds of error
    up to which samples pass unchanged. ``prompt``: read as soon as it has come, so that reading up to its end says
    nothing about an end. Should nothing follow, its last sample dies away.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int,
        start: int = 0,
        *,
        rest: float = REST_SECONDS,
        prompt: bool = False,
    ) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.dropped = 0
        self.missing = self.holes = 0
        self._in_hole = False
        self._adapter = AudioAdapter(sample_rate, channels)
        self._corrector = RateCorrector(sample_rate, rest=rest)
        self._pieces: deque[tuple[int, Samples]] = deque()
        self._start = start
        self._next = start  # where the last piece ends
        self._read = start  # up to where all was read
        self._broken = True  # the last thing sounded is silence
        self._shift = 0.0  # µs from the source's time to the output's
        self._fade = max(1, round(sample_rate * FADE_SECONDS))
        self._prompt = prompt
        self._last: Samples | None = None  # what has to die away, should nothing follow

    @property
    def empty(self) -> bool:
        """Whether everything laid was read."""
        return not self._pieces and self._last is None

    @property
    def end(self) -> int:
        """Up to which sample all there is was laid, or is known not to be there."""
        return max(self._next, self._read)

    @property
    def error(self) -> float:
        """Seconds by which what was laid last stands before its place: the correction is slow."""
        return self._corrector.error

    def lay(self, sound: Sound, place_us: float) -> None:
        """Lay a chunk down: its first sample at ``place_us`` (µs of the output's count), as nearly as clocks allow."""
        self._shift = place_us - sound.timestamp
        self._correct(self._adapter.process(sound), self._shift)

    def finish(self) -> None:
        """Lay down what the filters hold back."""
        self._correct(self._adapter.flush(), self._shift)
        self._place(self._corrector.flush())

    def _correct(self, parts: Iterable[Sound], shift: float) -> None:
        for part in parts:
            placed = Sound(part.samples, part.sample_rate, round(part.timestamp + shift), part.layout, part.gap)
            self._place(self._corrector.process(placed))

    def _place(self, parts: Iterable[Sound]) -> None:
        for part in parts:
            start = round(part.timestamp * self.sample_rate / 1_000_000)
            if abs(start - self._next) <= 1:  # times are whole microseconds, which are no whole samples
                start = self._next
            self._add(start, part.samples)

    def _add(self, start: int, samples: Samples) -> None:
        twice = max(self._next, self._read) - start
        if twice > 0:
            self.dropped += min(twice, samples.shape[1])
            samples, start = samples[:, twice:], start + twice
        if not samples.shape[1]:
            return
        if start - self._read > LONGEST_SECONDS * self.sample_rate:
            self.dropped += samples.shape[1]
            return
        if start > self._next and self._pieces:  # a hole: what is before it dies away
            before, tail = self._pieces.pop()
            self._pieces.append((before, _faded(tail, min(self._fade, tail.shape[1]), rising=False)))
        if start > self._next or twice > 0 or self._broken:
            samples = _faded(samples, min(self._fade, samples.shape[1]), rising=True)
        self._broken = False
        self._pieces.append((start, samples))
        self._next = start + samples.shape[1]

    def farewell(self, start: int) -> Samples | None:
        """What would have come at ``start``, dying away where another line goes on. ``None``: silence."""
        return self.read(start, self._fade) if start == self._read and self._cut() else None

    def _cut(self) -> bool:
        """Leave no more than dies away."""
        end = self._read + self._fade
        kept = [(place, samples[:, : end - place]) for place, samples in self._pieces if place < end]
        self._pieces = deque(kept)
        return bool(kept)

    def read(self, start: int, length: int) -> Samples | None:
        """Take out the samples of a place; ``None``: silence. Places only grow."""
        end = start + length
        found: list[tuple[int, Samples]] = []
        while self._pieces and self._pieces[0][0] < end:
            place, samples = self._pieces.popleft()
            late = max(0, start - place)
            if late >= samples.shape[1]:
                self.dropped += samples.shape[1]
                continue
            self.dropped += late
            place, samples = place + late, samples[:, late:]
            room = end - place
            if samples.shape[1] > room:
                self._pieces.appendleft((end, samples[:, room:]))
                samples = samples[:, :room]
            found.append((place, samples))
        if self._next > self._start:
            missing = length - sum(samples.shape[1] for _, samples in found)
            self.missing += missing
            self.holes += missing > 0 and not self._in_hole
            self._in_hole = missing > 0
        self._read = end
        tail = self._tail(start, found[0][0] if found else end)
        if found and not self._pieces:
            place, samples = found[-1]
            if self._prompt and place + samples.shape[1] == end:
                self._last = samples[:, -1:]
            else:  # nothing more is there, yet: die away, should nothing come
                found[-1] = (place, _faded(samples, min(self._fade, samples.shape[1]), rising=False))
                self._broken = True
        if tail is not None:
            self._broken = self._broken or not found
            found.insert(0, (start, tail))
        if not found:
            return None
        if len(found) == 1 and found[0][1].shape[1] == length:
            return found[0][1]
        out = np.zeros((self.channels, length), np.float32)
        for place, samples in found:
            out[:, place - start : place - start + samples.shape[1]] = samples
        return out

    def _tail(self, start: int, end: int) -> Samples | None:
        """What follows a line that was read up to its end, where nothing follows until ``end``."""
        last, self._last = self._last, None
        return None if last is None or start >= end else last * _ramp(self._fade)[::-1][: end - start]


def _faded(samples: Samples, length: int, *, rising: bool) -> Samples:
    faded = samples.copy()
    ramp = _ramp(length)
    if rising:
        faded[:, :length] *= ramp
    else:
        faded[:, faded.shape[1] - length :] *= ramp[::-1]
    return faded


@lru_cache(maxsize=8)
def _ramp(length: int) -> Samples:
    """From silence to full, in a half of a cosine."""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)).astype(np.float32)
