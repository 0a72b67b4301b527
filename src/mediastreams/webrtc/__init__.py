"""WebRTC: streams from and to network peers (extra ``mediastreams[webrtc]``).

A name is imported when it is first used. Written by ``tools/shop_window.py``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediastreams._webidl.message_event import MessageEvent, MessageEventInit
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
    "MessageEvent",
    "MessageEventInit",
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
    "BinaryType": "webrtc.enums",
    "MessageEvent": "_webidl.message_event",
    "MessageEventInit": "_webidl.message_event",
    "Publication": "webrtc.whip.publish",
    "PublicationState": "webrtc.whip.publish",
    "RTCAnswerOptions": "webrtc.options",
    "RTCBundlePolicy": "webrtc.enums",
    "RTCCertificate": "webrtc.transport.certificate",
    "RTCCertificateExpiration": "webrtc.transport.certificate",
    "RTCConfiguration": "webrtc.dictionaries",
    "RTCDataChannel": "webrtc.data_channel",
    "RTCDataChannelEvent": "webrtc.data_channel_event",
    "RTCDataChannelEventInit": "webrtc.data_channel_event",
    "RTCDataChannelInit": "webrtc.data_channel",
    "RTCDataChannelState": "webrtc.enums",
    "RTCDegradationPreference": "webrtc.enums",
    "RTCDtlsFingerprint": "webrtc.dictionaries",
    "RTCDtlsTransport": "webrtc.transport.dtls_transport",
    "RTCDtlsTransportState": "webrtc.enums",
    "RTCError": "webrtc.rtc_error",
    "RTCErrorDetailType": "webrtc.enums",
    "RTCErrorEvent": "webrtc.rtc_error",
    "RTCErrorEventInit": "webrtc.rtc_error",
    "RTCErrorInit": "webrtc.rtc_error",
    "RTCIceCandidate": "webrtc.ice_candidate",
    "RTCIceCandidateInit": "webrtc.dictionaries",
    "RTCIceCandidatePair": "webrtc.ice_candidate",
    "RTCIceCandidateType": "webrtc.enums",
    "RTCIceComponent": "webrtc.enums",
    "RTCIceConnectionState": "webrtc.enums",
    "RTCIceGathererState": "webrtc.enums",
    "RTCIceGatheringState": "webrtc.enums",
    "RTCIceParameters": "webrtc.dictionaries",
    "RTCIceProtocol": "webrtc.enums",
    "RTCIceRole": "webrtc.enums",
    "RTCIceServer": "webrtc.dictionaries",
    "RTCIceServerTransportProtocol": "webrtc.enums",
    "RTCIceTcpCandidateType": "webrtc.enums",
    "RTCIceTransport": "webrtc.transport.ice_transport",
    "RTCIceTransportPolicy": "webrtc.enums",
    "RTCIceTransportState": "webrtc.enums",
    "RTCLocalIceCandidateInit": "webrtc.ice_candidate",
    "RTCLocalSessionDescriptionInit": "webrtc.session_description",
    "RTCOfferAnswerOptions": "webrtc.options",
    "RTCOfferOptions": "webrtc.options",
    "RTCPeerConnection": "webrtc.peer_connection",
    "RTCPeerConnectionIceErrorEvent": "webrtc.ice_events",
    "RTCPeerConnectionIceErrorEventInit": "webrtc.ice_events",
    "RTCPeerConnectionIceEvent": "webrtc.ice_events",
    "RTCPeerConnectionIceEventInit": "webrtc.ice_events",
    "RTCPeerConnectionState": "webrtc.enums",
    "RTCRtcpMuxPolicy": "webrtc.enums",
    "RTCRtcpParameters": "webrtc.dictionaries",
    "RTCRtpCapabilities": "webrtc.dictionaries",
    "RTCRtpCodec": "webrtc.dictionaries",
    "RTCRtpCodecParameters": "webrtc.dictionaries",
    "RTCRtpCodingParameters": "webrtc.dictionaries",
    "RTCRtpContributingSource": "webrtc.dictionaries",
    "RTCRtpEncodingParameters": "webrtc.dictionaries",
    "RTCRtpHeaderExtensionCapability": "webrtc.dictionaries",
    "RTCRtpHeaderExtensionParameters": "webrtc.dictionaries",
    "RTCRtpParameters": "webrtc.dictionaries",
    "RTCRtpReceiveParameters": "webrtc.dictionaries",
    "RTCRtpReceiver": "webrtc.rtp_receiver",
    "RTCRtpSendParameters": "webrtc.dictionaries",
    "RTCRtpSender": "webrtc.rtp_sender",
    "RTCRtpSynchronizationSource": "webrtc.dictionaries",
    "RTCRtpTransceiver": "webrtc.rtp_transceiver",
    "RTCRtpTransceiverDirection": "webrtc.enums",
    "RTCRtpTransceiverInit": "webrtc.options",
    "RTCSctpTransport": "webrtc.sctp_transport",
    "RTCSctpTransportState": "webrtc.enums",
    "RTCSdpType": "webrtc.enums",
    "RTCSessionDescription": "webrtc.session_description",
    "RTCSessionDescriptionInit": "webrtc.dictionaries",
    "RTCSetParameterOptions": "webrtc.rtp_sender",
    "RTCSignalingState": "webrtc.enums",
    "RTCStatsReport": "webrtc.stats_report",
    "RTCTrackEvent": "webrtc.track_event",
    "RTCTrackEventInit": "webrtc.track_event",
    "Server": "webrtc.whip.server",
    "StreamEvent": "webrtc.whip.stream_event",
    "as_aiortc": "webrtc.aiortc_tracks",
    "from_aiortc": "webrtc.aiortc_tracks",
    "publish": "webrtc.whip.publish",
    "serve": "webrtc.whip.serve",
    "subscribe": "webrtc.whip.subscribe",
}


if not TYPE_CHECKING:  # to a type checker a name that is not here is an error

    def __getattr__(name: str) -> object:
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'mediastreams.webrtc' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"mediastreams.{home}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
