"""`MediaElement`: plays a file or URL in real time, and gives what it plays as a stream.

Not for: files at full speed (`open`), nor for showing or sounding: nothing is rendered here.

Rules of the file: state changes on the owner loop, in the tasks that fire the events. What the movie's thread
says arrives in `_opened` and `_over`, with the playback it is about; one of a former resource is ignored.
NOT-HERE: everything that belongs to a page: attributes as markup, ``<source>`` children, controls, text tracks,
CORS, preloading. Seeking, rates and ``src_object`` are due.
"""

from __future__ import annotations

import asyncio
import math
import sys
from typing import TYPE_CHECKING, Final, Self

from mediastreams._engine.clock import get_clock
from mediastreams._engine.worker import reaper
from mediastreams._webidl.conversions import boolean
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import queue_task
from mediastreams.elements.captures import Captures
from mediastreams.elements.media_error import MediaError
from mediastreams.elements.playback import Playback
from mediastreams.elements.ticker import Ticker
from mediastreams.errors import (
    AbortError,
    DOMException,
    InvalidStateError,
    NetworkError,
    NotSupportedError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from mediastreams._backends.ffmpeg.locations import MediaInput
    from mediastreams.capture.media_stream import MediaStream

__all__ = ["MediaElement"]

_TIME_UPDATE_NS: Final = 250_000_000


@public
class MediaElement(EventTarget):
    """Plays one resource: ``MediaElement(src="film.mp4")``, ``await element.play()``, ``element.capture_stream()``.

    ``src`` is a path, a URL, bytes or a binary file object; opening begins at once when an event loop runs, else
    at the first call on one. Owns the open file: `close` it, or use it as a context manager. Belongs to one event
    loop; `close` and the getters work from any thread. An element that plays is kept though nobody holds it.

    https://html.spec.whatwg.org/multipage/media.html#htmlmediaelement
    """

    HAVE_NOTHING: Final = 0
    HAVE_METADATA: Final = 1
    HAVE_CURRENT_DATA: Final = 2
    HAVE_FUTURE_DATA: Final = 3
    HAVE_ENOUGH_DATA: Final = 4

    onloadstart = event_handler("loadstart")
    onemptied = event_handler("emptied")
    onabort = event_handler("abort")
    ondurationchange = event_handler("durationchange")
    onloadedmetadata = event_handler("loadedmetadata")
    oncanplaythrough = event_handler("canplaythrough")
    onplay = event_handler("play")
    onplaying = event_handler("playing")
    onpause = event_handler("pause")
    ontimeupdate = event_handler("timeupdate")
    onended = event_handler("ended")
    onerror = event_handler("error")

    def __init__(self, src: MediaInput = "", *, loop: bool = False) -> None:
        """Make an element, and let it load ``src`` if there is one.

        Raises:
            TypeError: ``src`` is nothing that can be opened.
        """
        super().__init__()
        self._src: MediaInput = ""
        self._loop = boolean(loop, "MediaElement: loop")
        self._paused = True
        self._ended = False
        self._closed = False
        self._ready_state = self.HAVE_NOTHING
        self._error: MediaError | None = None
        self._cause: DOMException | None = None
        self._playback: Playback | None = None
        self._load_due = False
        self._promises: list[asyncio.Future[None]] = []  # the list of pending play promises
        self._captures = Captures()
        self._ticker = Ticker(get_clock(), self._owner, self._update_time, _TIME_UPDATE_NS)
        if src != "":
            self.src = src

    # ── the resource ─────────────────────────────────────────────────────────────────────────────

    @property
    def src(self) -> MediaInput:
        """What is played; setting it loads it and drops what was there. ``""``: nothing.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-src
        """
        return self._src

    @src.setter
    def src(self, src: MediaInput) -> None:
        _check_src(src)
        self._owner.check("MediaElement.src")
        self._src = src
        self._load()

    def load(self) -> None:
        """Load `src` anew, from its beginning, at rest.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-load
        """
        self._owner.check("MediaElement.load")
        self._load()

    def _load(self) -> None:
        """*The media element load algorithm*.

        https://html.spec.whatwg.org/multipage/media.html#media-element-load-algorithm
        """
        if self._closed:
            raise InvalidStateError("This element was closed: make a new one")
        # 2-5. Who waits for play() waits in vain.
        self._reject_promises(AbortError("Another resource was loaded"))
        # 6-7. Forget what was there.
        had_resource = self._playback is not None
        self._drop_playback()
        self._captures.end()
        if had_resource:
            fire_event(self, "abort")
            fire_event(self, "emptied")
        was_playing, self._paused = not self._paused, True
        self._ready_state = self.HAVE_NOTHING
        self._ended = False
        self._error = self._cause = None
        if was_playing and had_resource:
            fire_event(self, "timeupdate")
        # 9. Resource selection.
        if self._src != "":
            self._select_resource()

    def _select_resource(self) -> None:
        """*The resource selection algorithm*: there is one candidate, `src`.

        https://html.spec.whatwg.org/multipage/media.html#concept-media-load-algorithm
        """
        # 1. Without a loop nobody could be told: the first call on one comes back here.
        self._load_due = self._owner.loop is None
        if self._load_due:
            return
        # 8. Queue loadstart.
        queue_task(self._owner, self._fire, None, "loadstart")
        # 9. Fetch; the rest is in _opened.
        self._playback = Playback(self, self._owner, self._src, loop=self._loop)

    def _opened(self, playback: Playback, error: DOMException | None) -> None:
        """Metadata is known, or nothing could be opened: a task of the movie's thread.

        https://html.spec.whatwg.org/multipage/media.html#media-data-processing-steps-list
        """
        if playback is not self._playback or self._closed:
            return
        if error is not None:
            self._fail(MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED, error)
            return
        first = self._ready_state == self.HAVE_NOTHING
        self._ready_state = self.HAVE_METADATA
        if first:
            fire_event(self, "durationchange")
        assert playback.tracks is not None
        self._captures.begin(playback.tracks)  # before loadedmetadata: whoever waits for that finds the tracks
        if first:
            fire_event(self, "loadedmetadata")
        if playback is not self._playback:  # a listener loaded something else
            return
        self._ready_state = self.HAVE_ENOUGH_DATA
        if first:
            fire_event(self, "canplaythrough")
        if not self._paused and playback is self._playback:
            self._begin()

    def _fail(self, code: int, error: DOMException) -> None:
        """*The dedicated media source failure steps*, and those of an error in the middle.

        https://html.spec.whatwg.org/multipage/media.html#dedicated-media-source-failure-steps
        """
        self._error = MediaError._create(code, str(error))
        self._cause = error
        self._ticker.stop()
        if code == MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED:
            self._ready_state = self.HAVE_NOTHING
        fire_event(self, "error")
        self._reject_promises(self._not_supported())

    def _not_supported(self) -> NotSupportedError:
        assert self._cause is not None
        error = NotSupportedError(str(self._cause))
        error.__cause__ = self._cause
        return error

    # ── playing ──────────────────────────────────────────────────────────────────────────────────

    async def play(self) -> None:
        """Play from where it stands, from the beginning after the end. Returns when it plays.

        Raises:
            NotSupportedError: `src` cannot be played (``__cause__`` says why), or there is none.
            AbortError: it was paused, or something else was loaded, before it could play.
            InvalidStateError: the element was closed.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-play
        """
        self._owner.check("MediaElement.play")
        if self._closed:
            raise InvalidStateError("This element was closed: make a new one")
        # 2. DEVIATION: without a resource the standard's promise would wait for ever.
        if self._src == "":
            raise NotSupportedError("There is nothing to play: set src first")
        if self._error is not None:
            raise self._not_supported()
        # 3-5. The promise, and the internal play steps.
        promise: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._promises.append(promise)
        self._internal_play()
        try:
            await promise
        finally:
            if promise in self._promises:
                self._promises.remove(promise)

    def _internal_play(self) -> None:
        """*The internal play steps*.

        https://html.spec.whatwg.org/multipage/media.html#internal-play-steps
        """
        # 1. Nothing was loaded yet for want of a loop.
        if self._load_due:
            self._select_resource()
        # 2. After the end: seek to the beginning, which is to open it anew.
        if self._ended:
            self._restart()
        # 3-4. Not paused any more.
        if self._paused:
            self._paused = False
            queue_task(self._owner, self._fire, self._playback, "play")
        if self._ready_state >= self.HAVE_FUTURE_DATA:
            self._begin()

    def _begin(self) -> None:
        """Let the movie run, and *notify about playing*.

        https://html.spec.whatwg.org/multipage/media.html#notify-about-playing
        """
        playback = self._playback
        assert playback is not None
        assert playback.movie is not None
        playback.kept = self
        playback.movie.play()
        self._ticker.start()
        queue_task(self._owner, self._notify_about_playing, playback, tuple(self._promises))

    def _notify_about_playing(self, playback: Playback, promises: Sequence[asyncio.Future[None]]) -> None:
        if playback is self._playback and not self._paused:
            fire_event(self, "playing")
        for promise in promises:
            if not promise.done():
                promise.set_result(None)

    def _restart(self) -> None:
        """Open the resource anew after its end; tracks captured from now on are new ones.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-seek
        """
        self._ended = False
        self._drop_playback()
        self._captures.end()
        self._ready_state = self.HAVE_METADATA
        self._playback = Playback(self, self._owner, self._src, loop=self._loop)

    def pause(self) -> None:
        """Stop where it stands. Captured tracks become muted.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-pause
        """
        self._owner.check("MediaElement.pause")
        if self._load_due:
            self._select_resource()
        # The internal pause steps.
        if self._paused:
            return
        self._paused = True
        self._ticker.stop()
        playback = self._playback
        if playback is not None:
            playback.kept = None
            if playback.movie is not None:
                playback.movie.pause()
        promises, self._promises = tuple(self._promises), []
        queue_task(self._owner, self._after_pause, playback, promises)

    def _after_pause(self, playback: Playback | None, promises: Sequence[asyncio.Future[None]]) -> None:
        self._fire(playback, "timeupdate")
        self._fire(playback, "pause")
        _reject(promises, AbortError("It was paused before it could play"))

    def _over(self, playback: Playback, error: DOMException | None) -> None:
        """The movie's thread has ended: the end of the file, or an error in the middle.

        https://html.spec.whatwg.org/multipage/media.html#reaches-the-end
        """
        if playback is not self._playback or self._closed:
            return
        playback.kept = None
        if error is not None:
            self._fail(
                MediaError.MEDIA_ERR_NETWORK if isinstance(error, NetworkError) else MediaError.MEDIA_ERR_DECODE, error
            )
            return
        self._ended = True
        self._ticker.stop()
        # 3.1-3.2. timeupdate, and pause.
        fire_event(self, "timeupdate")
        if not self._paused and self._ended:
            self._paused = True
            fire_event(self, "pause")
            self._reject_promises(AbortError("The resource came to its end"))
        # 3.3. The end.
        if self._ended:
            fire_event(self, "ended")

    def _reject_promises(self, error: DOMException) -> None:
        promises, self._promises = self._promises, []
        _reject(promises, error)

    def _fire(self, playback: Playback | None, type: str) -> None:
        """Fire in a task, unless another resource has come meanwhile."""
        if playback is None or playback is self._playback:
            fire_event(self, type)

    def _update_time(self) -> None:
        fire_event(self, "timeupdate")

    # ── attributes ───────────────────────────────────────────────────────────────────────────────

    @property
    def loop(self) -> bool:
        """Whether it begins again at its end, without a gap. May be set while it plays."""
        return self._loop

    @loop.setter
    def loop(self, value: bool) -> None:
        self._loop = boolean(value, "MediaElement.loop")
        if self._playback is not None:
            self._playback.set_loop(loop=self._loop)

    @property
    def paused(self) -> bool:
        """Whether it is at rest by the program's will, or because it came to its end."""
        return self._paused

    @property
    def ended(self) -> bool:
        """Whether it came to its end."""
        return self._ended

    @property
    def error(self) -> MediaError | None:
        """Why it cannot play (any more)."""
        return self._error

    @property
    def ready_state(self) -> int:
        """``HAVE_NOTHING`` until metadata is known, then ``HAVE_ENOUGH_DATA``."""
        return self._ready_state

    @property
    def current_time(self) -> float:
        """Where in the resource it is, in seconds.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-currenttime
        """
        playback = self._playback
        if playback is None or playback.movie is None:
            return 0.0
        if self._ended and playback.movie.duration is not None:
            return playback.movie.duration / 1_000_000
        return playback.movie.position / 1_000_000

    @property
    def duration(self) -> float:
        """Its length in seconds: ``nan`` before it is known, ``inf`` when it has no end that is known.

        https://html.spec.whatwg.org/multipage/media.html#dom-media-duration
        """
        playback = self._playback
        if playback is None or playback.movie is None or self._ready_state == self.HAVE_NOTHING:
            return math.nan
        length = playback.movie.duration
        return math.inf if length is None else length / 1_000_000

    # ── capture ──────────────────────────────────────────────────────────────────────────────────

    def capture_stream(self) -> MediaStream:
        """A new stream of what is played: the first picture track and all sound tracks.

        Without metadata it has no tracks yet: they are added, with ``addtrack``, when that is known. While the
        element is paused its tracks are muted; at its end they end; played again, it adds new ones.

        https://w3c.github.io/mediacapture-fromelement/#dom-htmlmediaelement-capturestream
        """
        self._owner.check("MediaElement.capture_stream")
        if self._closed:
            raise InvalidStateError("This element was closed: make a new one")
        if self._load_due:
            self._select_resource()
        playback = self._playback
        known = playback is not None and self._ready_state != self.HAVE_NOTHING and not self._ended
        return self._captures.new_stream(playback.tracks if playback is not None and known else None)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    def _drop_playback(self) -> None:
        self._ticker.stop()
        playback, self._playback = self._playback, None
        if playback is not None:
            playback.kept = None
            playback.close()

    def close(self) -> None:
        """Close the resource for good; captured tracks end. Idempotent, any thread."""
        if self._closed:
            return
        self._closed = True
        if self._owner.loop is None:  # never bound, or its loop is closed: nobody is left to be told
            self._drop_playback()
            self._paused = True
            return
        queue_task(self._owner, self._after_close)  # first: who hears of the tracks' end finds the element closed
        if self._playback is not None:
            self._playback.close()

    def _after_close(self) -> None:
        self._drop_playback()
        self._paused = True
        self._ready_state = self.HAVE_NOTHING
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
        return f"<{type(self).__name__}{what} {state} at {self.current_time:.2f} of {self.duration:.2f} s>"


def _reject(promises: Sequence[asyncio.Future[None]], error: DOMException) -> None:
    for promise in promises:
        if not promise.done():
            promise.set_exception(error)


def _check_src(src: object) -> None:
    """Raise a TypeError for what can never be a source; everything else fails as loading does."""
    import os

    if not isinstance(src, (str, bytes, bytearray, memoryview, os.PathLike)) and not hasattr(src, "read"):
        raise TypeError(
            f"MediaElement.src must be a path, a URL, bytes or a binary file object, not {type(src).__name__}"
        )
