"""What an X server shows: monitors and windows, as data; and news of their changes.

Not for: listing in the library's terms (``x11.py``) or reading pixels (``x11_source.py``).
Rules of the file: functions on a connection, which belongs to the calling thread.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from mediastreams._backends.linux.x11_protocol import X11Connection, X11Error

__all__ = [
    "Monitor",
    "Window",
    "focus_window",
    "is_wayland_bridge",
    "list_monitors",
    "list_windows",
    "look_at_window",
    "redirect_window",
    "watch_screens",
    "watch_window",
]

_STRUCTURE_NOTIFY: Final = 1 << 17
_CLIENT_MESSAGE: Final = 33
_PAGER: Final = 2  # who acts for the person: window managers let those through
_TO_WINDOW_MANAGER: Final = 0b11 << 19  # substructure redirect and notify
_STACK_MODE: Final = 1 << 6
_PARENT: Final = 2  # gets the keyboard back when the window goes
_RANDR_CHANGES: Final = 0b111  # the screen's size, a monitor's area, an output


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor: its output's name, and its area on the root window in pixels."""

    name: str
    x: int
    y: int
    width: int
    height: int
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """One window, as it is now. ``visible``: mapped, and its parents too."""

    id: int
    title: str
    width: int
    height: int
    visible: bool


def is_wayland_bridge(server: X11Connection) -> bool:
    """Whether this is Xwayland, whose root window is black: the desktop's pixels are the compositor's."""
    return server.extension("XWAYLAND") is not None or any(m.name.startswith("XWAYLAND") for m in list_monitors(server))


def list_monitors(server: X11Connection) -> list[Monitor]:
    """The monitors, the primary first; the whole root window when the server does not tell them apart."""
    found = []
    randr = server.extension("RANDR")
    if randr:
        server.request(randr.opcode, 0, struct.pack("<II", 1, 5))  # the version spoken; must be said before the rest
        try:
            found = _monitors(server, server.request(randr.opcode, 42, struct.pack("<IBxxx", server.root, 1)))
        except X11Error as error:
            if not error.code:
                raise  # gone, and not a server of before RandR 1.5
    if not found:
        width, height = _size(server, server.root)
        found = [Monitor("screen", 0, 0, width, height, primary=True)]
    return sorted(found, key=lambda monitor: not monitor.primary)


def _monitors(server: X11Connection, answer: bytes) -> list[Monitor]:
    (count,), at, found = struct.unpack_from("<I", answer, 12), 32, []
    for _ in range(count):
        atom, primary, _automatic, outputs, x, y, width, height = struct.unpack_from("<IBBHhhHH", answer, at)
        at += 24 + 4 * outputs
        if width and height:
            found.append(Monitor(server.atom_name(atom), x, y, width, height, primary=bool(primary)))
    return found


def list_windows(server: X11Connection) -> list[Window]:
    """The windows a user would name: those the window manager lists, else the visible ones with a title."""
    listed = server.property(server.root, "_NET_CLIENT_LIST").ids()
    found = []
    for window in listed or _top_windows(server, server.root, depth=3):
        try:
            seen = look_at_window(server, window)
        except X11Error as error:
            if not error.code:
                raise
            continue  # closed meanwhile
        if seen.visible and seen.title:
            found.append(seen)
    return found


def _top_windows(server: X11Connection, parent: int, *, depth: int) -> list[int]:
    """The highest windows with a title below ``parent``: a window manager may have put frames around them."""
    answer = server.request(15, 0, struct.pack("<I", parent))
    found: list[int] = []
    for child in struct.unpack_from(f"<{struct.unpack_from('<H', answer, 16)[0]}I", answer, 32):
        try:
            if _title(server, child):
                found.append(child)
            elif depth > 1:
                found += _top_windows(server, child, depth=depth - 1)
        except X11Error as error:
            if not error.code:
                raise
    return found


def look_at_window(server: X11Connection, window: int) -> Window:
    """Look at one window now.

    Raises: X11Error with a code when there is no such window any more.
    """
    attributes = server.request(3, 0, struct.pack("<I", window))
    width, height = _size(server, window)
    shows_pixels = struct.unpack_from("<H", attributes, 12)[0] == 1
    return Window(window, _title(server, window), width, height, visible=shows_pixels and attributes[26] == 2)


def watch_screens(server: X11Connection) -> None:
    """Have the server send an event whenever a monitor comes, goes or changes."""
    randr = server.extension("RANDR")
    if randr:
        server.request(randr.opcode, 0, struct.pack("<II", 1, 5))
        server.request(randr.opcode, 4, struct.pack("<IHxx", server.root, _RANDR_CHANGES), reply=False)


def watch_window(server: X11Connection, window: int) -> None:
    """Have the server send an event whenever the window is resized, hidden, shown or destroyed."""
    server.request(2, 0, struct.pack("<III", window, 1 << 11, _STRUCTURE_NOTIFY), reply=False)


def redirect_window(server: X11Connection, window: int) -> bool:
    """Have the server draw the window aside, so that what covers it is not captured; until the connection closes.

    Returns whether the server can do that.
    """
    composite = server.extension("Composite")
    if not composite:
        return False
    server.request(composite.opcode, 0, struct.pack("<II", 0, 4))
    server.request(composite.opcode, 1, struct.pack("<IBxxx", window, 0), reply=False)
    return True


def focus_window(server: X11Connection, window: int) -> None:
    """Bring a window to the front and give it the keyboard: the window manager does it, or where there is none we.

    https://specifications.freedesktop.org/wm/latest/ (_NET_ACTIVE_WINDOW, from a pager)
    """
    active = server.atom("_NET_ACTIVE_WINDOW")
    if active in server.property(server.root, "_NET_SUPPORTED").ids():
        message = struct.pack("<BBHII5I", _CLIENT_MESSAGE, 32, 0, window, active, _PAGER, 0, 0, 0, 0)
        server.request(25, 0, struct.pack("<II", server.root, _TO_WINDOW_MANAGER) + message, reply=False)
    else:
        server.request(12, 0, struct.pack("<IHxxI", window, _STACK_MODE, 0), reply=False)
        server.request(42, _PARENT, struct.pack("<II", window, 0), reply=False)
    server.request(43)  # its answer says that the server has come so far


def _size(server: X11Connection, drawable: int) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", server.request(14, 0, struct.pack("<I", drawable)), 16)
    return width, height


def _title(server: X11Connection, window: int) -> str:
    modern = server.property(window, "_NET_WM_NAME")
    if modern.data:
        return modern.data.decode("utf-8", "replace")
    return server.property(window, "WM_NAME").data.decode("latin-1")
