"""A peer that sends RTP made by FFmpeg's encoders to an inlet, over a way that loses, delays and reorders at will."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpSenderInfo, RtcpSrPacket, RtpPacket, wrap_rtx

from mediastreams._engine.clock import get_clock
from mediastreams._engine.encoding.scheduling import open_encoder
from mediastreams.webrtc.plans import Codec, ReceivePlan
from mediastreams.webrtc.rtp.formats import format_of

__all__ = ["OPUS", "PCMU", "VP8", "Peer", "Pictures", "Tone", "Transport", "plan_of"]

VP8 = Codec("video/VP8", 90_000, 96, feedback=("nack", "nack pli", "goog-remb"), rtx=97)
VP9 = Codec("video/VP9", 90_000, 98, feedback=("nack", "nack pli"), rtx=99)
H264 = Codec("video/H264", 90_000, 102, feedback=("nack", "nack pli"), rtx=103)
AV1 = Codec("video/AV1", 90_000, 104, feedback=("nack", "nack pli"))
OPUS = Codec("audio/opus", 48_000, 111, channels=2, parameters={"minptime": 10, "useinbandfec": 1})
PCMU = Codec("audio/PCMU", 8_000, 0, channels=1)
PCMA = Codec("audio/PCMA", 8_000, 8, channels=1)
G722 = Codec("audio/G722", 8_000, 9, channels=1)

_ENCODERS = {
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "threads": "1"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "h264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency"}),
    "av1": ("libsvtav1", {"preset": "12", "svtav1-params": "pred-struct=1"}),
}


def plan_of(*codecs, ssrcs=(), rtx_ssrcs=None):
    return ReceivePlan(codecs, "0", {}, 0xABCD, tuple(ssrcs), rtx_ssrcs or {})


class Transport:
    """Collects what is sent, as RTCP packets."""

    def __init__(self):
        self.connected = True
        self.sent = []
        self.users = {}
        self.on_rtcp = lambda packet: None

    def add_inlet(self, inlet, plan):
        self.users[inlet] = plan

    def add_outlet(self, outlet, plan):
        self.users[outlet] = plan

    def remove(self, user):
        self.users.pop(user, None)

    def send(self, data):
        if not self.connected:
            raise ConnectionError("not connected")
        for packet in RtcpPacket.parse(data):
            self.sent.append(packet)
            self.on_rtcp(packet)

    def of_kind(self, kind, fmt=None):
        return [
            packet for packet in self.sent if isinstance(packet, kind) and fmt in (None, getattr(packet, "fmt", None))
        ]


class Pictures:
    """Grey pictures whose brightness tells their number (see `grey`), encoded."""

    def __init__(self, codec=VP8, width=64, height=48):
        self.codec, self.width, self.height = codec, width, height
        name, options = _ENCODERS[codec.name]
        self._context = av.CodecContext.create(name, "w")
        self._context.width, self._context.height = width, height
        self._context.pix_fmt, self._context.time_base = "yuv420p", Fraction(1, 30)
        self._context.gop_size = 10_000
        self._context.options = options
        open_encoder(self._context)
        self._number = 0

    @staticmethod
    def grey(number):
        return 32 + number * 7 % 180

    def frame(self, number, *, key=False):
        frame = av.VideoFrame(self.width, self.height, "yuv420p")
        for plane, value in zip(frame.planes, (self.grey(number), 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts = self._number
        self._number += 1
        if key:
            frame.pict_type = av.video.frame.PictureType.I
        packets = self._context.encode(frame)
        assert len(packets) == 1
        return bytes(packets[0])


class Tone:
    """A sine in Opus or G.711, 20 ms a packet."""

    def __init__(self, codec=OPUS, frequency=440.0, channels=1):
        self.codec, self.frequency = codec, frequency
        name = {"opus": "libopus", "pcmu": "pcm_mulaw", "pcma": "pcm_alaw", "g722": "g722"}[codec.name]
        self.rate = {"opus": 48_000, "g722": 16_000}.get(codec.name, 8_000)
        context = av.CodecContext.create(name, "w")
        context.sample_rate, context.layout = self.rate, "stereo" if channels == 2 else "mono"
        context.format = "s16"
        context.time_base = Fraction(1, self.rate)
        if codec.name == "opus":
            context.options = {"application": "lowdelay"}
        self._context, self._channels, self._at = context, channels, 0

    def packet(self):
        length = self.rate // 50
        t = (self._at + np.arange(length)) / self.rate
        wave = (12_000 * np.sin(2 * np.pi * self.frequency * t)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.repeat(wave, self._channels)[None, :], format="s16", layout=self._context.layout.name
        )
        frame.sample_rate, frame.pts, frame.time_base = self.rate, self._at, Fraction(1, self.rate)
        self._at += length
        return b"".join(bytes(packet) for packet in self._context.encode(frame))


class Peer:
    """Numbers packets, and keeps them for those who ask again."""

    def __init__(self, inlet, codec, *, ssrc=1000, rtx_ssrc=None, sequence=65_500, timestamp=0xFFFF_0000):
        self.inlet, self.codec, self.ssrc, self.rtx_ssrc = inlet, codec, ssrc, rtx_ssrc
        self.sequence, self.timestamp = sequence, timestamp
        self.history = {}
        self.sent = self.octets = 0
        self._repeats = 0

    def packets(self, frame, ticks):
        """The packets of the next frame, which lasts that many ticks."""
        payloads = format_of(self.codec.name).packetize(frame)
        made = []
        for index, payload in enumerate(payloads):
            last = index == len(payloads) - 1
            marker = int(last and self.codec.kind == "video")
            packet = RtpPacket(self.codec.payload_type, marker, self.sequence, self.timestamp, self.ssrc, payload)
            self.history[self.sequence] = packet
            self.sequence = (self.sequence + 1) & 0xFFFF
            self.sent += 1
            self.octets += len(payload)
            made.append(packet)
        self.timestamp = (self.timestamp + ticks) & 0xFFFFFFFF
        return made

    def hand_in(self, packets, at_ns=None):
        for packet in packets:
            self.inlet.handle_rtp(packet, get_clock().now_ns() if at_ns is None else at_ns)

    def again(self, number):
        """The packet once more: over a stream of its own where there is one."""
        packet = self.history[number]
        if self.rtx_ssrc is None:
            return packet
        self._repeats += 1
        return wrap_rtx(packet, self.codec.rtx, self._repeats, self.rtx_ssrc)

    def report(self, timestamp, wall_us):
        """A sender report: that stamp is that instant of the sender's wall clock."""
        seconds, rest = divmod(wall_us, 1_000_000)
        info = RtcpSenderInfo(
            (seconds << 32) | (rest << 32) // 1_000_000, timestamp & 0xFFFFFFFF, self.sent, self.octets
        )
        self.inlet.handle_rtcp(RtcpSrPacket(self.ssrc, info))

    def goodbye(self):
        self.inlet.handle_rtcp(RtcpByePacket([self.ssrc]))
