"""`RTCDtlsTransport`, and the `MediaLink` behind it: what senders and receivers share.

Not for: the handshake (``dtls_session.py``), the tables (``packet_router.py``).

Rules of the file: a packet goes from the socket to its receiver in one call, on the loop.

https://w3c.github.io/webrtc-pc/#rtcdtlstransport-interface
"""

from __future__ import annotations

import logging
import struct
from typing import TYPE_CHECKING, Any, Final, Self

from aiortc.rtp import RtcpPacket, RtpPacket

from mediastreams._engine.clock import get_clock
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.webrtc.enums import RTCDtlsTransportState, RTCIceTransportState
from mediastreams.webrtc.rtc_error import RTCError, RTCErrorEvent
from mediastreams.webrtc.transport.dtls_session import DtlsSession, SessionUser
from mediastreams.webrtc.transport.packet_router import PacketRouter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mediastreams.webrtc.plans import PacketUser, ReceivePlan, SendPlan
    from mediastreams.webrtc.transport.certificate import RTCCertificate
    from mediastreams.webrtc.transport.ice_transport import RTCIceTransport

__all__ = ["MediaLink", "RTCDtlsTransport"]

_logger = logging.getLogger(__name__)

_MOST_EARLY: Final = 16  # datagrams of a handshake that come before the peer's answer


@public
class RTCDtlsTransport(EventTarget):
    """The encryption of a way to the peer. Belongs to its connection.

    https://w3c.github.io/webrtc-pc/#rtcdtlstransport-interface
    """

    __init__ = illegal_constructor("Read RTCRtpSender.transport or RTCSctpTransport.transport.")

    onstatechange = event_handler("statechange")
    onerror = event_handler("error", RTCErrorEvent)

    _ice: RTCIceTransport
    _state: RTCDtlsTransportState
    _link: MediaLink
    _certificates: list[bytes]

    @classmethod
    def _create(cls, ice: RTCIceTransport, certificate: RTCCertificate, on_change: Callable[[], object]) -> Self:
        """*Create an RTCDtlsTransport*.

        https://w3c.github.io/webrtc-pc/#dfn-create-an-rtcdtlstransport
        """
        transport = cls.__new__(cls)
        EventTarget.__init__(transport)
        transport._ice = ice  # [[IceTransport]]
        transport._state = RTCDtlsTransportState.NEW  # [[DtlsTransportState]]
        transport._certificates = []  # [[RemoteCertificates]]
        transport._link = MediaLink(transport, certificate, on_change)
        return transport

    @property
    def ice_transport(self) -> RTCIceTransport:
        """What it runs over."""
        return self._ice

    @property
    def state(self) -> RTCDtlsTransportState:
        """How it stands."""
        return self._state

    def get_remote_certificates(self) -> list[bytes]:
        """List the peer's certificates, in DER."""
        return list(self._certificates)

    def __repr__(self) -> str:
        return f"<RTCDtlsTransport {self._state}>"


class MediaLink:
    """The protected way of RTP, RTCP and data to the peer: a `plans.MediaTransport`. On its loop."""

    def __init__(self, public: RTCDtlsTransport, certificate: RTCCertificate, on_change: Callable[[], object]) -> None:
        self._public = public
        self._certificate = certificate
        self._on_change = on_change
        self._session: DtlsSession | None = None
        self._early: list[bytes] = []
        self.router = PacketRouter()
        self.on_data: Callable[[bytes], object] | None = None
        self.packets_sent = self.packets_received = self.bytes_sent = self.bytes_received = 0
        public._ice._on_data = self._receive

    # --- MediaTransport -------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether packets can be sent now: nothing is encoded for a way that has failed."""
        return self.secured and self._public._ice.state is not RTCIceTransportState.FAILED

    def add_inlet(self, inlet: PacketUser, plan: ReceivePlan) -> None:
        """Route what ``plan`` describes to ``inlet``."""
        self.router.add_inlet(inlet, plan)

    def add_outlet(self, outlet: PacketUser, plan: SendPlan) -> None:
        """Route feedback on its SSRCs to ``outlet``."""
        self.router.add_outlet(outlet, plan)

    def remove(self, user: PacketUser) -> None:
        """Route nothing to it any more."""
        self.router.remove(user)

    def send(self, data: bytes) -> None:
        """Protect one packet and send it now.

        Raises:
            ConnectionError: not connected.
        """
        session = self._session
        if session is None:
            raise ConnectionError("the connection is not there yet")
        if self._public._ice.state is RTCIceTransportState.FAILED:
            raise ConnectionError("the way to the peer is broken")
        self._send(session.protect(data))  # without a pair at this moment it is lost, as on the network

    # --- the session ----------------------------------------------------------------------------------------------

    @property
    def role(self) -> str:
        """``"client"`` or ``"server"``, ``""`` before the handshake."""
        return "" if self._session is None else self._session.role

    @property
    def secured(self) -> bool:
        """Whether both sides have their keys, by whatever way packets go."""
        return self._session is not None and self._session.connected

    @property
    def session(self) -> DtlsSession | None:
        """The session, once it has begun."""
        return self._session

    def start(self, role: str, fingerprints: Sequence[tuple[str, str]]) -> None:
        """Begin the handshake. Once."""
        if self._session is not None or self._public._state is not RTCDtlsTransportState.NEW:
            return
        user = SessionUser(self._send, self._connected, self._failed, self._closed, self._take_data)
        self._session = session = DtlsSession(self._certificate._pair, user, fingerprints)
        self._set_state(RTCDtlsTransportState.CONNECTING)
        session.start(role)
        early, self._early = self._early, []
        for datagram in early:
            session.take(datagram)

    def close_silently(self) -> None:
        """End the session; the peer is told, the program is not."""
        if self._session is not None:
            self._session.close()
        self._public._state = RTCDtlsTransportState.CLOSED

    def send_data(self, data: bytes) -> None:
        """Send application data.

        Raises:
            ConnectionError: not connected.
        """
        if self._session is None:
            raise ConnectionError("the connection is not there yet")
        self._session.send_data(data)

    def _connected(self) -> None:
        assert self._session is not None
        self._public._certificates = self._session.peer_certificates()
        self._set_state(RTCDtlsTransportState.CONNECTED)

    def _failed(self, detail: str, text: str) -> None:
        error = RTCError({"error_detail": detail}, text)
        self._set_state(
            RTCDtlsTransportState.FAILED, before=lambda: fire_event(self._public, "error", RTCErrorEvent, error=error)
        )

    def _closed(self) -> None:
        self._set_state(RTCDtlsTransportState.CLOSED)

    def _set_state(self, state: RTCDtlsTransportState, before: Callable[[], object] | None = None) -> None:
        public = self._public
        if state is public._state or public._state in {RTCDtlsTransportState.CLOSED, RTCDtlsTransportState.FAILED}:
            return
        public._state = state
        if before is not None:
            before()
        self._on_change()
        fire_event(public, "statechange")

    # --- packets --------------------------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        if self._public._ice._send(data):
            self.packets_sent += 1
            self.bytes_sent += len(data)

    def _receive(self, data: bytes) -> None:
        if not data:
            return
        self.packets_received += 1
        self.bytes_received += len(data)
        first = data[0]
        session = self._session
        if 128 <= first <= 191:
            if session is not None:
                self._receive_media(session, data)
        elif 20 <= first <= 63:
            if session is not None:
                session.take(data)
            elif len(self._early) < _MOST_EARLY:
                self._early.append(data)

    def _receive_media(self, session: DtlsSession, data: bytes) -> None:
        arrival = get_clock().now_ns()
        opened = session.unprotect(data)
        if opened is None:
            return
        plain, reports = opened
        try:
            if reports:
                self._route_reports(RtcpPacket.parse(plain))
            else:
                self._route_media(RtpPacket.parse(plain, self.router.extensions), arrival)
        except (ValueError, IndexError, struct.error) as error:  # from the peer, and yet malformed
            _logger.debug("a packet was dropped: %s", error)

    def _route_reports(self, packets: list[Any]) -> None:
        for packet in packets:
            for user in self.router.route_rtcp(packet):
                user.handle_rtcp(packet)

    def _route_media(self, packet: Any, arrival: int) -> None:
        inlet = self.router.route_rtp(packet)
        if inlet is not None:
            inlet.handle_rtp(packet, arrival)  # type: ignore[attr-defined]  # an inlet

    def _take_data(self, data: bytes) -> None:
        if self.on_data is not None:
            self.on_data(data)
