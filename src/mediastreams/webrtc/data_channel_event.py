"""`RTCDataChannelEvent`: the peer has opened a data channel."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Required, TypedDict

from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public
from mediastreams.webrtc.data_channel import RTCDataChannel

__all__ = ["RTCDataChannelEvent", "RTCDataChannelEventInit"]


@public
class RTCDataChannelEventInit(TypedDict, total=False):
    """What an `RTCDataChannelEvent` is made of."""

    bubbles: bool
    cancelable: bool
    composed: bool
    channel: Required[RTCDataChannel]


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "RTCDataChannelEventInit", Member("channel", instance_of(RTCDataChannel), required=True), inherits=EVENT_INIT
)


@public
class RTCDataChannelEvent(Event):
    """``datachannel`` of a connection.

    https://w3c.github.io/webrtc-pc/#rtcdatachannelevent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self, type: str, event_init_dict: RTCDataChannelEventInit | Mapping[str, Any] | None = None, **event_init: Any
    ) -> None:
        """Make one.

        Raises:
            TypeError: no channel, or a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def channel(self) -> RTCDataChannel:
        """The new channel."""
        channel: RTCDataChannel = self._init["channel"]
        return channel
