"""`MediaStream` and *fire a track event*.

Not for: the life of tracks.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Self, cast, overload

from mediastreams._webidl.conversions import dom_string, wrong_type
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import public
from mediastreams.capture.enums import MediaStreamTrackState
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.media_stream_track_event import MediaStreamTrackEvent

if TYPE_CHECKING:
    from types import TracebackType

    from mediastreams._engine.audio_data import AudioData
    from mediastreams._engine.video_frame import VideoFrame

__all__ = ["MediaStream"]


@public
class MediaStream(EventTarget):
    """A set of tracks that belong together, live or not.

    ``MediaStream()``, ``MediaStream(stream)`` with the tracks of another, or ``MediaStream(tracks)``. Owns nothing:
    its tracks live on their own, though leaving it as a context manager stops those it has then.

    https://w3c.github.io/mediacapture-main/#mediastream
    """

    onaddtrack = event_handler("addtrack", MediaStreamTrackEvent)
    onremovetrack = event_handler("removetrack", MediaStreamTrackEvent)

    @overload
    def __init__(self, /) -> None: ...
    @overload
    def __init__(self, stream: MediaStream, /) -> None: ...
    @overload
    def __init__(self, tracks: Iterable[MediaStreamTrack], /) -> None: ...
    def __init__(self, stream_or_tracks: MediaStream | Iterable[MediaStreamTrack] = (), /) -> None:
        """*The MediaStream constructor*.

        Raises:
            TypeError: neither a stream nor tracks.

        https://w3c.github.io/mediacapture-main/#dom-mediastream-mediastream
        """
        # 1-2. A new stream with a new id.
        super().__init__()
        self._id = str(uuid.uuid4())
        self._tracks: tuple[MediaStreamTrack, ...] = ()  # the track set
        self._watchers: tuple[Callable[[], None], ...] = ()
        self._on_use: Callable[[MediaStream], None] | None = None  # whoever has to keep it while it is used
        # 3. The tracks, each once.
        for track in _tracks_of(stream_or_tracks):
            if track not in self._tracks:
                self._tracks = (*self._tracks, track)

    @property
    def id(self) -> str:
        """A UUID."""
        return self._id

    @property
    def active(self) -> bool:
        """Whether a track of the stream is live."""
        return any(track.ready_state is MediaStreamTrackState.LIVE for track in self._tracks)

    def get_audio_tracks(self) -> list[MediaStreamTrack[AudioData]]:
        """A snapshot of the audio tracks, in the order in which they were added."""
        return [cast("MediaStreamTrack[AudioData]", track) for track in self._tracks if track.kind == "audio"]

    def get_video_tracks(self) -> list[MediaStreamTrack[VideoFrame]]:
        """A snapshot of the video tracks, in the order in which they were added."""
        return [cast("MediaStreamTrack[VideoFrame]", track) for track in self._tracks if track.kind == "video"]

    def get_tracks(self) -> list[MediaStreamTrack]:
        """A snapshot of all tracks, in the order in which they were added."""
        return list(self._tracks)

    def get_track_by_id(self, track_id: str) -> MediaStreamTrack | None:
        """The track of that id, or ``None``."""
        wanted = dom_string(track_id, "MediaStream.get_track_by_id: track_id")
        return next((track for track in self._tracks if track.id == wanted), None)

    def add_track(self, track: MediaStreamTrack) -> None:
        """Add a track; one that is there already stays once.

        Raises:
            TypeError: not a track.
            RuntimeError: called outside the loop that owns the stream.

        https://w3c.github.io/mediacapture-main/#dom-mediastream-addtrack
        """
        _check_track(track, "MediaStream.add_track")
        self._owner.check("MediaStream.add_track")
        # 2-3. SPEC-ISSUE: step 3 points to the algorithm that fires `addtrack`, while the event summary and the
        # web-platform-tests say that an application's own call fires nothing. They decide.
        if track not in self._tracks:
            self._set_tracks((*self._tracks, track))

    def remove_track(self, track: MediaStreamTrack) -> None:
        """Remove a track; one that is not there is no error. The track lives on.

        Raises:
            TypeError: not a track.
            RuntimeError: called outside the loop that owns the stream.

        https://w3c.github.io/mediacapture-main/#dom-mediastream-removetrack
        """
        _check_track(track, "MediaStream.remove_track")
        self._owner.check("MediaStream.remove_track")
        # 2-3. SPEC-ISSUE: as in add_track, no event.
        self._set_tracks(tuple(other for other in self._tracks if other is not track))

    def clone(self) -> MediaStream:
        """A new stream of clones of all tracks.

        Raises:
            RuntimeError: called outside the loop that owns the stream.

        https://w3c.github.io/mediacapture-main/#dom-mediastream-clone
        """
        self._owner.check("MediaStream.clone")
        return MediaStream([track.clone() for track in self._tracks])

    # ── for those who must know which tracks there are: recorders ────────────────────────────────────

    def _set_tracks(self, tracks: tuple[MediaStreamTrack, ...]) -> None:
        if tracks != self._tracks:
            self._tracks = tracks
            for watcher in self._watchers:
                watcher()

    def _watch(self, watcher: Callable[[], None]) -> None:
        """Have ``watcher`` called after each change of the track set, until `_unwatch`. It must be quick."""
        self._watchers = (*self._watchers, watcher)
        self._listeners_changed()

    def _unwatch(self, watcher: Callable[[], None]) -> None:
        self._watchers = tuple(one for one in self._watchers if one != watcher)
        self._listeners_changed()

    @property
    def _used(self) -> bool:
        """Whether somebody is told of changes, so that it must stay though nobody may hold it."""
        return bool(self._watchers) or self._has_listeners()

    def _listeners_changed(self) -> None:
        if self._on_use is not None:
            self._on_use(self)

    # ── for sources that change a stream's tracks: elements, connections ─────────────────────────────

    def _add_tracks_by_library(self, new: Sequence[MediaStreamTrack]) -> None:
        """*Add a track* on behalf of a source: fires ``addtrack``. On the owner loop.

        All of them are in before the first is told of: who hears of it sees, and can record, the whole.

        https://w3c.github.io/mediacapture-main/#track-add
        """
        fresh = [track for track in new if track not in self._tracks]
        self._set_tracks((*self._tracks, *fresh))
        for track in fresh:
            fire_event(self, "addtrack", MediaStreamTrackEvent, track=track)

    def _remove_tracks_by_library(self, gone: Sequence[MediaStreamTrack]) -> None:
        """*Remove a track* on behalf of a source: fires ``removetrack``. On the owner loop.

        All of them leave before the first is told of: who hears of it sees what is left.

        https://w3c.github.io/mediacapture-main/#track-remove
        """
        known = [track for track in gone if track in self._tracks]
        self._set_tracks(tuple(other for other in self._tracks if other not in known))
        for track in known:
            fire_event(self, "removetrack", MediaStreamTrackEvent, track=track)

    # ── Python ───────────────────────────────────────────────────────────────────────────────────

    @property
    def video(self) -> MediaStreamTrack[VideoFrame] | None:
        """The first video track, or ``None``: the usual one."""
        return next(iter(self.get_video_tracks()), None)

    @property
    def audio(self) -> MediaStreamTrack[AudioData] | None:
        """The first audio track, or ``None``: the usual one."""
        return next(iter(self.get_audio_tracks()), None)

    def _stop_tracks(self) -> None:
        for track in self._tracks:
            track.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_tracks()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_tracks()

    def __repr__(self) -> str:
        state = "active" if self.active else "inactive"
        return f"<MediaStream {state} [{', '.join(map(repr, self._tracks))}]>"


def _check_track(track: object, where: str) -> None:
    if not isinstance(track, MediaStreamTrack):
        raise wrong_type(f"{where}: track", "a MediaStreamTrack", track)


def _tracks_of(value: MediaStream | Iterable[MediaStreamTrack]) -> list[MediaStreamTrack]:
    where = "MediaStream()"
    if isinstance(value, MediaStream):
        return value.get_tracks()
    if isinstance(value, str | bytes | MediaStreamTrack) or not isinstance(value, Iterable):
        raise wrong_type(where, "a MediaStream or a sequence of tracks", value)
    tracks = list(value)
    for track in tracks:
        _check_track(track, where)
    return tracks
