"""`ProcessingStage`: one track's sound before its adapter: as the source gives it, or processed, and the way between.

Not for: processing (``processor.py``). A track that never wanted any has no stage.

Rules of the file: a track goes over to another processing by a cross-fade of the same instants, so that there is
neither a click nor a hole; samples keep their times, only when they come changes, by what filters hold back. ``wanted``
may be set from any thread; all else is the source's.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mediastreams._engine.frames import Sound
from mediastreams._engine.processing.processor import Breaks, Made

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from mediastreams._engine.processing.processor import SoundProcessor

    Samples = npt.NDArray[np.float32]

__all__ = ["ProcessingStage"]

_FADE_SECONDS: Final = 0.02
_WARM_SECONDS: Final = 0.05
"""What a library gives at its beginning, as if all sound began there, is not heard."""


class ProcessingStage:
    """Gives a track's sound processed as ``wanted``; ``None``: as it comes. ``begun``: some was given already."""

    def __init__(self, wanted: SoundProcessor | None, *, begun: bool = False) -> None:
        self.wanted = wanted
        self._breaks = Breaks()
        self._fresh = not begun  # nothing of the stretch was given yet
        self._now = _Way(None)
        self._next: _Way | None = None
        self._cross = 0  # the place from which on the next way fades in
        self._marks: deque[_Mark] = deque()  # none: nothing is counted, the sound passes
        self._taken = self._given = 0

    def process(self, sound: Sound) -> list[Sound]:
        """Take one chunk of the source and answer what is ready: none, one or two chunks."""
        done: list[Sound] = []
        if self._breaks.before(sound):
            done = self._break_off(self._now.made(sound).tail if self._marks else None)
        wanted = self.wanted
        if not self._marks:
            if self._fresh:
                self._now = _Way(wanted)
            self._fresh = False
            if self._now.processor is wanted is None:
                return [*done, sound]
            self._begin(sound)
        if self._next is None and wanted is not self._now.processor:
            warm = 0 if wanted is None else round(_WARM_SECONDS * self._rate)
            self._next, self._cross = _Way(wanted), self._taken + warm
        self._marks.append(_Mark(self._taken, sound.timestamp, sound.metadata))
        for way in (self._now, self._next):
            if way is not None:
                way.feed(sound, self._taken)
        self._taken += sound.length
        done += self._stamped(self._ready())
        if self._now.processor is None and self._next is None:  # nothing is held back any more
            self._marks.clear()
        return done

    def flush(self) -> list[Sound]:
        """Answer what is held back: the source has ended."""
        processor = self._now.processor
        return self._break_off(processor.finish() if processor is not None and self._marks else None)

    def _begin(self, sound: Sound) -> None:
        """Begin to count at this chunk."""
        self._taken = self._given = 0
        self._gap, self._rate, self._layout = sound.gap, sound.sample_rate, sound.layout
        self._now.drop()

    def _break_off(self, tail: Samples | None) -> list[Sound]:
        """End the stretch with what is held back of it; what comes next comes as it is wanted then."""
        done: list[Sound] = []
        if self._marks:
            if tail is not None:
                self._now.append(tail)
            done = self._stamped([self._take(self._now, self._taken)])
            self._marks.clear()
        self._fresh, self._next = True, None
        return done

    def _ready(self) -> list[Samples]:
        """Take out what can be given now."""
        if self._next is None:
            return [self._take(self._now, self._now.end)]
        end = self._cross + round(_FADE_SECONDS * self._rate)
        parts = [self._take(self._now, min(self._now.end, self._cross))]
        until = min(self._now.end, self._next.end, end)
        if self._given >= self._cross and until > self._given:
            begin = self._given
            rising = ((np.arange(begin, until) - self._cross + 0.5) / (end - self._cross)).astype(np.float32)
            coming = self._next.cut(begin, until)
            parts.append(self._take(self._now, until) * (1 - rising) + coming * rising)
        if self._given >= end:
            self._now, self._next = self._next, None
            parts.append(self._take(self._now, self._now.end))
        return parts

    def _take(self, way: _Way, until: int) -> Samples:
        samples = way.cut(self._given, until)
        self._given += samples.shape[1]
        return samples

    def _stamped(self, parts: list[Samples]) -> list[Sound]:
        """One chunk of these samples, which are the last that were taken, with the time of its first."""
        samples = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        if not samples.shape[1]:
            return []
        marks, place = self._marks, self._given - samples.shape[1]
        while len(marks) > 1 and marks[1].place <= place:
            marks.popleft()
        later = round((place - marks[0].place) * 1_000_000 / self._rate)
        metadata = marks[0].metadata
        captured = metadata.get("capture_time")
        if later and isinstance(captured, int):
            metadata = {**metadata, "capture_time": captured + later}
        gap, self._gap = self._gap, 0
        whole = np.ascontiguousarray(samples)
        return [Sound(whole, self._rate, marks[0].timestamp + later, self._layout, gap, metadata)]


class _Mark(NamedTuple):
    """A place in the stretch, its time and what the source said of it."""

    place: int
    timestamp: int
    metadata: Mapping[str, object]


class _Way:
    """Sound that comes by one processor, or none, until it is taken out: an unbroken run of samples."""

    def __init__(self, processor: SoundProcessor | None) -> None:
        self.processor = processor
        self._place = 0
        self._held: Samples | None = None

    def made(self, sound: Sound) -> Made:
        return Made(sound.samples, 0) if self.processor is None else self.processor.process(sound)

    def feed(self, sound: Sound, taken: int) -> None:
        """Take a chunk that begins at the place ``taken``."""
        made = self.made(sound)
        if self._held is None:
            self._place, self._held = taken + made.offset, made.samples
        else:
            self.append(made.samples)

    def append(self, samples: Samples) -> None:
        if self._held is None or not self._held.shape[1]:
            self._held = samples
        elif samples.shape[1]:
            self._held = np.concatenate([self._held, samples], axis=1)

    @property
    def end(self) -> int:
        return self._place + (0 if self._held is None else self._held.shape[1])

    def cut(self, begin: int, until: int) -> Samples:
        """Take out the samples of these places; what is before is dropped."""
        held = np.zeros((1, 0), np.float32) if self._held is None else self._held
        found = held[:, max(0, begin - self._place) : max(0, until - self._place)]
        done = min(max(0, until - self._place), held.shape[1])
        self._held, self._place = held[:, done:], self._place + done
        return found

    def drop(self) -> None:
        """Hold nothing any more: another stretch begins."""
        self._held = None
