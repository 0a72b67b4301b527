"""`TrackSource`: what the standard calls a track's *source*, and how it is brought to a track's settings.

Not for: moving frames (``_engine``), or deciding which settings satisfy constraints (``_rules``).

Rules of the file: a source serves many tracks. It is reopened only if no adapter can make what a track wants
out of the mode it runs in, and then in a mode that serves every track that is live.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Final

from mediastreams._engine.source import Demand
from mediastreams._rules.constraints import Constraints
from mediastreams._rules.fitness import fitness_distance, satisfies
from mediastreams._rules.select_settings import EQUAL_WITHIN, Overconstrained, Selection, select_settings
from mediastreams._rules.serving import cheapest_mode, serves
from mediastreams._rules.sound_processing import NO_PROCESSING, processing_of
from mediastreams._rules.values import AudioMode, DeviceModel, Kind, Mode, Setting, Settings, VideoMode
from mediastreams.errors import OverconstrainedError

if TYPE_CHECKING:
    from mediastreams._engine.audio_adapter import AudioAdapter
    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.source import SourceHub
    from mediastreams._engine.video_adapter import VideoAdapter

__all__ = [
    "TrackSource",
    "adapt",
    "adapter_for",
    "own_settings",
    "pinned",
    "requires",
    "scaled_target",
    "source_settings",
]

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

    def ready_for(self, target: Settings, constraints: Constraints) -> tuple[TrackSource, Settings]:
        """Load what processes sound where the settings want that; give the source and its settings. Blocks.

        Where it does not load the source has none, and the settings are selected anew.

        Raises:
            OverconstrainedError: the constraints require it.
        """
        if self._loads(target):
            return self, target
        none: dict[str, tuple[Setting, ...]] = dict.fromkeys(self.model.per_track, (False,))
        model = replace(self.model, choices={**self.model.choices, **none}, per_track=frozenset())
        again = select_settings([model], constraints, current=target)
        if isinstance(again, Overconstrained):
            raise OverconstrainedError(again.constraint, f"{again.message}: livekit does not load here, see the log")
        return replace(self, model=model), again.settings

    def _loads(self, target: Settings) -> bool:
        """Whether all is there that these settings need."""
        if processing_of(target, self.model.per_track) == NO_PROCESSING:
            return True
        from mediastreams._engine.processing.library import library

        return library.load()

    def open_for(self, mode: Mode | None, target: Settings, constraints: Constraints | None = None) -> Settings:
        """Open the source, or join it as it runs, for a new track. Reserves it; see `SourceHub.open`. Blocks.

        Returns the settings that the track gets. They differ from ``target`` where the source serves other tracks.

        Raises:
            OverconstrainedError: the live tracks exclude what the constraints require.
            NotReadableError: the device is busy or fails.
            NotFoundError: it is gone.
        """
        hub, constraints = self.hub, constraints or Constraints(self.kind)
        with hub.operation:
            if hub.running and not hub.ended:
                target = self._agreed(target, constraints, None)
                mode, target = self._settled(target, constraints, None)
            own = self._all_settings(target)
            hub.open(mode if mode is None else pinned(mode, target), own, Demand(target, constraints))
            try:
                self._tell_others(own, None)
                return self._possible(target, constraints)
            except BaseException:
                hub.release()
                raise

    def configure_for(self, feed: TrackFeed, target: Settings, constraints: Constraints) -> Settings:
        """Bring the source and one track's adapter to the settings that were selected for it. Blocks.

        Returns the settings, which differ from ``target`` where the source serves other tracks.

        Raises:
            OverconstrainedError: as in `open_for`.
            NotReadableError: the device refused and was given its former mode again.
        """
        hub = self.hub
        _, target = self.ready_for(target, constraints)
        with hub.operation:
            before, feed.changing = feed.target, True
            try:
                if self.reopens and hub.running:
                    target = self._agreed(target, constraints, feed)
                    mode, target = self._settled(target, constraints, feed)
                    feed.target = target
                    own = self._all_settings(target)
                    hub.reconfigure(mode, own)
                    self._tell_others(own, feed)
                    target = self._possible(target, constraints)
            except BaseException:
                adapt(feed, hub.mode, before, self.model)
                raise
            finally:
                feed.changing = False
            adapt(feed, hub.mode, target, self.model)
            feed.constraints = constraints
            return target

    def _all_settings(self, target: Settings) -> Settings:
        """What the source does from now on: this track's wishes, and what it may not ask for as it is (a zoom)."""
        known = own_settings(self.model)
        beyond = {name: value for name, value in self.hub.settings.items() if name not in known}
        return {**(beyond if self.hub.running else {}), **source_settings(self.model, target)}

    def _others(self, without: TrackFeed | None) -> list[TrackFeed]:
        return [feed for feed in self.hub.feeds if feed is not without and not feed.ended]

    def _other_demands(self, without: TrackFeed | None) -> list[Demand]:
        """What the other tracks want, and those that are just being made."""
        made = [Demand(feed.target, feed.constraints) for feed in self._others(without)]
        return [one for one in (*made, *self.hub.pending) if one.target]

    def _agreed(self, target: Settings, constraints: Constraints, feed: TrackFeed | None) -> Settings:
        """Settle what the source does for all its tracks: it is as the newest request wants.

        What that does not ask for, or another track's constraints require, stays as it is.
        """
        hub, others = self.hub, self._other_demands(feed)
        if not others:
            return target
        asked = set(constraints.basic).union(*constraints.advanced)
        kept: dict[str, Setting] = {}
        for name, value in hub.settings.items():
            if target.get(name, value) == value:
                continue
            held = any(requires(other, name) for other in others)
            if name in asked and not held:
                continue
            mine = constraints.basic.get(name)
            if mine is not None and mine.required and not satisfies(name, mine, value):
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
        if mode is None or serves(mode, target, adaptable=self.model.adaptable):
            return target
        again = select_settings([self.model_in(mode)], constraints, current=target)
        if isinstance(again, Overconstrained):
            raise OverconstrainedError(
                again.constraint, f"{self.label} runs in another mode than it offered: {again.message}"
            )
        return {**again.settings, **source_settings(self.model, target)}

    def _settled(
        self, target: Settings, constraints: Constraints, without: TrackFeed | None
    ) -> tuple[Mode | None, Settings]:
        """Find a mode of the running source for a track and the others, and the track's settings in it.

        In this order: the running mode; one that serves all as they are; other settings of this track that are as
        near to its constraints; others scaled from now on, where their constraints allow; other settings at all.
        """
        hub, model = self.hub, self.model
        if not self.reopens:
            return hub.mode, target
        demands = self._other_demands(without)
        others = [one.target for one in demands]
        if others and hub.mode is not None and serves(hub.mode, target, adaptable=model.adaptable):
            return hub.mode, target
        mode = cheapest_mode(model, [target, *others])
        if mode is not None:
            return pinned(mode, target, *others), target
        near = self._narrowed(target, constraints, others)
        if isinstance(near, Selection) and near.distance <= _distance(target, constraints):
            return self._mode_of(near, others), near.settings
        scaled = [scaled_target(one) for one in demands]
        mode = cheapest_mode(model, [target, *scaled])
        if mode is not None:
            return pinned(mode, target, *scaled), target
        far = self._narrowed(target, constraints, scaled)
        if isinstance(far, Selection) and (isinstance(near, Overconstrained) or far.distance < near.distance):
            return self._mode_of(far, scaled), far.settings
        if isinstance(near, Selection):
            return self._mode_of(near, others), near.settings
        raise OverconstrainedError(
            near.constraint or ("width" if self.kind == "video" else "sample_rate"),
            f"{self.label or 'The source'} serves another track in a mode that excludes this; "
            f"stop that track or relax its constraints first ({near.message})",
        )

    def _narrowed(
        self, target: Settings, constraints: Constraints, others: Sequence[Settings]
    ) -> Selection | Overconstrained:
        """Select among the modes that serve the other tracks."""
        adaptable = self.model.adaptable
        modes = [one for one in self.model.modes if all(serves(one, other, adaptable=adaptable) for other in others)]
        model = replace(self.model, modes=tuple(modes))  # type: ignore[arg-type]  # of the model's kind
        if not modes:  # a model without modes would be taken for one whose modes are unknown
            return Overconstrained("", "no mode serves the tracks it has")
        found = select_settings([model], constraints, current=target)
        if isinstance(found, Overconstrained):
            return found
        return replace(found, settings={**found.settings, **source_settings(self.model, target)})

    def _mode_of(self, found: Selection, others: Sequence[Settings]) -> Mode | None:
        running, wanted = self.hub.mode, (found.settings, *others)
        if running is not None and all(serves(running, one, adaptable=self.model.adaptable) for one in wanted):
            return running
        return found.mode if found.mode is None else pinned(found.mode, found.settings, *others)


def _distance(target: Settings, constraints: Constraints) -> float:
    return fitness_distance(target, constraints.basic) + EQUAL_WITHIN


def requires(demand: Demand, name: str) -> bool:
    """Whether a track's constraints require a certain setting, not just wish for it."""
    constraints = demand.constraints
    return constraints is not None and name in constraints.basic and constraints.basic[name].required


def scaled_target(demand: Demand) -> Settings:
    """What a track wants of its source if it need not be as the source makes it: the same, cropped and scaled.

    A track keeps the native size where its constraints require that.
    """
    target, constraints = demand
    scaled = {**target, "resize_mode": "crop-and-scale"}
    if target.get("resize_mode") != "none" or (
        constraints is not None and fitness_distance(scaled, constraints.basic) == inf
    ):
        return target
    return scaled


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
    own = (set(model.choices) | set(model.ranges)) - _INHERENT - model.per_track
    if model.points_of_interest:
        own.add("points_of_interest")
    return own | {"latency"} if model.kind == "audio" else own


def source_settings(model: DeviceModel, target: Settings) -> Settings:
    """The part of a track's settings that the source itself applies."""
    own = own_settings(model)
    return {name: value for name, value in target.items() if name in own}


def adapt(feed: TrackFeed, mode: Mode | None, target: Settings, model: DeviceModel) -> None:
    """Have a track's frames made as ``target`` wants them. An adapter that does that already goes on undisturbed."""
    feed.target = target
    if model.per_track:
        _process(feed, target, model)
    shape = (mode, *(target.get(name) for name in _SHAPE))
    if mode is not None and feed.shape != shape:
        feed.adapter = adapter_for(mode, target)
        feed.shape = shape


def _process(feed: TrackFeed, target: Settings, model: DeviceModel) -> None:
    """Have done to a track's sound what ``target`` says, by what was loaded when that was selected."""
    processing = processing_of(target, model.per_track)
    processor = None if processing == NO_PROCESSING else feed.hub.processor_for(processing)
    if feed.processing is not None:
        feed.processing.wanted = processor
    elif processor is not None:
        from mediastreams._engine.processing.stage import ProcessingStage

        feed.processing = ProcessingStage(processor, begun=feed.shape is not None)


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
