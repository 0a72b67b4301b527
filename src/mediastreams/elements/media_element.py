"""`MediaElement`: plays a file, a URL, a Blob or a `MediaStream`, and gives what it plays as a stream.

Not for: how (``loading.py``, ``playing.py``, ``seeking.py``), nor for pictures (`VideoElement`).

Rules of the file: state changes on the owner loop, in the tasks that fire the events. What a playback's
threads say arrives in ``news.py``.
NOT-HERE: everything that belongs to a page: attributes as markup, ``<source>`` children, controls, text tracks, CORS.
"""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from typing import TYPE_CHECKING, ClassVar, Final, Self

from mediastreams._engine.clock import get_clock
from mediastreams._engine.worker import reaper
from mediastreams._rules import media_state
from mediastreams._rules.media_state import Range, joined
from mediastreams._webidl.conversions import boolean, dom_string, double
from mediastreams._webidl.events import EventTarget, event_handler
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import queue_task
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.sound_output import SoundOutput
from mediastreams.elements import loading, playing, seeking
from mediastreams.elements.captures import Captures
from mediastreams.elements.official_position import OfficialPosition
from mediastreams.elements.playable import can_play_type
from mediastreams.elements.ticker import Ticker
from mediastreams.elements.time_ranges import TimeRanges
from mediastreams.errors import AbortError, DOMException, InvalidStateError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from mediastreams._rules.values import Kind
    from mediastreams.abc import Sink
    from mediastreams.capture.media_devices import MediaDevices
    from mediastreams.elements.media_error import MediaError
    from mediastreams.elements.playback import Playback
    from mediastreams.elements.resources import MediaResource
    from mediastreams.files.blob import Blob

__all__ = ["MediaElement"]

_logger = logging.getLogger(__name__)
_TIME_UPDATE_NS: Final = 250_000_000
_SLOWEST: Final = 0.0625
_FASTEST: Final = 16.0
_PRELOADS: Final = ("none", "metadata", "auto")


@public
class MediaElement(EventTarget):
    """Plays one resource: ``MediaElement(src="film.mp4")``, ``await element.play()``, ``element.capture_stream()``.

    ``src`` is a path, a URL, bytes, a binary file object or a Blob, ``src_object`` a `MediaStream` or a Blob; loading
    begins at once when an event loop runs, else at the first call on one. An `AudioElement` or `VideoElement` sounds on
    the default output; a plain `MediaElement` sounds nowhere until `set_sink_id` is called. Owns the open file and the
    output: `close` it, or use it as a context manager. Belongs to one event loop; `close` and the getters work from any
    thread. An element that plays is kept though nobody holds it.

    https://html.spec.whatwg.org/multipage/media.html#htmlmediaelement
    """

    NETWORK_EMPTY: Final = 0
    NETWORK_IDLE: Final = 1
    NETWORK_LOADING: Final = 2
    NETWORK_NO_SOURCE: Final = 3
    HAVE_NOTHING: Final = media_state.HAVE_NOTHING
    HAVE_METADATA: Final = media_state.HAVE_METADATA
    HAVE_CURRENT_DATA: Final = media_state.HAVE_CURRENT_DATA
    HAVE_FUTURE_DATA: Final = media_state.HAVE_FUTURE_DATA
    HAVE_ENOUGH_DATA: Final = media_state.HAVE_ENOUGH_DATA

    _kinds: ClassVar[frozenset[Kind]] = frozenset({"audio", "video"})  # of a stream's tracks: which count
    _sounds: ClassVar[bool] = False
    _shows: ClassVar[bool] = False  # whether its pictures can be seen without being captured

    onloadstart = event_handler("loadstart")
    onprogress = event_handler("progress")
    onsuspend = event_handler("suspend")
    onabort = event_handler("abort")
    onerror = event_handler("error")
    onemptied = event_handler("emptied")
    onstalled = event_handler("stalled")
    onloadedmetadata = event_handler("loadedmetadata")
    onloadeddata = event_handler("loadeddata")
    oncanplay = event_handler("canplay")
    oncanplaythrough = event_handler("canplaythrough")
    onplaying = event_handler("playing")
    onwaiting = event_handler("waiting")
    onseeking = event_handler("seeking")
    onseeked = event_handler("seeked")
    onended = event_handler("ended")
    ondurationchange = event_handler("durationchange")
    ontimeupdate = event_handler("timeupdate")
    onplay = event_handler("play")
    onpause = event_handler("pause")
    onratechange = event_handler("ratechange")
    onresize = event_handler("resize")
    onvolumechange = event_handler("volumechange")

    def __init__(self, src: MediaResource = "", *, loop: bool = False, devices: MediaDevices | None = None) -> None:
        """Make an element, and let it load ``src`` if there is one.

        Args:
            src: as the attribute.
            loop: as the attribute.
            devices: whose outputs it sounds on; the process's own unless others are given.

        Raises:
            TypeError: ``src`` is nothing that can be opened.
        """
        super().__init__()
        self._clock = get_clock()
        self._src: MediaResource = ""
        self._src_object: MediaStream | Blob | None = None
        self._loop = boolean(loop, "MediaElement: loop")
        self._autoplay = False
        self._can_autoplay = True  # the can autoplay flag
        self._paused = True
        self._ended = False
        self._closed = False
        self._seeking = False
        self._seek_ticket = 0
        self._loads = 0  # how often *load* ran: the tasks of a former one do nothing
        self._network_state = self.NETWORK_EMPTY
        self._ready_state = self.HAVE_NOTHING
        self._had_data = False
        self._error: MediaError | None = None
        self._cause: DOMException | None = None
        self._official = OfficialPosition(self._owner)
        self._default_start = 0.0  # the default playback start position
        self._rate = self._default_rate = 1.0
        self._preserves_pitch = True
        self._preload = "metadata"
        self._volume = 1.0
        self._muted = self._default_muted = False
        self._known_duration = math.nan
        self._played: tuple[Range, ...] = ()
        self._playing_since: float | None = None
        self._playback: Playback | None = None
        self._load_due = False
        self._promises: list[asyncio.Future[None]] = []  # the list of pending play promises
        self._starved_ticks = 0
        self._captures = Captures()
        self._output = SoundOutput(self._owner, self._clock, devices, wanted=self._sounds, on_ready=self._output_ready)
        self._ticker = Ticker(self._clock, self._owner, self._tick, _TIME_UPDATE_NS)
        if src != "":
            self.src = src

    # ── the resource ─────────────────────────────────────────────────────────────────────────────

    @property
    def src(self) -> MediaResource:
        """What is played; setting it loads it and drops what was there. ``""``: nothing.

        Raises:
            TypeError: nothing that can be opened.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-src
        """
        return self._src

    @src.setter
    def src(self, src: MediaResource) -> None:
        _check_src(src)
        self._owner.check("MediaElement.src")
        self._src = src
        if self._src_object is None:
            loading.load(self)

    @property
    def src_object(self) -> MediaStream | Blob | None:
        """A `MediaStream`, Blob or File to be played instead of `src`; ``None``: `src` counts.

        Raises:
            TypeError: something else.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-srcobject
        """
        return self._src_object

    @src_object.setter
    def src_object(self, provider: MediaStream | Blob | None) -> None:
        from mediastreams.files.blob import Blob

        if provider is not None and not isinstance(provider, (MediaStream, Blob)):
            raise TypeError(
                f"MediaElement.src_object must be a MediaStream, a Blob, a File or None, not {type(provider).__name__}"
            )
        self._owner.check("MediaElement.src_object")
        self._src_object = provider
        loading.load(self)

    @property
    def _streams(self) -> bool:
        return isinstance(self._src_object, MediaStream)

    @property
    def current_src(self) -> str:
        """The address that is played; ``""`` for what has none.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-currentsrc
        """
        return "" if self._src_object is not None or not isinstance(self._src, str) else self._src

    @property
    def network_state(self) -> int:
        """One of the ``NETWORK_`` numbers.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-networkstate
        """
        return self._network_state

    @property
    def ready_state(self) -> int:
        """One of the ``HAVE_`` numbers.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-readystate
        """
        return self._ready_state

    def load(self) -> None:
        """Load the resource anew, from its beginning, at rest.

        Raises:
            InvalidStateError: the element was closed.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-load
        """
        self._owner.check("MediaElement.load")
        loading.load(self)

    def can_play_type(self, type: str) -> str:
        """``"probably"``, ``"maybe"`` or ``""``: whether a MIME type can be played.

        https://html.spec.whatwg.org/multipage/media.html#dom-navigator-canplaytype
        """
        return can_play_type(dom_string(type, "MediaElement.can_play_type: type"))

    @property
    def preload(self) -> str:
        """``"none"``, ``"metadata"`` or ``"auto"``: a hint that is not heeded. With a `MediaStream` ``"none"``.

        DEVIATION: every file is opened, and its first sound and shown picture decoded, as soon as it is named.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-preload
        """
        return "none" if self._streams else self._preload

    @preload.setter
    def preload(self, value: str) -> None:
        hint = dom_string(value, "MediaElement.preload").lower()
        if not self._streams:
            self._preload = hint if hint in _PRELOADS else "auto" if hint == "" else "metadata"

    @property
    def buffered(self) -> TimeRanges:
        """What need not be fetched any more.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-buffered
        """
        return _ranges(() if self._playback is None else self._playback.buffered)

    @property
    def error(self) -> MediaError | None:
        """Why it cannot play (any more)."""
        return self._error

    # ── time ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def current_time(self) -> float:
        """Where in the resource it is, in seconds; setting it seeks. A `MediaStream` cannot be sought.

        It stands still while the program runs, from one ``await`` to the next; other threads see it move.

        Raises:
            TypeError: set to what is no finite number.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-currenttime
        """
        return self._official.read(self._position)

    @current_time.setter
    def current_time(self, value: float) -> None:
        place = double(value, "MediaElement.current_time")
        self._owner.check("MediaElement.current_time")
        if self._streams:
            return
        if self._ready_state == self.HAVE_NOTHING:
            self._default_start = max(0.0, place)
            self._official.forget()
        else:
            seeking.seek(self, place)

    def _position(self) -> float:
        """*The current playback position*. Any thread."""
        playback = self._playback
        if playback is None or self._ready_state == self.HAVE_NOTHING:
            return self._default_start
        if self._ended and math.isfinite(playback.duration):
            return playback.duration
        return playback.position

    def fast_seek(self, time: float) -> None:
        """Go near a place: to the picture before it that needs no other to be decoded.

        Raises:
            TypeError: no finite number.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-fastseek
        """
        place = double(time, "MediaElement.fast_seek: time")
        self._owner.check("MediaElement.fast_seek")
        seeking.seek(self, place, exact=False)

    @property
    def seeking(self) -> bool:
        """Whether it is on its way to another place."""
        return self._seeking

    @property
    def duration(self) -> float:
        """Its length in seconds: ``nan`` before it is known, ``inf`` when it has no end that is known.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-duration
        """
        if self._playback is None or self._ready_state == self.HAVE_NOTHING:
            return math.nan
        return self._playback.duration

    @property
    def played(self) -> TimeRanges:
        """What was played since it was loaded.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-played
        """
        if self._streams and self._playback is not None:
            return _ranges([(0.0, self.current_time)])
        since = self._playing_since
        now = self.current_time
        return _ranges(joined(self._played, (since, now) if since is not None and now > since else None))

    @property
    def seekable(self) -> TimeRanges:
        """Where it can be sought to.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-seekable
        """
        known = self._playback is not None and self._ready_state != self.HAVE_NOTHING
        return _ranges(self._playback.seekable if known and self._playback is not None else ())

    # ── speed ────────────────────────────────────────────────────────────────────────────────────

    @property
    def default_playback_rate(self) -> float:
        """The speed with which a resource begins. With a `MediaStream` always 1.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-defaultplaybackrate
        """
        return 1.0 if self._streams else self._default_rate

    @default_playback_rate.setter
    def default_playback_rate(self, value: float) -> None:
        rate = double(value, "MediaElement.default_playback_rate")
        if not self._streams and rate != self._default_rate:
            self._default_rate = rate
            loading.queue_event(self, "ratechange")

    @property
    def playback_rate(self) -> float:
        """The speed: 1 is the resource's own, 0 stands. Sound is heard from 0.25 to 4. With a `MediaStream` always 1.

        Raises:
            TypeError: set to what is no finite number.
            NotSupportedError: negative, or neither 0 nor from 0.0625 to 16.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-playbackrate
        """
        return 1.0 if self._streams else self._rate

    @playback_rate.setter
    def playback_rate(self, value: float) -> None:
        rate = double(value, "MediaElement.playback_rate")
        self._owner.check("MediaElement.playback_rate")
        if self._streams:
            return
        if rate != 0 and not _SLOWEST <= rate <= _FASTEST:
            raise NotSupportedError(f"playback_rate must be 0 or from {_SLOWEST} to {_FASTEST:g}, not {rate:g}")
        if rate != self._rate:
            self._rate = rate
            self._tell_rate()
            loading.queue_event(self, "ratechange")

    @property
    def preserves_pitch(self) -> bool:
        """Whether sound keeps its pitch at other speeds; else it is that of a tape.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-preservespitch
        """
        return self._preserves_pitch

    @preserves_pitch.setter
    def preserves_pitch(self, value: bool) -> None:
        self._preserves_pitch = boolean(value, "MediaElement.preserves_pitch")
        self._tell_rate()

    def _tell_rate(self) -> None:
        if self._playback is not None:
            self._playback.set_rate(self._rate, preserves_pitch=self._preserves_pitch)

    # ── playing ──────────────────────────────────────────────────────────────────────────────────

    @property
    def paused(self) -> bool:
        """Whether it is at rest by the program's will, or because it came to its end."""
        return self._paused

    @property
    def ended(self) -> bool:
        """Whether it came to its end."""
        return self._ended

    @property
    def autoplay(self) -> bool:
        """Whether it begins to play by itself when it can."""
        return self._autoplay

    @autoplay.setter
    def autoplay(self, value: bool) -> None:
        self._autoplay = boolean(value, "MediaElement.autoplay")
        ready = self._ready_state == self.HAVE_ENOUGH_DATA and not self._ended
        if self._autoplay and self._paused and self._can_autoplay and ready:
            self._paused = False
            loading.queue_event(self, "play")
            playing.notify_about_playing(self)
            playing.follow(self)

    @property
    def loop(self) -> bool:
        """Whether it begins again at its end, without a gap. May be set at any time; no `MediaStream` is repeated."""
        return self._loop

    @loop.setter
    def loop(self, value: bool) -> None:
        self._loop = boolean(value, "MediaElement.loop")
        if self._playback is not None:
            self._playback.set_loop(loop=self._loop)

    async def play(self) -> None:
        """Play from where it stands, from the beginning after the end. Returns when it plays.

        Without a resource it waits for one. After an error in the middle, when there was something to play, it returns:
        `error` says why nothing comes.

        Raises:
            NotSupportedError: the resource cannot be played; ``__cause__`` says why.
            AbortError: it was paused, or something else was loaded, before it could play.
            InvalidStateError: the element was closed.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-play
        """
        self._owner.check("MediaElement.play")
        if self._closed:
            raise InvalidStateError("This element was closed: make a new one")
        # 2. What cannot be played.
        if playing.hopeless(self):
            raise loading.not_supported(self)
        if self._src == "" and self._src_object is None:
            _logger.warning("play() waits for something to play: set src or src_object")
        # 3-5. The promise, and the internal play steps.
        promise: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._promises.append(promise)
        playing.internal_play(self)
        try:
            await promise
        finally:
            if promise in self._promises:
                self._promises.remove(promise)

    def pause(self) -> None:
        """Stop where it stands. Captured tracks become muted.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-pause
        """
        self._owner.check("MediaElement.pause")
        if self._load_due:
            loading.select_resource(self)
        playing.internal_pause(self)

    def _reject_promises(self, error: DOMException) -> None:
        promises, self._promises = self._promises, []
        playing.reject(promises, error)

    def _tick(self) -> None:
        playing.tick(self)

    def _output_ready(self) -> None:
        playing.follow(self)

    # ── for subclasses ───────────────────────────────────────────────────────────────────────────

    def _begin_resource(self, playback: Playback) -> None:
        """Another resource is loaded. For `VideoElement`."""

    def _set_size(self, size: object) -> None:
        """Take note of the pictures' size. For `VideoElement`."""

    def _present_frame(self, playback: Playback) -> None:
        """A picture is shown, and somebody wanted to know. For `VideoElement`."""

    # ── sound ────────────────────────────────────────────────────────────────────────────────────

    @property
    def volume(self) -> float:
        """How loud it is heard, from 0 to 1. What is captured is not changed by it.

        Raises:
            DOMException: IndexSizeError, set outside that range.
            TypeError: set to what is no finite number.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-volume
        """
        return self._volume

    @volume.setter
    def volume(self, value: float) -> None:
        volume = double(value, "MediaElement.volume")
        if not 0 <= volume <= 1:
            raise DOMException(f"MediaElement.volume must be from 0 to 1, not {volume:g}", "IndexSizeError")
        if volume != self._volume:
            self._volume = volume
            self._volume_changed()

    @property
    def muted(self) -> bool:
        """Whether it is silent. What is captured is not.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-muted
        """
        return self._muted

    @muted.setter
    def muted(self, value: bool) -> None:
        muted = boolean(value, "MediaElement.muted")
        if muted != self._muted:
            self._muted = muted
            self._volume_changed()

    @property
    def default_muted(self) -> bool:
        """Whether it is silent from the beginning, in a page's markup; here a mark without effect.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-defaultmuted
        """
        return self._default_muted

    @default_muted.setter
    def default_muted(self, value: bool) -> None:
        self._default_muted = boolean(value, "MediaElement.default_muted")

    def _volume_changed(self) -> None:
        self._output.set_volume(self._volume, muted=self._muted)
        loading.queue_event(self, "volumechange")

    @property
    def sink_id(self) -> str:
        """The device id of the output; ``""`` is the default one.

        https://w3c.github.io/mediacapture-output/#dom-htmlmediaelement-sinkid
        """
        return self._output.sink_id

    async def set_sink_id(self, sink_id: str) -> None:
        """Be heard on another output from now on; ``""`` is the default one.

        Raises:
            NotFoundError: there is no such output, or it was not told to the program.
            NotAllowedError: it may not be used.
            AbortError: it cannot be opened; what was heard before goes on.
            InvalidStateError: the element was closed.

        https://w3c.github.io/mediacapture-output/#dom-htmlmediaelement-setsinkid
        """
        wanted = dom_string(sink_id, "MediaElement.set_sink_id: sink_id")
        self._owner.check("MediaElement.set_sink_id")
        if self._closed:
            raise InvalidStateError("This element was closed: make a new one")
        # 4. Nothing to change. (A plain element is heard from the first call on.)
        if wanted == self._output.sink_id and self._output.wanted:
            return
        # 6. In parallel; then the slot.
        await self._output.set_sink(wanted)

    def _sound_through(self, sink: Sink, *, margin_us: int) -> None:
        """The part of *MediaElementAudioSourceNode* that is the element's: see `Audible`."""
        self._owner.check("MediaElement._sound_through")
        self._output.divert(sink, margin_us=margin_us)
        playing.follow(self)

    # ── capture ──────────────────────────────────────────────────────────────────────────────────

    def capture_stream(self) -> MediaStream:
        """A new stream of what is played: the first picture track and all sound tracks.

        Without metadata it has no tracks yet: they are added, with ``addtrack``, when that is known. While the
        element is paused its tracks are muted; at its end they end; played again, it adds new ones.

        Raises:
            InvalidStateError: the element was closed.

        https://w3c.github.io/mediacapture-fromelement/#dom-htmlmediaelement-capturestream
        """
        self._owner.check("MediaElement.capture_stream")
        if self._closed:
            raise InvalidStateError("This element was closed: make a new one")
        if self._load_due:
            loading.select_resource(self)
        known = self._ready_state != self.HAVE_NOTHING and not self._ended
        return self._captures.new_stream(self._playback if known else None)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Close the resource and the output for good; captured tracks end. Idempotent, any thread."""
        if self._closed:
            return
        self._closed = True
        self._output.close()
        if self._owner.loop is None:  # never bound, or its loop is closed: nobody is left to be told
            loading.drop_playback(self)
            self._paused = True
            return
        queue_task(self._owner, self._after_close)  # first: who hears of the tracks' end finds the element closed
        if self._playback is not None:
            self._playback.close()

    def _after_close(self) -> None:
        loading.drop_playback(self)
        self._paused = True
        self._ready_state = self.HAVE_NOTHING
        self._network_state = self.NETWORK_EMPTY
        self._reject_promises(AbortError("The element was closed"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        playback = getattr(self, "_playback", None)
        if playback is not None and not playback.over and not sys.is_finalizing():
            reaper.put(playback.close)  # takes no lock, as a finaliser must not

    def __repr__(self) -> str:
        state = "closed" if self._closed else "ended" if self._ended else "paused" if self._paused else "playing"
        what = f" {self._src!r}" if isinstance(self._src, str) and self._src else ""
        what = f" {self._src_object!r}" if self._src_object is not None else what
        return f"<{type(self).__name__}{what} {state} at {self.current_time:.2f} of {self.duration:.2f} s>"


def _ranges(found: Iterable[Range]) -> TimeRanges:
    made: TimeRanges = TimeRanges._of(found)
    return made


def _check_src(src: object) -> None:
    """Raise a TypeError for what can never be a source; everything else fails as loading does."""
    import os

    from mediastreams.files.blob import Blob

    if isinstance(src, MediaStream):
        raise TypeError("MediaElement.src is no place for a MediaStream: set src_object")
    if not isinstance(src, (str, bytes, bytearray, memoryview, os.PathLike, Blob)) and not hasattr(src, "read"):
        raise TypeError(
            f"MediaElement.src must be a path, a URL, bytes, a Blob or a binary file object, not {type(src).__name__}"
        )
