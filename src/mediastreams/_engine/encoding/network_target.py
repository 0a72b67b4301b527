"""`NetworkTarget`: a recording that FFmpeg sends somewhere; `PlaylistTarget`: one that it cuts into files.

Not for: which address means what (``_rules/network_targets.py``), the process that sends (``sender.py``).

Rules of the file: whoever takes nothing for `_PATIENCE_SECONDS`, or does not answer for twice that when the recording
begins, ends it with an error; the program waits for nobody. What lies in the system's buffers counts as taken.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

import av

from mediastreams._engine.encoding.sending import SendingFailed, SentContainer
from mediastreams._engine.encoding.target import Target
from mediastreams._engine.tls import untrusted
from mediastreams._engine.worker import start_thread
from mediastreams._rules.network_targets import scheme_of, without_secrets
from mediastreams.errors import NetworkError

if TYPE_CHECKING:
    from av.container import OutputContainer

__all__ = ["NetworkTarget", "PlaylistTarget"]

_PATIENCE_SECONDS: Final = 5.0
_LONGEST_SECONDS: Final = 15.0  # for one call; by then the process has long ended itself
_LOOK_SECONDS: Final = 0.25
_DATAGRAM: Final = "1316"  # seven packets of 188 bytes
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
        self._since: float | None = None  # when the process was asked for what it does now
        self._sent: SentContainer | None = None
        self._closed = threading.Event()

    def _named(self, failed: SendingFailed) -> NetworkError:
        report, number = failed.report, failed.report.get("errno")
        known = number if isinstance(number, int) and 0 < number < 4096 else None  # FFmpeg's own are none
        status = report.get("status")
        if report.get("late") or failed.late:
            known = errno.ETIMEDOUT
        if report.get("name"):
            known, reason = None, f"no such host ({report.get('error')})"
        elif isinstance(status, int):
            known = errno.EACCES if status in {401, 403, 407} else None
            reason = _CURES[known] if known else f"the server answered {status} ({report.get('error')})"
        elif report.get("untrusted"):
            known, reason = None, untrusted(report["untrusted"])
        elif not report and known is None:
            reason = f"the process that sends it ended by itself ({failed.status})"
        else:
            reason = _CURES.get(known or errno.EIO, str(report.get("error")))
        return NetworkError(f"cannot send the recording to {self.name}: {reason}", errno=known)

    def muxing(self, muxer: str, options: Mapping[str, str]) -> OutputContainer:
        """Have a process prepare to send; it connects with the head.

        Raises: NotSupportedError: no process can be started.
        """
        url, scheme = self._url, scheme_of(self._url)
        named = dict(options)
        if muxer in {"mpegts", "rtp_mpegts"} and "pkt_size=" not in url and scheme != "tcp":
            url += f"{'&' if '?' in url else '?'}pkt_size={_DATAGRAM}"
        if muxer == "hls":
            parts = urlsplit(url)
            stem = parts.path[: -len(".m3u8")].replace("%", "%%")
            segments = urlunsplit(parts._replace(path=f"{stem}-%05d.ts"))
            named = {"hls_segment_filename": segments, **named}
        self._sent = SentContainer(url, muxer, named, _PATIENCE_SECONDS)
        start_thread(f"watch of {self.name}", self._watch)
        return self._sent  # type: ignore[return-value]  # what a `Writer` and its encoders need of one

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Watch over the process meanwhile, and give what goes wrong its name."""
        self._since = time.monotonic()
        try:
            yield
        except SendingFailed as error:
            self.error = self.error or self._named(error)
            raise
        finally:
            self._since = None

    def sent(self, size: int) -> None:
        self.size += size

    def write(self, data: bytes) -> int:
        raise NotImplementedError  # another process sends

    def roll_back(self) -> None:
        """Nothing: what was sent was sent."""

    def checkpoint(self) -> None:
        """Nothing: what was sent was sent."""

    def close(self) -> None:
        """Let the watch end. Idempotent."""
        self._closed.set()

    def _watch(self) -> None:
        """End a process that does not even end itself: one that was stopped, or a machine that is out of breath."""
        while not self._closed.wait(_LOOK_SECONDS):
            since = self._since
            if since is not None and time.monotonic() - since > _LONGEST_SECONDS:
                assert self._sent is not None
                self._sent.kill()


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
