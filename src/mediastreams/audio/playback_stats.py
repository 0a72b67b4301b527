"""`AudioPlaybackStats`: how well a context's destination has been heard.

Not for: tracks on their way into a graph (`AudioSourceStats`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from mediastreams._webidl.interfaces import default_to_json, illegal_constructor, public

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AudioPlaybackStats", "Latencies"]

_INTERVAL: Final = 1.0


class Latencies:
    """The latencies of an interval. Added to on the engine's thread; any thread reads it."""

    def __init__(self) -> None:
        self.values = (0, 0.0, 0.0, 0.0)  # how many, their sum, the least, the most

    def add(self, latency: float) -> None:
        """Take note of one."""
        count, total, least, most = self.values
        least = latency if not count else min(least, latency)
        self.values = (count + 1, total + latency, least, max(most, latency))

    def reset(self, latency: float) -> None:
        """Begin a new interval."""
        self.values = (1, latency, latency, latency)


@public
class AudioPlaybackStats:
    """Underruns and latencies of what goes to a context's output, in seconds; brought up to date once a second.

    An underrun is sound that the output had to play before the graph had made it. ``total_duration`` is all that was
    played. NOT-HERE: a document that has to be visible.

    https://webaudio.github.io/web-audio-api/#AudioPlaybackStats
    """

    __init__ = illegal_constructor("It belongs to a context: context.playback_stats.")

    @classmethod
    def _of(
        cls,
        latencies: Latencies,
        *,
        missing: Callable[[], tuple[float, int]],
        latency: Callable[[], float],
        played: Callable[[], float | None],
    ) -> AudioPlaybackStats:
        stats = cls.__new__(cls)
        stats._latencies = latencies
        stats._read_missing, stats._read_latency, stats._read_played = missing, latency, played
        stats._looked = -_INTERVAL
        stats._missing = (0.0, 0)
        stats._total = 0.0
        stats._seen = (0.0, 0.0, 0.0)
        return stats

    _latencies: Latencies
    _read_missing: Callable[[], tuple[float, int]]
    _read_latency: Callable[[], float]
    _read_played: Callable[[], float | None]
    _looked: float
    _missing: tuple[float, int]  # [[underrun duration]], [[underrun events]]
    _total: float  # [[total duration]]
    _seen: tuple[float, float, float]  # [[average latency]], [[minimum latency]], [[maximum latency]]

    def _look(self) -> None:
        """*Update audio stats*.

        https://webaudio.github.io/web-audio-api/#update-audio-stats
        """
        # 1. Only while it is running, which has a time; and once a second.
        played = self._read_played()
        now = time.monotonic()
        if played is None or now - self._looked < _INTERVAL:
            return
        self._looked = now
        # 2-5. NOT-HERE: documents. 6-11. The slots.
        self._missing = self._read_missing()
        self._total = self._missing[0] + played
        count, total, least, most = self._latencies.values
        self._seen = (total / count if count else 0.0, least, most)

    @property
    def underrun_duration(self) -> float:
        """Seconds of all underruns."""
        self._look()
        return self._missing[0]

    @property
    def underrun_events(self) -> int:
        """How many underruns there were."""
        self._look()
        return self._missing[1]

    @property
    def total_duration(self) -> float:
        """Seconds that were played, underruns included."""
        self._look()
        return self._total

    @property
    def average_latency(self) -> float:
        """The mean latency of the output since `reset_latency`."""
        self._look()
        return self._seen[0]

    @property
    def minimum_latency(self) -> float:
        """The least latency of the output since `reset_latency`."""
        self._look()
        return self._seen[1]

    @property
    def maximum_latency(self) -> float:
        """The greatest latency of the output since `reset_latency`."""
        self._look()
        return self._seen[2]

    def reset_latency(self) -> None:
        """Begin a new interval of latencies.

        https://webaudio.github.io/web-audio-api/#dom-audioplaybackstats-resetlatency
        """
        latency = self._read_latency()
        self._latencies.reset(latency)
        self._seen = (latency, latency, latency)

    def to_json(self) -> dict[str, object]:
        """All of it, under the IDL's names."""
        return default_to_json(
            self,
            "underrun_duration",
            "underrun_events",
            "total_duration",
            "average_latency",
            "minimum_latency",
            "maximum_latency",
        )

    def __repr__(self) -> str:
        return f"<AudioPlaybackStats {self.underrun_events} underruns, {self.average_latency * 1000:.1f} ms>"
