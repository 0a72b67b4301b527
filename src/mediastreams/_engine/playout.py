"""`Playout`: the sound of one player: any number of voices, mixed, on one output at a time.

Not for: when a voice's samples are due (``voices.py``), for pictures (``shown_pictures.py``) or for opening devices.

Rules of the file: the sink drives; all rendering is on its thread. Without a device a `NullSink` drives while there are
voices, so that everything goes on as if it were heard. `use` and `close` block and run one after another; all
else may be called from any thread and never waits for a device. Nothing calls a sink while holding a lock that
rendering takes.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Sound
from mediastreams._engine.null_sink import NullSink
from mediastreams._engine.processing.heard import Block, heard
from mediastreams._engine.voices import MARGIN_US, Ask, Delay, SupplyVoice, TrackVoice, Voice
from mediastreams._engine.worker import after_fork_in_child, reaper, start_thread
from mediastreams._rules.channel_mixing import layout_name
from mediastreams._rules.values import AudioMode
from mediastreams.errors import InvalidStateError, NotReadableError

if TYPE_CHECKING:
    from types import TracebackType

    import numpy.typing as npt

    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.frames import Picture
    from mediastreams._rules.values import Mode, Settings
    from mediastreams.abc import Clock, Sink

    Samples = npt.NDArray[np.float32]

__all__ = ["Playout"]

_logger = logging.getLogger(__name__)
JUMP_US: Final = 20_000
"""When an output's instants are further off its count of samples than this, it stood still."""
_LONGEST_FAREWELL_US: Final = 500_000


class Playout:
    """Plays tracks and supplies of samples, mixed. Lives until `close`; owns its sink.

    ``on_lost`` is called, on any thread, with the error when the device has gone; the voices go on unheard until `use`.
    ``margin_us``: see `MARGIN_US` in ``voices.py``.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        on_lost: Callable[[BaseException | None], None] | None = None,
        margin_us: int | None = None,
    ) -> None:
        self._clock = clock or get_clock()
        self._margin_us = MARGIN_US if margin_us is None else margin_us
        self._on_lost = on_lost
        self._operation = threading.Lock()  # `use` and `close`
        self._lock = threading.RLock()  # the lists; reentrant, since the collector may run somebody's finaliser in here
        self._rendering = threading.Lock()
        self._voices: tuple[Voice, ...] = ()
        self._outlet: _Outlet | None = None
        self._outlets: set[_Outlet] = set()  # that have to be stopped some time
        self._delay = Delay()
        self._volume = 1.0
        self._muted = False
        self._closed = False
        reaper.stand_by()
        after_fork_in_child(self)

    # ── what sounds ──────────────────────────────────────────────────────────────────────────────

    def add(self, feed: TrackFeed) -> TrackVoice:
        """Sound a track, from now on.

        Raises:
            InvalidStateError: this is closed.
        """
        voice = TrackVoice(feed, self._delay)
        self._take_in(voice)
        return voice

    def add_supply(self, read: Callable[[int, AudioMode, int], Samples | None]) -> Voice:
        """Sound what ``read(length, mode, at)`` makes: ``[channels, length]``, or ``None`` for silence.

        It is called on the sink's thread, at the device's rate; ``at`` is the instant at which it will be heard.

        Raises:
            InvalidStateError: this is closed.
        """
        voice = SupplyVoice(read)
        self._take_in(voice)
        return voice

    def _take_in(self, voice: Voice) -> None:
        with self._lock:
            if not self._closed:
                self._voices = (*self._voices, voice)
        if self._closed:
            voice.close()
            raise InvalidStateError("This output is closed")
        self._go_on_unheard()

    @property
    def voices(self) -> tuple[Voice, ...]:
        """What has been added and neither closed nor ended."""
        return tuple(voice for voice in self._voices if not voice.finished)

    @property
    def volume(self) -> float:
        """A factor for everything; a change takes one block, without a click. Any thread."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._volume = float(volume)

    @property
    def muted(self) -> bool:
        """Whether silence is heard instead. Any thread."""
        return self._muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        self._muted = bool(muted)

    # ── when it is heard ─────────────────────────────────────────────────────────────────────────

    @property
    def latency(self) -> int:
        """µs from a timestamp to the ear, as of now."""
        return round(self._delay.us or 0)

    @property
    def position(self) -> int:
        """The timestamp of what is heard now: µs of the clock."""
        return self._clock.now_us() - self.latency

    # ── where it is heard ────────────────────────────────────────────────────────────────────────

    @property
    def sink(self) -> Sink | None:
        """The device in use."""
        outlet = self._outlet
        return None if outlet is None or outlet.nowhere else outlet.sink

    @property
    def mode(self) -> AudioMode | None:
        """In which mode the device is asked for sound; ``None``: nothing is asked for."""
        outlet = self._outlet
        return None if outlet is None else outlet.mode

    def use(self, sink: Sink | None, *, latency: float | None = None) -> None:
        """Go over to another device, or to none; the former one is stopped when it has sounded what it holds.

        Blocks while the device opens: for worker threads. ``latency``: seconds that the device may hold back, less for
        talk, more for machines that are busy; without it, the device's usual ones.

        Raises:
            InvalidStateError: this is closed.
            NotFoundError, NotReadableError, NotAllowedError: it does not open; the former one goes on.
        """
        with self._operation:
            if self._closed:
                raise InvalidStateError("This output is closed")
            new = None if sink is None else _Outlet(self, sink)
            if new is not None:
                self._start(new, {} if latency is None else {"latency": latency})
            with self._lock:
                lost = new is not None and new.lost
                old = self._outlet
                if not lost:
                    self._outlet = new
            if new is not None and lost:
                self._stop(new)
                raise new.error or NotReadableError("The output went away as it was opened")
            if old is not None:
                self._stop_later(old)
        if new is None:
            self._go_on_unheard()

    def _start(self, outlet: _Outlet, settings: Settings) -> None:
        with self._lock:
            self._outlets.add(outlet)
        try:
            outlet.start(settings)
        except BaseException:
            self._stop(outlet)
            raise

    def _stop(self, outlet: _Outlet, *, wait: bool = True) -> None:
        outlet.stop(wait=wait)
        with self._lock:
            self._outlets.discard(outlet)

    def _stop_soon(self, outlet: _Outlet) -> None:
        start_thread("leave output", partial(self._stop, outlet))

    def _stop_later(self, outlet: _Outlet) -> None:
        """Stop a former output when everything it has been given is heard."""
        now = self._clock.now_us()
        last = min(outlet.until, now + _LONGEST_FAREWELL_US)
        if outlet.nowhere or outlet.lost or last <= now:
            self._stop(outlet)
        else:
            self._clock.call_at(last * 1000, partial(self._stop_soon, outlet))

    def _go_on_unheard(self) -> None:
        """Let nowhere drive while there are voices and no device."""
        with self._lock:
            if self._closed or self._outlet is not None or not self._voices:
                return
            outlet = self._outlet = _Outlet(self, NullSink("audio", self._clock), nowhere=True)
        self._start(outlet, {})
        if self._outlet is not outlet:  # somebody was faster
            self._stop(outlet)

    def _lost(self, outlet: _Outlet) -> None:
        """An output has gone. Any thread, the sink's own for one, which cannot wait for its own end."""
        with self._lock:
            if outlet is not self._outlet:
                return  # not in use yet, or no more
            self._outlet = None
        _logger.debug("%r has gone: %s", outlet.sink, outlet.error)
        self._stop_soon(outlet)
        self._go_on_unheard()
        if self._on_lost is not None:
            self._on_lost(outlet.error)

    def close(self) -> None:
        """End everything. Blocks until no device is open; idempotent."""
        with self._operation:
            with self._lock:
                was_closed, self._closed = self._closed, True
                voices, self._voices = self._voices, ()
                outlets, self._outlet = list(self._outlets), None
            for voice in voices:
                voice.close()
            for outlet in outlets:
                self._stop(outlet)
        if not was_closed:
            reaper.stand_down()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            reaper.put(partial(_let_go, self._outlets, self._voices))

    def after_fork(self) -> None:
        """The child has neither devices nor their threads."""
        self._operation, self._lock, self._rendering = threading.Lock(), threading.RLock(), threading.Lock()
        self._closed = True
        self._voices, self._outlet, self._outlets = (), None, set()

    # ── the sink's thread ────────────────────────────────────────────────────────────────────────

    def _render(self, outlet: _Outlet, length: int, at: int) -> Samples:
        with self._rendering:  # for an instant two sinks may ask, when one follows the other
            if outlet is not self._outlet or outlet.mode is None:
                outlet.fresh = True
                return _silence(2 if outlet.mode is None else outlet.mode.channel_count, length)
            ask = outlet.count(length, at, self._clock.now_us(), self._delay)._replace(margin=self._margin_us)
            volume = 0.0 if self._muted else self._volume
            mixed: Samples | None = None
            remote: Samples | None = None
            over = False
            for voice in self._voices:
                samples = self._rendered(voice, ask)
                over = over or voice.finished
                gain = volume * voice.gain
                before, voice.sounded = gain if voice.sounded is None else voice.sounded, gain
                if samples is None or (gain == 0 and before == 0):
                    continue
                if gain != before:
                    samples = samples * np.linspace(before, gain, length, dtype=np.float32)
                elif gain != 1:
                    samples = samples * np.float32(gain)
                mixed = samples if mixed is None else mixed + samples
                if voice.remote:
                    remote = samples if remote is None else remote + samples
        if outlet.sink.audible:
            self._tell(outlet, ask, mixed, remote)
        if over:
            self._forget()
        if mixed is None:
            return _silence(ask.mode.channel_count, length)
        return np.clip(mixed, -1, 1)

    def _tell(self, outlet: _Outlet, ask: Ask, mixed: Samples | None, remote: Samples | None) -> None:
        """Let those know who have to take out of a microphone what is heard here."""
        for samples, remote_only in ((mixed, False), (remote, True)):
            found = [] if samples is None else heard.by(self._clock, remote_only=remote_only)
            if samples is None or not found:
                continue
            sound = Sound(np.clip(samples, -1, 1), ask.mode.sample_rate, ask.at, layout_name(samples.shape[0]))
            block = Block(id(outlet), sound, ask.at - self._clock.now_us())
            for ears in found:
                ears.put(block)

    def _rendered(self, voice: Voice, ask: Ask) -> Samples | None:
        if voice.finished:
            return None
        try:
            return voice.render(ask)
        except Exception:  # one voice's trouble is not the others'
            _logger.warning("A voice is left out: its sound cannot be made", exc_info=True)
            voice.close()
            return None

    def _forget(self) -> None:
        """Let go of voices that are over, and of nowhere when nobody is left."""
        with self._lock:
            self._voices = tuple(voice for voice in self._voices if not voice.finished)
            outlet = self._outlet
            if self._voices or outlet is None or not outlet.nowhere:
                return
            self._outlet = None
        self._stop(outlet, wait=False)

    def __repr__(self) -> str:
        return f"<Playout of {len(self.voices)} voices to {self.sink!r}>"


class _Outlet:
    """The supply of one sink. Knows its playout weakly: an output that is forgotten is closed by the collector."""

    def __init__(self, playout: Playout, sink: Sink, *, nowhere: bool = False) -> None:
        self._playout = weakref.ref(playout)
        self._stopping = threading.Lock()
        self._stopped = False
        self._over = threading.Event()
        self.sink = sink
        self.nowhere = nowhere
        self.mode: AudioMode | None = None
        self.lost = False
        self.error: BaseException | None = None
        self.fresh = True  # nothing was heard of it yet
        self.until = 0  # µs of the clock: when the last sample it was given will have been heard
        self._position = 0

    def start(self, settings: Settings) -> None:
        mode = self.sink.start(None, settings, self)
        if self.mode is None and isinstance(mode, AudioMode):
            self.mode = mode

    def stop(self, *, wait: bool = True) -> None:
        """Stop the sink; when another thread is about it, wait for that. Not ``wait``: from the sink's own thread."""
        with self._stopping:
            first, self._stopped = not self._stopped, True
        if first:
            try:
                self.sink.stop()
            finally:
                self._over.set()
        elif wait:
            self._over.wait()

    def count(self, length: int, at: int, now: int, delay: Delay) -> Ask:
        """Count on, and look whether the output stood still."""
        assert self.mode is not None
        jump = 0 if self.fresh else at - self.until
        if self.fresh:
            self.fresh = False
            delay.move(at - now)
        start = self._position
        self._position += length
        self.until = at + round(length * 1_000_000 / self.mode.sample_rate)
        return Ask(self.mode, start, length, at, jump if abs(jump) > JUMP_US else 0)

    # ── Supply ───────────────────────────────────────────────────────────────────────────────────

    def sound(self, length: int, at: int) -> Samples:
        playout = self._playout()
        if playout is None:
            return _silence(2 if self.mode is None else self.mode.channel_count, length)
        return playout._render(self, length, at)  # noqa: SLF001 - same file

    def picture(self, at: int) -> Picture | None:  # noqa: ARG002 - sound only
        return None

    def reconfigured(self, mode: Mode) -> None:
        if isinstance(mode, AudioMode):
            self.mode = mode

    def end(self, error: BaseException | None = None) -> None:
        self.lost, self.error = True, error
        playout = self._playout()
        if playout is not None:
            playout._lost(self)  # noqa: SLF001 - same file


def _let_go(outlets: set[_Outlet], voices: tuple[Voice, ...]) -> None:
    """Close what the collector found. The reaper's thread."""
    _logger.debug("an output was not closed")
    for voice in voices:
        voice.close()
    for outlet in list(outlets):
        outlet.stop()
    reaper.stand_down()


@lru_cache(maxsize=16)
def _silence(channels: int, length: int) -> Samples:
    nothing = np.zeros((channels, length), np.float32)
    nothing.flags.writeable = False
    return nothing
