"""`FileSource`: one stream of a `Movie`, as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams.abc import Source

if TYPE_CHECKING:
    from mediastreams._backends.ffmpeg.lanes import Lane
    from mediastreams._backends.ffmpeg.movie import Movie
    from mediastreams._backends.ffmpeg.tracks import TrackInfo
    from mediastreams._rules.values import Kind, Mode, Settings
    from mediastreams.abc import Delivery

__all__ = ["FileSource"]


class FileSource(Source):
    """One stream of a `Movie`. Starting and stopping attaches and detaches; the movie plays when it is told to."""

    def __init__(self, movie: Movie, lane: Lane) -> None:
        self.movie = movie
        self.lane = lane
        self.kind: Kind = lane.info.kind
        self.clock = movie.clock
        self.free_running = movie.free
        self.recorded = not (movie.free or movie.live)
        self.room = movie.room
        self.chunk_format = lane.chunk_format

    @property
    def info(self) -> TrackInfo:
        """What the file says of the stream."""
        return self.lane.info

    @property
    def idle(self) -> bool:
        return self.lane.delivery is None

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode:  # noqa: ARG002 - it has one
        """Deliver from now on; what was played before is gone."""
        self.movie.attach(self.lane, delivery)
        return self.lane.mode

    def stop(self) -> None:
        """Deliver no more; the movie's last source to stop closes the file."""
        self.movie.detach(self.lane)

    def configure(self, settings: Settings) -> bool:  # noqa: ARG002 - all of it is the adapter's
        """Leave every setting to the track's adapter."""
        return True

    def __repr__(self) -> str:
        return f"<FileSource {self.kind} of {self.movie.name!r}>"
