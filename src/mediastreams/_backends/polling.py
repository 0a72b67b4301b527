"""News of devices where the system's own notices cannot be had: look every few seconds, tell of differences.

Not for: Linux, whose kernel and servers tell.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from mediastreams._engine.worker import Worker
from mediastreams.errors import DOMException

__all__ = ["poll"]

_logger = logging.getLogger(__name__)


def poll(
    name: str, look: Callable[[], object], changed: Callable[[], None], seconds: float = 2.0
) -> Callable[[], None]:
    """Call ``changed`` whenever ``look`` returns something else than before, until the returned call is made."""
    stopping = threading.Event()

    def run() -> None:
        known: object = None
        first = True
        while first or not stopping.wait(seconds):
            try:
                before, known = known, look()
            except DOMException as error:
                _logger.debug("%s: %s", name, error)
                continue
            if not first and before != known:
                changed()
            first = False

    def cancel() -> None:
        stopping.set()
        worker.join()

    worker = Worker(name, run, finish=stopping.set).start()
    return cancel
