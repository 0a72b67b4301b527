"""`VideoEncoder`: one track's pictures become packets on the recording's time.

Rules of the file: a shared frame is never written: the encoder's time base is the frames' own, 1/1 000 000, so
PyAV has nothing to rescale; the start offset is taken off the packets; a frame that is not stamped with its
picture's time (black), or that must become a key frame, is sent as a private reference (2 µs, no copy).
The first picture's size is kept for life; other sizes are scaled and letterboxed into it. Rates vary: a packet
lasts until the next picture, as far as that is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av

from mediastreams._engine.encoding.letterbox import black_frame, fitted
from mediastreams._engine.encoding.scheduling import open_encoder
from mediastreams._engine.frame_refs import private_frame
from mediastreams._engine.frames import MICROSECONDS, Picture

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from mediastreams._engine.encoding.codecs import EncoderModel, VideoPlan

__all__ = ["MP4_TAGS", "VideoEncoder"]

MP4_TAGS: Final[Mapping[str, str]] = {"hevc": "hvc1"}  # FFmpeg's own choice, hev1, is not played by Apple's players
_KEY_PICTURE: Final = 1  # av.video.frame.PictureType.I
_UNSPECIFIED: Final = 2
_BT601: Final = 6


class VideoEncoder:
    """One encoder and its stream in a container. Used by one thread.

    ``start`` is the recording's first instant, µs of the clock.
    """

    def __init__(
        self,
        container: OutputContainer,
        model: EncoderModel,
        plan: VideoPlan,
        first: Picture | None,
        *,
        options: Mapping[str, str],
        least_step: int,
    ) -> None:
        even = model.even
        self.width = max(2, plan.width // 2 * 2) if even else plan.width
        self.height = max(2, plan.height // 2 * 2) if even else plan.height
        name = first.av.format.name if first is not None else ""
        self.pixel_format = name if name in model.formats and not _full_range(first) else model.formats[0]
        self.frames = 0
        self.dropped = 0
        self.last: Picture | None = None
        self._first = 0
        self._start = 0
        self._least_step = least_step
        self._interval = round(1_000_000 / plan.frame_rate)
        self._durations: dict[int, int] = {}
        self._key_at: int | None = None
        self._since_key = 0
        self._keys = plan.key_frames
        self._own_keys = "g" not in options
        stream = container.add_stream(model.name, rate=Fraction(plan.frame_rate).limit_denominator(1001))
        assert isinstance(stream, av.VideoStream)
        self._stream = stream
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = self.width, self.height, self.pixel_format
        context.time_base = MICROSECONDS
        context.gop_size = self._latest_key(plan)
        tag = plan.tag or (MP4_TAGS.get(context.codec.canonical_name) if container.format.name == "mp4" else None)
        if tag is not None:
            context.codec_tag = tag
        if plan.bit_rate:
            context.bit_rate = plan.bit_rate
        self._tag(context, first)
        context.options = {**model.options(plan), **options}
        open_encoder(context)
        self._context = context
        self.unused_options = frozenset(context.options) & frozenset(options)

    def _latest_key(self, plan: VideoPlan) -> int:
        """After how many pictures the encoder itself may make a key frame: twice what we do, so ours come first."""
        keys = plan.key_frames
        count = plan.frame_rate * (keys.interval or 0) / 1_000_000 if keys.count is None else keys.count + 1
        return max(1, min(round(2 * count), 1_000_000))

    def _key_is_due(self, timestamp: int) -> bool:
        if not self._own_keys:
            return False
        if self._key_at is None:
            return True
        count, interval = self._keys.count, self._keys.interval
        if count is not None:
            return self._since_key >= count
        return interval is not None and timestamp - self._key_at >= interval

    def _tag(self, context: av.VideoCodecContext, first: Picture | None) -> None:
        """Say what the colours mean, as far as the first picture knows."""
        context.color_range = 1  # limited, see `fitted`
        if first is None:
            return
        frame = first.av
        if frame.format.is_rgb:
            context.colorspace = _BT601  # what `to_format` makes of RGB
        elif int(frame.colorspace) != _UNSPECIFIED:
            context.colorspace = int(frame.colorspace)
        if int(frame.color_primaries) not in (0, _UNSPECIFIED):
            context.color_primaries = int(frame.color_primaries)
        if int(frame.color_trc) not in (0, _UNSPECIFIED):
            context.color_trc = int(frame.color_trc)

    def start_at(self, start: int) -> None:
        """Set the recording's first instant; before the first `encode`."""
        self._start = start

    @property
    def index(self) -> int:
        """The stream's number in its container."""
        return self._stream.index

    @property
    def position(self) -> int | None:
        """The last picture's instant, µs of the clock."""
        return None if self.last is None else self.last.timestamp

    @property
    def span(self) -> int:
        """µs from the first picture to the last."""
        return self.last.timestamp - self._first if self.last is not None and self.frames else 0

    @property
    def interval(self) -> int:
        """The usual distance of two pictures, µs."""
        return self._interval

    def encode(self, picture: Picture, end: int | None = None) -> list[av.Packet[VideoStream]]:
        """Encode one picture; it lasts no longer than to ``end`` (µs of the clock).

        One that is not later than its predecessor is dropped and counted.
        """
        timestamp = picture.timestamp
        if self.last is not None:
            step = timestamp - self.last.timestamp
            if step < self._least_step:
                self.dropped += 1
                return []
            self._interval = step if step < 250_000 else self._interval
        shown = fitted(picture, self.width, self.height, self.pixel_format)
        frame = shown.av
        key = self._key_is_due(timestamp)
        self._since_key += 1
        if key or frame.pts != timestamp or frame.time_base != MICROSECONDS:
            frame = private_frame(frame, timestamp)
            if key:
                frame.pict_type = _KEY_PICTURE
                self._key_at = timestamp
                self._since_key = 0
        duration = picture.duration or self._interval
        self._durations[timestamp] = duration if end is None else max(0, min(duration, end - timestamp))
        if not self.frames:
            self._first = timestamp
        self.last = picture
        self.frames += 1
        return self._finished(self._context.encode(frame))

    def black(self, timestamp: int) -> list[av.Packet[VideoStream]]:
        """Encode a black picture: what a muted track shows."""
        frame = black_frame(self.width, self.height, self.pixel_format)
        return self.encode(Picture.stamped(frame, timestamp))

    def repeat(self, timestamp: int) -> list[av.Packet[VideoStream]]:
        """Show the last picture again, so that the file goes on while nothing new comes."""
        if self.last is None:
            return self.black(timestamp)
        return self.encode(Picture(self.last.av, timestamp))

    def go_on_from(self, other: VideoEncoder) -> None:
        """Remember what the former file showed last: it is repeated while nothing new comes."""
        self.last = other.last

    def flush(self) -> list[av.Packet[VideoStream]]:
        """End: the packets that the encoder still holds."""
        return self._finished(self._context.encode(None))

    def _finished(self, packets: list[av.Packet[VideoStream]]) -> list[av.Packet[VideoStream]]:
        for packet in packets:
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, self._interval)
                packet.pts -= self._start
            if packet.dts is not None:
                packet.dts -= self._start
            packet.stream = self._stream
        return packets


def _full_range(picture: Picture | None) -> bool:
    return picture is not None and int(picture.av.color_range) == 2
