"""Candidates of the peer: given by the program, or in its descriptions.

Not for: ours, which ``transport/`` finds.

https://w3c.github.io/webrtc-pc/#dom-peerconnection-addicecandidate
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediastreams._rules.candidate_lines import read_candidate
from mediastreams.errors import InvalidStateError, OperationError
from mediastreams.webrtc.ice_candidate import RTCIceCandidate
from mediastreams.webrtc.negotiation.ways import remote_lead

if TYPE_CHECKING:
    from mediastreams._rules.sdp_values import Section
    from mediastreams.webrtc.negotiation.records import Record
    from mediastreams.webrtc.peer_connection import RTCPeerConnection

__all__ = ["add_candidate", "take_remote_candidate"]


def add_candidate(connection: RTCPeerConnection, init: Mapping[str, Any], where: str) -> None:
    """The steps of `add_ice_candidate` in the operations chain."""
    # 4.1. There must be a description.
    record = connection._pending_remote or connection._current_remote
    if record is None:
        raise InvalidStateError(f"{where}: set_remote_description() comes first")
    sections = list(enumerate(record.parsed.sections))
    mid, index = init["sdp_mid"], init["sdp_m_line_index"]
    # 4.2-4.3. The section.
    if mid is not None:
        sections = [(number, one) for number, one in sections if one.mid == mid]
        if not sections:
            raise OperationError(f"{where}: no section has the mid {mid[:30]!r}")
    elif index is not None:
        if index >= len(sections):
            raise OperationError(f"{where}: there is no section {index}")
        sections = [sections[index]]
    # 4.4. Of a stopped transceiver: nothing.
    sections = [one for one in sections if not _section_is_stopped(connection, one[1])]
    # 4.5. The generation.
    text: str = init["candidate"]
    line = read_candidate(text) if text else None
    ufrag = init["username_fragment"]
    if ufrag is None and line is not None:
        ufrag = line.ufrag
    if ufrag is not None and sections:
        known = {
            one.ufrag
            for applied in (connection._pending_remote, connection._current_remote)
            if applied is not None
            for one in applied.parsed.sections
        }
        if ufrag not in known:
            raise OperationError(f"{where}: no description of the peer has the ufrag {ufrag[:30]!r}")
    # 4.6-4.7. What it says.
    if text and line is None:
        raise OperationError(f"{where}: {text[:60]!r} is no candidate")
    for number, section in sections:
        take_remote_candidate(connection, text or None, section, number, ufrag)
        added = f"a={text.removeprefix('a=')}" if text else "a=end-of-candidates"
        for applied in (connection._pending_remote, connection._current_remote):
            if applied is not None and _is_of_generation(applied, number, ufrag or section.ufrag):
                applied.add_line(number, added)


def _is_of_generation(record: Record, number: int, ufrag: str) -> bool:
    sections = record.parsed.sections
    return number < len(sections) and sections[number].ufrag == ufrag


def _section_is_stopped(connection: RTCPeerConnection, section: Section) -> bool:
    transceiver = connection._by_mid(section.mid)
    return section.rejected or (transceiver is not None and transceiver._stopped)


def take_remote_candidate(
    connection: RTCPeerConnection, text: str | None, section: Section, index: int, ufrag: str | None = None
) -> None:
    """Hand a candidate to the transport of its generation; ``None``: there are no more."""
    lead = remote_lead(connection)
    generation = ufrag or section.ufrag or ("" if lead is None else lead.ufrag)
    candidate = None
    if text is not None:
        candidate = RTCIceCandidate(
            candidate=text, sdp_mid=section.mid, sdp_m_line_index=index, username_fragment=generation
        )
    elif lead is None or section.mid != lead.mid:
        return  # the end of candidates that nobody uses
    connection._need_bundle().ice._add_remote_candidate(generation, candidate)
