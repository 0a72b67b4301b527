"""`ask`: one request to a web server, up to the answer's head; `Answer`: what it said, and its body's bytes.

Not for: what is made of it (``web_file.py``); proxies, which FFmpeg knows.

Rules of the file: nothing waits longer than `_TICK_SECONDS` without calling ``check``, which raises what ends the wait;
only the system's name look-up knows no interruption. A head has a largest size, a chain of redirections a longest
length, and it leads to web servers only. Certificates are verified. HTTP/1.1, a connection each.
"""

from __future__ import annotations

import errno
import http.client
import io
import select
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from mediastreams.errors import NetworkError

if TYPE_CHECKING:
    from email.message import Message

__all__ = ["Answer", "Check", "ask"]

Check: TypeAlias = Callable[[], None]
_TICK_SECONDS: Final = 0.1
_MOST_HEAD: Final = 65_536
_MOST_REDIRECTIONS: Final = 10
_REDIRECTIONS: Final = frozenset({301, 302, 303, 307, 308})
_PIECE: Final = 65_536
_SAFE: Final = "/%:@!$&'()*+,;=~-._?[]"


@dataclass
class Answer:
    """An answer whose head was read. ``rest`` is what of its body came with the head, ``url`` who gave it."""

    status: int
    reason: str
    headers: Message
    connection: socket.socket
    rest: bytearray = field(default_factory=bytearray)
    url: str = ""

    def read(self, size: int, check: Check) -> bytes:
        """Some bytes of the body; none at the connection's end.

        Raises: OSError: the connection broke; whatever ``check`` raises.
        """
        if self.rest:
            found = bytes(self.rest[:size])
            del self.rest[: len(found)]
            return found
        return _receive(self.connection, min(size, _PIECE), check)

    def close(self) -> None:
        """Close the connection. Idempotent."""
        self.connection.close()


def ask(url: str, headers: Mapping[str, str], check: Check) -> Answer:
    """GET, through redirections.

    Raises: OSError: no connection, or it broke; NetworkError: an answer that is none of a web server's, or leads
    nowhere; whatever ``check`` raises.
    """
    for _ in range(_MOST_REDIRECTIONS + 1):
        answer = _ask_once(urlsplit(url), headers, check)
        target = answer.headers.get("Location")
        if answer.status not in _REDIRECTIONS or not target:
            answer.url = url
            return answer
        answer.close()
        url = urljoin(url, target)
        if urlsplit(url).scheme not in {"http", "https"}:
            raise NetworkError("the server sends it to an address that is none of the web")
    raise NetworkError(f"the server sent it on more than {_MOST_REDIRECTIONS} times")


def _ask_once(parts: SplitResult, headers: Mapping[str, str], check: Check) -> Answer:
    connection = _connect(parts, check)
    try:
        _send(connection, _request(parts, headers), check)
        return _head(connection, check)
    except BaseException:
        connection.close()
        raise


def _request(parts: SplitResult, headers: Mapping[str, str]) -> bytes:
    host = (parts.hostname or "").encode("idna").decode()
    host = f"[{host}]" if ":" in host else host
    path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    lines = {"Host": host if parts.port is None else f"{host}:{parts.port}", "User-Agent": "mediastreams"}
    lines |= {"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close", **headers}
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines["Authorization"] = "Basic " + b64encode(secret.encode()).decode()
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET {path} HTTP/1.1\r\n{text}\r\n".encode("latin-1")


def _connect(parts: SplitResult, check: Check) -> socket.socket:
    host, secure = parts.hostname or "", parts.scheme == "https"
    refused: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, parts.port or (443 if secure else 80), type=socket.SOCK_STREAM
    ):
        connection = socket.socket(family, kind, protocol)
        try:
            _reach(connection, address, check)
            return _secured(connection, host, check) if secure else connection
        except OSError as error:
            connection.close()
            if isinstance(error, ssl.SSLError):
                raise
            refused = error
        except BaseException:
            connection.close()
            raise
    raise refused or OSError(errno.EHOSTUNREACH, "the host has no address")


def _reach(connection: socket.socket, address: object, check: Check) -> None:
    connection.setblocking(False)
    number = connection.connect_ex(address)  # type: ignore[arg-type]  # as `getaddrinfo` gave it
    while number in {errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EINPROGRESS)}:
        check()
        _, writable, failed = select.select((), (connection,), (connection,), _TICK_SECONDS)
        if writable or failed:
            number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            break
    if number:
        raise OSError(number, _words(number))
    connection.settimeout(_TICK_SECONDS)


def _words(number: int) -> str:
    import os

    return os.strerror(number)


def _secured(connection: socket.socket, host: str, check: Check) -> socket.socket:
    context = ssl.create_default_context()
    secured = context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
    try:
        while True:
            check()
            try:
                secured.do_handshake()
            except (TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            return secured
    except BaseException:
        secured.close()
        raise


def _send(connection: socket.socket, data: bytes, check: Check) -> None:
    view = memoryview(data)
    while view:
        check()
        try:
            view = view[connection.send(view) :]
        except (TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            continue


def _receive(connection: socket.socket, size: int, check: Check) -> bytes:
    while True:
        check()
        try:
            return connection.recv(size)
        except (TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            continue


def _head(connection: socket.socket, check: Check) -> Answer:
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        if len(data) > _MOST_HEAD:
            raise NetworkError(f"the head of the server's answer is longer than {_MOST_HEAD} bytes")
        found = _receive(connection, 4096, check)
        if not found:
            raise ConnectionResetError(errno.ECONNRESET, "the server closed the connection")
        data += found
    first, _, lines = bytes(data[: end + 4]).partition(b"\r\n")
    words = first.decode("latin-1").split(None, 2)
    if len(words) < 2 or not words[1].isdigit():
        raise NetworkError("the server does not speak HTTP")
    try:
        headers = http.client.parse_headers(io.BytesIO(lines))
    except http.client.HTTPException as error:
        raise NetworkError(f"the head of the server's answer is damaged ({error})") from error
    reason = words[2] if len(words) > 2 else ""
    if not words[0].startswith("HTTP/1."):  # ICY: a radio of old
        headers["Transfer-Encoding"] = "endless"
    return Answer(int(words[1]), reason, headers, connection, data[end + 4 :])
