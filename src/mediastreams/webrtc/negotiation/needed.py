"""*Check if negotiation is needed*.

https://w3c.github.io/webrtc-pc/#dfn-check-if-negotiation-is-needed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._rules.directions import answered, reversed_direction, sends

if TYPE_CHECKING:
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver

__all__ = ["negotiation_is_needed"]


def negotiation_is_needed(connection: RTCPeerConnection) -> bool:
    """Whether what the program wants is not what was agreed on."""
    # 1-2. What the implementation wants, and a restart of ICE.
    if connection._credentials_to_replace:
        return True
    # 3-4. Data channels without a section.
    local = connection._current_local
    if connection._data.wanted and (
        local is None or not any(one.is_data and not one.rejected for one in local.parsed.sections)
    ):
        return True
    # 5. The transceivers.
    return any(_differs(connection, transceiver) for transceiver in connection._transceivers)


def _differs(connection: RTCPeerConnection, transceiver: RTCRtpTransceiver) -> bool:
    local, remote = connection._current_local, connection._current_remote
    # 5.1-5.2. To be stopped, or to be added.
    if transceiver._stopping and not transceiver._stopped:
        return True
    if transceiver._stopped:
        return False
    found = None if local is None else local.find(transceiver._mid)
    if found is None or local is None:
        return True
    index, section = found
    wanted = transceiver._direction
    # 5.3.1. Its streams.
    if sends(wanted):
        told = {stream for stream, _ in section.msids}
        ids = set(transceiver._sender._stream_ids) or {"-"}
        if not section.msids or told != ids:
            return True
    theirs = remote.parsed.sections[index].direction if remote is not None else "inactive"
    # 5.3.2. After our offer: neither side's view is what is wanted.
    if local.type == "offer":
        return section.direction != wanted and reversed_direction(theirs) != wanted
    # 5.3.3. After our answer: the best that the offer allows is not what was answered.
    if local.type == "answer" and remote is not None:
        return section.direction != answered(wanted, theirs)
    return False
