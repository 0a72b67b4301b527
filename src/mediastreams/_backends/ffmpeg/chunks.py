"""Packets of a file as chunks: what they are (`format_of`), and when they are due (`ChunkTimes`).

Not for: handing them over (``lanes.py``). Everything on the movie's thread.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import av.error

from mediastreams._engine.frames import ChunkFormat
from mediastreams._rules.values import VideoMode

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

    from mediastreams._backends.ffmpeg.stamps import Ticks
    from mediastreams._backends.ffmpeg.tracks import TrackInfo

__all__ = ["ChunkTimes", "Coded", "format_of"]


def format_of(info: TrackInfo, stream: Stream) -> ChunkFormat | None:
    """Describe a stream's chunks; ``None`` for a codec that cannot be named to another container.

    A container that is never written to keeps the description: the file's own goes when that is closed.
    """
    context = stream.codec_context
    try:
        template = av.open(os.devnull, "w", format="null").add_stream_from_template(stream, opaque=True)
        codec = context.codec.canonical_name
    except (ValueError, av.error.FFmpegError):
        return None
    mode = info.mode
    if isinstance(mode, VideoMode):
        shape: dict[str, int | float] = {"width": mode.width, "height": mode.height, "frame_rate": mode.max_frame_rate}
        return ChunkFormat("video", codec, template, context.extradata or b"", **shape)  # type: ignore[arg-type]
    return ChunkFormat(
        "audio",
        codec,
        template,
        context.extradata or b"",
        sample_rate=mode.sample_rate,
        layout=info.layout,
        channels=mode.channel_count,
    )


@dataclass(frozen=True, slots=True)
class Coded:
    """A packet and its place in media time, µs; ``lead``: what of it lies before the file's beginning."""

    packet: Packet[Stream]
    media: int
    duration: int
    lead: int


class ChunkTimes:
    """Media times of one stream's packets. ``end``: when the latest picture or sound of all of them is over."""

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._decode: int | None = None
        self.end = 0

    def stamp(self, packet: Packet[Stream], ticks: Ticks, begin: int) -> tuple[int, Coded]:
        """When a packet is due, to be decoded then; and the packet with its times.

        ``begin``: where this repetition of the file begins.
        """
        pts = packet.pts if packet.pts is not None else packet.dts
        dts = packet.dts if packet.dts is not None else packet.pts
        duration = ticks.span_us(packet.duration or 0) or self._interval
        media = max(begin, self.end) if pts is None else ticks.us(pts)
        decode = media if dts is None else ticks.us(dts)
        if self._decode is not None:
            decode = max(decode, self._decode + 1)
        self._decode = decode
        self.end = max(self.end, media + duration)
        return decode, Coded(packet, media, duration, max(0, min(begin - media, duration)))
