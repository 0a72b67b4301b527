"""`BlobSpool`: what is written piece by piece becomes blobs, in memory while that is little, else on disk.

Not for: finished bytes (`Blob`). For recorders.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from mediastreams.files.blob import Blob
from mediastreams.files.content import Content, Extent
from mediastreams.files.stores import Memory, TemporaryStore

__all__ = ["BlobSpool"]

_PIECE: Final = 262_144  # what is collected in memory at least before it goes to disk
_FILE_SIZE: Final = 268_435_456  # then a new temporary file: dropped blobs free their disk space file by file


class _Spilt(NamedTuple):
    """Pending bytes on disk."""

    store: TemporaryStore
    start: int
    length: int


class _Given(Memory):
    """Memory of a blob that says how much is free again when the last blob on it is gone."""

    __slots__ = ("_freed",)

    def __init__(self, data: bytes, freed: deque[int]) -> None:
        super().__init__(data)
        self._freed = freed

    def __del__(self) -> None:
        self._freed.append(len(self.data))  # no lock: a finaliser


class BlobSpool:
    """Grows at one end by `write`, is taken away at the other by `blob`; only what is pending may still be changed.

    Owns what is pending. The bytes of its blobs that are alive in memory are at most ``in_memory`` together; the
    rest is in temporary files that go with the last blob on them. `write` blocks while a disk writes, `blob` does not
    for long. `write` from one thread at a time, the rest from any.
    """

    def __init__(self, in_memory: int = 16 * 2**20) -> None:
        self._in_memory = in_memory
        self._lock = threading.Lock()
        self._pending = bytearray()  # after what is in _spilt
        self._spilt: list[_Spilt] = []
        self._spilt_size = 0
        self._file: TemporaryStore | None = None
        self._alive = 0  # how many bytes the blobs hold in memory, but for those of …
        self._freed: deque[int] = deque()
        self.size = 0
        """How many bytes were ever written."""

    @property
    def pending(self) -> int:
        """How many bytes were written since the last `blob`."""
        return self._spilt_size + len(self._pending)

    def write(self, data: bytes | memoryview) -> None:
        """Append; the bytes are copied.

        Raises:
            QuotaExceededError: the disk is full.
            NotReadableError: it cannot be written for another reason; keeps ``errno``.

        Even then nothing is lost: what does not get onto the disk is in memory for the next `blob`.
        """
        with self._lock:
            self._pending += data
            self.size += len(data)
            while self._freed:
                self._alive -= self._freed.popleft()
            if len(self._pending) > max(_PIECE, self._in_memory - self._alive):
                self._spill()

    def blob(self, type: str = "") -> Blob:
        """Make a blob of what was written since the last call, without copying what is on disk."""
        with self._lock:
            extents = [Extent(*one) for one in self._spilt]
            self._spilt, self._spilt_size = [], 0
            if self._pending:
                extents.append(Extent(_Given(bytes(self._pending), self._freed), 0, len(self._pending)))
                self._alive += len(self._pending)
                self._pending = bytearray()
        return Blob._of(Content(extents), type)

    def _pieces(self, place: int, length: int) -> Iterator[tuple[TemporaryStore | None, int, int]]:
        """Where pending bytes are: (file, or ``None`` for memory; place there; how many). Holding the lock."""
        skipped = place - (self.size - self.pending)
        if skipped < 0 or place + length > self.size:
            raise ValueError(f"of {self.size} bytes the last {self.pending} are pending")
        for store, start, size in self._spilt:
            if length and skipped < size:
                here = min(size - skipped, length)
                yield store, start + skipped, here
                skipped, length = 0, length - here
            else:
                skipped = max(0, skipped - size) if length else 0
        if length:
            yield None, skipped, length

    def peek(self, place: int, length: int) -> bytes:
        """Read pending bytes; places count from the first byte ever written. May block.

        Raises:
            ValueError: some of them are not pending (any more).
        """
        with self._lock:
            return b"".join(
                bytes(self._pending[start : start + size]) if store is None else store.read(start, size)
                for store, start, size in self._pieces(place, length)
            )

    def patch(self, place: int, data: bytes | memoryview) -> None:
        """Rewrite pending bytes, as `write` does.

        Raises:
            ValueError: some of them are not pending (any more).
            QuotaExceededError, NotReadableError: the disk, as in `write`.
        """
        view = memoryview(data)
        with self._lock:
            done = 0
            for store, start, size in self._pieces(place, len(view)):
                if store is None:
                    self._pending[start : start + size] = view[done : done + size]
                else:
                    store.rewrite(start, view[done : done + size])
                done += size

    def truncate(self, size: int) -> None:
        """Take back what was written last, so that ``size`` bytes were ever written.

        Raises:
            ValueError: some of it is not pending (any more).
        """
        with self._lock:
            if not self.size - self.pending <= size <= self.size:
                raise ValueError(f"of {self.size} bytes the last {self.pending} are pending")
            excess = self.size - size
            self.size = size
            fresh = min(excess, len(self._pending))
            del self._pending[len(self._pending) - fresh :]
            excess -= fresh
            self._spilt_size -= excess
            while excess:
                store, start, length = self._spilt.pop()
                if length > excess:
                    self._spilt.append(_Spilt(store, start, length - excess))
                excess -= min(length, excess)

    def _spill(self) -> None:
        """Write what is pending to disk."""
        file = self._file
        if file is None or file.size >= _FILE_SIZE:
            file = self._file = TemporaryStore()
        start = file.size
        file.append(self._pending)
        self._spilt.append(_Spilt(file, start, len(self._pending)))
        self._spilt_size += len(self._pending)
        self._pending = bytearray()

    def __repr__(self) -> str:
        return f"<BlobSpool {self.size:,} bytes, {self.pending:,} pending>"
