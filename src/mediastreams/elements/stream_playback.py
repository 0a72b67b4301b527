"""`StreamPlayback`: a `MediaStream` in a media element: what comes is shown and heard, nothing is kept.

Not for: files (``file_playback.py``), or what is captured of the element (``relay.py``).

Rules of the file: a consumer hangs on each track that counts and tells when something has come or ended; what that
means is decided in `look`, on the owner loop. Tracks of a source without a clock of its own are taken at the pace of
the element's time line, everything else when it comes.
"""

from __future__ import annotations

# ruff: noqa: D102 - described where the contract is: Playback
import math
import threading
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from mediastreams._engine.frames import Picture
from mediastreams._engine.pace import Pace
from mediastreams._engine.shown_pictures import ShownPictures
from mediastreams.capture.enums import MediaStreamTrackState
from mediastreams.elements.picture_view import PictureView
from mediastreams.elements.relay import relay_track

if TYPE_CHECKING:
    from collections.abc import Collection

    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.port import SinkPort
    from mediastreams._rules.media_state import Range
    from mediastreams._rules.values import Kind
    from mediastreams.abc import Clock
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.elements.media_element import MediaElement
    from mediastreams.elements.playback import News, Reporter

__all__ = ["StreamPlayback"]

_LOOKS_PER_SECOND: Final = Fraction(60)


class StreamPlayback:
    """Follows a stream from now on. ``kinds``: an audio element heeds no pictures.

    https://w3c.github.io/mediacapture-main/#mediastreams-as-media-elements
    """

    live = True
    over = False

    def __init__(self, reporter: Reporter, stream: MediaStream, clock: Clock, *, kinds: Collection[Kind]) -> None:
        self.kept: MediaElement | None = None
        self.view = PictureView(clock, self._view_news)
        self.playing = False
        self._reporter = reporter
        self._stream = stream
        self._clock = clock
        self._kinds = kinds
        self._watches: dict[MediaStreamTrack, _Watch | _PacedWatch] = {}
        self._known = math.nan
        self._active = False
        self._played_us = 0
        self._since: int | None = None
        self._lock = threading.RLock()  # `close` comes from any thread
        self._closed = False
        stream._watch(self._changed)
        self._changed()

    def _tell(self, news: News, value: object = None) -> None:
        self._reporter.tell(self, news, value)

    def _view_news(self, news: str, value: object) -> None:
        if self.view.latest is not None and self.view.latest.number == 1 and news == "resize":
            self._tell("tracks")  # the first picture, with which metadata is known
        else:
            self._tell(news, value)  # type: ignore[arg-type]  # both are news

    # ── what there is: the owner loop ────────────────────────────────────────────────────────────

    def tracks(self) -> list[MediaStreamTrack]:
        """The live tracks that count: all sounds, and the first picture."""
        live = [
            track
            for track in self._stream.get_tracks()
            if track.kind in self._kinds and track.ready_state is MediaStreamTrackState.LIVE
        ]
        first = next((track for track in live if track.kind == "video"), None)
        return [track for track in live if track.kind == "audio" or track is first]

    def _changed(self) -> None:
        """The stream has other tracks than before."""
        with self._lock:
            if self._closed:
                return
            present = self.tracks()
            for track in [one for one in self._watches if one not in present]:
                self._watches.pop(track).close()
            for track in present:
                if track not in self._watches:
                    free = track._feed.hub.source.free_running and track.kind == "video"
                    self._watches[track] = _PacedWatch(self, track) if free else _Watch(self, track)
        self._tell("tracks")

    def look(self) -> News | None:
        """What has become of the stream: ``"metadata"`` is known, it has ``"ended"``, or ``"resumed"``."""
        present = self.tracks()
        if set(present) != set(self._watches):
            self._changed()
        active = bool(present)
        before, self._active = self._active, active or self._active
        if math.isnan(self._known):
            if not active or (any(one.kind == "video" for one in present) and self.view.picture is None):
                return None
            self._known = math.inf
            return "metadata"
        if before and not active:
            self._active = False
            self.pause()
            self._known = self.position
            return "ended"
        if active and not before:
            self._known = math.inf
            return "resumed"
        return None

    # ── the element ──────────────────────────────────────────────────────────────────────────────

    @property
    def duration(self) -> float:
        return self._known

    @property
    def position(self) -> float:
        since = self._since
        passed = 0 if since is None else self._clock.now_us() - since
        return (self._played_us + passed) / 1_000_000

    @property
    def seekable(self) -> tuple[Range, ...]:
        return ()

    @property
    def buffered(self) -> tuple[Range, ...]:
        return ()

    @property
    def starving(self) -> bool:
        return False

    @property
    def fetched(self) -> bool:
        return False

    def play(self) -> None:
        self.playing = True
        if self._since is None:
            self._since = self._clock.now_us()

    def pause(self) -> None:
        self.playing = False
        since, self._since = self._since, None
        if since is not None:
            self._played_us += self._clock.now_us() - since
        self.view.flush()

    def seek(self, place: float, *, exact: bool) -> int:  # noqa: ARG002 - a stream cannot be sought
        return 0

    def set_loop(self, *, loop: bool) -> None:
        """Heed it not: a stream has no beginning."""

    def set_rate(self, rate: float, *, preserves_pitch: bool) -> None:
        """Heed it not: a stream takes its own time."""

    def sounds(self) -> list[TrackFeed]:
        return [track._feed for track in self.tracks() if track.kind == "audio"]

    def capture(self) -> list[MediaStreamTrack]:
        return [relay_track(track, self) for track in self.tracks()]

    def close(self) -> None:
        self.pause()
        self.view.close()
        self._stream._unwatch(self._changed)
        with self._lock:
            self._closed = True
            while self._watches:
                self._watches.popitem()[1].close()


class _Watch:
    """Sees what comes on one track. The producer's thread."""

    def __init__(self, playback: StreamPlayback, track: MediaStreamTrack) -> None:
        self._playback = playback
        self._feed = track._feed
        self._port: SinkPort | None = None
        self._port = self._feed.attach(policy="latest", on_item=self._came)
        self._came()  # for what has come while it was being attached

    def _came(self) -> None:
        playback, port = self._playback, self._port
        if port is None:
            return
        item = port.take()
        view = playback.view
        if isinstance(item, Picture) and (playback.playing or view.picture is None):
            view.show(item)
        if port.ended:
            playback._tell("tracks")

    def close(self) -> None:
        if self._port is not None:
            self._feed.detach(self._port)


class _PacedWatch:
    """Takes the pictures of a source without a clock when their time has come. The scheduler's thread."""

    def __init__(self, playback: StreamPlayback, track: MediaStreamTrack) -> None:
        self._playback = playback
        self._shown = ShownPictures(track._feed)
        self._next: Picture | None = None
        self._first: int | None = None  # µs between the track's time and the element's
        self._over = False
        self._pace = Pace(playback._clock, _LOOKS_PER_SECOND, self._look, late=0)

    def _look(self, _number: int) -> None:
        playback = self._playback
        while not self._over:
            if self._next is None:
                self._next = self._shown.picture(0)
            picture = self._next
            if picture is None:
                break
            position = round(playback.position * 1_000_000)
            if self._first is None:  # it may have come when the element had played for a while
                self._first = picture.timestamp - position
            if picture.timestamp - self._first > position:
                break
            self._next = None
            playback.view.show(picture)
        if self._shown.finished and self._next is None and not self._over:
            self._over = True
            playback._tell("tracks")

    def close(self) -> None:
        self._pace.stop()
        self._shown.close()
