"""What is captured of an element that plays a `MediaStream`: its tracks once more, while the element plays.

Not for: captures of files, whose tracks hang on the movie (``movie_tracks.py``).
"""

from __future__ import annotations

# ruff: noqa: D102 - described where the contract is: Source
from typing import TYPE_CHECKING, Final

from mediastreams._engine.frames import Picture, Sound
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode, DeviceModel, Mode, VideoMode
from mediastreams.abc import Source
from mediastreams.capture.apply_constraints import settings_satisfying
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource

if TYPE_CHECKING:
    from mediastreams._rules.values import Settings
    from mediastreams.abc import Delivery
    from mediastreams.elements.stream_playback import StreamPlayback

__all__ = ["Relay", "relay_track"]

_USUAL_PICTURE: Final = (640, 480, 30.0)
_USUAL_SOUND: Final = (48_000, 2)


class Relay(Source):
    """A source of what one track gives while the element plays; muted while it is paused. Ends with the track.

    What comes is handed on by the thread on which it comes.
    """

    def __init__(self, origin: MediaStreamTrack, playback: StreamPlayback) -> None:
        self.origin = origin
        self.kind = origin._feed.kind
        self.clock = origin._feed.clock
        self.remote = origin._feed.hub.source.remote
        self._playback = playback
        self._delivery: Delivery | None = None
        self._muted: bool | None = None
        settings = origin.get_settings()
        if self.kind == "video":
            width, height, rate = _USUAL_PICTURE
            rate = settings.frame_rate or rate
            self.mode: Mode = VideoMode(settings.width or width, settings.height or height, rate, rate)
        else:
            sample_rate, channels = _USUAL_SOUND
            self.mode = AudioMode(settings.sample_rate or sample_rate, settings.channel_count or channels)

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode:  # noqa: ARG002 - it has one
        self._feed = self.origin._feed
        self._port = self._feed.attach(policy="drop-oldest", on_item=self._came)
        self._delivery = delivery  # now: what comes while the consumer is attached waits for what comes next
        self.follow()
        if self._port.ended:
            delivery.end(None)
        return self.mode

    def stop(self) -> None:
        if self._delivery is not None:
            self._delivery = None
            self._feed.detach(self._port)

    def configure(self, settings: Settings) -> bool:  # noqa: ARG002 - all of it is the adapter's
        return True

    def follow(self) -> None:
        """Say whether something comes: the element may have been paused, or the track muted."""
        delivery = self._delivery
        muted = not self._playback.playing or self._port.muted
        if delivery is not None and muted != self._muted:
            self._muted = muted
            delivery.set_muted(muted=muted)

    def _came(self) -> None:
        delivery = self._delivery
        if delivery is None:
            return
        self.follow()
        while (item := self._port.take()) is not None:
            if self._playback.playing:
                self._look_at_mode(item, delivery)
                delivery.deliver(item)
        if self._port.ended:
            delivery.end(None)

    def _look_at_mode(self, item: Picture | Sound, delivery: Delivery) -> None:
        mode = self.mode
        if isinstance(item, Picture) and isinstance(mode, VideoMode):
            if (item.width, item.height) == (mode.width, mode.height):
                return
            self.mode = VideoMode(item.width, item.height, mode.min_frame_rate, mode.max_frame_rate)
        elif isinstance(item, Sound) and isinstance(mode, AudioMode):
            if (item.sample_rate, item.channels) == (mode.sample_rate, mode.channel_count):
                return
            self.mode = AudioMode(item.sample_rate, item.channels)
        delivery.reconfigured(self.mode)


def relay_track(origin: MediaStreamTrack, playback: StreamPlayback) -> MediaStreamTrack:
    """A new track of what the element plays of ``origin``."""
    relay = Relay(origin, playback)
    model = DeviceModel(relay.kind, modes=(relay.mode,))  # type: ignore[arg-type]  # of its kind
    source = TrackSource(SourceHub(relay), model, label=origin.label)
    settings = settings_satisfying(model, {}, display=False)
    source.open_for(relay.mode, settings)
    try:
        track: MediaStreamTrack = MediaStreamTrack._create(source, settings)
        return track
    finally:
        source.hub.release()
