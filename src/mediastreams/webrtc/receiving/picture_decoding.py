"""`PictureDecoding`: encoded pictures to the tracks: as chunks, and decoded."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import av

from mediastreams._engine.frames import Chunk, ChunkFormat, Picture
from mediastreams.webrtc.receiving.chunk_formats import chunk_format_of
from mediastreams.webrtc.receiving.coded import Coded
from mediastreams.webrtc.receiving.decoders import DecodingError, PictureDecoder
from mediastreams.webrtc.receiving.decoding import Decoding, Mark
from mediastreams.webrtc.receiving.figures import FrameRate
from mediastreams.webrtc.receiving.metadata import metadata_of

if TYPE_CHECKING:
    from mediastreams.abc import Clock
    from mediastreams.webrtc.plans import Codec
    from mediastreams.webrtc.receiving.remote_source import RemoteSource

__all__ = ["PictureDecoding"]

_HEAD = {"vp8": (6, 10)}  # where the size stands


class PictureDecoding(Decoding):
    """See `Decoding`."""

    def __init__(self, source: RemoteSource, clock: Clock, *, ask_for_key: Callable[[], None]) -> None:
        super().__init__(source, clock, ask_for_key=ask_for_key)
        self._rate = FrameRate()
        self._codec: Codec | None = None
        self._decoder: PictureDecoder | None = None
        self._whole = False  # the decoder knows what the next frame refers to
        self._format: ChunkFormat | None = None
        self._head = b""
        self._cut = False  # frames were left out: what follows is of no use before a key frame

    @property
    def frame_rate(self) -> float | None:
        """What was measured."""
        return self._rate.told

    def _shorten(self) -> bool:
        """Go on at the latest key frame that waits; without a later one, nothing that waits is of use any more."""
        items = list(self._queue)
        begin = max((at for at, item in enumerate(items) if isinstance(item, Coded) and item.key), default=len(items))
        if not any(isinstance(item, Coded) for item in items[:begin]):
            begin = len(items)
        self.figures.frames_dropped += sum(isinstance(item, Coded) for item in items[:begin])
        self._queue = deque([Mark.CUT, *items[begin:]])
        return begin == len(items)

    def _miss(self) -> None:
        self._cut = True
        self._whole = False

    def _take(self, coded: Coded) -> None:
        if self._cut and not coded.key:
            self.figures.frames_dropped += 1
            return
        self._cut = False
        if coded.codec != self._codec:
            self._begin(coded.codec)
        self._rate.take(coded.stamp * 1_000_000 // coded.codec.clock_rate)
        wanted = self._source.wants_frames
        head = self._head_of(coded) if coded.key else self._head
        known = head == self._head and self._format is not None
        if known:
            self._hand_on_chunk(coded)
        pictures: list[av.VideoFrame] = []
        if coded.key or (wanted and self._whole):
            if wanted or not known:
                pictures = self._decode(coded)
        elif wanted:
            self.figures.frames_dropped += 1
            self._ask_for_key()
        if not wanted:
            self._let_go()
        if pictures:
            self._measure(coded, pictures[-1], head)
            if not known:
                self._hand_on_chunk(coded)
            if wanted:
                self._show(coded, pictures[-1])

    def _begin(self, codec: Codec) -> None:
        self._let_go()
        self._codec = codec
        self._format = self._source.chunk_format = None
        self._head = b""

    def _head_of(self, coded: Coded) -> bytes:
        """What of a key frame changes when its size does; of most codecs all of it."""
        place = _HEAD.get(coded.codec.name)
        return coded.data if place is None else coded.data[slice(*place)]

    def _decode(self, coded: Coded) -> list[av.VideoFrame]:
        began = time.perf_counter()
        figures = self.figures
        try:
            if self._decoder is None:
                self._decoder = PictureDecoder(coded.codec)
            pictures = self._decoder.decode(coded.data)
        except DecodingError:
            figures.decoding_errors += 1
            figures.frames_dropped += 1
            self._let_go()
            self._ask_for_key()
            return []
        self._whole = True
        figures.decoding_time += time.perf_counter() - began
        figures.frames_decoded += bool(pictures)
        figures.key_frames_decoded += bool(pictures) and coded.key
        return pictures

    def _measure(self, coded: Coded, picture: av.VideoFrame, head: bytes) -> None:
        """Tell the tracks what is coming, where that is news."""
        figures = self.figures
        changed = (picture.width, picture.height) != (figures.width, figures.height)
        figures.width, figures.height = picture.width, picture.height
        if coded.key and (changed or self._format is None):
            self._format = chunk_format_of(coded.codec, coded.data, width=picture.width, height=picture.height)
            self._source.chunk_format = self._format
        if coded.key:
            self._head = head
        self._source.set_video_mode(picture.width, picture.height, self._rate.told)
        self._source.set_muted(muted=False)

    def _hand_on_chunk(self, coded: Coded) -> None:
        if self._format is None:
            return
        self._source.set_muted(muted=False)
        if self._source.wants_chunks:
            packet = av.Packet(coded.data)
            packet.is_keyframe = coded.key
            at = coded.times.timestamp
            self._source.deliver(Chunk(packet, self._format, at, at, self._rate.interval_us, key=coded.key))

    def _show(self, coded: Coded, picture: av.VideoFrame) -> None:
        times = coded.times
        now = self._clock.now_us()
        self.figures.waiting_time += (now - times.received) / 1_000_000
        self.figures.showed(now)
        self._source.deliver(Picture.stamped(picture, times.timestamp, metadata=metadata_of(coded)))

    def _let_go(self) -> None:
        self._whole = False
        decoder, self._decoder = self._decoder, None
        if decoder is not None:
            decoder.close()
