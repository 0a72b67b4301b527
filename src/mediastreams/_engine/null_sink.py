"""`NullSink`: an output without a device: it asks at the clock's pace and throws away what it gets.

Not for: being silent on a device. It keeps a player going whose device is gone, or that has none.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from mediastreams._engine.clock import get_clock
from mediastreams._engine.pace import Pace
from mediastreams._rules.values import AudioMode, Kind, Mode, Settings, VideoMode
from mediastreams.abc import Clock, Sink, Supply

__all__ = ["NullSink"]

_USUAL_SOUND: Final = AudioMode(48_000, 2)
_USUAL_PICTURE: Final = VideoMode(1920, 1080, 60.0, 60.0)
_BLOCKS_PER_SECOND: Final = 50
_LATE: Final = 5  # blocks that are made up for: a real device holds as much back


class NullSink(Sink):
    """Renders to nowhere. Needs no thread: the clock's scheduler asks."""

    audible = False

    def __init__(self, kind: Kind, clock: Clock | None = None) -> None:
        self.kind = kind
        self.clock = clock or get_clock()
        self._pace: Pace | None = None
        self._supply: Supply | None = None

    def start(self, mode: Mode | None, settings: Settings, supply: Supply) -> Mode:  # noqa: ARG002 - holds nothing back
        """Begin to ask, in whatever mode; there is nothing to fail."""
        self.stop()
        actual: Mode = mode or (_USUAL_SOUND if self.kind == "audio" else _USUAL_PICTURE)
        if mode is None:
            supply.reconfigured(actual)
        self._supply = supply
        if isinstance(actual, AudioMode):
            self._length = max(1, actual.sample_rate // _BLOCKS_PER_SECOND)
            rate = Fraction(actual.sample_rate, self._length)
            self._pace = Pace(self.clock, rate, self._ask_sound, late=_LATE)
        else:
            self._pace = Pace(self.clock, Fraction(actual.max_frame_rate), self._ask_picture, late=0)
        return actual

    def stop(self) -> None:
        """Ask no more."""
        pace, self._pace = self._pace, None
        if pace is not None:
            pace.stop()
        self._supply = None

    def _ask_sound(self, number: int) -> None:
        supply, pace = self._supply, self._pace
        if supply is not None and pace is not None:
            supply.sound(self._length, pace.instant_us(number))

    def _ask_picture(self, number: int) -> None:
        supply, pace = self._supply, self._pace
        if supply is not None and pace is not None:
            supply.picture(pace.instant_us(number))

    def __repr__(self) -> str:
        return f"<NullSink for {self.kind}>"
