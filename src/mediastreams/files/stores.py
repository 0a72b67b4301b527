"""Where the bytes of blobs are: `Memory`, `PathStore`, `TemporaryStore`.

Not for: which bytes of which store make a blob (``content.py``).

Rules of the file: bytes that were given out once never change; any thread may read; what `Store.in_memory` does not
hold may block, so it is read off the event loop. Errors of the system become named errors here.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
import threading
from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mediastreams._engine.worker import reaper
from mediastreams.errors import DOMException, NotAllowedError, NotReadableError, NotSupportedError, QuotaExceededError

if TYPE_CHECKING:
    from typing import IO

__all__ = ["Memory", "PathStore", "Store", "TemporaryStore"]

_FULL: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG})


class Store(ABC):
    """Bytes that do not change, addressed by their place."""

    __slots__ = ("__weakref__",)

    in_memory: bool = False
    """Whether `read` never blocks."""

    @abstractmethod
    def read(self, start: int, length: int) -> bytes | memoryview:
        """Exactly these bytes, which are there. Any thread.

        Raises: NotReadableError, NotAllowedError.
        """


class Memory(Store):
    """Bytes in memory. What is read of them is a view."""

    __slots__ = ("data",)

    in_memory = True

    def __init__(self, data: bytes) -> None:
        self.data = memoryview(data)

    def read(self, start: int, length: int) -> memoryview:
        """A view of these bytes."""
        return self.data[start : start + length]


class PathStore(Store):
    """A file of the program's, as it was when it was looked at: later changes make it unreadable.

    It is opened for each read, so nothing has to be closed.

    https://w3c.github.io/FileAPI/#snapshot-state
    """

    __slots__ = ("_snapshot", "modified_ns", "path", "size")

    def __init__(self, path: str) -> None:
        """Take note of the file's state; does not read it.

        Raises: NotReadableError, NotAllowedError, NotSupportedError (a pipe or device).
        """
        self.path = str(Path(path).absolute())
        try:
            found = Path(self.path).stat()
        except (OSError, ValueError) as error:
            raise _unreadable(self.path, error) from error
        if stat.S_ISDIR(found.st_mode):
            raise NotReadableError(f"{self.path!r} is a directory", errno=errno.EISDIR)
        if not stat.S_ISREG(found.st_mode):
            raise NotSupportedError(f"{self.path!r} is no regular file: read it yourself and make a Blob of the bytes")
        self.size = found.st_size
        self.modified_ns = found.st_mtime_ns
        self._snapshot = _state_of(found)

    def read(self, start: int, length: int) -> bytes:
        """Open the file and read these bytes.

        Raises: NotReadableError (changed, gone, failing), NotAllowedError.
        """
        try:
            with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123 - Path.open() is slower
                before = _state_of(os.fstat(file.fileno()))
                file.seek(start)
                data = _read_all(file, length)
                after = _state_of(os.fstat(file.fileno()))
        except (OSError, ValueError) as error:
            raise _unreadable(self.path, error) from error
        if not before == after == self._snapshot or len(data) != length:
            raise NotReadableError(f"{self.path!r} has changed since the File was made of it: make a new one")
        return data


def _state_of(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _read_all(file: IO[bytes], length: int) -> bytes:
    """Read on after short reads, which the system may make of large ones."""
    data = file.read(length)
    if len(data) == length or not data:
        return data
    parts = [data]
    missing = length - len(data)
    while missing and (data := file.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def _unreadable(path: str, error: OSError | ValueError) -> DOMException:
    number = getattr(error, "errno", None)
    if number in {errno.EACCES, errno.EPERM}:
        return NotAllowedError(f"Reading {path!r} is not permitted", errno=number)
    if number in {errno.ENOENT, errno.ENOTDIR}:
        return NotReadableError(f"There is no file {path!r}", errno=number)
    return NotReadableError(f"{path!r} cannot be read: {getattr(error, 'strerror', None) or error}", errno=number)


class TemporaryStore(Store):
    """A temporary file without a name, gone with the last blob that has bytes in it. Grows at its end.

    Closing a large file may take the system a while, and finalisers take no lock: the reaper closes it.
    """

    __slots__ = ("_file", "_lock", "_pid", "size")

    def __init__(self) -> None:
        """Open it in ``$TMPDIR``, else in ``/var/tmp``, which is on a disk where ``/tmp`` often is memory.

        Raises: QuotaExceededError (disk full), NotReadableError (no folder can be written).
        """
        try:
            with tempfile.TemporaryFile(buffering=0, prefix="mediastreams-", dir=_folder()) as file:
                # A number, as the collector closes file objects itself, with a warning, before __del__ comes to it.
                self._file = os.dup(file.fileno())
        except OSError as error:
            raise _unwritable(error) from error
        self.size = 0
        self._lock = threading.Lock()  # for systems where reading moves the place where writing goes on
        self._pid = os.getpid()
        reaper.stand_by()

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write at the end. One thread at a time. What could not be written whole counts as not written.

        Raises: QuotaExceededError (disk full), NotReadableError (any other trouble; keeps ``errno``).
        """
        self.rewrite(self.size, data)
        self.size += len(data)

    def rewrite(self, place: int, data: bytes | memoryview | bytearray) -> None:
        """Write anywhere; the caller answers for what was given out. One thread at a time.

        Raises: as `append`.
        """
        done = 0
        with memoryview(data) as view:  # let go of in an error, too: its traceback would keep the bytes from changing
            try:
                while done < len(view):
                    with view[done:] as rest:
                        done += self._write_at(place + done, rest)
            except OSError as error:
                raise _unwritable(error) from error

    def _write_at(self, place: int, view: memoryview) -> int:
        if hasattr(os, "pwrite"):
            return os.pwrite(self._file, view, place)
        with self._lock:
            os.lseek(self._file, place, os.SEEK_SET)
            return os.write(self._file, view)

    def read(self, start: int, length: int) -> bytes:
        """Read these bytes.

        Raises: NotReadableError.
        """
        parts: list[bytes] = []
        missing = length
        try:
            while missing:
                data = self._read_at(start + length - missing, missing)
                if not data:
                    raise NotReadableError("A temporary file has lost its end")
                parts.append(data)
                missing -= len(data)
        except DOMException:
            raise
        except OSError as error:
            raise NotReadableError(f"A temporary file cannot be read: {error.strerror}", errno=error.errno) from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read_at(self, place: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file, length, place)
        with self._lock:
            os.lseek(self._file, place, os.SEEK_SET)
            return os.read(self._file, length)

    def __del__(self) -> None:
        file = getattr(self, "_file", None)
        if file is None or sys.is_finalizing():  # the system closes what a process has open
            return
        if os.getpid() != self._pid:  # in a forked child no reaper stands by; the file is its parent's, too
            os.close(file)
        else:
            reaper.put(partial(os.close, file))
            reaper.put(reaper.stand_down)


def _folder() -> str:
    chosen = tempfile.tempdir is not None or any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    lasting = "/var/tmp"  # noqa: S108 - the file gets no name there
    return lasting if not chosen and os.access(lasting, os.W_OK) else tempfile.gettempdir()


def _unwritable(error: OSError) -> DOMException:
    if error.errno in _FULL:
        return QuotaExceededError(
            f"The disk of {_folder()!r} is full: what is recorded does not fit. Set TMPDIR to a folder on a larger one"
        )
    return NotReadableError(f"A temporary file in {_folder()!r} fails: {error.strerror or error}", errno=error.errno)
