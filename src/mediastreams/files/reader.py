"""`BlobReader`: a blob as a binary file object.

Not for: reading it on an event loop (`Blob.stream`).
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from mediastreams.files.file import File

if TYPE_CHECKING:
    from mediastreams.files.blob import Blob

__all__ = ["BlobReader"]


class BlobReader(io.RawIOBase):
    """Reads a blob from any place. One thread at a time. Nothing needs to be closed.

    Raises where it reads: NotReadableError, NotAllowedError.
    """

    def __init__(self, blob: Blob) -> None:
        self.name = blob.name if isinstance(blob, File) else "blob"
        self._content = blob._content
        self._place = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes from here on, or all that is left."""
        end = self._content.size if size is None or size < 0 else self._place + size
        data = self._content.read(self._place, end)
        self._place += len(data)
        return data

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any writable buffer
        """Read as many bytes as fit."""
        data = self.read(len(memoryview(buffer).cast("B")))
        memoryview(buffer).cast("B")[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._content.size}[whence]
        if base + offset < 0:
            raise ValueError(f"a place before the beginning: {base + offset}")
        self._place = base + offset
        return self._place

    def tell(self) -> int:
        """Where it is."""
        return self._place
