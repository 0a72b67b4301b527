"""Whether a description of the peer can be set: read, and compared with what there is. Nothing changes here.

Rules of the file: text that is no description is an `RTCError` with the line, content that makes no sense an
`InvalidAccessError`, what is fine but cannot be done here an `OperationError`.

https://w3c.github.io/webrtc-pc/#set-description · https://www.rfc-editor.org/rfc/rfc9429#section-5.8.3
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mediastreams._rules.bundles import bundle_mids
from mediastreams._rules.sdp_reading import SdpError, read_description
from mediastreams.errors import InvalidAccessError, OperationError
from mediastreams.webrtc.enums import RTCSdpType
from mediastreams.webrtc.rtc_error import RTCError

if TYPE_CHECKING:
    from mediastreams._rules.sdp_values import Description, Section
    from mediastreams.webrtc.negotiation.records import Record
    from mediastreams.webrtc.peer_connection import RTCPeerConnection

__all__ = ["read_remote"]


def read_remote(connection: RTCPeerConnection, kind: RTCSdpType, text: str) -> Description:
    """Read and check a description of the peer.

    Raises:
        RTCError: no SDP.
        InvalidAccessError: it contradicts itself, or what was said before.
        OperationError: an answer that does not bundle.
    """
    try:
        description = read_description(text)
    except SdpError as error:
        raise RTCError({"error_detail": "sdp-syntax-error", "sdp_line_number": error.line}, str(error)) from None
    offer = connection._pending_local if kind is not RTCSdpType.OFFER else None
    description = _with_mids(description, offer)
    _check_mids(description)
    if kind is RTCSdpType.OFFER:
        _check_offer(connection, description)
    else:
        assert connection._pending_local is not None  # the table of states has seen to it
        _check_answer(connection._pending_local, description, final=kind is RTCSdpType.ANSWER)
    bundle = bundle_mids(description)
    for section in description.sections:
        if section.mid in bundle and not section.rejected:
            _check_transport(section, kind)
    return description


def _with_mids(description: Description, offer: Record | None) -> Description:
    """Where there are no mids and no group needs them: those of the offer, or new ones.

    https://www.rfc-editor.org/rfc/rfc9429#section-5.10
    """
    if all(section.mid for section in description.sections):
        return description
    if description.bundles:
        raise InvalidAccessError("a description with a BUNDLE group needs a=mid in every section")
    known = {} if offer is None else {index: one.mid for index, one in enumerate(offer.parsed.sections)}
    return replace(
        description,
        sections=tuple(
            section if section.mid else replace(section, mid=known.get(index, f"_{index}"))
            for index, section in enumerate(description.sections)
        ),
    )


def _check_mids(description: Description) -> None:
    mids = [section.mid for section in description.sections]
    if len(set(mids)) != len(mids):
        raise InvalidAccessError("two sections have the same mid")
    grouped = [mid for group in description.bundles for mid in group]
    if len(set(grouped)) != len(grouped):
        raise InvalidAccessError("a mid is in two BUNDLE groups, or twice in one")
    missing = next((mid for mid in grouped if mid not in mids), None)
    if missing is not None:
        raise InvalidAccessError(f"the BUNDLE group names {missing[:30]!r}, which is no section's mid")


def _check_transport(section: Section, kind: RTCSdpType) -> None:
    where = f"section {section.mid!r}"
    if section.is_rtp and not section.rtcp_mux:
        raise InvalidAccessError(f"{where} has no a=rtcp-mux; RTCP on a port of its own is not done any more")
    if not section.bundle_only or section.ufrag:
        if not section.ufrag or not section.password:
            raise InvalidAccessError(f"{where} has no a=ice-ufrag and a=ice-pwd")
        if not section.fingerprints:
            raise InvalidAccessError(f"{where} has no a=fingerprint: media are always encrypted here")
        if kind is not RTCSdpType.OFFER and section.setup == "actpass":
            raise InvalidAccessError(f"{where}: an answer says a=setup:active or passive")


def _check_offer(connection: RTCPeerConnection, description: Description) -> None:
    """A further offer keeps the sections there are, in place."""
    remote = connection._current_remote
    if remote is None:
        return
    before = remote.parsed.sections
    if len(description.sections) < len(before):
        raise InvalidAccessError(f"a further offer has no fewer sections than the {len(before)} there are")
    local = connection._current_local
    for index, (old, new) in enumerate(zip(before, description.sections, strict=False)):
        recycled = old.rejected or (local is not None and local.parsed.sections[index].rejected)
        if not recycled and (old.mid != new.mid or old.kind != new.kind):
            raise InvalidAccessError(f"section {index} was {old.kind} {old.mid!r}, is {new.kind} {new.mid!r}")


def _check_answer(offer: Record, description: Description, *, final: bool) -> None:
    """An answer has the offer's sections, in order, and takes no more than was offered."""
    offered, bundle = offer.parsed.sections, bundle_mids(description)
    if len(offered) != len(description.sections):
        raise InvalidAccessError(f"the offer has {len(offered)} sections, the answer {len(description.sections)}")
    for mine, theirs in zip(offered, description.sections, strict=True):
        if theirs.kind != mine.kind or theirs.mid != mine.mid:
            raise InvalidAccessError(
                f"the answer has {theirs.kind} {theirs.mid!r} where the offer has {mine.kind} {mine.mid!r}"
            )
        if theirs.rejected:
            continue
        if mine.rejected and final:
            raise InvalidAccessError(f"section {mine.mid!r} is not offered, but accepted")
        if theirs.mid not in bundle:
            raise OperationError(f"the peer wants a transport of its own for {theirs.mid!r}: all media share one here")
