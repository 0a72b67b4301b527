"""`GraphOutput`: a graph's sound on its way out: a `Source`, which tracks and outputs can be made of.

Not for: the track that is public (``media_stream_nodes.py``), or the device (``capture/sound_output.py``).

Rules of the file: the engine gives a quantum at a time, on its thread; several make one chunk, which is stamped with
the instant at which its first frame was due, and delivered there and then. Nothing waits here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Sound
from mediastreams._engine.source import SourceHub
from mediastreams._rules.channel_mixing import layout_name
from mediastreams._rules.values import AudioMode
from mediastreams.abc import Source
from mediastreams.audio.engine import QUANTUM, call

if TYPE_CHECKING:
    from mediastreams._rules.values import Mode, Settings
    from mediastreams.abc import Delivery
    from mediastreams.audio.render_clock import RenderClock

__all__ = ["GraphOutput"]

_USUAL_CHANNELS: Final = 2
_ON_TIME_US: Final = 10_000
_SILENCE: Final = bytes(4 * QUANTUM)
_pack: Final = Struct(f"{QUANTUM}f").pack


class GraphOutput(Source):
    """What a node of the graph gets, as a source. Owns its hub; is running from its making to its last track's end.

    ``node`` is the engine's, which it keeps as long as somebody hears it, and ``silence`` what sounds in it even where
    nothing else is connected. ``quanta``: how many make a chunk. ``channels``: how many come out; ``None``: as many as
    the graph has. Settable from any thread. ``on_chunk`` is called, on the engine's thread, when one was delivered.
    ``begins_on_time``: what a graph that begins late has to make up for is left out, so that a speaker need not wait
    for such sound ever after.
    """

    kind = "audio"

    def __init__(self, rendering: RenderClock, sample_rate: int, channels: int | None, quanta: int) -> None:
        self.clock = get_clock()
        self._rendering = rendering
        self.node: object = None
        self.silence: Any = None
        self.failure: Exception | None = None
        self._rate = sample_rate
        self._frames: int | None = None  # of the context, when the next quantum comes
        self._start = 0  # µs: when the chunk's first frame was due
        self._parts: list[list[bytes]] = []  # of each quantum every channel
        self._quanta = quanta
        self.channels = channels
        self._channels = channels or _USUAL_CHANNELS
        self._delivery: Delivery | None = None
        self._over = False
        self.begins_on_time = False
        self._begun = False
        self.on_chunk: Callable[[], None] = _nothing
        self.hub = SourceHub(self)
        self.hub.open(self._mode, {})

    @property
    def _mode(self) -> AudioMode:
        return AudioMode(self._rate, self._channels, sample_size=32, min_latency=0.0, max_latency=1.0)

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode | None:  # noqa: ARG002
        """Begin; there is nothing to open."""
        self._delivery = delivery
        return mode

    def stop(self) -> None:
        """End: nobody is left who could hear anything."""
        self._delivery = None
        self._over = True
        self.node = None  # which holds this
        silence, self.silence = self.silence, None
        if silence is not None:
            call(silence.stop)

    def set_muted(self, *, muted: bool) -> None:
        """Say that the graph stands still, or goes on."""
        delivery = self._delivery
        self._begun = self._begun and not muted
        if delivery is not None:
            delivery.set_muted(muted=muted)

    def end(self) -> None:
        """End all tracks: the graph is closed. Any thread; idempotent."""
        delivery, self._over = self._delivery, True
        if delivery is not None:
            delivery.end()

    def render(self, inputs: Sequence[list[list[float]]], _outputs: Sequence[list[list[float]]]) -> bool:
        """Take one quantum. The engine's thread; raises nothing, since that would end the node."""
        if self._over:
            return False
        try:
            self._take(inputs[0])
        except Exception as error:  # noqa: BLE001 - the engine's border
            self.failure = error
            self.end()
        return not self._over

    def _take(self, channels: list[list[float]]) -> None:
        frame = self._rendering.frame if self._frames is None else self._frames
        self._frames = frame + QUANTUM
        now = self.clock.now_us()
        at = self._rendering.at(frame, now)
        if self.begins_on_time and not self._begun:
            self._begun = now - at < _ON_TIME_US
            return
        count = self.channels or len(channels) or self._channels
        if self._parts and (count != self._channels or abs(at - self._start - self._span()) > 1000):
            self._flush()
        if count != self._channels:
            self._channels = count
            if self._delivery is not None:
                self._delivery.reconfigured(self._mode)
        if not any(feed.ports for feed in self.hub.feeds):  # nobody listens
            self._parts = []
            return
        if not self._parts:
            self._start = at
        # What nothing is connected to, or nothing sounds in, comes in one channel of silence, whatever was asked for.
        # FAST-PATH: packed as bytes, 0.8 µs a channel; an array of a list takes 2.5.
        fits = len(channels) == count
        self._parts.append([_pack(*channel) for channel in channels] if fits else [_SILENCE] * count)
        if len(self._parts) >= self._quanta:
            self._flush()

    def _span(self) -> float:
        return len(self._parts) * QUANTUM * 1_000_000 / self._rate

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        rows = [part[channel] for channel in range(self._channels) for part in parts]
        samples = np.frombuffer(b"".join(rows), np.float32).reshape(self._channels, -1)
        if self._delivery is not None:
            self._delivery.deliver(Sound(samples, self._rate, self._start, layout_name(self._channels)))
            self.on_chunk()

    def __repr__(self) -> str:
        return f"<GraphOutput {self._channels} × {self._rate} Hz>"


def _nothing() -> None:
    """Nobody listens."""
