"""Threads that live: what they are called, how they end at exit, what a fork leaves of them.

Not for: one blocking call (`in_parallel` in ``_webidl/tasks.py``). A thread only for what blocks: a reader, an encoder.

Rules of the file: workers are daemons, so that none can hang the interpreter; one exit hook asks every
worker to finish (a recording finalises its file) and joins them within five seconds without starting
a thread; after a fork the child has none of them.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
import weakref
from collections.abc import Callable

__all__ = [
    "EXIT_SECONDS",
    "LOOK_SECONDS",
    "Reaper",
    "Worker",
    "after_fork_in_child",
    "live_workers",
    "reaper",
    "start_thread",
]

_logger = logging.getLogger(__name__)
EXIT_SECONDS = 5.0
LOOK_SECONDS = 2.0
_workers: set[Worker] = set()
_fork_hooks: weakref.WeakSet[object] = weakref.WeakSet()


def start_thread(name: str, run: Callable[[], object]) -> bool:
    """Start a daemon for something short. False where no thread starts any more: the interpreter is ending.

    What would have been done does not matter then: the system closes what a process has open.
    """
    try:
        threading.Thread(target=run, name=f"mediastreams-{name}", daemon=True).start()
    except RuntimeError as error:
        level = logging.DEBUG if "shutdown" in str(error) else logging.WARNING  # else the system is out of threads
        _logger.log(level, "No thread for %s: %s", name, error)
        return False
    return True


class Worker:
    """One thread with a name and a way to ask it to end.

    ``run`` is its body; ``finish`` asks the body to return soon (any thread, must not block) and is what
    the exit hook calls.
    """

    def __init__(self, name: str, run: Callable[[], None], *, finish: Callable[[], None]) -> None:
        self.finish = finish
        self._run = run
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._main, name=f"mediastreams-{name}", daemon=True)

    def start(self) -> Worker:
        """Begin. Once."""
        _workers.add(self)
        try:
            self._thread.start()
        except BaseException:
            _workers.discard(self)
            raise
        return self

    @property
    def alive(self) -> bool:
        return self._pid == os.getpid() and self._thread.is_alive()

    @property
    def thread(self) -> threading.Thread:
        return self._thread

    @property
    def here(self) -> bool:
        """Whether the calling code runs on this worker."""
        return threading.current_thread() is self._thread

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the end; False when it has not come in time. Not from the worker itself, not in a forked child."""
        if self._pid != os.getpid() or self.here or self._thread.ident is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _main(self) -> None:
        try:
            self._run()
        except Exception:  # the worker's border: whatever came through is a bug that must be seen
            _logger.exception("%s failed", self._thread.name)
        finally:
            _workers.discard(self)


class Reaper:
    """Closes what the garbage collector found. Finalisers may take no lock, so they only `put` here.

    `queue.SimpleQueue.put` is reentrant and waits for nobody. The thread runs while somebody has asked it to stand
    by; those who did may have it look after them every few seconds.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.RLock()  # reentrant: the collector may run somebody's finaliser in here
        self._users = 0
        self._looks: tuple[weakref.WeakMethod[Callable[[], None]], ...] = ()

    def put(self, call: Callable[[], None]) -> None:
        """Run ``call`` soon on the reaper's thread. For finalisers; takes no lock."""
        self._queue.put(call)

    def stand_by(self, look: Callable[[], None] | None = None) -> None:
        """Have the thread ready; every call needs one `stand_down`. ``look``, a method, is called now and then."""
        with self._lock:
            self._users += 1
            if look is not None:
                self._looks = (*(one for one in self._looks if one() is not None), weakref.WeakMethod(look))
            if self._users == 1:
                start_thread("reaper", self._run)

    def stand_down(self, look: Callable[[], None] | None = None) -> None:
        """Take back one `stand_by`, with the same argument."""
        with self._lock:
            self._users -= 1
            self._looks = tuple(one for one in self._looks if one() not in (None, look))
            if self._users == 0:
                self._queue.put(None)

    def _run(self) -> None:
        while True:
            try:
                call = self._queue.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                call = self._look
            if call is None:
                return
            try:
                call()
            except Exception:
                _logger.exception("Closing an abandoned object failed")
            del call  # it holds the object

    def _look(self) -> None:
        for one in self._looks:
            if (look := one()) is not None:
                look()

    def after_fork(self) -> None:
        self.__init__()  # type: ignore[misc]  # begin anew: no thread, no lock of the parent


reaper = Reaper()


def after_fork_in_child(obj: object) -> None:
    """Have ``obj.after_fork()`` called in a forked child; held weakly. It must take no lock and join nothing."""
    _fork_hooks.add(obj)


def live_workers() -> list[Worker]:
    """The workers that have not ended; for the manual clock, which waits for them."""
    return list(_workers)


def _finish_all() -> None:
    deadline = time.perf_counter() + EXIT_SECONDS
    workers = list(_workers)
    for worker in workers:
        try:
            worker.finish()
        except Exception:
            _logger.exception("Ending a worker failed")
    for worker in workers:
        if not worker.join(max(0.0, deadline - time.perf_counter())):
            _logger.warning("A worker did not end within %g s of the exit", EXIT_SECONDS)


def _after_fork() -> None:
    _workers.clear()
    for obj in list(_fork_hooks):
        obj.after_fork()  # type: ignore[attr-defined]


after_fork_in_child(reaper)
atexit.register(_finish_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
