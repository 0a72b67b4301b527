"""`SentContainer`: looks like PyAV's output container; what is muxed goes to the process that sends it.

Not for: sending (``sender.py``), names of errors (``network_target.py``).

Rules of the file: encoders live here, in a container of the same demands that is never sent; packets go by a pipe. The
process ends by itself whatever takes too long; where even that does not happen, `kill` ends it, from any thread.
What a reader of the pipe does not take holds up one thread, without the interpreter's lock.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import av

from mediastreams._engine.encoding.sender import END, HEAD, MESSAGE, PACKET, STAMPS, Job, no_stamp
from mediastreams._engine.frames import MICROSECONDS
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    from av import Packet
    from av.stream import Stream

__all__ = ["SendingFailed", "SentContainer"]

_LIKE: Final = {"flv": "nut", "rtsp": "nut"}  # which tell a decoder's parameters in the head; the others in packets
_MODULE: Final = "mediastreams._engine.encoding.sender"
_TIME_IS_UP: Final = frozenset({1, -9})  # how it ends then: by its own clock, or by `kill`
_REPORT_BYTES: Final = 65_536


class SendingFailed(OSError):
    """The process has ended. ``report``: what it said of it; empty, and ``late``, where its time was up."""

    def __init__(self, report: Mapping[str, object], *, late: bool, status: int | None = None) -> None:
        super().__init__(f"the sending process ended ({report or status})")
        self.report = report
        self.late = late
        self.status = status


class SentContainer:
    """Made at rest; `start_encoding` connects. Used by one thread, but for `kill`.

    ``seconds``: how long each write may take, a connection twice that.
    """

    def __init__(self, url: str, muxer: str, options: Mapping[str, str], seconds: float) -> None:
        self._url = url
        self._muxer = muxer
        self._options = dict(options)
        self._seconds = seconds
        self._local = av.open(io.BytesIO(), "w", format=_LIKE.get(muxer, "mpegts"))
        self._ready = False
        self._started = False
        self._report: Mapping[str, object] = {}
        self._failure: SendingFailed | None = None
        self._process: subprocess.Popen[bytes] | None = _start()
        self.metadata: dict[str, str] = {}
        self.format = self._local.format
        self.streams = self._local.streams
        self.add_stream = self._local.add_stream
        self.add_stream_from_template = self._local.add_stream_from_template

    def start_encoding(self) -> None:
        """Connect and send the head; wait for that.

        Raises: SendingFailed.
        """
        self._ready = bool(self._listen().get("ready"))
        if not self._ready:
            raise self._fail()
        for stream in self._local.streams:
            if stream.codec_context is not None:
                stream.codec_context.codec_tag = "\0\0\0\0"  # a file's; what is sent has none
        self._local.start_encoding()
        named = tuple(dict(stream.metadata) for stream in self._local.streams)
        job = Job(self._url, self._muxer, self._options, self.metadata, named, self._seconds)
        self._send(HEAD, job.to_bytes())
        self._send(HEAD, _described(self._local.streams))
        if not self._listen().get("started"):
            raise self._fail()
        self._started = True

    def mux_one(self, packet: Packet[Any]) -> None:
        """Send one packet, without its side data, for which no format of the network has a place.

        Raises: SendingFailed.
        """
        base = packet.time_base
        stamps = STAMPS.pack(
            packet.stream.index,
            no_stamp if packet.pts is None else packet.pts,
            no_stamp if packet.dts is None else packet.dts,
            packet.duration or 0,
            base.numerator,
            base.denominator,
            packet.is_keyframe,
        )
        self._send(PACKET, stamps + bytes(packet))

    def close(self) -> None:
        """End what is sent, where it has begun and goes well. Idempotent.

        Raises: SendingFailed.
        """
        if self._process is None:
            return
        try:
            if self._started and self._failure is None:
                self._send(END, b"")
                if not self._listen().get("ended"):
                    raise self._fail()
        finally:
            self.kill()
            process, self._process = self._process, None
            _let_go(process)
            with contextlib.suppress(av.FFmpegError, OSError, ValueError):
                self._local.close()

    def kill(self) -> None:
        """End the process at once: who waits for it goes on. Any thread."""
        process = self._process
        if process is not None:
            process.kill()

    def _send(self, kind: bytes, data: bytes) -> None:
        if self._failure is not None or self._process is None:
            raise self._failure or SendingFailed({}, late=False)
        assert self._process.stdin is not None
        view = memoryview(MESSAGE.pack(kind, len(data)) + data)
        try:
            while view:
                view = view[self._process.stdin.write(view) or 0 :]
        except OSError:  # nobody reads any more; Windows has another number for it
            raise self._fail() from None

    def _fail(self) -> SendingFailed:
        """Learn what became of the process, which has ended or is about to."""
        report = self._report
        while not report.get("error") and (line := self._listen()):
            report = line
        assert self._process is not None
        self._process.kill()
        status = self._process.wait()
        told = bool(report.get("error"))
        late = self._ready and not told and status in _TIME_IS_UP
        self._failure = SendingFailed(report if told else {}, late=late, status=status)
        return self._failure

    def _listen(self) -> Mapping[str, object]:
        """Wait for what the process says next; nothing when it has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline(_REPORT_BYTES)
        self._report = json.loads(line) if line.endswith(b"\n") else {}
        return self._report


def _described(streams: Iterable[Stream]) -> bytes:
    """What a muxer must know of these streams: a file of all of them, with one packet, without which none is read."""
    head = io.BytesIO()
    with av.open(head, "w", format="nut") as described:
        for stream in streams:
            described.add_stream_from_template(stream, opaque=True)
        packet: Packet[Any] = av.Packet(b"\0")
        packet.stream, packet.time_base = described.streams[0], MICROSECONDS
        packet.pts = packet.dts = 0
        packet.is_keyframe = True
        described.start_encoding()
        described.mux_one(packet)
    return head.getvalue()


def _start() -> subprocess.Popen[bytes]:
    """Start the process with this one's modules.

    Raises: NotSupportedError: there is no interpreter to start.
    """
    from multiprocessing.spawn import get_executable  # which frozen and embedded programs can set

    executable = get_executable()
    if not executable or (getattr(sys, "frozen", False) and os.fsdecode(executable) == sys.executable):
        raise NotSupportedError(
            "a recording is sent by a Python process of its own, and this program has no interpreter to start:"
            " name one by multiprocessing.set_executable"
        )
    paths = [os.path.abspath(path) for path in sys.path]  # noqa: PTH100 - "" is the current folder, and some are zips
    return subprocess.Popen(  # noqa: S603 - this interpreter, and our own module
        [os.fsdecode(executable), "-P", "-m", _MODULE],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,  # Ctrl-C is for this process
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _let_go(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()
