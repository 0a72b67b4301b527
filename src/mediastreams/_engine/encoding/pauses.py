"""`Pauses`: the time that a recording leaves out, and what that makes of clock, pictures and sounds.

Not for: who pauses and when (``recording/``).

Rules of the file: recorded time stands still in a pause and goes on where it stood; what was captured in a pause is
dropped, whenever it arrives, and a sound that a pause cuts into is cut to the sample. Instants are µs of the clock.
A source with a free clock is not read in a pause, so that nothing of it is lost and its times need no shift.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from mediastreams._engine.encoding.intake import Intake
from mediastreams._engine.frames import Chunk, Picture, Sound
from mediastreams.abc import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams._engine.feed import TrackFeed
    from mediastreams.abc import Timer, Wake

__all__ = ["PausableIntake", "Pauses", "RecordedClock"]

_Cut: TypeAlias = tuple[int, int]
_NEVER: Final = 2**62
_SOON_US: Final = 80_000
_TICK_US: Final = 1_000  # what containers round times to


class Pauses:
    """The pauses of one recording, in order. One thread pauses and resumes, any asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cuts: tuple[_Cut, ...] = ()  # replaced as a whole

    def before(self, instant: int) -> int:
        """How many pauses had begun by then."""
        return sum(start <= instant for start, _ in self._cuts)

    @property
    def paused(self) -> bool:
        """Whether a pause goes on."""
        return bool(self._cuts) and self._cuts[-1][1] == _NEVER

    def pause(self) -> None:
        """Leave out what comes from now on. Not while paused."""
        self._cuts = (*self._cuts, (self._clock.now_us(), _NEVER))

    def resume(self) -> None:
        """Go on. Only while paused."""
        *before, (start, _) = self._cuts
        self._cuts = (*before, (start, max(start, self._clock.now_us())))

    def recorded(self, instant: int) -> int:
        """Where an instant lies in recorded time; one in a pause, where the pause begins."""
        left_out = 0
        for start, end in self._cuts:
            if instant < start:
                break
            left_out += min(instant, end) - start
        return instant - left_out

    def keep(self, item: Picture | Sound) -> Picture | Sound | None:
        """What is left of an item, on recorded time; ``None`` when nothing is."""
        cuts = self._cuts
        if not cuts or (isinstance(item, Picture) and item.timestamp < cuts[0][0]):
            return item
        if isinstance(item, Picture):
            if any(start <= item.timestamp < end for start, end in cuts):
                return None
            return Picture(item.av, self.recorded(item.timestamp), item.duration, item.metadata)
        return self._keep_sound(item, cuts)

    def _keep_sound(self, sound: Sound, cuts: tuple[_Cut, ...]) -> Sound | None:
        first, rate, length = sound.timestamp, sound.sample_rate, sound.length
        parts: list[slice] = []
        position = 0
        for start, end in cuts:
            begin = min(max(-(-(start - first) * rate // 1_000_000), 0), length)
            until = min(max(-(-(end - first) * rate // 1_000_000), 0), length)
            if until > begin:
                parts.append(slice(position, begin))
                position = until
        parts.append(slice(position, length))
        kept = [part for part in parts if part.stop > part.start]
        if not kept:
            return None
        begins = kept[0].start
        whole = len(kept) == 1 and begins == 0 and kept[0].stop == length
        samples = sound.samples if whole else np.concatenate([sound.samples[:, part] for part in kept], axis=1)
        timestamp = self.recorded(first + round(begins * 1_000_000 / rate))
        return Sound(samples, rate, timestamp, sound.layout, 0 if begins else sound.gap, sound.metadata)


class RecordedClock(Clock):
    """A clock that stands still in the pauses."""

    def __init__(self, clock: Clock, pauses: Pauses) -> None:
        self._clock = clock
        self._pauses = pauses

    def now_ns(self) -> int:
        return self._pauses.recorded(self._clock.now_us()) * 1000

    def call_at(self, when_ns: int, call: Callable[[], None]) -> Timer:
        return self._clock.call_at(self._there(when_ns), call)

    def wait_until(self, when_ns: int | None, wake: Wake) -> bool:
        return self._clock.wait_until(None if when_ns is None else self._there(when_ns), wake)

    def wake(self) -> Wake:
        return self._clock.wake()

    def _there(self, when_ns: int) -> int:
        """That instant on the clock behind, if no pause comes between; in a pause, as long after now."""
        return when_ns - self.now_ns() + self._clock.now_ns()


class PausableIntake(Intake):
    """An intake that leaves out what is captured in the pauses.

    Where a pause was, two pictures must not come closer than usual: players that count in frames would drop one.
    A source that shows something new only now and then (a canvas) is recorded from what it shows at the beginning.
    """

    def __init__(self, feed: TrackFeed, settings: Mapping[str, object], pauses: Pauses) -> None:
        super().__init__(feed, settings)
        self._pauses = pauses
        self._last: int | None = None  # the last picture's time, recorded
        self._step = 0  # the usual distance of two
        self._seams = 0
        self._shown = None if self.free or feed.kind == "audio" else feed.hub.newest
        self._whole = feed
        self._began = feed.clock.now_us()

    @property
    def reach(self) -> int:
        return self._pauses.recorded(self.port.reach)

    def take(self) -> Picture | Sound | Chunk | None:
        if self.free:
            return None if self._pauses.paused else super().take()
        while (item := super().take()) is not None:
            if isinstance(item, Chunk):
                return item
            kept = self._pauses.keep(item)
            if isinstance(kept, Sound) or (kept is not None and self._fits(kept, self._pauses.before(item.timestamp))):
                return kept
        return self._show()

    def _show(self) -> Picture | None:
        """What the source showed at the beginning, if nothing new came soon."""
        shown, feed = self._shown, self._whole
        if shown is None:
            return None
        if self._last is not None or self.port.muted or not feed.enabled or feed.adapter is not None:
            self._shown = None
            return None
        if self._pauses.paused or feed.clock.now_us() - self._began < _SOON_US:
            return None
        self._shown, self._last = None, self._began
        return Picture(shown.av, self._began, None, shown.metadata)

    def _fits(self, picture: Picture, seams: int) -> bool:
        last, self._last = self._last, picture.timestamp
        if last is None:
            return True
        step = picture.timestamp - last
        if seams == self._seams:
            self._step = step
        elif step < self._step + _TICK_US:
            self._last = last
            return False
        self._seams = seams
        return True
