"""The enumerations of WebRTC."""

from __future__ import annotations

from enum import StrEnum

from mediastreams._webidl.interfaces import public

__all__ = [
    "BinaryType",
    "RTCBundlePolicy",
    "RTCDataChannelState",
    "RTCDegradationPreference",
    "RTCDtlsTransportState",
    "RTCErrorDetailType",
    "RTCIceCandidateType",
    "RTCIceComponent",
    "RTCIceConnectionState",
    "RTCIceGathererState",
    "RTCIceGatheringState",
    "RTCIceProtocol",
    "RTCIceRole",
    "RTCIceServerTransportProtocol",
    "RTCIceTcpCandidateType",
    "RTCIceTransportPolicy",
    "RTCIceTransportState",
    "RTCPeerConnectionState",
    "RTCRtcpMuxPolicy",
    "RTCRtpTransceiverDirection",
    "RTCSctpTransportState",
    "RTCSdpType",
    "RTCSignalingState",
]


@public
class RTCIceTransportPolicy(StrEnum):
    """Which candidates may be used.

    https://w3c.github.io/webrtc-pc/#rtcicetransportpolicy-enum
    """

    RELAY = "relay"
    ALL = "all"


@public
class RTCBundlePolicy(StrEnum):
    """How media share transports.

    https://w3c.github.io/webrtc-pc/#rtcbundlepolicy-enum
    """

    BALANCED = "balanced"
    MAX_COMPAT = "max-compat"
    MAX_BUNDLE = "max-bundle"


@public
class RTCRtcpMuxPolicy(StrEnum):
    """RTCP goes the way of RTP.

    https://w3c.github.io/webrtc-pc/#rtcrtcpmuxpolicy-enum
    """

    REQUIRE = "require"


@public
class RTCSignalingState(StrEnum):
    """Where offer and answer stand.

    https://w3c.github.io/webrtc-pc/#rtcsignalingstate-enum
    """

    STABLE = "stable"
    HAVE_LOCAL_OFFER = "have-local-offer"
    HAVE_REMOTE_OFFER = "have-remote-offer"
    HAVE_LOCAL_PRANSWER = "have-local-pranswer"
    HAVE_REMOTE_PRANSWER = "have-remote-pranswer"
    CLOSED = "closed"


@public
class RTCIceGatheringState(StrEnum):
    """How far the gathering of candidates is.

    https://w3c.github.io/webrtc-pc/#rtcicegatheringstate-enum
    """

    NEW = "new"
    GATHERING = "gathering"
    COMPLETE = "complete"


@public
class RTCPeerConnectionState(StrEnum):
    """How a connection is as a whole.

    https://w3c.github.io/webrtc-pc/#rtcpeerconnectionstate-enum
    """

    CLOSED = "closed"
    FAILED = "failed"
    DISCONNECTED = "disconnected"
    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"


@public
class RTCIceConnectionState(StrEnum):
    """How the way to the peer is.

    https://w3c.github.io/webrtc-pc/#rtciceconnectionstate-enum
    """

    CLOSED = "closed"
    FAILED = "failed"
    DISCONNECTED = "disconnected"
    NEW = "new"
    CHECKING = "checking"
    COMPLETED = "completed"
    CONNECTED = "connected"


@public
class RTCSdpType(StrEnum):
    """What a description is for.

    https://w3c.github.io/webrtc-pc/#rtcsdptype
    """

    OFFER = "offer"
    PRANSWER = "pranswer"
    ANSWER = "answer"
    ROLLBACK = "rollback"


@public
class RTCIceProtocol(StrEnum):
    """The protocol of a candidate.

    https://w3c.github.io/webrtc-pc/#rtciceprotocol-enum
    """

    UDP = "udp"
    TCP = "tcp"


@public
class RTCIceTcpCandidateType(StrEnum):
    """Who opens the connection of a TCP candidate.

    https://w3c.github.io/webrtc-pc/#rtcicetcpcandidatetype-enum
    """

    ACTIVE = "active"
    PASSIVE = "passive"
    SO = "so"


@public
class RTCIceCandidateType(StrEnum):
    """Where a candidate comes from.

    https://w3c.github.io/webrtc-pc/#rtcicecandidatetype-enum
    """

    HOST = "host"
    SRFLX = "srflx"
    PRFLX = "prflx"
    RELAY = "relay"


@public
class RTCIceServerTransportProtocol(StrEnum):
    """How a relay is reached.

    https://w3c.github.io/webrtc-pc/#rtciceservertransportprotocol-enum
    """

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


@public
class RTCRtpTransceiverDirection(StrEnum):
    """Whether a transceiver sends, receives or both.

    https://w3c.github.io/webrtc-pc/#rtcrtptransceiverdirection
    """

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"
    STOPPED = "stopped"


@public
class RTCDtlsTransportState(StrEnum):
    """How the encryption stands.

    https://w3c.github.io/webrtc-pc/#rtcdtlstransportstate-enum
    """

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"
    FAILED = "failed"


@public
class RTCIceGathererState(StrEnum):
    """How far the gathering of one transport is.

    https://w3c.github.io/webrtc-pc/#rtcicegathererstate
    """

    NEW = "new"
    GATHERING = "gathering"
    COMPLETE = "complete"


@public
class RTCIceTransportState(StrEnum):
    """How one ICE transport is.

    https://w3c.github.io/webrtc-pc/#rtcicetransportstate
    """

    CLOSED = "closed"
    FAILED = "failed"
    DISCONNECTED = "disconnected"
    NEW = "new"
    CHECKING = "checking"
    COMPLETED = "completed"
    CONNECTED = "connected"


@public
class RTCIceRole(StrEnum):
    """Who nominates.

    https://w3c.github.io/webrtc-pc/#rtcicerole
    """

    UNKNOWN = "unknown"
    CONTROLLING = "controlling"
    CONTROLLED = "controlled"


@public
class RTCIceComponent(StrEnum):
    """RTP or RTCP.

    https://w3c.github.io/webrtc-pc/#rtcicecomponent
    """

    RTP = "rtp"
    RTCP = "rtcp"


@public
class RTCSctpTransportState(StrEnum):
    """How the association of the data channels is.

    https://w3c.github.io/webrtc-pc/#rtcsctptransportstate
    """

    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"


@public
class RTCDataChannelState(StrEnum):
    """How a data channel is.

    https://w3c.github.io/webrtc-pc/#rtcdatachannelstate
    """

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


@public
class RTCDegradationPreference(StrEnum):
    """What of pictures is kept when the link takes less than they need; bits are saved in any case.

    ``"balanced"`` gives up size first, then rate. Without a preference the track's content hint decides.

    https://w3c.github.io/mst-content-hint/#dom-rtcdegradationpreference
    """

    MAINTAIN_FRAMERATE = "maintain-framerate"
    MAINTAIN_RESOLUTION = "maintain-resolution"
    BALANCED = "balanced"
    MAINTAIN_FRAMERATE_AND_RESOLUTION = "maintain-framerate-and-resolution"


@public
class RTCErrorDetailType(StrEnum):
    """What went wrong.

    https://w3c.github.io/webrtc-pc/#rtcerrordetailtype-enum
    """

    DATA_CHANNEL_FAILURE = "data-channel-failure"
    DTLS_FAILURE = "dtls-failure"
    FINGERPRINT_FAILURE = "fingerprint-failure"
    SCTP_FAILURE = "sctp-failure"
    SDP_SYNTAX_ERROR = "sdp-syntax-error"
    HARDWARE_ENCODER_NOT_AVAILABLE = "hardware-encoder-not-available"
    HARDWARE_ENCODER_ERROR = "hardware-encoder-error"


@public
class BinaryType(StrEnum):
    """What binary messages are given as: ``"arraybuffer"`` is `bytes` here, ``"blob"`` a `Blob`.

    https://websockets.spec.whatwg.org/#binarytype
    """

    BLOB = "blob"
    ARRAYBUFFER = "arraybuffer"
