"""`GraphInput`: a track's sound on its way into a graph.

Not for: laying sound on a count of samples without a gap (`TrackVoice` in ``_engine/voices.py``, as for speakers).

Rules of the file: the engine asks with every quantum, on its thread. What is stamped t is in the graph at t + delay,
which is as small as the source's regularity allows, and grows when something comes too late for it. Silence where
there is nothing: while the track is muted or disabled, and after its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mediastreams._engine.voices import Ask, Delay, TrackVoice
from mediastreams._rules.values import AudioMode
from mediastreams.audio.engine import QUANTUM
from mediastreams.audio.feeding import Feeding

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed
    from mediastreams.audio.feeding import Samples
    from mediastreams.audio.render_clock import RenderClock

__all__ = ["MARGIN_US", "GraphInput"]

MARGIN_US: Final = 2_500
"""How much earlier than needed sound should come, besides a quantum: a graph holds nothing back by itself."""
_JUMP_US: Final = 20_000  # when the engine's time is further off than that, it stood still


class GraphInput(Feeding):
    """One track in one graph, until `close` or the track's end.

    ``on_end`` is called once, on the engine's thread, when nothing more will come.
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
        super().__init__(on_channels=on_channels)
        self._on_end = on_end
        self._clock = clock
        self._now = feed.clock.now_us
        self._delay = Delay()
        self.voice = TrackVoice(feed, self._delay)
        self._mode = AudioMode(sample_rate, channels)
        self._told = channels
        self._frames: int | None = None  # of the context, when this is asked next
        self._corrections = clock.corrections
        self._until: int | None = None

    @property
    def wanted_channels(self) -> int:
        """As many as the newest sound has."""
        return self.voice.channels or self._mode.channel_count

    @property
    def latency(self) -> float:
        """Seconds from a timestamp to the graph."""
        return (self._delay.us or 0.0) / 1_000_000

    def _ask_for(self, channels: int) -> None:
        self._mode = AudioMode(self._mode.sample_rate, channels)
        self._told = channels

    def _next(self) -> Samples | None:
        frame = self._clock.frame if self._frames is None else self._frames
        self._frames = frame + QUANTUM
        at = self._clock.at(frame, self._now())
        if self._corrections != self._clock.corrections:
            self._corrections = self._clock.corrections
            self._delay.clock_was_wrong()
        jump = 0 if self._until is None else at - self._until
        self._until = self._clock.due(self._frames)
        ask = Ask(self._mode, frame, QUANTUM, at, jump if abs(jump) > _JUMP_US else 0, MARGIN_US)
        samples = self.voice.render(ask)
        if self.voice.finished:
            self.close()
        elif self.wanted_channels != self._told:
            self._told = self.wanted_channels
            self._on_channels()
        return samples

    def close(self) -> None:
        """Give silence from now on, and let go of the track. Any thread; idempotent."""
        was_over = self._over
        super().close()
        self.voice.close()
        if not was_over:
            self._on_end()
