"""`MediaStreamTrackAudioStats` and `MediaStreamTrackVideoStats`: counters of one track.

Not for: drops in a consumer's queue, which the consumer counts (``FrameIterator.stats``).

Rules of the file: within one task of an event loop the counters stand still, so that two reads agree; they stand still
too while the track is disabled or muted.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from mediastreams._engine.feed import AudioCounts, VideoCounts
from mediastreams._webidl.interfaces import default_to_json, illegal_constructor, public

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed

__all__ = ["MediaStreamTrackAudioStats", "MediaStreamTrackVideoStats"]

_C = TypeVar("_C", AudioCounts, VideoCounts)
_POLLING_SECONDS: Final = 0.25  # who reads for longer than that without a break is waiting for news
_BREAK_SECONDS: Final = 0.1


class _Tasks:
    """Counts the tasks of one loop, as far as counters are read in them.

    A task is an iteration of the loop. Who reads on and on without letting the loop go waits for news, and would wait
    for ever: then a new one is counted now and then, for all tracks.
    """

    __slots__ = ("_ending", "_polled_at", "_polling_since", "number")

    def __init__(self) -> None:
        self.number = 0
        self._ending = False
        self._polling_since = self._polled_at = 0.0

    def current(self, loop: asyncio.AbstractEventLoop) -> int:
        """The number of the present task. On the loop."""
        now = time.perf_counter()
        if not self._ending:
            self._ending = True
            loop.call_soon(self._end)
            self._polling_since = now
        elif now - self._polled_at > _BREAK_SECONDS:
            self._polling_since = now
        elif now - self._polling_since >= _POLLING_SECONDS:
            self.number += 1
            self._polling_since = now
        self._polled_at = now
        return self.number

    def _end(self) -> None:
        self._ending = False
        self.number += 1


_tasks: Final[weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Tasks]] = weakref.WeakKeyDictionary()


class _TrackStats(Generic[_C]):
    """What both have: the feed, and what it said when it was read first in this task."""

    __slots__ = ("__weakref__", "_exposed", "_feed", "_last_task")
    __init__ = illegal_constructor("Read MediaStreamTrack.stats.")

    _feed: TrackFeed
    _exposed: _C | None
    _last_task: tuple[_Tasks, int] | None  # [[LastTask]]

    @classmethod
    def _of(cls, feed: TrackFeed) -> Self:
        stats = cls.__new__(cls)
        stats._feed = feed
        stats._exposed = None
        stats._last_task = None
        return stats

    def _read(self) -> _C:
        raise NotImplementedError

    def _expose(self) -> _C:
        """*Expose frame counters steps*: once per task. In a thread without a loop every read is of now.

        https://w3c.github.io/mediacapture-extensions/#dfn-expose-audio-frame-counters-steps
        https://w3c.github.io/mediacapture-extensions/#dfn-expose-video-frame-counters-steps
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._read()
        tasks = _tasks.get(loop) or _tasks.setdefault(loop, _Tasks())
        task = (tasks, tasks.current(loop))
        known = self._exposed
        if known is not None and task == self._last_task:
            return known
        self._last_task = task
        self._exposed = counts = self._read()
        return counts

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.to_json()}>"

    def to_json(self) -> dict[str, object]:
        """The counters under their IDL names."""
        raise NotImplementedError


@public
class MediaStreamTrackVideoStats(_TrackStats[VideoCounts]):
    """Frame counts since the track was made.

    https://w3c.github.io/mediacapture-extensions/#the-mediastreamtrackvideostats-interface
    """

    __slots__ = ()

    def _read(self) -> VideoCounts:
        return self._feed.video_counters.counts

    @property
    def delivered_frames(self) -> int:
        """Frames that went on to the consumers, or would have if there had been one."""
        return self._expose().delivered

    @property
    def discarded_frames(self) -> int:
        """Frames left out to reach the track's frame rate."""
        return self._expose().discarded

    @property
    def total_frames(self) -> int:
        """Frames of the source: delivered and discarded ones."""
        counts = self._expose()
        return counts.delivered + counts.discarded

    def to_json(self) -> dict[str, object]:
        """The counters under their IDL names."""
        return default_to_json(self, "delivered_frames", "discarded_frames", "total_frames")


@public
class MediaStreamTrackAudioStats(_TrackStats[AudioCounts]):
    """Samples since the track was made, and latency from capture to delivery since then or `reset_latency`; in ms.

    https://w3c.github.io/mediacapture-extensions/#the-mediastreamtrackaudiostats-interface
    """

    __slots__ = ()

    def _read(self) -> AudioCounts:
        return self._feed.audio_counters.counts

    @property
    def delivered_frames(self) -> int:
        """Samples per channel that went on to the consumers, or would have if there had been one."""
        return self._expose().delivered

    @property
    def delivered_frames_duration(self) -> float:
        """How long those take, ms."""
        return self._expose().delivered_us / 1000

    @property
    def total_frames(self) -> int:
        """Samples per channel of the source: those delivered, and those it says were lost before."""
        counts = self._expose()
        return counts.delivered + counts.dropped

    @property
    def total_frames_duration(self) -> float:
        """How long those take, ms."""
        counts = self._expose()
        return (counts.delivered_us + counts.dropped_us) / 1000

    @property
    def latency(self) -> float:
        """Of the newest chunk, ms."""
        return self._expose().latest / 1000

    @property
    def average_latency(self) -> float:
        """Mean over the interval, ms; of the newest chunk when the interval is empty."""
        counts = self._expose()
        return (counts.latency_sum / counts.latency_count if counts.latency_count else counts.latest) / 1000

    @property
    def minimum_latency(self) -> float:
        """Least of the interval, ms."""
        return self._expose().least / 1000

    @property
    def maximum_latency(self) -> float:
        """Most of the interval, ms."""
        return self._expose().most / 1000

    def reset_latency(self) -> None:
        """Begin a new interval for average, minimum and maximum.

        https://w3c.github.io/mediacapture-extensions/#dom-mediastreamtrackaudiostats-resetlatency
        """
        counts = self._expose()
        self._feed.audio_counters.reset_latency()
        if self._exposed is not None:
            self._exposed = counts._replace(least=counts.latest, most=counts.latest, latency_sum=0, latency_count=0)

    def to_json(self) -> dict[str, object]:
        """The figures under their IDL names."""
        return default_to_json(
            self,
            "delivered_frames",
            "delivered_frames_duration",
            "total_frames",
            "total_frames_duration",
            "latency",
            "average_latency",
            "minimum_latency",
            "maximum_latency",
        )
