"""Channels and places: nodes that take channels apart and together, and the listener.

Not for: changing sound (``effect_nodes.py``).

https://webaudio.github.io/web-audio-api/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediastreams._webidl.conversions import double, unsigned_long
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.audio.audio_node import AudioNode
from mediastreams.audio.engine import call, engine, for_engine
from mediastreams.audio.enums import DistanceModelType, PanningModelType
from mediastreams.audio.members import choice, number, parameter
from mediastreams.audio.node_options import (
    CHANNEL_MERGER_OPTIONS,
    CHANNEL_SPLITTER_OPTIONS,
    PANNER_OPTIONS,
    STEREO_PANNER_OPTIONS,
)
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams.audio.audio_param import AudioParam
    from mediastreams.audio.base_audio_context import BaseAudioContext
    from mediastreams.audio.node_options import (
        ChannelMergerOptions,
        ChannelSplitterOptions,
        PannerOptions,
        StereoPannerOptions,
    )

__all__ = [
    "AudioListener",
    "ChannelMergerNode",
    "ChannelSplitterNode",
    "PannerNode",
    "StereoPannerNode",
    "set_all",
]


@public
class ChannelMergerNode(AudioNode):
    """Channels put together: each input, mixed to one channel, becomes one of the output.

    https://webaudio.github.io/web-audio-api/#ChannelMergerNode
    """

    _options = CHANNEL_MERGER_OPTIONS

    def __init__(
        self, context: BaseAudioContext, options: ChannelMergerOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            DOMException: IndexSizeError, not 1 to 32 inputs.
            InvalidStateError: another number of channels or mode than its own.
        """
        self._make(context, options, members)


@public
class ChannelSplitterNode(AudioNode):
    """Channels taken apart: each becomes an output of its own.

    https://webaudio.github.io/web-audio-api/#ChannelSplitterNode
    """

    _options = CHANNEL_SPLITTER_OPTIONS

    def __init__(
        self,
        context: BaseAudioContext,
        options: ChannelSplitterOptions | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            DOMException: IndexSizeError, not 1 to 32 outputs.
            InvalidStateError: another number of channels or mode than its own.
        """
        given = self._options.convert(merge_arguments(options, members, self._kind), self._kind)
        self._begin(context, given)
        self._check_count(given.get("channel_count", given["number_of_outputs"]), given["number_of_outputs"])
        self._native = call(engine().ChannelSplitterNode, context._native, for_engine(given))

    @property
    def channel_count(self) -> int:
        """As many as there are outputs; always.

        Raises:
            InvalidStateError: set to another number.
        """
        return self.number_of_outputs

    @channel_count.setter
    def channel_count(self, value: int) -> None:
        self._check_count(unsigned_long(value, f"{self._kind}.channel_count"), self.number_of_outputs)

    def _check_count(self, wanted: int, outputs: int) -> None:
        if wanted != outputs:
            raise InvalidStateError(f"{self._kind}.channel_count: it is always {outputs}, as many as there are outputs")


@public
class StereoPannerNode(AudioNode):
    """Sound between left (-1) and right (1).

    https://webaudio.github.io/web-audio-api/#StereoPannerNode
    """

    _options = STEREO_PANNER_OPTIONS

    pan = parameter("From -1 to 1.")

    def __init__(
        self, context: BaseAudioContext, options: StereoPannerOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            NotSupportedError: a number of channels, or a mode, that it does not take.
        """
        self._make(context, options, members)


@public
class PannerNode(AudioNode):
    """Sound at a place in space, as the context's listener hears it.

    https://webaudio.github.io/web-audio-api/#PannerNode
    """

    _options = PANNER_OPTIONS

    panning_model = choice(PanningModelType, "How a place becomes two channels.")
    position_x = parameter("Where it is.")
    position_y = parameter("Where it is.")
    position_z = parameter("Where it is.")
    orientation_x = parameter("Where it looks.")
    orientation_y = parameter("Where it looks.")
    orientation_z = parameter("Where it looks.")
    distance_model = choice(DistanceModelType, "How it becomes softer with the distance.")
    ref_distance = number("From which distance on it becomes softer.")
    max_distance = number("From which distance on it becomes no softer.")
    rolloff_factor = number("How fast it becomes softer.")
    cone_inner_angle = number("Degrees within which it is as loud as it is.")
    cone_outer_angle = number("Degrees outside of which it has ``cone_outer_gain``.")
    cone_outer_gain = number("The factor outside of the cone.")

    def __init__(
        self, context: BaseAudioContext, options: PannerOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            NotSupportedError: a number of channels, or a mode, that it does not take.
            ValueError: a distance or a factor out of range.
            InvalidStateError: ``cone_outer_gain`` is not 0 to 1.
        """
        self._make(context, options, members)

    def set_position(self, x: float, y: float, z: float) -> None:
        """Set ``position_x``, ``position_y`` and ``position_z``.

        https://webaudio.github.io/web-audio-api/#dom-pannernode-setposition
        """
        set_all(self, f"{self._kind}.set_position", position_x=x, position_y=y, position_z=z)

    def set_orientation(self, x: float, y: float, z: float) -> None:
        """Set ``orientation_x``, ``orientation_y`` and ``orientation_z``.

        https://webaudio.github.io/web-audio-api/#dom-pannernode-setorientation
        """
        set_all(self, f"{self._kind}.set_orientation", orientation_x=x, orientation_y=y, orientation_z=z)


@public
class AudioListener:
    """Who hears the `PannerNode` objects of a context: where, and how turned.

    https://webaudio.github.io/web-audio-api/#AudioListener
    """

    __init__ = illegal_constructor("It belongs to a context: context.listener.")

    position_x = parameter("Where the listener is.")
    position_y = parameter("Where the listener is.")
    position_z = parameter("Where the listener is.")
    forward_x = parameter("Where the listener looks.")
    forward_y = parameter("Where the listener looks.")
    forward_z = parameter("Where the listener looks.")
    up_x = parameter("Where the top of the head is.")
    up_y = parameter("Where the top of the head is.")
    up_z = parameter("Where the top of the head is.")

    _native: Any
    _parameters: dict[str, AudioParam]
    _context: BaseAudioContext

    @classmethod
    def _of(cls, context: BaseAudioContext) -> AudioListener:
        listener = cls.__new__(cls)
        listener._native = call(getattr, context._native, "listener")
        listener._context = context
        listener._parameters = {}
        return listener

    def set_position(self, x: float, y: float, z: float) -> None:
        """Set ``position_x``, ``position_y`` and ``position_z``.

        https://webaudio.github.io/web-audio-api/#dom-audiolistener-setposition
        """
        set_all(self, "AudioListener.set_position", position_x=x, position_y=y, position_z=z)

    def set_orientation(self, x: float, y: float, z: float, x_up: float, y_up: float, z_up: float) -> None:
        """Set where the listener looks, and where the top of the head is.

        https://webaudio.github.io/web-audio-api/#dom-audiolistener-setorientation
        """
        where = "AudioListener.set_orientation"
        set_all(self, where, forward_x=x, forward_y=y, forward_z=z, up_x=x_up, up_y=y_up, up_z=z_up)


def set_all(target: AudioListener | PannerNode, where: str, **values: float) -> None:
    """Set several parameters: all, or, when one is no number, none."""
    numbers = {name: double(value, f"{where}: {name}") for name, value in values.items()}
    for name, value in numbers.items():
        getattr(target, name).value = value
