"""`LiveReader`: the thread that reads a live stream, and opens it again when it breaks off.

Not for: decoding, times, and what tracks hear of it (``live_deck.py``, ``live_play.py``).

Rules of the file: the thread reads, closes and opens, nobody else does once it runs. A connection that broke off is
closed at once and tried again after 0.5 s, then after twice that, up to 10 s, for as long as somebody listens; an
outage is logged once. What was read waits in a queue that is never longer than `_MOST_BYTES` or, where the server does
not wait for us, `_MOST_LATE_US`: then all of it goes, and whoever decodes goes on at the next key frame.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mediastreams._backends.ffmpeg.interrupts import Interrupt
from mediastreams._backends.ffmpeg.network_options import LIVE_SCHEMES, scheme_of
from mediastreams._backends.ffmpeg.passes import Pass
from mediastreams._backends.ffmpeg.stamps import Ticks
from mediastreams._engine.worker import Worker
from mediastreams.errors import DOMException, NetworkError

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

    from mediastreams._backends.ffmpeg.live_clock import LiveClock
    from mediastreams._backends.ffmpeg.locations import Location
    from mediastreams.abc import Clock, Wake

__all__ = ["Arrival", "LiveReader", "Lost", "Opened", "Over", "Skipped"]

_logger = logging.getLogger(__name__)
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 10.0
_MOST_BYTES: Final = 64_000_000
_MOST_PACKETS: Final = 5_000
_MOST_LATE_US: Final = 2_000_000
_LOOK_SECONDS: Final = 0.05
_BACK_US: Final = 1_000_000
_AHEAD_US: Final = 10_000_000
_STRAY_US: Final = 5_000_000
_STRAYS_US: Final = 500_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection stands; ``zero`` is its first stamp. The reader waits until it is taken up."""

    opened: Pass
    zero: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone."""

    error: DOMException


@dataclass(frozen=True, slots=True)
class Skipped:
    """Packets were left out here."""


@dataclass(frozen=True, slots=True)
class Over:
    """The stream has ended for good; with an error where nothing more will come of it."""

    error: DOMException | None


Arrival: TypeAlias = "Packet[Stream] | Opened | Lost | Skipped | Over"


class _Places:
    """Sees where a server goes on with another stream on the same connection: its stamps begin anew."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}
        self._jumped = (0, 0)  # until when what belongs to the former stream may come, and the new one's first stamp

    def look(self, index: int, time: int, duration: int, now: int) -> Literal["on", "jump", "stray"]:
        """Say of a packet of one track whether it goes on, begins another stream, or is left of the former."""
        until, begin = self._jumped
        if now < until and abs(time - begin) > _STRAY_US:
            return "stray"
        expected = self._next.get(index, time)
        if not -_BACK_US <= time - expected <= _AHEAD_US:
            self._next = {index: time + duration}
            self._jumped = now + _STRAYS_US, time
            return "jump"
        self._next[index] = time + duration
        return "on"


class LiveReader:
    """Reads from `start` to `close`. ``take`` and ``go_on`` are for the one thread that decodes."""

    def __init__(self, location: Location, first: Pass, times: LiveClock, clock: Clock, wake: Wake) -> None:
        self._location = location
        self._first = first
        self._times = times
        self._clock = clock
        self._wake = wake
        self._endless = scheme_of(location.url) in LIVE_SCHEMES
        self._interrupt = Interrupt()
        self._stopped = threading.Event()
        self._taken_up = threading.Event()
        self._room = threading.Event()
        self._lock = threading.Lock()
        self._queue: deque[tuple[int, Arrival]] = deque()
        self._size = 0
        self._late = False  # said already that packets were left out
        self._worker = Worker(f"reader of {location.name}", self._run, finish=self.close)

    def start(self) -> None:
        """Begin to read. Once."""
        self._worker.start()

    def take(self) -> Arrival | None:
        """What came next; ``None`` when nothing is there. Never blocks."""
        with self._lock:
            if not self._queue:
                return None
            arrival = self._queue.popleft()[1]
            self._size -= getattr(arrival, "size", 0)
        self._room.set()
        return arrival

    def go_on(self) -> None:
        """Let it read the connection that was taken up."""
        self._taken_up.set()

    def close(self) -> None:
        """Have it end. Any thread; does not wait."""
        self._stopped.set()
        self._interrupt.set()
        self._taken_up.set()
        self._room.set()

    def join(self, seconds: float | None = None) -> bool:
        """Wait until it has closed everything."""
        return self._worker.join(seconds)

    # ── its thread ───────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        current: Pass | None = self._first
        with self._interrupt:
            while current is not None and not self._stopped.is_set():
                try:
                    error = self._read(current)
                finally:
                    current.close()
                if self._stopped.is_set():
                    return
                if error is None and not (self._endless or current.listed):
                    self._put(Over(None))
                    return
                current = self._reopen(error or NetworkError(f"{self._location.where!r} has ended"))

    def _read(self, current: Pass) -> DOMException | None:
        """Read a connection to its end; what ended it, ``None`` where it said so itself."""
        try:
            packets, zero = self._first_packets(current)
            if not packets:
                return None
            self._offer(current, zero)
            ticks = {info.index: Ticks(current.stream(info).time_base, 0) for info in current.tracks}
            places = _Places()
            while packets and not self._stopped.is_set():
                for packet in packets:
                    self._arrived(packet, ticks[packet.stream_index], current, places)
                found = current.read()
                packets = [] if found is None else [found]
        except DOMException as error:
            return error
        return None

    def _first_packets(self, current: Pass) -> tuple[list[Packet[Stream]], int]:
        """Read until something has a stamp."""
        current.select(current.tracks)
        packets: list[Packet[Stream]] = []
        while not self._stopped.is_set() and len(packets) < _MOST_PACKETS:
            packet = current.read()
            if packet is None:
                break
            packets.append(packet)
            stamp = packet.dts if packet.dts is not None else packet.pts
            if stamp is not None:
                return packets, Ticks(packet.time_base, 0).us(stamp)
        return packets, 0

    def _offer(self, current: Pass, zero: int) -> None:
        """Have a connection, or what is another stream on the same, taken up."""
        self._taken_up.clear()
        if not self._stopped.is_set():
            self._put(Opened(current, zero))
            self._taken_up.wait()

    def _arrived(self, packet: Packet[Stream], ticks: Ticks, current: Pass, places: _Places) -> None:
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is not None:
            now, time = self._clock.now_us(), ticks.us(stamp)
            place = places.look(packet.stream_index, time, ticks.span_us(packet.duration or 0), now)
            if place == "stray":
                return
            if place == "jump":
                _logger.debug("%s: its stamps jump", self._location.where)
                self._offer(current, time)
            self._times.arrived(time, now)
        self._put(packet)

    def _reopen(self, error: DOMException) -> Pass | None:
        """Try until it can be opened again, or nobody wants it any more."""
        _logger.warning("%s; trying again", error.message)
        self._put(Lost(error))
        wait = _FIRST_WAIT
        began = self._clock.now_us()
        while not self._stopped.wait(wait):
            try:
                opened = Pass(self._location, self._interrupt)
            except DOMException as refused:
                _logger.debug("%s", refused.message)
            else:
                if not opened.live:
                    opened.close()
                    self._put(Over(None))  # the list of a live stream has got an end
                    return None
                _logger.info("%s: again there after %.1f s", self._location.where, (self._clock.now_us() - began) / 1e6)
                return opened
            wait = min(2 * wait, _LONGEST_WAIT)
        return None

    def _put(self, arrival: Arrival) -> None:
        size = getattr(arrival, "size", 0)
        while True:
            with self._lock:
                now = self._clock.now_us()
                if not size or self._has_room(now):
                    self._queue.append((now, arrival))
                    self._size += size
                    break
                self._room.clear()
            self._room.wait(_LOOK_SECONDS)
        self._wake.set()

    def _has_room(self, now: int) -> bool:
        """Whether the queue takes a packet; what a server does not hold back makes room for itself."""
        full = self._size > _MOST_BYTES or len(self._queue) > _MOST_PACKETS
        if not self._times.pushed:
            return not full or self._stopped.is_set()
        if full or (self._queue and now - self._queue[0][0] > _MOST_LATE_US):
            self._leave_out(now)
        return True

    def _leave_out(self, now: int) -> None:
        if not self._late:
            self._late = True
            _logger.warning("%s: frames come faster than they are decoded; some are left out", self._location.where)
        kept = [(at, one) for at, one in self._queue if isinstance(one, (Opened, Lost, Skipped, Over))]
        self._queue = deque([*kept, (now, Skipped())])
        self._size = 0
