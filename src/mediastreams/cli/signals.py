"""Ctrl+C and SIGTERM as the ordinary end of a command that goes on until then."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["ended_by_signals"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_PATIENCE_SECONDS: Final = 1.0


@contextlib.contextmanager
def ended_by_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Have Ctrl+C and SIGTERM call ``stop``. Who asks again later does not want to wait for what hangs."""
    loop = asyncio.get_running_loop()
    asked: list[float] = []

    def on_signal(number: signal.Signals) -> None:
        if asked and loop.time() - asked[0] > _PATIENCE_SECONDS:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        asked.append(loop.time())
        stop()

    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, on_signal, number)
    except NotImplementedError:  # Windows: Ctrl+C cancels the task, which ends things just as well
        yield
        return
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
