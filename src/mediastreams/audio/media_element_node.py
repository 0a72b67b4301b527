"""`MediaElementAudioSourceNode`: a media element's sound in a graph, instead of on its output."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Required, TypedDict

from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.abc import Audible
from mediastreams.audio.fed_node import FedNode, Listening
from mediastreams.audio.graph_input import MARGIN_US
from mediastreams.audio.graph_sink import GraphSink

if TYPE_CHECKING:
    from mediastreams.audio.audio_context import AudioContext

__all__ = ["MediaElementAudioSourceNode", "MediaElementAudioSourceOptions"]


@public
class MediaElementAudioSourceOptions(TypedDict, total=False):
    """Which element a `MediaElementAudioSourceNode` takes into the graph.

    https://webaudio.github.io/web-audio-api/#dictdef-mediaelementaudiosourceoptions
    """

    media_element: Required[Audible]


def _audible(value: object, where: str, /) -> Audible:
    if not isinstance(value, Audible):
        raise wrong_type(where, "a MediaElement", value)
    return value


_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "MediaElementAudioSourceOptions", Member("media_element", _audible, required=True)
)


@public
class MediaElementAudioSourceNode(FedNode):
    """An element's sound in the graph, as loud as the element is set; it is heard on no output any more.

    All else is as it was: it plays, pauses, seeks, captures as ever, also while the context is suspended or closed.

    https://webaudio.github.io/web-audio-api/#MediaElementAudioSourceNode
    """

    _lets_go = False  # an element goes on, into its graph or nowhere

    def __init__(
        self,
        context: "AudioContext",
        options: MediaElementAudioSourceOptions | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one.

        Raises:
            InvalidStateError: the element is in a graph already.
            TypeError: no ``media_element``, or the context is not one in real time.

        https://webaudio.github.io/web-audio-api/#dom-mediaelementaudiosourcenode-mediaelementaudiosourcenode
        """
        given = _OPTIONS.convert(merge_arguments(options, members, self._kind), self._kind)
        self._join(context)
        element: Audible = given["media_element"]
        told = Listening(self)
        sink = GraphSink(context._rendering, round(context.sample_rate), on_channels=told.channels_changed)
        if context._over:
            sink.close()
        element._sound_through(sink, margin_us=MARGIN_US)
        self._media_element = element
        self._feeding = sink
        if not context._over:
            self._feed_from(sink)

    @property
    def media_element(self) -> Audible:
        """The element: a `MediaElement`."""
        return self._media_element
