"""Back pressure for sources with a free clock: when may the reader go on?

A `Room` is shared by all ports that one reader feeds (the tracks of a file). It says yes once somebody
has asked for a first frame, and then while no waiting port is full, or while one of them is empty: a
consumer that reads the video before the audio would otherwise wait for ever for a frame that stands
behind a full audio port.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from mediastreams._engine.worker import after_fork_in_child

if TYPE_CHECKING:
    from mediastreams._engine.port import SinkPort
    from mediastreams.abc import Wake

__all__ = ["Room"]

_POLL_SECONDS = 0.05  # finalisers take no lock, so they cannot notify: a dropped port is noticed within this


class Room:
    """The ports behind one free-running reader. Thread-safe."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._ports: tuple[weakref.ref[SinkPort], ...] = ()
        after_fork_in_child(self)

    def add(self, port: SinkPort) -> None:
        """Let a port take part."""
        with self._condition:
            self._ports = (*(ref for ref in self._ports if ref() is not None), weakref.ref(port))
            self._condition.notify_all()

    def changed(self) -> None:
        """Look again: a consumer took something, asked for the first time, or left."""
        with self._condition:
            self._condition.notify_all()

    def is_free(self) -> bool:
        """Whether the reader may produce one more frame."""
        ports = [port for ref in self._ports if (port := ref()) is not None and not port.closed]
        if not any(port.demanded for port in ports):
            return False
        waiting = [port for port in ports if port.policy == "wait" and not port.ended]
        return not any(port.full for port in waiting) or any(len(port) == 0 for port in waiting)

    def wait(self, wake: Wake) -> None:
        """Block until `is_free` or ``wake`` is set."""
        with self._condition:
            while not wake.is_set() and not self.is_free():
                self._condition.wait(_POLL_SECONDS)

    def after_fork(self) -> None:
        self._condition = threading.Condition()
