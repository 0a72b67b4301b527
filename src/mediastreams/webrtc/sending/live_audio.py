"""`LiveAudio`: one encoder for sound, in frames of 20 ms, set for calls.

Not for: recording (``_engine/encoding/audio_encoder.py``).

Rules of the file: any rate and layout comes in and is brought into the codec's by the engine's adapter. What stands
between two stretches of sound is not filled: RTP's time goes on without it. An encoder that looks ahead gives its
frames the time of what they really hold.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
import numpy as np

from mediastreams._engine.audio_adapter import AudioAdapter
from mediastreams._engine.encoding.scheduling import open_encoder
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams._engine.frames import Sound
    from mediastreams.webrtc.sending.encoded import AudioChoice

__all__ = ["FRAME_US", "LiveAudio", "level_of"]

FRAME_US: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Model:
    """One of FFmpeg's encoders: its sample rate, the rate of RTP's clock, and the sample format it takes."""

    name: str
    sample_rate: int
    clock_rate: int
    sample_format: str


_MODELS: Final[Mapping[str, _Model]] = {
    "opus": _Model("libopus", 48_000, 48_000, "flt"),
    "g722": _Model("g722", 16_000, 8_000, "s16"),  # https://www.rfc-editor.org/rfc/rfc3551#section-4.5.2
    "pcmu": _Model("pcm_mulaw", 8_000, 8_000, "s16"),
    "pcma": _Model("pcm_alaw", 8_000, 8_000, "s16"),
}
_OPUS_RATES: Final = {1: 48_000, 2: 96_000}


def level_of(samples: npt.NDArray[np.float32]) -> int:
    """Tell how loud samples are, in -dBov: 0 is the loudest, 127 silence.

    https://www.rfc-editor.org/rfc/rfc6465#appendix-A.1
    """
    power = float(np.mean(np.square(samples))) if samples.size else 0.0
    return 127 if power <= 0 else min(127, max(0, round(-10 * float(np.log10(power)))))


class LiveAudio:
    """One open encoder and what brings sound into its form. Used by one thread.

    ``units`` is a frame's duration on RTP's clock.
    """

    def __init__(self, choice: AudioChoice) -> None:
        """Open it.

        Raises:
            NotSupportedError: this FFmpeg has no such encoder.
        """
        model = self._model = _MODELS[choice.codec]
        self.channels = 2 if choice.stereo and choice.codec == "opus" else 1
        self._layout = "stereo" if self.channels == 2 else "mono"
        self._length = model.sample_rate * FRAME_US // 1_000_000
        self.units = model.clock_rate * FRAME_US // 1_000_000
        self.sample_rate = model.sample_rate
        self._adapter = AudioAdapter(model.sample_rate, self.channels, layout=self._layout, chunk_samples=self._length)
        self._encoded = 0  # samples
        self._waiting: deque[tuple[int, int, int]] = deque(maxlen=64)  # sample, its time, how loud
        try:
            context = av.CodecContext.create(model.name, "w")
            assert isinstance(context, av.AudioCodecContext)
            context.sample_rate, context.layout, context.format = model.sample_rate, self._layout, model.sample_format
            context.time_base = Fraction(1, model.sample_rate)
            if choice.codec == "opus":
                context.bit_rate = choice.bit_rate or _OPUS_RATES[self.channels]
                options = {"application": "audio", "frame_duration": "20", "vbr": "on"}
                if choice.fec:
                    options |= {"fec": "1", "packet_loss": "10"}
                context.options = options
            open_encoder(context)
        except (ValueError, OSError, av.FFmpegError) as error:
            raise NotSupportedError(f"no encoder for {choice.codec} opens: {error}") from error
        self._context = context

    @property
    def name(self) -> str:
        """FFmpeg's name for the encoder."""
        return self._model.name

    @property
    def bit_rate(self) -> int | None:
        """Bits a second, where the codec has no rate of its own."""
        return self._context.bit_rate or None

    def encode(self, sound: Sound) -> list[tuple[bytes, int, int]]:
        """Take sound in, answer the frames that are ready: data, timestamp in µs, how loud.

        Raises:
            NotSupportedError: FFmpeg cannot convert it.
        """
        frames: list[tuple[bytes, int, int]] = []
        for piece in self._adapter.process(sound):
            frames += self._encode(piece)
        return frames

    def _encode(self, piece: Sound) -> list[tuple[bytes, int, int]]:
        samples = piece.samples
        if samples.shape[1] < self._length:  # the end of a stretch
            samples = np.pad(samples, ((0, 0), (0, self._length - samples.shape[1])))
        packed = samples.T.reshape(1, -1)  # interleaved
        if self._model.sample_format == "s16":
            packed = np.clip(np.rint(packed * 32768), -32768, 32767).astype(np.int16)
        else:
            packed = np.ascontiguousarray(packed)
        frame = av.AudioFrame.from_ndarray(packed, format=self._model.sample_format, layout=self._layout)
        frame.sample_rate, frame.time_base, frame.pts = self.sample_rate, Fraction(1, self.sample_rate), self._encoded
        self._waiting.append((self._encoded, piece.timestamp, level_of(piece.samples)))
        self._encoded += self._length
        return [self._stamped(packet) for packet in self._context.encode(frame)]

    def _stamped(self, packet: av.Packet[av.AudioStream]) -> tuple[bytes, int, int]:
        """Find the time of what a packet holds; its first sample may lie before the frame's that gave it."""
        sample, timestamp, level = self._waiting.popleft()
        ahead = 0 if packet.pts is None else packet.pts - sample
        return bytes(packet), timestamp + round(ahead * 1_000_000 / self.sample_rate), level
