"""`Bundle`: the one way to the peer that all media and data share: ICE, under DTLS, under SCTP, in order.

Not for: when it is set up (``negotiation/``), nor its layers.

Rules of the file: DTLS begins when ICE has a pair and the peer's answer is known, SCTP when DTLS is there. On the
connection's loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mediastreams.webrtc.enums import RTCIceTransportState, RTCSctpTransportState
from mediastreams.webrtc.sctp_transport import RTCSctpTransport
from mediastreams.webrtc.transport.association import Association, ChannelEnd
from mediastreams.webrtc.transport.dtls_transport import MediaLink, RTCDtlsTransport
from mediastreams.webrtc.transport.ice_transport import IceWatcher, RTCIceTransport

if TYPE_CHECKING:
    from mediastreams._rules.sdp_values import Section
    from mediastreams.webrtc.transport.certificate import RTCCertificate

__all__ = ["Bundle", "BundleUser"]


class BundleUser(IceWatcher, Protocol):
    """Who is told: the connection."""

    def transports_changed(self) -> None:
        """A state of ICE or DTLS has changed."""

    def link_connected(self) -> None:
        """Media and data can be sent."""

    def data_connected(self, association: Association) -> None:
        """The association is there: channels open."""

    def data_closed(self) -> None:
        """The association is gone."""

    def channel_opened(self, association: Association, end: ChannelEnd) -> None:
        """The peer has opened a channel."""


class Bundle:
    """The transports of one connection."""

    def __init__(self, user: BundleUser, certificate: RTCCertificate) -> None:
        self._user = user
        self.ice = RTCIceTransport._create(user)
        self.dtls = RTCDtlsTransport._create(self.ice, certificate, self._dtls_changed)
        self.role = ""  # of DTLS, once it is agreed on
        self.remote: Section | None = None  # the peer's section that says how to reach it
        self.sctp: RTCSctpTransport | None = None
        self.association: Association | None = None
        self._data_ports: tuple[int, int | None] | None = None
        self.closed = False

    @property
    def link(self) -> MediaLink:
        """What senders and receivers use."""
        link: MediaLink = self.dtls._link
        return link

    # --- from negotiation -----------------------------------------------------------------------------------------

    def use_remote(self, section: Section, *, lite: bool) -> None:
        """Take the peer's credentials and fingerprints from the section that leads its bundle."""
        self.remote = section
        self.ice._set_remote(section.ufrag, section.password, lite=lite)

    def agree(self, role: str) -> None:
        """Offer and answer are there: connect."""
        if not self.role:
            self.role = role
        self.ice._connect()
        self._go_on()

    def use_data(self, port: int, limit: int | None) -> None:
        """Data channels were agreed on."""
        if self.sctp is not None:
            self.sctp._set_limit(limit)
        self._data_ports = (port, limit)
        self._go_on()

    def make_sctp(self) -> RTCSctpTransport:
        """There are to be data channels."""
        if self.sctp is None:
            self.sctp = RTCSctpTransport._create(self.dtls)
        return self.sctp

    def end_data(self) -> None:
        """There are to be none any more."""
        self._data_ports = None
        if self.association is not None:
            self.association.end()
            self.association = None
        if self.sctp is not None:
            self.sctp._set_state(RTCSctpTransportState.CLOSED)
            self.sctp = None

    # --- from below -----------------------------------------------------------------------------------------------

    def ice_went_on(self) -> None:
        """The state of ICE has changed."""
        self._go_on()

    def _dtls_changed(self) -> None:
        self._user.transports_changed()
        if self.link.secured:
            self._user.link_connected()
            self._go_on()
        elif self.dtls.state in {"closed", "failed"} and self.association is not None:
            self.association.end()

    def _go_on(self) -> None:
        if self.closed:
            return
        if self.role and self.remote is not None and self.ice.state is RTCIceTransportState.CONNECTED:
            self.link.start(self.role, self.remote.fingerprints)
        if self.link.secured and self._data_ports is not None and self.association is None:
            port, limit = self._data_ports
            self.association = Association(
                self.link, self.role, on_state=self._association_changed, on_channel=self._channel_opened
            )
            if self.sctp is not None:
                self.sctp._association = self.association
            self.association.begin(port, limit)

    def _association_changed(self, state: str) -> None:
        if self.association is None:
            return
        if state == "connected":
            if self.sctp is not None:
                self.sctp._set_state(RTCSctpTransportState.CONNECTED)
            self._user.data_connected(self.association)
        elif state == "closed":
            if self.sctp is not None:
                self.sctp._set_state(RTCSctpTransportState.CLOSED)
            self._user.data_closed()

    def _channel_opened(self, end: ChannelEnd) -> None:
        if self.association is not None:
            self._user.channel_opened(self.association, end)

    # --- the end --------------------------------------------------------------------------------------------------

    def shut(self) -> None:
        """Tell the peer, and let nothing through any more. States change without events."""
        self.closed = True
        if self.association is not None:
            self.association._on_state = _nobody
            self.association.end()
        if self.sctp is not None:
            self.sctp._state = RTCSctpTransportState.CLOSED
        self.link.close_silently()
        self.ice._state = RTCIceTransportState.CLOSED

    async def close(self) -> None:
        """Close the sockets."""
        await self.ice._close()


def _nobody(_state: str) -> None:
    """Tell nobody."""
