"""`Playback`: what plays in a media element, whatever it is; `Reporter`: the way of its news to the element.

Not for: the element's state, which changes on the owner loop only (``media_element.py``); for files
``file_playback.py``, for streams ``stream_playback.py``.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from mediastreams._webidl.tasks import Owner, queue_task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediastreams._engine.feed import TrackFeed
    from mediastreams._rules.media_state import Range
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.elements.media_element import MediaElement
    from mediastreams.elements.picture_view import PictureView

__all__ = ["News", "Playback", "Reporter"]

News: TypeAlias = Literal[
    "metadata", "data", "resize", "frame", "sought", "repeated", "tracks", "ended", "resumed", "failed"
]


class Playback(Protocol):
    """One resource of an element, from its selection to `close`. Its methods are the element's, on the owner loop.

    ``kept`` holds the element while it plays. ``live``: a stream, which can be neither sought nor hurried. Times are
    in seconds.
    """

    kept: MediaElement | None
    live: bool
    view: PictureView

    @property
    def over(self) -> bool:
        """Whether there is nothing to close any more. Any thread."""

    @property
    def duration(self) -> float:
        """``nan``: not known yet; ``inf``: it has no end that is known."""

    @property
    def position(self) -> float:
        """Where it is."""

    @property
    def seekable(self) -> tuple[Range, ...]:
        """Where it can go."""

    @property
    def buffered(self) -> tuple[Range, ...]:
        """What is there already."""

    @property
    def starving(self) -> bool:
        """Whether it stands still because nothing comes."""

    @property
    def fetched(self) -> bool:
        """Whether it comes over a network."""

    def play(self) -> None:
        """Let time pass."""

    def pause(self) -> None:
        """Let it stand."""

    def seek(self, place: float, *, exact: bool) -> int:
        """Go somewhere; ``"sought"`` comes with the number that is returned here."""

    def set_loop(self, *, loop: bool) -> None:
        """Say whether it begins again at its end."""

    def set_rate(self, rate: float, *, preserves_pitch: bool) -> None:
        """Say how fast time passes."""

    def look(self) -> News | None:
        """What has become of a stream; nothing ever of a file."""

    def sounds(self) -> Sequence[TrackFeed]:
        """What is to be heard now."""

    def capture(self) -> list[MediaStreamTrack]:
        """New tracks of what is played, or of what will be."""

    def close(self) -> None:
        """End it. Any thread; idempotent."""


class Reporter:
    """Queues a playback's news as tasks of the element (``news.py``), which it holds weakly."""

    def __init__(self, element: MediaElement, owner: Owner) -> None:
        self._element = weakref.ref(element)
        self._owner = owner

    def tell(self, playback: Playback, news: News, value: object = None) -> None:
        """Queue one piece of news. Any thread."""
        from mediastreams.elements.news import hear

        element = self._element()
        if element is not None:
            queue_task(self._owner, hear, element, playback, news, value)
