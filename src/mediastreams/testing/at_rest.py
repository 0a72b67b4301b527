"""Whether everything has come to rest: loops, conversion lanes, threads of one call, workers.

Not for: moving time (``manual_clock.py``).

Rules of the file: it only looks, with one exception: an empty call through a lane tells when the lane is through. A
worker is at rest when it waits on the clock; one that waits elsewhere is known by its stack, which has to stand still
in a waiting function, or for long in any other while nothing is computed.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mediastreams._engine import lanes, worker
from mediastreams._webidl.tasks import mailbox_of, settle, wakeups_of

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["MANUAL_SCHEDULER", "Watch", "calls_in_flight", "loop_is_idle", "pass_lanes", "settle_loop"]

_LIVE_LONG: Final = ("mediastreams-scheduler", "mediastreams-loop", "mediastreams-reaper", "mediastreams-convert-")
MANUAL_SCHEDULER: Final = "mediastreams-scheduler (manual)"
_WAITING_FILES: Final = (
    "/threading.py",
    "/queue.py",
    "/selectors.py",
    "\\threading.py",
    "\\queue.py",
    "\\selectors.py",
)
_STILL_SECONDS: Final = 0.004
_STILL_ANYWHERE_SECONDS: Final = 0.3
_LOOK_AGAIN_SECONDS: Final = 0.05
_COMPUTING_SECONDS: Final = 10.0  # an encoder opens, on a busy machine; longer is no coming to rest
_COMPUTING_SHARE: Final = 0.1
_TASKS: Final = Path("/proc/self/task")
_MOST_TURNS: Final = 10_000


async def settle_loop() -> None:
    """Let the running loop, and ours in the background, do everything that is there to be done."""
    loop = asyncio.get_running_loop()
    for _ in range(_MOST_TURNS):
        await settle()
        if loop_is_idle(loop):
            return
    raise RuntimeError("the event loop does not come to rest: some task goes on without ever waiting")


def loop_is_idle(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether nothing is ready to run besides the caller."""
    return mailbox_of(loop).idle and wakeups_of(loop).idle and not getattr(loop, "_ready", ())


def pass_lanes() -> bool:
    """Wait until the conversion lanes are through with what they had. Whether there may have been anything."""
    running = [lane for lane in lanes.all_lanes() if lane.running]
    passed = [threading.Event() for _ in running]
    for lane, event in zip(running, passed, strict=True):
        lane.add(event.set)
    for event in passed:
        event.wait(10)
    return bool(running)


def calls_in_flight(waiting: Iterable[threading.Thread]) -> list[threading.Thread]:
    """Threads of the library that do one thing and end, besides those that ``waiting`` names."""
    excluded = {*waiting, threading.current_thread(), *(one.thread for one in worker.live_workers())}
    return [
        thread
        for thread in threading.enumerate()
        if thread.name.startswith("mediastreams-") and not thread.name.startswith(_LIVE_LONG) and thread not in excluded
    ]


class Watch:
    """Looks at one thread from time to time, to tell whether it has stopped moving."""

    def __init__(self, thread: threading.Thread) -> None:
        self.thread = thread
        self._place: tuple[int, int] | None = None
        self._came = self._since = time.perf_counter()
        self._computed: float | None = None
        self._still = False

    def is_still(self) -> bool:
        """Whether the thread has ended, or stood at one place for long enough. To be asked again and again."""
        frame = None if self.thread.ident is None else sys._current_frames().get(self.thread.ident)  # noqa: SLF001
        if not self.thread.is_alive():
            return True
        place = None if frame is None else (id(frame.f_code), frame.f_lasti)
        now = time.perf_counter()
        if place is None or place != self._place:
            self._place, self._came, self._since = place, now, now
            self._computed, self._still = None, False
        elif not self._still:
            self._still = self._has_stood(now, waits=_waits(frame))
        return self._still

    def _has_stood(self, now: float, *, waits: bool) -> bool:
        stood = now - self._since
        if waits or stood < _STILL_ANYWHERE_SECONDS:
            return waits and stood >= _STILL_SECONDS
        before, self._computed = self._computed, _computed()
        if before is not None and abs(self._computed - before) <= _COMPUTING_SHARE * _LOOK_AGAIN_SECONDS:
            return True
        self._since = now - _STILL_ANYWHERE_SECONDS + _LOOK_AGAIN_SECONDS
        return now - self._came > _COMPUTING_SECONDS


def _waits(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_code.co_filename.endswith(_WAITING_FILES)


def _computed() -> float:
    """Seconds that the other threads of this process have run: an encoder's own ones are not Python's.

    Infinite while one waits for a processor, whose time is told when it has got it; 0 where the system does not tell.
    """
    own, total = threading.get_native_id(), 0
    with contextlib.suppress(OSError):
        for task in os.listdir(_TASKS):  # noqa: PTH208 - names
            if int(task) != own:
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    state = (_TASKS / task / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
                    if state.split()[0] == "R":
                        return math.inf
                    ran = (_TASKS / task / "schedstat").read_text(encoding="ascii").partition(" ")[0]
                    total += int(ran)
    return total / 1e9
