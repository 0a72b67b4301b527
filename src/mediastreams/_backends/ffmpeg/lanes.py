"""`Lane`: one stream of a file on its way to one source's delivery: decoded, given times, waiting its turn.

Not for: reading the file (``passes.py``) or deciding when something is due (``movie.py``).

Rules of the file: everything but `attach` and `detach` happens on the movie's thread. While nobody is
attached nothing is decoded: packets only tell how time passes, and decoding begins again at a key frame;
unless the lane is kept ``warm`` for somebody who may come at any time.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import av
import av.error
from av.video.frame import PictureType

from mediastreams._backends.ffmpeg.sounds import to_float_planar, usual_layout
from mediastreams._backends.ffmpeg.stamps import PictureTimes, SoundTimes, Ticks
from mediastreams._engine.frames import Picture, Sound
from mediastreams._rules.values import AudioMode, VideoMode

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from av.packet import Packet
    from av.stream import Stream

    from mediastreams._backends.ffmpeg.tracks import TrackInfo
    from mediastreams._rules.values import Mode
    from mediastreams.abc import Delivery

__all__ = ["Item", "Lane"]

_logger = logging.getLogger(__name__)
_NO_TYPE: Final = PictureType.NONE
_LONGEST_SOUND_US: Final = 100_000


@dataclass(frozen=True, slots=True)
class _Samples:
    """A sound without its time."""

    data: npt.NDArray[np.float32]
    rate: int
    layout: str


@dataclass(slots=True)
class Item:
    """Something due at ``media`` µs; nothing but the passing of time when ``payload`` is ``None``."""

    media: int
    duration: int | None
    payload: av.VideoFrame | _Samples | None


class Lane:
    """One stream. Lives as long as the movie; every pass gives it that pass's stream (`begin_pass`)."""

    def __init__(self, info: TrackInfo, name: str) -> None:
        self.info = info
        self.delivery: Delivery | None = None
        self.packets: deque[Packet[Stream]] = deque()
        self.ready: deque[Item] = deque()
        self.drained = False
        self.decoded = 0
        self.errors = 0
        self.finished = False
        self.warm = False
        self._name = name
        self._stream: Stream | None = None
        self._ticks = Ticks(None, 0)
        self._begin = 0
        self._resting = False  # packets were passed over: the decoder lacks what the next ones refer to
        self._silent_end = 0
        self._interval = 0
        if isinstance(info.mode, VideoMode):
            self._interval = round(1_000_000 / info.mode.max_frame_rate)
        self._pictures = PictureTimes(self._interval)
        self._sounds = SoundTimes()
        self._mode: tuple[int, int] | None = None

    # ── who listens: any thread ──────────────────────────────────────────────────────────────────

    def attach(self, delivery: Delivery) -> None:
        self.delivery = delivery

    def detach(self) -> None:
        self.delivery = None

    # ── passes: the movie's thread ───────────────────────────────────────────────────────────────

    def begin_pass(self, stream: Stream, zero: int, begin: int) -> None:
        """Take the stream of a newly opened pass, which begins at media time ``begin``."""
        stream.codec_context.thread_type = "AUTO"
        self._stream = stream
        self._ticks = Ticks(stream.time_base, zero - begin)
        self._begin = begin
        self._resting = False
        self.drained = False
        self._sounds.restart()

    def end_pass(self) -> None:
        """Let go of the decoder; it ends with the last reference.

        Its threads are brought to rest first. PyAV frees a decoder with the interpreter's lock held and waits for
        its threads; one of those that has something to log waits for that lock: neither would ever go on.
        """
        stream, self._stream = self._stream, None
        self.packets.clear()
        if stream is not None and stream.codec_context.is_open:
            stream.codec_context.flush_buffers()  # waits for the threads without the lock

    @property
    def end(self) -> int:
        """When the latest item's time is over."""
        heard = self._pictures.end if self.info.kind == "video" else self._sounds.end
        return max(heard, self._silent_end, self._begin)

    # ── decoding ─────────────────────────────────────────────────────────────────────────────────

    def decode(self, packet: Packet[Stream]) -> None:
        """Put what comes of a packet into ``ready``."""
        if self.delivery is None and not self.warm:
            self._pass_over(packet)
            return
        if self._resting:
            if not packet.is_keyframe:
                self._pass_over(packet)
                return
            assert self._stream is not None
            self._stream.codec_context.flush_buffers()
            self._resting = False
        self._run_decoder(packet)

    def drain(self) -> None:
        """Take what the decoder still holds; this pass has no more packets. Idempotent."""
        if self.drained:
            return
        self.drained = True
        if not self._resting and self._stream is not None:
            self._run_decoder(None)

    def _pass_over(self, packet: Packet[Stream]) -> None:
        self._resting = True
        stamp = packet.pts if packet.pts is not None else packet.dts
        length = self._ticks.span_us(packet.duration or 0) or self._interval
        media = self._silent_end if stamp is None else max(self._begin, self._ticks.us(stamp))
        self._silent_end = max(self._silent_end, media + length)
        self.ready.append(Item(media, length, None))

    def _run_decoder(self, packet: Packet[Stream] | None) -> None:
        assert self._stream is not None
        context = self._stream.codec_context
        try:
            frames = context.decode(packet)  # type: ignore[attr-defined]  # both kinds of context have it
        except EOFError:
            return
        except av.error.FFmpegError as error:
            self.errors += 1
            if self.errors == 1:
                _logger.warning("%s: damaged %s left out (%s)", self._name, self.info.kind, error.strerror)
            return
        self.decoded += len(frames)
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                self._take_picture(frame)
            else:
                self._take_sound(frame)

    def _take_picture(self, frame: av.VideoFrame) -> None:
        time = None if frame.pts is None else self._ticks.us(frame.pts)
        length = self._ticks.span_us(frame.duration) if frame.duration else None
        media, duration = self._pictures.stamp(time, length, self._begin)
        self.ready.append(Item(media, duration, frame))

    def _take_sound(self, frame: av.AudioFrame) -> None:
        length = frame.samples
        rate = frame.sample_rate
        if not length or not rate:
            return
        time = None if frame.pts is None else self._ticks.us(frame.pts)
        media, over = self._sounds.stamp(time, rate, length, self._begin)
        if over == length:
            return
        data = to_float_planar(frame)
        if over:
            data = data[:, over:].copy()
        layout = usual_layout(frame.layout)
        longest = rate * _LONGEST_SOUND_US // 1_000_000
        if data.shape[1] <= longest:
            self.ready.append(Item(media, None, _Samples(data, rate, layout)))
            return
        for start in range(0, data.shape[1], longest):
            part = data[:, start : start + longest].copy()
            self.ready.append(Item(media + start * 1_000_000 // rate, None, _Samples(part, rate, layout)))

    # ── delivery ─────────────────────────────────────────────────────────────────────────────────

    def hand_over(self, item: Item, timestamp: int) -> None:
        """Give an item its instant on the clock and the consumers the item."""
        delivery = self.delivery
        payload = item.payload
        if delivery is None or payload is None:
            return
        metadata: dict[str, object] = {"media_time": item.media / 1_000_000}
        if isinstance(payload, _Samples):
            shape = (payload.rate, payload.data.shape[0])
            self._look_at_mode(delivery, shape)
            delivery.deliver(Sound(payload.data, payload.rate, timestamp, payload.layout, 0, metadata))
            return
        self._look_at_mode(delivery, (payload.width, payload.height))
        rotation = payload.rotation
        if rotation:
            metadata["rotation"] = -rotation % 360  # FFmpeg counts against the clock, WebCodecs with it
        payload.pict_type = _NO_TYPE  # else an encoder would repeat the file's sequence of frame types
        if item.duration is not None:
            payload.duration = item.duration
        delivery.deliver(Picture.stamped(payload, timestamp, item.duration, metadata))

    def _look_at_mode(self, delivery: Delivery, shape: tuple[int, int]) -> None:
        """Report a size, rate or number of channels that is not the stream's announced one."""
        mode = self.info.mode
        if isinstance(mode, VideoMode):
            before = self._mode or (mode.width, mode.height)
        else:
            before = self._mode or (mode.sample_rate, mode.channel_count)
        if shape != before:
            self._mode = shape
            delivery.reconfigured(self.mode)

    @property
    def mode(self) -> Mode:
        """The mode of the latest item."""
        mode = self.info.mode
        if self._mode is None:
            return mode
        if isinstance(mode, VideoMode):
            return VideoMode(*self._mode, mode.min_frame_rate, mode.max_frame_rate, mode.pixel_format)
        return AudioMode(*self._mode, min_latency=0.0, max_latency=0.0)

    def mute(self, *, muted: bool) -> None:
        delivery = self.delivery
        if delivery is not None and not self.finished:
            delivery.set_muted(muted=muted)

    def finish(self, error: BaseException | None = None) -> None:
        """End the track. Idempotent."""
        if not self.finished:
            self.finished = True
            delivery = self.delivery
            if delivery is not None:
                delivery.end(error)
