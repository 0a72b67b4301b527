"""Back pressure for sources with a free clock: when may the reader go on?

A `Room` is shared by all ports that one reader feeds (the tracks of a file). It says yes once somebody
has asked for a first frame, and then while no waiting port is full. One exception: a consumer that reads the
video before the audio would wait for ever for a frame that stands behind a full audio port, so a full port
is exceeded while another is empty and the full one's consumer takes nothing. One that is merely slow is not.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mediastreams._engine.worker import after_fork_in_child
from mediastreams._webidl.tasks import together as wakeups_together

if TYPE_CHECKING:
    from mediastreams._engine.port import SinkPort
    from mediastreams.abc import Wake

__all__ = ["Room"]

_POLL_SECONDS = 0.05  # finalisers take no lock, so they cannot notify: a dropped port is noticed within this
_IDLE_SECONDS = 0.25  # so long a consumer takes nothing before its full port is exceeded


class Room:
    """The ports behind one free-running reader. Thread-safe."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._ports: tuple[weakref.ref[SinkPort], ...] = ()
        self.news: list[SinkPort] | None = None  # who got something, while that is not told yet
        self._taken = -1  # by the consumers of full ports, when it was looked last
        self._since = 0.0  # when that number changed
        self._exceeding = False
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

    @contextmanager
    def together(self) -> Iterator[None]:
        """Tell the consumers only at the end what the block delivers to them. The reader's thread.

        They are woken once instead of each time; a wake-up costs more than the delivery of a frame.
        """
        news: list[SinkPort] = []
        self.news = news
        try:
            yield
        finally:
            self.news = None
            with wakeups_together:
                for port in dict.fromkeys(news):
                    port.announce()

    def is_free(self) -> bool:
        """Whether the reader may produce one more frame."""
        ports = [port for ref in self._ports if (port := ref()) is not None and not port.closed]
        if not any(port.demanded and not port.ended for port in ports):  # nobody yet, or nobody any more
            return False
        waiting = [port for port in ports if port.policy == "wait" and not port.ended]
        full = [port for port in waiting if port.full]
        if not full:
            return True
        taken = sum(port.delivered for port in full)
        if taken != self._taken:  # somebody works on what is full: it is worth waiting for
            self._taken, self._since, self._exceeding = taken, time.perf_counter(), False
        if all(len(port) for port in waiting):
            return False
        self._exceeding = self._exceeding or time.perf_counter() - self._since >= _IDLE_SECONDS
        return self._exceeding

    def wait(self, wake: Wake) -> None:
        """Block until `is_free` or ``wake`` is set."""
        with self._condition:
            while not wake.is_set() and not self.is_free():
                self._condition.wait(_POLL_SECONDS)

    def after_fork(self) -> None:
        self._condition = threading.Condition()
