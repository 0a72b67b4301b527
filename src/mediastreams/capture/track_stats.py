"""`MediaStreamTrackAudioStats` and `MediaStreamTrackVideoStats`: counters of one track.

Not for: drops in a consumer's queue, which the consumer counts (``FrameIterator.stats``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from mediastreams._webidl.interfaces import default_to_json, illegal_constructor, public

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed

__all__ = ["MediaStreamTrackAudioStats", "MediaStreamTrackVideoStats"]


class _TrackStats:
    """What both have: the feed they read."""

    __slots__ = ("__weakref__", "_feed")
    __init__ = illegal_constructor("Read MediaStreamTrack.stats.")

    @classmethod
    def _of(cls, feed: TrackFeed) -> Self:
        stats = cls.__new__(cls)
        stats._feed = feed
        return stats


@public
class MediaStreamTrackVideoStats(_TrackStats):
    """Frame counts since the track was made. Live: every read is of now.

    https://w3c.github.io/mediacapture-extensions/#the-mediastreamtrackvideostats-interface
    """

    __slots__ = ()

    @property
    def delivered_frames(self) -> int:
        """Frames that went on to the consumers."""
        return self._feed.video_counters.delivered

    @property
    def discarded_frames(self) -> int:
        """Frames left out to reach the track's frame rate."""
        return self._feed.video_counters.discarded

    @property
    def total_frames(self) -> int:
        """Frames of the source: delivered, discarded, or made while the track was not live."""
        return self._feed.video_counters.total

    def to_json(self) -> dict[str, object]:
        """The counters under their IDL names."""
        return default_to_json(self, "delivered_frames", "discarded_frames", "total_frames")

    def __repr__(self) -> str:
        return f"<MediaStreamTrackVideoStats {self.to_json()}>"


@public
class MediaStreamTrackAudioStats(_TrackStats):
    """Latency from capture to delivery, in milliseconds, since the track was made or `reset_latency`.

    https://w3c.github.io/mediacapture-extensions/#the-mediastreamtrackaudiostats-interface
    """

    __slots__ = ()

    @property
    def latency(self) -> float:
        """Of the newest chunk, ms."""
        return self._feed.audio_counters.latest / 1000

    @property
    def average_latency(self) -> float:
        """Mean over the interval, ms; of the newest chunk when the interval is empty."""
        counters = self._feed.audio_counters
        return counters.sum / counters.count / 1000 if counters.count else self.latency

    @property
    def minimum_latency(self) -> float:
        """Least of the interval, ms."""
        return self._feed.audio_counters.least / 1000

    @property
    def maximum_latency(self) -> float:
        """Most of the interval, ms."""
        return self._feed.audio_counters.most / 1000

    def reset_latency(self) -> None:
        """Begin a new interval for average, minimum and maximum."""
        self._feed.audio_counters.reset()

    def to_json(self) -> dict[str, object]:
        """The figures under their IDL names."""
        return default_to_json(self, "latency", "average_latency", "minimum_latency", "maximum_latency")

    def __repr__(self) -> str:
        return f"<MediaStreamTrackAudioStats {self.to_json()}>"
