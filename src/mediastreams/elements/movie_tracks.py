"""The tracks of an opened file: `MovieTracks`.

Not for: opening and playing (``_backends/ffmpeg/movie.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.source import SourceHub
from mediastreams.capture.apply_constraints import settings_satisfying
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediastreams._backends.ffmpeg.file_source import FileSource
    from mediastreams._backends.ffmpeg.movie import Movie

__all__ = ["MovieTracks"]


class MovieTracks:
    """Makes tracks of a movie's streams: any number of tracks on each. Lives as long as the movie is open."""

    def __init__(self, movie: Movie, sources: Sequence[FileSource]) -> None:
        self.movie = movie
        self._sources = [
            TrackSource(SourceHub(source), source.info.model, label=source.info.label) for source in sources
        ]
        self._heard: TrackFeed | None = None

    def sounds(self) -> list[TrackFeed]:
        """What an element lets be heard: the first sound of the file. A new feed where the last one has ended.

        The others are in other languages as a rule, and reach who captures.
        """
        source = next((one for one in self._sources if one.kind == "audio"), None)
        if source is None:
            return []
        if self._heard is None or self._heard.ended:
            source.open_for(source.model.modes[0], settings_satisfying(source.model, {}, display=False))
            try:
                self._heard = TrackFeed(source.hub)
                source.hub.add_feed(self._heard)
            finally:
                source.hub.release()
        return [self._heard]

    def create(self) -> list[MediaStreamTrack]:
        """One new track for every stream. On the loop that is to own them.

        A hub opens its source on a worker thread, because devices block. A file's source has nothing to open: it
        only notes who wants its frames.
        """
        tracks: list[MediaStreamTrack] = []
        try:
            for source in self._sources:
                settings = settings_satisfying(source.model, {}, display=False)
                source.open_for(source.model.modes[0], settings)
                try:
                    tracks.append(MediaStreamTrack._create(source, settings))
                finally:
                    source.hub.release()
        except BaseException:
            for track in tracks:
                track.stop()
            raise
        return tracks
