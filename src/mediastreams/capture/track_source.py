"""`TrackSource`: what the standard calls a track's *source*, and how it is brought to a track's settings.

Not for: moving frames (``_engine``), or deciding which settings satisfy constraints (``_rules``).

Rules of the file: a source serves many tracks. It is reopened only if no adapter can make what a track wants
out of the mode it runs in, and then in a mode that serves every track that is live.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mediastreams._rules.serving import cheapest_mode, serves
from mediastreams._rules.values import AudioMode, DeviceModel, Kind, Mode, Settings, VideoMode
from mediastreams.errors import OverconstrainedError

if TYPE_CHECKING:
    from mediastreams._engine.audio_adapter import AudioAdapter
    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.source import SourceHub
    from mediastreams._engine.video_adapter import VideoAdapter

__all__ = ["TrackSource", "adapter_for", "pinned", "source_settings"]

_INHERENT: Final = frozenset({"device_id", "group_id", "facing_mode", "resize_mode"})


@dataclass(frozen=True)
class TrackSource:
    """A source as its tracks see it.

    ``model``: what constraints are judged by. ``reopens``: whether the source can be brought to another of
    its modes (a camera) or keeps the one it has (a file, a generator). ``ended`` is called once when the last
    track of the source has ended (a file closes). ``device``: what it is to `MediaDevices`, if anything.
    """

    hub: SourceHub
    model: DeviceModel
    label: str = ""
    reopens: bool = False
    device_class: str = ""
    on_track_ended: Callable[[], None] | None = None

    @property
    def kind(self) -> Kind:
        return self.hub.kind

    @property
    def selectable(self) -> DeviceModel:
        """The model with the modes that the source can be in now."""
        return self.model if self.reopens or self.hub.mode is None else self.model_in(self.hub.mode)

    @property
    def display(self) -> bool:
        """Whether it captures a display surface, for which some constraints have no meaning."""
        return self.device_class in ("monitor", "window")

    def model_in(self, mode: Mode) -> DeviceModel:
        """The model restricted to one mode."""
        return replace(self.model, modes=(mode,))  # type: ignore[arg-type]  # of the model's kind

    def open_for(self, mode: Mode, target: Settings) -> Mode:
        """Open the source, or join it as it runs, for a new track. Reserves it; see `SourceHub.open`. Blocks.

        Raises:
            OverconstrainedError: the live tracks need modes that exclude the wanted settings.
            NotReadableError: the device is busy or fails.
            NotFoundError: it is gone.
        """
        with self.hub.operation:
            if self.hub.running and not self.hub.ended:
                mode = self._mode_for(target, without=None)
            return self.hub.open(pinned(mode, target), source_settings(self.model, target))

    def configure_for(self, feed: TrackFeed, target: Settings) -> None:
        """Bring the source and one track's adapter to the settings that were selected for it. Blocks.

        Raises:
            OverconstrainedError: as in `open_for`.
            NotReadableError: the device refused and was given its former mode again.
        """
        hub = self.hub
        with hub.operation:
            if self.reopens and hub.running:
                hub.reconfigure(self._mode_for(target, without=feed), source_settings(self.model, target))
            feed.target = target
            assert hub.mode is not None
            feed.adapter = adapter_for(hub.mode, target)

    def _mode_for(self, target: Settings, without: TrackFeed | None) -> Mode:
        """The running mode if it serves, else the cheapest that serves all live tracks."""
        hub = self.hub
        others = [feed.target for feed in hub.feeds if feed is not without and not feed.ended and feed.target]
        if hub.mode is not None and serves(hub.mode, target):
            return hub.mode
        mode = cheapest_mode(self.model, [target, *others]) if self.reopens else None
        if mode is None:
            name = "width" if self.kind == "video" else "sample_rate"
            raise OverconstrainedError(
                name,
                f"{self.label or 'The source'} is in use by another track in a mode that excludes these settings; "
                "stop or relax that track's constraints first",
            )
        return pinned(mode, target, *others)


def pinned(mode: Mode, *tracks: Settings) -> Mode:
    """Fix the rate of a mode that spans rates to the highest that a track wants.

    A screen grabbed at 60 for a track of 10 frames per second would be work for nothing.
    """
    if isinstance(mode, AudioMode) or mode.min_frame_rate == mode.max_frame_rate:
        return mode
    wanted = max((float(track.get("frame_rate", mode.max_frame_rate)) for track in tracks), default=mode.max_frame_rate)
    rate = min(max(wanted, mode.min_frame_rate), mode.max_frame_rate)
    return replace(mode, min_frame_rate=rate, max_frame_rate=rate)


def source_settings(model: DeviceModel, target: Settings) -> Settings:
    """The part of a track's settings that the source itself applies: controls, processing, latency."""
    own = (set(model.choices) | set(model.ranges)) - _INHERENT
    return {name: value for name, value in target.items() if name in own or name == "latency"}


def adapter_for(mode: Mode, target: Settings) -> VideoAdapter | AudioAdapter | None:
    """What has to happen to frames of ``mode`` so that they have the track's settings; ``None``: nothing."""
    if isinstance(mode, VideoMode):
        return _video_adapter(mode, target)
    return _audio_adapter(mode, target)


def _video_adapter(mode: VideoMode, target: Settings) -> VideoAdapter | None:
    if not target or target.get("resize_mode", "none") == "none":
        return None
    from mediastreams._engine.video_adapter import VideoAdapter

    width, height = int(target.get("width", mode.width)), int(target.get("height", mode.height))
    rate = float(target.get("frame_rate", mode.max_frame_rate))
    decimate = rate < mode.max_frame_rate * _SAME_RATE
    if (width, height) == (mode.width, mode.height) and not decimate:
        return None
    return VideoAdapter(width, height, frame_rate=rate if decimate else None)


def _audio_adapter(mode: AudioMode, target: Settings) -> AudioAdapter | None:
    rate = int(target.get("sample_rate", mode.sample_rate))
    channels = int(target.get("channel_count", mode.channel_count))
    if rate == mode.sample_rate and channels == mode.channel_count:
        return None
    from mediastreams._engine.audio_adapter import AudioAdapter

    return AudioAdapter(sample_rate=rate, channel_count=channels)


_SAME_RATE: Final = 0.999  # 29.97 asked of 30 is no decimation
