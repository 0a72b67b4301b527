"""`Feedback`: what a receiver tells the sender: reports, requests for packets and key frames, an estimate of the rate.

Not for: deciding when (``_rules``), or what comes in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    pack_remb_fci,
)

if TYPE_CHECKING:
    from aiortc.rtp import AnyRtcpPacket, RtpPacket

    from mediastreams.webrtc.plans import MediaTransport

__all__ = ["Feedback"]

_MOST_IN_ONE = 250  # packets asked for in one request: it must fit into a datagram, whatever the gaps


class Feedback:
    """Sends RTCP for one receiver. While the transport is not connected nothing is sent, and nothing waits.

    ``nacks``, ``plis``: how many packets of that kind were sent.
    """

    def __init__(self) -> None:
        self.nacks = 0
        self.plis = 0
        self.ssrc = 0
        self.transport: MediaTransport | None = None
        self._estimator = RemoteBitrateEstimator()

    def _send(self, packet: AnyRtcpPacket) -> bool:
        if self.transport is None:
            return False
        try:
            self.transport.send(bytes(packet))
        except ConnectionError:
            return False
        return True

    def report(self, blocks: Iterable[RtcpReceiverInfo]) -> None:
        """Send a receiver report.

        https://www.rfc-editor.org/rfc/rfc3550#section-6.4.2
        """
        self._send(RtcpRrPacket(ssrc=self.ssrc, reports=list(blocks)))

    def ask_for_packets(self, media_ssrc: int, places: list[int]) -> None:
        """Ask for packets again; ``places`` in order.

        https://www.rfc-editor.org/rfc/rfc4585#section-6.2.1
        """
        lost: list[int] = []
        for place in places:
            number = place & 0xFFFF
            if lost and (number < lost[-1] or len(lost) == _MOST_IN_ONE):  # across the wrap-around none share a mask
                self._ask(media_ssrc, lost)
                lost = []
            lost.append(number)
        if lost:
            self._ask(media_ssrc, lost)

    def _ask(self, media_ssrc: int, lost: list[int]) -> None:
        packet = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self.ssrc, media_ssrc=media_ssrc, lost=lost)
        self.nacks += self._send(packet)

    def ask_for_key(self, media_ssrc: int) -> bool:
        """Say that pictures are lost. Whether it was sent.

        https://www.rfc-editor.org/rfc/rfc4585#section-6.3.1
        """
        sent = self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self.ssrc, media_ssrc=media_ssrc))
        self.plis += sent
        return sent

    def estimate(self, packet: RtpPacket, arrival_ms: int) -> None:
        """Take note of when a packet was sent and came; tells the sender how much the way bears, when that is due.

        https://datatracker.ietf.org/doc/html/draft-alvestrand-rmcat-remb-03
        """
        sent_at = packet.extensions.abs_send_time
        if sent_at is None:
            return
        found = self._estimator.add(
            abs_send_time=sent_at,
            arrival_time_ms=arrival_ms,
            payload_size=len(packet.payload) + packet.padding_size,
            ssrc=packet.ssrc,
        )
        if found is not None:
            bit_rate, ssrcs = found
            fci = pack_remb_fci(bit_rate, ssrcs[-8:])
            self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self.ssrc, media_ssrc=0, fci=fci))
