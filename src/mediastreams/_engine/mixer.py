"""`Mixer`: a source whose sound is that of any number of tracks.

Not for: players (``playout.py``): a device does not wait, and what is late for it is a hole. A track can wait.

Rules of the file: the mix is made on the axis of timestamps, block by block: what is stamped t in a track is stamped t
in the mix. A block is made as soon as every input has come so far, so that the mix is behind the slowest input and no
more; an input that does not come is waited for by the clock (`MixerInput.lateness`), and then not again until it comes.
Of tracks with a free clock alone the mix has a free clock: it waits for all of them, and is held back by its consumers.
Nothing is clipped: a device or an encoder does that, and who makes it quieter before has everything.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Sound
from mediastreams._engine.mixer_input import GRACE_US, LONGEST_WAIT_US, Count, MixerInput
from mediastreams._engine.worker import Worker, after_fork_in_child
from mediastreams._rules.channel_mixing import layout_name
from mediastreams.abc import Source
from mediastreams.errors import InvalidAccessError, InvalidStateError, NotFoundError, NotSupportedError

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.room import Room
    from mediastreams._rules.values import AudioMode, Mode, Settings
    from mediastreams.abc import Delivery

__all__ = ["Mixer"]

_logger = logging.getLogger(__name__)
_BLOCKS_PER_SECOND: Final = 100
_ASLEEP_US: Final = 2 * LONGEST_WAIT_US  # further behind than this the machine has slept: that is no sound
_STOP_SECONDS: Final = 5.0


class Mixer(Source):
    """Mixes tracks to one. Runs from `start` to `stop`, on a thread of its own; inputs come and go on any thread.

    ``free``: all inputs have a free clock, now and later. ``ends``: it ends when its last input has ended by itself.
    """

    kind = "audio"

    def __init__(self, mode: AudioMode, *, free: bool, ends: bool) -> None:
        self.clock = get_clock()
        self.free_running = free
        self.mode = mode
        self._ends = ends
        self._length = mode.sample_rate // _BLOCKS_PER_SECOND
        self._layout = layout_name(mode.channel_count)
        self._lock = threading.RLock()  # for the list; reentrant, since the collector may run a finaliser in here
        self._inputs: tuple[MixerInput, ...] = ()
        self._shifts: dict[Room, int] = {}
        self._wake = self.clock.wake()
        self._awaited: MixerInput | None = None  # whose sound wakes us
        self._slowest: MixerInput | None = None  # who was waited for last
        self._count: Count | None = None
        self._position = 0  # the next sample
        self._gap = 0
        self._held_up = 0  # µs: by how much the machine let this thread wake too late, and then the inputs', too
        self._delivery: Delivery | None = None
        self._worker: Worker | None = None
        self._stopping = False
        after_fork_in_child(self)

    # ── the inputs: any thread ───────────────────────────────────────────────────────────────────

    @property
    def inputs(self) -> tuple[MixerInput, ...]:
        """What is mixed, in the order of adding; neither what has ended nor what is leaving."""
        return tuple(one for one in self._inputs if not (one.leaving or one.ended))

    def add(self, track: object, feed: TrackFeed, gain: float) -> None:
        """Mix a track in, from now on.

        Raises:
            InvalidAccessError: it is mixed in already, or is made of this mix.
            InvalidStateError: this has ended.
            NotSupportedError: a track that keeps real time, in a mix that does not.
        """
        source = feed.hub.source
        if self.free_running and not source.free_running:
            raise NotSupportedError(
                "A mix of files with a free clock runs as fast as it is taken: a track in real time cannot join it. "
                'Open the files with clock="real"'
            )
        if source is self or (isinstance(source, Mixer) and source.is_made_of(self)):
            raise InvalidAccessError("A mix cannot be mixed into itself")
        with self._lock:
            if self._stopping:
                raise InvalidStateError("This mix has ended")
            if any(one.feed is feed for one in self.inputs):
                raise InvalidAccessError("This track is in the mix already: use set_gain(), or a clone()")
            made = MixerInput(track, feed, gain, self._news, keeps_time=not self.free_running)
            self._inputs = (*self._inputs, made)
        self._wake.set()

    def is_made_of(self, other: Mixer) -> bool:
        """Whether another mix is one of the inputs, or of theirs."""
        sources = [one.feed.hub.source for one in self._inputs]
        return other in sources or any(isinstance(one, Mixer) and one.is_made_of(other) for one in sources)

    def find(self, feed: TrackFeed) -> MixerInput:
        """The input that a track is.

        Raises:
            NotFoundError: it is none, or none any more.
        """
        found = next((one for one in self.inputs if one.feed is feed), None)
        if found is None:
            raise NotFoundError("This track is not in the mix, or has ended")
        return found

    def _news(self, of: MixerInput) -> None:
        """Something may have come. The thread of an input's source: nobody is woken but for what is waited for."""
        if self._awaited is of:
            self._wake.set()

    # ── Source ───────────────────────────────────────────────────────────────────────────────────

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode | None:  # noqa: ARG002
        """Begin; there is nothing to open."""
        self._delivery = delivery
        self._worker = Worker("mix", self._run, finish=self._ask_to_stop).start()
        return self.mode

    def stop(self) -> None:
        """End, and let go of the inputs, which go on."""
        with self._lock:
            self._ask_to_stop()
            inputs, self._inputs = self._inputs, ()
            worker, self._worker = self._worker, None
        if worker is not None and not worker.join(_STOP_SECONDS):
            _logger.warning("A mix does not end: its thread is left behind")
        for one in inputs:
            one.close()

    def _ask_to_stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def after_fork(self) -> None:
        """The child has no thread that mixes."""
        self._lock = threading.RLock()
        self._stopping = True
        self._inputs = ()

    # ── the mix's thread ─────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        delivery = self._delivery
        assert delivery is not None
        while not self._stopping:
            self._wake.clear()
            if self.free_running:
                delivery.wait_for_room(self._wake)
            if self._stopping:
                return
            until = self._missing()
            if until is not None:
                self._clock_wait(until)
            elif not self._give(delivery):
                delivery.end()
                return

    def _clock_wait(self, until_us: int) -> None:
        if self.free_running:
            self.clock.wait_until(None, self._wake)
        elif not self.clock.wait_until(until_us * 1000, self._wake):
            late = self.clock.now_us() - until_us
            self._held_up = min(late + GRACE_US, LONGEST_WAIT_US) if late > GRACE_US else 0

    def _missing(self) -> int | None:
        """Lay down what has come. ``None``: the next block can be made; else until when it is worth waiting (µs)."""
        now = self.clock.now_us()
        count = self._count or self._begin(now)
        if count is None:
            return now
        end = self._position + self._length
        due = count.us(end)
        if not self.free_running:
            if now < due:
                return due  # what it is made of is still to come
            if now - due > _ASLEEP_US:
                self._skip(now - due)
                end = self._position + self._length
                due = count.us(end)
        there = False
        # Who is on time for the latest of them is on time.
        patience = max((one.lateness for one in self._inputs if one.expected), default=GRACE_US)
        for one in self._in_turn():
            self._awaited = one  # before it is looked at: what comes afterwards wakes us
            one.demand()
            one.take(count, self._position, now, self._shifts, waited_for=one is self._slowest)
            limit = due + (max(patience, one.lateness) if one.expected else GRACE_US) + self._held_up
            if one.reaches(end):
                there = True
            elif self.free_running or now < limit:
                self._slowest = one
                return limit
            else:
                one.give_up()
        self._awaited = None
        if self.free_running:
            return None if there else now  # without inputs nothing is made until one comes
        return None if there or now >= due + GRACE_US else due + GRACE_US

    def _begin(self, now: int) -> Count | None:
        """Begin to count: in real time now; of files at the time that the first of them begins with."""
        origin: int | None = now
        if self.free_running:
            origin = None
            for one in self._inputs:
                self._awaited = one
                one.demand()
                first = one.first_time()
                if first is None and not one.silent:
                    return None
                origin = first if origin is None else origin
            origin = now if origin is None else origin
        assert origin is not None
        self._count = Count(self.mode.sample_rate, self.mode.channel_count, origin)
        return self._count

    def _in_turn(self) -> tuple[MixerInput, ...]:
        """The inputs, first the one that was waited for last: as a rule it is the last to come."""
        inputs, last = self._inputs, self._slowest
        return inputs if last is None or last not in inputs else (last, *(one for one in inputs if one is not last))

    def _skip(self, behind_us: int) -> None:
        """Leave out, in whole blocks, what passed while the machine slept."""
        skipped = behind_us * self.mode.sample_rate // 1_000_000 // self._length * self._length
        self._position += skipped
        self._gap += skipped
        self._held_up = 0

    def _give(self, delivery: Delivery) -> bool:
        """Make a block and deliver it. False: it was the last."""
        assert self._count is not None
        block = np.zeros((self.mode.channel_count, self._length), np.float32)
        left: list[MixerInput] = []
        for one in self._inputs:
            samples = one.read(self._position, self._length)
            if samples is not None:
                block += samples
            if one.gone:
                left.append(one)
        stamp = self._count.us(self._position)
        gap, self._gap = self._gap, 0
        self._held_up = 0
        self._position += self._length
        delivery.deliver(Sound(block, self.mode.sample_rate, stamp, self._layout, gap))
        return not left or self._forget(left)

    def _forget(self, left: list[MixerInput]) -> bool:
        """Let go of inputs that are over. False: the last one has ended, and with it the mix."""
        with self._lock:
            self._inputs = tuple(one for one in self._inputs if one not in left)
            over = self._ends and not self._inputs and any(one.ended and not one.leaving for one in left)
            self._stopping = self._stopping or over
        for one in left:
            one.close()
        return not over

    def __repr__(self) -> str:
        return f"<Mixer of {len(self.inputs)} tracks>"
