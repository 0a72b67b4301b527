"""`RTCError` and `RTCErrorEvent`: what failed in a connection, in detail."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Required, Self, TypedDict

from mediastreams._webidl.conversions import dom_string, enumeration, instance_of, long_long, unsigned_long
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public
from mediastreams.errors import OperationError
from mediastreams.webrtc.enums import RTCErrorDetailType

__all__ = ["RTCError", "RTCErrorEvent", "RTCErrorEventInit", "RTCErrorInit"]


@public
class RTCErrorInit(TypedDict, total=False):
    """What an `RTCError` is made of.

    https://w3c.github.io/webrtc-pc/#dom-rtcerrorinit
    """

    error_detail: Required[RTCErrorDetailType | str]
    sdp_line_number: int
    sctp_cause_code: int
    received_alert: int
    sent_alert: int


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "RTCErrorInit",
    Member("error_detail", enumeration(RTCErrorDetailType), required=True),
    Member("sdp_line_number", long_long),
    Member("sctp_cause_code", long_long),
    Member("received_alert", unsigned_long),
    Member("sent_alert", unsigned_long),
)


@public
class RTCError(OperationError):
    """An ``OperationError`` that says what failed.

    https://w3c.github.io/webrtc-pc/#rtcerror-interface
    """

    def __new__(cls, init: RTCErrorInit | Mapping[str, Any] | None = None, message: str = "", **_: Any) -> Self:  # noqa: ARG004, D102
        return RuntimeError.__new__(cls)

    def __init__(self, init: RTCErrorInit | Mapping[str, Any] | None = None, message: str = "", **members: Any) -> None:
        """Make one.

        Raises:
            TypeError: no ``error_detail``, or a member of the wrong type.
        """
        where = "RTCError"
        self._init = _INIT.convert(merge_arguments(init, members, where), where)
        super().__init__(dom_string(message, f"{where}: message"))
        self._name = "OperationError"

    @property
    def error_detail(self) -> RTCErrorDetailType:
        """What failed."""
        detail: RTCErrorDetailType = self._init["error_detail"]
        return detail

    @property
    def sdp_line_number(self) -> int | None:
        """Of a syntax error: the line, from 1."""
        return self._init.get("sdp_line_number")

    @property
    def sctp_cause_code(self) -> int | None:
        """Of an SCTP failure: its cause code."""
        return self._init.get("sctp_cause_code")

    @property
    def received_alert(self) -> int | None:
        """Of a DTLS failure: the alert that the peer sent."""
        return self._init.get("received_alert")

    @property
    def sent_alert(self) -> int | None:
        """Of a DTLS failure: the alert that we sent."""
        return self._init.get("sent_alert")

    def __reduce__(self) -> tuple[object, ...]:
        return (RTCError, (self._init, self._message))


@public
class RTCErrorEventInit(TypedDict, total=False):
    """What an `RTCErrorEvent` is made of."""

    bubbles: bool
    cancelable: bool
    composed: bool
    error: Required[RTCError]


_EVENT_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "RTCErrorEventInit", Member("error", instance_of(RTCError), required=True), inherits=EVENT_INIT
)


@public
class RTCErrorEvent(Event):
    """A transport or a data channel failed.

    https://w3c.github.io/webrtc-pc/#rtcerrorevent-interface
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _EVENT_INIT

    def __init__(
        self, type: str, event_init_dict: RTCErrorEventInit | Mapping[str, Any] | None = None, **event_init: Any
    ) -> None:
        """Make one.

        Raises:
            TypeError: no error, or a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def error(self) -> RTCError:
        """What failed."""
        error: RTCError = self._init["error"]
        return error
