"""A transport without a network: what is sent is kept, parsed by aiortc, and may be answered."""

import asyncio
import struct
from dataclasses import replace

import av
from aiortc import rtp
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters

from mediastreams.webrtc.codecs import HEADER_EXTENSIONS, send_codecs
from mediastreams.webrtc.plans import SendPlan
from mediastreams.webrtc.rtp.formats import format_of


class Loopback:
    """A `MediaTransport`. ``packets`` are what was sent, parsed; ``reports`` the RTCP."""

    def __init__(self, kind="video"):
        self.connected = True
        self.users = {}
        self.raw = []
        self.packets = []
        self.reports = []
        self.came = asyncio.Event()
        self._map = rtp.HeaderExtensionsMap()
        self._map.configure(
            RTCRtpParameters(
                headerExtensions=[
                    RTCRtpHeaderExtensionParameters(id=number, uri=uri) for uri, number in HEADER_EXTENSIONS[kind]
                ]
            )
        )

    def add_inlet(self, inlet, plan):
        raise AssertionError

    def add_outlet(self, outlet, plan):
        self.users[outlet] = plan

    def remove(self, user):
        self.users.pop(user, None)

    def send(self, data):
        if not self.connected:
            raise ConnectionError("not connected")
        self.raw.append(data)
        if rtp.is_rtcp(data):
            self.reports += rtp.RtcpPacket.parse(data)
        else:
            self.packets.append(rtp.RtpPacket.parse(data, self._map))
        self.came.set()

    async def until(self, enough, seconds=10.0):
        async def wait():
            while not enough():
                self.came.clear()
                await self.came.wait()

        await asyncio.wait_for(wait(), seconds)

    def frames(self, ssrc):
        """The payloads of each whole frame, in order, with their RTP time."""
        found, parts = [], []
        for packet in self.packets:
            if packet.ssrc == ssrc:
                parts.append(packet)
                if packet.marker:
                    found.append((packet.timestamp, [part.payload for part in parts]))
                    parts = []
        return found


def plan_for(name, kind="video", number=0, **parameters):
    codec = [codec for codec in send_codecs(kind) if codec.name == name][number]
    if parameters:
        codec = replace(codec, parameters={**codec.parameters, **parameters})
    return SendPlan(codec, "0", "somebody", dict(HEADER_EXTENSIONS[kind]))


def receiver_report(ssrc, *, lost=0.0, total=0, lsr=0, dlsr=0):
    return rtp.RtcpRrPacket(
        ssrc=7,
        reports=[
            rtp.RtcpReceiverInfo(
                ssrc=ssrc,
                fraction_lost=round(lost * 256),
                packets_lost=total,
                highest_sequence=100,
                jitter=90,
                lsr=lsr,
                dlsr=dlsr,
            )
        ],
    )


def estimate(bit_rate, *ssrcs):
    return rtp.RtcpPsfbPacket(fmt=15, ssrc=7, media_ssrc=0, fci=rtp.pack_remb_fci(bit_rate, list(ssrcs)))


def picture_loss(ssrc):
    return rtp.RtcpPsfbPacket(fmt=1, ssrc=7, media_ssrc=ssrc)


def full_intra(ssrc, number):
    return rtp.RtcpPsfbPacket(fmt=4, ssrc=7, media_ssrc=0, fci=struct.pack("!IB3x", ssrc, number))


def not_received(ssrc, *numbers):
    return rtp.RtcpRtpfbPacket(fmt=1, ssrc=7, media_ssrc=ssrc, lost=list(numbers))


def decoded(name, frames):
    """What a receiver would see of whole frames."""
    decoder = av.CodecContext.create("libdav1d" if name == "av1" else name, "r")
    format = format_of(name)
    shown = []
    for _, payloads in frames:
        shown += decoder.decode(av.Packet(format.depacketize(payloads)))
    return shown + decoder.decode(None)
