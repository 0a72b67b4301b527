"""What transports tell a connection, and what it tells the program of it: candidates and states.

Not for: the states' arithmetic (``_rules/connection_states.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._rules.connection_states import connection_state, gathering_state, ice_connection_state
from mediastreams._webidl.events import fire_event
from mediastreams.webrtc.enums import RTCIceConnectionState, RTCIceGatheringState, RTCPeerConnectionState
from mediastreams.webrtc.ice_events import RTCPeerConnectionIceErrorEvent, RTCPeerConnectionIceEvent

if TYPE_CHECKING:
    from mediastreams.webrtc.ice_candidate import RTCIceCandidate
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.transport.association import Association, ChannelEnd

__all__ = ["ConnectionNews"]


class ConnectionNews:
    """A `BundleUser`: on the connection's loop. A closed connection is told nothing."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self._connection = connection

    # --- ICE ------------------------------------------------------------------------------------------------------

    def ice_candidate(self, candidate: RTCIceCandidate, text: str) -> None:
        """*Surface the candidate*: into the descriptions, then as an event.

        https://w3c.github.io/webrtc-pc/#dfn-surface-the-candidate
        """
        connection = self._connection
        if connection._is_closed:
            return
        line = f"a=candidate:{text}" if text else "a=end-of-candidates"
        for record in (connection._pending_local, connection._current_local):
            found = None if record is None else record.find(candidate.sdp_mid)
            if record is not None and found is not None and found[1].ufrag == candidate.username_fragment:
                record.add_line(found[0], line)
        fire_event(connection, "icecandidate", RTCPeerConnectionIceEvent, candidate=candidate, url=candidate.url)

    def ice_error(self, url: str, code: int, text: str) -> None:
        """A server gave no candidate.

        https://w3c.github.io/webrtc-pc/#rtcpeerconnectioniceerrorevent
        """
        if not self._connection._is_closed:
            fire_event(
                self._connection,
                "icecandidateerror",
                RTCPeerConnectionIceErrorEvent,
                url=url,
                error_code=code,
                error_text=text,
            )

    def ice_changed(self) -> None:
        """ICE has another state."""
        connection = self._connection
        if not connection._is_closed:
            self.states_changed()
            if connection._bundle is not None:
                connection._bundle.ice_went_on()

    # --- DTLS and SCTP --------------------------------------------------------------------------------------------

    def transports_changed(self) -> None:
        """DTLS has another state."""
        self.states_changed()

    def link_connected(self) -> None:
        """Media can flow."""
        for transceiver in self._connection._transceivers:
            self._connection._media_changed(transceiver)

    def data_connected(self, association: Association) -> None:
        """Channels open."""
        self._connection._data.open_all(association)

    def data_closed(self) -> None:
        """Channels fail."""
        if not self._connection._is_closed:
            self._connection._data.fail("the association with the peer has ended")

    def channel_opened(self, association: Association, end: ChannelEnd) -> None:
        """The peer has made a channel."""
        self._connection._data.announce(association, end)

    # --- the connection's states ----------------------------------------------------------------------------------

    def states_changed(self) -> None:
        """*Update the ICE gathering state*, *the ICE connection state* and *the connection state*, in this order.

        https://w3c.github.io/webrtc-pc/#dfn-update-the-ice-gathering-state
        """
        connection = self._connection
        if connection._is_closed:
            return
        bundle = connection._bundle
        ice = [] if bundle is None else [bundle.ice.state.value]
        dtls = [] if bundle is None else [bundle.dtls.state.value]
        gathering = RTCIceGatheringState(gathering_state([] if bundle is None else [bundle.ice.gathering_state.value]))
        ice_state = RTCIceConnectionState(ice_connection_state(ice))
        state = RTCPeerConnectionState(connection_state(ice, dtls))
        changed = []
        if gathering is not connection._ice_gathering_state:
            connection._ice_gathering_state = gathering
            changed.append("icegatheringstatechange")
        if ice_state is not connection._ice_connection_state:
            connection._ice_connection_state = ice_state
            changed.append("iceconnectionstatechange")
        if state is not connection._connection_state:
            connection._connection_state = state
            changed.append("connectionstatechange")
        for name in changed:
            fire_event(connection, name)
            if name == "icegatheringstatechange" and gathering is RTCIceGatheringState.COMPLETE:
                fire_event(connection, "icecandidate", RTCPeerConnectionIceEvent, candidate=None)
