"""The program that sends a recording: ``python -m mediastreams._engine.encoding.sender``, a process of its own.

Not for: import by anything but its parent's side (``sending.py``), which starts it and shares `HEAD`, `PACKET`, `END`.

Why a process: PyAV 18 connects, writes the head and ends with the interpreter's lock held and without FFmpeg's
interrupt call-back (PyAV 19 has both mended), so that a server that says nothing would freeze the whole program, for
ever. Here it freezes nobody: whatever takes longer than its time ends this process, by a clock that needs no lock
(`faulthandler`'s).

Rules of the file: what is to be sent comes by stdin, packets as they were encoded; what became of it is told by stdout,
a line of JSON each. The address, which may hold a password, is in no argument. The end of stdin is the end of the
recording, also where the parent was killed.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import signal
import socket
import ssl
import stat
import struct
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mediastreams._engine.tls import look_at_certificate

if TYPE_CHECKING:
    from av.container import OutputContainer

__all__ = ["END", "HEAD", "MESSAGE", "PACKET", "STAMPS", "Job", "main", "no_stamp"]

MESSAGE: Final = struct.Struct("<cI")
"""What it is, and how many bytes follow."""
HEAD: Final = b"H"
PACKET: Final = b"P"
END: Final = b"E"
STAMPS: Final = struct.Struct("<IqqqIIB")
"""Before a packet's bytes: stream, pts, dts, duration, time base (numerator, denominator), key frame."""
_UNSENT_BYTES: Final = 131_072
_UPLOADS: Final = frozenset({"http", "https"})  # Python's connections, not FFmpeg's
no_stamp: Final = -(2**63)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be sent where. ``seconds``: how long a connection (twice that) and each write may take."""

    url: str
    muxer: str
    options: Mapping[str, str]
    metadata: Mapping[str, str]
    streams: tuple[Mapping[str, str], ...]
    seconds: float

    def to_bytes(self) -> bytes:
        named = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(named).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Job:
        return cls(**json.loads(data))


@contextlib.contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """End this process if what is done within takes longer."""
    _allow(seconds)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _allow(seconds: float) -> None:
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.stderr)


class _Upload(io.RawIOBase):
    """One file of a playlist: sent by PUT when FFmpeg closes it. ``failed`` takes what went wrong."""

    def __init__(self, url: str, seconds: float, failed: list[Exception]) -> None:
        super().__init__()
        self._url = url
        self._seconds = seconds
        self._failed = failed
        self._data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._data += data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            try:
                self._put()
            except Exception as error:  # noqa: BLE001 - told when FFmpeg returns
                self._failed.append(error)

    def _pieces(self) -> Iterator[bytes]:
        view = memoryview(bytes(self._data))
        for first in range(0, max(len(view), 1), 65536):
            _allow(self._seconds)  # a large file may take its time as long as something is taken
            yield bytes(view[first : first + 65536])

    def _put(self) -> None:
        from base64 import b64encode
        from urllib.parse import unquote, urlunsplit
        from urllib.request import Request, urlopen

        parts = urlsplit(self._url)
        secret, _, host = parts.netloc.rpartition("@")
        kind = "application/vnd.apple.mpegurl" if parts.path.endswith(".m3u8") else "video/mp2t"
        headers = {"Content-Length": str(len(self._data)), "Content-Type": kind, "User-Agent": "mediastreams"}
        if secret:
            headers["Authorization"] = "Basic " + b64encode(unquote(secret).encode()).decode()
        address = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
        request = Request(address, data=self._pieces(), headers=headers, method="PUT")  # noqa: S310 - http or https
        with urlopen(request, timeout=self._seconds) as answer:  # noqa: S310 - the same
            answer.read(65536)


class _Sender:
    """One recording that is sent."""

    def __init__(self, commands: IO[bytes], job: Job, head: bytes) -> None:
        self._commands = commands
        self._job = job
        self._failed: list[Exception] = []
        self._container = self._open(head)

    def _open(self, head: bytes) -> OutputContainer:
        import av

        job = self._job
        upload = self._upload if urlsplit(job.url).scheme.lower() in _UPLOADS else None
        container = av.open(job.url, "w", format=job.muxer, container_options=dict(job.options), io_open=upload)
        container.metadata.update(job.metadata)
        with av.open(io.BytesIO(head), "r", format="nut") as template:
            for stream, metadata in zip(template.streams, job.streams, strict=True):
                container.add_stream_from_template(stream, opaque=True).metadata.update(metadata)
        return container

    def _upload(self, url: str, *_: object) -> _Upload:
        return _Upload(url, self._job.seconds, self._failed)

    def run(self) -> None:
        """Connect, and send what comes until it ends."""
        job = self._job
        with _no_longer_than(2 * job.seconds):
            parts = urlsplit(job.url)
            socket.getaddrinfo(parts.hostname, parts.port)  # FFmpeg does not say that it is the name
            if parts.scheme.lower() not in _UPLOADS:
                look_at_certificate(job.url)  # PyAV does not let FFmpeg do that
            self._container.start_encoding()
            self._check()
        _hold_little_back()
        _tell({"started": True})
        while (message := _receive(self._commands)) is not None and message[0] == PACKET:
            packet = _packet_of(message[1])
            packet.stream = self._container.streams[_stream_of(message[1])]
            with _no_longer_than(job.seconds):
                self._container.mux_one(packet)
                self._check()
        with _no_longer_than(job.seconds):
            self._container.close()
            self._check()
        _tell({"ended": True})

    def _check(self) -> None:
        if self._failed:
            raise self._failed[0]


def _hold_little_back() -> None:
    """Let the system keep only a little of what a server does not take, so that it is seen soon.

    Where the system can do that, and lets a process see its connections (not Windows): else megabytes count as taken.
    """
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    names: list[str] = []
    if option is not None:
        with contextlib.suppress(OSError):
            names = os.listdir("/dev/fd")  # noqa: PTH208 - names
    for name in names:
        with contextlib.suppress(OSError):
            is_socket = stat.S_ISSOCK(os.fstat(int(name)).st_mode)  # one was the listing's own, and is gone
            if not is_socket:
                continue
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(name))) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, option or 0, _UNSENT_BYTES)


def _receive(commands: IO[bytes]) -> tuple[bytes, bytes] | None:
    """The next message; ``None`` when there is no more."""
    head = commands.read(MESSAGE.size)
    if len(head) < MESSAGE.size:
        return None
    kind, size = MESSAGE.unpack(head)
    data = commands.read(size)
    return (kind, data) if len(data) == size else None


def _stream_of(data: bytes) -> int:
    return int(STAMPS.unpack_from(data)[0])


def _packet_of(data: bytes) -> Any:
    import av

    _, pts, dts, duration, numerator, denominator, key = STAMPS.unpack_from(data)
    packet: Any = av.Packet(data[STAMPS.size :])
    packet.time_base = Fraction(numerator, denominator)
    packet.pts = None if pts == no_stamp else pts
    packet.dts = None if dts == no_stamp else dts
    packet.duration, packet.is_keyframe = duration, bool(key)
    return packet


def _tell(report: Mapping[str, object]) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(1, json.dumps(report).encode() + b"\n")


def _report_of(error: Exception) -> Mapping[str, object]:
    """What a parent must know of an error."""
    cause = getattr(error, "reason", None)
    if isinstance(cause, Exception):  # of urllib's URLError
        error = cause
    number = getattr(error, "errno", None)
    return {
        "error": getattr(error, "strerror", None) or str(error) or type(error).__name__,
        "errno": number if isinstance(number, int) else None,
        "status": getattr(error, "code", None),
        "name": isinstance(error, socket.gaierror),
        "late": isinstance(error, TimeoutError),
        "untrusted": error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else None,
    }


def main() -> None:
    """Do the one job that comes by stdin."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they are for the parent, which ends the recording
    _tell({"ready": True})
    commands = sys.stdin.buffer
    first, second = _receive(commands), _receive(commands)
    if first is None or second is None:
        return
    try:
        _Sender(commands, Job.from_bytes(first[1]), second[1]).run()
    except Exception as error:  # noqa: BLE001 - this is the border of the process
        _tell(_report_of(error))
    os._exit(0)  # what FFmpeg holds open goes with the process: it would say farewell to a server that is silent


if __name__ == "__main__":
    main()
