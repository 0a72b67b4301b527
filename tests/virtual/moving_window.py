"""A program of its own for the tests: a window in which a white square moves over red, 60 times a second.

    python moving_window.py TITLE WIDTH HEIGHT X Y [COLOUR]

It stands on libX11 and on nothing of the library. It prints the window's number once that is on the screen.
"""

from __future__ import annotations

import ctypes
import sys
import time
from ctypes import c_char_p, c_int, c_uint, c_ulong, c_void_p


def main() -> None:
    title = sys.argv[1]
    width, height, x, y = map(int, sys.argv[2:6])
    colour = int(sys.argv[6], 16) if len(sys.argv) > 6 else 0xFF0000
    x11 = ctypes.CDLL("libX11.so.6")
    for name, result, *arguments in (
        ("XOpenDisplay", c_void_p, c_char_p),
        ("XDefaultRootWindow", c_ulong, c_void_p),
        ("XCreateSimpleWindow", c_ulong, c_void_p, c_ulong, c_int, c_int, c_uint, c_uint, c_uint, c_ulong, c_ulong),
        ("XStoreName", c_int, c_void_p, c_ulong, c_char_p),
        ("XMapWindow", c_int, c_void_p, c_ulong),
        ("XCreateGC", c_void_p, c_void_p, c_ulong, c_ulong, c_void_p),
        ("XSetForeground", c_int, c_void_p, c_void_p, c_ulong),
        ("XFillRectangle", c_int, c_void_p, c_ulong, c_void_p, c_int, c_int, c_uint, c_uint),
        ("XSync", c_int, c_void_p, c_int),
    ):
        function = getattr(x11, name)
        function.restype, function.argtypes = result, arguments
    display = x11.XOpenDisplay(None)
    if not display:
        sys.exit("no display")
    window = x11.XCreateSimpleWindow(display, x11.XDefaultRootWindow(display), x, y, width, height, 0, 0, colour)
    x11.XStoreName(display, window, title.encode())
    pen = x11.XCreateGC(display, window, 0, None)
    x11.XMapWindow(display, window)
    x11.XSync(display, 0)
    print(window, flush=True)
    began = time.monotonic()
    while True:
        at = int((time.monotonic() - began) * 240) % max(1, width - 64)
        x11.XSetForeground(display, pen, colour)
        x11.XFillRectangle(display, window, pen, 0, 0, width, height)
        x11.XSetForeground(display, pen, 0xFFFFFF)
        x11.XFillRectangle(display, window, pen, at, height // 4, 64, height // 2)
        x11.XSync(display, 0)
        time.sleep(1 / 60)


if __name__ == "__main__":
    main()
