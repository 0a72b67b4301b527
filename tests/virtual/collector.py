"""A `Delivery` that keeps everything, for tests that drive a source by hand."""

from __future__ import annotations

import threading
import time

__all__ = ["Collector"]


class Collector:
    """What a source delivered: data, and the notices in their order."""

    def __init__(self) -> None:
        self.data = []
        self.arrivals = []
        self.notices = []
        self.ended = threading.Event()
        self.error = None

    def deliver(self, data) -> None:
        self.data.append(data)
        self.arrivals.append(time.perf_counter_ns() // 1000)

    def set_muted(self, *, muted) -> None:
        self.notices.append(("muted", muted))

    def reconfigured(self, mode) -> None:
        self.notices.append(("reconfigured", mode))

    def end(self, error=None) -> None:
        self.error = error
        self.ended.set()

    def wait_for_room(self, wake) -> None:
        return
