"""`PushSource`: a source that the program feeds: generators, canvases.

Not for: devices. It has no thread and no rate of its own; what is pushed is delivered.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Picture, Sound
from mediastreams._engine.lanes import lane_for
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode, DeviceModel, Kind, Mode, Settings, VideoMode
from mediastreams._webidl.tasks import wakeups_of
from mediastreams.abc import Source
from mediastreams.capture.back_pressure import BackPressure
from mediastreams.capture.track_source import TrackSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams.abc import Delivery

__all__ = ["PushSource"]

_FASTEST: Final = 1000.0


class PushSource(Source):
    """Delivers what `push` is given. Always running; what it makes is known from what it was given last.

    Owns its hub. `push`, `hand_over` and `end` belong to one loop. ``mode``: what is known of the frames beforehand.
    """

    def __init__(self, kind: Kind, *, on_unused: Callable[[], None], mode: VideoMode | None = None) -> None:
        self.kind = kind
        self.clock = get_clock()
        self._on_unused = on_unused
        self._delivery: Delivery | None = None
        self._shape: tuple[object, ...] = () if mode is None else (mode.width, mode.height)
        self._fastest = _FASTEST if mode is None else mode.max_frame_rate
        self._model = DeviceModel(kind)
        if mode is not None:  # a track that is only scaled keeps every frame
            self._model = DeviceModel(kind, defaults={"frame_rate": mode.max_frame_rate})
        self._given = 0  # frames that went to the lane
        self._done = 0  # … and have left it
        self._lane = lane_for(id(self))
        self.hub = SourceHub(self)
        self.hub.open(mode, {})
        self._pressure = BackPressure(self.hub)
        self._writes = 0
        self._ending = False

    def track_source(self, label: str = "") -> TrackSource:
        """The source for tracks. Of size or rate nothing can be said before the first frame, but for a given mode."""
        return TrackSource(self.hub, self._model, label)

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode | None:  # noqa: ARG002
        """Begin; there is nothing to open."""
        self._delivery = delivery
        return mode

    def stop(self) -> None:
        """End; nobody is left who could see a frame."""
        self._delivery = None
        self._on_unused()

    def set_muted(self, *, muted: bool) -> None:
        """Say that frames pause, or come again."""
        if self._delivery is not None:
            self._delivery.set_muted(muted=muted)

    def end(self) -> None:
        """End all tracks, after the frames that are under way. Idempotent."""
        delivery = self._delivery
        self._ending = self._writes > 0
        if delivery is None or self._ending:
            return
        if self.under_way:
            self._lane.add(delivery.end)
        else:
            delivery.end()

    @property
    def under_way(self) -> int:
        """How many frames are on the way to the consumers."""
        return self._given - self._done

    async def push(self, data: Picture | Sound) -> None:
        """Deliver one frame, and return when it is with the consumers. In the order of the calls.

        Waits before while a recording is far behind: of what a program makes nothing is to be lost in it.
        """
        self._writes += 1
        try:
            await self._pressure.wait()
            await self._push(data)
            await self._pressure.breathe()
        finally:
            self._writes -= 1
            if self._ending and not self._writes:
                self.end()

    @property
    def congested(self) -> bool:
        """Whether a frame that is pushed now has to wait."""
        return self._pressure.waiting

    async def _push(self, data: Picture | Sound) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def settle(error: Exception | None) -> None:
            if done.done():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        if not self.hand_over(data, lambda error: wakeups_of(loop).add(lambda: settle(error))):
            await done

    def hand_over(self, data: Picture | Sound, done: Callable[[Exception | None], None]) -> bool:
        """Deliver one frame now, if that takes no time, or soon: then ``done`` is called, on another thread.

        Returns whether it was done at once. In the order of the calls.

        FAST-PATH: where no track has to change the frame, handing it over costs less than a thread; it is done here.
        """
        delivery = self._delivery
        if delivery is None:
            return True
        plain = not self.under_way and self._shape == _shape_of(data)
        if plain and all(feed.adapter is None and feed.enabled for feed in self.hub.feeds):
            delivery.deliver(data)
            return True

        def work() -> None:
            error: Exception | None = None
            try:
                self._announce(data, delivery)
                delivery.deliver(data)
            except Exception as raised:  # noqa: BLE001 - told to whoever gave the frame
                error = raised
            self._done += 1
            done(error)

        self._given += 1
        self._lane.add(work)
        return False

    def _announce(self, data: Picture | Sound, delivery: Delivery) -> None:
        """Tell the tracks the size or rate when it changes."""
        shape = _shape_of(data)
        if shape != self._shape:
            self._shape = shape
            delivery.reconfigured(self._mode_of(data))

    def _mode_of(self, data: Picture | Sound) -> Mode:
        if isinstance(data, Picture):
            return VideoMode(data.width, data.height, 0.0, self._fastest)
        return AudioMode(data.sample_rate, data.channels, sample_size=32, min_latency=0.0, max_latency=1.0)


def _shape_of(data: Picture | Sound) -> tuple[object, ...]:
    return (data.width, data.height) if isinstance(data, Picture) else (data.sample_rate, data.channels)
