"""*Set a session description*, of either side, and rollback.

Not for: making descriptions (``making.py``), looking at those of a peer (``checking.py``).

Rules of the file: by here nothing can fail any more; one call changes everything, then events are fired.

https://w3c.github.io/webrtc-pc/#set-description
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._rules.bundles import bundle_mids, lead_of
from mediastreams._rules.directions import receives, reversed_direction
from mediastreams._rules.signalling_state import after_description
from mediastreams._webidl.events import fire_event
from mediastreams.webrtc.enums import RTCIceRole, RTCRtpTransceiverDirection, RTCSdpType, RTCSignalingState
from mediastreams.webrtc.negotiation.candidates import take_remote_candidate
from mediastreams.webrtc.negotiation.media import agree_on_receiving, agree_on_sending
from mediastreams.webrtc.negotiation.remote_tracks import News, process_remote_tracks, set_associated_remote_streams
from mediastreams.webrtc.negotiation.ways import remote_lead, restore_remote

if TYPE_CHECKING:
    from mediastreams._rules.sdp_values import Section
    from mediastreams._rules.signalling_state import Side
    from mediastreams.webrtc.negotiation.records import Record
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver

__all__ = ["roll_back", "set_description", "yield_to_peer"]

_ANSWERS = frozenset({RTCSdpType.ANSWER, RTCSdpType.PRANSWER})


def set_description(connection: RTCPeerConnection, side: Side, record: Record) -> None:
    """*Set a session description* that was found to be good.

    https://w3c.github.io/webrtc-pc/#set-description
    """
    # 4.1-4.3. Applied. 4.4. What to go back to.
    state_before = connection._signaling_state
    if record.type is RTCSdpType.OFFER and state_before is RTCSignalingState.STABLE:
        _remember_stable_state(connection)
    # 4.5-4.6. Descriptions and signaling state.
    connection._signaling_state = RTCSignalingState(after_description(state_before.value, side, record.type.value))
    _place(connection, side, record)
    news = News()
    # 4.10. Each section.
    if side == "local":
        for section in record.parsed.sections:
            _apply_local_section(connection, record, section, news)
    else:
        for section in record.parsed.sections:
            _apply_remote_section(connection, record, section, news)
    _apply_transports(connection, side, record)
    # 4.12. Stopped transceivers go.
    if record.type is RTCSdpType.ANSWER:
        _drop_rejected(connection)
    _finish(connection, state_before, news)


def roll_back(connection: RTCPeerConnection) -> None:
    """*Set a session description* of type ``rollback``: back to the last stable state.

    https://w3c.github.io/webrtc-pc/#set-description
    """
    state_before = connection._signaling_state
    news = News()
    _undo(connection, news)
    _finish(connection, state_before, news)


def yield_to_peer(connection: RTCPeerConnection) -> None:
    """Take our offer back because the peer's comes first."""
    _undo(connection, News())  # no remote track came with our own offer
    fire_event(connection, "signalingstatechange")


# --- descriptions ----------------------------------------------------------------------------------------------------


def _remember_stable_state(connection: RTCPeerConnection) -> None:
    connection._stable_bundle = connection._bundle
    connection._stable_sctp = None if connection._bundle is None else connection._bundle.sctp
    for transceiver in connection._transceivers:
        sender, receiver = transceiver._sender, transceiver._receiver
        transceiver._stable_mid = transceiver._mid
        sender._stable_transport = sender._transport
        receiver._stable_transport = receiver._transport
        receiver._stable_streams = receiver._streams
        receiver._stable_codecs = receiver._codecs


def _place(connection: RTCPeerConnection, side: Side, record: Record) -> None:
    local = side == "local"
    if record.type is not RTCSdpType.ANSWER:
        if local:
            connection._pending_local = record
        else:
            connection._pending_remote = record
        return
    if local:
        connection._current_local, connection._current_remote = record, connection._pending_remote
    else:
        connection._current_local, connection._current_remote = connection._pending_local, record
    connection._pending_local = connection._pending_remote = None
    connection._last_offer = connection._last_answer = None
    current = connection._current_local
    used = () if current is None else tuple((one.ufrag, one.password) for one in current.parsed.sections)
    if not connection._credentials_to_replace.intersection(used):
        connection._credentials_to_replace = set()


# --- sections --------------------------------------------------------------------------------------------------------


def _counterpart(connection: RTCPeerConnection, side: Side, mid: str) -> Section | None:
    """The other side's section in the exchange that an answer completes."""
    if side == "local":
        other = connection._pending_remote or connection._current_remote
    else:
        other = connection._pending_local or connection._current_local
    found = None if other is None else other.find(mid)
    return None if found is None else found[1]


def _apply_local_section(connection: RTCPeerConnection, record: Record, section: Section, news: News) -> None:
    # 4.10.1.1. Associate it.
    transceiver = record.assigned.get(section.mid)
    if transceiver is not None and transceiver._mid is None:
        transceiver._mid = section.mid
    transceiver = connection._by_mid(section.mid)
    if transceiver is None:
        return
    # A rejected section of ours stops its transceiver once that is agreed on.
    if section.rejected:
        if record.type is RTCSdpType.ANSWER and not transceiver._stopped:
            transceiver._stop()
        return
    if transceiver._stopped:
        return
    direction = RTCRtpTransceiverDirection(section.direction)
    # 4.10.1.2-4.10.1.6. What may be received.
    theirs = _counterpart(connection, "local", section.mid) if record.type in _ANSWERS else None
    agree_on_receiving(transceiver, section, theirs)
    if record.type not in _ANSWERS:
        return
    # 4.10.1.7. What is sent, and what does not come any more.
    if theirs is not None:
        agree_on_sending(transceiver, section, theirs, answer=section)
    if not receives(direction) and receives(transceiver._fired_direction):
        set_associated_remote_streams(connection, transceiver._receiver, (), news)
        news.muted.append(transceiver)
    transceiver._current_direction = direction
    transceiver._fired_direction = direction


def _apply_remote_section(connection: RTCPeerConnection, record: Record, section: Section, news: News) -> None:
    if not section.is_rtp:
        return
    offer = record.type is RTCSdpType.OFFER
    # 4.10.2.1-4.10.2.8. Its transceiver.
    transceiver = connection._by_mid(section.mid)
    if transceiver is None and offer and not section.rejected:
        transceiver = _find_or_create(connection, section)
    if transceiver is None:
        return
    # 4.10.2.9. Its mid.
    transceiver._mid = section.mid
    if not section.rejected:
        connection._numbers.learn(section)
    # 4.10.2.10-4.10.2.12. Direction and streams, in our view.
    direction = "inactive" if section.rejected else reversed_direction(section.direction)
    msids = [stream for stream, _ in section.msids if stream != "-"] if receives(direction) else []
    process_remote_tracks(connection, transceiver, direction, msids, news)
    # 4.10.2.13-4.10.2.14. Codecs and direction.
    ours = _counterpart(connection, "remote", section.mid)
    if not offer and not section.rejected and ours is not None:
        agree_on_receiving(transceiver, ours, section)
        agree_on_sending(transceiver, ours, section, answer=section)
        transceiver._current_direction = RTCRtpTransceiverDirection(direction)
    # 4.10.2.16. A rejected section stops it.
    if section.rejected and not transceiver._stopped:
        transceiver._stop()


def _find_or_create(connection: RTCPeerConnection, section: Section) -> RTCRtpTransceiver:
    """One that `add_track` made and that has no section yet, else a new one.

    https://www.rfc-editor.org/rfc/rfc9429#section-5.10
    """
    if section.direction in {"sendrecv", "recvonly"}:
        for transceiver in connection._transceivers:
            if (
                transceiver._mid is None
                and transceiver._added_by_track
                and not transceiver._stopping
                and transceiver._kind == section.kind
            ):
                return transceiver
    return connection._make_remote_transceiver(section)


# --- transports ------------------------------------------------------------------------------------------------------


def _apply_transports(connection: RTCPeerConnection, side: Side, record: Record) -> None:
    parsed = record.parsed
    group = bundle_mids(parsed)
    lead = lead_of(parsed)
    offer = record.type is RTCSdpType.OFFER
    if lead is not None:
        bundle = connection._need_bundle()
        controls = (offer and side == "local") or parsed.ice_lite
        bundle.ice._set_role(RTCIceRole.CONTROLLING if controls else RTCIceRole.CONTROLLED)
        for transceiver in connection._transceivers:
            if transceiver._mid in group and not transceiver._stopped:
                transceiver._sender._transport = transceiver._receiver._transport = bundle.dtls
        index = next(number for number, one in enumerate(parsed.sections) if one is lead)
        if side == "local":
            bundle.ice._section = (lead.mid, index)
            connection._gather(lead.ufrag, lead.password)
        else:
            bundle.use_remote(lead, lite=parsed.ice_lite)
            _take_candidates(connection, record)
        if record.type in _ANSWERS:
            ours, theirs = (lead, remote_lead(connection)) if side == "local" else (None, lead)
            bundle.agree(_role(ours, theirs))
    _apply_data(connection, side, record)


def _role(ours: Section | None, theirs: Section | None) -> str:
    """Our part in the handshake, by whoever said it in the answer."""
    if ours is not None:
        return "client" if ours.setup == "active" else "server"
    return "server" if theirs is not None and theirs.setup == "active" else "client"


def _take_candidates(connection: RTCPeerConnection, record: Record) -> None:
    for index, section in enumerate(record.parsed.sections):
        for text in section.candidates:
            take_remote_candidate(connection, text, section, index)
        if section.end_of_candidates and section.ufrag:
            take_remote_candidate(connection, None, section, index)


def _apply_data(connection: RTCPeerConnection, side: Side, record: Record) -> None:
    """4.7-4.9. The association of the data channels."""
    section = next((one for one in record.parsed.sections if one.is_data), None)
    bundle = connection._bundle
    if section is None or bundle is None:
        return
    if record.type is RTCSdpType.OFFER:
        if not section.rejected:
            bundle.make_sctp()
        return
    theirs = section if side == "remote" else _counterpart(connection, "local", section.mid)
    if section.rejected or theirs is None or theirs.rejected:
        if record.type is RTCSdpType.ANSWER:
            bundle.end_data()
            connection._data.fail("the peer takes no data channels")
        return
    bundle.make_sctp()
    connection._data.number()
    bundle.use_data(5000 if theirs.sctp_port is None else theirs.sctp_port, theirs.max_message_size)


# --- back ------------------------------------------------------------------------------------------------------------


def _undo(connection: RTCPeerConnection, news: News) -> None:
    remote_offer = connection._signaling_state is RTCSignalingState.HAVE_REMOTE_OFFER
    pending = connection._pending_local or connection._pending_remote
    for transceiver in list(connection._transceivers):
        sender, receiver = transceiver._sender, transceiver._receiver
        if transceiver._mid != transceiver._stable_mid:
            transceiver._mid = transceiver._stable_mid
        sender._transport = sender._stable_transport
        receiver._transport = receiver._stable_transport
        receiver._codecs = receiver._stable_codecs
        if remote_offer:
            msids = [stream.id for stream in receiver._stable_streams]
            direction = transceiver._current_direction or "inactive"
            process_remote_tracks(connection, transceiver, direction, msids, news)
            if transceiver._by_remote is pending and not transceiver._added_by_track:
                transceiver._stop()
                connection._transceivers.remove(transceiver)
    bundle = connection._bundle
    if bundle is not None:
        if connection._stable_bundle is None:
            connection._discard_bundle()
        else:
            bundle.ice._roll_back()
            restore_remote(connection)
            if connection._stable_sctp is None:
                bundle.end_data()
    connection._pending_local = connection._pending_remote = None
    connection._signaling_state = RTCSignalingState.STABLE


# --- the end ---------------------------------------------------------------------------------------------------------


def _drop_rejected(connection: RTCPeerConnection) -> None:
    local, remote = connection._current_local, connection._current_remote
    for transceiver in list(connection._transceivers):
        if not transceiver._stopped or transceiver._mid is None:
            continue
        found = [record.find(transceiver._mid) for record in (local, remote) if record is not None]
        if any(one is not None and one[1].rejected for one in found):
            connection._transceivers.remove(transceiver)


def _finish(connection: RTCPeerConnection, state_before: RTCSignalingState, news: News) -> None:
    """4.12-4.19. Media go on, and everybody is told."""
    if connection._signaling_state is RTCSignalingState.STABLE:
        for transceiver in connection._transceivers:
            connection._media_changed(transceiver)
        connection._negotiation_needed = False
        connection._update_negotiation_needed()
    elif connection._signaling_state in {RTCSignalingState.HAVE_LOCAL_PRANSWER, RTCSignalingState.HAVE_REMOTE_PRANSWER}:
        for transceiver in connection._transceivers:
            connection._media_changed(transceiver)
    if connection._signaling_state is not state_before:
        fire_event(connection, "signalingstatechange")
    connection._news.states_changed()
    news.tell(connection)
