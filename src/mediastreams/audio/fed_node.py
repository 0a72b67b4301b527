"""`FedNode`: a source of the graph whose sound comes from outside: of a track, of an element.

Not for: the way of the samples (``feeding.py``).

Rules of the file: what others connect to is a gain of the engine, so that what feeds it can be replaced when the number
of channels changes. A node sounds while it is connected, whoever holds it; one that is neither connected nor held lets
go of what it gave.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from mediastreams._engine.clock import get_clock
from mediastreams._engine.worker import reaper
from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.tasks import queue_task
from mediastreams.audio.audio_node import AudioNode
from mediastreams.audio.engine import call

if TYPE_CHECKING:
    from mediastreams.audio.audio_context import AudioContext
    from mediastreams.audio.feeding import Feeding

__all__ = ["FedNode", "Listening"]


class FedNode(AudioNode):
    """For subclasses: `_join` a context, then `_feed_from`."""

    _live: AudioContext
    _feeding: Feeding | None = None
    _worklet: Any = None
    _lets_go = True  # of what it gave, when nobody can hear it any more

    def _join(self, context: AudioContext) -> None:
        """Begin as a node of a context in real time."""
        from mediastreams.audio.audio_context import AudioContext

        self._live = instance_of(AudioContext)(context, f"{self._kind}: context")
        self._begin(context, {})
        self._native = call(context._native.createGain)

    def _feed_from(self, feeding: Feeding) -> None:
        """Give what comes from there."""
        self._live._rendering.look(get_clock().now_us)
        self._live._feedings.add(feeding)
        self._attach()

    def _attach(self) -> None:
        """Have the engine ask in as many channels as there are."""
        feeding, before = self._feeding, self._worklet
        if feeding is None or self._live._over:
            return
        channels = feeding.wanted_channels
        asker = feeding.asker(channels)
        made = self._live._bridge.node(asker, numberOfInputs=0, numberOfOutputs=1, outputChannelCount=[channels])
        call(made.connect, self._native)
        self._worklet = made
        if before is not None:
            call(before.disconnect)

    def _quiet(self) -> None:
        """Nothing more will come."""
        self._feeding = None
        worklet, self._worklet = self._worklet, None
        if worklet is not None:
            call(worklet.disconnect)

    @property
    def number_of_inputs(self) -> int:
        """None: it is a source."""
        return 0

    def __del__(self) -> None:
        feeding = getattr(self, "_feeding", None)
        if feeding is not None and self._lets_go and not self._sounding:
            reaper.put(feeding.close)


class Listening:
    """What a node is told on other threads; holds it weakly."""

    def __init__(self, node: FedNode) -> None:
        self._node = weakref.ref(node)

    def channels_changed(self) -> None:
        """Another number of channels has come."""
        node = self._node()
        if node is not None:
            queue_task(node._owner, node._attach)

    def ended(self) -> None:
        """Nothing more will come."""
        node = self._node()
        if node is not None:
            queue_task(node._owner, node._quiet)
