"""`Intake`: where a recording gets one track's frames from, and what is known of them before the first comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from mediastreams._engine.chunk_port import ChunkPort

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.frames import Chunk, ChunkFormat, Picture, Sound
    from mediastreams._engine.port import Policy

__all__ = ["Intake"]

_VIDEO_BOUND_US: Final = 1_500_000  # what an encoder may be behind before pictures are dropped
_AUDIO_BOUND_US: Final = 10_000_000  # sound is small, and a hole in it is heard
_FREE_BOUND_US: Final = 300_000
_FREE_CHUNKS_US: Final = 2_000_000  # they are small, and each wake-up costs as much as writing many
_LAYOUTS: Final[Mapping[int, str]] = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 6: "5.1", 8: "7.1"}


class Intake:
    """One track's port. Attached from construction to `detach`.

    ``wake`` is called on the producer's thread when something has come. ``settings`` are the track's. ``format``: its
    source's chunks are wanted, while it passes them.
    """

    def __init__(self, feed: TrackFeed, settings: Mapping[str, object], *, format: ChunkFormat | None = None) -> None:
        self.kind = feed.kind
        self.label = ""  # what the track is called in the file
        self.free = feed.hub.source.free_running
        self.wake: Callable[[], None] | None = None
        self.frame_rate = _number(settings.get("frame_rate"))
        self.width = _whole(settings.get("width"))
        self.height = _whole(settings.get("height"))
        self.sample_rate = _whole(settings.get("sample_rate"))
        self.layout = _LAYOUTS.get(_whole(settings.get("channel_count")) or 1, "stereo")
        policy: Policy = "wait" if self.free else "drop-oldest"
        live = _VIDEO_BOUND_US if self.kind == "video" and format is None else _AUDIO_BOUND_US
        free = _FREE_BOUND_US if format is None else _FREE_CHUNKS_US
        self.format = format
        self._feed: TrackFeed | None = feed
        self.port = feed.attach(
            policy=policy,
            bound_us=free if self.free else live,
            on_item=self._on_item,
            drain=True,
            chunks=format is not None,
        )

        self.port.lossless = not self.free

    def take(self) -> Picture | Sound | Chunk | None:
        """The oldest item that waits."""
        port = self.port
        return port.take_any() if isinstance(port, ChunkPort) else port.take()

    @property
    def reach(self) -> int:
        """How far what has come reaches, µs."""
        return self.port.reach

    @property
    def late(self) -> bool:
        """Whether chunks have come and their first key frame was waited for."""
        return isinstance(self.port, ChunkPort) and bool(self.port.skipped)

    @property
    def known(self) -> bool:
        """Whether an encoder can be opened without a first frame."""
        return self.kind == "audio" or bool(self.width and self.height)

    def detach(self) -> None:
        """Take no more; what waits in the port may still be taken. Idempotent."""
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.detach(self.port)

    def _on_item(self) -> None:
        wake = self.wake
        if wake is not None:
            wake()


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
