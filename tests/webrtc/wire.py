"""A way from outlets to inlets without a network: it delays, loses, repeats, reorders, and breaks at will."""

import asyncio
import random

from aiortc import rtp
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters

from mediastreams._engine.clock import get_clock
from mediastreams.webrtc.codecs import HEADER_EXTENSIONS, receive_codecs, send_codecs
from mediastreams.webrtc.plans import ReceivePlan, SendPlan

__all__ = ["Wire", "codec_named", "connect"]


class Wire:
    """A `MediaTransport` for both ends. Every change of an attribute holds from the next packet on.

    ``delay``: seconds by the kind of media; ``jitter``: up to so many more; ``loss``, ``twice``: chances from 0 to 1,
    both ways; ``cut``: nothing gets through.
    """

    def __init__(self, *, seed=1):
        self.connected = True
        self.delay = {"audio": 0.0, "video": 0.0}
        self.jitter = self.loss = self.twice = 0.0
        self.cut = False
        self.in_order = True
        self.lost = self.carried = 0
        self.chance = random.Random(seed)
        self._inlets, self._outlets, self._kinds = {}, {}, {}
        self._latest = {}
        self._map = rtp.HeaderExtensionsMap()
        extensions = {uri: number for kind in ("audio", "video") for uri, number in HEADER_EXTENSIONS[kind]}
        self._map.configure(
            RTCRtpParameters(
                headerExtensions=[RTCRtpHeaderExtensionParameters(id=id, uri=uri) for uri, id in extensions.items()]
            )
        )

    def add_inlet(self, inlet, plan):
        for ssrc in (*plan.ssrcs, *plan.rtx_ssrcs):
            self._inlets[ssrc] = inlet
        self._kinds[plan.feedback_ssrc] = inlet.kind

    def add_outlet(self, outlet, plan):
        self._outlets[outlet.ssrc] = outlet

    def remove(self, user):
        for routes in (self._inlets, self._outlets):
            for ssrc in [ssrc for ssrc, one in routes.items() if one is user]:
                del routes[ssrc]

    def send(self, data):
        if not self.connected:
            raise ConnectionError("not connected")
        if self.cut or self.chance.random() < self.loss:
            self.lost += 1
            return
        kind, delay = self._kind(data), self.chance.random() * self.jitter
        for _ in range(1 + (self.chance.random() < self.twice)):
            self._carry(data, kind, self.delay[kind] + delay)

    def _kind(self, data):
        ssrc = int.from_bytes(data[4:8] if rtp.is_rtcp(data) else data[8:12], "big")
        if ssrc in self._kinds:
            return self._kinds[ssrc]
        inlet = self._inlets.get(ssrc)
        return "video" if inlet is None else inlet.kind

    def _carry(self, data, kind, delay):
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        if self.in_order:
            due = self._latest[kind] = max(due, self._latest.get(kind, 0.0))
        loop.call_at(due, self._arrive, data)

    def _arrive(self, data):
        self.carried += 1
        if not rtp.is_rtcp(data):
            packet = rtp.RtpPacket.parse(data, self._map)
            if (inlet := self._inlets.get(packet.ssrc)) is not None:
                inlet.handle_rtp(packet, get_clock().now_ns())
            return
        for packet in rtp.RtcpPacket.parse(data):
            self._route_rtcp(packet)

    def _route_rtcp(self, packet):
        if isinstance(packet, rtp.RtcpSrPacket):
            users = {self._inlets.get(packet.ssrc)}
        elif isinstance(packet, rtp.RtcpByePacket):
            users = {self._inlets.get(ssrc) for ssrc in packet.sources}
        elif isinstance(packet, rtp.RtcpRrPacket):
            users = {self._outlets.get(report.ssrc) for report in packet.reports}
        elif isinstance(packet, rtp.RtcpSdesPacket):
            users = set()
        elif packet.media_ssrc:
            users = {self._outlets.get(packet.media_ssrc)}
        else:  # an estimate, for those that it names
            users = set(self._outlets.values())
        for user in users - {None}:
            user.handle_rtcp(packet)


def codec_named(name):
    kind = "audio" if name in {"opus", "g722", "pcmu", "pcma"} else "video"
    return next(codec for codec in send_codecs(kind) if codec.name == name)


def connect(wire, outlet, inlet, name, *, group="call"):
    """Have an inlet receive what an outlet sends, in one codec."""
    codec = codec_named(name)
    extensions = dict(HEADER_EXTENSIONS[codec.kind])
    received = next(one for one in receive_codecs(codec.kind) if one.payload_type == codec.payload_type)
    inlet.set_sync_group(group)
    inlet.start(
        wire,
        ReceivePlan((received,), "0", extensions, outlet.ssrc ^ 0x5555, (outlet.ssrc,), {outlet.rtx_ssrc: outlet.ssrc}),
    )
    outlet.start(wire, SendPlan(codec, "0", "somebody", extensions))
