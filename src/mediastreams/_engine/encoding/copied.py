"""`CopiedTrack`: what a copied track of pictures and one of sound have in common: its stream, and packets of its own.

Rules of the file: a chunk's packet is shared and stays as it is; the bytes are not copied, the stamps are our own.
Decoding stamps grow strictly, as every container asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av

from mediastreams._engine.frames import MICROSECONDS

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.stream import Stream

    from mediastreams._engine.frames import Chunk, ChunkFormat

__all__ = ["CopiedTrack", "scratch_container"]


def scratch_container() -> OutputContainer:
    """A container that is never written: encoders want one, and theirs is none of the file's."""
    import os

    return av.open(os.devnull, "w", format="null")


class CopiedTrack:
    """One stream of a container that takes packets as they are. Used by one thread.

    ``start``: the recording's first instant, µs of the clock.
    """

    def __init__(self, container: OutputContainer, format: ChunkFormat) -> None:
        self.format = format
        self.start = 0
        self._stream: Stream = container.add_stream_from_template(format.template, opaque=True)
        self._decoded: int | None = None  # the latest packet's decoding stamp, µs since the start

    def start_at(self, start: int) -> None:
        """Set the recording's first instant; before the first packet."""
        self.start = start

    @property
    def index(self) -> int:
        """The stream's number in its container."""
        return self._stream.index

    def _packet_of(self, chunk: Chunk, head: bytes = b"") -> av.Packet[Any]:
        """The chunk as a packet of this stream, after ``head``."""
        shared = chunk.packet
        packet = av.Packet(head + bytes(shared) if head else shared)  # type: ignore[arg-type]  # a buffer
        for side_data in shared.iter_sidedata():
            if side_data.data_type != "new_extradata":  # the head is written: Matroska's would be spoilt
                packet.set_sidedata(side_data)
        packet.is_keyframe = chunk.key
        packet.time_base = MICROSECONDS
        packet.pts = chunk.timestamp - self.start
        packet.dts = chunk.decode_timestamp - self.start
        packet.duration = chunk.duration
        return self._in_order(packet)

    def _like(self, packet: av.Packet[Any], data: bytes) -> av.Packet[Any]:
        """The same packet with other bytes."""
        other: av.Packet[Any] = av.Packet(data)
        other.is_keyframe = packet.is_keyframe
        other.time_base = packet.time_base
        other.pts, other.dts, other.duration = packet.pts, packet.dts, packet.duration
        return other

    def _in_order(self, packet: av.Packet[Any]) -> av.Packet[Any]:
        packet.stream = self._stream
        base = packet.time_base
        decoded = packet.dts if packet.dts is not None else packet.pts
        if decoded is None:
            return packet
        time = decoded * base.numerator * 1_000_000 // base.denominator
        if self._decoded is not None and time - self._decoded < (least := self._least_step()):
            time = self._decoded + least
            packet.dts = -(-time * base.denominator // (base.numerator * 1_000_000))  # rounded up
            if packet.pts is not None and packet.pts < packet.dts:
                packet.pts = packet.dts
        self._decoded = time
        return packet

    def _least_step(self) -> int:
        """µs that the container surely tells apart."""
        base = self._stream.time_base
        return base.numerator * 1_000_000 // base.denominator + 1 if base else 1
