"""`LivePlay`: the movie's thread while it plays something live: what arrives is decoded, stamped and handed over.

Not for: files (``movie.py``), reading and opening again (``live_reader.py``).

Rules of the file: live time passes whether the movie plays or not: while it is paused, what comes is thrown away. What
is pushed is handed over when it is there, what is fetched when it is due. Tracks mute when the connection is lost, or
when nothing has come for a second (four pictures' time, where those are rare), and unmute with their next frame.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections import deque

    from mediastreams._backends.ffmpeg.items import Item
    from mediastreams._backends.ffmpeg.lanes import Lane
    from mediastreams._backends.ffmpeg.live_deck import LiveDeck
    from mediastreams._backends.ffmpeg.movie import Movie

__all__ = ["LivePlay"]

_logger = logging.getLogger(__name__)
_TICK_US: Final = 20_000  # while it is being found out what time it is
_STALE_US: Final = 250_000  # of what was sent before we listened only the newest picture counts
_LATE_US: Final = 500_000
_SILENT_US: Final = 1_000_000
_SILENT_PICTURES: Final = 4
_LAG_US: Final = 200_000  # what an element may wait for before it says that it waits


class LivePlay:
    """One run, on the movie's thread, until the movie is closed or the stream is over."""

    def __init__(self, movie: Movie, deck: LiveDeck) -> None:
        self._movie = movie
        self._deck = deck
        self._clock = movie.clock
        self._times = deck.times
        self._entry = 0
        self._fresh: set[Lane] = set()
        self._muted: frozenset[Lane] = frozenset(deck.lanes if movie.live_muted else ())
        self._ready = False
        self._running = False
        self._heard = self._clock.now_us()  # when something was handed over last
        self._stamps: dict[Lane, int] = {}
        rare = max((lane.interval_us for lane in deck.lanes if lane.info.kind == "video"), default=0)
        self._patience = max(_SILENT_US, _SILENT_PICTURES * rare)

    def run(self) -> None:
        """Play until `Movie.close`, which ends it with the movie's own exception, or until nothing more will come."""
        movie, deck, clock = self._movie, self._deck, self._clock
        deck.start()
        while True:
            wake = movie.live_look()
            now = clock.now_us()
            worked = deck.take(self._times.media_at(now))
            if deck.entries != self._entry:
                self._enter()
            wait = self._hand_over()
            if self._look_around():
                return
            if not worked and wait is not None:
                clock.wait_until(wait * 1000, wake)

    def _enter(self) -> None:
        """A connection was taken up."""
        self._entry = self._deck.entries
        self._fresh = set(self._deck.lanes)
        self._heard = self._clock.now_us()

    def _hand_over(self) -> int | None:
        """Hand over what is due; when something is due next (``None``: now)."""
        deck, times = self._deck, self._times
        while True:
            now = self._clock.now_us()
            found = deck.next_item()
            if found is None:
                return now + (_TICK_US if times.media_at(now) is None else self._patience)
            lane, queue = found
            if not times.settle(now, queue[0].media):
                return now + _TICK_US
            due = times.due(queue[0].media, now)
            if due > now:
                return min(due, now + self._patience)
            if not times.pushed and now - due > _LATE_US:
                _logger.debug("%s: late by %d ms, everything moves", self._movie.name, (now - due) // 1000)
                times.delay(now - due)
                continue
            self._give(lane, queue, due, now)
            if deck.take(times.media_at(now)) and deck.entries != self._entry:
                self._enter()
                return None

    def _give(self, lane: Lane, queue: deque[Item], due: int, now: int) -> None:
        movie = self._movie
        if not self._ready:
            self._ready = True
            movie.live_ready()
        playing = movie.live_playing
        if playing and not self._running:
            movie.live_at(queue[0].media - _LAG_US, now)
        self._running = playing
        item = queue.popleft()
        if lane in self._fresh and queue is lane.ready:
            if now - due > _STALE_US and (lane.info.kind == "audio" or (queue and queue[0].payload is not None)):
                return
            self._fresh.discard(lane)
        self._heard = now
        if not playing:
            return
        if lane in self._muted:
            self._mute(self._muted - {lane})
        last = self._stamps.get(lane, due - 1)
        if due <= last and queue is lane.ready:
            return  # it turned out that what came before was late: it is made up for
        self._stamps[lane] = max(due, last + 1)
        lane.hand_over(item, self._stamps[lane])

    def _look_around(self) -> bool:
        """Mute what is silent; whether the stream is over."""
        deck = self._deck
        nothing = deck.next_item() is None
        silent = self._clock.now_us() - self._heard > self._patience
        if (deck.lost and nothing) or silent or not self._movie.live_playing:
            self._mute(frozenset(deck.lanes))
        return deck.over and nothing

    def _mute(self, silent: frozenset[Lane]) -> None:
        if silent != self._muted:
            self._muted = silent
            self._movie.live_mute(silent)
