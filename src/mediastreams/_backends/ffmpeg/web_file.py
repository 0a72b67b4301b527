"""`WebFile`: a file on a web server as a file object, which goes on where it was when the server was away.

Not for: what has no length (radio, cameras) and playlists: `open_web_file` leaves those to FFmpeg, when it has seen
that a playlist has an end (what a server gives FFmpeg afterwards is bounded by time only).

Rules of the file: what FFmpeg reads from never breaks off; it waits. A connection that is lost, or silent for
``seconds``, is tried again after 0.5 s, then after twice that, up to 10 s, for as long as somebody reads, and asked for
the bytes from there on; where a server gives no parts, what is known already is read over. It ends with an error where
the file is gone (404 …), is no longer the one it was (length, ETag, Last-Modified), or ends before its length again and
again. Until it is opened for good, all of that has a deadline.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from mediastreams._backends.ffmpeg.web_request import Answer, ask
from mediastreams._engine.tls import untrusted
from mediastreams.errors import AbortError, DOMException, NetworkError

if TYPE_CHECKING:
    from mediastreams._backends.ffmpeg.interrupts import Interrupt
    from mediastreams._backends.ffmpeg.locations import Location

__all__ = ["OnWait", "WebFile", "open_web_file"]

_logger = logging.getLogger(__name__)
OnWait: TypeAlias = Callable[[bool], None]
"""Called on the reader's thread: nothing has come for a second; it comes again."""
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 10.0
_LOOK_SECONDS: Final = 0.1
_QUIET_SECONDS: Final = 1.0
_FRUITLESS: Final = 3  # answers without a further byte
_SNIFF_BYTES: Final = 16
_MOST_LIST: Final = 4_000_000
_SKIP_BYTES: Final = 65_536  # read over rather than asked for anew
_LISTS: Final = (b"#EXTM3U", b"<", b"ffconcat", b"v=0", b"[playlist]")
_LATER: Final = frozenset({408, 425, 429})
_GONE: Final = frozenset({404, 410})


def open_web_file(
    location: Location, interrupt: Interrupt, on_wait: OnWait | None, limits: tuple[float, float]
) -> WebFile | None:
    """Ask for a file; ``None`` where FFmpeg is to ask itself.

    ``limits``: seconds for opening and for one read.

    Raises: NetworkError: nobody answers, or nothing of sense; AbortError: interrupted.
    """
    parts = urlsplit(location.url)
    proxied = parts.scheme in getproxies() and not proxy_bypass(parts.hostname or "")
    if proxied:
        return None
    file = WebFile(location, interrupt, on_wait, limits)
    try:
        if file.begin():
            return file
    except BaseException:
        file.close()
        raise
    file.close()
    return None


class WebFile:
    """One file, from `begin` to `close`; used by one thread. ``ranged``: the server gives parts of it."""

    def __init__(
        self, location: Location, interrupt: Interrupt, on_wait: OnWait | None, limits: tuple[float, float]
    ) -> None:
        self.ranged = False
        self._location = location
        self._interrupt = interrupt
        self._on_wait = on_wait
        self._deadline: float | None = time.monotonic() + limits[0]
        self._seconds = limits[1]
        self._identity: tuple[int, str, str] = (0, "", "")
        self._position = 0
        self._answer: Answer | None = None
        self._at = 0  # of the answer's next byte in the file
        self._heard = time.monotonic()  # when something came last, or was asked for first
        self._asked = self._heard
        self._waiting = False
        self._fruitless = 0

    def begin(self) -> bool:
        """Ask for it the first time. Whether it is a file with an end, and no list of others.

        Raises: NetworkError, AbortError.
        """
        try:
            answer = self._answer = self._ask(0)
            if answer.status not in {200, 206}:
                return False
            if self._head(answer, _SNIFF_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_LISTS):
                self._look_at_list(answer)
                return False
        except OSError as error:
            raise self._named(error, "be opened") from error
        identity = _identity_of(answer, 0)
        if identity is None or not identity[0]:
            return False
        self._identity, self.ranged = identity, answer.status == 206
        return True

    def _head(self, answer: Answer, most: int) -> bytes:
        """The first bytes of an answer, which stay there."""
        length = answer.headers.get("Content-Length", "")
        most = min(most, int(length)) if length.isascii() and length.isdigit() else most
        kept = bytearray()
        while len(kept) < most and (data := answer.read(_SKIP_BYTES, self._check)):
            kept += data
        answer.rest[:0] = kept
        return bytes(answer.rest)

    def _look_at_list(self, answer: Answer) -> None:
        """See that a playlist has an end, and does not name itself as another: FFmpeg would ask for it for ever."""
        text = self._head(answer, _MOST_LIST + 1)
        if len(text) > _MOST_LIST:
            raise NetworkError(f"the playlist is longer than {_MOST_LIST} bytes")
        if b"#EXT-X-STREAM-INF" in text:
            own = answer.url or self._location.url
            lines = (line.strip() for line in text.decode("utf-8", "replace").splitlines())
            if any(line and not line.startswith("#") and urljoin(own, line) == own for line in lines):
                raise NetworkError("the playlist names itself")

    def settle(self) -> None:
        """It is opened: from now on an outage may take as long as it takes."""
        self._deadline = None

    # ── a file object ────────────────────────────────────────────────────────────────────────────

    def seekable(self) -> bool:
        return self.ranged

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._identity[0]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int, /) -> bytes:
        """Some of the next bytes; none at the end.

        Raises: NetworkError: it is gone, changed or cut; AbortError: interrupted.
        """
        length = self._identity[0]
        self._heard = self._asked = time.monotonic()
        wait, lost_at = _FIRST_WAIT, 0.0
        while self._position < length:
            try:
                data = self._next(min(size, length - self._position))
            except DOMException:
                raise
            except OSError as error:
                if not lost_at:
                    lost_at = time.monotonic()
                    _logger.warning("%s; trying again", self._named(error, "be read on").message)
                self._sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
                continue
            if lost_at:
                _logger.info("%s: again there after %.1f s", self._location.where, time.monotonic() - lost_at)
            self._position += len(data)
            self._fruitless = 0
            self._say(waiting=False)
            return data
        return b""

    def close(self) -> None:
        """Close the connection. Idempotent."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.close()

    # ── connections ──────────────────────────────────────────────────────────────────────────────

    def _next(self, size: int) -> bytes:
        """The next bytes, by a connection that is there or a new one.

        Raises: OSError: it was lost; DOMException: for good.
        """
        gap = self._position - self._at
        if self._answer is not None and not 0 <= gap <= (_SKIP_BYTES if self.ranged else gap):
            self.close()
        try:
            self._heard = time.monotonic()
            answer = self._answer or self._resume()
            while True:
                data = answer.read(size if self._at == self._position else self._position - self._at, self._check_read)
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "the connection was closed before the end")
                self._heard = time.monotonic()
                self._at += len(data)
                if self._at > self._position:
                    return data
        except OSError:
            self.close()
            raise

    def _resume(self) -> Answer:
        """Ask for the rest.

        Raises: OSError: not now; NetworkError: never.
        """
        answer = self._ask(self._position if self.ranged else 0)
        self._answer = answer
        if answer.status in {200, 206, 416}:
            begin = self._position if answer.status == 206 else 0
            if not _same(self._identity, _identity_of(answer, begin)):
                raise NetworkError(f"{self._location.where!r} is no longer the file it was")
            self._at = begin
            self._fruitless += 1
            if self._fruitless > _FRUITLESS:
                have, length = self._position, self._identity[0]
                raise NetworkError(f"{self._location.where!r} ends after {have} of {length} bytes")
            return answer
        what = f"{answer.status} {answer.reason}".strip()
        if answer.status in _GONE:
            raise NetworkError(f"{self._location.where!r} is gone ({what})")
        if 400 <= answer.status < 500 and answer.status not in _LATER:
            raise NetworkError(f"{self._location.where!r} is no longer given out ({what})")
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"the server answered {what}")

    def _ask(self, begin: int) -> Answer:
        self._heard = time.monotonic()
        return ask(self._location.url, {"Range": f"bytes={begin}-"}, self._check_read)

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────

    def _check(self) -> None:
        """Raise what ends every wait, and say that there is one.

        Raises: AbortError: interrupted; NetworkError: the time for opening is up.
        """
        if self._interrupt.is_set():
            raise AbortError("The file was closed")
        now = time.monotonic()
        if self._deadline is not None and now > self._deadline:
            raise self._named(TimeoutError(), "be opened")
        if now - self._asked > _QUIET_SECONDS:
            self._say(waiting=True)

    def _check_read(self) -> None:
        self._check()
        if time.monotonic() - self._heard > self._seconds:
            raise TimeoutError(errno.ETIMEDOUT, "no answer in time")

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, _LOOK_SECONDS))

    def _say(self, *, waiting: bool) -> None:
        if waiting != self._waiting and self._deadline is None:
            self._waiting = waiting
            if self._on_wait is not None:
                self._on_wait(waiting)

    def _named(self, error: OSError, doing: str) -> NetworkError:
        if isinstance(error, NetworkError) and error.message.startswith(repr(self._location.where)):
            return error
        number = errno.ETIMEDOUT if isinstance(error, TimeoutError) else error.errno
        reason = getattr(error, "message", None) or error.strerror or str(error)
        if isinstance(error, TimeoutError):
            reason = "no answer in time"
        elif isinstance(error, socket.gaierror):
            number, reason = None, f"no such host ({reason})"
        elif isinstance(error, ssl.SSLCertVerificationError):
            number, reason = None, untrusted(error.verify_message)
        elif isinstance(error, ssl.SSLError):
            number, reason = None, f"no secure connection ({error.reason or reason})"
        return NetworkError(f"{self._location.where!r} cannot {doing}: {reason}", errno=number)


def _identity_of(answer: Answer, begin: int) -> tuple[int, str, str] | None:
    """Length, ETag and date of what an answer gives from ``begin`` on; ``None``: it has no end, or begins elsewhere."""
    headers = answer.headers
    if headers.get("Transfer-Encoding") or headers.get("Content-Encoding", "identity") != "identity":
        return None
    length = headers.get("Content-Length", "")
    if answer.status == 206:
        span, _, length = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        if span.partition("-")[0] != str(begin):
            return None
    elif answer.status != 200:
        return None
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        return None
    return int(length), headers.get("ETag", "").removeprefix("W/"), headers.get("Last-Modified", "")


def _same(known: tuple[int, str, str], found: tuple[int, str, str] | None) -> bool:
    if found is None or known[0] != found[0]:
        return False
    if known[1] and found[1]:
        return known[1] == found[1]
    return not (known[2] and found[2]) or known[2] == found[2]
