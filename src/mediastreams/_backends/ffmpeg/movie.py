"""`Movie`: one file or URL that plays.

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
from typing import TYPE_CHECKING, Final

from mediastreams._backends.ffmpeg.file_source import FileSource
from mediastreams._backends.ffmpeg.interrupts import Interrupt
from mediastreams._backends.ffmpeg.live_deck import LiveDeck, open_deck
from mediastreams._backends.ffmpeg.live_play import LivePlay
from mediastreams._backends.ffmpeg.locations import MediaInput, locate
from mediastreams._backends.ffmpeg.movie_watcher import MovieListener, MovieWatcher, Request
from mediastreams._backends.ffmpeg.timeline import Timeline
from mediastreams._engine.clock import get_clock
from mediastreams._engine.room import Room
from mediastreams._engine.worker import Worker
from mediastreams.errors import AbortError, DOMException, InvalidStateError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from mediastreams._backends.ffmpeg.deck import Deck
    from mediastreams._backends.ffmpeg.items import Item
    from mediastreams._backends.ffmpeg.lanes import Lane
    from mediastreams.abc import Clock, Delivery, Wake

__all__ = ["Movie"]

_logger = logging.getLogger(__name__)
_RESYNC_US: Final = 500_000
_STOP_SECONDS: Final = 1.0
_STARVED_US: Final = 100_000
_TOGETHER: Final = 16


class _Closed(Exception):
    """The movie's thread was told to end."""


class _Sought(Exception):
    """Another place of the file is wanted."""


class Movie:
    """Plays one input. Made at rest; `open` blocks until the tracks are known, `play` lets time pass.

    ``free``: no clock of its own. ``loop`` may be changed while it plays. ``keep``: it stays open while no track
    wants it; else the last one to stop closes it. ``watcher``: a media element, for which it stays open after its end;
    ``shown``: which shows its pictures. Else they are decoded for tracks only. Any thread.
    """

    def __init__(
        self,
        src: MediaInput,
        *,
        free: bool = False,
        loop: bool = False,
        keep: bool = False,
        watcher: MovieWatcher | None = None,
        shown: bool = True,
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
        self._keep = keep or watcher is not None
        self._watcher = watcher
        self._shown = shown
        self._request: Request | None = None
        self._tickets = 0
        self._seeking = False
        self._round = 0
        self._rate = 1.0
        self._preserves_pitch = True
        self._handed = 0  # µs of the clock: when everything that was handed over will have been heard
        self._ending = False
        self._timeline = Timeline()
        self._interrupt = Interrupt()
        self._wake = self.clock.wake()
        self._lock = threading.Lock()
        self._opened = threading.Event()
        self._on_opened: MovieListener | None = None
        self._error: DOMException | None = None
        self._playing = False
        self._prerolled = False
        self._muted = self._keep
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
        """Let time pass, from where it stands: for who has come meanwhile, from what is there to be had. Idempotent."""
        with self._lock:
            self._playing = True
            if self._prerolled and self.live:
                self._timeline.run(self.clock.now_us())
        self._wake.set()

    def pause(self) -> None:
        """Stop the time at this instant; attached tracks become muted. Idempotent."""
        with self._lock:
            self._playing = False
            self._timeline.rest(self.clock.now_us())
        self._wake.set()

    def seek(self, target: int, *, exact: bool = True) -> int:
        """Go to a place of the file, µs; of several calls that came meanwhile the last one counts. Its ticket.

        Not ``exact``: to a place near it that is reached faster.
        """
        with self._lock:
            self._tickets += 1
            self._request = Request(target, exact, self._tickets)
        self._wake.set()
        return self._tickets

    def set_rate(self, rate: float, *, preserves_pitch: bool) -> None:
        """Play faster or slower from now on; at 0 it stands. Sound is heard between `SLOWEST` and `FASTEST`."""
        with self._lock:
            self._rate = rate
            self._preserves_pitch = preserves_pitch
            self._timeline.set_rate(rate, self.clock.now_us())
            for source in self.sources:
                self._set_lane(source.lane)
                source.lane.mute(muted=self._muted)
        self._wake.set()

    def _set_lane(self, lane: Lane) -> None:
        lane.rate, lane.preserves_pitch = self._rate, self._preserves_pitch

    @property
    def starving(self) -> bool:
        """Whether time has passed what could be read: the network, or the decoder, is too slow."""
        deck = self._deck
        if deck is None or not self._prerolled or self._ending or self._request is not None:
            return False
        return self._timeline.position(self.clock.now_us()) > deck.end + _STARVED_US

    @property
    def seekable(self) -> bool:
        """Whether other places of it can be reached."""
        return self.location.again and self.duration is not None

    @property
    def position(self) -> int:
        """Where in the file this moment lies, µs."""
        if (request := self._request) is not None:
            return request.target
        played = self._timeline.position(self.clock.now_us())
        rounds = self._deck.rounds if self._deck is not None else (0,)
        begin = next((begin for begin in reversed(rounds) if begin <= played), 0)
        length = self.duration
        if self._deck is not None and self._prerolled:
            played = min(played, max(self._deck.end, begin))
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
                if self._watcher is None:
                    self._wait_for_play()
                if isinstance(deck, LiveDeck):
                    LivePlay(self, deck).run()
                elif self.free:
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
        deck = self._deck = open_deck(self.location, self._interrupt, self.clock, self._wake, self._network_waits)
        if isinstance(deck, LiveDeck):
            self.free, self.room = False, None  # it comes at its own pace
        first = next((lane for lane in deck.lanes if lane.info.kind == "video"), None)
        for lane in deck.lanes:
            lane.warm = self._keep and (lane.info.kind == "audio" or (self._shown and lane is first))
            self._set_lane(lane)
        if first is not None and self._watcher is not None and self._shown:
            first.watcher = self._watcher.movie_shows
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
        elif self._watcher is not None:
            self._watcher.movie_over(error)

    def _check(self) -> None:
        if self._interrupt.is_set():
            raise _Closed
        if self._request is not None and not self._seeking:
            raise _Sought

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

    def _network_waits(self, waiting: bool) -> None:  # noqa: FBT001 - a call-back's one argument
        """Mute while nothing comes; in real time it is the next frame that unmutes."""
        if waiting or self.free:
            self._mute(muted=waiting)

    # ── real time ────────────────────────────────────────────────────────────────────────────────

    def _play_paced(self, deck: Deck) -> None:
        self._fill(deck)
        if deck.next_item() is None and not deck.behind and (error := deck.verdict()) is not None:
            raise error  # there is nothing that could be played
        with self._lock:
            self._prerolled = True
            if self._playing:
                self._timeline.run(self.clock.now_us())
        if self._watcher is not None:
            if not self._playing:
                self._preview(deck)
            self._watcher.movie_ready()
        while True:
            try:
                self._play_on(deck)
                if self._watcher is None or deck.verdict() is not None:
                    return
                self._rest_at_end(deck)
            except _Sought:
                self._go_to_request(deck)

    def _preview(self, deck: Deck) -> None:
        """Let what comes next be seen though it is at rest."""
        for lane in deck.lanes:
            if lane.watcher is not None:
                lane.preview(self.clock.now_us())

    def _rest_at_end(self, deck: Deck) -> None:
        """Say that it is played to its end, and wait until somebody wants another place of it."""
        with self._lock:
            if self.duration is None:
                self.duration = deck.end - deck.begin
            self._ending = True
            self._playing = False
            self._timeline.rest(self.clock.now_us())
        for source in self.sources:
            source.lane.finish()
        assert self._watcher is not None
        self._watcher.movie_at_end()
        while True:
            self._wake.clear()
            self._check()
            self.clock.wait_until(None, self._wake)

    def _go_to_request(self, deck: Deck) -> None:
        """Go where the newest request wants it; one that comes meanwhile takes its place."""
        while (request := self._request) is not None:
            error: DOMException | None = None
            try:
                self._seeking = True
                deck.seek(request.target, exact=request.exact, check=lambda: self._check_for(request))
            except _Sought:
                continue
            except AbortError:
                raise
            except DOMException as raised:
                error = raised
            finally:
                self._seeking = False
            reached = request.target if request.exact else deck.begin_of_items(request.target)
            now = self.clock.now_us()
            with self._lock:
                if self._request is not request:
                    continue
                self._request = None
                self._ending = False
                if self._playing:
                    self._timeline.run(now)
                self._timeline.jump(reached, now)
                self._timeline.delay(max(0, min(self._handed - now, _RESYNC_US)))  # nothing is stamped twice
                playing = self._playing
            assert self._watcher is not None
            if not playing or self._rate == 0:
                self._preview(deck)
            self._watcher.movie_sought(request.ticket, error)
            if error is not None:
                raise error

    def _check_for(self, request: Request) -> None:
        self._check()
        if self._request is not request:
            raise _Sought

    def _play_on(self, deck: Deck) -> None:
        """Play until there is nothing more."""
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
            timestamp = self._wait_turn(item.media, deck)
            if timestamp is None:
                self._fill(deck)
                continue
            queue.popleft()
            begin = self._begin_of(deck, item)
            lane.hand_over(item, timestamp, begin)
            if lane.info.kind == "audio":
                self._handed = max(self._handed, timestamp + lane.latest_us)
            self._fill(deck)

    def _begin_of(self, deck: Deck, item: Item) -> int:
        """When the round began to which an item belongs; who watches hears of a new one."""
        if deck.begin == 0:
            self._round = 0
            return 0
        begin = next((begin for begin in reversed(deck.rounds) if begin <= item.media), 0)
        if begin > self._round:
            self._round = begin
            if self._watcher is not None:
                self._watcher.movie_repeats()
        return begin

    def _fill(self, deck: Deck) -> None:
        deck.fill(loop=self.loop, present=self._timeline.position(self.clock.now_us()))

    def _wait_turn(self, media: int, deck: Deck | None = None) -> int | None:
        """Wait until ``media`` is due, through pauses; its instant on the clock.

        ``None``: there is something better to do, for who has come to ``deck`` in between.
        """
        clock = self.clock
        while True:
            self._wake.clear()
            self._check()
            due = self._timeline.due(media)
            if due is None:
                if deck is not None and deck.lags:
                    return None
                if self._begin_time():
                    continue
                self._mute(muted=True)
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
            if deck is not None and deck.lags:
                return None
            clock.wait_until(due * 1000, self._wake)

    def _begin_time(self) -> bool:
        """Let time pass if it is to, now that what comes first is decoded; whether it had stood."""
        with self._lock:
            if not self._playing or self._timeline.running:
                return False
            self._timeline.run(self.clock.now_us())
            return True

    # ── live: what `LivePlay` needs of the movie ─────────────────────────────────────────────────

    @property
    def live(self) -> bool:
        """Whether it comes as it happens, and has no end."""
        return isinstance(self._deck, LiveDeck)

    @property
    def live_playing(self) -> bool:
        """Whether what comes is to be handed over."""
        return self._playing

    @property
    def live_muted(self) -> bool:
        """Whether tracks begin muted."""
        return self._muted

    def live_look(self) -> Wake:
        """Make ready for the next wait, on what is returned. What is live cannot be sought: it stays where it is."""
        self._wake.clear()
        if self._interrupt.is_set():
            raise _Closed
        request, self._request = self._request, None
        if request is not None and self._watcher is not None:
            self._watcher.movie_sought(request.ticket, None)
        return self._wake

    def live_ready(self) -> None:
        """Say that the first item is there."""
        self._prerolled = True
        if self._watcher is not None:
            assert self._deck is not None
            if not self._playing:
                self._preview(self._deck)
            self._watcher.movie_ready()

    def live_at(self, media: int, now: int) -> None:
        """Let this moment be ``media``, and time pass from it on."""
        with self._lock:
            self._timeline.jump(media, now)
            self._timeline.run(now)

    def live_mute(self, silent: AbstractSet[Lane]) -> None:
        """Let these lanes be muted and no others."""
        with self._lock:
            self._muted = len(silent) == len(self.sources)
            for source in self.sources:
                source.lane.mute(muted=source.lane in silent)

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
            lane, found = deck.decode_some(most)
            with room.together():
                while found:  # not kept while the next are decoded
                    of, item = found.popleft()
                    of.hand_over(item, base + item.media)
                    del item
            most = min(2 * most, self._together)
            if lane is not None:
                if not self.loop:
                    deck.finish_silent(lane)
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
