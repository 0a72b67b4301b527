"""`Pass`: a file opened once, and its packets from the beginning to the end.

Not for: decoding (``lanes.py``). A looped file is several passes: each opens anew, which also works where
nothing can be sought, and lets the decoders of the last pass run dry.

Rules of the file: made, read and closed on one thread. Every open and every network read has a time-out.
What FFmpeg may open from within is `Location.protocols`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import av
import av.container
import av.error
from av.format import Flags
from av.stream import Discard

from mediastreams._backends.ffmpeg.locations import BinaryReader, Location, reader_of
from mediastreams._backends.ffmpeg.network_options import LIVE_SCHEMES, network_options, read_seconds, scheme_of
from mediastreams._backends.ffmpeg.stamps import PacketTimes, Ticks
from mediastreams._backends.ffmpeg.tracks import TrackInfo, describe
from mediastreams._backends.ffmpeg.translate import translate
from mediastreams._engine.tls import certificate_trouble
from mediastreams.errors import AbortError, NetworkError, NotSupportedError

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

    from mediastreams._backends.ffmpeg.interrupts import Interrupt
    from mediastreams._backends.ffmpeg.web_file import OnWait, WebFile

__all__ = ["LENIENT", "Pass"]

_logger = logging.getLogger(__name__)
_OPEN_SECONDS: Final = 20.0
_READ_SECONDS: Final = 10.0
_JUMPS: Final[int] = Flags.ts_discont.value  # type: ignore[assignment]  # a number, whatever the stubs say
_LISTS: Final = frozenset({"hls", "dash"})
# Titles in another encoding do not keep a file from being opened. PyAV does that by itself from 19 on.
LENIENT: Final[dict[str, Any]] = {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_NO_MEDIA: Final = frozenset({"tty"})  # FFmpeg plays any text file as a film of a terminal


class _Guard:
    """A file object, as FFmpeg may use it: its answers are checked, a stop is seen at the next call.

    ``name`` is what FFmpeg guesses from where the bytes alone do not tell what they are.
    """

    def __init__(self, reader: BinaryReader, interrupt: Interrupt, name: str = "<none>") -> None:
        self.name = name
        self._reader = reader
        self._interrupt = interrupt
        self._stopped = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        seekable = getattr(self._reader, "seekable", None)
        return bool(seekable()) if callable(seekable) else hasattr(self._reader, "seek")

    def read(self, size: int) -> bytes:
        if self._stopped:  # FFmpeg may ask again all the same, and PyAV would print an exception that comes second
            return b""
        if self._interrupt.is_set():
            self._stopped = True
            raise AbortError("The file was closed")
        data = self._reader.read(size)
        if not isinstance(data, bytes):
            data = memoryview(data).tobytes()  # TypeError for str and None (a file object that does not block)
        if len(data) > size:  # FFmpeg's buffer is not larger
            raise ValueError(f"the file object returned {len(data)} bytes where {size} were asked for")
        return data

    def seek(self, offset: int, whence: int = 0) -> int | None:
        seek = self._reader.seek  # type: ignore[attr-defined]  # asked only when seekable
        return seek(offset, whence)  # type: ignore[no-any-return]

    def tell(self) -> int:
        return self._reader.tell()  # type: ignore[attr-defined, no-any-return]


class Pass:
    """One opened container.

    ``tracks`` are its audio and video streams, ``duration`` its length in µs where known, ``zero`` the stamp in µs
    at which it begins. ``live``: nothing is known of its end; ``listed``: it is a playlist's.
    """

    def __init__(self, location: Location, interrupt: Interrupt, on_wait: OnWait | None = None) -> None:
        self.location = location
        self._interrupt = interrupt
        self._web = _ask_the_web(location, interrupt, on_wait)
        try:
            self._container = _open(location, interrupt, self._web)
        except BaseException:
            self._close_web()
            raise
        try:
            self.zero = self._container.start_time or 0
            self.duration = self._container.duration
            self.tracks = describe(self._container, location.name, self.zero)
            if self._container.format.name in _NO_MEDIA or not self.tracks:
                raise NotSupportedError(f"{location.name!r} holds no sound or picture that FFmpeg decodes")
        except BaseException:
            self.close()
            raise
        if self._web is not None:
            self._web.settle()
        self.listed = self._container.format.name in _LISTS
        self.live = self._has_no_end()
        self._jumps = bool(self._container.format.flags & _JUMPS) and not self.live  # whose reader looks itself
        self._times = PacketTimes()
        self._ticks: dict[int, Ticks] = {}
        self._packets: Iterator[Packet[Stream]] | None = None

    def _has_no_end(self) -> bool:
        """Whether it comes as it happens, and for as long as it does."""
        if not self.location.network or self._web is not None or (self.duration or 0) > 0:
            return False
        return self.listed or scheme_of(self.location.url) in LIVE_SCHEMES or self._container.size <= 0

    def stream(self, info: TrackInfo) -> Stream:
        return self._container.streams[info.index]

    def select(self, tracks: tuple[TrackInfo, ...]) -> None:
        """Read these streams only. Once, before the first `read`."""
        wanted = {info.index for info in tracks}
        for stream in self._container.streams:
            if stream.index in wanted:
                self._ticks[stream.index] = Ticks(stream.time_base, 0)
            else:
                stream.discard = Discard.all
        self._packets = self._container.demux([self._container.streams[index] for index in sorted(wanted)])

    def read(self) -> Packet[Stream] | None:
        """The next packet, its stamps without jumps; ``None`` at the end.

        Raises: NetworkError, NotReadableError, NotSupportedError: reading failed; AbortError: interrupted.
        """
        assert self._packets is not None
        try:
            packet = next(self._packets, None)
        except Exception as error:
            if self._interrupt.is_set():
                raise AbortError("The file was closed") from error
            raise translate(error, self.location, "be read on") from error
        if packet is None or (packet.size == 0 and packet.dts is None and packet.pts is None):
            return None
        if self._jumps:
            self._repair(packet)
        return packet

    def seek(self, time: int) -> None:
        """Read on from the last key frame before ``time`` µs after the beginning.

        Raises: NetworkError, NotReadableError, NotSupportedError: this cannot be sought; AbortError: interrupted.
        """
        try:
            self._container.seek(max(time + self.zero, self.zero, 0), backward=True)
        except Exception as error:
            if self._interrupt.is_set():
                raise AbortError("The file was closed") from error
            raise translate(error, self.location, "be sought") from error
        self._times = PacketTimes()
        self._packets = self._container.demux([self._container.streams[index] for index in sorted(self._ticks)])

    def _repair(self, packet: Packet[Stream]) -> None:
        ticks = self._ticks[packet.stream_index]
        stamp = packet.dts if packet.dts is not None else packet.pts
        time = None if stamp is None else ticks.us(stamp)
        shift = self._times.look(packet.stream_index, time, ticks.span_us(packet.duration or 0))
        if shift:
            moved = ticks.stamps(shift)
            if packet.pts is not None:
                packet.pts += moved
            if packet.dts is not None:
                packet.dts += moved

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._packets = None
        self._container.close()
        self._close_web()

    def _close_web(self) -> None:
        if self._web is not None:
            self._web.close()


def _ask_the_web(location: Location, interrupt: Interrupt, on_wait: OnWait | None) -> WebFile | None:
    """A file on a web server; ``None`` for everything else."""
    if scheme_of(location.url) not in {"http", "https"}:
        return None
    from mediastreams._backends.ffmpeg.web_file import open_web_file

    return open_web_file(location, interrupt, on_wait, (_OPEN_SECONDS, read_seconds(location.url, _READ_SECONDS)))


def _open(location: Location, interrupt: Interrupt, web: WebFile | None) -> av.container.InputContainer:
    reader = reader_of(location) if web is None else web
    options = {"protocol_whitelist": location.protocols}
    timeout = None
    if location.network:
        options |= network_options(location.url)
        timeout = _OPEN_SECONDS, read_seconds(location.url, _READ_SECONDS)
    source: str | _Guard = location.url
    try:
        if reader is not None:
            source = _Guard(reader, interrupt)
            if source.seekable():
                source.seek(0)
        opened: av.container.InputContainer = av.open(source, "r", options=options, timeout=timeout, **LENIENT)
        return opened
    except Exception as error:
        if interrupt.is_set():
            raise AbortError(f"Opening {location.name!r} was given up") from error
        if web is None and isinstance(error, OSError) and (trouble := certificate_trouble(location.url)):
            raise NetworkError(f"{location.where!r} cannot be opened: {trouble}") from error
        raise translate(error, location) from error
