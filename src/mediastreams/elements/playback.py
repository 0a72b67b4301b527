"""`Playback`: one resource of a media element from its selection to its end, and the way its thread's news take.

Not for: the element's state, which changes on the owner loop only (``media_element.py``).
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from mediastreams._engine.worker import reaper
from mediastreams._webidl.tasks import Owner, queue_task
from mediastreams.errors import DOMException, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams._backends.ffmpeg.locations import MediaInput
    from mediastreams._backends.ffmpeg.movie import Movie
    from mediastreams.elements.media_element import MediaElement
    from mediastreams.elements.movie_tracks import MovieTracks

__all__ = ["Playback"]


class Playback:
    """Opens a movie on a thread and reports to the element, which it holds weakly unless the element plays.

    The element's ``_opened(playback, error)`` and ``_over(playback, error)`` run as tasks on the owner loop.
    """

    def __init__(self, element: MediaElement, owner: Owner, src: MediaInput, *, loop: bool) -> None:
        self.movie: Movie | None = None
        self.tracks: MovieTracks | None = None
        self.kept: MediaElement | None = None  # a playing element is not collected
        self.over = False
        self._element = weakref.ref(element)
        self._owner = owner
        self._src = src
        self._loop = loop
        self._lock = threading.Lock()
        self._closed = False
        reaper.stand_by()
        threading.Thread(target=self._open, name="mediastreams-open", daemon=True).start()

    def _open(self) -> None:
        """On a thread of its own: the import of av and the look at the file would block the loop."""
        import mediastreams.elements.movie_tracks  # noqa: F401 - loaded here, not on the loop
        from mediastreams._backends.ffmpeg.movie import Movie

        try:
            movie = Movie(self._src, loop=self._loop, keep=True, on_over=self._ended)
        except (DOMException, TypeError) as error:
            self.over = True
            self._tell("_opened", error if isinstance(error, DOMException) else NotSupportedError(str(error)))
            reaper.stand_down()
            return
        with self._lock:
            self.movie = movie
            movie.loop = self._loop
            if self._closed:
                movie.close()
        movie.start(self._opened)

    def _opened(self, error: DOMException | None) -> None:
        from mediastreams.elements.movie_tracks import MovieTracks

        if error is None:
            movie = self.movie
            assert movie is not None
            first = next((source for source in movie.sources if source.kind == "video"), None)
            self.tracks = MovieTracks(movie, [s for s in movie.sources if s.kind == "audio" or s is first])
        else:
            self.over = True
            reaper.stand_down()
        self._tell("_opened", error)

    def _ended(self, error: DOMException | None) -> None:
        self.over = True
        reaper.stand_down()
        self._tell("_over", error)

    def _tell(self, method: str, error: DOMException | None) -> None:
        element = self._element()
        if element is not None:
            call: Callable[..., object] = getattr(element, method)
            queue_task(self._owner, call, self, error)

    def set_loop(self, *, loop: bool) -> None:
        """Say whether the file begins again at its end. Any thread."""
        with self._lock:
            self._loop = loop
            if self.movie is not None:
                self.movie.loop = loop

    def close(self) -> None:
        """Close the file, soon. Any thread; idempotent."""
        with self._lock:
            self._closed = True
            movie = self.movie
        if movie is not None:
            movie.close()
