"""`Voice`: one thing that sounds in a `Playout`: a track (`TrackVoice`) or a function that makes samples.

Not for: mixing, volume and devices (``playout.py``), or laying samples without a gap (``sound_line.py``).

Rules of the file: what is stamped t is heard at t + delay, the same delay for all voices of an output, so that tracks
stay together and pictures can follow. The delay grows at once when something comes too late for it, and shrinks
slowly, unheard, when everything comes earlier than needed. All of it runs on the sink's thread.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from mediastreams._engine.frames import Sound
from mediastreams._engine.sound_line import REST_SECONDS, SoundLine

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediastreams._engine.feed import TrackFeed
    from mediastreams._rules.values import AudioMode

    Samples = npt.NDArray[np.float32]

__all__ = ["MARGIN_US", "Ask", "Delay", "SupplyVoice", "TrackVoice", "Voice"]

MARGIN_US: Final = 20_000
"""How much earlier than needed sound should come, besides one block of the output: what jitter may use up. A device's;
what is no device may ask for less."""
LONGEST_DELAY_US: Final = 1_000_000
"""What comes later than this is not waited for: it is left out."""
WAITING_US: Final = 500_000
"""How much of a track waits for an output that takes nothing; older sound is dropped."""
_WINDOW_US: Final = 10_000_000
_SHRINK: Final = 0.001  # of the time: a thousandth slower or faster is not heard
_FOREIGN_US: Final = 2 * LONGEST_DELAY_US  # further from now than this, times are not the clock's: arrival counts
_STALL_US: Final = 4_000  # an output that is so much later all at once has stood still
_CRYSTAL_US: Final = 10_000_000  # what comes more slowly is its crystal
_AHEAD_US: Final = 200_000  # what is taken in advance of a track that can be read as fast as one likes


class Ask(NamedTuple):
    """What the output wants next: ``length`` samples from sample ``start`` of its count on, heard at ``at`` (µs).

    ``jump``: µs by which ``at`` is further on than the count: for so long the output stood still. ``margin``: µs, see
    `MARGIN_US`.
    """

    mode: AudioMode
    start: int
    length: int
    at: int
    jump: int
    margin: int = MARGIN_US

    @property
    def margin_us(self) -> float:
        """How much earlier than needed sound should come: what has just missed an ask waits for the next one."""
        return self.margin + self.length * 1_000_000 / self.mode.sample_rate

    @property
    def place_us(self) -> float:
        """Where on the output's count it is, in µs."""
        return self.start * 1_000_000 / self.mode.sample_rate


class Delay:
    """From a timestamp to the ear: one for all voices of an output. ``changes`` counts when it was set anew."""

    def __init__(self) -> None:
        self.us: float | None = None
        self.changes = 0
        self._least = 0.0
        self._window = 0
        self._surplus = 0.0
        self._seen = 0
        self._lead = 0.0
        self._drift: float | None = None
        self._asked = 0

    def wait_for(self, ask: Ask) -> None:
        """Let everything be heard later by as much as the output has stood still, and nothing be left out.

        For what was recorded before: faster or cut it would be heard not as it is. The surplus shrinks as ever.
        """
        drift, passed, self._asked = ask.at - ask.place_us, ask.at - self._asked, ask.at
        if self._drift is None:
            self._drift = drift
            return
        late = drift - self._drift
        if late > _STALL_US and self.us is not None:
            self.us = min(self.us + late, LONGEST_DELAY_US)
            self._drift = drift
        else:
            self._drift += late * min(1.0, max(0, passed) / _CRYSTAL_US)

    def report(self, slack: float, ask: Ask) -> None:
        """Take note of by how many µs the newest sound of a voice came before it was needed."""
        if self.us is None:
            return
        if slack < 0:
            if self.us < LONGEST_DELAY_US:
                self.set(self.us - slack + ask.margin_us)
            return
        at = ask.at
        if at - self._window > _WINDOW_US:
            self._surplus = max(0.0, self._least - ask.margin_us) if self._window else 0.0
            self._window, self._least = at, slack
        self._least = min(self._least, slack)
        passed, self._seen = at - self._seen, at
        step = min(self._surplus, self.us, _SHRINK * passed) if 0 < passed < _WINDOW_US else 0.0
        self._surplus -= step
        self._least -= step
        self.us -= step

    def move(self, lead: float) -> None:
        """Another output begins, which holds sound back for ``lead`` µs."""
        if self.us is not None:
            self.set(self.us + lead - self._lead)
        self.changes += 1
        self._lead = lead
        self._drift = None

    def clock_was_wrong(self) -> None:
        """What was laid down stands at wrong places, since the output's time was known badly: lay it down again."""
        self.changes += 1

    def set(self, us: float) -> None:
        """Set it anew: all voices are laid down again."""
        self.us = min(max(us, 0.0), LONGEST_DELAY_US)
        self.changes += 1
        self._window = 0
        self._surplus = 0.0


class Voice(ABC):
    """One thing that sounds, from its adding to `close` or its end.

    ``gain``: of this voice alone, any thread. ``finished``: nothing more will come. ``dropped``: samples that were
    thrown away, because the output was slow or they came too late.
    """

    def __init__(self) -> None:
        self.gain = 1.0
        self.finished = False
        self.dropped = 0
        self.remote = False  # it comes from a peer
        self.sounded: float | None = None  # the gain at the end of the last block, volume included; the playout's own

    @property
    @abstractmethod
    def position(self) -> int | None:
        """The source's timestamp (µs) of what is heard now; ``None``: nothing yet."""

    @abstractmethod
    def render(self, ask: Ask) -> Samples | None:
        """The samples asked for; ``None``: silence. The sink's thread."""

    def close(self) -> None:
        """Sound no more. Any thread; idempotent."""
        self.finished = True


class TrackVoice(Voice):
    """A track's sound. Holds what is not heard yet, so that another device can go on from the same place.

    ``missing``: samples that were asked for where there was nothing, and ``holes``, how often that began.
    """

    def __init__(self, feed: TrackFeed, delay: Delay) -> None:
        super().__init__()
        self._feed = feed
        self._delay = delay
        self._clock = feed.clock
        self._free = feed.hub.source.free_running
        self._recorded = feed.hub.source.recorded
        self.remote = feed.hub.source.remote
        self._port = feed.attach(policy="wait" if self._free else "drop-oldest", bound_us=WAITING_US, on_item=_nothing)
        if self._free:
            self._port.demand()
        self._recent: deque[Sound] = deque()
        self._shift: int | None = None  # µs from the source's times to the clock's: 0 where they are the clock's
        self._line: SoundLine | None = None
        self._changes = -1
        self._dropped = self._missing = self._holes = 0  # by earlier lines
        self.missing = self.holes = 0
        self._over = False
        self._started = False

    @property
    def position(self) -> int | None:
        return None if self._shift is None else self.time_at(self._clock.now_us())

    @property
    def channels(self) -> int | None:
        """How many channels the newest sound has that is still to be heard; ``None``: there is none."""
        return self._recent[-1].channels if self._recent else None

    def time_at(self, at: int) -> int:
        """The source's timestamp of what is heard at an instant of the clock. A free clock's times need no delay."""
        return at - (0 if self._free else round(self._delay.us or 0)) - (self._shift or 0)

    def render(self, ask: Ask) -> Samples | None:
        if self._free and self._shift is not None:
            self._shift += ask.jump  # it waits for its output, however long that takes
        if self._recorded:
            self._delay.wait_for(ask)
        came = list(self._take(ask))
        if came:
            self._settle(came, ask)
        line, mode, farewell = self._line, ask.mode, None
        fits = line is not None and (line.sample_rate, line.channels) == (mode.sample_rate, mode.channel_count)
        if line is None or not fits or self._changes != self._delay.changes:
            if line is not None and fits:
                farewell = line.farewell(ask.start)
            line = self._lay_anew(ask)
        else:
            for sound in came:
                line.lay(sound, self._place(sound, ask))
        if self._port.finished and not self._over:
            self._over = True
            line.finish()
        found = line.read(ask.start, ask.length)
        if farewell is not None:
            found = _crossed(farewell, found, ask.length)
        heard = self.time_at(ask.at)
        while self._recent and self._recent[0].timestamp + self._recent[0].duration < heard:
            self._recent.popleft()
        self.dropped, self.missing = self._dropped + line.dropped, self._missing + line.missing
        self.holes = self._holes + line.holes
        self.finished = self.finished or (self._over and line.empty)
        return found

    def close(self) -> None:
        super().close()
        self._feed.detach(self._port)

    def _take(self, ask: Ask) -> Iterator[Sound]:
        """Take what has come; of a track that is read as fast as one likes, only what is needed soon."""
        while not (self._free and self._recent and self._slack(self._recent[-1], ask) > _AHEAD_US):
            item = self._port.take()
            if not isinstance(item, Sound):
                return
            if self._free:
                self._shift = self._shift or 0
                slack = self._slack(item, ask)
                if not self._started or slack < 0:  # it is heard when it comes, and nothing of it is left out
                    self._shift += round(-slack)
            self._started = True
            self._recent.append(item)
            yield item

    def _settle(self, came: list[Sound], ask: Ask) -> None:
        """Find out what the times of a track in real time mean, and whether the delay suffices for them."""
        if self._free:
            return
        now, newest, first = self._clock.now_us(), came[-1], self._shift is None
        if abs(now - newest.timestamp - (self._shift or 0)) > _FOREIGN_US:
            ours = abs(now - newest.timestamp) <= _FOREIGN_US
            self._shift = 0 if ours else now - newest.duration - newest.timestamp
            first = True
        self._shift = self._shift or 0
        if self._delay.us is None:
            self._delay.set(ask.at - newest.timestamp - self._shift + ask.margin_us)
        elif first or ask.jump:  # what waited before the output asked for it is not late
            self._delay.report(self._slack(newest, ask), ask)
        else:
            self._delay.report(min(self._slack(sound, ask) for sound in came), ask)

    def _slack(self, sound: Sound, ask: Ask) -> float:
        """By how many µs the sound comes before it is needed."""
        return sound.timestamp - self.time_at(ask.at)

    def _place(self, sound: Sound, ask: Ask) -> float:
        """Where on the output's count the sound belongs, in µs."""
        return ask.place_us + self._slack(sound, ask)

    def _lay_anew(self, ask: Ask) -> SoundLine:
        """Lay down what is still to be heard: on another device, or with another delay."""
        if self._line is not None:
            self._dropped += self._line.dropped
            self._missing += self._line.missing
            self._holes += self._line.holes
        rest = min(REST_SECONDS, ask.margin / 2_000_000)  # an error that the margin covers
        line = self._line = SoundLine(ask.mode.sample_rate, ask.mode.channel_count, ask.start, rest=rest)
        for sound in self._recent:
            line.lay(sound, self._place(sound, ask))
        line.dropped = 0  # that was heard already
        self._changes = self._delay.changes
        self._over = False
        return line


class SupplyVoice(Voice):
    """A function that makes samples at the output's pace: ``read(length, mode, at)``."""

    def __init__(self, read: Callable[[int, AudioMode, int], Samples | None]) -> None:
        super().__init__()
        self._read = read

    @property
    def position(self) -> int | None:
        return None  # it has no times of its own

    def render(self, ask: Ask) -> Samples | None:
        made = self._read(ask.length, ask.mode, ask.at)
        shape = (ask.mode.channel_count, ask.length)
        if made is not None and made.shape != shape:
            raise ValueError(f"a supply of sound made {made.shape} where {shape} was asked for")
        return made


def _crossed(farewell: Samples, found: Samples | None, length: int) -> Samples:
    """The end of one line below the beginning of the next."""
    import numpy as np

    mixed = np.zeros((farewell.shape[0], length), np.float32) if found is None else found.copy()
    size = min(farewell.shape[1], length)
    mixed[:, :size] += farewell[:, :size]
    return mixed


def _nothing() -> None:
    """The sink looks by itself, at its own pace."""
