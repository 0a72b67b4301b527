"""`Content`: the bytes of one blob as ranges of stores.

Not for: where the bytes are (``stores.py``).

Rules of the file: immutable; parts and sums share the stores of what they are made of, and copy nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from mediastreams.files.stores import Memory, Store

__all__ = ["EMPTY", "Content", "Extent", "content_of_bytes"]


class Extent(NamedTuple):
    """A range of a store."""

    store: Store
    start: int
    length: int


class Content:
    """A sequence of bytes."""

    __slots__ = ("_ends", "extents", "size")

    def __init__(self, extents: Iterable[Extent] = ()) -> None:
        joined: list[Extent] = []
        for extent in extents:
            if not extent.length:
                continue
            last = joined[-1] if joined else None
            if last is not None and last.store is extent.store and last.start + last.length == extent.start:
                joined[-1] = Extent(last.store, last.start, last.length + extent.length)
            else:
                joined.append(extent)
        self.extents = tuple(joined)
        self._ends: list[int] = []  # where each extent ends in the whole
        self.size = 0
        for extent in joined:
            self.size += extent.length
            self._ends.append(self.size)

    @property
    def in_memory(self) -> bool:
        """Whether reading never blocks."""
        return all(extent.store.in_memory for extent in self.extents)

    def _extents_of(self, start: int, end: int) -> Iterator[Extent]:
        index = bisect_right(self._ends, start)
        while start < end:
            store, first, length = self.extents[index]
            skipped = start - (self._ends[index] - length)
            taken = min(length - skipped, end - start)
            yield Extent(store, first + skipped, taken)
            start += taken
            index += 1

    def part(self, start: int, end: int) -> Content:
        """The bytes from ``start`` up to ``end``, which lie in it."""
        return self if (start, end) == (0, self.size) else Content(self._extents_of(start, end))

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Read bytes; blocks unless `in_memory`. What lies beyond the end is left out.

        Raises: NotReadableError, NotAllowedError.
        """
        end = self.size if end is None else min(end, self.size)
        pieces = [store.read(first, length) for store, first, length in self._extents_of(start, end)]
        return bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)


EMPTY: Final = Content()


def content_of_bytes(data: bytes) -> Content:
    """These bytes, without copying them."""
    return Content((Extent(Memory(data), 0, len(data)),))
