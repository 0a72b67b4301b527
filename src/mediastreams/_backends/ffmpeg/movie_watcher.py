"""`MovieWatcher`: whoever plays a movie that is kept open; what it asks for and what it is told.

Not for: tracks, which hear of the movie by their deliveries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from mediastreams.errors import DOMException

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture

__all__ = ["MovieListener", "MovieWatcher", "Request"]

MovieListener: TypeAlias = Callable[[DOMException | None], None]
"""Called on the movie's thread: when it is open; with what went wrong, or ``None``. It must not block."""


class MovieWatcher(Protocol):
    """Whoever plays a movie that is kept open. Called on the movie's thread; it must not block."""

    def movie_shows(self, picture: Picture) -> None:
        """The first video track shows this from now on: in its turn, or at rest, where it was sought to."""

    def movie_ready(self) -> None:
        """What comes first is decoded."""

    def movie_sought(self, ticket: int, error: DOMException | None) -> None:
        """The place of this `Movie.seek`, the latest one, is reached, or cannot be."""

    def movie_repeats(self) -> None:
        """It begins anew."""

    def movie_at_end(self) -> None:
        """It is played to its end; it stays open."""

    def movie_over(self, error: DOMException | None) -> None:
        """Its thread has ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """A place that is wanted, µs after the beginning of the file."""

    target: int
    exact: bool
    ticket: int
