"""`RemoteSource`: what a peer sends, as a source of tracks.

Not for: packets (``inlet.py``) or decoding (``decoding.py``), which push what they make in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode, DeviceModel, Kind, Mode, Settings, VideoMode
from mediastreams.abc import Source
from mediastreams.capture.track_source import TrackSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams._engine.frames import Chunk, Picture, Sound
    from mediastreams.abc import Clock, Delivery

__all__ = ["RemoteSource"]

_FASTEST = 1000.0


class RemoteSource(Source):
    """Delivers what it is given while a track is there to take it; muted until media flows.

    Owns its hub. ``ask_for_key`` is called, on any thread, when a consumer needs a key frame. The methods that push
    belong to one thread at a time.
    """

    remote = True

    def __init__(self, kind: Kind, clock: Clock, *, ask_for_key: Callable[[], None]) -> None:
        self.kind = kind
        self.clock = clock
        self._ask_for_key = ask_for_key
        self._delivery: Delivery | None = None
        self._muted = True
        self._shape: tuple[object, ...] = ()
        self.hub = SourceHub(self)
        self.hub.open(None, {})

    def track_source(self) -> TrackSource:
        """The source for tracks.

        https://w3c.github.io/webrtc-pc/#dfn-create-an-rtcrtpreceiver (the label)
        """
        return TrackSource(self.hub, DeviceModel(self.kind), f"remote {self.kind}")

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode | None:  # noqa: ARG002
        """Begin; there is nothing to open."""
        self._delivery = delivery
        delivery.set_muted(muted=True)
        return mode

    def stop(self) -> None:
        """End: nobody is left who could take a frame."""
        self._delivery = None

    @property
    def used(self) -> bool:
        """Whether there is a track. Any thread."""
        return self._delivery is not None

    @property
    def muted(self) -> bool:
        """Whether the tracks have been told that nothing comes."""
        return self._muted

    @property
    def wants_frames(self) -> bool:
        """Whether somebody wants decoded frames. Any thread."""
        delivery = self._delivery
        return delivery is not None and delivery.wants_frames

    @property
    def wants_chunks(self) -> bool:
        """Whether somebody wants encoded chunks. Any thread."""
        delivery = self._delivery
        return delivery is not None and delivery.wants_chunks

    def request_key_frame(self) -> None:
        """Ask the peer for a key frame, soon: one who forwards the chunks has a viewer who needs it. Any thread."""
        self._ask_for_key()

    def set_muted(self, *, muted: bool) -> None:
        """Say that media flows, or does not."""
        if muted is not self._muted:
            self._muted = muted
            if (delivery := self._delivery) is not None:
                delivery.set_muted(muted=muted)

    def set_video_mode(self, width: int, height: int, frame_rate: float | None) -> None:
        """Say what pictures follow; ``frame_rate``: what was measured, if it is known."""
        self._set_mode(VideoMode(width, height, 0.0, frame_rate or _FASTEST), (width, height, frame_rate))

    def set_audio_mode(self, sample_rate: int, channels: int) -> None:
        """Say what sound follows."""
        self._set_mode(AudioMode(sample_rate, channels, min_latency=0.0, max_latency=1.0), (sample_rate, channels))

    def _set_mode(self, mode: Mode, shape: tuple[object, ...]) -> None:
        if shape != self._shape and (delivery := self._delivery) is not None:
            self._shape = shape
            delivery.reconfigured(mode)

    def deliver(self, data: Picture | Sound | Chunk) -> None:
        """Hand on one frame."""
        if (delivery := self._delivery) is not None:
            delivery.deliver(data)

    def end(self) -> None:
        """End all tracks. The last call."""
        delivery, self._delivery = self._delivery, None
        if delivery is not None:
            delivery.end()
