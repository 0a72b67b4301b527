"""`NetworkTarget`: a recording that FFmpeg itself sends somewhere; `PlaylistTarget`: one that it cuts into files.

Not for: which address means what (``_rules/network_targets.py``).

Rules of the file: FFmpeg cannot be told to give up sending, so somebody looks at the clock meanwhile: whoever takes
nothing for `_PATIENCE_SECONDS` has the connection shut down under FFmpeg's hands, which then fails like any other.
(Windows does not show a process its connections: there, a server that falls silent holds up the recording's thread
until the system gives up.) Where nobody listens is found out before FFmpeg is asked to send. Not so a server that takes
the connection and never says a word: PyAV 18 connects and ends with the interpreter's lock held, so that the whole
program waits. FFmpeg's ``fifo`` muxer is no way out: its thread logs, for which it wants that same lock.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import av

from mediastreams._engine.encoding.target import Target
from mediastreams._engine.worker import start_thread
from mediastreams._rules.network_targets import scheme_of, without_secrets
from mediastreams.errors import NetworkError

if TYPE_CHECKING:
    from av.container import OutputContainer

__all__ = ["NetworkTarget", "PlaylistTarget"]

_PORTS: Final = {"rtmp": 1935, "rtmps": 443, "rtsp": 554, "http": 80, "https": 443}
_CONNECTING: Final = frozenset({*_PORTS, "tcp"})
_PATIENCE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.25
_DATAGRAM: Final = "1316"  # seven packets of 188 bytes
_DESCRIPTORS: Final = Path("/dev/fd")
_CURES: Final = {
    errno.ECONNREFUSED: "nobody listens there; start the server, or check host and port",
    errno.EPIPE: "the server has closed the connection",
    errno.ECONNRESET: "the server has closed the connection",
    errno.ETIMEDOUT: "the server takes nothing; check the network and the server",
    errno.EHOSTUNREACH: "there is no way to that host; check the network",
    errno.ENETUNREACH: "there is no way to that network; check the connection",
    errno.EIO: "the server refused the stream, or went away; check path and key, and the server's log",
    errno.EACCES: "the server does not permit it; check user, password and key",
}


class NetworkTarget(Target):
    """An address. Nothing of what was sent can be taken back; ``size`` counts the encoded bytes."""

    def __init__(self, url: str) -> None:
        super().__init__(without_secrets(url))
        self.rewindable = False
        self._url = url
        self._peers: frozenset[tuple[str, int]] = frozenset()
        self._before: frozenset[str] = frozenset()
        self._since: float | None = None  # when FFmpeg was asked to send what it is sending
        self._gave_up = False
        self._closed = threading.Event()
        self._peers = self._find()

    def _find(self) -> frozenset[tuple[str, int]]:
        """Learn where it is, and see whether somebody listens there.

        Raises: NetworkError.
        """
        parts = urlsplit(self._url)
        scheme = scheme_of(self._url)
        port = parts.port or _PORTS.get(scheme, 0)
        try:
            found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
            if scheme in _CONNECTING:
                socket.create_connection((parts.hostname or "", port), _PATIENCE_SECONDS).close()
        except socket.gaierror as error:
            raise NetworkError(f"cannot send the recording to {self.name}: no such host ({error.strerror})") from error
        except OSError as error:
            raise self._named(error) from error
        return frozenset((str(address[0]), int(address[1])) for *_, address in found)

    def _named(self, error: BaseException) -> NetworkError:
        number = getattr(error, "errno", None)
        if self._gave_up or isinstance(error, TimeoutError):
            number = errno.ETIMEDOUT
        known = number if isinstance(number, int) and 0 < number < 4096 else None  # FFmpeg's own are none
        reason = _CURES.get(known or errno.EIO, getattr(error, "strerror", None) or str(error))
        return NetworkError(f"cannot send the recording to {self.name}: {reason}", errno=known)

    def muxing(self, muxer: str, options: Mapping[str, str]) -> OutputContainer:
        """Have FFmpeg prepare to send; it connects with the head."""
        url = self._url
        if muxer in {"mpegts", "rtp_mpegts"} and "pkt_size=" not in url and scheme_of(url) != "tcp":
            url += f"{'&' if '?' in url else '?'}pkt_size={_DATAGRAM}"
        self._before = frozenset(_connections())
        start_thread(f"watch of {self.name}", self._watch)
        return av.open(url, "w", format=muxer, container_options=dict(options))

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Watch over FFmpeg meanwhile, and give what goes wrong its name."""
        self._since = time.monotonic()
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            self.error = self.error or self._named(error)
            raise
        finally:
            self._since = None

    def sent(self, size: int) -> None:
        self.size += size

    def write(self, data: bytes) -> int:
        raise NotImplementedError  # FFmpeg sends

    def roll_back(self) -> None:
        """Nothing: what was sent was sent."""

    def checkpoint(self) -> None:
        """Nothing: what was sent was sent."""

    def close(self) -> None:
        """Let the watch end. Idempotent."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(_LOOK_SECONDS):
            since = self._since
            if since is not None and time.monotonic() - since > _PATIENCE_SECONDS:
                self._gave_up = True
                self._shut_down()

    def _shut_down(self) -> None:
        """End FFmpeg's connections to this server: it has no other way out of a wait."""
        for name in _connections():
            if name in self._before:
                continue
            with contextlib.suppress(OSError, ValueError), socket.socket(fileno=os.dup(int(name))) as connection:
                if connection.getpeername()[:2] in self._peers:
                    connection.shutdown(socket.SHUT_RDWR)


class PlaylistTarget(Target):
    """The path of an HLS playlist; its segments stand beside it, ``name-00001.ts``. An older one is overwritten."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(os.fspath(path))
        self.rewindable = False
        folder = Path(self.name).absolute().parent
        if not folder.is_dir():
            number = errno.ENOTDIR if folder.exists() else errno.ENOENT
            raise OSError(number, "cannot write the recording: the folder does not exist; create it first", self.name)
        with open(self.name, "wb"):  # noqa: PTH123 - asks the system whether we may
            pass

    def muxing(self, muxer: str, options: Mapping[str, str]) -> OutputContainer:
        """Have FFmpeg write playlist and segments."""
        stem = str(Path(self.name).with_suffix("")).replace("%", "%%")
        named = {"hls_segment_filename": f"{stem}-%05d.ts", **options}
        return av.open(self.name, "w", format=muxer, container_options=named)

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Give what goes wrong its name."""
        try:
            yield
        except OSError as error:
            self.error = self.error or OSError(error.errno or errno.EIO, error.strerror, self.name)
            raise

    def sent(self, size: int) -> None:
        self.size += size

    def roll_back(self) -> None:
        """Nothing: finished segments are whole."""

    def checkpoint(self) -> None:
        """Nothing: finished segments are whole."""

    def close(self) -> None:
        """Nothing: FFmpeg has closed its files."""


def _connections() -> list[str]:
    """The numbers of this process's open files, where the system tells them."""
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208 - names, of what may be gone by now
            with contextlib.suppress(OSError):
                os.fstat(int(name))  # one was the listing's own
                found.append(name)
    return found
