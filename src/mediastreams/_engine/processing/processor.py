"""`SoundProcessor`: a microphone's sound without echo or noise, at an even level; and who does it: `FrameProcessor`.

Not for: what a track makes of it (``stage.py``), or for finding a library (``library.py``).

Rules of the file: a library takes frames of 10 ms of whole numbers; chunks of other lengths are cut and put together
for it, which holds back less than a frame. The filters' own delay is taken off the times: a sample keeps the
place that it had in the source's sound. Tracks that want the same share one: asked twice for the same chunk it
gives the same answer. One thread at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mediastreams._engine.audio_adapter import JUMP_US
from mediastreams._engine.processing.reference import EchoReference
from mediastreams._rules.sound_processing import filter_delay

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from mediastreams._engine.frames import Sound
    from mediastreams._rules.sound_processing import Processing
    from mediastreams.abc import Clock

    Samples = npt.NDArray[np.float32]
    Numbers = npt.NDArray[np.int16]

__all__ = ["FRAMES_PER_SECOND", "Breaks", "FrameProcessor", "Made", "SoundProcessor"]

FRAMES_PER_SECOND: Final = 100


class FrameProcessor(ABC):
    """What a library does for one microphone. One thread at a time; quick."""

    @abstractmethod
    def process(self, near: Numbers, far: Numbers | None, sample_rate: int, delay_ms: int) -> Numbers:
        """Give what remains of 10 ms of a microphone, ``[samples, channels]``, in the same shape.

        ``far``: what is heard of our outputs ``delay_ms`` later, ``[samples, 2]``; ``None`` where no echo is to go.

        Raises:
            OperationError: the library failed.
        """


class Made(NamedTuple):
    """What a chunk has made ready. ``tail``: the rest of the stretch before it, where it begins a new one.

    ``offset``: where the first of ``samples`` belongs, counted from the chunk's first sample: 0 or before.
    """

    samples: Samples
    offset: int
    tail: Samples | None = None


class Breaks:
    """Sees where a source's sound does not go on: a gap, a jump in time, another rate or another layout."""

    __slots__ = ("_expected", "_shape")

    def __init__(self) -> None:
        self._shape: tuple[int, str, int] | None = None
        self._expected = 0

    def before(self, sound: Sound) -> bool:
        """Whether the sound begins a new stretch; the first one does not. Once for each chunk."""
        shape = (sound.sample_rate, sound.layout, sound.channels)
        jump = abs(sound.timestamp - self._expected) > JUMP_US
        broken = self._shape is not None and (bool(sound.gap) or jump or shape != self._shape)
        self._shape, self._expected = shape, sound.timestamp + sound.duration
        return broken


class SoundProcessor:
    """What one `Processing` makes of one source's sound. Needs the library from the first chunk on."""

    def __init__(self, processing: Processing, make: Callable[[Processing], FrameProcessor], clock: Clock) -> None:
        self.processing = processing
        self._make = make
        self._clock = clock
        self._breaks = Breaks()
        self._stretch: _Stretch | None = None
        self._latest: tuple[Sound | None, Made] | None = None

    def process(self, sound: Sound) -> Made:
        """Take the next chunk of the source, or the same one again, and give what is ready."""
        if self._latest is not None and self._latest[0] is sound:
            return self._latest[1]
        tail = None
        if self._breaks.before(sound) and self._stretch is not None:
            tail = self._stretch.finish()
            if not self._stretch.goes_on_with(sound):
                self._stretch = None
        if self._stretch is None:
            self._stretch = _Stretch(self.processing, self._make(self.processing), self._clock, sound)
        made = self._stretch.feed(sound, tail)
        self._latest = (sound, made)
        return made

    def finish(self) -> Samples | None:
        """Give what the filters and the last frame hold back: the source has ended."""
        if self._latest is None or self._latest[0] is not None:
            tail = None if self._stretch is None else self._stretch.finish()
            self._latest = (None, Made(np.zeros((1, 0), np.float32), 0, tail))
        return self._latest[1].tail


class _Stretch:
    """Sound of one rate and layout. The library and the far end live as long as it does, gaps or not."""

    def __init__(self, processing: Processing, library: FrameProcessor, clock: Clock, sound: Sound) -> None:
        self._library = library
        self._rate, self._channels = sound.sample_rate, sound.channels
        self._length = self._rate // FRAMES_PER_SECOND
        self._delay = filter_delay(processing, self._rate)
        self._reference = (
            EchoReference(clock, self._rate, remote_only=processing.echo == "remote-only") if processing.echo else None
        )
        self._begin()

    def _begin(self) -> None:
        self._waiting = np.zeros((self._channels, 0), np.float32)
        self._taken = 0  # samples of the source
        self._framed = 0  # of these, those that went to the library
        self._given = 0

    def goes_on_with(self, sound: Sound) -> bool:
        return (sound.sample_rate, sound.channels) == (self._rate, self._channels)

    def feed(self, sound: Sound, tail: Samples | None) -> Made:
        begin, given = self._taken, self._given
        self._taken += sound.length
        samples = self._push(sound.samples, sound.timestamp - begin * 1_000_000 / self._rate)
        self._latest = sound.timestamp + sound.duration
        return Made(samples, given - begin, tail)

    def finish(self) -> Samples:
        """Give the rest, as if silence followed."""
        left = self._taken - self._given
        frames = -(-(self._taken + self._delay - self._framed) // self._length)
        silence = np.zeros((self._channels, frames * self._length - self._waiting.shape[1]), np.float32)
        samples = self._push(silence, self._latest - self._taken * 1_000_000 / self._rate)[:, :left]
        if self._reference is not None:
            self._reference.restart()
        self._begin()
        return samples

    def _push(self, samples: Samples, origin: float) -> Samples:
        """Process the whole frames there are. ``origin``: when the stretch's first sample was (µs), as of now."""
        ready = np.concatenate([self._waiting, samples], axis=1) if self._waiting.shape[1] else samples
        parts = []
        for _ in range(ready.shape[1] // self._length):
            near, ready = ready[:, : self._length], ready[:, self._length :]
            made = self._frame(near, origin + self._framed * 1_000_000 / self._rate)
            late = min(self._length, max(0, self._delay - self._framed))  # what the filters give before the beginning
            self._framed += self._length
            self._given += self._length - late
            parts.append(made[:, late:])
        self._waiting = ready
        return np.concatenate(parts, axis=1) if parts else np.zeros((self._channels, 0), np.float32)

    def _frame(self, near: Samples, at: float) -> Samples:
        far, delay_ms = None, 0
        if self._reference is not None:
            heard = self._reference.read(self._length, at)
            far = _silence(self._length) if heard is None else _numbers(heard)
            delay_ms = self._reference.lead // 1000
        made = self._library.process(_numbers(near), far, self._rate, delay_ms)
        return np.ascontiguousarray(made.T).astype(np.float32) / np.float32(32768)


def _numbers(samples: Samples) -> Numbers:
    """Whole numbers, interleaved."""
    scaled = np.clip(np.rint(samples.T * np.float32(32768)), -32768, 32767)
    return np.ascontiguousarray(scaled, np.int16)


def _silence(length: int) -> Numbers:
    return np.zeros((length, 2), np.int16)
