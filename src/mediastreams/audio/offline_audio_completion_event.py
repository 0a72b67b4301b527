"""`OfflineAudioCompletionEvent`: a graph was rendered."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Required, TypedDict

from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public
from mediastreams.audio.audio_buffer import AudioBuffer

__all__ = ["OfflineAudioCompletionEvent", "OfflineAudioCompletionEventInit"]


@public
class OfflineAudioCompletionEventInit(TypedDict, total=False):
    """What an `OfflineAudioCompletionEvent` is made of.

    https://webaudio.github.io/web-audio-api/#dictdef-offlineaudiocompletioneventinit
    """

    bubbles: bool
    cancelable: bool
    composed: bool
    rendered_buffer: Required[AudioBuffer]


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "OfflineAudioCompletionEventInit",
    Member("rendered_buffer", instance_of(AudioBuffer), required=True),
    inherits=EVENT_INIT,
)


@public
class OfflineAudioCompletionEvent(Event):
    """A graph was rendered.

    https://webaudio.github.io/web-audio-api/#OfflineAudioCompletionEvent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self, type: str, event_init_dict: OfflineAudioCompletionEventInit | Mapping[str, Any] | None = None, **init: Any
    ) -> None:
        """Make one.

        Raises:
            TypeError: no ``rendered_buffer``, or a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **init)

    @property
    def rendered_buffer(self) -> AudioBuffer:
        """What came out."""
        buffer: AudioBuffer = self._init["rendered_buffer"]
        return buffer
