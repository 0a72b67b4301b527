"""`SoundOutput`: where an element or an audio graph is heard, how loud, and what of it.

Not for: mixing and pacing (``_engine/playout.py``), or which devices may be used (``capture/select_audio_output.py``).

Rules of the file: a device is opened when there is something to hear, off the loop; what can wait for that (a file)
does, for a second at most, so that its beginning is heard. It is let go of some seconds after a pause, and at once when
the element has ended. Without a device everything goes on unheard.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from typing import TYPE_CHECKING, Final

from mediastreams._engine.worker import start_thread
from mediastreams._rules.values import AudioMode
from mediastreams._webidl.tasks import in_parallel, queue_task, start_task
from mediastreams.capture.select_audio_output import output_device
from mediastreams.errors import AbortError, DOMException, InvalidStateError, NotAllowedError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.playout import Playout
    from mediastreams._engine.voices import TrackVoice
    from mediastreams._webidl.tasks import Owner
    from mediastreams.abc import Clock, Sink, Timer
    from mediastreams.capture.media_devices import MediaDevices

__all__ = ["SoundOutput"]

_logger = logging.getLogger(__name__)
_USUAL_RATE: Final = 48_000
_REST_NS: Final = 5_000_000_000
_FAREWELL_NS: Final = 200_000_000
_PATIENCE_NS: Final = 1_000_000_000


class SoundOutput:
    """One element's. On the owner loop, but `close`. ``wanted``: whether it is to be heard at all.

    Opened lazily: an element that never sounds has no thread and no device. ``on_ready`` is called when `ready` has
    become true again. ``margin_us`` and ``latency``: as in `Playout`.
    """

    def __init__(
        self,
        owner: Owner,
        clock: Clock,
        devices: MediaDevices | None,
        *,
        wanted: bool,
        on_ready: Callable[[], object],
        margin_us: int | None = None,
        latency: float | None = None,
    ) -> None:
        self.sink_id = ""  # [[SinkId]]
        self.wanted = wanted
        self.ready = True  # no device is being opened that is worth waiting for
        self._on_ready = weakref.WeakMethod(on_ready)
        self._patience: Timer | None = None
        self._margin_us = margin_us
        self._latency = latency
        self._owner = owner
        self._clock = clock
        self._devices = devices
        self._playout: Playout | None = None
        self._voices: dict[TrackFeed, TrackVoice] = {}
        self._volume = 1.0
        self._muted = False
        self._opening = False
        self._draining = False
        self._diversion: Sink | None = None  # what takes the place of any device
        self._turn: asyncio.Lock | None = None
        self._release: Timer | None = None
        self._closed = False
        self._lock = threading.RLock()  # `close` comes from any thread

    def set_volume(self, volume: float, *, muted: bool) -> None:
        """How loud it is."""
        self._volume, self._muted = volume, muted
        if self._playout is not None:
            self._playout.volume, self._playout.muted = volume, muted

    # ── what is heard ────────────────────────────────────────────────────────────────────────────

    def hear(self, feeds: Sequence[TrackFeed]) -> None:
        """Let exactly these be heard from now on."""
        with self._lock:
            if self._closed or not self.wanted:
                return
            self._draining = False
            self._tell_channels(feeds)
            for feed in [one for one in self._voices if one not in feeds]:
                self._voices.pop(feed).close()
            new = [feed for feed in feeds if feed not in self._voices]
            if not new:
                return
            self._stay()
            playout = self._playout_here()
            for feed in new:
                self._voices[feed] = playout.add(feed)
            if playout.sink is None and not self._opening:
                self.ready = False
                self._patience = self._clock.call_at(self._clock.now_ns() + _PATIENCE_NS, self._impatient)
                self._start_opening()

    def divert(self, sink: Sink, *, margin_us: int) -> None:
        """Let everything be heard through a sink that is no device, from now on; devices are still chosen, unused.

        Raises:
            InvalidStateError: it is already.
        """
        if self._diversion is not None:
            raise InvalidStateError("The sound of this element goes to an audio graph already")
        feeds = list(self._voices)
        self._silence()
        self._stay()
        self._let_go()
        self._diversion, self._margin_us, self.wanted = sink, margin_us, True
        self.hear(feeds)

    def _tell_channels(self, feeds: Sequence[TrackFeed]) -> None:
        """Have the sink that is no device take as many channels as there are."""
        found = [feed.hub.mode.channel_count for feed in feeds if isinstance(feed.hub.mode, AudioMode)]
        if self._diversion is not None and found:
            self._diversion.wish(AudioMode(_USUAL_RATE, max(found)))

    @property
    def sounds(self) -> bool:
        """Whether anything is to be heard now."""
        return bool(self._voices)

    def _start_opening(self) -> None:
        self._opening = True
        start_task(self._open(), "Opening the output")

    def _impatient(self) -> None:
        """The scheduler's thread: the device takes too long."""
        queue_task(self._owner, self._now_ready)

    def _now_ready(self) -> None:
        patience, self._patience = self._patience, None
        if patience is not None:
            patience.cancel()
        was, self.ready = self.ready, True
        on_ready = self._on_ready()
        if not was and on_ready is not None and not self._closed:
            on_ready()

    def rest(self, *, ended: bool = False) -> None:
        """Let nothing be heard for now; the device stays for a while. ``ended``: what is on its way is still heard."""
        with self._lock:
            self._draining = ended and (self._draining or bool(self._voices))
            self._silence(but_ended=ended)
            if self._playout is not None and self._release is None:
                self._release = self._clock.call_at(self._clock.now_ns() + _REST_NS, self._let_go)

    def _silence(self, *, but_ended: bool = False) -> None:
        """Let go of all voices; one whose track has ended may be over when its last sample was heard."""
        while self._voices:
            feed, voice = self._voices.popitem()
            if not (but_ended and feed.ended):
                voice.close()

    def _stay(self) -> None:
        release, self._release = self._release, None
        if release is not None:
            release.cancel()

    def _let_go(self) -> None:
        """The scheduler's thread: nothing was heard for a while."""
        with self._lock:
            if self._voices and not self._closed:  # `hear` was faster
                return
            playout, self._playout, self._release = self._playout, None, None
        if playout is not None:
            start_thread("leave output", playout.close)

    def _playout_here(self) -> Playout:
        if self._playout is None:
            from mediastreams._engine.playout import Playout

            self._playout = Playout(clock=self._clock, on_lost=self._lost, margin_us=self._margin_us)
            self._playout.volume, self._playout.muted = self._volume, self._muted
        return self._playout

    @property
    def latency(self) -> int:
        """µs from a timestamp to the ear."""
        return 0 if self._playout is None else self._playout.latency

    def missing(self) -> tuple[float, int]:
        """Seconds for which there was nothing to be heard though something sounds, and how often that began."""
        playout = self._playout
        mode = None if playout is None else playout.mode
        voices = list(self._voices.values())
        if mode is None or not voices:
            return 0.0, 0
        return max(voice.missing for voice in voices) / mode.sample_rate, max(voice.holes for voice in voices)

    def lag(self) -> int:
        """µs by which pictures have to wait for the sound: 0 while nothing is heard. Any thread."""
        playout = self._playout
        return 0 if playout is None or playout.sink is None or not self._voices else playout.latency

    # ── where ────────────────────────────────────────────────────────────────────────────────────

    async def _open(self) -> None:
        """Go over to the device that is wanted. An element that cannot be heard plays on."""
        try:
            await self._use(self.sink_id)
        except NotFoundError as error:
            _logger.info("It plays unheard: %s", error.message)
        except DOMException as error:
            _logger.warning("It plays unheard: %s", error.message)
        finally:
            self._opening = False
            self._now_ready()

    async def set_sink(self, sink_id: str) -> None:
        """The part of *setSinkId* in parallel: find the device, and go over to it.

        Raises:
            NotFoundError, NotAllowedError: there is no such device, or it may not be used; AbortError: it does not
            open. What was heard before goes on.
        """
        switching = asyncio.ensure_future(self._set_sink(sink_id))
        switching.add_done_callback(lambda done: done.cancelled() or done.exception())  # when nobody waits any more
        await asyncio.shield(switching)  # who gives up waiting does not stop a device that is being opened

    async def _set_sink(self, sink_id: str) -> None:
        wanted, self.wanted = self.wanted, True
        try:
            await self._use(sink_id)
        except BaseException:
            self.wanted = wanted
            raise
        self.sink_id = sink_id
        on_ready = self._on_ready()
        if on_ready is not None and not self._closed:
            on_ready()

    async def _use(self, sink_id: str) -> None:
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            devices = self._devices
            if devices is None:
                from mediastreams.capture.navigator import media_devices

                devices = media_devices
            opens = self._diversion is not None and sink_id == self.sink_id  # no device is needed for that
            device = None if opens else await output_device(devices, sink_id)
            playout = self._playout
            if playout is None or self._closed:
                return
            if not self._voices:  # it is opened when there is something to hear; the former one is not for that
                self._stay()
                self._let_go()
                return
            if self._diversion is not None:
                sink = self._diversion
            elif device is None:
                raise NotFoundError("there is no audio output")
            else:
                sink = device.sink()
            if sink is not playout.sink:
                await in_parallel(self._switch, playout, sink, self._latency)

    @staticmethod
    def _switch(playout: Playout, sink: Sink, latency: float | None) -> None:
        try:
            playout.use(sink, latency=latency)
        except NotAllowedError:
            raise
        except InvalidStateError:
            _logger.debug("the output was let go of while another was being opened")
        except DOMException as error:
            raise AbortError(f"The output could not be opened: {error.message}") from error

    def _lost(self, error: BaseException | None) -> None:
        """The device has gone: it goes on unheard. Any thread.

        The default output is the next one there is; one that was chosen is waited for, as the standard says.
        """
        _logger.info("The output has gone (%s); it plays on unheard", error)
        if not self.sink_id:
            queue_task(self._owner, self._again)

    def _again(self) -> None:
        if self._voices and not self._opening and not self._closed:
            self._start_opening()

    def close(self) -> None:
        """Let nothing be heard any more, and the device go. Any thread; idempotent."""
        with self._lock:
            self._closed = True
            patience, self._patience = self._patience, None
            if patience is not None:
                patience.cancel()
            self._stay()
            self._silence()
            if self._draining:
                farewell = self._clock.now_ns() + 1000 * self.latency + _FAREWELL_NS
                self._release = self._clock.call_at(farewell, self._let_go)
                return
        self._let_go()
