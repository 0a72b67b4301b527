"""`open_encoder`: opening an encoder must not change how the system schedules this program's threads.

Not for: priorities that a program chose itself.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Final, Protocol

__all__ = ["open_encoder"]

_TASKS: Final = Path("/proc/self/task")


class _Encoder(Protocol):
    def open(self, strict: bool = True) -> None: ...  # noqa: FBT001, FBT002 - PyAV's signature


def open_encoder(encoder: _Encoder) -> None:
    """Open an encoder so that its threads, and the calling one, are scheduled as before.

    Where the process may (root, as in most containers), SVT-AV1 makes all of them real-time threads of the highest
    priority: three dozen that let nothing else on the machine run while they encode, the caller's for ever after, and
    the C library remembers it for every thread that the caller starts. So it is opened on a thread that ends, and its
    own threads are set back.

    Raises: what ``encoder.open()`` raises.
    """
    if not hasattr(os, "sched_getscheduler") or not _TASKS.is_dir():  # only there it happens
        encoder.open()
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    before = _threads()
    raised: list[BaseException] = []

    def work() -> None:
        try:
            encoder.open()
        except BaseException as error:  # noqa: BLE001 - raised again at the caller
            raised.append(error)

    thread = threading.Thread(target=work, name="mediastreams-encoder", daemon=True)
    thread.start()
    thread.join()
    for number in _threads() - before:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if os.sched_getscheduler(number) != policy:
                os.sched_setscheduler(number, policy, parameters)
    if raised:
        raise raised.pop()


def _threads() -> set[int]:
    return {int(entry.name) for entry in _TASKS.iterdir()}
