"""`Movie`: one file or URL that plays; `FileSource`: one stream of it, as the engine sees it.

Not for: what a track or an element is (``elements``).

Rules of the file: one worker thread per movie opens, reads, decodes, waits, hands over and closes. Real time:
a frame is handed over when its instant on the clock has come; who is late by half a second or more
(a stalled network, a machine that slept) moves everything after it, so that lateness never adds up. Free
clock: a frame is handed over as soon as a consumer has room. `Movie.close` reaches the thread wherever it
waits; only a program's own file object may keep it until that answers.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mediastreams._backends.ffmpeg.deck import Deck
from mediastreams._backends.ffmpeg.interrupts import Interrupt
from mediastreams._backends.ffmpeg.locations import MediaInput, locate
from mediastreams._backends.ffmpeg.timeline import Timeline
from mediastreams._engine.clock import get_clock
from mediastreams._engine.room import Room
from mediastreams._engine.worker import Worker
from mediastreams.abc import Source
from mediastreams.errors import AbortError, DOMException, InvalidStateError

if TYPE_CHECKING:
    from mediastreams._backends.ffmpeg.lanes import Item, Lane
    from mediastreams._backends.ffmpeg.tracks import TrackInfo
    from mediastreams._rules.values import Kind, Mode, Settings
    from mediastreams.abc import Clock, Delivery

__all__ = ["FileSource", "Movie", "MovieListener"]

_logger = logging.getLogger(__name__)
_RESYNC_US: Final = 500_000
_STOP_SECONDS: Final = 1.0
_QUIET_US: Final = 1_000_000
_TOGETHER: Final = 8
_TOGETHER_SECONDS: Final = 0.01  # what is decoded does not wait for what takes its time

MovieListener = Callable[[DOMException | None], None]
"""Called on the movie's thread: when it is open, or over; with what went wrong, or ``None``. It must not block."""


class _Closed(Exception):
    """The movie's thread was told to end."""


class Movie:
    """Plays one input. Made at rest; `open` blocks until the tracks are known, `play` lets time pass.

    ``free``: no clock of its own. ``loop`` may be changed while it plays. ``keep``: stays open while no track
    wants it (a media element); else the last track to stop closes it. Any thread.
    """

    def __init__(
        self,
        src: MediaInput,
        *,
        free: bool = False,
        loop: bool = False,
        keep: bool = False,
        on_over: MovieListener | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.location = locate(src)
        self.clock = clock or get_clock()
        self.free = free
        self.loop = loop
        self.sources: tuple[FileSource, ...] = ()
        self.duration: int | None = None
        self.room = Room() if free else None
        self._together = 1 if self.location.network or self.location.reader is not None else _TOGETHER
        self._keep = keep
        self._on_over = on_over
        self._timeline = Timeline()
        self._interrupt = Interrupt()
        self._wake = self.clock.wake()
        self._lock = threading.Lock()
        self._opened = threading.Event()
        self._on_opened: MovieListener | None = None
        self._error: DOMException | None = None
        self._playing = False
        self._prerolled = False
        self._muted = keep
        self._over = False
        self._deck: Deck | None = None
        self._worker = Worker(f"movie {self.name}", self._run, finish=self.close)

    @property
    def name(self) -> str:
        return self.location.name

    # ── control: any thread ──────────────────────────────────────────────────────────────────────

    def open(self) -> Movie:
        """Open the input and learn what is in it. Blocks; once. `close` ends the wait.

        Raises:
            NotReadableError, NotAllowedError, NotSupportedError, NetworkError: it cannot be read; AbortError:
            closed meanwhile.
        """
        self.start()
        self._opened.wait()
        if self._error is not None:
            self.join()
            raise self._error
        return self

    def start(self, on_opened: MovieListener | None = None) -> None:
        """Open the input without waiting: ``on_opened`` is called on the movie's thread. Once."""
        self._on_opened = on_opened
        self._worker.start()

    def play(self) -> None:
        """Let time pass, from where it stands. Idempotent."""
        with self._lock:
            self._playing = True
            if self._prerolled:
                self._timeline.run(self.clock.now_us())
        self._wake.set()

    def pause(self) -> None:
        """Stop the time at this instant; attached tracks become muted. Idempotent."""
        with self._lock:
            self._playing = False
            self._timeline.rest(self.clock.now_us())
        self._wake.set()

    @property
    def position(self) -> int:
        """Where in the file this moment lies, µs."""
        played = self._timeline.position(self.clock.now_us())
        rounds = self._deck.rounds if self._deck is not None else (0,)
        begin = next((begin for begin in reversed(rounds) if begin <= played), 0)
        length = self.duration
        return max(0, played - begin if length is None else min(played - begin, length))

    @property
    def over(self) -> bool:
        return self._over

    def close(self) -> None:
        """Tell the thread to end and close the file. Returns at once; idempotent."""
        self._interrupt.set()
        self._wake.set()
        if self.room is not None:
            self.room.changed()

    def join(self, seconds: float = _STOP_SECONDS) -> bool:
        """Wait until the thread has closed everything."""
        ended = self._worker.join(seconds)
        if not ended:
            _logger.warning("%s is still being read: its file object does not answer", self.name)
        return ended

    # ── sources: worker threads ──────────────────────────────────────────────────────────────────

    def attach(self, lane: Lane, delivery: Delivery) -> None:
        """Let a track have a stream's frames from now on."""
        with self._lock:
            over = self._over
            if not over:
                lane.attach(delivery)
                if self._muted:
                    delivery.set_muted(muted=True)
        if over:
            delivery.end(None)
        self._wake.set()

    def detach(self, lane: Lane) -> None:
        """Take a track off; the last one closes the movie, unless it is kept."""
        lane.detach()
        if not self._keep and all(source.idle for source in self.sources):
            self.close()
            self.join()

    # ── the movie's thread ───────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        error: DOMException | None = None
        deck: Deck | None = None
        with self._interrupt:
            try:
                deck = self._open_deck()
                self._wait_for_play()
                if self.free:
                    self._play_free(deck)
                else:
                    self._play_paced(deck)
                error = deck.verdict()
            except _Closed:
                error = AbortError(f"{self.name} was closed")
            except DOMException as raised:
                error = raised
            except Exception as raised:
                _logger.exception("%s: playing failed", self.name)
                error = DOMException(f"{self.name}: {raised}", "UnknownError")
                error.__cause__ = raised
            finally:
                if deck is not None:
                    deck.close()
        self._end(error)

    def _open_deck(self) -> Deck:
        if self._interrupt.is_set():
            raise AbortError(f"Opening {self.name!r} was given up")
        deck = self._deck = Deck(self.location, self._interrupt)
        first = next((lane for lane in deck.lanes if lane.info.kind == "video"), None)
        for lane in deck.lanes:
            lane.warm = self._keep and (lane is first or lane.info.kind == "audio")
        self.duration = deck.duration
        self.sources = tuple(FileSource(self, lane) for lane in deck.lanes)
        self._opened.set()
        if self._on_opened is not None:
            self._on_opened(None)
        return deck

    def _end(self, error: DOMException | None) -> None:
        with self._lock:
            self._over = True
            self._timeline.rest(self.clock.now_us())
        for source in self.sources:
            source.lane.finish(error)
        if not self._opened.is_set():
            self._error = error or InvalidStateError(f"{self.name} was not opened")
            self._opened.set()
            if self._on_opened is not None:
                self._on_opened(self._error)
        elif self._on_over is not None:
            self._on_over(error)

    def _check(self) -> None:
        if self._interrupt.is_set():
            raise _Closed

    def _wait_for_play(self) -> None:
        while not self._playing:
            self._wake.clear()
            self._check()
            if not self._playing:
                self.clock.wait_until(None, self._wake)
        self._check()

    def _mute(self, *, muted: bool) -> None:
        with self._lock:
            if muted == self._muted:
                return
            self._muted = muted
            for source in self.sources:
                source.lane.mute(muted=muted)

    # ── real time ────────────────────────────────────────────────────────────────────────────────

    def _play_paced(self, deck: Deck) -> None:
        self._fill(deck)
        with self._lock:
            self._prerolled = True
            if self._playing:
                self._timeline.run(self.clock.now_us())
        while True:
            found = deck.next_item()
            if found is None:
                if not deck.behind:
                    self._wait_turn(deck.end)
                self._check()
                self._fill(deck)  # repeating may have been asked for meanwhile
                if deck.next_item() is None and not deck.behind:
                    return
                continue
            lane, queue = found
            item = queue[0]
            timestamp = self._wait_turn(item.media)
            queue.popleft()
            lane.hand_over(item, timestamp)
            self._fill(deck)

    def _fill(self, deck: Deck) -> None:
        deck.fill(loop=self.loop, present=self._timeline.position(self.clock.now_us()))

    def _wait_turn(self, media: int) -> int:
        """Wait until ``media`` is due, through pauses; its instant on the clock."""
        clock = self.clock
        while True:
            self._wake.clear()
            self._check()
            due = self._timeline.due(media)
            if due is None:
                self._mute(muted=True)
                if not self._timeline.running:
                    clock.wait_until(None, self._wake)
                continue
            self._mute(muted=False)
            late = clock.now_us() - due
            if late >= 0:
                if late < _RESYNC_US:
                    return due
                _logger.debug("%s: late by %d ms, everything moves", self.name, late // 1000)
                self._timeline.delay(late)
                return due + late
            clock.wait_until(due * 1000, self._wake)

    # ── free clock ───────────────────────────────────────────────────────────────────────────────

    def _play_free(self, deck: Deck) -> None:
        self._wait_for_room(deck)
        self._prerolled = True
        self._timeline.run(self.clock.now_us())
        base = self._timeline.due(0)
        assert base is not None
        room, most = self.room, 1
        assert room is not None
        while True:
            self._wait_for_room(deck)
            lane, found = self._decode_some(deck, most)
            with room.together():
                for of, item in found:
                    of.hand_over(item, base + item.media)
            most = min(2 * most, self._together)
            if lane is not None:
                self._finish_silent(deck, lane)
                continue
            for lane in deck.lanes:
                lane.drain()
                while queue := lane.coded or lane.ready:
                    self._wait_for_room(deck)
                    item = queue.popleft()
                    lane.hand_over(item, base + item.media)
                if not self.loop or deck.error is not None:
                    lane.finish(deck.verdict())
            if not self.loop or not deck.next_pass():
                return

    def _decode_some(self, deck: Deck, most: int) -> tuple[Lane | None, list[tuple[Lane, Item]]]:
        """Read and decode until there are ``most`` items, in order; the latest packet's lane, ``None`` at the end.

        FAST-PATH: a local file's items are handed over by eights, with one wake-up for all of them, which takes the
        CPU time of picture and sound from 1.17 to 1.09 of bare PyAV's; not where a read may wait, nor from the first.
        """
        found: list[tuple[Lane, Item]] = []
        began = time.perf_counter()
        while True:
            lane = deck.read()
            if lane is None:
                return None, found
            deck.decode_next(lane)
            coded, ready = lane.coded, lane.ready
            while coded:
                found.append((lane, coded.popleft()))
            while ready:
                found.append((lane, ready.popleft()))
            if len(found) >= most or time.perf_counter() - began > _TOGETHER_SECONDS:
                return lane, found

    def _finish_silent(self, deck: Deck, present: Lane) -> None:
        """End a track that the file says is over: who waits for its next frame would else hold up nobody."""
        if self.loop:
            return
        for lane in deck.lanes:
            end = lane.info.end
            silent = lane is not present and not lane.finished and present.end > lane.end + _QUIET_US
            if silent and end is not None and lane.end >= end:
                lane.drain()
                lane.finish()

    def _wait_for_room(self, deck: Deck) -> None:
        """Wait until the consumers want more. All lanes share one `Room`: any delivery answers for all."""
        while True:
            self._check()
            delivery = next((found for lane in deck.lanes if (found := lane.delivery) is not None), None)
            if delivery is None or not self._playing:
                self.clock.wait_until(None, self._wake)
            else:
                delivery.wait_for_room(self._wake)
                if not self._wake.is_set():
                    return
            self._wake.clear()


class FileSource(Source):
    """One stream of a `Movie`. Starting and stopping attaches and detaches; the movie plays when it is told to."""

    def __init__(self, movie: Movie, lane: Lane) -> None:
        self.movie = movie
        self.lane = lane
        self.kind: Kind = lane.info.kind
        self.clock = movie.clock
        self.free_running = movie.free
        self.room = movie.room
        self.chunk_format = lane.chunk_format

    @property
    def info(self) -> TrackInfo:
        """What the file says of the stream."""
        return self.lane.info

    @property
    def idle(self) -> bool:
        return self.lane.delivery is None

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode:  # noqa: ARG002 - it has one
        """Deliver from now on; what was played before is gone."""
        self.movie.attach(self.lane, delivery)
        return self.lane.mode

    def stop(self) -> None:
        """Deliver no more; the movie's last source to stop closes the file."""
        self.movie.detach(self.lane)

    def configure(self, settings: Settings) -> bool:  # noqa: ARG002 - all of it is the adapter's
        """Leave every setting to the track's adapter."""
        return True

    def __repr__(self) -> str:
        return f"<FileSource {self.kind} of {self.movie.name!r}>"
