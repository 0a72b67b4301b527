"""`Deck`: the passes of one file and its lanes: what is read next, what is decoded ahead, when a round is over.

Not for: time and waiting (``movie.py``). Everything on the movie's thread.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from mediastreams._backends.ffmpeg.items import Item, joined
from mediastreams._backends.ffmpeg.lanes import Lane
from mediastreams._backends.ffmpeg.passes import Pass
from mediastreams.errors import AbortError, DOMException, EncodingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams._backends.ffmpeg.interrupts import Interrupt
    from mediastreams._backends.ffmpeg.locations import Location
    from mediastreams._backends.ffmpeg.web_file import OnWait

__all__ = ["Deck", "is_enough"]

_logger = logging.getLogger(__name__)
_PICTURES_AHEAD: Final = 3
_SOUND_AHEAD_US: Final = 150_000
_MOST_PACKETS: Final = 2_000  # read ahead for a stream whose next packet lies far behind its siblings'
_ROUNDS: Final = 500  # as many as may be decoded ahead, very short ones too
_SHORTEST_ROUND_US: Final = 1_000
_FAR_OFF_US: Final = 300_000
_RUN_UP_US: Final = 100_000  # what a sound's decoder needs before it gives what was encoded
_QUIET_US: Final = 1_000_000
_PICTURES_TOGETHER: Final = 3
_TOGETHER_SECONDS: Final = 0.01  # what is decoded does not wait for what takes its time
_CATCH_UP_SECONDS: Final = 0.02  # at a time: whoever comes in between key frames shall not hold up the others


class Deck:
    """Opens the first pass when made.

    ``begin`` is the media time at which the present pass begins, ``rounds`` the same of the latest passes,
    ``error`` what ended the reading early.
    """

    def __init__(
        self, location: Location, interrupt: Interrupt, opened: Pass | None = None, on_wait: OnWait | None = None
    ) -> None:
        self._location = location
        self._interrupt = interrupt
        self._on_wait = on_wait
        self._pass = opened or Pass(location, interrupt, on_wait)
        self.lanes = tuple(Lane(info, location.name) for info in self._pass.tracks)
        self._by_index = {lane.info.index: lane for lane in self.lanes}
        self.duration = self._pass.duration
        self.begin = 0
        self.rounds: tuple[int, ...] = (0,)
        self.error: DOMException | None = None
        self._at_end = False
        self._queued = 0
        self._take_up()

    def _take_up(self) -> None:
        self._pass.select(tuple(lane.info for lane in self.lanes))
        for lane in self.lanes:
            lane.begin_pass(self._pass.stream(lane.info), self._pass.zero, self.begin)
        self._at_end = False

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def read(self) -> Lane | None:
        """Read one packet into its lane's queue; ``None`` when this pass has none left.

        Raises:
            AbortError: interrupted.
        """
        if self._at_end:
            return None
        try:
            packet = self._pass.read()
        except AbortError:
            raise
        except DOMException as error:
            _logger.warning("%s", error.message)
            self.error = error
            packet = None
        if packet is None:
            self._at_end = True
            return None
        lane = self._by_index[packet.stream_index]
        lane.packets.append(packet)
        self._queued += 1
        return lane

    def decode_next(self, lane: Lane, wanted: tuple[bool, bool] | None = None) -> None:
        """Decode the oldest packet that waits in a lane."""
        self._queued -= 1
        lane.decode(lane.packets.popleft(), wanted)

    def fill(self, *, loop: bool, present: int) -> None:
        """Decode as far ahead as playing in real time needs; go over to the next pass when this one is used up.

        ``present``: the media time of this moment.
        """
        deadline = time.perf_counter() + _CATCH_UP_SECONDS
        for lane in self.lanes:
            while (lane.behind or not lane.drained) and not is_enough(lane):
                if lane.behind:
                    if time.perf_counter() > deadline:
                        break
                    lane.catch_up(present)
                elif lane.packets:
                    self.decode_next(lane)
                elif self._at_end:
                    lane.drain()
                elif self._queued >= _MOST_PACKETS:
                    break
                else:
                    self.read()
        if loop and self.used_up and self.next_pass():
            self.fill(loop=loop, present=present)

    def decode_some(self, most: int) -> tuple[Lane | None, deque[tuple[Lane, Item]]]:
        """Read and decode until there are ``most`` items, in order; the latest packet's lane, ``None`` at the end.

        FAST-PATH: a local file's items are handed over together, with one wake-up for all of them; not where a read may
        wait, nor from the first. Of pictures only a few at a time: the more of them are alive, the colder is the memory
        that the next one is decoded into, which cost 3 % of the CPU time of a film.
        """
        found: deque[tuple[Lane, Item]] = deque()
        began = time.perf_counter()
        pictures = 0
        wanted = {lane: lane.wanted for lane in self.lanes}
        while True:
            lane = self.read()
            if lane is None:
                return None, found
            self.decode_next(lane, wanted[lane])
            coded, ready = lane.coded, lane.ready
            while coded:
                found.append((lane, coded.popleft()))
            while ready:
                found.append((lane, ready.popleft()))
            pictures += lane.visual and bool(found)
            if pictures >= _PICTURES_TOGETHER or len(found) >= most or time.perf_counter() - began > _TOGETHER_SECONDS:
                return lane, joined(found)

    def finish_silent(self, present: Lane) -> None:
        """End a track that the file says is over: who waits for its next frame would else hold up nobody."""
        for lane in self.lanes:
            end = lane.info.end
            silent = lane is not present and not lane.finished and present.end > lane.end + _QUIET_US
            if silent and end is not None and lane.end >= end:
                lane.drain()
                lane.finish()

    @property
    def behind(self) -> bool:
        """Whether a lane has still to catch up."""
        return any(lane.behind for lane in self.lanes)

    @property
    def lags(self) -> bool:
        """Whether `fill` has something to catch up now."""
        return any(lane.behind and not is_enough(lane) for lane in self.lanes)

    def next_item(self) -> tuple[Lane, deque[Item]] | None:
        """The lane whose item is due first, and the queue in which it is; ``None`` when none has any."""
        best: tuple[Lane, deque[Item]] | None = None
        for lane in self.lanes:
            for queue in (lane.coded, lane.ready):
                if queue and (best is None or queue[0].media < best[1][0].media):
                    best = lane, queue
        return best

    def begin_of_items(self, otherwise: int) -> int:
        """The media time of what comes next: of a picture, where there is one."""
        firsts = [(lane.info.kind != "video", lane.ready[0].media) for lane in self.lanes if lane.ready]
        return min(firsts)[1] if firsts else otherwise

    # ── rounds ───────────────────────────────────────────────────────────────────────────────────

    @property
    def used_up(self) -> bool:
        """Whether everything of this pass is decoded."""
        return all(lane.drained and not lane.behind for lane in self.lanes)

    @property
    def end(self) -> int:
        """The media time at which what is decoded so far is over."""
        return max(lane.end for lane in self.lanes)

    def next_pass(self) -> bool:
        """Begin the file again where this pass ended; False when that is impossible (``error`` says why)."""
        if self.error is not None:
            return False
        end = self.end
        if end - self.begin < _SHORTEST_ROUND_US or not self._location.again:
            return False
        for lane in self.lanes:
            lane.end_pass()
        self._pass.close()
        try:
            self._pass = Pass(self._location, self._interrupt, self._on_wait)
        except AbortError:
            raise
        except DOMException as error:
            _logger.warning("It could not be repeated: %s", error.message)
            self.error = error
            return False
        if [info.index for info in self._pass.tracks] != [lane.info.index for lane in self.lanes]:
            self.error = EncodingError(f"{self._location.name!r} is no longer the file it was")
            return False
        self.begin = end
        self.rounds = (*self.rounds[-_ROUNDS:], end)
        self._take_up()
        return True

    def seek(self, target: int, *, exact: bool, check: Callable[[], None]) -> None:
        """Go to ``target`` µs after the beginning of the file, and decode until every lane has something of there.

        What cannot be sought is read from its beginning again. ``check`` is called between packets, and may raise.

        Raises:
            NotSupportedError, NetworkError, NotReadableError: it can be neither sought nor read again.
            AbortError: interrupted.
        """
        for lane in self.lanes:
            lane.seek(target if exact else None)
        self.begin, self.rounds = 0, (0,)
        try:
            self._pass.seek(target - _RUN_UP_US)
        except AbortError:
            raise
        except DOMException as error:
            _logger.debug("%s; it is read from its beginning", error.message)
            if not self._location.again:
                raise
            self._read_anew()
        else:
            for lane in self.lanes:
                lane.begin_place(self._pass.zero)
        self.error, self._at_end, self._queued = None, False, 0
        self._prime(check)
        if exact and self._location.again and self._first > target + _FAR_OFF_US:
            _logger.debug("%r cannot be sought: it is read from its beginning", self._location.name)
            for lane in self.lanes:
                lane.seek(target)
            self._read_anew()
            self._queued = 0
            self._prime(check)

    @property
    def _first(self) -> int:
        """The media time of what comes next; 0 when nothing does."""
        return min((lane.ready[0].media for lane in self.lanes if lane.ready), default=0)

    def _read_anew(self) -> None:
        for lane in self.lanes:
            lane.end_pass()
        self._pass.close()
        self._pass = Pass(self._location, self._interrupt, self._on_wait)
        self._take_up()

    def _prime(self, check: Callable[[], None]) -> None:
        """Decode until every lane has something."""
        for lane in self.lanes:
            while not lane.drained and not lane.ready and not (lane.coded and not lane.decoding):
                check()
                if lane.packets:
                    self.decode_next(lane)
                elif self._at_end:
                    lane.drain()
                elif self._queued >= _MOST_PACKETS:
                    break
                else:
                    self.read()

    def verdict(self) -> DOMException | None:
        """Why the movie ended, when it is not that it was over."""
        if self.error is None and all(lane.errors and not lane.decoded for lane in self.lanes):
            return EncodingError(f"Nothing of {self._location.name!r} could be decoded: it is damaged")
        return self.error

    def close(self) -> None:
        """Close the file and let the decoders go. Idempotent."""
        for lane in self.lanes:
            lane.end_pass()
            lane.ready.clear()
            lane.coded.clear()
        self._pass.close()


def is_enough(lane: Lane) -> bool:
    """Whether so much waits in a lane that no more need be decoded; what only tells the time does not count."""
    ready = lane.enough
    if ready and ready[0].payload is None and lane.behind:
        return False
    if lane.info.kind == "video":
        return len(ready) >= _PICTURES_AHEAD
    return len(ready) > 1 and ready[-1].media - ready[0].media >= _SOUND_AHEAD_US
