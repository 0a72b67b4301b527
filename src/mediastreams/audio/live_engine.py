"""`LiveEngine`: a context of the engine that runs in real time, and its certain end.

Not for: the states that programs see (``audio_context.py``).

Rules of the file: the engine's context goes on for ever unless it is closed, and would call into Python while the
interpreter ends: so every one is closed, by the program or by the collector's finding, or calls nothing from the exit
on.
"""

from __future__ import annotations

import atexit
import threading
import time
from typing import Any, Final
from weakref import WeakSet

from mediastreams._engine.worker import after_fork_in_child, reaper
from mediastreams.audio.engine import QUANTUM, call, engine, waited_for
from mediastreams.audio.worklet_bridge import silence_for_good

__all__ = ["LiveEngine"]

_EXIT_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.005
_QUANTA: Final = 4 * QUANTUM
_live: Final[WeakSet[LiveEngine]] = WeakSet()


class LiveEngine:
    """One running context of the engine, without a device: it renders by the monotonic clock."""

    def __init__(self, sample_rate: float) -> None:
        options = {"sinkId": {"type": "none"}, "sampleRate": sample_rate}
        self.native: Any = call(engine().AudioContext, options)
        self._lock = threading.Lock()
        self._closed = False
        self.lost = False  # in a forked child
        reaper.stand_by()
        _live.add(self)
        after_fork_in_child(self)

    def suspend(self) -> None:
        """Stand still. Blocks for a quantum."""
        waited_for(self.native.suspend)

    def resume(self) -> None:
        """Go on. Blocks for a quantum."""
        waited_for(self.native.resume)

    def close(self) -> None:
        """End. Blocks for a quantum; idempotent."""
        with self._lock:
            was, self._closed = self._closed, True
            if was:
                return
            try:
                waited_for(self.native.close)
            finally:
                _live.discard(self)
                reaper.stand_down()

    def after_fork(self) -> None:
        """The child has no thread that renders."""
        self._lock = threading.Lock()
        self._closed = self.lost = True


def _leave() -> None:
    """See, at exit, that no thread of the engine calls Python any more: one that did would end the process.

    The contexts themselves end with the process; to close them takes more threads that call Python.
    """
    silence_for_good()
    deadline = time.monotonic() + _EXIT_SECONDS
    waiting = [
        (one.native, one.native.currentTime + _QUANTA / one.native.sampleRate)
        for one in list(_live)
        if one.native.state == "running"
    ]
    while waiting and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        waiting = [(native, until) for native, until in waiting if native.currentTime < until]
    time.sleep(_LOOK_SECONDS)  # who has just answered an awaitable leaves


atexit.register(_leave)
