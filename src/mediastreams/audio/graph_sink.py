"""`GraphSink`: a graph as what an element's sound is rendered to, in the place of a speaker.

Not for: mixing, volume and drift, which are the player's (``_engine/playout.py``), as for any device.

Rules of the file: the engine asks with every quantum, on its thread. While the element has nothing to play, and when
the graph is closed, nothing is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mediastreams._engine.clock import get_clock
from mediastreams._rules.values import AudioMode
from mediastreams.abc import Sink
from mediastreams.audio.engine import QUANTUM
from mediastreams.audio.feeding import Feeding
from mediastreams.errors import NotFoundError

if TYPE_CHECKING:
    from mediastreams._rules.values import Mode, Settings
    from mediastreams.abc import Supply
    from mediastreams.audio.feeding import Samples
    from mediastreams.audio.render_clock import RenderClock

__all__ = ["GraphSink"]

_USUAL_CHANNELS: Final = 2


class GraphSink(Feeding, Sink):
    """One element's way into a graph."""

    kind = "audio"
    audible = False

    def __init__(self, rendering: RenderClock, sample_rate: int, *, on_channels: Callable[[], None]) -> None:
        super().__init__(on_channels=on_channels)
        self.clock = get_clock()
        self._mode = AudioMode(sample_rate, _USUAL_CHANNELS)
        self._rendering = rendering
        self._asking = threading.Lock()  # held while the player is asked; whoever changes that needs an instant
        self._supply: Supply | None = None
        self._frames: int | None = None  # of the context, when this is asked next

    # ── Sink ─────────────────────────────────────────────────────────────────────────────────────

    def start(self, mode: Mode | None, settings: Settings, supply: Supply) -> Mode:  # noqa: ARG002
        """Begin to ask; nothing is held back.

        Raises:
            NotFoundError: the graph is closed.
        """
        if self._over:
            raise NotFoundError("the audio graph is closed")
        if isinstance(mode, AudioMode):
            self._mode = AudioMode(self._mode.sample_rate, mode.channel_count)
        with self._asking:
            supply.reconfigured(self._mode)
            self._supply = supply
        return self._mode

    def stop(self) -> None:
        """Ask no more."""
        with self._asking:
            self._supply = None

    def wish(self, mode: Mode) -> bool:
        """Take another number of channels from now on."""
        if not isinstance(mode, AudioMode):
            return False
        if mode.channel_count == self._mode.channel_count:
            return True
        with self._asking:
            self._mode = AudioMode(self._mode.sample_rate, mode.channel_count)
            if self._supply is not None:
                self._supply.reconfigured(self._mode)
        self._on_channels()
        return True

    # ── Feeding ──────────────────────────────────────────────────────────────────────────────────

    @property
    def wanted_channels(self) -> int:
        """As many as the player renders."""
        return self._mode.channel_count

    def _ask_for(self, channels: int) -> None:
        """It asks in the player's number of channels, whatever the node has."""

    def _next(self) -> Samples | None:
        frame = self._rendering.frame if self._frames is None else self._frames
        self._frames = frame + QUANTUM
        at = self._rendering.at(frame, self.clock.now_us())
        with self._asking:
            return None if self._supply is None else self._supply.sound(QUANTUM, at)

    def close(self) -> None:
        """The graph is closed: the element goes on unheard. Any thread; idempotent."""
        super().close()
        with self._asking:
            supply, self._supply = self._supply, None
        if supply is not None:
            supply.end(self.failure)

    def __repr__(self) -> str:
        return f"<GraphSink {self._mode.channel_count} × {self._mode.sample_rate} Hz>"
