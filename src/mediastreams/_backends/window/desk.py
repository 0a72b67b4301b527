"""`Desk`: the one thread on which all windows live, because SDL's events belong to the thread that began its video.

Not for: what is in a window (``pane.py``).

Rules of the file: the thread begins with the first window and ends with the last one. It wakes at the screen's rate,
asks each window's supply once, and draws where there is something new. Opening and closing are orders to it; who gives
one waits, for some seconds at most.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mediastreams._engine.worker import Worker, after_fork_in_child
from mediastreams.errors import DOMException, NotReadableError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams._backends.window.pane import Pane
    from mediastreams._backends.window.x11_end import ServerEnd
    from mediastreams._rules.values import VideoMode
    from mediastreams.abc import Clock, Supply

__all__ = ["Desk", "desk", "import_sdl"]

_logger = logging.getLogger(__name__)
_OPENING_SECONDS: Final = 30.0  # graphics drivers take their time on a busy machine
_PATIENCE_SECONDS: Final = 4.0
_SLOWEST_RATE: Final = 20.0


def import_sdl() -> Any:
    """Load SDL.

    Raises:
        NotSupportedError: it is not installed, or this system has its windows on the main thread only.
    """
    if sys.platform == "darwin":
        raise NotSupportedError("On macOS windows belong to the main thread, which is the program's: none here")
    try:
        import contextlib

        with contextlib.suppress(ImportError):
            import sdl2dll  # noqa: F401 - first: PySDL2 would find it by itself, and warn that it did
        import sdl2
    except ImportError as error:
        raise NotSupportedError(
            'A window needs SDL, which is not installed: pip install "mediastreams[window]"'
        ) from error
    return sdl2


@dataclass(eq=False)
class _Place:
    """One window on the desk, and whom to ask for what it shows."""

    pane: Pane
    supply: Supply
    clock: Clock
    mode: VideoMode


class _Order:
    """Something to be done on the desk's thread."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._done = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._result = self._call()
        except DOMException as error:
            self._error = error
        except Exception as error:  # the worker's border  # noqa: BLE001
            self._error = NotReadableError(f"SDL: {error}")
        finally:
            self._done.set()

    def wait(self, seconds: float) -> Any:
        if not self._done.wait(seconds):
            raise NotReadableError("The thread of the windows does not answer")
        if self._error is not None:
            raise self._error
        return self._result


class Desk:
    """All windows of the process. `open` and `close` from any thread, one at a time; they block."""

    def __init__(self) -> None:
        self._turn = threading.RLock()
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._worker: Worker | None = None
        self._users: set[object] = set()
        self._places: dict[object, _Place] = {}  # the thread's own
        self._server_end: ServerEnd | None = None
        self._video = False
        self._ending = False
        self._gone = False  # the X server, and with it SDL's every way to the screen

    def open(self, user: object, title: str, mode: VideoMode | None, supply: Supply, clock: Clock) -> VideoMode:
        """Open a window for ``user`` and begin to ask its supply; the mode it has.

        Raises:
            NotSupportedError: no SDL, no screen, or the program uses SDL itself.
            NotReadableError: the window cannot be opened.
        """
        with self._turn:
            if self._worker is None or not self._worker.alive:
                self._ending = False
                self._users.clear()
                self._orders = queue.SimpleQueue()
                self._worker = Worker("windows", self._run, finish=self._finish).start()
            self._users.add(user)
            order = _Order(lambda: self._open_here(user, title, mode, supply, clock))
            self._orders.put(order)
            try:
                found: VideoMode = order.wait(_OPENING_SECONDS)
            except BaseException:
                self._leave(user)
                raise
            return found

    def close(self, user: object) -> None:
        """Close the window of ``user``, if it has one; its supply is asked no more."""
        worker = self._worker
        if worker is not None and worker.here:  # told by its own supply
            self._close_here(user)
            return
        with self._turn:
            if user in self._users:
                self._leave(user)

    def _leave(self, user: object) -> None:
        self._users.discard(user)
        worker = self._worker
        if worker is None or not worker.alive:
            return
        try:
            order = _Order(lambda: self._close_here(user))
            self._orders.put(order)
            order.wait(_PATIENCE_SECONDS)
        except NotReadableError as error:
            _logger.warning("A window could not be closed: %s", error.message)
        if not self._users:
            self._finish()
            if worker.join(_PATIENCE_SECONDS):
                self._worker = None

    def _finish(self) -> None:
        self._ending = True
        self._orders.put(None)

    def after_fork(self) -> None:
        """Begin anew: the child has no window, and no thread for one."""
        self.__init__()  # type: ignore[misc]

    # ── the thread ───────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        due = time.perf_counter()
        try:
            while not self._ending:
                try:
                    order = self._orders.get(timeout=max(0.0, due - time.perf_counter()))
                except queue.Empty:
                    self._look()
                    period = 1 / max([_SLOWEST_RATE, *(one.mode.max_frame_rate for one in self._places.values())])
                    due = max(due + period, time.perf_counter())  # what was missed is left out
                else:
                    if order is not None:
                        order.run()
        finally:
            for user in list(self._places):
                self._lose(user, None if self._ending else NotReadableError("The thread of the windows failed"))
            if self._video and not self._gone:
                import sdl2

                self._video = False
                if self._server_end is not None:
                    self._server_end.leave()
                sdl2.SDL_QuitSubSystem(sdl2.SDL_INIT_VIDEO)

    def _begin_video(self) -> None:
        sdl2 = import_sdl()
        from mediastreams._backends.window.pane import sdl_error
        from mediastreams._backends.window.x11_end import ServerEnd

        if self._gone:
            raise NotReadableError("The screen's server has ended: only a new process can open windows again")

        if sdl2.SDL_WasInit(sdl2.SDL_INIT_VIDEO):
            raise NotSupportedError("This program uses SDL itself, whose events belong to one thread: no window here")
        hints = {
            sdl2.SDL_HINT_NO_SIGNAL_HANDLERS: b"1",  # Ctrl+C is Python's
            sdl2.SDL_HINT_VIDEO_ALLOW_SCREENSAVER: b"1",
            sdl2.SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE: b"0",
            sdl2.SDL_HINT_WINDOW_NO_ACTIVATION_WHEN_SHOWN: b"1",  # the keyboard stays where it is
            sdl2.SDL_HINT_APP_NAME: b"mediastreams",
        }
        if sys.platform == "linux" and not os.environ.get("SDL_VIDEODRIVER"):
            hints[sdl2.SDL_HINT_VIDEODRIVER] = b"x11,wayland"  # not the console's whole screen
        for name, value in hints.items():
            sdl2.SDL_SetHint(name, value)
        if sdl2.SDL_InitSubSystem(sdl2.SDL_INIT_VIDEO) != 0:
            raise NotSupportedError(f"There is no screen for a window: {sdl_error()}")
        self._video = True
        self._server_end = ServerEnd(self._note_server_end)

    def _note_server_end(self) -> None:
        self._gone = True

    def _open_here(self, user: object, title: str, mode: VideoMode | None, supply: Supply, clock: Clock) -> VideoMode:
        if self._gone or not self._video:
            self._begin_video()
        from mediastreams._backends.window.pane import Pane

        assert self._server_end is not None
        pane = Pane(title, mode, self._server_end)
        actual = pane.mode
        if actual != mode:
            supply.reconfigured(actual)
        self._places[user] = _Place(pane, supply, clock, actual)
        return actual

    def _close_here(self, user: object) -> None:
        place = self._places.pop(user, None)
        if place is not None and not self._gone:
            place.pane.close()

    def _lose(self, user: object, error: BaseException | None) -> None:
        """A window is gone without having been closed by its user, who is told."""
        place = self._places.pop(user, None)
        if place is not None:
            if not self._gone:
                place.pane.close()
            place.supply.end(error)

    def _look(self) -> None:
        """One turn: what persons did, then what is new to be seen."""
        if self._gone:
            if self._places and self._server_end is not None:
                self._server_end.unlock()
            for user in list(self._places):
                self._lose(user, NotReadableError("The screen is gone: its server has ended"))
        elif self._video:
            self._hear()
        for user, place in list(self._places.items()):
            try:
                picture = place.supply.picture(place.clock.now_us())
                if picture is not None:
                    place.pane.take(picture)
                if place.pane.stale and user in self._places and not self._gone:
                    place.pane.draw()
            except DOMException as error:
                self._lose(user, error)

    def _hear(self) -> None:
        import sdl2

        event = sdl2.SDL_Event()
        while sdl2.SDL_PollEvent(event):
            if event.type == sdl2.SDL_RENDER_TARGETS_RESET:
                for place in self._places.values():
                    place.pane.stale = True
            if event.type != sdl2.SDL_WINDOWEVENT:
                continue
            number, what = event.window.windowID, event.window.event
            found = next((item for item in self._places.items() if item[1].pane.number == number), None)
            if found is None:
                continue
            user, place = found
            if what == sdl2.SDL_WINDOWEVENT_CLOSE:
                self._lose(user, None)
            elif what in {sdl2.SDL_WINDOWEVENT_SIZE_CHANGED, sdl2.SDL_WINDOWEVENT_EXPOSED}:
                place.pane.stale = True
                if (mode := place.pane.mode) != place.mode:
                    place.mode = mode
                    place.supply.reconfigured(mode)


desk: Final = Desk()
after_fork_in_child(desk)
