"""The lab: tests on real kernel devices, collected only inside the guest (see run.py)."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

if "MEDIASTREAMS_LAB" not in os.environ:
    collect_ignore_glob = ["test_*.py"]
else:
    sys.path.insert(0, str(Path(__file__).parent))  # for usb_camera


class Collector:
    """A `Delivery` that keeps what it is given, in order."""

    def __init__(self) -> None:
        self.pictures = []
        self.muted = []
        self.modes = []
        self.ended = []
        self.log = []
        self._news = threading.Condition()

    def _note(self, kind: str, where: list, value: object) -> None:
        with self._news:
            where.append(value)
            self.log.append((kind, value))
            self._news.notify_all()

    def deliver(self, data) -> None:
        self._note("picture", self.pictures, data)

    def set_muted(self, *, muted: bool) -> None:
        self._note("muted", self.muted, muted)

    def reconfigured(self, mode) -> None:
        self._note("mode", self.modes, mode)

    def end(self, error: BaseException | None = None) -> None:
        self._note("end", self.ended, error)

    def wait_for_room(self, wake) -> None:
        return

    def wait(self, ready: Callable[[], object], seconds: float = 20.0) -> None:
        """Until ``ready()``; fails when it does not become true in time."""
        with self._news:
            assert self._news.wait_for(ready, seconds), (
                f"not in {seconds} s: {len(self.pictures)} pictures, muted {self.muted}, ended {self.ended}"
            )

    def wait_for_pictures(self, count: int, seconds: float = 30.0) -> list:
        already = len(self.pictures)
        self.wait(lambda: self.ended or len(self.pictures) >= already + count, seconds)
        assert not self.ended, self.ended
        return self.pictures[already:]


@pytest.fixture(scope="session")
def backend():
    """One for all tests: it remembers what cameras answered, and asking takes seconds here."""
    from mediastreams._backends.linux.v4l2_backend import V4L2Backend

    return V4L2Backend()


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait for a condition nobody announces."""

    def wait(ready: Callable[[], object], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)

    return wait


@pytest.fixture
def results() -> Path:
    """A folder on the host, for pictures that people want to look at."""
    return Path(os.environ["MEDIASTREAMS_LAB_OUT"])


@pytest.fixture
def open_files() -> Callable[[str], list[str]]:
    """What this process has open whose name contains a word."""

    def matching(word: str) -> list[str]:
        found = []
        for link in list(Path("/proc/self/fd").iterdir()):
            with contextlib.suppress(OSError):  # the folder's own descriptor
                found.append(str(link.readlink()))
        return [name for name in found if word in name]

    return matching
