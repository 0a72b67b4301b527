"""`open`: any media file or URL as a stream.

Not for: playing with pauses and repetitions (`MediaElement`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mediastreams._webidl.opening import Opening
from mediastreams._webidl.tasks import in_parallel
from mediastreams.capture.media_stream import MediaStream
from mediastreams.elements.resources import media_input

if TYPE_CHECKING:
    from mediastreams._backends.ffmpeg.locations import MediaInput
    from mediastreams._backends.ffmpeg.movie import Movie
    from mediastreams.elements.resources import MediaResource

__all__ = ["open"]


def open(src: MediaResource, clock: Literal["real", "free"] = "real") -> Opening[MediaStream]:
    """Make a stream of all audio and video tracks of a file or URL.

    Await it, or ``async with open(src) as stream:``. The tracks end with the file. Leaving the block, or stopping
    every track, closes it.

    Args:
        src: a path, a URL, bytes, a binary file object, a Blob or File, or the ``blob:`` URL of one.
        clock: ``"real"`` plays in real time from now on; ``"free"`` begins when somebody asks for the first frame and
            runs as fast as the consumers take it (``frames(policy="wait")``, recording).

    Raises:
        NotReadableError: there is no such file, or it cannot be read, with ``errno``; at once for a ``blob:`` URL that
            was revoked.
        NotAllowedError: the system does not permit it.
        NotSupportedError: nothing that FFmpeg reads, or a scheme that is not for media.
        NetworkError: the server does not answer, or not with a file.
        TypeError: ``src`` is nothing that can be opened.
        ValueError: ``clock`` is neither ``"real"`` nor ``"free"``.
    """
    if clock not in ("real", "free"):
        raise ValueError(f"open: clock must be 'real' or 'free', not {clock!r}")
    return Opening(_open(media_input(src), free=clock == "free"), _stop)


def _stop(stream: MediaStream) -> None:
    for track in stream.get_tracks():
        track.stop()


async def _open(src: MediaInput, *, free: bool) -> MediaStream:
    """Open it off the loop, which the import of av would block too; whoever cancels the wait ends the opening."""
    movie = await in_parallel(_movie_of, src, free)
    try:
        await in_parallel(movie.open, abandoned=lambda late: late.close())
        from mediastreams.elements.movie_tracks import MovieTracks

        stream = MediaStream(MovieTracks(movie, movie.sources).create())
    except BaseException:
        movie.close()
        raise
    movie.play()
    return stream


def _movie_of(src: MediaInput, free: bool) -> Movie:  # noqa: FBT001 - arguments come by position
    import mediastreams.elements.movie_tracks  # noqa: F401 - loaded here, not on the loop
    from mediastreams._backends.ffmpeg.movie import Movie

    return Movie(src, free=free)
