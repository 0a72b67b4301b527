"""`RemoteStream`: the packets of one source (one SSRC): their order, their times, what of them is missing.

Not for: which source a receiver listens to (``inlet.py``). On the loop; everything here is quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediastreams._rules.missing_packets import MissingPackets
from mediastreams._rules.reception import Reception
from mediastreams._rules.rtp_counters import PacketOrder, Unwrapped
from mediastreams.webrtc.receiving.coded import Coded, Times
from mediastreams.webrtc.receiving.picture_assembly import PictureAssembly, Piece
from mediastreams.webrtc.receiving.sound_order import SoundOrder, SoundPacket

if TYPE_CHECKING:
    from aiortc.rtp import RtcpSenderInfo, RtpPacket

    from mediastreams._rules.capture_times import MediumTimes, SharedTimes
    from mediastreams.webrtc.plans import Codec

__all__ = ["RemoteStream", "SenderReport"]

_HEADER = 12


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The latest report of the sender, and when it came (µs)."""

    info: RtcpSenderInfo
    arrival: int
    count: int


class RemoteStream:
    """One SSRC, from its first packet until it is forgotten. Times in µs of the clock.

    ``retransmitted``, ``retransmitted_bytes``: what came once more over a stream of its own.
    """

    def __init__(self, ssrc: int, codec: Codec, times: MediumTimes) -> None:
        self.ssrc = ssrc
        self.codec = codec
        self.reception = Reception(codec.clock_rate)
        self.missing = MissingPackets(asks="nack" in codec.feedback)
        self.assembly = PictureAssembly(self.missing.sought) if codec.kind == "video" else None
        self.sounds = SoundOrder()
        self.sender: SenderReport | None = None
        self.latest_arrival = 0
        self.latest_stamp = 0
        self.retransmitted = 0
        self.retransmitted_bytes = 0
        self._clock_rate = codec.clock_rate
        self._times = times
        self._order = PacketOrder()
        self._stamps = Unwrapped(32)
        self._restarts = 0

    def take(self, packet: RtpPacket, codec: Codec, now: int, *, again: bool) -> bool:
        """Take in a packet; ``again``: it was asked for and came over a stream of its own. Whether it was heeded."""
        order = self._order
        place = order.look(packet.sequence_number) if again else order.take(packet.sequence_number)
        if place is None:
            return False
        if self._order.restarts != self._restarts:
            self._begin_anew()
        if codec != self.codec:
            self._change(codec)
        stamp = self._stamps.take(packet.timestamp)
        size = len(packet.payload)
        if again:
            self.retransmitted += 1
            self.retransmitted_bytes += size
        else:
            header = _HEADER + 4 * len(packet.csrc) + packet.padding_size
            self.reception.take(place, stamp, now, size, header)
            if size:
                self._times.arrived(stamp, now)
        self.latest_arrival = now
        self.latest_stamp = packet.timestamp
        self.missing.received(place, now)
        if self.assembly is not None:
            self.assembly.add(place, Piece(codec, packet.payload, stamp, bool(packet.marker), now))
        elif size:
            self.sounds.add(place, SoundPacket(codec, packet.payload, stamp, now), now)
        return True

    def _begin_anew(self) -> None:
        self._restarts = self._order.restarts
        self.reception.begin_anew()
        before, self.missing = self.missing, MissingPackets(asks=self.missing.asks)
        self.missing.requests, self.missing.least = before.requests, before.least
        self.sounds.begin_anew()
        if self.assembly is not None:
            self.assembly.lose()
            self.assembly.sought = self.missing.sought

    def _change(self, codec: Codec) -> None:
        """Another payload type: its frames begin with a key frame; its stamps may count at another rate."""
        if codec.clock_rate != self._clock_rate:
            self._clock_rate = codec.clock_rate
            self._stamps = Unwrapped(32)
            self._times.begin_anew(codec.clock_rate)
            self.reception.clock_rate = codec.clock_rate
        self.codec = codec
        self.missing.asks = "nack" in codec.feedback

    def ready(self, now: int) -> Iterator[Coded]:
        """The frames that are whole, and in order."""
        if self.assembly is None:
            for packet in self.sounds.take(now, self._round_trip):
                times = self._times_of(packet.stamp, packet.arrival, now)
                yield Coded(packet.codec, packet.payload, packet.stamp, times, key=True, lost=packet.lost)
            return
        for picture in self.assembly.take():
            times = self._times_of(picture.stamp, picture.arrival, now)
            yield Coded(picture.codec, picture.data, picture.stamp, times, picture.key, int(picture.after_loss))
        if self.assembly.next_place is not None:
            self.missing.forget(self.assembly.next_place)

    def _times_of(self, stamp: int, arrival: int, now: int) -> Times:
        return Times(self._times.timestamp(stamp, now), self._times.captured(stamp), arrival)

    @property
    def _round_trip(self) -> int | None:
        """For sound: µs after which a packet that was asked for again may come."""
        return self.missing.round_trip if self.missing.asks else None

    def next_at(self) -> float | None:
        """When something is to be done though no packet comes, µs."""
        times = [self.missing.next_at(), self.sounds.next_at(self._round_trip)]
        return min((time for time in times if time is not None), default=None)

    def reported(self, info: RtcpSenderInfo, now: int) -> None:
        """Take note of a sender report."""
        count = 1 if self.sender is None else self.sender.count + 1
        self.sender = SenderReport(info, now, count)
        if self._stamps.latest is not None and info.ntp_timestamp:
            wall = (info.ntp_timestamp >> 32) * 1_000_000 + ((info.ntp_timestamp & 0xFFFFFFFF) * 1_000_000 >> 32)
            self._times.reported(self._stamps.look(info.rtp_timestamp), wall, now)

    def wait_for(self, least: int) -> None:
        """Wait for what is missing for so many µs in any case."""
        self.missing.least = least
        self.sounds.least = least

    def join(self, shared: SharedTimes) -> None:
        """Belong to other media from now on."""
        self._times.leave()
        self._times = shared.join(self._clock_rate)

    def close(self) -> None:
        """Hold nothing up any more."""
        self._times.leave()
