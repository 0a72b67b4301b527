"""`AudioLine`: one track's sound, encoded in frames of 20 ms, or passed on; silence while the track is muted.

Rules of the file: a muted track sends silence, so that the receiver hears no end; what is missing otherwise is a gap
in RTP's time, which receivers conceal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import av

from mediastreams._engine.blank import silence
from mediastreams._engine.chunk_port import ChunkPort
from mediastreams._engine.frames import Chunk, Sound
from mediastreams.errors import NotSupportedError
from mediastreams.webrtc.rtp.formats import format_of
from mediastreams.webrtc.sending.encoded import AudioChoice, EncodedFrame
from mediastreams.webrtc.sending.live_audio import FRAME_US, LiveAudio
from mediastreams.webrtc.sending.passthrough import passed_sound, sound_passes

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.frames import ChunkFormat
    from mediastreams._engine.port import SinkPort

__all__ = ["AudioLine"]

_logger = logging.getLogger(__name__)
_BOUND_US: Final = 200_000  # what waits longer is too old for a call
_LATE_US: Final = 40_000  # sound that was on its way when the track was muted still comes


class AudioLine:
    """What an encoder's thread does for sound. Made on any thread, used by one."""

    def __init__(
        self, feed: TrackFeed, choice: AudioChoice, *, emit: Callable[[EncodedFrame], None], wake: Callable[[], None]
    ) -> None:
        self._clock = feed.clock
        self._choice = choice
        self._emit = emit
        self._packetize = format_of(choice.codec).packetize
        self._encoder: LiveAudio | None = None
        self._broken = False
        self._filled: int | None = None  # up to when there is sound or silence, µs
        self._shape = (48_000, "mono", 1)
        self._number = 0
        self._feed = feed
        self._wake = wake
        self._seen: ChunkFormat | None = None
        self.passing = False  # read by other threads
        self._port = self._attach()

    def _attach(self) -> SinkPort:
        self._seen = self._feed.hub.source.chunk_format
        chunks = sound_passes(self._seen, self._choice)
        port = self._feed.attach(policy="drop-oldest", on_item=self._wake, bound_us=_BOUND_US, chunks=chunks)
        port.demand()
        return port

    @property
    def finished(self) -> bool:
        """The track has ended, and everything was sent."""
        return self._broken or self._port.finished

    def step(self) -> bool:
        """Encode or pass on what waits, or silence that is due."""
        if self._feed.hub.source.chunk_format is not self._seen:  # a remote track knows its format when media flows
            before, self._port = self._port, self._attach()
            self._feed.detach(before)
        item = self._port.take_any() if isinstance(self._port, ChunkPort) else self._port.take()
        if isinstance(item, Chunk):
            self._pass(item)
            return True
        if isinstance(item, Sound):
            self._shape = (item.sample_rate, item.layout, item.channels)
            self._filled = item.timestamp + item.duration
            self._encode(item)
            return True
        due = self._silence_due()
        if due is None or self._clock.now_us() < due:
            return False
        rate, layout, channels = self._shape
        start = max(self._filled or 0, due - FRAME_US - _LATE_US)
        self._encode(silence(rate, layout, channels, rate * FRAME_US // 1_000_000, start))
        self._filled = start + FRAME_US
        return True

    def deadline(self) -> int | None:
        """When silence is due, ns of the clock."""
        due = self._silence_due()
        return None if due is None else due * 1000

    def _silence_due(self) -> int | None:
        if not self._port.muted or self._port.ended:
            return None
        now = self._clock.now_us()
        if self._filled is None or self._filled < now - 1_000_000:
            self._filled = now - FRAME_US - _LATE_US
        return self._filled + FRAME_US + _LATE_US

    def _pass(self, chunk: Chunk) -> None:
        """Send encoded sound as it is."""
        self._encoder = None
        self._filled = chunk.timestamp + chunk.duration
        self.passing = True
        passed = passed_sound(chunk)
        if passed is not None:
            data, units = passed
            self._send(data, chunk.timestamp, units, None)

    def _encode(self, sound: Sound) -> None:
        self.passing = False
        try:
            if self._encoder is None:
                self._encoder = LiveAudio(self._choice)
            for data, timestamp, level in self._encoder.encode(sound):
                self._send(data, timestamp, self._encoder.units, level)
        except (NotSupportedError, ValueError, OSError, av.FFmpegError) as error:
            _logger.warning("Sound cannot be sent as %s: %s", self._choice.codec, error)
            self._broken = True

    def _send(self, data: bytes, timestamp: int, units: int, level: int | None) -> None:
        payloads = tuple(self._packetize(data))
        self._emit(EncodedFrame(payloads, timestamp, True, len(data), self._number, units, level))
        self._number += 1

    @property
    def shape(self) -> None:
        """Sound has none."""

    @property
    def encoded_size(self) -> None:
        """Sound has none."""

    @property
    def encoder_name(self) -> str | None:
        """FFmpeg's name of the encoder in use."""
        encoder = self._encoder
        return None if encoder is None else encoder.name

    @property
    def bit_rate(self) -> int | None:
        """What is aimed at, bits a second."""
        encoder = self._encoder
        return None if encoder is None else encoder.bit_rate

    def request_key(self) -> None:
        """Sound needs none."""

    def set_bit_rate(self, bit_rate: int | None) -> None:
        """Sound keeps its rate, which is a small part of the whole."""

    def close(self) -> None:
        """Let go of the track and the encoder."""
        self._feed.detach(self._port)
        self._encoder = None
