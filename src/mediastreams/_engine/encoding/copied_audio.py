"""`CopiedAudio`: encoded sound goes into a file as it is; silence in between is made by an encoder of the same codec.

Rules of the file: sound that tells its format in every packet (ADTS, in broadcasts) is brought into the form of files,
which tell it once. What an encoder makes is taken only if a decoder that knows the file's head decodes it; else the
track has a gap there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from av.bitstream import BitStreamFilterContext

from mediastreams._engine.encoding.audio_encoder import AudioEncoder
from mediastreams._engine.encoding.codecs import available_encoder
from mediastreams._engine.encoding.copied import CopiedTrack, scratch_container
from mediastreams._engine.frames import MICROSECONDS, Chunk, ChunkFormat, Sound
from mediastreams._rules.mime_types import codec_of

if TYPE_CHECKING:
    from av import Packet
    from av.container import OutputContainer

__all__ = ["CopiedAudio"]

_logger = logging.getLogger(__name__)


class CopiedAudio(CopiedTrack):
    """One track of sound that is copied. Looks like an `AudioEncoder` that takes chunks, too."""

    def __init__(self, container: OutputContainer, format: ChunkFormat) -> None:
        super().__init__(container, format)
        self.sample_rate = format.sample_rate
        self.channels = format.channels
        self._position = 0
        self._encoder: AudioEncoder | None = None
        self._origin = 0  # where the encoder begins, µs since the start
        self._fits = True
        self._head = format.extradata
        self._filter: BitStreamFilterContext | None = None
        if format.codec == "aac" and not format.extradata:
            self._filter = BitStreamFilterContext("aac_adtstoasc", format.template)

    def start_at(self, start: int) -> None:
        """Set the recording's first instant; before the first packet."""
        super().start_at(start)
        self._position = start

    @property
    def position(self) -> int:
        """How far the track is filled, µs of the clock."""
        return self._position if self._encoder is None else self._encoder.position

    def encode(self, item: Sound | Chunk, end: int | None = None) -> Iterable[Packet[Any]]:
        """Write a chunk as it is, a sound in the same codec."""
        if isinstance(item, Chunk):
            return self._copy(item)
        encoder = self._encoder_from(item.timestamp)
        return [] if encoder is None else self._fitted(encoder.encode(item, end))

    def fill(self, until: int) -> Iterable[Packet[Any]]:
        """Write silence up to that instant, µs of the clock."""
        encoder = self._encoder_from(self._position)
        return [] if encoder is None else self._fitted(encoder.fill(until))

    def flush(self) -> Iterable[Packet[Any]]:
        """End: what the encoder still holds."""
        return [] if self._encoder is None else self._fitted(self._encoder.flush())

    def _copy(self, chunk: Chunk) -> list[Packet[Any]]:
        packets: list[Packet[Any]] = []
        if self._encoder is not None:
            limit = chunk.timestamp - self.start
            packets += [packet for packet in self.flush() if _time(packet.pts or 0, packet.time_base) < limit]
            self._encoder = None
        packets += self._unwrapped(self._packet_of(chunk))
        self._position = max(self._position, chunk.timestamp + chunk.duration)
        return packets

    def _unwrapped(self, packet: Packet[Any]) -> list[Packet[Any]]:
        if self._filter is None:
            return [packet]
        packets = self._filter.filter(packet)
        for one in packets:
            one.stream, one.time_base = self._stream, MICROSECONDS
            if one.has_sidedata("new_extradata"):
                self._head = bytes(one.get_sidedata("new_extradata"))
        return packets

    def _encoder_from(self, timestamp: int) -> AudioEncoder | None:
        if self._encoder is not None or not self._fits:
            return self._encoder
        format = self.format
        model = available_encoder(codec_of(format.codec) or "")
        if model is not None:
            made = AudioEncoder(
                scratch_container(),
                model,
                sample_rate=format.sample_rate,
                layout=format.layout,
                bit_rate=None,
                options={},
            )
            if _same_head(format.codec, self._head, made.extradata):
                self._origin = max(self._position, timestamp) - self.start
                made.start_at(self.start + self._origin)
                self._encoder = made
                return made
        self._fits = False
        _logger.warning("no silence can be made that fits %s: the sound has a gap where it is not copied", format.codec)
        return None

    def _fitted(self, packets: Iterable[Packet[Any]]) -> list[Packet[Any]]:
        """Put an encoder's packets, which count from its own beginning, where they belong."""
        made = []
        for packet in packets:
            base = packet.time_base
            shift = self._origin * base.denominator // (base.numerator * 1_000_000)
            if packet.pts is None:
                continue
            packet.pts += shift
            packet.dts = packet.pts
            if self._decoded is not None and _time(packet.pts, base) <= self._decoded:
                continue  # its run-up, where copied sound stands
            made.append(self._in_order(packet))
        return made


def _same_head(codec: str, theirs: bytes, own: bytes) -> bool:
    """Whether a decoder set up for the one decodes the other's packets."""
    if codec == "aac":  # object type, rate and channels: the first 16 bits of an AudioSpecificConfig
        return len(theirs) > 1 and theirs[:2] == own[:2]
    if codec == "opus":  # an OpusHead: the number of channels, and how they are put into streams
        return theirs[9:10] == own[9:10] and theirs[18:] == own[18:]
    return False


def _time(stamp: int, base: Any) -> int:
    return int(stamp * base.numerator * 1_000_000 // base.denominator)
