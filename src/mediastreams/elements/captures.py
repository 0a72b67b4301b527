"""`Captures`: the streams captured from one media element, and which tracks each has now.

Not for: when something is played (``media_element.py``). On the element's owner loop only.

Rules of the file: an element holds what was captured of it weakly. A stream stays while somebody holds it, listens to
it, or watches its tracks (a recorder); a track while somebody holds or hears it, as every track does.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from mediastreams.capture.media_stream import MediaStream
from mediastreams.elements.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.elements.playback import Playback

__all__ = ["Captures"]


class Captures:
    """Every captured stream that is still there follows the element for as long as the element lives.

    https://w3c.github.io/mediacapture-fromelement/#dom-htmlmediaelement-capturestream
    """

    def __init__(self) -> None:
        self._captures: list[_Capture] = []

    def new_stream(self, playing: Playback | None) -> MediaStream:
        """A stream with tracks of what is played now, if that is known; there from its making, hence without events."""
        tracks = [] if playing is None else playing.capture()
        stream = MediaStream(tracks)
        self._captures = [one for one in self._captures if one.alive]
        self._captures.append(_Capture(stream, tracks))
        return stream

    def begin(self, playing: Playback) -> None:
        """Metadata has become known: give every stream that has none its tracks, with ``addtrack``."""
        for capture in list(self._captures):
            stream = capture.stream
            if stream is not None and not capture.tracks:
                tracks = playing.capture()
                for track in tracks:
                    capture.add(track)
                stream._add_tracks_by_library(tracks)

    def end(self) -> None:
        """What was captured is no longer played: its tracks end, then leave their streams, then that is told."""
        for capture in list(self._captures):
            gone = list(capture.present())
            capture.tracks.clear()
            for track in gone:
                if track.ready_state == "live":
                    track._end(None)
            if (stream := capture.stream) is not None:
                stream._remove_tracks_by_library(gone)

    def follow(self) -> None:
        """The element has been paused, or goes on: what it captures of a stream's tracks becomes muted, or not."""
        for capture in self._captures:
            for track in capture.present():
                source = track._source.hub.source
                if isinstance(source, Relay):
                    source.follow()

    def refresh(self, playing: Playback) -> None:
        """The stream that is played has other tracks: capture the new ones, and leave those that are gone."""
        for capture in list(self._captures):
            fresh = {_origin(track): track for track in playing.capture()}
            for of, one in list(capture.tracks):
                origin, track = of(), one()
                if origin is not None and origin in fresh:
                    fresh.pop(origin).stop()
                    continue
                capture.tracks.remove((of, one))
                if track is not None:
                    track._end(None)
                    if (stream := capture.stream) is not None:
                        stream._remove_tracks_by_library([track])
            if (stream := capture.stream) is not None:
                for track in fresh.values():
                    capture.add(track)
                stream._add_tracks_by_library(list(fresh.values()))
            else:
                for track in fresh.values():
                    track.stop()


class _Capture:
    """One captured stream. ``tracks``: weakly, what its present ones are captured of, and they themselves."""

    def __init__(self, stream: MediaStream, tracks: Sequence[MediaStreamTrack]) -> None:
        self._stream = weakref.ref(stream)
        self._used: MediaStream | None = None
        self.tracks: list[tuple[weakref.ref[MediaStreamTrack], weakref.ref[MediaStreamTrack]]] = []
        for track in tracks:
            self.add(track)
        stream._on_use = self._keep

    def _keep(self, stream: MediaStream) -> None:
        """Hold the stream while somebody hears of its tracks. Any thread.

        https://w3c.github.io/mediacapture-main/#mediastreamtrack
        """
        self._used = stream if stream._used else None

    @property
    def stream(self) -> MediaStream | None:
        return self._stream()

    @property
    def alive(self) -> bool:
        """Whether anybody has the stream, or a live track of it."""
        return self.stream is not None or any(track.ready_state == "live" for track in self.present())

    def add(self, track: MediaStreamTrack) -> None:
        self.tracks.append((weakref.ref(_origin(track)), weakref.ref(track)))

    def present(self) -> Iterator[MediaStreamTrack]:
        """The tracks that are still there."""
        return (track for _, one in self.tracks if (track := one()) is not None)


def _origin(track: MediaStreamTrack) -> MediaStreamTrack:
    """The track of the stream that an element plays, of which this one is captured."""
    source = track._source.hub.source
    return source.origin if isinstance(source, Relay) else track
