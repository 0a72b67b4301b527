"""WebRTC: streams from and to network peers (extra ``mediastreams[webrtc]``).

A name is imported when it is first used. Written by ``tools/shop_window.py``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediastreams.webrtc.aiortc_tracks import as_aiortc, from_aiortc
    from mediastreams.webrtc.data_channel import RTCDataChannel, RTCDataChannelInit
    from mediastreams.webrtc.data_channel_event import RTCDataChannelEvent, RTCDataChannelEventInit
    from mediastreams.webrtc.dictionaries import (
        RTCConfiguration,
        RTCDtlsFingerprint,
        RTCIceCandidateInit,
        RTCIceParameters,
        RTCIceServer,
        RTCRtcpParameters,
        RTCRtpCapabilities,
        RTCRtpCodec,
        RTCRtpCodecParameters,
        RTCRtpCodingParameters,
        RTCRtpContributingSource,
        RTCRtpEncodingParameters,
        RTCRtpHeaderExtensionCapability,
        RTCRtpHeaderExtensionParameters,
        RTCRtpParameters,
        RTCRtpReceiveParameters,
        RTCRtpSendParameters,
        RTCRtpSynchronizationSource,
        RTCSessionDescriptionInit,
    )
    from mediastreams.webrtc.enums import (
        BinaryType,
        RTCBundlePolicy,
        RTCDataChannelState,
        RTCDegradationPreference,
        RTCDtlsTransportState,
        RTCErrorDetailType,
        RTCIceCandidateType,
        RTCIceComponent,
        RTCIceConnectionState,
        RTCIceGathererState,
        RTCIceGatheringState,
        RTCIceProtocol,
        RTCIceRole,
        RTCIceServerTransportProtocol,
        RTCIceTcpCandidateType,
        RTCIceTransportPolicy,
        RTCIceTransportState,
        RTCPeerConnectionState,
        RTCRtcpMuxPolicy,
        RTCRtpTransceiverDirection,
        RTCSctpTransportState,
        RTCSdpType,
        RTCSignalingState,
    )
    from mediastreams.webrtc.ice_candidate import RTCIceCandidate, RTCIceCandidatePair, RTCLocalIceCandidateInit
    from mediastreams.webrtc.ice_events import (
        RTCPeerConnectionIceErrorEvent,
        RTCPeerConnectionIceErrorEventInit,
        RTCPeerConnectionIceEvent,
        RTCPeerConnectionIceEventInit,
    )
    from mediastreams.webrtc.options import (
        RTCAnswerOptions,
        RTCOfferAnswerOptions,
        RTCOfferOptions,
        RTCRtpTransceiverInit,
    )
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.rtc_error import RTCError, RTCErrorEvent, RTCErrorEventInit, RTCErrorInit
    from mediastreams.webrtc.rtp_receiver import RTCRtpReceiver
    from mediastreams.webrtc.rtp_sender import RTCRtpSender, RTCSetParameterOptions
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver
    from mediastreams.webrtc.sctp_transport import RTCSctpTransport
    from mediastreams.webrtc.session_description import RTCLocalSessionDescriptionInit, RTCSessionDescription
    from mediastreams.webrtc.stats_report import RTCStatsReport
    from mediastreams.webrtc.track_event import RTCTrackEvent, RTCTrackEventInit
    from mediastreams.webrtc.transport.certificate import RTCCertificate, RTCCertificateExpiration
    from mediastreams.webrtc.transport.dtls_transport import RTCDtlsTransport
    from mediastreams.webrtc.transport.ice_transport import RTCIceTransport
    from mediastreams.webrtc.whip.publish import Publication, PublicationState, publish
    from mediastreams.webrtc.whip.serve import serve
    from mediastreams.webrtc.whip.server import Server
    from mediastreams.webrtc.whip.stream_event import StreamEvent
    from mediastreams.webrtc.whip.subscribe import subscribe

__all__ = [
    "BinaryType",
    "Publication",
    "PublicationState",
    "RTCAnswerOptions",
    "RTCBundlePolicy",
    "RTCCertificate",
    "RTCCertificateExpiration",
    "RTCConfiguration",
    "RTCDataChannel",
    "RTCDataChannelEvent",
    "RTCDataChannelEventInit",
    "RTCDataChannelInit",
    "RTCDataChannelState",
    "RTCDegradationPreference",
    "RTCDtlsFingerprint",
    "RTCDtlsTransport",
    "RTCDtlsTransportState",
    "RTCError",
    "RTCErrorDetailType",
    "RTCErrorEvent",
    "RTCErrorEventInit",
    "RTCErrorInit",
    "RTCIceCandidate",
    "RTCIceCandidateInit",
    "RTCIceCandidatePair",
    "RTCIceCandidateType",
    "RTCIceComponent",
    "RTCIceConnectionState",
    "RTCIceGathererState",
    "RTCIceGatheringState",
    "RTCIceParameters",
    "RTCIceProtocol",
    "RTCIceRole",
    "RTCIceServer",
    "RTCIceServerTransportProtocol",
    "RTCIceTcpCandidateType",
    "RTCIceTransport",
    "RTCIceTransportPolicy",
    "RTCIceTransportState",
    "RTCLocalIceCandidateInit",
    "RTCLocalSessionDescriptionInit",
    "RTCOfferAnswerOptions",
    "RTCOfferOptions",
    "RTCPeerConnection",
    "RTCPeerConnectionIceErrorEvent",
    "RTCPeerConnectionIceErrorEventInit",
    "RTCPeerConnectionIceEvent",
    "RTCPeerConnectionIceEventInit",
    "RTCPeerConnectionState",
    "RTCRtcpMuxPolicy",
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
    "RTCRtpReceiver",
    "RTCRtpSendParameters",
    "RTCRtpSender",
    "RTCRtpSynchronizationSource",
    "RTCRtpTransceiver",
    "RTCRtpTransceiverDirection",
    "RTCRtpTransceiverInit",
    "RTCSctpTransport",
    "RTCSctpTransportState",
    "RTCSdpType",
    "RTCSessionDescription",
    "RTCSessionDescriptionInit",
    "RTCSetParameterOptions",
    "RTCSignalingState",
    "RTCStatsReport",
    "RTCTrackEvent",
    "RTCTrackEventInit",
    "Server",
    "StreamEvent",
    "as_aiortc",
    "from_aiortc",
    "publish",
    "serve",
    "subscribe",
]

_HOME = {
    "BinaryType": "enums",
    "Publication": "whip.publish",
    "PublicationState": "whip.publish",
    "RTCAnswerOptions": "options",
    "RTCBundlePolicy": "enums",
    "RTCCertificate": "transport.certificate",
    "RTCCertificateExpiration": "transport.certificate",
    "RTCConfiguration": "dictionaries",
    "RTCDataChannel": "data_channel",
    "RTCDataChannelEvent": "data_channel_event",
    "RTCDataChannelEventInit": "data_channel_event",
    "RTCDataChannelInit": "data_channel",
    "RTCDataChannelState": "enums",
    "RTCDegradationPreference": "enums",
    "RTCDtlsFingerprint": "dictionaries",
    "RTCDtlsTransport": "transport.dtls_transport",
    "RTCDtlsTransportState": "enums",
    "RTCError": "rtc_error",
    "RTCErrorDetailType": "enums",
    "RTCErrorEvent": "rtc_error",
    "RTCErrorEventInit": "rtc_error",
    "RTCErrorInit": "rtc_error",
    "RTCIceCandidate": "ice_candidate",
    "RTCIceCandidateInit": "dictionaries",
    "RTCIceCandidatePair": "ice_candidate",
    "RTCIceCandidateType": "enums",
    "RTCIceComponent": "enums",
    "RTCIceConnectionState": "enums",
    "RTCIceGathererState": "enums",
    "RTCIceGatheringState": "enums",
    "RTCIceParameters": "dictionaries",
    "RTCIceProtocol": "enums",
    "RTCIceRole": "enums",
    "RTCIceServer": "dictionaries",
    "RTCIceServerTransportProtocol": "enums",
    "RTCIceTcpCandidateType": "enums",
    "RTCIceTransport": "transport.ice_transport",
    "RTCIceTransportPolicy": "enums",
    "RTCIceTransportState": "enums",
    "RTCLocalIceCandidateInit": "ice_candidate",
    "RTCLocalSessionDescriptionInit": "session_description",
    "RTCOfferAnswerOptions": "options",
    "RTCOfferOptions": "options",
    "RTCPeerConnection": "peer_connection",
    "RTCPeerConnectionIceErrorEvent": "ice_events",
    "RTCPeerConnectionIceErrorEventInit": "ice_events",
    "RTCPeerConnectionIceEvent": "ice_events",
    "RTCPeerConnectionIceEventInit": "ice_events",
    "RTCPeerConnectionState": "enums",
    "RTCRtcpMuxPolicy": "enums",
    "RTCRtcpParameters": "dictionaries",
    "RTCRtpCapabilities": "dictionaries",
    "RTCRtpCodec": "dictionaries",
    "RTCRtpCodecParameters": "dictionaries",
    "RTCRtpCodingParameters": "dictionaries",
    "RTCRtpContributingSource": "dictionaries",
    "RTCRtpEncodingParameters": "dictionaries",
    "RTCRtpHeaderExtensionCapability": "dictionaries",
    "RTCRtpHeaderExtensionParameters": "dictionaries",
    "RTCRtpParameters": "dictionaries",
    "RTCRtpReceiveParameters": "dictionaries",
    "RTCRtpReceiver": "rtp_receiver",
    "RTCRtpSendParameters": "dictionaries",
    "RTCRtpSender": "rtp_sender",
    "RTCRtpSynchronizationSource": "dictionaries",
    "RTCRtpTransceiver": "rtp_transceiver",
    "RTCRtpTransceiverDirection": "enums",
    "RTCRtpTransceiverInit": "options",
    "RTCSctpTransport": "sctp_transport",
    "RTCSctpTransportState": "enums",
    "RTCSdpType": "enums",
    "RTCSessionDescription": "session_description",
    "RTCSessionDescriptionInit": "dictionaries",
    "RTCSetParameterOptions": "rtp_sender",
    "RTCSignalingState": "enums",
    "RTCStatsReport": "stats_report",
    "RTCTrackEvent": "track_event",
    "RTCTrackEventInit": "track_event",
    "Server": "whip.server",
    "StreamEvent": "whip.stream_event",
    "as_aiortc": "aiortc_tracks",
    "from_aiortc": "aiortc_tracks",
    "publish": "whip.publish",
    "serve": "whip.serve",
    "subscribe": "whip.subscribe",
}


if not TYPE_CHECKING:  # to a type checker a name that is not here is an error

    def __getattr__(name: str) -> object:
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'mediastreams.webrtc' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"mediastreams.webrtc.{home}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
