"""The time of each picture and sound of a file, whatever its stamps are like: missing, doubled, jumping.

Not for: the process's clock (``timeline.py``). All results are µs of media time, which begins at 0 and
goes on through every repetition of a looped file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["PacketTimes", "PictureTimes", "SoundTimes", "Ticks"]

_JITTER_US: Final = 30_000
"""What a container's coarse stamps (1 ms in Matroska, 1/90 s in some AVI) and encoder delays amount to."""
_EXACT_US: Final = 1_000
_BACK_US: Final = 1_000_000
_AHEAD_US: Final = 10_000_000


class Ticks:
    """Stamps of one stream in µs after the beginning of the file."""

    __slots__ = ("_den", "_num", "_zero")

    def __init__(self, time_base: Fraction | None, zero_us: int) -> None:
        self._num = (time_base.numerator if time_base else 1) * 1_000_000
        self._den = time_base.denominator if time_base else 1_000_000
        self._zero = zero_us

    def us(self, stamp: int) -> int:
        return stamp * self._num // self._den - self._zero

    def span_us(self, stamps: int) -> int:
        return stamps * self._num // self._den

    def stamps(self, us: int) -> int:
        return us * self._den // self._num


class PictureTimes:
    """Strictly increasing times of pictures; a missing one continues at the stream's rate."""

    __slots__ = ("_interval", "_last", "end")

    def __init__(self, interval_us: int) -> None:
        self._interval = interval_us
        self._last: int | None = None
        self.end = 0
        """When the latest picture's time is over."""

    def stamp(self, time: int | None, duration: int | None, begin: int) -> tuple[int, int | None]:
        """Time and duration of the next picture. ``begin``: where this repetition begins, for a first one without."""
        last = self._last
        if time is None:
            time = begin if last is None or last < begin else max(begin, self.end)
        if last is not None and time <= last:
            time = last + 1
        if duration is not None and duration <= 0:
            duration = None
        self._last = time
        self.end = time + (duration or self._interval)
        return time, duration


class SoundTimes:
    """Times of sounds by counting samples, so that rounding never adds up; a real gap in the file stays a gap."""

    __slots__ = ("_count", "_jitter", "_origin", "_rate")

    def __init__(self) -> None:
        self._origin: int | None = None
        self._jitter = _JITTER_US
        self._rate = 0
        self._count = 0

    @property
    def end(self) -> int:
        """When the latest sound is over."""
        return 0 if self._origin is None else self._at(self._count)

    def restart(self) -> None:
        """The file begins anew: its first sound lies where its stamp says, lest the error of every round add up."""
        self._jitter = _EXACT_US

    def _at(self, count: int) -> int:
        assert self._origin is not None
        return self._origin + count * 1_000_000 // self._rate

    def stamp(self, time: int | None, rate: int, length: int, begin: int) -> tuple[int, int]:
        """Time of the next ``length`` samples, and how many of them were heard already and are left out."""
        if self._origin is None or rate != self._rate:
            self._origin = self.end if time is None and self._origin is not None else begin if time is None else time
            self._rate, self._count = rate, 0
        elif time is not None and time - self.end > self._jitter:
            self._origin, self._count = time, 0
        self._jitter = _JITTER_US
        over = 0
        if time is not None and self.end - time > _JITTER_US:
            over = min(length, (self.end - time) * rate // 1_000_000)
        start = self._at(self._count)
        self._count += length - over
        return start, over


class PacketTimes:
    """Finds where the stamps of a whole file jump (spliced broadcasts, chained files) and takes the jump out.

    Only for formats in which that happens: elsewhere a long pause between two pictures is a pause.
    """

    __slots__ = ("_next", "shift")

    def __init__(self) -> None:
        self._next: dict[int, int] = {}
        self.shift = 0
        """What to add to every stamp of the file from now on."""

    def look(self, stream: int, decode_time: int | None, duration: int) -> int:
        """The shift for a packet of ``stream``."""
        if decode_time is None:
            return self.shift
        expected = self._next.get(stream)
        time = decode_time + self.shift
        if expected is not None and not -_BACK_US <= time - expected <= _AHEAD_US:
            self.shift += expected - time
            time = expected
        self._next[stream] = time + duration
        return self.shift
