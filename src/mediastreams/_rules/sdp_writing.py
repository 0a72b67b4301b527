"""Write a session description as text.

Not for: what stands in it.

https://www.rfc-editor.org/rfc/rfc9429#section-5.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mediastreams._rules.sdp_values import Description, Format, Section

__all__ = ["write_description"]


def write_description(description: Description) -> str:
    """Write it, with CR LF at the end of each line."""
    return "".join(f"{line}\r\n" for line in _lines(description))


def _lines(description: Description) -> Iterator[str]:
    yield "v=0"
    yield f"o=- {description.session_id} {description.version} IN IP4 127.0.0.1"
    yield "s=-"
    yield "t=0 0"
    for bundle in description.bundles:
        yield f"a=group:BUNDLE {' '.join(bundle)}".rstrip()
    if description.ice_lite:
        yield "a=ice-lite"
    yield "a=extmap-allow-mixed"
    yield "a=msid-semantic: WMS *"
    for section in description.sections:
        yield from _section_lines(section)


def _section_lines(section: Section) -> Iterator[str]:
    yield f"m={section.kind} {section.port} {section.protocol} {' '.join(section.format_ids)}"
    yield "c=IN IP4 0.0.0.0"
    if section.is_rtp and not section.rejected:
        yield "a=rtcp:9 IN IP4 0.0.0.0"
    for candidate in section.candidates:
        yield f"a=candidate:{candidate}"
    if section.end_of_candidates:
        yield "a=end-of-candidates"
    if section.ufrag:
        yield f"a=ice-ufrag:{section.ufrag}"
    if section.password:
        yield f"a=ice-pwd:{section.password}"
    if section.ice_options:
        yield f"a=ice-options:{' '.join(section.ice_options)}"
    for algorithm, digest in section.fingerprints:
        yield f"a=fingerprint:{algorithm} {digest}"
    if section.setup:
        yield f"a=setup:{section.setup}"
    if section.mid:
        yield f"a=mid:{section.mid}"
    if section.bundle_only:
        yield "a=bundle-only"
    if section.is_rtp:
        yield from _rtp_lines(section)
    if section.sctp_port is not None:
        yield f"a=sctp-port:{section.sctp_port}"
    if section.max_message_size is not None:
        yield f"a=max-message-size:{section.max_message_size}"


def _rtp_lines(section: Section) -> Iterator[str]:
    for extension in section.extensions:
        yield f"a=extmap:{extension.id} {extension.uri}"
    yield f"a={section.direction}"
    for stream, track in section.msids:
        yield f"a=msid:{stream} {track}".rstrip()
    if section.rtcp_mux:
        yield "a=rtcp-mux"
    if section.rtcp_rsize:
        yield "a=rtcp-rsize"
    for one in section.formats:
        yield from _format_lines(one, audio=section.kind == "audio")
    for semantics, numbers in section.ssrc_groups:
        yield f"a=ssrc-group:{semantics} {' '.join(map(str, numbers))}"
    for source in section.ssrcs:
        yield f"a=ssrc:{source.ssrc} cname:{source.cname}"
        if source.msid:
            yield f"a=ssrc:{source.ssrc} msid:{source.msid}"


def _format_lines(one: Format, *, audio: bool) -> Iterator[str]:
    channels = f"/{one.channels}" if audio and one.channels is not None and one.channels > 1 else ""
    yield f"a=rtpmap:{one.payload_type} {one.name}/{one.clock_rate}{channels}"
    for feedback in one.feedback:
        yield f"a=rtcp-fb:{one.payload_type} {feedback}"
    if one.fmtp:
        yield f"a=fmtp:{one.payload_type} {one.fmtp}"
