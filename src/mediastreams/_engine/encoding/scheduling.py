"""`ordinary_scheduling`: opening an encoder must not change how the system schedules this program's threads.

Not for: priorities that a program chose itself.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["ordinary_scheduling"]

_TASKS: Final = Path("/proc/self/task")


@contextlib.contextmanager
def ordinary_scheduling() -> Iterator[None]:
    """Undo what an encoder that is opened in here does to the scheduling of its own threads and of the calling one.

    Where the process may (root, as in most containers), SVT-AV1 makes all of them real-time threads of the highest
    priority: three dozen that let nothing else on the machine run while they encode, the caller's for ever after.
    """
    if not hasattr(os, "sched_getscheduler") or not _TASKS.is_dir():  # only there it happens
        yield
        return
    own = threading.get_native_id()
    policy, parameters = os.sched_getscheduler(own), os.sched_getparam(own)
    before = _threads()
    try:
        yield
    finally:
        for thread in (_threads() - before) | {own}:
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, parameters)


def _threads() -> set[int]:
    return {int(entry.name) for entry in _TASKS.iterdir()}
