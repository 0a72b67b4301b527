"""`SourceHub`: one source, opened and closed in order, fanned out to the feeds of any number of tracks.

Not for: deciding which mode to open (``_rules``) or what a track is (``capture``).

Rules of the file: open, reconfigure and close run one after another under one lock, on worker threads
only; every start has a delivery of its own, so that a late call of an earlier start reaches nobody; the
last feed to leave closes the source.
"""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mediastreams._engine.frames import Picture, Sound
from mediastreams._engine.room import Room
from mediastreams._engine.worker import after_fork_in_child, reaper, start_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.frames import Chunk
    from mediastreams._engine.processing.processor import SoundProcessor
    from mediastreams._rules.constraints import Constraints
    from mediastreams._rules.sound_processing import Processing
    from mediastreams._rules.values import Kind, Mode, Settings
    from mediastreams.abc import Clock, Delivery, Source, Wake

__all__ = ["Demand", "SourceHub"]

T = TypeVar("T")
_logger = logging.getLogger(__name__)


class Demand(NamedTuple):
    """What one track wants of a source, and which of it its constraints require."""

    target: Settings
    constraints: Constraints | None


class _Delivery:
    """What one start of the source writes to. Cut off by `SourceHub` when that start is over."""

    __slots__ = ("_age", "_hub", "_newer", "_newest", "knows_muted", "open")

    def __init__(self, hub: SourceHub) -> None:
        from mediastreams._engine.convert import age_results

        self._age = age_results
        self._hub = hub
        self._newest: Picture | None = None
        self._newer: dict[object, object] | None = None  # what was made of the one before: pixels are not kept for it
        self.knows_muted = False  # whether the source has said since its start if it can deliver
        self.open = True

    @property
    def wants_frames(self) -> bool:
        return self.open and self._hub.wants_frames

    @property
    def wants_chunks(self) -> bool:
        return self.open and self._hub.wants_chunks

    def deliver(self, data: Picture | Sound | Chunk) -> None:
        if not self.open:
            return
        if isinstance(data, Picture):  # memos live on the newest two pictures
            if self._newer is not None:
                self._age(self._newer)
            self._newer = None if self._newest is None else self._newest.conversions
            self._newest = data
        for feed in self._hub.feeds:
            try:
                feed.push(data)
            except Exception as error:  # noqa: BLE001 - one track's trouble is neither the source's nor the others'
                self._hub.feed_failed(feed, error)

    def set_muted(self, *, muted: bool) -> None:
        if self.open:
            self.knows_muted = True
            self._hub.source_muted(muted=muted)

    def reconfigured(self, mode: Mode) -> None:
        if self.open:
            self._hub.source_reconfigured(mode, by_itself=True)

    def end(self, error: BaseException | None = None) -> None:
        if self.open:
            self.open = False
            self._hub.source_ended(error, self)

    def wait_for_room(self, wake: Wake) -> None:
        if self.open:
            self._hub.room.wait(wake)


class SourceHub:
    """Owns one `Source`. Lives as long as a track or a pending open needs it; any thread."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.feeds: tuple[TrackFeed, ...] = ()
        self.mode: Mode | None = None
        self.settings: Settings = {}
        self.muted = False
        self.ended = False
        self.away = False  # in an interlude: muted for a moment only
        self.room: Room = source.room or Room()
        self.processors: weakref.WeakValueDictionary[Processing, SoundProcessor] = weakref.WeakValueDictionary()
        self.operation = threading.RLock()  # held while the device opens and closes; whoever decides a mode holds it
        self._lock = threading.RLock()  # held for the lists and what goes with them; reentrant, as in `TrackFeed`
        self.pending: tuple[Demand, ...] = ()  # what those want who have opened it and have no feed yet
        self._delivery: _Delivery | None = None
        self._reserved = 0
        self._left = False  # by its last track, and closed: who comes without having opened it comes too late
        after_fork_in_child(self)

    @property
    def kind(self) -> Kind:
        return self.source.kind

    @property
    def clock(self) -> Clock:
        return self.source.clock

    @property
    def newest(self) -> Picture | None:
        """The picture that was delivered last, if any was since the source started. Any thread."""
        delivery = self._delivery
        return None if delivery is None else delivery._newest  # noqa: SLF001 - same file

    @property
    def running(self) -> bool:
        return self._delivery is not None

    @property
    def wants_frames(self) -> bool:
        """Whether a consumer of a track wants decoded frames at present. Any thread."""
        for feed in self.feeds:  # noqa: SIM110 - asked for each packet of a file: no generator
            if feed.wants_frames:
                return True
        return False

    @property
    def wants_chunks(self) -> bool:
        """Whether a consumer of a track wants encoded chunks, or will at their next key frame. Any thread."""
        for feed in self.feeds:  # noqa: SIM110 - the same
            if feed.wants_chunks:
                return True
        return False

    # ── open, reconfigure, close: worker threads only, in order ────────────────────────────────────

    def open(self, mode: Mode | None, settings: Settings, demand: Demand | None = None) -> Mode | None:
        """Start the source, or bring the running one to ``mode``; reserves it until `release`.

        Returns the mode it really runs in. A mode that needs no change opens nothing. ``demand``: what the track will
        want of it; whoever opens it meanwhile heeds that.
        """
        with self.operation:
            with self._lock:
                self._reserved += 1
                if demand is not None:
                    self.pending = (*self.pending, demand)
            try:
                if self.ended:  # it was unplugged and is back
                    self._stop()
                if not self.running:
                    return self._start(mode, settings)
                if mode != self.mode or dict(settings) != dict(self.settings):
                    return self._change(mode, settings)
                return self.mode
            except BaseException:
                self.release()
                raise

    def reconfigure(self, mode: Mode | None, settings: Settings) -> Mode | None:
        """Bring the running source to another mode and settings."""
        with self.operation:
            try:
                return self._change(mode, settings) if self.running else mode
            finally:
                self._close_soon()  # the last track may have left while it stood still between the two modes

    def interlude(self, mode: Mode, settings: Settings, delivery: Delivery, wait: Callable[[], T]) -> T:
        """Run the source in another mode for a while, into ``delivery``: until ``wait`` returns, and with its answer.

        Meanwhile the tracks are muted; afterwards they go on in the mode they had, unmuted.
        """
        with self.operation:
            before, own = self.mode, self.settings
            self.away = True
            self.source_muted(muted=True)
            self._stop()
            try:
                try:
                    self.source.start(mode, settings, delivery)
                    return wait()
                finally:
                    self.source.stop()
            finally:
                with self._lock:
                    self._left = not self.feeds and not self._reserved  # nobody is there who would have closed it
                if not self._left:
                    self._resume(before, own)
                    self._close_soon()
                self.away = False

    def _resume(self, mode: Mode | None, settings: Settings) -> None:
        """Start again as before; what fails now is the tracks' end."""
        try:
            actual = self._start(mode, settings)
        except Exception as error:  # noqa: BLE001 - told to the tracks
            self.source_ended(error)
        else:
            if actual != mode:
                self.source_reconfigured(actual)

    def _start(self, mode: Mode | None, settings: Settings) -> Mode | None:
        delivery = _Delivery(self)
        with self._lock:
            self.ended = self._left = False
            self._delivery = delivery
        reaper.stand_by(self.look_after)
        try:
            self.mode = self.source.start(mode, settings, delivery)
        except BaseException:
            self._stop()
            raise
        # Whoever starts says anew that it cannot deliver. Asked afterwards: a source that is opened anew while it is
        # muted does not unmute in between.
        with self._lock:
            if not delivery.knows_muted:
                self.source_muted(muted=False)
        self.settings = dict(settings)
        _logger.debug("%r runs in %r", self.source, self.mode)
        return self.mode

    def _change(self, mode: Mode | None, settings: Settings) -> Mode | None:
        changed = {name: value for name, value in settings.items() if self.settings.get(name) != value}
        if mode == self.mode and self.source.configure(changed):
            self.settings = dict(settings)
            return mode
        before, old_settings = self.mode, self.settings
        self._stop()
        self.source_reconfigured(mode)  # before the first frame: the tracks change their adapters
        try:
            actual = self._start(mode, settings)
        except Exception:
            # The device refused the new mode: the tracks that live must get their old one back.
            self.source_reconfigured(before)
            try:
                self._start(before, old_settings)
            except Exception as error:  # noqa: BLE001 - told to the tracks as their end
                self.source_ended(error)
            raise
        if actual != mode:
            self.source_reconfigured(actual)
        return actual

    def _stop(self) -> None:
        with self._lock:
            delivery, self._delivery = self._delivery, None
        if delivery is not None:
            delivery.open = False
            try:
                self.source.stop()
            except Exception:  # the border: what cannot be closed is left behind, and the next start will tell
                _logger.warning("%r could not be stopped properly", self.source, exc_info=True)
            finally:
                reaper.stand_down(self.look_after)
                _logger.debug("%r stopped", self.source)

    def close_if_unused(self) -> None:
        """Stop the source when no feed and no reservation is left. Blocks: worker threads only."""
        with self.operation:
            with self._lock:
                if self.feeds or self._reserved:
                    return
                self._left = True
            self._stop()

    def processor_for(self, processing: Processing) -> SoundProcessor:
        """The one processor of all tracks that want the same done to the sound. Lives while one of them does."""
        from mediastreams._engine.processing.library import library
        from mediastreams._engine.processing.processor import SoundProcessor

        with self._lock:
            found = self.processors.get(processing)
            if found is None:
                found = self.processors[processing] = SoundProcessor(processing, library.make, self.clock)
            return found

    # ── feeds ────────────────────────────────────────────────────────────────────────────────────

    def add_feed(self, feed: TrackFeed) -> None:
        """Take a feed in, with what has happened to the source since the feed was made.

        A reservation made by `open` is used up by its `release`, not here. Without one (a clone) the source may have
        been closed meanwhile: the feed has ended then.
        """
        with self._lock:
            if self._left or self.ended:  # it is not taken in: who has ended leaves by himself and is not waited for
                feed.ended = True
                return
            self.feeds = (*self.feeds, feed)
            if feed.muted != self.muted:
                feed.source_muted(muted=self.muted)

    def remove_feed(self, feed: TrackFeed) -> None:
        """Let a feed go; the last one closes the source, on a thread. Any thread; idempotent."""
        with self._lock:
            if feed not in self.feeds:
                return
            self.feeds = tuple(other for other in self.feeds if other is not feed)
        self.room.changed()
        self._close_soon()

    def release(self) -> None:
        """Give back a reservation of `open`."""
        with self._lock:
            self._reserved = max(0, self._reserved - 1)  # one of before a fork is none of the child's
            if not self._reserved:
                self.pending = ()
        self._close_soon()

    def _close_soon(self) -> None:
        if not self.feeds and not self._reserved and self.running:
            start_thread("close", self.close_if_unused)

    # ── what the source says: its own thread ────────────────────────────────────────────────────────

    def source_muted(self, *, muted: bool) -> None:
        with self._lock:  # told in here: a feed that is just coming must not hear an older state after a newer one
            if muted != self.muted:
                self.muted = muted
                for feed in self.feeds:
                    feed.source_muted(muted=muted)

    def source_reconfigured(self, mode: Mode | None, *, by_itself: bool = False) -> None:
        """Tell the tracks of another mode: one that a track asked for, or that the source took ``by_itself``."""
        self.mode = mode
        if mode is None:
            return
        for feed in self.feeds:
            feed.source_reconfigured(mode, by_itself=by_itself)

    def source_ended(self, error: BaseException | None, of: _Delivery | None = None) -> None:
        """End all tracks, and close. ``of``: the start that is over; of a former one it says nothing any more."""
        with self._lock:  # as one: who opens it anew meanwhile comes before or after, and its track with it
            if of is not None and of is not self._delivery:
                return
            self.ended = True
            feeds, self.feeds = self.feeds, ()
        for feed in feeds:
            self._end_feed(feed, error)
        self._close_soon()

    def _end_feed(self, feed: TrackFeed, error: BaseException | None) -> None:
        """Tell one track of its end. What its consumers make of that keeps neither the others nor the closing."""
        try:
            feed.source_ended(error)
        except Exception:
            _logger.exception("A consumer of %r failed at its end", self.source)

    def look_after(self) -> None:
        """Let tracks go that nobody can hear any more. The reaper's thread, now and then."""
        for feed in self.feeds:
            feed.let_go()

    def feed_failed(self, feed: TrackFeed, error: Exception) -> None:
        """One track could not take a frame: it ends, the others go on."""
        _logger.warning("A track of %r ends: its frames cannot be made: %s", self.source, error, exc_info=error)
        with self._lock:
            self.feeds = tuple(other for other in self.feeds if other is not feed)
        feed.adapter = None
        self._end_feed(feed, error)
        self._close_soon()

    def after_fork(self) -> None:
        """The child has no reader: everything of the parent is dead here. Takes no lock, joins nothing."""
        self.operation = threading.RLock()
        self._lock = threading.RLock()
        self._delivery = None
        self._reserved, self.pending = 0, ()
        self.away, self.ended = False, True
        for feed in self.feeds:
            feed.after_fork()
        self.feeds = ()
