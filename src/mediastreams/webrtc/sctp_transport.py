"""`RTCSctpTransport`: what all data channels of a connection share.

Not for: the protocol (``transport/association.py``).

https://w3c.github.io/webrtc-pc/#rtcsctptransport-interface
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Self

from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.webrtc.enums import RTCSctpTransportState

if TYPE_CHECKING:
    from mediastreams.webrtc.transport.association import Association
    from mediastreams.webrtc.transport.dtls_transport import RTCDtlsTransport

__all__ = ["LARGEST_MESSAGE", "RTCSctpTransport"]

LARGEST_MESSAGE: Final = 262_144
"""Bytes: what a peer may send us at once."""

_UNNAMED_LIMIT: Final = 65_536  # of a peer that names none: RFC 8841, section 6


@public
class RTCSctpTransport(EventTarget):
    """The association of the data channels. Belongs to its connection.

    https://w3c.github.io/webrtc-pc/#rtcsctptransport-interface
    """

    __init__ = illegal_constructor("Read RTCPeerConnection.sctp.")

    onstatechange = event_handler("statechange")

    _transport: RTCDtlsTransport
    _state: RTCSctpTransportState
    _limit: float
    _association: Association | None

    @classmethod
    def _create(cls, transport: RTCDtlsTransport) -> Self:
        """*Create an RTCSctpTransport*.

        https://w3c.github.io/webrtc-pc/#dfn-create-an-rtcsctptransport
        """
        made = cls.__new__(cls)
        EventTarget.__init__(made)
        made._transport = transport  # [[SctpTransportTransport]]
        made._state = RTCSctpTransportState.CONNECTING  # [[SctpTransportState]]
        made._limit = float(_UNNAMED_LIMIT)  # [[MaxMessageSize]]
        made._association = None
        return made

    @property
    def transport(self) -> RTCDtlsTransport:
        """What it runs over."""
        return self._transport

    @property
    def state(self) -> RTCSctpTransportState:
        """How it stands."""
        return self._state

    @property
    def max_message_size(self) -> float:
        """How many bytes a message may have; infinite where the peer sets no limit."""
        return self._limit

    @property
    def max_channels(self) -> int | None:
        """How many channels there can be; ``None`` before it is connected."""
        if self._association is None or self._state is not RTCSctpTransportState.CONNECTED:
            return None
        channels: int | None = self._association.maxChannels
        return channels

    def __repr__(self) -> str:
        return f"<RTCSctpTransport {self._state}>"

    def _set_limit(self, remote: int | None) -> None:
        """*Update the data max message size*.

        https://w3c.github.io/webrtc-pc/#dfn-update-the-data-max-message-size
        """
        self._limit = float(_UNNAMED_LIMIT) if remote is None else math.inf if remote == 0 else float(remote)

    def _set_state(self, state: RTCSctpTransportState) -> None:
        if state is not self._state and self._state is not RTCSctpTransportState.CLOSED:
            self._state = state
            fire_event(self, "statechange")
