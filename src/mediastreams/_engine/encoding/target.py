"""`Target`: the file a recording goes to, as FFmpeg's writer sees it.

Rules of the file: everything reaches the operating system at once, so that it survives the process; the
first error is kept and raised, what FFmpeg still writes after it goes nowhere; `roll_back` restores the file
as it was at the last `checkpoint`, because half a fragment or a moved index would spoil what was good.
What is no file (a pipe, a terminal) is opened for writing only: whoever could read it as well would be its own reader,
and wait for itself for ever. Who reads nothing holds nobody up once the recording is to end.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import stat
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from mediastreams._rules.network_targets import network_container, scheme_of

if TYPE_CHECKING:
    from av.container import OutputContainer

__all__ = ["FileTarget", "ObjectTarget", "Target", "check_folder", "open_target"]

_CURES: Final = {
    errno.ENOSPC: "the disk is full; what was recorded until then is playable. Free some space or record elsewhere",
    errno.EDQUOT: "your disk quota is used up; what was recorded until then is playable. Free some space",
    errno.EFBIG: "the file has become too large for its file system; record to another one",
    errno.ENOENT: "the folder does not exist; create it first",
    errno.ENOTDIR: "a part of the path is no folder; check the path",
    errno.EISDIR: "is a folder; name a file in it",
    errno.EACCES: "no permission to write there; choose another folder or change its permissions",
    errno.EPERM: "no permission to write there; choose another folder or change its permissions",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENXIO: "nobody reads from it; start its reader first",
    errno.EPIPE: "its reader has gone",
    errno.ETIMEDOUT: "its reader takes nothing",
    errno.EIO: "the device failed while writing; what was recorded until then may be playable",
}
_LOOK_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 3.0  # for a reader that takes nothing, once the recording is to end


def _with_cure(error: OSError, name: str) -> OSError:
    """The same error of the operating system, class and errno, with a sentence that helps."""
    number = error.errno or errno.EIO
    return OSError(number, f"cannot write the recording: {_CURES.get(number, error.strerror or str(error))}", name)


class Target:
    """What both kinds of target share: position, size, the first error, the undo log."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rewindable = True
        self.size = 0
        self.error: OSError | None = None
        self._position = 0
        self._discard = False
        self._good_size = 0
        self._overwritten: list[tuple[int, bytes]] = []

    def muxing(self, muxer: str, options: Mapping[str, str]) -> OutputContainer:
        """Open FFmpeg's writer on this."""
        import av

        return av.open(self, "w", format=muxer, container_options=dict(options))

    def busy(self) -> AbstractContextManager[None]:
        """What FFmpeg writes within; what goes wrong is in ``error`` then."""
        return contextlib.nullcontext()

    def sent(self, size: int) -> None:
        """Hear that an encoded packet of this size was given to FFmpeg."""

    def _write_at(self, position: int, data: bytes) -> int:
        raise NotImplementedError

    def _read_at(self, position: int, length: int) -> bytes | None:
        raise NotImplementedError

    def _truncate(self, size: int) -> None:
        raise NotImplementedError

    def write(self, data: bytes) -> int:
        """Take what FFmpeg writes."""
        if not self._discard:
            try:
                self._store(data)
            except OSError as error:
                self._discard = True
                self.error = _with_cure(error, self.name)
                raise self.error from error
        self._position += len(data)
        return len(data)

    def _store(self, data: bytes) -> None:
        position, view = self._position, memoryview(data)
        if position < self._good_size:
            old = self._read_at(position, min(len(data), self._good_size - position))
            if old is not None:
                self._overwritten.append((position, old))
        while view:
            written = self._write_at(position, bytes(view))
            position += written
            view = view[written:]
            self.size = max(self.size, position)

    def seekable(self) -> bool:
        """Whether FFmpeg may go back and complete what it wrote."""
        return self.rewindable

    def tell(self) -> int:
        return self._position

    def checkpoint(self) -> None:
        """Remember the file as it is: it is playable."""
        if not self._discard:
            self._good_size = self.size
            self._overwritten.clear()

    def roll_back(self) -> None:
        """Restore the file of the last checkpoint as far as possible, and take nothing more."""
        self._discard = True
        with contextlib.suppress(OSError):
            for position, old in reversed(self._overwritten):
                self._write_at(position, old)
            self._overwritten.clear()
            self._truncate(self._good_size)
            self.size = self._good_size

    def patch(self, position: int, data: bytes) -> None:
        """Rewrite some bytes of what is good, outside FFmpeg's sight. Errors are left to the next write."""
        if self.rewindable and not self._discard:
            with contextlib.suppress(OSError):
                self._write_at(position, data)

    def discard(self) -> None:
        """Take nothing more: what FFmpeg writes from now on goes nowhere."""
        self._discard = True

    def hurry(self) -> None:
        """Take note that the recording is to end: from now on nobody waits long for a reader. Any thread."""

    def close(self) -> None:
        raise NotImplementedError


class FileTarget(Target):
    """A path. An existing file is overwritten; a new one that stays empty is removed again."""

    def __init__(self, path: str | os.PathLike[str], *, late: bool = False) -> None:
        super().__init__(os.fspath(path))
        self._file = -1
        self._ours = False
        self._hurried: float | None = None
        if not late:
            self.open(self.name)

    def open(self, name: str) -> None:
        """Open the file; ``late``: when it is known that there is something to write, and how it is called.

        Raises:
            OSError: it cannot be written.
        """
        self.name = name
        mode = _mode_of(name)
        plain = mode is None or stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC if plain else os.O_WRONLY | getattr(os, "O_NONBLOCK", 0)
        try:
            self._file = os.open(name, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0), 0o666)
        except OSError as error:
            raise _with_cure(error, name) from error
        self.rewindable = stat.S_ISREG(os.fstat(self._file).st_mode)
        self._ours = mode is None and self.rewindable

    def hurry(self) -> None:
        self._hurried = self._hurried or time.monotonic()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = base + offset
        return self._position

    def _write_at(self, position: int, data: bytes) -> int:
        if not self.rewindable:  # a named pipe, /dev/null
            return self._write_on(data)
        os.lseek(self._file, position, os.SEEK_SET)
        return os.write(self._file, data)

    def _write_on(self, data: bytes) -> int:
        blocked = time.monotonic()
        while True:
            with contextlib.suppress(BlockingIOError):
                return os.write(self._file, data)
            select.select((), (self._file,), (), _LOOK_SECONDS)
            if self._hurried and time.monotonic() - max(self._hurried, blocked) > _PATIENCE_SECONDS:
                raise TimeoutError(errno.ETIMEDOUT, "nothing is taken")

    def _read_at(self, position: int, length: int) -> bytes | None:
        if not self.rewindable:
            return None
        os.lseek(self._file, position, os.SEEK_SET)
        return os.read(self._file, length)

    def _truncate(self, size: int) -> None:
        if self.rewindable:
            os.ftruncate(self._file, size)

    def close(self) -> None:
        """Close the file. Idempotent."""
        descriptor, self._file = self._file, -1
        if descriptor < 0:
            return
        try:
            os.close(descriptor)  # NFS and quotas may tell of a lost write here only
        except OSError as error:
            self.error = self.error or _with_cure(error, self.name)
        if self._ours and self.size == 0:
            with contextlib.suppress(OSError):
                Path(self.name).unlink()


class ObjectTarget(Target):
    """A binary file object of the caller's: flushed, never closed. Writing begins where it stands."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(str(getattr(file, "name", "") or type(file).__name__))
        self._object = file
        self.rewindable = self._can("seekable")
        self._readable = self._can("readable")
        self._origin = file.tell() if self.rewindable else 0

    def _can(self, name: str) -> bool:
        asked = getattr(self._object, name, None)
        return bool(asked is not None and asked())

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = base + offset
        return self._position

    def _go(self, position: int) -> None:
        if self.rewindable:
            self._object.seek(self._origin + position)

    def _write_at(self, position: int, data: bytes) -> int:
        try:
            self._go(position)
            written = self._object.write(data)
        except ValueError as error:  # the caller has closed it
            raise OSError(errno.EBADF, str(error)) from error
        return written if isinstance(written, int) and written > 0 else len(data)

    def _read_at(self, position: int, length: int) -> bytes | None:
        if not (self.rewindable and self._readable):
            return None
        self._go(position)
        return self._object.read(length)

    def _truncate(self, size: int) -> None:
        if self.rewindable:
            self._go(size)
            with contextlib.suppress(io.UnsupportedOperation):
                self._object.truncate()

    def close(self) -> None:
        """Flush, and leave the object standing at the end of the recording."""
        try:
            self._go(self.size)
            flush = getattr(self._object, "flush", None)
            if flush is not None:
                flush()
        except (OSError, ValueError) as error:
            if self.error is None and isinstance(error, OSError):
                self.error = _with_cure(error, self.name)


def _mode_of(name: str) -> int | None:
    """What stands there; ``None`` for nothing."""
    with contextlib.suppress(OSError, ValueError):
        return Path(name).stat().st_mode
    return None


def check_folder(name: str) -> None:
    """See whether a file can be made there later.

    Raises:
        OSError: its folder is not there, or nobody may write to it.
    """
    folder = Path(name).parent
    number = errno.ENOENT if not folder.exists() else errno.ENOTDIR if not folder.is_dir() else 0
    if not number and not os.access(folder, os.W_OK | os.X_OK):
        number = errno.EACCES
    if number:
        raise _with_cure(OSError(number, os.strerror(number)), name)


def open_target(target: str | os.PathLike[str] | BinaryIO) -> Target:
    """Open what the caller named.

    Raises:
        OSError: the path cannot be written, or nobody listens there (NetworkError); the class, the errno and the
            message say why and what helps.
    """
    if isinstance(target, str | os.PathLike) and network_container(target) is not None:
        from mediastreams._engine.encoding.network_target import NetworkTarget, PlaylistTarget

        name = os.fspath(target)
        return NetworkTarget(name) if scheme_of(name) else PlaylistTarget(name)
    if isinstance(target, str | os.PathLike):
        return FileTarget(target)
    return ObjectTarget(target)
