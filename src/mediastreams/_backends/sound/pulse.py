"""What a PulseAudio (or PipeWire) server has: microphones, speakers, defaults, mutes, and the news of them.

Not for: moving samples. `read_server` looks once; `PulseWatch` keeps looking, on one thread for the whole
process, which runs while somebody listens. `follow_device` looks after one device that is open.

Rules of the file: a `pulsectl.Pulse` belongs to one thread; pulsectl's ``sample_spec`` points to memory that
is no longer there and is never read.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mediastreams._backends.sysfs import physical_device
from mediastreams._engine.worker import Worker, after_fork_in_child
from mediastreams.errors import NotFoundError

__all__ = ["PulseDevice", "PulseState", "PulseWatch", "follow_device", "read_server", "the_watch"]

_logger = logging.getLogger(__name__)
_RETRY_SECONDS: Final = 2.0
_FIRST_SECONDS: Final = 5.0
_user: Final[dict[str, int]] = {}  # the process that first used libpulse; whether a child was told


@dataclass(frozen=True, slots=True)
class PulseDevice:
    """A source (microphone) or sink (speaker) of the server. ``index`` is new each time it is plugged in."""

    index: int
    name: str
    label: str
    output: bool
    monitor: bool
    muted: bool
    suspended: bool
    default: bool
    group: str


@dataclass(frozen=True, slots=True)
class PulseState:
    """The server's devices at one moment."""

    devices: tuple[PulseDevice, ...]

    def find(self, name: str, *, output: bool) -> PulseDevice | None:
        """The sink or source of that name."""
        return next((d for d in self.devices if d.name == name and d.output is output), None)

    def listing(self) -> frozenset[tuple[str, str, bool, bool]]:
        """What `enumerate_devices` could tell apart."""
        return frozenset((d.name, d.label, d.output, d.default) for d in self.devices if not d.monitor)


def read_server() -> PulseState | None:
    """Look at the server now; ``None`` when there is none (or no libpulse)."""
    try:
        with _connection() as pulse:
            return _read(pulse)
    except _NoServerError as error:
        _logger.debug("%s", error)
        return None


class _NoServerError(Exception):
    """There is no sound server, or it has gone."""


@contextlib.contextmanager
def _connection() -> Iterator[Any]:
    """A connection to the server."""
    try:
        import pulsectl
    except (ImportError, OSError) as error:  # pulsectl loads libpulse as it is imported
        raise _NoServerError(f"no PulseAudio: {error}") from error
    if _user.setdefault("pid", os.getpid()) != os.getpid():
        if not _user.setdefault("warned", 0):
            _user["warned"] = 1
            _logger.warning(
                "PulseAudio's library serves no process that was forked after its first use, so no sound device is"
                " listed here: start such processes with multiprocessing's “spawn” or “forkserver”"
            )
        raise _NoServerError("forked after libpulse was used")
    pulse = pulsectl.Pulse("mediastreams", connect=False)
    try:
        pulse.connect(autospawn=False)  # without timeout=: with one it waits for all of it
        yield pulse
    except (pulsectl.PulseError, pulsectl.PulseDisconnected) as error:
        raise _NoServerError(f"no sound server: {error}") from error
    finally:
        pulse.close()


def _read(pulse: Any) -> PulseState:
    server = pulse.server_info()
    found = [
        _device(item, output=output, default=item.name == default)
        for items, output, default in (
            (pulse.source_list(), False, server.default_source_name),
            (pulse.sink_list(), True, server.default_sink_name),
        )
        for item in items
    ]
    if not pulse.connected:
        raise _NoServerError("the sound server has gone")
    return PulseState(tuple(found))


def _device(item: Any, *, output: bool, default: bool) -> PulseDevice:
    sysfs = item.proplist.get("sysfs.path", "")
    return PulseDevice(
        index=item.index,
        name=item.name,
        label=item.description or item.name,
        output=output,
        monitor=not output and bool(item.monitor_of_sink_name),
        muted=bool(item.mute),
        suspended=item.state == "suspended",
        default=default,
        group=physical_device(Path("/sys") / sysfs.lstrip("/")) if sysfs else "",
    )


class PulseWatch:
    """Tells its listeners of every change at the server; of ``None`` when the server goes, and tries again then.

    Listeners are called on the watch's thread, first with the present state; they must be quick and may leave.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[object, Callable[[PulseState | None], None]] = {}
        self._session: _Session | None = None
        after_fork_in_child(self)

    def listen(self, listener: Callable[[PulseState | None], None]) -> Callable[[], None]:
        """Have ``listener`` called until the returned call is made."""
        key = object()
        with self._lock:
            self._listeners[key] = listener
            if self._session is None:
                self._session = _Session(self._tell)
            else:
                self._session.look_again()

        def leave() -> None:
            with self._lock:
                left = self._listeners.pop(key, None)
                session = None
                if left and not self._listeners:
                    session, self._session = self._session, None
            if session:
                session.stop()

        return leave

    def _tell(self, session: _Session, state: PulseState | None) -> None:
        with self._lock:
            listeners = list(self._listeners.values()) if session is self._session else []
        for listener in listeners:
            listener(state)

    def after_fork(self) -> None:
        """Begin anew in a child: the thread and the connection are the parent's."""
        self._lock = threading.Lock()
        self._listeners = {}
        self._session = None


class _Session:
    """The thread of the watch, from the first listener to the last."""

    def __init__(self, tell: Callable[[_Session, PulseState | None], None]) -> None:
        self._tell = tell
        self._stopping = threading.Event()
        self._again = False
        self._guard = threading.Lock()  # no waking of a connection that is being freed
        self._pulse: Any = None
        self._worker = Worker("pulse watch", self._run, finish=self._stopping.set).start()

    def look_again(self) -> None:
        """Tell the state once more, for a new listener."""
        self._again = True
        self._interrupt()

    def stop(self) -> None:
        """End the thread; returns when its connection is closed."""
        self._stopping.set()
        if self._worker.here:
            return
        while not self._worker.join(0.02):  # waking misses a thread that is not waiting yet
            self._interrupt()

    def _interrupt(self) -> None:
        with self._guard:
            if self._pulse is not None:
                self._pulse.event_listen_stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with _connection() as pulse:
                    try:
                        self._follow(pulse)
                    finally:
                        with self._guard:
                            self._pulse = None
            except _NoServerError as error:
                _logger.debug("Watching sound devices: %s", error)
                if not self._stopping.is_set():
                    self._tell(self, None)
                self._stopping.wait(_RETRY_SECONDS)

    def _follow(self, pulse: Any) -> None:
        import pulsectl

        news = False

        def on_event(_event: object) -> None:
            nonlocal news
            news = True
            raise pulsectl.PulseLoopStop

        pulse.event_mask_set("source", "sink", "server")
        pulse.event_callback_set(on_event)
        with self._guard:
            self._pulse = pulse
        state = None
        while not self._stopping.is_set():
            again, self._again, news = self._again, False, False
            before, state = state, _read(pulse)
            if again or state != before:
                self._tell(self, state)
            while not (news or self._again or self._stopping.is_set()):
                pulse.event_listen(timeout=1.0)  # a second, should a wake-up be missed


the_watch: Final = PulseWatch()


def follow_device(
    name: str, label: str, news: Callable[[PulseDevice | None], None], *, output: bool
) -> Callable[[], None]:
    """Have ``news`` called with a device's state at each change, and with ``None`` when it is gone.

    Returns when the first news was told; the call it returns ends it. On the watch's thread. What is plugged in later
    under the same name is another device.

    Raises:
        NotFoundError: it is not there.
    """
    first = threading.Event()
    index: int | None = None
    gone = False

    def on_state(state: PulseState | None) -> None:
        nonlocal index, gone
        found = state.find(name, output=output) if state else None
        gone = gone or found is None or (index is not None and found.index != index)
        index = index if found is None else found.index
        news(None if gone else found)
        first.set()

    leave = the_watch.listen(on_state)
    if not first.wait(_FIRST_SECONDS) or gone:
        leave()
        raise NotFoundError(f"The {'speaker' if output else 'microphone'} {label} is not there (any more)")
    return leave
