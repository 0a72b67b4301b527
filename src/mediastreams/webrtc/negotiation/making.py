"""*Create an offer* and *create an answer*: what this side wants, or makes of the peer's offer, as a description.

Not for: setting it (``setting.py``).

Rules of the file: nothing changes but the numbers that were given out. All media share one transport (BUNDLE); what
cannot join it is rejected.

https://www.rfc-editor.org/rfc/rfc9429#section-5.2 · https://www.rfc-editor.org/rfc/rfc9429#section-5.3
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mediastreams._rules.bundles import bundle_mids, lead_of
from mediastreams._rules.directions import answered, receives, sends
from mediastreams._rules.sdp_values import Description, Extension, RtpDirection, Section, Ssrc
from mediastreams._rules.sdp_writing import write_description
from mediastreams.errors import InvalidStateError
from mediastreams.webrtc.codecs import HEADER_EXTENSIONS, compatible, receive_codecs, send_codecs
from mediastreams.webrtc.enums import RTCSdpType
from mediastreams.webrtc.negotiation.formats import agreed_codecs, codecs_of, formats_of
from mediastreams.webrtc.negotiation.records import Record
from mediastreams.webrtc.negotiation.ways import credentials_for, known_candidates
from mediastreams.webrtc.sctp_transport import LARGEST_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.plans import Codec
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver

__all__ = ["make_answer", "make_offer", "usable_codecs"]

_RTP: Final = "UDP/TLS/RTP/SAVPF"
_DATA: Final = "UDP/DTLS/SCTP"
_DATA_FORMAT: Final = ("webrtc-datachannel",)
_RTP_PROTOCOLS: Final = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF", "RTP/SAVPF"})


def usable_codecs(transceiver: RTCRtpTransceiver, direction: str) -> tuple[Codec, ...]:
    """What a transceiver offers or accepts in a direction: by its preferences, else by ours."""
    kind = transceiver._kind
    sending, receiving = send_codecs(kind), receive_codecs(kind)
    if sends(direction) and receives(direction):
        usable = tuple(one for one in receiving if any(compatible(one, other) for other in sending))
    else:
        usable = sending if sends(direction) else receiving
    preferred = transceiver._preferred_codecs
    if preferred:
        chosen = tuple(one for one in preferred if any(compatible(one, other) for other in usable))
        return chosen or usable
    return usable


def make_offer(connection: RTCPeerConnection, *, ice_restart: bool) -> Record:
    """Make an offer of what there is: sections stay where they are, rejected ones are used again.

    https://w3c.github.io/webrtc-pc/#dfn-create-an-offer
    """
    sections: list[Section] = []
    assigned: dict[str, RTCRtpTransceiver] = {}

    def add(transceiver: RTCRtpTransceiver) -> None:
        mid = transceiver._mid
        if mid is None:
            mid = _new_mid(mids)
            assigned[mid] = transceiver
        sections.append(_offered_section(connection, transceiver, mid))

    waiting = [one for one in connection._transceivers if one._mid is None and not one._stopping]
    local, remote = connection._current_local, connection._current_remote
    known = () if local is None or remote is None else zip(local.parsed.sections, remote.parsed.sections, strict=False)
    mids = {section.mid for section in (() if local is None else local.parsed.sections)}
    wants_data = connection._data.wanted
    data_offered = False
    for mine, theirs in known:
        transceiver = connection._by_mid(mine.mid)
        free = mine.rejected or theirs.rejected
        if mine.is_data and not free:
            sections.append(_data_section(mine.mid))
            data_offered = True
        elif transceiver is not None and not free and not transceiver._stopping:
            add(transceiver)
        elif free and waiting:
            add(waiting.pop(0))
        else:
            sections.append(_rejected(mine))
    for transceiver in waiting:
        add(transceiver)
    if wants_data and not data_offered:
        sections.append(_data_section(_new_mid(mids)))
    return _finish(connection, RTCSdpType.OFFER, sections, setup="actpass", restart=ice_restart, assigned=assigned)


def make_answer(connection: RTCPeerConnection) -> Record:
    """Make an answer to the peer's offer.

    Raises:
        InvalidStateError: there is none.

    https://w3c.github.io/webrtc-pc/#dfn-create-an-answer
    """
    offer = connection._pending_remote
    if offer is None:
        raise InvalidStateError("create_answer: there is no offer of the peer to answer")
    bundle = bundle_mids(offer.parsed)
    sections = []
    for theirs in offer.parsed.sections:
        transceiver = connection._by_mid(theirs.mid)
        if theirs.rejected or theirs.mid not in bundle:
            sections.append(_rejected(theirs))
        elif theirs.is_data:
            sections.append(replace(_data_section(theirs.mid), protocol=theirs.protocol, format_ids=theirs.format_ids))
        elif transceiver is None or transceiver._stopping or theirs.protocol not in _RTP_PROTOCOLS:
            sections.append(_rejected(theirs))
        else:
            sections.append(_answered_section(transceiver, theirs))
    lead = lead_of(offer.parsed)
    setup = _answered_setup(connection, "actpass" if lead is None else lead.setup)
    return _finish(connection, RTCSdpType.ANSWER, sections, setup=setup, restart=False)


# --- sections --------------------------------------------------------------------------------------------------------


def _new_mid(mids: set[str]) -> str:
    number = 0
    while str(number) in mids:
        number += 1
    mids.add(str(number))
    return str(number)


def _data_section(mid: str) -> Section:
    return Section(
        kind="application",
        protocol=_DATA,
        format_ids=_DATA_FORMAT,
        mid=mid,
        sctp_port=5000,
        max_message_size=LARGEST_MESSAGE,
    )


def _rejected(section: Section) -> Section:
    return Section(
        kind=section.kind,
        port=0,
        protocol=section.protocol,
        format_ids=section.format_ids,
        mid=section.mid,
        direction="inactive",
    )


def _offered_section(connection: RTCPeerConnection, transceiver: RTCRtpTransceiver, mid: str) -> Section:
    direction = transceiver._rtp_direction
    codecs = connection._numbers.number(usable_codecs(transceiver, direction))
    return _rtp_section(transceiver, mid, direction, codecs, connection._numbers.extensions(transceiver._kind))


def _answered_section(transceiver: RTCRtpTransceiver, theirs: Section) -> Section:
    direction = answered(transceiver._rtp_direction, theirs.direction)
    codecs = agreed_codecs(
        codecs_of(theirs),
        usable_codecs(transceiver, direction),
        ours_first=bool(transceiver._preferred_codecs),
    )
    if not codecs:
        return _rejected(theirs)
    ours = {uri for uri, _ in HEADER_EXTENSIONS[transceiver._kind]}
    extensions = tuple({one.uri: one for one in theirs.extensions if one.uri in ours}.values())
    section = _rtp_section(transceiver, theirs.mid, direction, codecs, extensions)
    return replace(section, protocol=theirs.protocol, rtcp_rsize=theirs.rtcp_rsize)


def _rtp_section(
    transceiver: RTCRtpTransceiver,
    mid: str,
    direction: RtpDirection,
    codecs: Sequence[Codec],
    extensions: tuple[Extension, ...],
) -> Section:
    sender = transceiver._sender
    formats = formats_of(codecs)
    msids: tuple[tuple[str, str], ...] = ()
    ssrcs: tuple[Ssrc, ...] = ()
    groups: tuple[tuple[str, tuple[int, ...]], ...] = ()
    if sends(direction):
        outlet, cname = sender._outlet, sender._connection._cname
        msids = tuple((stream, sender._track_id) for stream in sender._stream_ids or ("-",))
        msid = " ".join(msids[0])
        ssrcs = (Ssrc(outlet.ssrc, cname, msid),)
        if any(codec.rtx is not None for codec in codecs):
            ssrcs = (*ssrcs, Ssrc(outlet.rtx_ssrc, cname, msid))
            groups = (("FID", (outlet.ssrc, outlet.rtx_ssrc)),)
    return Section(
        kind=transceiver._kind,
        protocol=_RTP,
        format_ids=tuple(str(one.payload_type) for one in formats),
        mid=mid,
        direction=direction,
        formats=formats,
        extensions=extensions,
        msids=msids,
        ssrcs=ssrcs,
        ssrc_groups=groups,
        rtcp_mux=True,
        rtcp_rsize=True,
    )


def _answered_setup(connection: RTCPeerConnection, offered: str) -> str:
    """Who begins the handshake: as it is, else we do where we may.

    https://www.rfc-editor.org/rfc/rfc8842#section-5.3
    """
    role = "" if connection._bundle is None else connection._bundle.role
    if role:
        return "active" if role == "client" else "passive"
    return "passive" if offered == "active" else "active"


def _finish(
    connection: RTCPeerConnection,
    kind: RTCSdpType,
    sections: list[Section],
    *,
    setup: str,
    restart: bool,
    assigned: Mapping[str, RTCRtpTransceiver] | None = None,
) -> Record:
    """Put in what all sections share: the group, ICE, DTLS; the candidates that are known stand in the first."""
    username, password = credentials_for(connection, kind, restart=restart)
    fingerprints = tuple(
        (one.algorithm or "", (one.value or "").upper())
        for one in connection._certificate.get_fingerprints()
        if one.algorithm == "sha-256"
    )
    candidates, complete = known_candidates(connection, username)
    finished: list[Section] = []
    group: list[str] = []
    for section in sections:
        if section.rejected:
            finished.append(section)
            continue
        first = not group
        group.append(section.mid)
        finished.append(
            replace(
                section,
                ufrag=username,
                password=password,
                ice_options=("trickle",),
                fingerprints=fingerprints,
                setup=setup,
                candidates=candidates if first else (),
                end_of_candidates=complete and first,
            )
        )
    connection._sdp_version += 1
    description = Description(
        session_id=connection._session_id,
        version=connection._sdp_version,
        bundles=(tuple(group),) if group else (),
        sections=tuple(finished),
    )
    return Record(kind, write_description(description), description, assigned)
