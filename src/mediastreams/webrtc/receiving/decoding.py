"""`Decoding`: the worker of one medium: encoded frames in, frames and chunks to the tracks.

Not for: order and loss of packets (``picture_assembly.py``, ``sound_order.py``): what comes here is in order.

Rules of the file: all pushing into the source is done on this thread, so that muting, sizes and frames keep their
order. Decoded is only while somebody wants frames, and the key frames that may tell another size. What waits is bounded
in media time: a machine that is too slow leaves pictures out, up to a key frame that it asks for.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from mediastreams._engine.worker import Worker
from mediastreams.webrtc.receiving.coded import Coded
from mediastreams.webrtc.receiving.figures import Figures

if TYPE_CHECKING:
    from mediastreams.abc import Clock
    from mediastreams.webrtc.receiving.remote_source import RemoteSource

__all__ = ["Decoding", "Mark"]

_LONGEST_US: Final = 500_000
_MOST: Final = 256


class Mark(Enum):
    """What stands in a queue between frames."""

    SILENCE = auto()  # nothing comes for a while
    CUT = auto()  # frames were left out here


class Decoding(ABC):
    """One thread, from the first frame to `close`. ``ask_for_key`` is called on it when nothing goes on without.

    `put`, `silence` and `close` belong to one other thread, the loop's.
    """

    def __init__(self, source: RemoteSource, clock: Clock, *, ask_for_key: Callable[[], None]) -> None:
        self.figures = Figures()
        self._source = source
        self._clock = clock
        self._ask_for_key = ask_for_key
        self._wake = clock.wake()
        self._lock = threading.Lock()
        self._queue: deque[Coded | Mark] = deque()
        self._ending = False
        self._worker: Worker | None = None

    def put(self, coded: Coded) -> None:
        """Take the next frame."""
        self.figures.frames_received += 1
        with self._lock:
            if self._ending:
                return
            self._queue.append(coded)
            late = self._overfull(coded)
        if late:
            self._ask_for_key()
        self._go()

    def silence(self) -> None:
        """Nothing comes for a while: after what is under way, the tracks are muted."""
        with self._lock:
            self._queue.append(Mark.SILENCE)
        self._go()

    def _go(self) -> None:
        if self._worker is None:
            self._worker = Worker(f"remote-{self._source.kind}", self._run, finish=self._finish).start()
        self._wake.set()

    def _finish(self) -> None:
        self._ending = True
        self._wake.set()

    def close(self) -> Callable[[], object]:
        """End the tracks and the thread. Returns what waits for that; idempotent."""
        if self._worker is None:
            self._source.end()
            return lambda: None
        self._finish()
        return self._worker.join

    def _overfull(self, newest: Coded) -> bool:
        """Leave out what waits for too long. Whether a key frame is needed for that."""
        oldest = next(coded for coded in self._queue if isinstance(coded, Coded))
        span = newest.times.timestamp - oldest.times.timestamp
        if span <= _LONGEST_US and len(self._queue) <= _MOST:
            return False
        return self._shorten()

    @property
    def frame_rate(self) -> float | None:
        """What was measured; ``None``: nothing yet, or it is sound."""
        return None

    @abstractmethod
    def _shorten(self) -> bool:
        """Drop some of the queue. Whether a key frame is needed now. The lock is held."""

    @abstractmethod
    def _take(self, coded: Coded) -> None:
        """Do what is to be done with one frame. The worker's thread."""

    @abstractmethod
    def _miss(self) -> None:
        """Frames were left out before the next one. The worker's thread."""

    @abstractmethod
    def _let_go(self) -> None:
        """Close what is open. The worker's thread."""

    def _run(self) -> None:
        try:
            while not self._ending:
                self._wake.clear()
                with self._lock:
                    item = self._queue.popleft() if self._queue else None
                if item is None:
                    if not self._ending:
                        self._clock.wait_until(None, self._wake)
                elif item is Mark.SILENCE:
                    self.figures.paused()
                    self._source.set_muted(muted=True)
                elif item is Mark.CUT:
                    self._miss()
                elif self._source.used:
                    self._take(item)
                else:
                    self._let_go()
        finally:
            self._source.end()
            self._let_go()
