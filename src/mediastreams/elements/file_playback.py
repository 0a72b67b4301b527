"""`FilePlayback`: a file or URL in a media element.

Not for: reading, decoding and pacing (``_backends/ffmpeg/movie.py``).

Rules of the file: the ``movie_…`` methods run on the movie's thread and only pass on what they hear.
"""

from __future__ import annotations

# ruff: noqa: D102 - described where the contract is: Playback, MovieWatcher
import math
import threading
from typing import TYPE_CHECKING

from mediastreams._engine.worker import reaper
from mediastreams.elements.picture_view import PictureView
from mediastreams.errors import DOMException, NotReadableError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediastreams._backends.ffmpeg.locations import MediaInput
    from mediastreams._backends.ffmpeg.movie import Movie
    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.frames import Picture
    from mediastreams._rules.media_state import Range
    from mediastreams.abc import Clock
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.elements.media_element import MediaElement
    from mediastreams.elements.movie_tracks import MovieTracks
    from mediastreams.elements.playback import News, Reporter

__all__ = ["FilePlayback"]


class FilePlayback:
    """Opens a movie on a thread at once. ``shown``: whether its pictures are seen though nobody captures them."""

    live = False

    def __init__(self, reporter: Reporter, src: MediaInput, clock: Clock, *, loop: bool, shown: bool) -> None:
        self.movie: Movie | None = None
        self.tracks: MovieTracks | None = None
        self.kept: MediaElement | None = None
        self.over = False
        self.view = PictureView(clock, self._view_news)
        self._reporter = reporter
        self._src = src
        self._clock = clock
        self._loop = loop
        self._shown = shown
        self._rate = (1.0, True)
        self._known = math.nan
        self._lock = threading.Lock()
        self._closed = False
        reaper.stand_by()
        threading.Thread(target=self._open, name="mediastreams-open", daemon=True).start()

    # ── opening: threads ─────────────────────────────────────────────────────────────────────────

    def _open(self) -> None:
        """On a thread of its own: the import of av and the look at the file would block the loop."""
        import mediastreams._engine.playout
        import mediastreams.elements.movie_tracks  # noqa: F401 - loaded here, not on the loop
        from mediastreams._backends.ffmpeg.movie import Movie

        try:
            movie = Movie(self._src, loop=self._loop, watcher=self, shown=self._shown, clock=self._clock)
        except DOMException as error:
            self._finish(error)
            return
        except Exception as error:  # noqa: BLE001 - the border: an odd object as src; the element is told
            self._finish(NotSupportedError(str(error)))
            return
        with self._lock:
            self.movie = movie
            movie.loop = self._loop
            rate, preserves_pitch = self._rate
            movie.set_rate(rate, preserves_pitch=preserves_pitch)
            if self._closed:
                movie.close()
        try:
            movie.start(self._opened)
        except RuntimeError as error:  # no thread can be had: the interpreter ends, or the system has none left
            self._finish(NotReadableError(f"{movie.name!r} cannot be read: {error}"))

    def _opened(self, error: DOMException | None) -> None:
        from mediastreams.elements.movie_tracks import MovieTracks

        if error is not None:
            self._finish(error)
            return
        movie = self.movie
        assert movie is not None
        first = next((source for source in movie.sources if source.kind == "video"), None)
        self.tracks = MovieTracks(movie, [s for s in movie.sources if s.kind == "audio" or s is first])
        self._known = math.inf if movie.duration is None else movie.duration / 1_000_000
        mode = None if first is None else first.info.mode
        self._tell("metadata", None if mode is None else (mode.width, mode.height))  # type: ignore[union-attr]

    def _finish(self, error: DOMException | None) -> None:
        self.over = True
        reaper.stand_down()
        if error is not None:
            self._tell("failed", error)

    def _tell(self, news: News, value: object = None) -> None:
        self._reporter.tell(self, news, value)

    def _view_news(self, news: str, value: object) -> None:
        self._tell(news, value)  # type: ignore[arg-type]  # both are news

    # ── the movie's watcher: its thread ──────────────────────────────────────────────────────────

    def movie_shows(self, picture: Picture) -> None:
        self.view.show(picture)

    def movie_ready(self) -> None:
        self._tell("data")

    def movie_sought(self, ticket: int, error: DOMException | None) -> None:
        if error is None:
            self.view.move()
            self._tell("sought", ticket)

    def movie_repeats(self) -> None:
        self._tell("repeated")

    def movie_at_end(self) -> None:
        movie = self.movie
        assert movie is not None
        if movie.duration is not None:
            self._known = movie.duration / 1_000_000
        self._tell("ended")

    def movie_over(self, error: DOMException | None) -> None:
        self._finish(error)

    # ── the element ──────────────────────────────────────────────────────────────────────────────

    @property
    def duration(self) -> float:
        return self._known

    @property
    def position(self) -> float:
        return 0.0 if self.movie is None else self.movie.position / 1_000_000

    @property
    def seekable(self) -> tuple[Range, ...]:
        if self.movie is None or not self.movie.seekable or not math.isfinite(self._known):
            return ()
        return ((0.0, self._known),)

    @property
    def buffered(self) -> tuple[Range, ...]:
        """What need not be fetched any more: all of a local file, nothing that is known of a network's."""
        return () if self.movie is None or self.movie.location.network else self.seekable

    @property
    def starving(self) -> bool:
        return self.movie is not None and self.movie.starving

    @property
    def fetched(self) -> bool:
        return self.movie is not None and self.movie.location.network

    def play(self) -> None:
        if self.movie is not None:
            self.movie.play()

    def pause(self) -> None:
        if self.movie is not None:
            self.movie.pause()
        self.view.flush()

    def seek(self, place: float, *, exact: bool) -> int:
        assert self.movie is not None
        return self.movie.seek(round(place * 1_000_000), exact=exact)

    def set_loop(self, *, loop: bool) -> None:
        with self._lock:
            self._loop = loop
            if self.movie is not None:
                self.movie.loop = loop

    def set_rate(self, rate: float, *, preserves_pitch: bool) -> None:
        with self._lock:
            self._rate = (rate, preserves_pitch)
            if self.movie is not None:
                self.movie.set_rate(rate, preserves_pitch=preserves_pitch)

    def look(self) -> None:
        """A file does not change by itself."""

    def sounds(self) -> Sequence[TrackFeed]:
        return () if self.tracks is None else self.tracks.sounds()

    def capture(self) -> list[MediaStreamTrack]:
        return [] if self.tracks is None else self.tracks.create()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            movie = self.movie
        self.view.close()
        if movie is not None:
            movie.close()
