"""`AudioDestinationNode`: where a graph ends.

Not for: how that is heard (``context_output.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mediastreams._rules.audio_limits import MOST_CHANNELS, check
from mediastreams._webidl.conversions import unsigned_long
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.audio.audio_node import AudioNode
from mediastreams.audio.engine import call
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams.audio.audio_context import AudioContext
    from mediastreams.audio.base_audio_context import BaseAudioContext
    from mediastreams.audio.context_output import ContextOutput

__all__ = ["AudioDestinationNode"]


@public
class AudioDestinationNode(AudioNode):
    """The end of a graph: what is connected to it is heard, or rendered.

    ``channel_count`` of a context in real time may be set to what is to be heard, 32 at most; a device that has fewer
    gets a mix.

    https://webaudio.github.io/web-audio-api/#AudioDestinationNode
    """

    __init__ = illegal_constructor("It belongs to a context: context.destination.")

    _fixed: int | None = None
    _output: ContextOutput | None = None

    @classmethod
    def _offline(cls, context: BaseAudioContext) -> AudioDestinationNode:
        """The one of a rendering: as many channels as that has, for good."""
        node = cls.__new__(cls)
        node._begin(context, {})
        node._native = call(getattr, context._native, "destination")
        node._fixed = int(node._native.channelCount)
        return node

    @classmethod
    def _live(cls, context: AudioContext, output: ContextOutput) -> AudioDestinationNode:
        """The one of a context in real time."""
        node = cls.__new__(cls)
        node._begin(context, {})
        node._output = output
        node._native = output.inlet(context)
        return node

    def _inlet(self) -> object:
        if self._output is not None:
            self._output.connected(cast("AudioContext", self._context), self._native)
        return self._native

    @property
    def channel_count(self) -> int:
        """How many channels are rendered.

        Raises:
            DOMException: IndexSizeError, set to more than ``max_channel_count`` or less than 1.
            InvalidStateError: set on a rendering, which has its number for good.
        """
        return int(call(getattr, self._native, "channelCount"))

    @channel_count.setter
    def channel_count(self, value: int) -> None:
        number = unsigned_long(value, "AudioDestinationNode.channel_count")
        if self._fixed not in {None, number}:
            raise InvalidStateError(f"AudioDestinationNode.channel_count: the rendering has {self._fixed} for good")
        check(("AudioDestinationNode",), "channel_count", number, "AudioDestinationNode")
        if self._fixed is None:
            call(setattr, self._native, "channelCount", number)
        if self._output is not None:
            self._output.set_channels(number)

    @property
    def max_channel_count(self) -> int:
        """The most channels that it can have."""
        return MOST_CHANNELS if self._fixed is None else self._fixed

    @property
    def number_of_inputs(self) -> int:
        """One."""
        return 1

    @property
    def number_of_outputs(self) -> int:
        """None: it is the end."""
        return 0
