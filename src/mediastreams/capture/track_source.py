"""`TrackSource`: what the standard calls a track's *source*, and how it is brought to a track's settings.

Not for: moving frames (``_engine``), or deciding which settings satisfy constraints (``_rules``).

Rules of the file: a source serves many tracks. It is reopened only if no adapter can make what a track wants
out of the mode it runs in, and then in a mode that serves every track that is live.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mediastreams._rules.fitness import satisfies
from mediastreams._rules.select_settings import Overconstrained, select_settings
from mediastreams._rules.serving import cheapest_mode, serves
from mediastreams._rules.values import AudioMode, DeviceModel, Kind, Mode, Setting, Settings, VideoMode
from mediastreams.errors import OverconstrainedError

if TYPE_CHECKING:
    from mediastreams._engine.audio_adapter import AudioAdapter
    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.source import SourceHub
    from mediastreams._engine.video_adapter import VideoAdapter
    from mediastreams._rules.constraints import Constraints

__all__ = ["TrackSource", "adapt", "adapter_for", "own_settings", "pinned", "source_settings"]

_INHERENT: Final = frozenset({"device_id", "group_id", "facing_mode", "resize_mode"})
_SHAPE: Final = ("width", "height", "frame_rate", "resize_mode", "sample_rate", "channel_count")


@dataclass(frozen=True)
class TrackSource:
    """A source as its tracks see it.

    ``model``: what constraints are judged by. ``reopens``: whether the source can be brought to another of
    its modes (a camera) or keeps the one it has (a file, a generator). ``on_track_ended`` is called when a track
    of the source has ended (a file closes with its last). ``device_class``: what it is to `MediaDevices`, if anything.
    """

    hub: SourceHub
    model: DeviceModel
    label: str = ""
    reopens: bool = False
    device_class: str = ""
    on_track_ended: Callable[[], None] | None = None

    @property
    def kind(self) -> Kind:
        """``"audio"`` or ``"video"``."""
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

    def open_for(
        self, mode: Mode | None, target: Settings, constraints: Constraints | None = None
    ) -> tuple[Mode | None, Settings]:
        """Open the source, or join it as it runs, for a new track. Reserves it; see `SourceHub.open`. Blocks.

        Returns the mode that it runs in, and those of its own settings that differ from ``target`` for the sake of
        other tracks.

        Raises:
            OverconstrainedError: the live tracks need modes or settings that exclude the wanted ones.
            NotReadableError: the device is busy or fails.
            NotFoundError: it is gone.
        """
        hub = self.hub
        with hub.operation:
            target = self._agreed(target, constraints, None)
            if hub.running and not hub.ended:
                mode = self._mode_for(target, without=None)
            own = source_settings(self.model, target)
            actual = hub.open(mode if mode is None else pinned(mode, target), own, target)
            self._tell_others(own, None)
            return actual, own

    def configure_for(self, feed: TrackFeed, target: Settings, constraints: Constraints) -> Settings:
        """Bring the source and one track's adapter to the settings that were selected for it. Blocks.

        Returns the settings, which differ from ``target`` where other tracks hold the source.

        Raises:
            OverconstrainedError: as in `open_for`.
            NotReadableError: the device refused and was given its former mode again.
        """
        hub = self.hub
        with hub.operation:
            before, feed.changing = feed.target, True
            try:
                if self.reopens and hub.running:
                    target = feed.target = self._agreed(target, constraints, feed)
                    own = source_settings(self.model, target)
                    hub.reconfigure(self._mode_for(target, without=feed), own)
                    self._tell_others(own, feed)
                    target = self._possible(target, constraints)
            except BaseException:
                adapt(feed, hub.mode, before)
                raise
            finally:
                feed.changing = False
            adapt(feed, hub.mode, target)
            feed.required = self.held_by(constraints)
            return target

    def held_by(self, constraints: Constraints) -> frozenset[str]:
        """Which of the source's own settings a track's constraints require."""
        required = {name for name, constraint in constraints.basic.items() if constraint.required}
        return frozenset(required & self._own)

    @property
    def _own(self) -> set[str]:
        return own_settings(self.model)

    def _others(self, without: TrackFeed | None) -> list[TrackFeed]:
        return [feed for feed in self.hub.feeds if feed is not without and not feed.ended]

    def _agreed(self, target: Settings, constraints: Constraints | None, feed: TrackFeed | None) -> Settings:
        """Settle what the source does for all its tracks: it is as the newest request wants.

        What that does not ask for, or another track's constraints require, stays as it is.
        """
        hub, others = self.hub, self._others(feed)
        if not hub.running or hub.ended or not (others or (feed is None and hub.pending)):
            return target
        basic = {} if constraints is None else constraints.basic
        asked = set(basic).union(*(() if constraints is None else constraints.advanced))
        kept: dict[str, Setting] = {}
        for name, value in hub.settings.items():
            if target.get(name, value) == value:
                continue
            held = any(name in other.required for other in others)
            if name in asked and not held:
                continue
            if name in basic and basic[name].required and not satisfies(name, basic[name], value):
                raise OverconstrainedError(
                    name,
                    f"{name}: another track of {self.label or 'the source'} requires {value!r}; "
                    "stop it or relax its constraints first",
                )
            kept[name] = value
        return {**target, **kept}

    def _tell_others(self, own: Settings, without: TrackFeed | None) -> None:
        """Let the other tracks of the source know its settings: they are theirs too."""
        for feed in self._others(without):
            changed = {name: value for name, value in own.items() if feed.target.get(name, value) != value}
            if changed and self.hub.mode is not None:
                feed.target = {**feed.target, **changed}
                feed.source_reconfigured(self.hub.mode)

    def _possible(self, target: Settings, constraints: Constraints) -> Settings:
        """The settings, selected again where the device came up in another mode than it was asked for."""
        mode = self.hub.mode
        if mode is None or serves(mode, target):
            return target
        again = select_settings([self.model_in(mode)], constraints, current=target)
        if isinstance(again, Overconstrained):
            raise OverconstrainedError(again.constraint, again.message)
        return {**again.settings, **source_settings(self.model, target)}

    def _mode_for(self, target: Settings, without: TrackFeed | None) -> Mode | None:
        """The running mode if it serves, else the cheapest that serves all live tracks."""
        hub = self.hub
        others = [feed.target for feed in self._others(without) if feed.target]
        if without is None:
            others += [pending for pending in hub.pending if pending]
        if hub.mode is not None and serves(hub.mode, target) and (others or not self.reopens):
            return hub.mode
        if not self.reopens:
            return hub.mode
        mode = cheapest_mode(self.model, [target, *others])
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


def own_settings(model: DeviceModel) -> set[str]:
    """Names of the settings that the source itself applies, for all its tracks: controls, processing, latency."""
    own = (set(model.choices) | set(model.ranges)) - _INHERENT
    return own | {"latency"} if model.kind == "audio" else own


def source_settings(model: DeviceModel, target: Settings) -> Settings:
    """The part of a track's settings that the source itself applies."""
    own = own_settings(model)
    return {name: value for name, value in target.items() if name in own}


def adapt(feed: TrackFeed, mode: Mode | None, target: Settings) -> None:
    """Have a track's frames made as ``target`` wants them. An adapter that does that already goes on undisturbed."""
    feed.target = target
    shape = (mode, *(target.get(name) for name in _SHAPE))
    if mode is not None and feed.shape != shape:
        feed.adapter = adapter_for(mode, target)
        feed.shape = shape


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
