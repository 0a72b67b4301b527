"""What can be sent and received, as the standard's dictionaries; and whether two codecs are the same.

https://w3c.github.io/webrtc-pc/#dom-rtcrtpsender-getcapabilities
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mediastreams._webidl.conversions import dom_string
from mediastreams.webrtc.codecs import HEADER_EXTENSIONS, compatible, receive_codecs, send_codecs
from mediastreams.webrtc.dictionaries import (
    RTCRtpCapabilities,
    RTCRtpCodec,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionCapability,
)
from mediastreams.webrtc.extra import need_extra
from mediastreams.webrtc.negotiation.formats import fmtp_of, formats_of, parameters_of
from mediastreams.webrtc.plans import Codec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mediastreams._rules.values import Kind

__all__ = ["all_codecs", "capabilities", "codec_parameters", "matching"]


def all_codecs(kind: Kind) -> tuple[Codec, ...]:
    """What can be sent or received, or both."""
    sending = send_codecs(kind)
    return (*sending, *(one for one in receive_codecs(kind) if one not in sending))


def capabilities(kind: str, *, sending: bool) -> RTCRtpCapabilities | None:
    """List what can be sent, or received; ``None`` for another kind than sound and pictures."""
    name = dom_string(kind, "get_capabilities: kind")
    if name not in {"audio", "video"}:
        return None
    need_extra()
    known = cast("Kind", name)
    codecs = send_codecs(known) if sending else receive_codecs(known)
    found = [
        RTCRtpCodec(
            mime_type=one.mime_type,
            clock_rate=one.clock_rate,
            channels=one.channels,
            sdp_fmtp_line=fmtp_of(one.parameters) or None,
        )
        for one in codecs
    ]
    if any(one.rtx is not None for one in codecs):
        found.append(RTCRtpCodec(mime_type=f"{name}/rtx", clock_rate=90_000))
    return RTCRtpCapabilities(
        codecs=tuple(found),
        header_extensions=tuple(RTCRtpHeaderExtensionCapability(uri=uri) for uri, _ in HEADER_EXTENSIONS[known]),
    )


def codec_parameters(codecs: Sequence[Codec]) -> list[RTCRtpCodecParameters]:
    """The negotiated codecs."""
    kind = codecs[0].kind if codecs else "audio"
    return [
        RTCRtpCodecParameters(
            mime_type=f"{kind}/{one.name}",
            clock_rate=one.clock_rate,
            channels=one.channels,
            sdp_fmtp_line=one.fmtp or None,
            payload_type=one.payload_type,
        )
        for one in formats_of(codecs)
    ]


def matching(wanted: Mapping[str, Any], codec: Codec) -> bool:
    """*The codec dictionary match algorithm*; parameters in any order.

    https://w3c.github.io/webrtc-pc/#dfn-codec-dictionary-match
    """
    if (
        wanted["mime_type"].lower() != codec.mime_type.lower()
        or wanted["clock_rate"] != codec.clock_rate
        or (wanted.get("channels") or 1) != (codec.channels or 1)
    ):
        return False
    line = wanted.get("sdp_fmtp_line")
    if line is None:
        return True
    other = Codec(codec.mime_type, codec.clock_rate, 0, codec.channels, parameters_of(line))
    return compatible(other, codec)
