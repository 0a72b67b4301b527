"""Monitors and windows as Windows' own library tells them.

Not for: what becomes of them (``gdigrab.py``). Only called on Windows.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

__all__ = ["Area", "TopWindow", "list_monitors", "list_windows", "look_at_window"]


@dataclass(frozen=True, slots=True)
class Area:
    """A monitor's place on the virtual desktop, in pixels."""

    name: str
    x: int
    y: int
    width: int
    height: int
    primary: bool


@dataclass(frozen=True, slots=True)
class TopWindow:
    """A window, as it is now: the size of what is inside its frame."""

    handle: int
    title: str
    width: int
    height: int
    visible: bool


class _Rect(ctypes.Structure):
    _fields_ = (("left", ctypes.c_long), ("top", ctypes.c_long), ("right", ctypes.c_long), ("bottom", ctypes.c_long))


class _MonitorInfo(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_ulong),
        ("area", _Rect),
        ("work", _Rect),
        ("flags", ctypes.c_ulong),
        ("device", ctypes.c_wchar * 32),
    )


def _user32() -> Any:  # the system's library, which has no types
    """The library; this process then sees real pixels and not scaled ones."""
    library = ctypes.WinDLL("user32")  # type: ignore[attr-defined,unused-ignore]
    library.SetProcessDPIAware()
    return library


def list_monitors() -> list[Area]:
    """The monitors, the primary first."""
    user32, found = _user32(), []
    callback_type = ctypes.WINFUNCTYPE(  # type: ignore[attr-defined,unused-ignore]
        ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(_Rect), ctypes.c_ssize_t
    )

    def on_monitor(monitor: int, _dc: int, _rect: object, _data: int) -> int:
        info = _MonitorInfo(size=ctypes.sizeof(_MonitorInfo))
        if user32.GetMonitorInfoW(ctypes.c_void_p(monitor), ctypes.byref(info)):
            area = info.area
            size = (area.right - area.left, area.bottom - area.top)
            found.append(Area(info.device, area.left, area.top, *size, primary=bool(info.flags & 1)))
        return 1

    user32.EnumDisplayMonitors(None, None, callback_type(on_monitor), 0)
    return sorted(found, key=lambda area: not area.primary)


def list_windows() -> list[TopWindow]:
    """The visible windows that have a title."""
    user32, found = _user32(), []
    callback_type = ctypes.WINFUNCTYPE(  # type: ignore[attr-defined,unused-ignore]
        ctypes.c_int, ctypes.c_void_p, ctypes.c_ssize_t
    )

    def on_window(handle: int, _data: int) -> int:
        window = look_at_window(handle, user32)
        if window and window.visible and window.title:
            found.append(window)
        return 1

    user32.EnumWindows(callback_type(on_window), 0)
    return found


def look_at_window(handle: int, user32: Any = None) -> TopWindow | None:
    """Look at one window now; ``None`` when it has been closed."""
    user32 = user32 or _user32()
    window = ctypes.c_void_p(handle)
    if not user32.IsWindow(window):
        return None
    title = ctypes.create_unicode_buffer(512)
    user32.GetWindowTextW(window, title, 512)
    rect = _Rect()
    user32.GetClientRect(window, ctypes.byref(rect))
    visible = bool(user32.IsWindowVisible(window)) and not user32.IsIconic(window) and rect.right > 0 < rect.bottom
    return TopWindow(handle, title.value, rect.right, rect.bottom, visible=visible)
