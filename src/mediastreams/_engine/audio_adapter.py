"""`AudioAdapter`: a source's sound at the rate, in the channels and in the chunks of one track or consumer.

Not for: clocks that run apart (``rate_corrector.py``).

Rules of the file: in this order: mix down, resample, mix up, cut. Each adapter has a resampler of its own,
whose state goes on from chunk to chunk: cutting the input otherwise changes nothing. A gap, or another rate or
layout, ends one stretch of sound and begins the next. The time of a sample is the time the source gave to that
place in its own sound; the resampler's delay does not show.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

import av
import numpy as np

from mediastreams._engine.frames import Sound
from mediastreams._engine.resampler import Resampler
from mediastreams._rules.channel_mixing import layout_name, mixing_matrix

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

__all__ = ["AudioAdapter"]

_SHORT: Final = 4096  # samples: longer than any filter between two rates of sound

JUMP_US: Final = 50_000
"""A source whose time jumps further than that from one chunk to the next has lost sound."""


class AudioAdapter:
    """Resamples, mixes and cuts to chunks; ``None`` leaves that property alone.

    ``chunk_us`` is the length of the chunks (a track's latency), ``chunk_samples`` says it in samples; the last one
    of a stretch may be shorter. ``layout`` names the output's layout; without it the usual one. One thread at a time.
    """

    __slots__ = ("_channels", "_chunk_samples", "_chunk_us", "_expected", "_latest", "_layout", "_rate", "_stretch")

    def __init__(
        self,
        sample_rate: int | None = None,
        channel_count: int | None = None,
        chunk_us: int | None = None,
        *,
        layout: str | None = None,
        chunk_samples: int | None = None,
    ) -> None:
        self._rate = sample_rate
        self._chunk_samples = chunk_samples
        self._channels = channel_count
        self._chunk_us = chunk_us
        self._layout = layout
        self._stretch: _Stretch | None = None
        self._latest: tuple[int, str, int] = (0, "", 0)
        self._expected = 0

    def process(self, sound: Sound) -> list[Sound]:
        """Take one chunk of the source and answer what is ready: none, one or several chunks."""
        shape = (sound.sample_rate, sound.layout, sound.channels)
        done: list[Sound] = []
        broken = sound.gap or shape != self._latest or abs(sound.timestamp - self._expected) > JUMP_US
        if self._stretch is not None and broken:
            done = self.flush()
        if self._stretch is None:
            self._latest = shape
            self._stretch = self._begin(sound)
        self._expected = sound.timestamp + sound.duration
        return done + self._stretch.feed(sound)

    def flush(self) -> list[Sound]:
        """Answer what is left of the stretch, to its last sample; the next chunk begins a new one."""
        stretch, self._stretch = self._stretch, None
        return [] if stretch is None else stretch.finish()

    def _begin(self, sound: Sound) -> _Stretch:
        rate = self._rate or sound.sample_rate
        channels = self._channels or sound.channels
        layout = self._layout
        if layout is None:
            layout = sound.layout if channels == sound.channels else layout_name(channels)
        size = self._chunk_samples
        if size is None and self._chunk_us is not None:
            size = max(1, round(rate * self._chunk_us / 1_000_000))
        return _Stretch(sound, rate, channels, layout, size)


class _Mark:
    """A place in the source's sound and its time: position, µs, metadata."""

    __slots__ = ("metadata", "position", "timestamp")

    def __init__(self, position: int, sound: Sound) -> None:
        self.position = position
        self.timestamp = sound.timestamp
        self.metadata: Mapping[str, object] = sound.metadata


class _Stretch:
    """Sound without a gap, of one rate and layout."""

    def __init__(self, sound: Sound, rate: int, channels: int, layout: str, size: int | None) -> None:
        self._source_rate = sound.sample_rate
        self._rate = rate
        self._layout = layout
        self._size = size
        self._channels = channels
        self._gap = round(sound.gap * rate / sound.sample_rate)
        matrix = mixing_matrix(sound.channels, channels) if channels != sound.channels else None
        self._matrix = None if matrix is None else np.array(matrix, np.float32)
        self._mixes_first = channels <= sound.channels  # the fewer channels, the less to resample
        narrow = min(channels, sound.channels)
        self._resampler = None if rate == sound.sample_rate else _Resampler(self._source_rate, rate, narrow)
        self._taken = 0  # samples of the source so far
        self._given = 0  # samples given out so far
        self._marks: deque[_Mark] = deque()
        self._waiting: deque[Samples] = deque()
        self._ready = 0

    def feed(self, sound: Sound) -> list[Sound]:
        self._marks.append(_Mark(self._taken, sound))
        self._taken += sound.length
        samples = sound.samples
        if self._matrix is not None and self._mixes_first:
            samples = self._matrix @ samples
        if self._resampler is None:
            self._keep(samples)
        else:
            for part in self._resampler.feed(samples):
                self._keep(part)
        return self._cut()

    def finish(self) -> list[Sound]:
        if self._resampler is not None:
            for part in self._resampler.finish():
                self._keep(part)
        done = self._cut()
        if self._ready:
            done.append(self._next(self._ready))
        return done

    def _keep(self, samples: Samples) -> None:
        if self._matrix is not None and not self._mixes_first:
            samples = self._matrix @ samples
        if samples.shape[1]:
            self._waiting.append(samples)
            self._ready += samples.shape[1]

    def _cut(self) -> list[Sound]:
        if self._size is None:
            return [self._next(self._ready)] if self._ready else []
        return [self._next(self._size) for _ in range(self._ready // self._size)]

    def _next(self, size: int) -> Sound:
        """Give out that many samples, which must be there."""
        parts = []
        missing = size
        while missing:
            head = self._waiting.popleft()
            if head.shape[1] > missing:
                self._waiting.appendleft(head[:, missing:])
                head = head[:, :missing]
            parts.append(head)
            missing -= head.shape[1]
        samples = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        timestamp, metadata = self._time_of(self._given)
        self._given += size
        self._ready -= size
        gap, self._gap = self._gap, 0
        contiguous = np.ascontiguousarray(samples)
        return Sound(contiguous, self._rate, timestamp, self._layout, gap, metadata)

    def _time_of(self, index: int) -> tuple[int, Mapping[str, object]]:
        """Answer when output sample ``index`` is, by the source chunk it lies in. Whole numbers: no drift."""
        marks = self._marks
        place = index * self._source_rate  # in source samples times the output's rate
        while len(marks) > 1 and marks[1].position * self._rate <= place:
            marks.popleft()
        mark = marks[0]
        ahead = place - mark.position * self._rate
        whole = self._rate * self._source_rate
        return mark.timestamp + (2_000_000 * ahead + whole) // (2 * whole), mark.metadata


class _Resampler:
    """FFmpeg's resampler: its delay is compensated, and its rate is exact for ever."""

    def __init__(self, source_rate: int, rate: int, channels: int) -> None:
        self._source_rate = source_rate
        self._rate = rate
        self._base = Fraction(1, source_rate)
        self._position = 0  # samples taken
        self._given = 0
        # Few channels at a time: FFmpeg has no layout of nine, and PyAV 18 misreads frames of eight planes and more.
        self._groups: list[tuple[slice, str, Resampler]] = []
        for first in range(0, channels, 6):
            count = min(6, channels - first)
            layout = {1: "mono", 2: "stereo"}.get(count, f"{count}c")
            resampler = Resampler("fltp", layout, rate)
            self._groups.append((slice(first, first + count), layout, resampler))

    def feed(self, samples: Samples) -> list[Samples]:
        groups = [self._feed_group(samples[part], layout, resampler) for part, layout, resampler in self._groups]
        self._position += samples.shape[1]
        done = _side_by_side(groups)
        self._given += sum(part.shape[1] for part in done)
        return done

    def _feed_group(self, samples: Samples, layout: str, resampler: Resampler) -> list[Samples]:
        frame = av.AudioFrame(format="fltp", layout=layout, samples=samples.shape[1])
        for plane, channel in zip(frame.planes, samples, strict=True):
            view = np.frombuffer(memoryview(plane), np.float32)
            view[: channel.size] = channel  # planes are padded
        frame.sample_rate = self._source_rate
        frame.time_base = self._base
        frame.pts = self._position
        return [cast("Samples", out.to_ndarray()) for out in resampler.resample(frame)]

    def finish(self) -> list[Samples]:
        if not self._position:
            return []
        if self._position >= _SHORT:
            return self._drain()
        # FFmpeg gives nothing at all of less than its filter is long: let silence follow, and cut it off.
        length = (2 * self._position * self._rate + self._source_rate) // (2 * self._source_rate)
        left = length - self._given
        channels = self._groups[-1][0].stop
        parts = self.feed(np.zeros((channels, _SHORT), np.float32)) + self._drain()
        return [np.concatenate(parts, axis=1)[:, :left]]

    def _drain(self) -> list[Samples]:
        drained = [resampler.resample(None) for *_, resampler in self._groups]
        return _side_by_side([[cast("Samples", out.to_ndarray()) for out in group] for group in drained])


def _side_by_side(groups: list[list[Samples]]) -> list[Samples]:
    """Put the channels of all groups, which give pieces of the same lengths, together again."""
    return groups[0] if len(groups) == 1 else [np.concatenate(pieces) for pieces in zip(*groups, strict=True)]
