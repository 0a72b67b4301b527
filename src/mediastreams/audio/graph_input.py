"""`GraphInput`: a track's sound on its way into a graph.

Not for: laying sound on a count of samples without a gap (`TrackVoice` in ``_engine/voices.py``, as for speakers).

Rules of the file: the engine asks with every quantum, on its thread. What is stamped t is in the graph at t + delay,
which is as small as the source's regularity allows, and grows when something comes too late for it. Silence where
there is nothing: while the track is muted or disabled, and after its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from mediastreams._engine.voices import Ask, Delay, TrackVoice
from mediastreams._rules.values import AudioMode
from mediastreams.audio.engine import QUANTUM
from mediastreams.audio.worklet_bridge import write_out

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed
    from mediastreams.audio.render_clock import RenderClock

__all__ = ["Asker", "GraphInput"]

MARGIN_US: Final = 2_500
"""How much earlier than needed sound should come, besides a quantum: a graph holds nothing back by itself."""
_JUMP_US: Final = 20_000  # when the engine's time is further off than that, it stood still


class GraphInput:
    """One track in one graph, from its making to `close` or the track's end. ``channels``: what it is asked for in.

    ``on_channels`` is called, on the engine's thread, when the track has another number of channels; ``on_end`` once,
    there too, when nothing more will come. ``failure``: why it makes silence, if it failed. ``kept``: whatever has to
    live as long as it gives sound: the track, of which nobody else may know.
    """

    def __init__(
        self,
        feed: TrackFeed,
        clock: RenderClock,
        sample_rate: int,
        channels: int,
        *,
        on_channels: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self.failure: Exception | None = None
        self.kept: object = None
        self._clock = clock
        self._now = feed.clock.now_us
        self._feed = feed
        self._delay = Delay()
        self.voice = TrackVoice(feed, self._delay)
        self._mode = AudioMode(sample_rate, channels)
        self._on_channels = on_channels
        self._on_end = on_end
        self._told = channels
        self._frames: int | None = None  # of the context, when this is asked next
        self._corrections = clock.corrections
        self._until: int | None = None
        self._over = False
        self._asker: Asker | None = None

    @property
    def channels(self) -> int:
        """In how many channels the graph gets it."""
        return self._mode.channel_count

    def asker(self, channels: int) -> Asker:
        """Make what asks from now on, for that many channels; a former one is done. Any thread."""
        self._mode = AudioMode(self._mode.sample_rate, channels)
        self._told = channels
        self._asker = asker = Asker(self)
        return asker

    @property
    def wanted_channels(self) -> int:
        """How many channels the track has now."""
        return self.voice.channels or self.channels

    @property
    def latency(self) -> float:
        """Seconds from a timestamp to the graph."""
        return (self._delay.us or 0.0) / 1_000_000

    def give(self, asker: Asker, outputs: Sequence[list[list[float]]]) -> bool:
        """Give one quantum. The engine's thread; raises nothing, since that would end the node."""
        if self._over or asker is not self._asker:
            return False
        try:
            frame = self._clock.frame if self._frames is None else self._frames
            self._frames = frame + QUANTUM
            at = self._clock.at(frame, self._now())
            if self._corrections != self._clock.corrections:
                self._corrections = self._clock.corrections
                self._delay.clock_was_wrong()
            jump = 0 if self._until is None else at - self._until
            ask = Ask(self._mode, frame, QUANTUM, at, jump if abs(jump) > _JUMP_US else 0, MARGIN_US)
            self._until = self._clock.due(self._frames)
            samples = self.voice.render(ask)
            if samples is not None:
                write_out(samples, outputs[0])
                found = self.wanted_channels
                if found != self._told:
                    self._told = found
                    self._on_channels()
        except Exception as error:  # noqa: BLE001 - the engine's border
            self.failure = error
            self._end()
            return False
        if self.voice.finished:
            self._end()
        return not self._over

    def _end(self) -> None:
        self.close()
        self._on_end()

    def close(self) -> None:
        """Give silence from now on, and let go of the track. Any thread; idempotent."""
        self._over = True
        self.kept = None
        self.voice.close()


class Asker:
    """One node of the engine that asks for a track's sound; when the number of channels changes, another one does."""

    def __init__(self, given: GraphInput) -> None:
        self._given = given

    def render(self, _inputs: Sequence[list[list[float]]], outputs: Sequence[list[list[float]]]) -> bool:
        """Fill one quantum. The engine's thread."""
        return self._given.give(self, outputs)
