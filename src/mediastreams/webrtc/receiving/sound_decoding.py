"""`SoundDecoding`: encoded sound to the tracks: as chunks, and decoded, with what is lost made up for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import av
import numpy as np

from mediastreams._engine.frames import Chunk, ChunkFormat, Sound
from mediastreams.webrtc.receiving.chunk_formats import chunk_format_of
from mediastreams.webrtc.receiving.decoders import DecodingError, SoundDecoder, opus_channels
from mediastreams.webrtc.receiving.decoding import Decoding
from mediastreams.webrtc.receiving.metadata import metadata_of
from mediastreams.webrtc.rtp.audio import opus_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from mediastreams.abc import Clock
    from mediastreams.webrtc.plans import Codec
    from mediastreams.webrtc.receiving.coded import Coded
    from mediastreams.webrtc.receiving.remote_source import RemoteSource

__all__ = ["SoundDecoding"]

_GAP_US: Final = 2_500  # times that are followed slowly move less from packet to packet
_OVERLAP_US: Final = 500
_LAYOUTS: Final = {1: "mono", 2: "stereo"}


class SoundDecoding(Decoding):
    """See `Decoding`."""

    def __init__(self, source: RemoteSource, clock: Clock, *, ask_for_key: Callable[[], None]) -> None:
        super().__init__(source, clock, ask_for_key=ask_for_key)
        self._codec: Codec | None = None
        self._decoder: SoundDecoder | None = None
        self._format: ChunkFormat | None = None
        self._channels = 0
        self._until: int | None = None  # the same, µs of the clock
        self._end: int | None = None  # where the sound before ends, in samples of its decoder

    def _shorten(self) -> bool:
        """The oldest sound goes."""
        self._queue.popleft()
        self.figures.frames_dropped += 1
        return False

    def _miss(self) -> None:
        """Nothing to do: the times of what follows tell."""

    def _take(self, coded: Coded) -> None:
        channels = opus_channels(coded.data) if coded.codec.name == "opus" else 1
        if coded.codec != self._codec or channels > self._channels:
            self._begin(coded, channels)
        decoder = self._decoder
        assert decoder is not None
        self._source.set_audio_mode(decoder.rate, decoder.channels)
        self._source.set_muted(muted=False)
        if self._format is not None and self._source.wants_chunks:
            self._hand_on_chunk(coded, decoder)
        if self._source.wants_frames:
            self._decode(coded, decoder)
        else:
            self._end = self._until = None

    def _begin(self, coded: Coded, channels: int) -> None:
        self._codec = coded.codec
        self._channels = channels
        self._decoder = SoundDecoder(coded.codec, channels)
        self._format = chunk_format_of(coded.codec, coded.data, channels=channels)
        self._source.chunk_format = self._format
        self._end = self._until = None

    def _hand_on_chunk(self, coded: Coded, decoder: SoundDecoder) -> None:
        assert self._format is not None
        try:
            length = (
                opus_samples(coded.data)
                if coded.codec.name == "opus"
                else len(coded.data) * _PER_BYTE[coded.codec.name]
            )
        except ValueError:
            return
        packet = av.Packet(coded.data)
        packet.is_keyframe = True
        at = coded.times.timestamp
        self._source.deliver(Chunk(packet, self._format, at, at, length * 1_000_000 // decoder.rate, key=True))

    def _decode(self, coded: Coded, decoder: SoundDecoder) -> None:
        figures, metadata = self.figures, metadata_of(coded)
        begin = coded.stamp * decoder.rate // coded.codec.clock_rate
        missing = max(0, begin - self._end) if self._end is not None and coded.lost else 0
        if missing:
            figures.concealments += 1
            self._conceal(coded, decoder, missing, metadata)
        try:
            parts = decoder.decode(coded.data)
        except DecodingError:
            figures.decoding_errors += 1
            return
        at = coded.times.timestamp
        done = 0
        for samples in parts:
            self._hear(samples, decoder, at + done * 1_000_000 // decoder.rate, metadata)
            done += samples.shape[1]
        figures.frames_decoded += 1
        self._end = begin + done
        now = self._clock.now_us()
        figures.waiting_time += (now - coded.times.received) / 1_000_000 * done

    def _conceal(self, coded: Coded, decoder: SoundDecoder, missing: int, metadata: Mapping[str, object]) -> None:
        """Hand on what stands for what is lost, as far as there is something."""
        made = decoder.make_up(coded.lost, coded.data)
        if not made:
            return
        samples = np.concatenate(made, axis=1)[:, :missing]
        at = coded.times.timestamp - missing * 1_000_000 // decoder.rate
        self.figures.concealed_samples += samples.shape[1]
        self._hear(np.ascontiguousarray(samples), decoder, at, metadata)

    def _hear(
        self,
        samples: npt.NDArray[np.float32],
        decoder: SoundDecoder,
        at: int,
        metadata: Mapping[str, object],
    ) -> None:
        """Hand on samples, and whether some are missing before them: lost, not sent, or their time was found out.

        While a call settles, its times may run faster than its samples: what would be heard twice at once is cut.
        """
        figures, length = self.figures, samples.shape[1]
        apart = 0 if self._until is None else at - self._until
        if apart < -_OVERLAP_US:
            over = min(-apart * decoder.rate // 1_000_000, length)
            samples, length = np.ascontiguousarray(samples[:, over:]), length - over
            at += over * 1_000_000 // decoder.rate
            if not length:
                return
        gap = apart * decoder.rate // 1_000_000 if apart > _GAP_US else 0
        self._until = at + length * 1_000_000 // decoder.rate
        figures.samples += length
        seconds = length / decoder.rate
        power = float(np.dot(samples[0], samples[0])) / max(length, 1)
        figures.level = min(power**0.5, 1.0)
        figures.energy += min(power, 1.0) * seconds
        figures.sounding_time += seconds
        self._source.deliver(Sound(samples, decoder.rate, at, _LAYOUTS[decoder.channels], gap, metadata))

    def _let_go(self) -> None:
        self._codec = self._decoder = None
        self._channels = 0
        self._end = self._until = None


_PER_BYTE: Final = {"pcmu": 1, "pcma": 1, "g722": 2}  # samples
