"""A connection to an X server: the few requests that listing and watching screens needs, over its socket.

Not for: drawing, or reading pixels (x11grab does that). Why the wire and no library: libX11 ends the
process when the server goes away, and neither it nor libxcb need be installed where Python is.

Rules of the file: one connection belongs to one thread; every wait is bounded; what fails is an `X11Error`.
https://www.x.org/releases/X11R7.7/doc/xproto/x11protocol.html
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

__all__ = ["Extension", "Property", "X11Connection", "X11Error", "parse_display"]

_TIMEOUT: Final = 3.0
_RESET_SECONDS: Final = 0.1  # an Xvfb whose last client has left begins anew and hangs up on who comes then
_BAD: Final = {3: "BadWindow", 5: "BadAtom", 8: "BadMatch", 9: "BadDrawable", 10: "BadAccess"}
_LOCAL, _WILD = 256, 65535
_COOKIE: Final = b"MIT-MAGIC-COOKIE-1"


class X11Error(Exception):
    """A request failed (``code`` is the server's, 0 without one), or the server is not there."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class _HungUpError(X11Error):
    """The server closed the connection."""


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension the server has: its request number and the number of its first event."""

    opcode: int
    first_event: int


@dataclass(frozen=True, slots=True)
class Property:
    """A window's property: the type's atom, bits per item (0: not set), raw bytes."""

    type: int
    format: int
    data: bytes

    def ids(self) -> tuple[int, ...]:
        """The value as 32-bit numbers: windows, atoms."""
        return struct.unpack(f"<{len(self.data) // 4}I", self.data) if self.format == 32 else ()


def parse_display(display: str) -> tuple[str, int, int]:
    """Split ``host:display.screen``; host is empty for this machine.

    Raises: X11Error when it is no display's name.
    """
    found = re.fullmatch(r"(?:[a-z]+/)?\[?([^\]]*?)\]?:(\d+)(?:\.(\d+))?", display)
    if not found:
        raise X11Error(f"DISPLAY={display!r} is not of the form host:number")
    host = "" if found[1] == "unix" else found[1]
    return host, int(found[2]), int(found[3] or 0)


class X11Connection:
    """A client's connection to the X server named by ``display``. Close it, or use it as a context manager."""

    def __init__(self, display: str) -> None:
        """Connect.

        Raises: X11Error when there is no server there, or it refuses.
        """
        self.display = display
        host, number, screen = parse_display(display)
        self._sequence = 0
        self._events: list[bytes] = []
        self._extensions: dict[str, Extension | None] = {}
        self._atoms: dict[str, int] = {}
        for last in (False, False, False, False, True):
            self._socket = _connect(host, number)
            try:
                self._set_up(_authorization(host, number), screen)
                break
            except BaseException as error:
                self._socket.close()
                if last or not isinstance(error, _HungUpError):
                    raise
                time.sleep(_RESET_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. Idempotent."""
        self._socket.close()

    def fileno(self) -> int:
        """The socket, for `select`."""
        return self._socket.fileno()

    def take_events(self, wait: float = 0.0) -> list[bytes]:
        """Return the events (32 bytes or more each) that have come, waiting up to ``wait`` seconds for one.

        Raises: X11Error when the server has gone.
        """
        while not self._events or select.select([self._socket], [], [], 0)[0]:
            if not select.select([self._socket], [], [], 0 if self._events else wait)[0]:
                break
            self._read_packet()
        events, self._events = self._events, []
        return events

    def request(self, opcode: int, data: int = 0, body: bytes = b"", *, reply: bool = True) -> bytes:
        """Send a request; return its reply, or nothing where the protocol has none.

        Raises: X11Error.
        """
        body += b"\0" * (-len(body) % 4)
        self._sequence = (self._sequence + 1) & 0xFFFF
        try:
            self._socket.sendall(struct.pack("<BBH", opcode, data, 1 + len(body) // 4) + body)
        except OSError as error:
            raise self._gone() from error
        while reply:
            packet = self._read_packet()
            if packet and struct.unpack_from("<H", packet, 2)[0] == self._sequence:
                if packet[0] == 0:
                    raise X11Error(f"the X server answered {_BAD.get(packet[1], f'error {packet[1]}')}", packet[1])
                return packet
        return b""

    def extension(self, name: str) -> Extension | None:
        """Whether and where the server has an extension. Asked once."""
        if name not in self._extensions:
            answer = self.request(98, 0, struct.pack("<HH", len(name), 0) + name.encode())
            self._extensions[name] = Extension(answer[9], answer[10]) if answer[8] else None
        return self._extensions[name]

    def atom(self, name: str) -> int:
        """The number of a name, 0 when the server has never heard of it."""
        if not self._atoms.get(name):
            answer = self.request(16, 1, struct.pack("<HH", len(name), 0) + name.encode())
            self._atoms[name] = struct.unpack_from("<I", answer, 8)[0]
        return self._atoms[name]

    def atom_name(self, atom: int) -> str:
        """The name of an atom's number."""
        answer = self.request(17, 0, struct.pack("<I", atom))
        return answer[32 : 32 + struct.unpack_from("<H", answer, 8)[0]].decode("latin-1")

    def property(self, window: int, name: str) -> Property:
        """A window's property, up to 256 KiB; format 0 and no bytes when it is not set."""
        atom = self.atom(name)
        if not atom:
            return Property(0, 0, b"")
        answer = self.request(20, 0, struct.pack("<IIIII", window, atom, 0, 0, 65536))
        kind, _after, items = struct.unpack_from("<III", answer, 8)
        return Property(kind, answer[1], answer[32 : 32 + items * answer[1] // 8])

    def _set_up(self, authorization: tuple[bytes, bytes], screen: int) -> None:
        """Introduce ourselves; read the screens out of the server's greeting."""
        name, data = authorization
        hello = struct.pack("<BxHHHHxx", 0x6C, 11, 0, len(name), len(data))
        try:
            self._socket.sendall(hello + name + b"\0" * (-len(name) % 4) + data + b"\0" * (-len(data) % 4))
        except OSError as error:
            raise self._gone() from error
        head = self._receive(8)
        answer = self._receive(struct.unpack_from("<H", head, 6)[0] * 4)
        if head[0] != 1:
            reason = answer[: head[1]].decode("latin-1").strip() or "no reason given"
            raise X11Error(f"the X server at {self.display} refused the connection: {reason}")
        vendor_length, _longest, screens, formats = struct.unpack_from("<HHBB", answer, 16)
        self.vendor = answer[32 : 32 + vendor_length].decode("latin-1")
        at = 32 + vendor_length + -vendor_length % 4 + 8 * formats
        for _ in range(min(screen, screens - 1)):
            at = _after_screen(answer, at)
        self.root: int = struct.unpack_from("<I", answer, at)[0]

    def _read_packet(self) -> bytes:
        """Read one reply, error or event; events are kept, everything else is returned."""
        packet = self._receive(32)
        kind = packet[0] & 0x7F
        if kind in {1, 35}:
            packet += self._receive(struct.unpack_from("<I", packet, 4)[0] * 4)
        if kind <= 1:
            return packet
        self._events.append(packet)
        return b""

    def _receive(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self._socket.recv(size - len(parts))
            except TimeoutError as error:
                raise X11Error(f"the X server at {self.display} takes its time to answer") from error
            except OSError as error:
                raise self._gone() from error
            if not part:
                raise self._gone()
            parts += part
        return bytes(parts)

    def _gone(self) -> X11Error:
        return _HungUpError(f"the X server at {self.display} does not answer")


def _after_screen(greeting: bytes, at: int) -> int:
    """Where the next screen begins: a screen is followed by its depths, a depth by its visuals."""
    depths, at = greeting[at + 39], at + 40
    for _ in range(depths):
        at += 8 + 24 * int(struct.unpack_from("<H", greeting, at + 2)[0])
    return at


def _connect(host: str, number: int) -> socket.socket:
    """Open the display's socket: the abstract one, the one in the file system, or TCP for another machine."""
    failure: OSError | None = None
    if host:
        try:
            return socket.create_connection((host, 6000 + number), _TIMEOUT)
        except OSError as error:
            raise X11Error(f"no X server answers at {host}:{number}") from error
    for address in (f"\0/tmp/.X11-unix/X{number}", f"/tmp/.X11-unix/X{number}"):  # noqa: S108 - where X servers listen
        candidate = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        candidate.settimeout(_TIMEOUT)
        try:
            candidate.connect(address)
        except OSError as error:
            candidate.close()
            failure = error
        else:
            return candidate
    raise X11Error(f"no X server answers at :{number}") from failure


def _authorization(host: str, number: int) -> tuple[bytes, bytes]:
    """The cookie for a display out of the user's authority file; empty when there is none."""
    try:
        content = Path(os.environ.get("XAUTHORITY") or "~/.Xauthority").expanduser().read_bytes()
    except (OSError, RuntimeError):  # no such file; no home
        return b"", b""
    best: tuple[int, bytes] = (0, b"")
    with contextlib.suppress(struct.error):
        at = 0
        while at < len(content):
            (family,), at = struct.unpack_from(">H", content, at), at + 2
            fields = []
            for _ in range(4):
                (length,) = struct.unpack_from(">H", content, at)
                fields.append(content[at + 2 : at + 2 + length])
                at += 2 + length
            score = _fit(family, fields[0], fields[1], host, number)
            if fields[2] == _COOKIE and score > best[0]:
                best = (score, fields[3])
    return (_COOKIE, best[1]) if best[0] else (b"", b"")


def _fit(family: int, address: bytes, display: bytes, host: str, number: int) -> int:
    """How well an authority entry fits a display, 0: not at all."""
    if display not in {b"", str(number).encode()}:
        return 0
    if family == _WILD:
        return 1
    local = not host or host in {"localhost", socket.gethostname()}
    if family == _LOCAL:
        return 2 * (local and address == socket.gethostname().encode())
    with contextlib.suppress(OSError):
        return 2 * (address == socket.inet_aton(socket.gethostbyname(host or "localhost")))
    return 0
