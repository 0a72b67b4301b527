"""The dictionaries of WebRTC that are given out, some of them to be changed and given back.

Not for: what only goes in (beside who takes it).

Rules of the file: what is made to be changed and given back is a `GivenBack`; its members can be set, as attributes and
as keys. All others are frozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from mediastreams._webidl.conversions import (
    boolean,
    dom_string,
    double,
    enumeration,
    sequence_of,
    union,
    unsigned_long,
    unsigned_short,
    usv_string,
)
from mediastreams._webidl.dictionaries import Dictionary, Member, Schema
from mediastreams._webidl.interfaces import public
from mediastreams.webrtc.enums import (
    RTCBundlePolicy,
    RTCDegradationPreference,
    RTCIceTransportPolicy,
    RTCRtcpMuxPolicy,
    RTCSdpType,
)

__all__ = [
    "CODEC",
    "ENCODING",
    "ICE_SERVER",
    "SEND_PARAMETERS",
    "GivenBack",
    "RTCConfiguration",
    "RTCDtlsFingerprint",
    "RTCIceCandidateInit",
    "RTCIceParameters",
    "RTCIceServer",
    "RTCRtcpParameters",
    "RTCRtpCapabilities",
    "RTCRtpCodec",
    "RTCRtpCodecParameters",
    "RTCRtpCodingParameters",
    "RTCRtpContributingSource",
    "RTCRtpEncodingParameters",
    "RTCRtpHeaderExtensionCapability",
    "RTCRtpHeaderExtensionParameters",
    "RTCRtpParameters",
    "RTCRtpReceiveParameters",
    "RTCRtpSendParameters",
    "RTCRtpSynchronizationSource",
    "RTCSessionDescriptionInit",
]

_Given: TypeAlias = Mapping[str, Any]


class GivenBack(Dictionary):
    """A dictionary that the program may change: ``parameters.encodings[0].max_bitrate = 500_000``."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # it changes

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self.__dataclass_fields__:
            raise KeyError(name)
        setattr(self, name, value)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        setattr(self, name, None)


# --- configuration ---------------------------------------------------------------------------------------------------


@public
@dataclass(slots=True, kw_only=True, repr=False, eq=False)
class RTCIceServer(GivenBack):
    """A STUN or TURN server: ``urls`` is one or several of ``stun:``, ``turn:``, ``turns:``.

    https://w3c.github.io/webrtc-pc/#rtciceserver-dictionary
    """

    urls: str | Sequence[str]
    username: str | None = None
    credential: str | None = None


@public
@dataclass(slots=True, kw_only=True, repr=False, eq=False)
class RTCConfiguration(GivenBack):
    """How a connection is made. Without ``ice_servers`` no server is asked for anything.

    DEVIATION: ``bundle_policy``: all media always share one transport, as with ``"max-bundle"``.
    DEVIATION: ``ice_candidate_pool_size``: nothing is gathered before it is needed.

    https://w3c.github.io/webrtc-pc/#rtcconfiguration-dictionary
    """

    ice_servers: Sequence[RTCIceServer | _Given] | None = None
    ice_transport_policy: RTCIceTransportPolicy | str | None = None
    bundle_policy: RTCBundlePolicy | str | None = None
    rtcp_mux_policy: RTCRtcpMuxPolicy | str | None = None
    certificates: Sequence[Any] | None = None
    ice_candidate_pool_size: int | None = 0


ICE_SERVER: Final[Schema[dict[str, Any]]] = Schema(
    "RTCIceServer",
    Member(
        "urls",
        union("a str or a sequence of str", of_string=usv_string, of_sequence=sequence_of(usv_string)),
        required=True,
    ),
    Member("username", dom_string),
    Member("credential", dom_string),
)


# --- descriptions and candidates -------------------------------------------------------------------------------------


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCSessionDescriptionInit(Dictionary):
    """A description as plain data: what `create_offer` answers, and what goes to the peer as JSON.

    https://w3c.github.io/webrtc-pc/#rtcsessiondescriptioninit
    """

    type: RTCSdpType
    sdp: str | None = None


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCIceCandidateInit(Dictionary):
    """A candidate as plain data.

    https://w3c.github.io/webrtc-pc/#dom-rtcicecandidateinit
    """

    candidate: str | None = None
    sdp_mid: str | None = None
    sdp_m_line_index: int | None = None
    username_fragment: str | None = None


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCIceParameters(Dictionary):
    """What checks on a transport are signed with.

    https://w3c.github.io/webrtc-pc/#rtciceparameters
    """

    username_fragment: str | None = None
    password: str | None = None


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCDtlsFingerprint(Dictionary):
    """The digest of a certificate.

    https://w3c.github.io/webrtc-pc/#rtcdtlsfingerprint
    """

    algorithm: str | None = None
    value: str | None = None


# --- codecs and parameters -------------------------------------------------------------------------------------------


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpCodec(Dictionary):
    """A codec; ``clock_rate`` in hertz.

    https://w3c.github.io/webrtc-pc/#rtcrtpcodec
    """

    mime_type: str
    clock_rate: int
    channels: int | None = None
    sdp_fmtp_line: str | None = None


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpCodecParameters(RTCRtpCodec):
    """A codec as negotiated.

    https://w3c.github.io/webrtc-pc/#rtcrtpcodecparameters
    """

    payload_type: int


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpHeaderExtensionCapability(Dictionary):
    """A header extension that is understood.

    https://w3c.github.io/webrtc-pc/#rtcrtpheaderextensioncapability
    """

    uri: str


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpCapabilities(Dictionary):
    """What can be sent, or received.

    https://w3c.github.io/webrtc-pc/#rtcrtpcapabilities
    """

    codecs: tuple[RTCRtpCodec, ...]
    header_extensions: tuple[RTCRtpHeaderExtensionCapability, ...]


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpHeaderExtensionParameters(Dictionary):
    """A header extension as negotiated.

    https://w3c.github.io/webrtc-pc/#rtcrtpheaderextensionparameters
    """

    uri: str
    id: int
    encrypted: bool | None = None


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCRtcpParameters(Dictionary):
    """How reports are sent.

    https://w3c.github.io/webrtc-pc/#rtcrtcpparameters
    """

    cname: str | None = None
    reduced_size: bool | None = None


@public
@dataclass(slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpCodingParameters(GivenBack):
    """The name of an encoding.

    https://w3c.github.io/webrtc-pc/#rtcrtpcodingparameters
    """

    rid: str | None = None


@public
@dataclass(slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpEncodingParameters(RTCRtpCodingParameters):
    """How a track is encoded; ``max_bitrate`` in bit/s, ``max_framerate`` in frames per second.

    https://w3c.github.io/webrtc-pc/#rtcrtpencodingparameters
    """

    active: bool | None = None
    codec: RTCRtpCodec | _Given | None = None
    max_bitrate: int | None = None
    max_framerate: float | None = None
    scale_resolution_down_by: float | None = None


@public
@dataclass(slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpParameters(GivenBack):
    """What was negotiated.

    https://w3c.github.io/webrtc-pc/#rtcrtpparameters
    """

    header_extensions: list[RTCRtpHeaderExtensionParameters]
    rtcp: RTCRtcpParameters
    codecs: list[RTCRtpCodecParameters]


@public
@dataclass(slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpSendParameters(RTCRtpParameters):
    """How a sender sends. Change ``encodings`` or ``degradation_preference`` and give it to `set_parameters`.

    https://w3c.github.io/webrtc-pc/#rtcrtpsendparameters,
    https://w3c.github.io/mst-content-hint/#dom-rtcrtpsendparameters-degradationpreference
    """

    transaction_id: str
    encodings: list[RTCRtpEncodingParameters]
    degradation_preference: RTCDegradationPreference | str | None = None


@public
@dataclass(slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpReceiveParameters(RTCRtpParameters):
    """What a receiver may be sent.

    https://w3c.github.io/webrtc-pc/#rtcrtpreceiveparameters
    """


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpContributingSource(Dictionary):
    """Who was heard lately; ``timestamp`` in milliseconds.

    https://w3c.github.io/webrtc-pc/#rtcrtpcontributingsource
    """

    timestamp: float
    source: int
    audio_level: float | None = None
    rtp_timestamp: int


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RTCRtpSynchronizationSource(RTCRtpContributingSource):
    """Who sends.

    https://w3c.github.io/webrtc-pc/#rtcrtpsynchronizationsource
    """


CODEC: Final[Schema[dict[str, Any]]] = Schema(
    "RTCRtpCodec",
    Member("mime_type", dom_string, required=True),
    Member("clock_rate", unsigned_long, required=True),
    Member("channels", unsigned_short),
    Member("sdp_fmtp_line", dom_string),
)
_CODEC_PARAMETERS: Final[Schema[dict[str, Any]]] = Schema(
    "RTCRtpCodecParameters", Member("payload_type", unsigned_short, required=True), inherits=CODEC
)
ENCODING: Final[Schema[dict[str, Any]]] = Schema(
    "RTCRtpEncodingParameters",
    Member("rid", dom_string),
    Member("active", boolean, default=True),
    Member("codec", CODEC),
    Member("max_bitrate", unsigned_long),
    Member("max_framerate", double),
    Member("scale_resolution_down_by", double),
)
_HEADER_EXTENSION: Final[Schema[dict[str, Any]]] = Schema(
    "RTCRtpHeaderExtensionParameters",
    Member("uri", dom_string, required=True),
    Member("id", unsigned_short, required=True),
    Member("encrypted", boolean, default=False),
)
_RTCP: Final[Schema[dict[str, Any]]] = Schema(
    "RTCRtcpParameters", Member("cname", dom_string), Member("reduced_size", boolean)
)
SEND_PARAMETERS: Final[Schema[dict[str, Any]]] = Schema(
    "RTCRtpSendParameters",
    Member("header_extensions", sequence_of(_HEADER_EXTENSION), required=True),
    Member("rtcp", _RTCP, required=True),
    Member("codecs", sequence_of(_CODEC_PARAMETERS), required=True),
    Member("transaction_id", dom_string, required=True),
    Member("encodings", sequence_of(ENCODING), required=True),
    Member("degradation_preference", enumeration(RTCDegradationPreference)),
)
SDP_TYPE: Final = enumeration(RTCSdpType)
