"""`BlobTarget`: what FFmpeg's writer writes becomes blobs.

Not for: where their bytes are (``files/spool.py``).

Rules of the file: a blob that was given out never changes. FFmpeg goes back at the end, to write duration and index
into the head; when a part was given out by then, that and everything after it is left away, and what is there is
the form that is played as it arrives. One thread, the recording's worker.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mediastreams._engine.encoding.target import Target
from mediastreams.errors import DOMException, QuotaExceededError
from mediastreams.files.spool import BlobSpool

if TYPE_CHECKING:
    from mediastreams.abc import Clock
    from mediastreams.files.blob import Blob

__all__ = ["BlobTarget"]


class BlobTarget(Target):
    """A recording on its way into blobs. ``rewindable``: in all likelihood nothing is asked for before the end."""

    def __init__(self, clock: Clock, *, container: str, rewindable: bool) -> None:
        super().__init__("the recording")
        self._container = container
        self.rewindable = rewindable
        self._spool = BlobSpool()
        self._clock = clock
        self._first: int | None = None  # when the recording's first byte was written, µs
        self._since = 0  # the same of the next blob
        self._given_index = False

    @property
    def pending(self) -> int:
        """How many bytes were written since the last `hand_over`."""
        return self._spool.pending

    def hand_over(self, type: str) -> tuple[Blob, float]:
        """Make a blob of what is pending; and its timecode, ms."""
        since = self._since if self._spool.pending else self._clock.now_us()
        if self._spool.pending:
            self._first = since if self._first is None else self._first
            if self._container == "mp4":
                self._leave_away_second_index()
        return self._spool.blob(type), 0.0 if self._first is None else (since - self._first) / 1000

    def _leave_away_second_index(self) -> None:
        """Take back MP4's index of the end, which belongs to a head that was given out before it could be completed."""
        for place, name in self._boxes():
            if name == b"moov":
                if self._given_index:
                    self._spool.truncate(place)
                    return
                self._given_index = True

    def _boxes(self) -> Iterator[tuple[int, bytes]]:
        """The pending boxes; the file is given out in whole ones."""
        place = self._given
        while place + 16 <= self._spool.size:
            head = self._spool.peek(place, 16)
            yield place, head[4:8]
            size = int.from_bytes(head[:4], "big")
            place += max(int.from_bytes(head[8:], "big") if size == 1 else size, 8)

    @property
    def _given(self) -> int:
        return self._spool.size - self._spool.pending

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go where FFmpeg writes next."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = base + offset
        return self._position

    def patch(self, position: int, data: bytes) -> None:
        """Rewrite some bytes, unless they were given out."""
        if position >= self._given:
            super().patch(position, data)

    def _write_at(self, position: int, data: bytes) -> int:
        if position < self._given:
            self.discard()
            return len(data)
        inside = data[: max(0, self._spool.size - position)]
        try:
            self._spool.patch(position, inside)
            if len(inside) < len(data):
                if not self._spool.pending:
                    self._since = self._clock.now_us()
                self._spool.write(data[len(inside) :])
        except QuotaExceededError as error:
            raise OSError(errno.ENOSPC, error.message) from error
        except DOMException as error:
            raise OSError(getattr(error, "errno", None) or errno.EIO, error.message) from error
        return len(data)

    def _read_at(self, position: int, length: int) -> bytes | None:
        return self._spool.peek(position, length) if position >= self._given else None

    def _truncate(self, size: int) -> None:
        with contextlib.suppress(DOMException):
            self._spool.truncate(max(size, self._given))

    def close(self) -> None:
        """Nothing is open: the bytes go with the last blob on them."""
