"""`RTCRtpReceiver`.

Not for: receiving and decoding (``receiving/``).

https://w3c.github.io/webrtc-pc/#rtcrtpreceiver-interface
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from mediastreams._webidl.conversions import double
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.webrtc.capabilities import capabilities, codec_parameters
from mediastreams.webrtc.dictionaries import (
    RTCRtcpParameters,
    RTCRtpCapabilities,
    RTCRtpContributingSource,
    RTCRtpHeaderExtensionParameters,
    RTCRtpReceiveParameters,
    RTCRtpSynchronizationSource,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediastreams._rules.values import Kind
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.plans import Codec, ReceivePlan
    from mediastreams.webrtc.receiving.inlet import Inlet
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver
    from mediastreams.webrtc.stats_report import RTCStatsReport
    from mediastreams.webrtc.transport.dtls_transport import RTCDtlsTransport

__all__ = ["RTCRtpReceiver"]


@public
class RTCRtpReceiver:
    """Receives a track; the track is there from the beginning, muted. Belongs to its connection.

    https://w3c.github.io/webrtc-pc/#rtcrtpreceiver-interface
    """

    __init__ = illegal_constructor("Call RTCPeerConnection.add_transceiver(), or listen to its track event.")

    _connection: RTCPeerConnection
    _transceiver: RTCRtpTransceiver
    _kind: Kind
    _inlet: Inlet
    _transport: RTCDtlsTransport | None
    _stable_transport: RTCDtlsTransport | None
    _streams: tuple[MediaStream, ...]
    _stable_streams: tuple[MediaStream, ...]
    _codecs: tuple[Codec, ...]
    _stable_codecs: tuple[Codec, ...]
    _extensions: Mapping[str, int]
    _plan: ReceivePlan | None
    _target: float | None

    @classmethod
    def _create(cls, connection: RTCPeerConnection, kind: Kind, track_id: str | None = None) -> Self:
        """*Create an RTCRtpReceiver*.

        https://w3c.github.io/webrtc-pc/#dfn-create-an-rtcrtpreceiver
        """
        from mediastreams.webrtc.receiving.inlet import Inlet

        made = cls.__new__(cls)
        made._connection = connection
        made._kind = kind
        made._inlet = Inlet(kind, track_id)
        made._transport = made._stable_transport = None  # [[ReceiverTransport]] and its last stable state
        made._streams = made._stable_streams = ()  # [[AssociatedRemoteMediaStreams]] and its last stable state
        made._codecs = made._stable_codecs = ()  # [[ReceiveCodecs]] and its last stable state
        made._extensions = {}
        made._plan = None
        made._target = None  # [[JitterBufferTarget]]
        return made

    @property
    def track(self) -> MediaStreamTrack:
        """What is received: muted while nothing comes, ended when the transceiver is stopped."""
        return self._inlet.track

    @property
    def transport(self) -> RTCDtlsTransport | None:
        """By which way."""
        return self._transport

    @staticmethod
    def get_capabilities(kind: str) -> RTCRtpCapabilities | None:
        """List what can be received of a kind; ``None`` when it is neither ``"audio"`` nor ``"video"``."""
        return capabilities(kind, sending=False)

    def get_parameters(self) -> RTCRtpReceiveParameters:
        """What may come."""
        return RTCRtpReceiveParameters(
            header_extensions=[
                RTCRtpHeaderExtensionParameters(uri=uri, id=number, encrypted=False)
                for uri, number in self._extensions.items()
            ],
            rtcp=RTCRtcpParameters(cname="", reduced_size=True),
            codecs=codec_parameters(self._codecs),
        )

    def get_contributing_sources(self) -> list[RTCRtpContributingSource]:
        """List who was mixed into what came lately.

        DEVIATION: always empty: only a mixer names contributing sources, and how loud each is it tells in a header
        extension (RFC 6465) that is not negotiated here. Media servers forward, and are told by
        `get_synchronization_sources`.
        """
        return []

    def get_synchronization_sources(self) -> list[RTCRtpSynchronizationSource]:
        """List who sent lately, the last one first."""
        return [
            RTCRtpSynchronizationSource(
                timestamp=one.timestamp / 1000,
                source=one.source,
                audio_level=one.audio_level,
                rtp_timestamp=one.rtp_timestamp,
            )
            for one in self._inlet.sources()
        ]

    async def get_stats(self) -> RTCStatsReport:
        """Figures of what is received.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtpreceiver-getstats
        """
        return self._connection._stats_of(self._inlet)

    @property
    def jitter_buffer_target(self) -> float | None:
        """How long media may be held back to make up for a restless network, in milliseconds; a wish, at most 4000.

        DEVIATION: ``jitterBufferTarget`` of webrtc-extensions: that long is waited for what is missing, if it would not
        be anyway. What is whole goes on at once, with its time: who plays it holds it back.
        """
        return self._target

    @jitter_buffer_target.setter
    def jitter_buffer_target(self, value: float | None) -> None:
        where = "RTCRtpReceiver.jitter_buffer_target"
        target = None if value is None else double(value, where)
        if target is not None and not 0 <= target <= 4000:
            raise ValueError(f"{where}: 0 to 4000 milliseconds, not {target}")
        self._target = target
        self._inlet.set_jitter_target(target)

    def __repr__(self) -> str:
        return f"<RTCRtpReceiver {self.track!r}>"
