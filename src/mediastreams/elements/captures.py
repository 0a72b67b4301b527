"""`Captures`: the streams captured from one media element, and which tracks each has now.

Not for: when something is played (``media_element.py``). On the element's owner loop only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams.capture.media_stream import MediaStream

if TYPE_CHECKING:
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.elements.movie_tracks import MovieTracks

__all__ = ["Captures"]


class Captures:
    """Every captured stream follows the element for as long as the element lives.

    https://w3c.github.io/mediacapture-fromelement/#dom-htmlmediaelement-capturestream
    """

    def __init__(self) -> None:
        self._streams: list[tuple[MediaStream, list[MediaStreamTrack]]] = []

    def new_stream(self, playing: MovieTracks | None) -> MediaStream:
        """A stream with tracks of what is played now, if that is known; there from its making, hence without events."""
        tracks = [] if playing is None else playing.create()
        stream = MediaStream(tracks)
        self._streams.append((stream, tracks))
        return stream

    def begin(self, playing: MovieTracks) -> None:
        """Metadata has become known: give every stream that has none its tracks, with ``addtrack``."""
        for stream, tracks in self._streams:
            if not tracks:
                tracks.extend(playing.create())
                for track in tracks:
                    stream._add_track_by_library(track)

    def end(self) -> None:
        """What was captured is no longer played: its tracks end, then leave their streams."""
        for stream, tracks in self._streams:
            for track in tracks:
                track._end(None)
                stream._remove_track_by_library(track)
            tracks.clear()
