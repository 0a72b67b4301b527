"""`MixerInput`: one track in a mix: where its sound lies on the mix's count of samples, how long it is waited for.

Not for: when a block is due (``mixer.py``), or laying samples without a gap (``sound_line.py``).

Rules of the file: what is stamped t lies at t; only times that are not the clock's are shifted, once, to where they
came. All of it runs on the mixer's thread, but for `close` and the gain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from mediastreams._engine.frames import Sound
from mediastreams._engine.gain import Gain
from mediastreams._engine.sound_line import SoundLine

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.room import Room

    Samples = npt.NDArray[np.float32]

__all__ = ["GRACE_US", "LONGEST_WAIT_US", "Count", "MixerInput"]

PATIENCE_US: Final = 100_000
"""So long a track that has been coming is waited for at least, when it does not come."""
LONGEST_WAIT_US: Final = 1_000_000
"""So long one that always comes late is waited for at most; what comes later than this is left out."""
GRACE_US: Final = 20_000
"""So long one that is muted, or has stopped coming, is waited for all the same: its beginning is not to be missed."""
_FOREIGN_US: Final = 2_000_000  # further from now than this, times are not the clock's: arrival counts
_AHEAD_US: Final = 200_000  # what is taken in advance of a track that can be read as fast as one likes
_WINDOW_US: Final = 10_000_000  # so long it is remembered how late a track was
_BOUND_US: Final = 1_000_000
_FADE_SECONDS: Final = 0.02


class Count(NamedTuple):
    """The mix's count of samples: sample 0 is stamped ``origin`` (µs)."""

    sample_rate: int
    channels: int
    origin: int

    def us(self, sample: int) -> int:
        """When a sample is."""
        return self.origin + round(sample * 1_000_000 / self.sample_rate)


class MixerInput:
    """One track in a mix. Holds the track, so that it lives; lets go of it in `close`.

    ``on_item`` is called on any thread when there may be something new. ``keeps_time``: the mix goes by the clock.
    """

    def __init__(
        self,
        track: object,
        feed: TrackFeed,
        gain: float,
        on_item: Callable[[MixerInput], None],
        *,
        keeps_time: bool,
    ) -> None:
        self.track: object | None = track
        self.feed = feed
        self.gain = Gain(gain)
        self.ended = False  # by itself, and all of it was read
        self.leaving = False
        self._free = feed.hub.source.free_running
        self._keeps_time = keeps_time
        self._line: SoundLine | None = None
        self._shift: int | None = None  # µs from the source's times to the mix's
        self._first: Sound | None = None
        self._over = False
        self._absent = False
        self._lags = (0, 0)  # µs: by how much its sound came after its time: lately, and before that
        self._window = 0
        self._port = feed.attach(
            policy="wait" if self._free else "drop-oldest", bound_us=_BOUND_US, on_item=lambda: on_item(self)
        )

    def demand(self) -> None:
        """Have a track with a free clock begin. Idempotent."""
        if self._free and not self._port.demanded:
            self._port.demand()

    def close(self) -> None:
        """Leave the track. Any thread; idempotent."""
        self.feed.detach(self._port)
        self._port.discard()
        self.track = None

    def leave(self, sample_rate: int) -> None:
        """Die away. Any thread."""
        self.leaving = True
        self.gain.go_to(0.0, round(_FADE_SECONDS * sample_rate))

    @property
    def dropped(self) -> int:
        """Samples that came too late, or too far ahead."""
        return 0 if self._line is None else self._line.dropped

    @property
    def gone(self) -> bool:
        """Whether nothing of it will be heard any more."""
        return self.ended or (self.leaving and self.gain.steady)

    # ── the mixer's thread ───────────────────────────────────────────────────────────────────────

    def first_time(self) -> int | None:
        """The source's time of the first sound, once it has come. Nothing is laid down yet."""
        if self._first is None:
            item = self._port.take()
            self._first = item if isinstance(item, Sound) else None
        return None if self._first is None else self._first.timestamp

    @property
    def silent(self) -> bool:
        """Whether it has ended without any sound."""
        return self._first is None and self._port.finished

    def take(self, count: Count, position: int, now: int, shifts: dict[Room, int], *, waited_for: bool) -> None:
        """Lay down what has come. ``position``: the mix's next sample; ``shifts``: of files, by what reads them.

        ``waited_for``: it was looked at as soon as it came, so that the time tells how late it is.
        """
        line = self._line
        if line is None:
            line = self._line = SoundLine(count.sample_rate, count.channels, position, prompt=True)
        ahead = position + _AHEAD_US * count.sample_rate // 1_000_000
        while not (self._free and line.end > ahead):
            sound, self._first = self._first or self._port.take(), None
            if not isinstance(sound, Sound):
                break
            self._lay(sound, line, count, position, now, shifts, waited_for=waited_for)
        if self._port.finished and not self._over:
            self._over = True
            line.finish()

    def _lay(
        self,
        sound: Sound,
        line: SoundLine,
        count: Count,
        position: int,
        now: int,
        shifts: dict[Room, int],
        *,
        waited_for: bool,
    ) -> None:
        if self._shift is None or not (self._free or abs(now - sound.timestamp - self._shift) <= _FOREIGN_US):
            self._shift = self._shift_of(sound, count.us(position), now, shifts)
        place = sound.timestamp + self._shift - count.origin
        late = count.us(position) - count.origin - place
        if late > 0 and self._free and self._keeps_time:  # nothing of it is left out: it is heard when it comes
            self._shift += late
            place += late
        elif waited_for or late > 0:
            self._note(now - sound.timestamp - self._shift, now)
        self._absent = False
        line.lay(sound, place)

    def _shift_of(self, sound: Sound, here: int, now: int, shifts: dict[Room, int]) -> int:
        if self._free:  # the tracks of one file stay together; a file begins where the mix is
            return shifts.setdefault(self.feed.hub.room, here - sound.timestamp)
        return 0 if abs(now - sound.timestamp) <= _FOREIGN_US else now - sound.duration - sound.timestamp

    def _note(self, lag: int, now: int) -> None:
        lately, before = self._lags
        if now - self._window > _WINDOW_US:
            self._window, lately, before = now, 0, lately
        self._lags = (max(lately, lag), before)

    @property
    def expected(self) -> bool:
        """Whether it has been coming."""
        return not (self._absent or self._port.muted)

    @property
    def lateness(self) -> int:
        """How late (µs) its sound may come, as far as is known."""
        return min(max(PATIENCE_US, max(self._lags) + GRACE_US), LONGEST_WAIT_US)

    def reaches(self, end: int) -> bool:
        """Whether everything before sample ``end`` has come, or nothing more will come."""
        return self._over or (self._line is not None and self._line.end >= end)

    def give_up(self) -> None:
        """Wait for it no more, until it comes again."""
        self._absent = True

    def read(self, position: int, length: int) -> Samples | None:
        """Take out the samples of a block, times the gain; ``None``: silence."""
        line = self._line
        if line is None:  # it was added after the block was complete
            return None
        samples = self.gain.apply(line.read(position, length), length)
        self.ended = self._over and line.empty
        return samples
