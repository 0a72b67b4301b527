"""What the methods of a connection do in its operations chain: set descriptions, of either side.

Not for: the chain (``operations.py``), nor what a description changes (``setting.py``).

https://w3c.github.io/webrtc-pc/#dom-peerconnection-setlocaldescription
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediastreams._rules.signalling_state import SignallingState, after_description, needs_rollback
from mediastreams.errors import InvalidModificationError
from mediastreams.webrtc.enums import RTCRtpTransceiverDirection, RTCSdpType, RTCSignalingState
from mediastreams.webrtc.negotiation.checking import read_remote
from mediastreams.webrtc.negotiation.making import make_answer, make_offer
from mediastreams.webrtc.negotiation.records import Record
from mediastreams.webrtc.negotiation.setting import roll_back, set_description, yield_to_peer
from mediastreams.webrtc.rtp_receiver import RTCRtpReceiver
from mediastreams.webrtc.rtp_sender import RTCRtpSender
from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind
    from mediastreams.webrtc.peer_connection import RTCPeerConnection

__all__ = ["receive_by_options", "set_local", "set_remote"]


def set_local(connection: RTCPeerConnection, given: RTCSdpType | None, sdp: str, where: str) -> None:
    """The steps of `set_local_description` in the operations chain."""
    # 4.1. The type.
    kind = given
    if kind is None:
        offering = {
            RTCSignalingState.STABLE,
            RTCSignalingState.HAVE_LOCAL_OFFER,
            RTCSignalingState.HAVE_REMOTE_PRANSWER,
        }
        kind = RTCSdpType.OFFER if connection._signaling_state in offering else RTCSdpType.ANSWER
    after_description(connection._signaling_state.value, "local", kind.value)
    if kind is RTCSdpType.ROLLBACK:
        roll_back(connection)
        return
    # 4.2-4.3. Only what was made here.
    offer = kind is RTCSdpType.OFFER
    last = connection._last_offer if offer else connection._last_answer
    if sdp and (last is None or last.text != sdp):
        raise InvalidModificationError(f"{where}: the description is not the one that was made last, unchanged")
    # 4.4-4.5. Or made now, unless the last one still says what is wanted.
    if not sdp:
        version = connection._sdp_version
        made = make_offer(connection, ice_restart=False) if offer else make_answer(connection)
        if last is not None and _same_but_version(last, made):
            connection._sdp_version = version
        else:
            last = made
    assert last is not None
    record = Record(kind, last.text, last.parsed, last.assigned)
    connection._set_local_called = True
    set_description(connection, "local", record)


def set_remote(connection: RTCPeerConnection, kind: RTCSdpType, sdp: str) -> None:
    """The steps of `set_remote_description` in the operations chain."""
    state: SignallingState = connection._signaling_state.value
    collides = needs_rollback(state, "remote", kind.value)
    after_description("stable" if collides else state, "remote", kind.value)
    if kind is RTCSdpType.ROLLBACK:
        roll_back(connection)
        return
    record = Record(kind, sdp, read_remote(connection, kind, sdp))
    if collides:
        yield_to_peer(connection)
    set_description(connection, "remote", record)


def receive_by_options(connection: RTCPeerConnection, options: Mapping[str, Any]) -> None:
    """*The legacy configuration steps* of ``offer_to_receive_…``.

    https://w3c.github.io/webrtc-pc/#legacy-configuration-extensions
    """
    kinds: tuple[Kind, ...] = ("audio", "video")
    for kind in kinds:
        wanted = options.get(f"offer_to_receive_{kind}")
        live = [one for one in connection._transceivers if one._kind == kind and not one._stopping]
        if wanted is False:
            for one in live:
                if one._direction is RTCRtpTransceiverDirection.SENDRECV:
                    one._direction = RTCRtpTransceiverDirection.SENDONLY
                elif one._direction is RTCRtpTransceiverDirection.RECVONLY:
                    one._direction = RTCRtpTransceiverDirection.INACTIVE
        elif wanted and not any(one._direction.value in {"sendrecv", "recvonly"} for one in live):
            sender = RTCRtpSender._create(connection, kind, None, ())
            receiver = RTCRtpReceiver._create(connection, kind)
            connection._transceivers.append(
                RTCRtpTransceiver._create(connection, sender, receiver, RTCRtpTransceiverDirection.RECVONLY)
            )


def _same_but_version(one: Record, other: Record) -> bool:
    return [line for line in one.text.splitlines() if not line.startswith("o=")] == [
        line for line in other.text.splitlines() if not line.startswith("o=")
    ]
