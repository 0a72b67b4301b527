"""Which receiver a packet is for, and which sender a report: by SSRC, else by MID, else by payload type.

https://www.rfc-editor.org/rfc/rfc8843#section-9.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    HeaderExtensionsMap,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mediastreams.webrtc.plans import PacketUser, ReceivePlan, SendPlan

__all__ = ["PacketRouter"]

_MOST_SSRCS: Final = 1000  # learned from packets; a peer that invents more gets no more


class PacketRouter:
    """The tables. On the loop."""

    def __init__(self) -> None:
        self.extensions = HeaderExtensionsMap()
        self._inlets: dict[PacketUser, ReceivePlan] = {}
        self._outlets: dict[int, PacketUser] = {}
        self._by_ssrc: dict[int, PacketUser] = {}
        self._by_mid: dict[str, PacketUser] = {}
        self._by_payload_type: dict[int, PacketUser | None] = {}  # None: more than one could be meant

    def add_inlet(self, inlet: PacketUser, plan: ReceivePlan) -> None:
        """Route what ``plan`` describes to ``inlet``."""
        known = self._inlets.get(inlet)
        if known is not None and known != plan:
            self._forget(inlet)
        self._inlets[inlet] = plan
        self._configure(plan.extensions)
        self._fill(inlet, plan)
        self._index_payload_types()

    def add_outlet(self, outlet: PacketUser, plan: SendPlan) -> None:
        """Route feedback on its SSRCs to ``outlet``."""
        self._configure(plan.extensions)
        numbers: tuple[int | None, ...] = (outlet.ssrc, getattr(outlet, "rtx_ssrc", None))  # type: ignore[attr-defined]
        for number in numbers:
            if number is not None:
                self._outlets[number] = outlet

    def remove(self, user: PacketUser) -> None:
        """Route nothing to it any more."""
        self._inlets.pop(user, None)
        self._forget(user)
        self._outlets = {number: one for number, one in self._outlets.items() if one is not user}
        self._index_payload_types()

    @property
    def inlets(self) -> Iterable[PacketUser]:
        """All receivers."""
        return tuple(self._inlets)

    def route_rtp(self, packet: RtpPacket) -> PacketUser | None:
        """Whom a packet is for; ``None``: nobody."""
        ssrc = packet.ssrc
        found = self._by_ssrc.get(ssrc)
        mid = packet.extensions.mid
        if mid is not None:
            named = self._by_mid.get(mid)
            if named is not None and named is not found:
                found = self._learn(ssrc, named)
        if found is None:
            guessed = self._by_payload_type.get(packet.payload_type)
            if guessed is not None:
                found = self._learn(ssrc, guessed)
        return found

    def route_rtcp(self, packet: Any) -> list[PacketUser]:
        """Whom a report is for: each at most once."""
        found: list[PacketUser | None] = []
        if isinstance(packet, RtcpSrPacket):
            found.append(self._by_ssrc.get(packet.ssrc))
        elif isinstance(packet, RtcpByePacket):
            found += [self._by_ssrc.get(source) for source in packet.sources]
        elif isinstance(packet, RtcpSdesPacket):
            found += [self._by_ssrc.get(chunk.ssrc) for chunk in packet.chunks]
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            found += [self._outlets.get(report.ssrc) for report in packet.reports]
        elif isinstance(packet, RtcpPsfbPacket | RtcpRtpfbPacket):
            found += [self._outlets.get(number) for number in _feedback_on(packet)]
        return [user for user in dict.fromkeys(found) if user is not None]

    # --- inside ---------------------------------------------------------------------------------------------------

    def _learn(self, ssrc: int, user: PacketUser) -> PacketUser:
        if ssrc in self._by_ssrc or len(self._by_ssrc) < _MOST_SSRCS:
            self._by_ssrc[ssrc] = user
        return user

    def _fill(self, inlet: PacketUser, plan: ReceivePlan) -> None:
        for number in (*plan.ssrcs, *plan.rtx_ssrcs):
            self._by_ssrc[number] = inlet
        if plan.mid:
            self._by_mid[plan.mid] = inlet

    def _forget(self, user: PacketUser) -> None:
        self._by_ssrc = {number: one for number, one in self._by_ssrc.items() if one is not user}
        self._by_mid = {mid: one for mid, one in self._by_mid.items() if one is not user}

    def _index_payload_types(self) -> None:
        table: dict[int, PacketUser | None] = {}
        for inlet, plan in self._inlets.items():
            for codec in plan.codecs:
                for number in (codec.payload_type, codec.rtx):
                    if number is not None:
                        table[number] = None if table.get(number, inlet) is not inlet else inlet
        self._by_payload_type = table

    def _configure(self, extensions: Any) -> None:
        parameters = [RTCRtpHeaderExtensionParameters(id=number, uri=uri) for uri, number in extensions.items()]
        self.extensions.configure(RTCRtpParameters(headerExtensions=parameters))


def _feedback_on(packet: Any) -> list[int]:
    """The SSRCs that feedback is about; a REMB names them inside."""
    if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
        try:
            return list(unpack_remb_fci(packet.fci)[1])
        except ValueError:
            return []
    return [packet.media_ssrc]
