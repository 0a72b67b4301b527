"""`Feedback`: what a peer reports about one sender, and what that sender is to do about it.

Not for: sending again (``packet_writer.py``) or making key frames (``shared_encoder.py``).

https://www.rfc-editor.org/rfc/rfc4585, https://www.rfc-editor.org/rfc/rfc5104#section-4.3.1
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiortc import rtp

from mediastreams._rules.link_estimates import LinkEstimate

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Feedback", "Wishes"]

_MOST_REPEATED: Final = 128  # packets of one NACK
_SMOOTH: Final = 0.875
_SECOND: Final = 65_536  # NTP time in 32 bits


@dataclass(slots=True)
class Wishes:
    """What a packet asks for: a key frame, packets again by their sequence numbers."""

    key: bool = False
    again: Sequence[int] = ()


@dataclass(slots=True)
class Feedback:
    """The state of one sender's feedback. On one loop.

    ``lost``, ``fraction`` and ``jitter`` are those of the latest report (packets, 0 to 1, RTP units); ``round_trip``
    seconds, ``None`` until it is known.
    """

    estimate: LinkEstimate = field(default_factory=LinkEstimate)
    reports: int = 0
    lost: int = 0
    fraction: float = 0.0
    jitter: int = 0
    highest: int = 0
    reporter: int = 0
    round_trip: float | None = None
    round_trip_total: float = 0.0
    round_trips: int = 0
    nacks: int = 0
    plis: int = 0
    firs: int = 0
    _fir_number: int | None = None

    def take(self, packet: object, ssrc: int, *, ntp: int, now: int, sent: int, share: float) -> Wishes:
        """Take one RTCP packet that concerns ``ssrc``.

        ``sent`` is what was sent of late, bits a second; ``share`` this sender's part of what an estimate is for.
        """
        wishes = Wishes()
        if isinstance(packet, (rtp.RtcpRrPacket, rtp.RtcpSrPacket)):
            for report in packet.reports:
                if report.ssrc == ssrc:
                    self.reporter = packet.ssrc
                    self._report(report, ntp, sent)
        elif isinstance(packet, rtp.RtcpRtpfbPacket):
            if packet.fmt == rtp.RTCP_RTPFB_NACK and packet.media_ssrc == ssrc:
                self.nacks += 1
                wishes.again = [number & 0xFFFF for number in packet.lost[:_MOST_REPEATED]]
        elif isinstance(packet, rtp.RtcpPsfbPacket):
            self._payload_feedback(packet, ssrc, now, share, wishes)
        return wishes

    def _report(self, report: rtp.RtcpReceiverInfo, ntp: int, sent: int) -> None:
        self.reports += 1
        self.lost, self.fraction, self.jitter = report.packets_lost, report.fraction_lost / 256, report.jitter
        self.highest = report.highest_sequence
        self.estimate = self.estimate.hear_loss(self.fraction, sent)
        if report.lsr:
            passed = (ntp >> 16) - report.lsr - report.dlsr & 0xFFFFFFFF
            if passed < 60 * _SECOND:  # else the report is nonsense
                found = passed / _SECOND
                before = self.round_trip
                self.round_trip = found if before is None else _SMOOTH * before + (1 - _SMOOTH) * found
                self.round_trip_total += found
                self.round_trips += 1

    def _payload_feedback(self, packet: rtp.RtcpPsfbPacket, ssrc: int, now: int, share: float, wishes: Wishes) -> None:
        if packet.fmt == rtp.RTCP_PSFB_PLI:
            if packet.media_ssrc == ssrc:
                self.plis += 1
                wishes.key = True
        elif packet.fmt == rtp.RTCP_PSFB_FIR:
            for at in range(0, len(packet.fci) - 7, 8):
                number = packet.fci[at + 4]
                if int.from_bytes(packet.fci[at : at + 4], "big") == ssrc and number != self._fir_number:
                    self._fir_number = number  # an equal number repeats the command
                    self.firs += 1
                    wishes.key = True
        elif packet.fmt == rtp.RTCP_PSFB_APP:
            try:
                bit_rate, ssrcs = rtp.unpack_remb_fci(packet.fci)
            except (ValueError, IndexError, struct.error):
                return  # another application's, or malformed
            if ssrc in ssrcs:
                self.estimate = self.estimate.hear_estimate(round(bit_rate * share), now)
