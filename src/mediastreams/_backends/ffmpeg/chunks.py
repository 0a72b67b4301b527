"""Packets of a file as chunks: what they are (`format_of`), and when they are due (`ChunkTimes`).

Not for: handing them over (``lanes.py``). Everything on the movie's thread.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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

_MOST_UNDATED: Final = 16  # pictures that a codec may reorder


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
    """Media times of one stream's packets. ``end``: when the latest picture or sound of all of them is over.

    Matroska tells only when a picture is shown. Where pictures are shown in another order than they are decoded in,
    FFmpeg finds out when to decode one after it has seen some; the first have to wait for that.
    """

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._decode: int | None = None
        self._undated: list[Coded] = []
        self.end = 0

    def look(self, packet: Packet[Stream], ticks: Ticks, begin: int) -> Coded:
        """Place a packet in media time. ``begin``: where this repetition of the file begins."""
        stamp = packet.pts if packet.pts is not None else packet.dts
        duration = ticks.span_us(packet.duration or 0) or self._interval
        media = max(begin, self.end) if stamp is None else ticks.us(stamp)
        self.end = max(self.end, media + duration)
        return Coded(packet, media, duration, max(0, min(begin - media, duration)))

    def dated(self, coded: Coded, ticks: Ticks) -> list[tuple[int, Coded]]:
        """Say when packets are to be decoded, in this order: this one and those before it that waited; or none yet."""
        stamp = coded.packet.dts
        if stamp is None and coded.packet.pts is not None and len(self._undated) < _MOST_UNDATED:
            self._undated.append(coded)
            return []
        return self._date([*self._undated, coded], coded.media if stamp is None else ticks.us(stamp))

    def rest(self) -> list[tuple[int, Coded]]:
        """The same for those that still wait when nothing follows."""
        return self._date(self._undated, min(one.media for one in self._undated)) if self._undated else []

    def _date(self, order: list[Coded], last: int) -> list[tuple[int, Coded]]:
        self._undated = []
        times = [last]
        for coded in reversed(order[:-1]):
            times.append(times[-1] - coded.duration)
        dated = []
        for time, coded in zip(reversed(times), order, strict=True):
            self._decode = time if self._decode is None else max(time, self._decode + 1)
            dated.append((self._decode, coded))
        return dated
