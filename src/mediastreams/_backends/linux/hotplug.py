"""`FolderWatch`: says when device nodes came, went or changed their permissions.

Not for: knowing which. By inotify on ``/dev``: no daemon needed, and it sees the moment when udev has opened the
node to the user, which the kernel's own announcement does not wait for.
"""

from __future__ import annotations

import ctypes
import os
import re
import select
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from mediastreams._engine.worker import Worker, after_fork_in_child

__all__ = ["FolderWatch", "names_in"]

_ATTRIB, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x4, 0x40, 0x80, 0x100, 0x200
_CHANGES: Final = _ATTRIB | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_OVERFLOW: Final = 0x4000
_ONLY_FOLDERS: Final = 0x01000000
_HEAD: Final = struct.Struct("iIII")
_SETTLE_SECONDS: Final = 0.25


class FolderWatch:
    """Owns one inotify descriptor and one worker, from construction to `close`.

    ``changed`` is called on the worker when names that match the pattern have come, gone or changed, once
    they have been quiet for ``settle_seconds``: udev needs some steps to set up a new device.
    """

    def __init__(
        self,
        folder: str,
        pattern: str,
        changed: Callable[[], None],
        *,
        settle_seconds: float = _SETTLE_SECONDS,
    ) -> None:
        self._pattern = re.compile(pattern)
        self._changed = changed
        self._settle_ms = 1000 * settle_seconds
        self._stopping = False
        self._lock = threading.Lock()
        self._fds = [_watch(folder), *os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)]
        self._worker = Worker(f"watch-{Path(folder).name}", self._run, finish=self._ask_to_end)
        after_fork_in_child(self)
        self._worker.start()

    def close(self) -> None:
        """End; no call comes after this, unless it is made in one. Idempotent, any thread."""
        self._ask_to_end()
        self._worker.join()

    def after_fork(self) -> None:
        self._release()

    def _ask_to_end(self) -> None:
        self._stopping = True
        with self._lock:
            if self._fds:
                os.write(self._fds[2], b"x")

    def _release(self) -> None:
        fds, self._fds = self._fds, []
        for fd in fds:
            os.close(fd)

    def _run(self) -> None:
        events, wake, _ = self._fds
        poller = select.poll()
        poller.register(events, select.POLLIN)
        poller.register(wake, select.POLLIN)
        pending = False
        try:
            while True:
                found = dict(poller.poll(self._settle_ms if pending else None))
                if self._stopping:
                    return
                if found:
                    pending = self._relevant(os.read(events, 65536)) or pending
                elif pending:
                    pending = False
                    self._changed()
        finally:
            with self._lock:
                self._release()

    def _relevant(self, raw: bytes) -> bool:
        return any(name is None or self._pattern.fullmatch(name) for name in names_in(raw))


def names_in(raw: bytes) -> Iterator[str | None]:
    """The names in a block of inotify events; ``None`` where some were lost."""
    place = 0
    while place + _HEAD.size <= len(raw):
        _, mask, _, length = _HEAD.unpack_from(raw, place)
        place += _HEAD.size
        name = raw[place : place + length].rstrip(b"\0")
        place += length
        if mask & _OVERFLOW:
            yield None
        elif name:
            yield os.fsdecode(name)


def _watch(folder: str) -> int:
    """An inotify descriptor on a folder. Raises: OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = _checked(libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
    try:
        _checked(libc.inotify_add_watch(fd, os.fsencode(folder), ctypes.c_uint32(_CHANGES | _ONLY_FOLDERS)))
    except OSError:
        os.close(fd)
        raise
    return fd


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
