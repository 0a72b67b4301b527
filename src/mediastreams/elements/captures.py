"""`Captures`: the streams captured from one media element, and which tracks each has now.

Not for: when something is played (``media_element.py``). On the element's owner loop only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams.capture.media_stream import MediaStream
from mediastreams.elements.relay import Relay

if TYPE_CHECKING:
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.elements.playback import Playback

__all__ = ["Captures"]


class Captures:
    """Every captured stream follows the element for as long as the element lives.

    https://w3c.github.io/mediacapture-fromelement/#dom-htmlmediaelement-capturestream
    """

    def __init__(self) -> None:
        self._streams: list[tuple[MediaStream, list[MediaStreamTrack]]] = []

    def new_stream(self, playing: Playback | None) -> MediaStream:
        """A stream with tracks of what is played now, if that is known; there from its making, hence without events."""
        tracks = [] if playing is None else playing.capture()
        stream = MediaStream(tracks)
        self._streams.append((stream, tracks))
        return stream

    def begin(self, playing: Playback) -> None:
        """Metadata has become known: give every stream that has none its tracks, with ``addtrack``."""
        for stream, tracks in self._streams:
            if not tracks:
                tracks.extend(playing.capture())
                stream._add_tracks_by_library(tracks)

    def end(self) -> None:
        """What was captured is no longer played: its tracks end, then leave their streams, then that is told."""
        for stream, tracks in list(self._streams):
            gone = list(tracks)
            tracks.clear()
            for track in gone:
                if track.ready_state == "live":
                    track._end(None)
            stream._remove_tracks_by_library(gone)

    def follow(self) -> None:
        """The element has been paused, or goes on: what it captures of a stream's tracks becomes muted, or not."""
        for _, tracks in self._streams:
            for track in tracks:
                source = track._source.hub.source
                if isinstance(source, Relay):
                    source.follow()

    def refresh(self, playing: Playback) -> None:
        """The stream that is played has other tracks: capture the new ones, and leave those that are gone."""
        for stream, tracks in self._streams:
            known = {_origin(track): track for track in tracks}
            fresh = {_origin(track): track for track in playing.capture()}
            for origin, track in known.items():
                if origin not in fresh:
                    tracks.remove(track)
                    track._end(None)
                    stream._remove_tracks_by_library([track])
            for origin in known.keys() & fresh.keys():
                fresh.pop(origin).stop()
            tracks.extend(fresh.values())
            stream._add_tracks_by_library(list(fresh.values()))


def _origin(track: MediaStreamTrack) -> MediaStreamTrack:
    """The track of the stream that an element plays, of which this one is captured."""
    source = track._source.hub.source
    return source.origin if isinstance(source, Relay) else track
