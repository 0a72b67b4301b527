"""`CopiedVideo`: encoded pictures go into a file as they are; what is not encoded (black) is made to fit between them.

Rules of the file: between two runs of chunks an encoder of the same codec makes pictures of the same size, beginning
at a key frame of its own; chunks come again with a key frame of theirs. Both are decoded as long before they are shown.
Where the file tells the parameter sets in its head, the encoder's stand in its packets under a number of their own, and
the file's are told again after them, so that a decoder knows both, wherever it begins. Without an encoder for the codec
the last picture stays.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mediastreams._engine.encoding.codecs import VideoPlan, available_encoder
from mediastreams._engine.encoding.copied import CopiedTrack, scratch_container
from mediastreams._engine.encoding.parameter_sets import length_size, parameter_sets, with_lengths
from mediastreams._engine.encoding.video_encoder import MP4_TAGS, VideoEncoder
from mediastreams._engine.frames import Chunk, ChunkFormat, Picture
from mediastreams._rules.mime_types import codec_of

if TYPE_CHECKING:
    from av import Packet
    from av.container import OutputContainer

__all__ = ["CopiedVideo"]

_logger = logging.getLogger(__name__)
_IN_BAND: Final[Mapping[str, Mapping[str, str]]] = {
    "libx264": {"x264-params": "sync-lookahead=0:repeat-headers=1:sps-id=31"},
    "libx265": {"x265-params": "log-level=none:frame-threads=1:rc-lookahead=5:bframes=0:repeat-headers=1"},
}


class CopiedVideo(CopiedTrack):
    """One track of pictures that is copied. Looks like a `VideoEncoder` that takes chunks, too."""

    def __init__(self, container: OutputContainer, format: ChunkFormat, *, least_step: int) -> None:
        super().__init__(container, format)
        if container.format.name == "mp4" and format.codec in MP4_TAGS:
            self._stream.codec_context.codec_tag = MP4_TAGS[format.codec]
        self.width = format.width
        self.height = format.height
        self.frames = 0
        self.dropped = 0
        self._least = least_step
        self._encoder: VideoEncoder | None = None
        self._position: int | None = None
        self._first: int | None = None
        self._interval = round(1_000_000 / (format.frame_rate or 30))
        self._lengths = length_size(format.codec, format.extradata)
        self._ahead = 0  # µs between a picture's decoding and its showing
        self._warned = False

    @property
    def position(self) -> int | None:
        """The latest picture's instant, µs of the clock."""
        return self._position

    @property
    def span(self) -> int:
        """µs from the first picture to the last."""
        return 0 if self._position is None or self._first is None else self._position - self._first

    @property
    def interval(self) -> int:
        """The usual distance of two pictures, µs."""
        return self._interval

    def encode(self, item: Picture | Chunk, end: int | None = None) -> Iterable[Packet[Any]]:
        """Write a chunk as it is, a picture in the same codec; that lasts no longer than to ``end``."""
        if isinstance(item, Chunk):
            return self._copy(item)
        return self._make(item, end)

    def _copy(self, chunk: Chunk) -> list[Packet[Any]]:
        packets: list[Packet[Any]] = []
        head = b""
        if self._encoder is not None:
            packets += self.flush()
            self._encoder = None
            head = parameter_sets(self.format.codec, self.format.extradata)
        packets.append(self._packet_of(chunk, head))
        if chunk.key:
            self._ahead = max(0, chunk.timestamp - chunk.decode_timestamp)
        self.frames += 1
        self._position = max(chunk.timestamp, self._position or chunk.timestamp)
        self._first = min(chunk.timestamp, self._position if self._first is None else self._first)
        return packets

    def _make(self, picture: Picture, end: int | None) -> Iterable[Packet[Any]]:
        encoder = self._encoder = self._encoder or self._open_encoder(picture)
        if encoder is None:
            self.dropped += 1
            return []
        self.frames += 1
        self._position = picture.timestamp
        self._first = picture.timestamp if self._first is None else self._first
        return self._fitted(encoder.encode(picture, end))

    def _open_encoder(self, first: Picture | None) -> VideoEncoder | None:
        model = available_encoder(codec_of(self.format.codec) or "")
        if model is None:
            if not self._warned:
                self._warned = True
                _logger.warning("no encoder for %s: the last picture stays while it is not copied", self.format.codec)
            return None
        plan = VideoPlan(self.width, self.height, min(max(self.format.frame_rate, 1.0), 240.0))
        options = _IN_BAND.get(model.name, {})
        encoder = VideoEncoder(scratch_container(), model, plan, first, options=options, least_step=self._least)
        encoder.start_at(self.start)
        return encoder

    def black(self, timestamp: int) -> Iterable[Packet[Any]]:
        """Write a black picture: what a muted track shows."""
        encoder = self._encoder = self._encoder or self._open_encoder(None)
        if encoder is None:
            return []
        self.frames += 1
        self._position = timestamp
        self._first = timestamp if self._first is None else self._first
        return self._fitted(encoder.black(timestamp))

    def repeat(self, timestamp: int) -> Iterable[Packet[Any]]:
        """Go on while nothing new comes: a picture that was copied stays as it is until the next."""
        if self._encoder is None:
            return []
        self.frames += 1
        self._position = timestamp
        return self._fitted(self._encoder.repeat(timestamp))

    def flush(self) -> list[Packet[Any]]:
        """End: what the encoder still holds."""
        return [] if self._encoder is None else self._fitted(self._encoder.flush())

    def _fitted(self, packets: Iterable[Packet[Any]]) -> list[Packet[Any]]:
        """Bring an encoder's packets into the form of the file's."""
        made = []
        for packet in packets:
            fitted = packet
            if self._lengths is not None:
                fitted = self._like(packet, with_lengths(bytes(packet), self._lengths))
            if fitted.dts is not None:
                fitted.dts -= self._ahead
            made.append(self._in_order(fitted))
        return made
