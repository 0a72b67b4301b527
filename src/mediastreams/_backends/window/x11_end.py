"""`ServerEnd`: the end of an X server, survived. Xlib would end the whole program, and every recording that runs.

Not for: other systems, and libX11 before 1.7, where nothing can be done about it.
"""

from __future__ import annotations

from ctypes import CDLL, CFUNCTYPE, byref, c_int, c_void_p, cast
from typing import TYPE_CHECKING, Any, Final

import sdl2

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ServerEnd"]

_ErrorHandler: Final = CFUNCTYPE(c_int, c_void_p)
_FaultHandler: Final = CFUNCTYPE(c_int, c_void_p, c_void_p)
_ExitHandler: Final = CFUNCTYPE(None, c_void_p, c_void_p)


class ServerEnd:
    """Calls ``call`` when SDL's connection breaks; to be kept while there is one. The desk's thread.

    Connections that others have in the same program end it as before.
    """

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._displays: set[int] = set()
        self._library: Any = None
        self._before: int | None = None
        self._faults_before: int | None = None
        self._on_fault = _FaultHandler(self._refused)
        self._on_error = _ErrorHandler(self._broken)
        self._on_exit = _ExitHandler(lambda _display, _data: None)  # Xlib's own would exit

    def watch(self, window: Any) -> None:
        """Look after the connection that a window of SDL's is on."""
        info = sdl2.SDL_SysWMinfo()
        sdl2.SDL_VERSION(info.version)
        if not sdl2.SDL_GetWindowWMInfo(window, byref(info)) or info.subsystem != sdl2.SDL_SYSWM_X11:
            return
        display = int(info.info.x11.display)
        try:
            library = CDLL("libX11.so.6")
            outlive = library.XSetIOErrorExitHandler
        except (OSError, AttributeError):
            return
        if display in self._displays:
            return
        self._displays.add(display)
        outlive.argtypes, outlive.restype = (c_void_p, _ExitHandler, c_void_p), None
        outlive(display, self._on_exit, None)
        if self._library is None:
            self._library = library
            library.XSetIOErrorHandler.argtypes, library.XSetIOErrorHandler.restype = (c_void_p,), c_void_p
            self._before = library.XSetIOErrorHandler(cast(self._on_error, c_void_p))
            library.XSetErrorHandler.argtypes, library.XSetErrorHandler.restype = (c_void_p,), c_void_p
            self._faults_before = library.XSetErrorHandler(cast(self._on_fault, c_void_p))

    def unlock(self) -> None:
        """Let go of the broken connection, which Xlib left locked: libGLX, leaving, would wait for it for ever."""
        if self._library is not None:
            self._library.XUnlockDisplay.argtypes = (c_void_p,)
            for display in self._displays:
                self._library.XUnlockDisplay(display)

    def leave(self) -> None:
        """Leave everything as it was before."""
        if self._library is not None:
            self._library.XSetIOErrorHandler(self._before)
            self._library.XSetErrorHandler(self._faults_before)
        self._library = None
        self._displays.clear()

    def _broken(self, display: int) -> int:
        if display in self._displays:
            self._call()
        elif self._before:
            _ErrorHandler(self._before)(display)
        return 0

    def _refused(self, display: int, fault: int) -> int:
        """The server refuses one request, as a dying one does: a picture is missing, nothing more."""
        if display not in self._displays and self._faults_before:
            _FaultHandler(self._faults_before)(display, fault)
        return 0
