"""`Interrupt`: end a reader's thread that waits inside FFmpeg for a silent network.

Not for: local files, which answer, nor for reads of a program's own file object, which nobody can end.

FFmpeg asks PyAV's interrupt call-back all the time while it waits, and that compares ``time.monotonic()``
with the time-out of the read. PyAV offers no way to say "now" from another thread, and closing the container
from there crashes the process. So the ``time`` that PyAV's module sees is ours: the system's, but for
a thread that has been told to stop, for which an age passes between two looks. When a future PyAV no longer
looks there, the time-outs of ``passes.py`` still end every read, only later; a test will say so.
"""

from __future__ import annotations

import itertools
import threading
import time
from types import TracebackType
from typing import Final, Self

import av.container.core

__all__ = ["Interrupt"]

_AGE_SECONDS: Final = 1e9
_stopped: set[int] = set()  # idents of threads; adding and discarding are atomic
_ages: Final = itertools.count(1)


class _Time:
    """What PyAV's container module takes for the module ``time``."""

    def monotonic(self) -> float:
        if threading.get_ident() in _stopped:
            return next(_ages) * _AGE_SECONDS
        return time.monotonic()

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)


class Interrupt:
    """One reader's. Entered on the reader's thread for as long as that may wait; `set` comes from any thread."""

    __slots__ = ("_ident", "_lock", "_set")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ident: int | None = None
        self._set = False

    def set(self) -> None:
        """Let every wait of the reader inside FFmpeg fail, now and from now on. Idempotent."""
        with self._lock:
            self._set = True
            if self._ident is not None:
                _stopped.add(self._ident)

    def is_set(self) -> bool:
        return self._set

    def __enter__(self) -> Self:
        if not isinstance(getattr(av.container.core, "time", None), _Time):
            av.container.core.time = _Time()  # type: ignore[attr-defined]  # its own import of time
        with self._lock:
            self._ident = threading.get_ident()
            if self._set:
                _stopped.add(self._ident)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._ident is not None:
                _stopped.discard(self._ident)
            self._ident = None
