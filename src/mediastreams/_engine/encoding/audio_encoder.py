"""`AudioEncoder`: one track's sounds become packets on the recording's time.

Not for: where a sound belongs (``audio_timeline.py``) and resampling (``audio_chain.py``): this joins them with
an encoder. Packets count samples from the recording's start, where silence begins if the track comes later.
Where a file ends and another goes on, `cut` divides the sound at one sample, and the next file's encoder takes the
timeline over: what the files hold together is what one file would hold.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from mediastreams._engine.encoding.audio_chain import AudioChain
from mediastreams._engine.encoding.audio_timeline import AudioTimeline
from mediastreams._engine.frames import Sound

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

    from mediastreams._engine.encoding.codecs import EncoderModel

__all__ = ["AudioEncoder", "fitting_layout", "fitting_rate"]


def fitting_rate(model: EncoderModel, sample_rate: int) -> int:
    """The rate to encode in: the track's own where the encoder has it, else the next higher, else the highest."""
    rates = model.sample_rates
    if not rates or sample_rate in rates:
        return sample_rate
    higher = [rate for rate in rates if rate > sample_rate]
    return min(higher) if higher else max(rates)


def fitting_layout(model: EncoderModel, layout: str) -> str:
    """The layout to encode in: the track's own, or by its other name (5.1(side) is 5.1), else stereo."""
    if not model.layouts or layout in model.layouts:
        return layout
    other = layout.replace("(side)", "").replace("(back)", "")
    if other in model.layouts:
        return other
    return layout if model.other_layouts else "stereo"


class AudioEncoder:
    """One encoder and its stream in a container. Used by one thread.

    ``cut``: the instant (µs of the clock) from which on sound belongs to the next file. When it is reached, ``rest`` is
    what is to be given to that one's `go_on_from`.
    """

    def __init__(
        self,
        container: OutputContainer,
        model: EncoderModel,
        *,
        sample_rate: int,
        layout: str,
        bit_rate: int | None,
        options: Mapping[str, str],
    ) -> None:
        self.sample_rate = fitting_rate(model, sample_rate)
        self.layout = fitting_layout(model, layout)
        self.cut: int | None = None
        self.rest: Iterator[Sound] | None = None
        self.source = (sample_rate, layout)  # what the track gives
        self._end: int | None = None
        self._handed_over = False
        stream = container.add_stream(model.name, rate=self.sample_rate)
        assert isinstance(stream, av.AudioStream)
        self._stream = stream
        context = stream.codec_context
        context.layout = self.layout
        context.format = model.formats[0]
        context.time_base = Fraction(1, self.sample_rate)
        self.channels = context.layout.nb_channels
        if model.name in {"libopus", "aac"}:
            context.bit_rate = bit_rate or min(64_000 * max(self.channels, 1), 384_000)
        context.options = dict(options)
        context.open()
        self._context = context
        self.unused_options = frozenset(context.options) & frozenset(options)
        self._chain = AudioChain(sample_rate=self.sample_rate, layout=self.layout, sample_format=model.formats[0])
        self._timeline = AudioTimeline(0, sample_rate=sample_rate, layout=layout, channels=self.channels)

    def start_at(self, start: int) -> None:
        """Set the recording's first instant, µs of the clock; before the first `encode`."""
        sample_rate, layout = self.source
        channels = av.AudioLayout(layout).nb_channels
        self._timeline = AudioTimeline(start, sample_rate=sample_rate, layout=layout, channels=channels)

    @property
    def extradata(self) -> bytes:
        """What a decoder must know."""
        return self._context.extradata or b""

    @property
    def index(self) -> int:
        """The stream's number in its container."""
        return self._stream.index

    @property
    def position(self) -> int:
        """How far the track is filled, µs of the clock."""
        return self._timeline.position

    @property
    def samples(self) -> int:
        """Samples per channel in the file."""
        return self._chain.written

    def encode(self, sound: Sound, end: int | None = None) -> Iterator[av.Packet[AudioStream]]:
        """Encode one sound where its timestamp says; nothing beyond ``end`` (µs of the clock)."""
        self._end = end
        self.source = (sound.sample_rate, sound.layout)
        yield from self._encode(self._timeline.place(sound, end))

    def fill(self, until: int) -> Iterator[av.Packet[AudioStream]]:
        """Encode silence up to that instant (µs of the clock)."""
        yield from self._encode(self._timeline.fill(until))

    def go_on_from(self, other: AudioEncoder) -> Iterator[av.Packet[AudioStream]]:
        """Go on where the former file's encoder was cut."""
        self._timeline, self._end = other._timeline, other._end
        other._handed_over = True
        rest, other.rest = other.rest, None
        if rest is not None:
            yield from self._encode(rest)

    def flush(self) -> Iterator[av.Packet[AudioStream]]:
        """End: what resampler and encoder still hold."""
        if not self._handed_over:
            yield from self._encode(self._timeline.flush(self._end))
        for frame in self._chain.flush():
            yield from self._stamped(self._context.encode(frame))
        yield from self._stamped(self._context.encode(None))

    def _encode(self, pieces: Iterator[Sound]) -> Iterator[av.Packet[AudioStream]]:
        for piece in pieces:
            before, after = self._divide(piece)
            if before is not None:
                for frame in self._chain.push(before):
                    yield from self._stamped(self._context.encode(frame))
            if after is not None:
                self.rest = itertools.chain((after,), pieces)
                return

    def _divide(self, piece: Sound) -> tuple[Sound | None, Sound | None]:
        """What belongs to this file, and what to the next."""
        if self.cut is None:
            return piece, None
        rate = piece.sample_rate
        at = round((self.cut - piece.timestamp) * rate / 1_000_000)
        if at <= 0:
            return None, piece
        if at >= piece.length:
            return piece, None
        later = piece.timestamp + round(at * 1_000_000 / rate)
        return (
            Sound(piece.samples[:, :at], rate, piece.timestamp, piece.layout),
            Sound(piece.samples[:, at:], rate, later, piece.layout),
        )

    def _stamped(self, packets: list[av.Packet[AudioStream]]) -> list[av.Packet[AudioStream]]:
        for packet in packets:
            packet.stream = self._stream
        return packets
