"""`TimeRanges`: stretches of a media element's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._webidl.conversions import unsigned_long
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.errors import DOMException

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mediastreams._rules.media_state import Range

__all__ = ["TimeRanges"]


@public
class TimeRanges:
    """Stretches of time in seconds, in order, none touching another. A snapshot. ``list(ranges)`` gives pairs.

    https://html.spec.whatwg.org/multipage/media.html#timeranges
    """

    __init__ = illegal_constructor("They are MediaElement.played, .seekable and .buffered.")

    _ranges: tuple[Range, ...]

    @classmethod
    def _of(cls, ranges: Iterable[Range]) -> TimeRanges:
        made = cls.__new__(cls)
        made._ranges = tuple(ranges)
        return made

    @property
    def length(self) -> int:
        """How many there are."""
        return len(self._ranges)

    def start(self, index: int) -> float:
        """When the range begins.

        Raises:
            DOMException: IndexSizeError, there is no such range.
            TypeError: not a number.
        """
        return self._at(index, "start")[0]

    def end(self, index: int) -> float:
        """When the range ends.

        Raises:
            DOMException: IndexSizeError, there is no such range.
            TypeError: not a number.
        """
        return self._at(index, "end")[1]

    def _at(self, index: int, name: str) -> Range:
        number = unsigned_long(index, f"TimeRanges.{name}: index")
        if number >= len(self._ranges):
            raise DOMException(f"There are {len(self._ranges)} ranges, and no number {number}", "IndexSizeError")
        return self._ranges[number]

    def __len__(self) -> int:
        return len(self._ranges)

    def __iter__(self) -> Iterator[Range]:
        return iter(self._ranges)

    def __repr__(self) -> str:
        return f"<TimeRanges {', '.join(f'{start:.3f}-{end:.3f}' for start, end in self._ranges) or 'empty'}>"
