"""`RTCPeerConnectionIceEvent` and `RTCPeerConnectionIceErrorEvent`: news of gathering."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Required, TypedDict

from mediastreams._webidl.conversions import dom_string, instance_of, unsigned_short, usv_string
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public
from mediastreams.webrtc.ice_candidate import RTCIceCandidate

__all__ = [
    "RTCPeerConnectionIceErrorEvent",
    "RTCPeerConnectionIceErrorEventInit",
    "RTCPeerConnectionIceEvent",
    "RTCPeerConnectionIceEventInit",
]


@public
class RTCPeerConnectionIceEventInit(TypedDict, total=False):
    """What an `RTCPeerConnectionIceEvent` is made of."""

    bubbles: bool
    cancelable: bool
    composed: bool
    candidate: RTCIceCandidate | None
    url: str | None


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "RTCPeerConnectionIceEventInit",
    Member("candidate", instance_of(RTCIceCandidate), default=None),
    Member("url", usv_string, default=None),
    inherits=EVENT_INIT,
)


@public
class RTCPeerConnectionIceEvent(Event):
    """``icecandidate``: send its ``candidate`` to the peer; ``None``: gathering is over.

    https://w3c.github.io/webrtc-pc/#rtcpeerconnectioniceevent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self,
        type: str,
        event_init_dict: RTCPeerConnectionIceEventInit | Mapping[str, Any] | None = None,
        **event_init: Any,
    ) -> None:
        """Make one.

        Raises:
            TypeError: a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def candidate(self) -> RTCIceCandidate | None:
        """The candidate."""
        candidate: RTCIceCandidate | None = self._init["candidate"]
        return candidate

    @property
    def url(self) -> str | None:
        """The server it was got from."""
        return self._init["url"]  # type: ignore[no-any-return]  # by the schema


@public
class RTCPeerConnectionIceErrorEventInit(TypedDict, total=False):
    """What an `RTCPeerConnectionIceErrorEvent` is made of."""

    bubbles: bool
    cancelable: bool
    composed: bool
    address: str | None
    port: int | None
    url: str
    error_code: Required[int]
    error_text: str


_ERROR_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "RTCPeerConnectionIceErrorEventInit",
    Member("address", dom_string, default=None),
    Member("port", unsigned_short, default=None),
    Member("url", usv_string, default=""),
    Member("error_code", unsigned_short, required=True),
    Member("error_text", usv_string, default=""),
    inherits=EVENT_INIT,
)


@public
class RTCPeerConnectionIceErrorEvent(Event):
    """``icecandidateerror``: a server gave no candidate.

    https://w3c.github.io/webrtc-pc/#rtcpeerconnectioniceerrorevent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _ERROR_INIT

    def __init__(
        self,
        type: str,
        event_init_dict: RTCPeerConnectionIceErrorEventInit | Mapping[str, Any] | None = None,
        **event_init: Any,
    ) -> None:
        """Make one.

        Raises:
            TypeError: no error code, or a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def address(self) -> str | None:
        """The address that asked, where it may be told."""
        return self._init["address"]  # type: ignore[no-any-return]  # by the schema

    @property
    def port(self) -> int | None:
        """The port that asked."""
        return self._init["port"]  # type: ignore[no-any-return]  # by the schema

    @property
    def url(self) -> str:
        """The server."""
        return str(self._init["url"])

    @property
    def error_code(self) -> int:
        """The server's code; 701: it did not answer."""
        return int(self._init["error_code"])

    @property
    def error_text(self) -> str:
        """The server's reason."""
        return str(self._init["error_text"])
