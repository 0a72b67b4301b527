"""`Lane`: one stream of a file on its way to one source's delivery: decoded, given times, waiting its turn.

Not for: reading the file (``passes.py``) or deciding when something is due (``movie.py``).

Rules of the file: everything but `attach` and `detach` happens on the movie's thread. While nobody wants
frames nothing is decoded, unless the lane is kept ``warm`` for somebody who may come at any time: packets are handed
on as chunks, or only tell how time passes. Those since the key frame of the present picture are kept, so that whoever
comes in between sees that at once: they are decoded then, and what lies in the past is thrown away.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Final

import av
import av.error
from av.video.frame import PictureType

from mediastreams._backends.ffmpeg.chunks import ChunkTimes, Coded, format_of
from mediastreams._backends.ffmpeg.items import LONGEST_SOUND_US, Item, Samples
from mediastreams._backends.ffmpeg.passed_over import PassedOver
from mediastreams._backends.ffmpeg.sounds import to_float_planar, usual_layout
from mediastreams._backends.ffmpeg.stamps import PictureTimes, SoundTimes, Ticks
from mediastreams._backends.ffmpeg.tempo import FASTEST, SLOWEST, Tempo
from mediastreams._engine.frames import Chunk, Picture, Sound
from mediastreams._rules.values import AudioMode, VideoMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import numpy.typing as npt
    from av.packet import Packet
    from av.stream import Stream

    from mediastreams._backends.ffmpeg.tracks import TrackInfo
    from mediastreams._engine.frames import ChunkFormat
    from mediastreams._rules.values import Mode
    from mediastreams.abc import Delivery

__all__ = ["Lane"]

_logger = logging.getLogger(__name__)
_NO_TYPE: Final = PictureType.NONE


class Lane:
    """One stream. Lives as long as the movie; every pass gives it that pass's stream (`begin_pass`).

    ``packets`` were read and not looked at, ``ready`` waits to be shown, ``coded`` to be handed on as chunks.
    ``chunk_format``: what those are.
    """

    def __init__(self, info: TrackInfo, name: str) -> None:
        self.info = info
        self.visual = info.kind == "video"
        self.delivery: Delivery | None = None
        self.packets: deque[Packet[Stream]] = deque()
        self.ready: deque[Item] = deque()
        self.coded: deque[Item] = deque()
        self.chunk_format: ChunkFormat | None = None
        self.drained = False
        self.decoded = 0
        self.errors = 0
        self.finished = False
        self._told: Delivery | None = None  # whose consumers know of the end
        self.warm = False
        self._name = name
        self._stream: Stream | None = None
        self._ticks = Ticks(None, 0)
        self._begin = 0
        self._behind = PassedOver()
        self._passed: int | None = None  # media time of the latest item that is no longer here
        self._from: int | None = None  # pictures and sounds before it come too late
        self._interval = 0
        if isinstance(info.mode, VideoMode):
            self._interval = round(1_000_000 / info.mode.max_frame_rate)
        self._pictures = PictureTimes(self._interval)
        self._sounds = SoundTimes()
        self._chunks = ChunkTimes(self._interval)
        self._mode: tuple[int, int] | None = None
        self.watcher: Callable[[Picture], None] | None = None  # sees every picture, whether tracks want it or not
        self.rate = 1.0
        self.preserves_pitch = True
        self._tempo: Tempo | None = None
        self._target: int | None = None  # where it was sought to, until something of there is decoded
        self._sought: Item | None = None  # the latest picture before that
        self._cut = False
        self._latest_us = 0

    # ── who listens: any thread ──────────────────────────────────────────────────────────────────

    def attach(self, delivery: Delivery) -> None:
        self.delivery = delivery

    def detach(self) -> None:
        self.delivery = self._told = None

    # ── passes: the movie's thread ───────────────────────────────────────────────────────────────

    def begin_pass(self, stream: Stream, zero: int, begin: int) -> None:
        """Take the stream of a newly opened pass, which begins at media time ``begin``."""
        if not stream.codec_context.is_open:  # a live server may begin anew on the same connection
            stream.codec_context.thread_type = "AUTO"
        self._stream = stream
        self._ticks = Ticks(stream.time_base, zero - begin)
        self._begin = begin
        self._behind.forget()
        self.drained = False
        self._sounds.restart()
        if self.chunk_format is None:
            self.chunk_format = format_of(self.info, stream)

    def seek(self, target: int | None) -> None:
        """Forget everything: packets of another place follow, which lies ``target`` µs after the beginning of the file.

        ``None``: somewhere before a place that was only to be reached roughly.
        """
        self.packets.clear()
        self.ready.clear()
        self.coded.clear()
        self._refresh()
        self._behind.forget()
        self._passed = self._from = self._sought = self._tempo = None
        self._pictures = PictureTimes(self._interval)
        self._sounds = SoundTimes()
        self._chunks = ChunkTimes(self._interval)
        self._target = target
        self._cut = True
        self.drained = self.finished = False

    def begin_place(self, zero: int) -> None:
        """Go on in the same pass, now of a file whose first stamp is ``zero`` and whose first round it is again."""
        assert self._stream is not None
        self._ticks = Ticks(self._stream.time_base, zero)
        self._begin = 0

    def end_pass(self) -> None:
        """Let go of the decoder; it ends with the last reference.

        Its threads are brought to rest first. PyAV frees a decoder with the interpreter's lock held and waits for
        its threads; one of those that has something to log waits for that lock: neither would ever go on.
        """
        stream, self._stream = self._stream, None
        self.packets.clear()
        self._behind.forget()
        if stream is not None and stream.codec_context.is_open:
            stream.codec_context.flush_buffers()  # waits for the threads without the lock

    @property
    def interval_us(self) -> int:
        """The usual distance of two pictures; 0 for sound."""
        return self._interval

    @property
    def end(self) -> int:
        """When the latest item's time is over."""
        heard = self._pictures.end if self.info.kind == "video" else self._sounds.end
        return max(heard, self._chunks.end, self._begin)

    # ── decoding ─────────────────────────────────────────────────────────────────────────────────

    @property
    def decoding(self) -> bool:
        """Whether frames are wanted."""
        delivery = self.delivery
        return self.warm or (delivery is not None and delivery.wants_frames)

    @property
    def behind(self) -> bool:
        """Whether `catch_up` has something to do."""
        return bool(self._behind) and self.decoding

    @property
    def enough(self) -> deque[Item]:
        """The queue that tells how far ahead the lane is: the one that is filled now."""
        return self.coded if self._copied and not self.decoding else self.ready

    @property
    def _copied(self) -> bool:
        """Whether chunks are wanted, and there are any."""
        delivery = self.delivery
        return delivery is not None and self.chunk_format is not None and delivery.wants_chunks

    @property
    def wanted(self) -> tuple[bool, bool]:
        """Whether chunks are wanted, and whether frames."""
        return self._copied, self.decoding

    def decode(self, packet: Packet[Stream], wanted: tuple[bool, bool] | None = None) -> None:
        """Put what comes of a packet into ``ready`` and ``coded``. ``wanted``: known from a moment ago."""
        copied, decoding = wanted or self.wanted
        media = 0
        if copied or not decoding:
            coded = self._chunks.look(packet, self._ticks, self._begin)
            media = coded.media
            if copied:
                self._take_chunks(self._chunks.dated(coded, self._ticks))
            else:
                self._take_time(max(self._begin, coded.media), coded.duration)
        if not decoding:
            waiting = self.ready or self.coded
            self._behind.add(packet, media, waiting[0].media if waiting else None)
            return
        while self._behind.packets:
            self.catch_up()
        if self._behind.lost:
            if not packet.is_keyframe:
                return
            self._refresh()
        self._run_decoder(packet)

    def _take_time(self, media: int, duration: int) -> None:
        """Let time pass that nobody sees or hears, from the place on that was sought."""
        target = self._target
        if target is not None:
            if media + duration <= target:
                return
            media, self._target = max(media, target), None
        self.ready.append(Item(media, duration, media, None))

    def _take_chunks(self, dated: list[tuple[int, Coded]]) -> None:
        for time, coded in dated:
            if self._begin == 0 or self.info.kind == "video" or coded.lead < coded.duration:  # no run-up in the middle
                if self._target is not None and time < self._target:
                    self._cut = True  # what is dropped here may be what the next ones refer to
                else:
                    self.coded.append(Item(time, coded.duration, time, coded))

    def catch_up(self, present: int | None = None) -> None:
        """Decode the oldest packet that was passed over; what lies in the past is not shown any more.

        ``present``: the media time of this moment, where time passes by itself.
        """
        if self.ready and self.ready[0].payload is None:
            self.ready = deque(item for item in self.ready if item.payload is not None)
        passed = [time for time in (self._passed, present) if time is not None]
        self._from = max(passed) - self._interval if passed else None
        if self._behind.restart:
            self._refresh()
        self._run_decoder(self._behind.pop())
        if self.drained and not self._behind:  # it came when everything had been read
            self._run_decoder(None)

    def _refresh(self) -> None:
        """Have the decoder forget what it knows: a key frame follows."""
        assert self._stream is not None
        if self._stream.codec_context.is_open:
            self._stream.codec_context.flush_buffers()
        self._behind.lost = self._behind.restart = False

    def drain(self) -> None:
        """Take what the decoder still holds; this pass has no more packets. Idempotent."""
        if self.drained:
            return
        self._take_chunks(self._chunks.rest())
        while self.behind:
            self.catch_up()
        self.drained = True
        if not self._behind and self._stream is not None and self._stream.codec_context.is_open:
            self._run_decoder(None)
        self._show_sought()
        self._target = None

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
        take = self._take_picture if self.visual else self._take_sound
        for frame in frames:
            take(frame)

    def _take_picture(self, frame: av.VideoFrame) -> None:
        time = None if frame.pts is None else self._ticks.us(frame.pts)
        length = self._ticks.span_us(frame.duration) if frame.duration else None
        media, duration = self._pictures.stamp(time, length, self._begin)
        if self._on_time(media):
            self._show(Item(media, duration, media, frame))

    def _show(self, item: Item) -> None:
        """Have a picture wait its turn; of those before the place that was sought, the one that is seen there."""
        target = self._target
        if target is None:
            self.ready.append(item)
        elif item.media + (item.duration or self._interval) <= target:
            self._sought = item
        else:
            if item.media > target:
                self._show_sought()
            self._sought = item if item.media <= target else None
            self._show_sought()
            if item.media > target:
                self.ready.append(item)
            self._target = None

    def _show_sought(self) -> None:
        """Let the picture that is seen at the place that was sought begin there."""
        item, self._sought = self._sought, None
        if item is None or self._target is None:
            return
        if item.duration is not None:
            item.duration = max(1, item.media + item.duration - self._target)
        item.media = self._target
        self.ready.append(item)

    def _on_time(self, media: int) -> bool:
        if self._from is not None:
            if media < self._from:
                return False
            self._from = None
        return True

    def _take_sound(self, frame: av.AudioFrame) -> None:
        length = frame.samples
        rate = frame.sample_rate
        if not length or not rate:
            return
        time = None if frame.pts is None else self._ticks.us(frame.pts)
        media, over = self._sounds.stamp(time, rate, length, self._begin)
        if over == length or not self._on_time(media):
            return
        if self._target is not None:
            early = (self._target - media) * rate // 1_000_000
            if early >= length - over:
                return
            if early > 0:
                media, over = self._target, over + early
            self._target = None
        data = to_float_planar(frame)
        if over:
            data = data[:, over:].copy()
        layout = usual_layout(frame.layout)
        longest = rate * LONGEST_SOUND_US // 1_000_000
        if data.shape[1] <= longest:
            self.ready.append(Item(media, None, media, Samples(data, rate, layout)))
            return
        for start in range(0, data.shape[1], longest):
            part = data[:, start : start + longest].copy()
            begin = media + start * 1_000_000 // rate
            self.ready.append(Item(begin, None, begin, Samples(part, rate, layout)))

    @property
    def latest_us(self) -> int:
        """How long, at the present speed, a sound may be: what was handed over last is heard for no longer."""
        return self._latest_us if self.rate in (0, 1) else round(self._latest_us / self.rate)

    # ── delivery ─────────────────────────────────────────────────────────────────────────────────

    def hand_over(self, item: Item, timestamp: int, begin: int = 0) -> None:
        """Give an item its instant on the clock and the consumers the item; its round began at ``begin``."""
        delivery = self.delivery
        payload = item.payload
        if payload is None or isinstance(payload, Coded):
            self._passed = item.media
        if payload is None or (delivery is None and (self.watcher is None or not isinstance(payload, av.VideoFrame))):
            return
        if isinstance(payload, Coded):
            assert self.chunk_format is not None
            assert delivery is not None
            shown, key = timestamp + payload.media - item.media, payload.packet.is_keyframe
            chunk = Chunk(
                payload.packet, self.chunk_format, shown, timestamp, payload.duration, key=key, lead=payload.lead
            )
            chunk.cut = self.rate != 1 or (self._cut and not key)  # no recorder can hurry them
            self._cut = False
            delivery.deliver(chunk)
            return
        metadata: dict[str, object] = {"media_time": (item.media_time - begin) / 1_000_000}
        if isinstance(payload, Samples):
            assert delivery is not None
            shape = (payload.rate, payload.data.shape[0])
            self._look_at_mode(delivery, shape)
            self._latest_us = round(payload.data.shape[1] * 1_000_000 / payload.rate)
            for data, at in self._at_rate(payload, timestamp):
                delivery.deliver(Sound(data, payload.rate, at, payload.layout, 0, metadata))
            return
        if delivery is not None:
            self._look_at_mode(delivery, (payload.width, payload.height))
        rotation = payload.rotation
        if rotation:
            metadata["rotation"] = -rotation % 360  # FFmpeg counts against the clock, WebCodecs with it
        payload.pict_type = _NO_TYPE  # else an encoder would repeat the file's sequence of frame types
        duration = item.duration
        if duration is not None:
            if self.rate not in (0, 1):
                duration = max(1, round(duration / self.rate))
            payload.duration = duration
        picture = Picture.stamped(payload, timestamp, duration, metadata)
        if self.watcher is not None:
            self.watcher(picture)
        if delivery is not None:
            delivery.deliver(picture)

    def preview(self, timestamp: int, begin: int = 0) -> None:
        """Show the watcher what comes next without handing it over: the file is at rest."""
        item = next((one for one in self.ready if isinstance(one.payload, av.VideoFrame)), None)
        if item is not None and self.watcher is not None:
            frame = item.payload
            assert isinstance(frame, av.VideoFrame)
            metadata: dict[str, object] = {"media_time": (item.media_time - begin) / 1_000_000}
            if frame.rotation:
                metadata["rotation"] = -frame.rotation % 360
            self.watcher(Picture(frame, timestamp, item.duration, metadata))

    def _at_rate(self, sound: Samples, timestamp: int) -> Iterable[tuple[npt.NDArray[np.float32], int]]:
        """The sound at the speed at which the file plays; nothing at speeds at which it cannot be heard."""
        if self.rate == 1:
            self._tempo = None
            return ((sound.data, timestamp),)
        if not self.audible:
            return ()
        key = (self.rate, sound.rate, sound.layout, self.preserves_pitch)
        if self._tempo is None or self._tempo.key != key:
            self._tempo = Tempo(self.rate, sound.rate, sound.layout, preserves_pitch=self.preserves_pitch)
        return self._tempo.process(sound.data, timestamp)

    @property
    def audible(self) -> bool:
        """Whether something comes of this lane at the present speed."""
        return self.info.kind == "video" or SLOWEST <= self.rate <= FASTEST

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
            delivery.set_muted(muted=muted or not self.audible)

    def finish(self, error: BaseException | None = None) -> None:
        """End the tracks: those that are there, and at the next call those that have come since. Idempotent."""
        self.finished = True
        delivery = self.delivery
        if delivery is not None and delivery is not self._told:
            self._told = delivery
            delivery.end(error)
