"""`ContextOutput`: where a context's destination is heard, and `AudioSinkInfo`.

Not for: devices and mixing (``capture/sound_output.py``, ``_engine/playout.py``), which elements have, too.

Rules of the file: nothing is opened before something is connected to the destination. Without a device, and with the
sink ``none``, the graph goes on unheard. All of it on the owner loop, but `connected` and `close`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediastreams._engine.clock import get_clock
from mediastreams._engine.feed import TrackFeed
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import queue_task
from mediastreams.audio.engine import call
from mediastreams.audio.enums import AudioContextLatencyCategory, AudioSinkType
from mediastreams.audio.playback_stats import Latencies
from mediastreams.capture.sound_output import SoundOutput

if TYPE_CHECKING:
    from mediastreams.audio.audio_context import AudioContext
    from mediastreams.audio.graph_output import GraphOutput
    from mediastreams.capture.media_devices import MediaDevices

__all__ = ["AudioSinkInfo", "ContextOutput"]

_MARGINS_US = {
    AudioContextLatencyCategory.INTERACTIVE: 8_000,
    AudioContextLatencyCategory.BALANCED: 20_000,
    AudioContextLatencyCategory.PLAYBACK: 60_000,
}


_DEVICE_SECONDS = {
    AudioContextLatencyCategory.INTERACTIVE: 0.04,
    AudioContextLatencyCategory.BALANCED: 0.07,
    AudioContextLatencyCategory.PLAYBACK: 0.1,
}
"""What the device is asked to hold back; left to itself it thinks of films, whose pictures can wait."""


@public
class AudioSinkInfo:
    """An output that is no device.

    https://webaudio.github.io/web-audio-api/#AudioSinkInfo
    """

    __init__ = illegal_constructor('It is the sink_id of a context that was given {"type": "none"}.')

    _type: AudioSinkType

    @classmethod
    def _none(cls) -> AudioSinkInfo:
        info = cls.__new__(cls)
        info._type = AudioSinkType.NONE
        return info

    @property
    def type(self) -> AudioSinkType:
        """``none``."""
        return self._type

    def __repr__(self) -> str:
        return f"<AudioSinkInfo {self._type}>"


class ContextOutput:
    """One context's. ``sink_id``: the id of a device, ``""`` for the default, or `AudioSinkInfo`."""

    def __init__(self, context: AudioContext, devices: MediaDevices | None, hint: object) -> None:
        margin, seconds = None, None
        if isinstance(hint, AudioContextLatencyCategory):
            margin, seconds = _MARGINS_US[hint], _DEVICE_SECONDS[hint]
        elif isinstance(hint, float):
            seconds = max(0.0, hint)  # devices have limits of their own
        self.sink_id: str | AudioSinkInfo = ""  # [[sink ID]]
        self._owner = context._owner
        self._feed: TrackFeed | None = None
        self._graph: GraphOutput | None = None
        self._node: Any = None
        self._running = True
        self.latencies = Latencies()
        self._output = SoundOutput(
            context._owner, get_clock(), devices, wanted=True, on_ready=self._ready, margin_us=margin, latency=seconds
        )

    def silence(self) -> None:
        """Begin with the sink ``none``."""
        self.sink_id = AudioSinkInfo._none()
        self._output.wanted = False

    def inlet(self, context: AudioContext) -> Any:
        """What of the engine the destination is: a gain that has its number of channels, and mixes to it."""
        gain = call(context._native.createGain)
        call(setattr, gain, "channelCount", 2)
        call(setattr, gain, "channelCountMode", "explicit")
        return gain

    def connected(self, context: AudioContext, inlet: Any) -> None:
        """Something is connected to the destination for the first time."""
        if self._feed is not None or context._over:
            return
        channels = call(getattr, inlet, "channelCount")
        self._graph, node = context._output_of({"channel_count": channels})
        call(inlet.connect, node)
        self._node = node
        output = self._graph
        output.on_chunk = self._note_latency
        output.begins_on_time = True
        self._feed = TrackFeed(output.hub)
        output.hub.add_feed(self._feed)
        output.hub.release()
        queue_task(self._owner, self._hear)

    def set_channels(self, channels: int) -> None:
        """Render another number of channels."""
        if self._graph is not None:
            call(setattr, self._node, "channelCount", channels)
            self._graph.channels = channels

    def _hear(self) -> None:
        if self._feed is not None and self._running:
            self._output.hear([self._feed])

    def _ready(self) -> None:
        """A device is there, or none is to be waited for."""
        self._hear()

    def rest(self) -> None:
        """The context stands still."""
        self._running = False
        self._output.rest()

    def go_on(self) -> None:
        """The context runs."""
        self._running = True
        self._hear()

    async def set_sink(self, sink: str | AudioSinkInfo) -> None:
        """Go over to another output, or to none.

        Raises:
            NotFoundError, NotAllowedError: there is no such device, or it may not be used; AbortError: it does not
            open. What was heard before goes on.
        """
        if isinstance(sink, str):
            await self._output.set_sink(sink)
        else:
            self._output.wanted = False
            self._output.rest()
        self.sink_id = sink

    def _note_latency(self) -> None:
        """A chunk is on its way. The engine's thread."""
        if self._output.latency:  # it is heard
            self.latencies.add(self._output.latency / 1_000_000)

    def missing(self) -> tuple[float, int]:
        """Seconds that the output played before the graph had made them, and how often that began."""
        return self._output.missing()

    @property
    def latency(self) -> float:
        """Seconds from the graph to the ear."""
        return self._output.latency / 1_000_000

    def close(self) -> None:
        """Let nothing be heard any more, and the device go. Any thread; idempotent."""
        self._output.close()
        if self._feed is not None:
            self._feed.stop(at_once=True)
