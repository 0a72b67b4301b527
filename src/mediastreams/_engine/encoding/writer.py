"""`Writer`: encoders of several tracks, one container, one target.

Not for: when which frame is taken from where (``session.py``).

Rules of the file: all tracks are known before the header is written; the earliest first instant of all of them
is the file's 0. After every packet the file is whole as far as it goes; an error of the target rolls it
back to that, and no index is written.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import av

from mediastreams._engine.encoding.audio_encoder import AudioEncoder
from mediastreams._engine.encoding.containers import MUXERS, file_metadata, metadata_flags, track_metadata
from mediastreams._engine.encoding.copied_audio import CopiedAudio
from mediastreams._engine.encoding.copied_video import CopiedVideo
from mediastreams._engine.encoding.held_packets import ticks
from mediastreams._engine.encoding.video_encoder import VideoEncoder
from mediastreams.errors import EncodingError, NotSupportedError

if TYPE_CHECKING:
    from av.container import OutputContainer

    from mediastreams._engine.encoding.codecs import EncoderModel, VideoPlan
    from mediastreams._engine.encoding.held_packets import HeldPackets
    from mediastreams._engine.encoding.target import Target
    from mediastreams._engine.frames import ChunkFormat, Picture

__all__ = ["Options", "Writer"]


@dataclass(frozen=True, slots=True)
class Options:
    """FFmpeg options of the user for the encoders of each kind, and ours for the container.

    ``metadata`` of the user; ``None``: the file says nothing of when, of what and by which device it was made.
    """

    video: Mapping[str, str] = field(default_factory=dict)
    audio: Mapping[str, str] = field(default_factory=dict)
    container: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] | None = None


class Writer:
    """Owns the target from construction to `close` or `abort`. Used by one thread."""

    def __init__(self, container: str, target: Target, options: Options | None = None) -> None:
        self.target = target
        self.video: list[VideoEncoder | CopiedVideo] = []
        self.audio: list[AudioEncoder | CopiedAudio] = []
        self.end_us = 0
        self.pictures = 0  # of the first track, in the file
        self._muxer = MUXERS[container]
        self._options = options or Options()
        self._head = 0
        self._started = False
        self._closed = False
        self._held: HeldPackets | None = None
        self._shifts: dict[int, int] = {}  # by stream, in its packets' time base: what `release` takes off
        self._later = 0
        muxing = dict(self._muxer.options)
        if not target.rewindable:
            muxing.update(self._muxer.unseekable)
        muxing.update(self._options.container)
        if flags := metadata_flags(self._muxer.name, self._options.metadata or {}):
            muxing["movflags"] += flags
        self._container: OutputContainer = target.muxing(self._muxer.name, muxing)

    @property
    def _encoders(self) -> list[VideoEncoder | AudioEncoder | CopiedVideo | CopiedAudio]:
        return [*self.video, *self.audio]

    def add_video(self, model: EncoderModel, plan: VideoPlan, first: Picture | None, label: str = "") -> VideoEncoder:
        """Add a track of pictures; ``first`` decides the pixel format.

        Raises: NotSupportedError (the encoder refuses the size or an option).
        """
        try:
            encoder = VideoEncoder(
                self._container, model, plan, first, options=self._options.video, least_step=self._muxer.least_step
            )
        except (av.FFmpegError, ValueError) as error:
            size = f"{plan.width}x{plan.height} at {plan.frame_rate:g} frames per second"
            raise _refused(model, f"{size}{_at(plan.bit_rate)}", self._options.video, error) from error
        _no_unused(model, encoder.unused_options)
        self.video.append(encoder)
        self._label(encoder.index, label)
        return encoder

    def add_audio(
        self, model: EncoderModel, *, sample_rate: int, layout: str, bit_rate: int | None, label: str = ""
    ) -> AudioEncoder:
        """Add a track of sound.

        Raises: NotSupportedError (the encoder refuses the rate, the layout or an option).
        """
        try:
            encoder = AudioEncoder(
                self._container,
                model,
                sample_rate=sample_rate,
                layout=layout,
                bit_rate=bit_rate,
                options=self._options.audio,
            )
        except (av.FFmpegError, ValueError) as error:
            raise _refused(model, f"{sample_rate} Hz {layout}{_at(bit_rate)}", self._options.audio, error) from error
        _no_unused(model, encoder.unused_options)
        self.audio.append(encoder)
        self._label(encoder.index, label)
        return encoder

    def copy_video(self, format: ChunkFormat, label: str = "") -> CopiedVideo:
        """Add a track of pictures that are encoded already.

        Raises: NotSupportedError (the container refuses the codec).
        """
        with self._refusing(format):
            track = CopiedVideo(self._container, format, least_step=self._muxer.least_step)
        self.video.append(track)
        self._label(track.index, label)
        return track

    def copy_audio(self, format: ChunkFormat, label: str = "") -> CopiedAudio:
        """Add a track of sound that is encoded already.

        Raises: NotSupportedError (the container refuses the codec).
        """
        with self._refusing(format):
            track = CopiedAudio(self._container, format)
        self.audio.append(track)
        self._label(track.index, label)
        return track

    def _label(self, index: int, label: str) -> None:
        if self._options.metadata is not None:
            self._container.streams[index].metadata.update(track_metadata(self._muxer.name, label))

    @contextlib.contextmanager
    def _refusing(self, format: ChunkFormat) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, ValueError) as error:
            raise NotSupportedError(f"{self._muxer.name} does not take {format.codec}: {error}") from error

    def describe(self, made: datetime) -> None:
        """Say what the file is and when it was made; before the header."""
        if self._options.metadata is not None:
            time = made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            metadata = {"creation_time": time, **self._options.metadata}
            self._container.metadata.update(file_metadata(self._muxer.name, metadata))

    def start(self, start: int) -> None:
        """Write the header; ``start`` (µs of the clock) is the file's 0.

        Raises: OSError (the target), EncodingError (the container refuses).
        """
        for encoder in self._encoders:
            encoder.start_at(start)
        self._write_head()

    def hold(self, start: int, packets: HeldPackets) -> None:
        """Begin to encode without a file: what is muxed is held until `release`."""
        for encoder in self._encoders:
            encoder.start_at(start)
        self._held = packets
        if self.video:
            packets.lead(self.video[0].index)

    @property
    def held(self) -> int:
        """How many bytes are held."""
        return self._held.size if self._held is not None else 0

    def entry(self, since: int) -> int:
        """Where the file would begin, µs after the encoders' start."""
        assert self._held is not None
        return self._held.entry(since)[0]

    def release(self, since: int) -> int:
        """Write what is held from ``since`` (µs after the encoders' start) on, and go on with it.

        Returns:
            How much later than the encoders' start the file begins, µs.

        Raises: OSError (the target), EncodingError (the container refuses).
        """
        assert self._held is not None
        start, self._shifts, packets = self._held.take(since)
        self._held, self._later = None, start
        self._write_head()
        self.mux(packets)
        return start

    def _write_head(self) -> None:
        with self._errors(), self.target.busy():
            self._container.start_encoding()
        self._started = True
        self.target.checkpoint()
        self._head = self.target.size

    def mux(self, packets: Iterable[av.Packet[Any]]) -> None:
        """Write packets.

        Raises: OSError (the target: full disk …), EncodingError (an encoder failed).
        """
        with self._errors():
            for packet in packets:
                if self._held is not None:
                    self._held.add(packet)
                    continue
                if self._later:
                    shift = self._shifts.setdefault(packet.stream.index, ticks(packet, self._later))
                    packet.pts = None if packet.pts is None else packet.pts - shift
                    packet.dts = None if packet.dts is None else packet.dts - shift
                if packet.pts is not None and packet.time_base is not None:
                    end = (packet.pts + (packet.duration or 0)) * packet.time_base
                    self.end_us = max(self.end_us, round(end * 1_000_000))
                self.pictures += bool(self.video) and packet.stream.index == self.video[0].index
                self.target.sent(packet.size)
                with self.target.busy():
                    self._container.mux_one(packet)
                self.target.checkpoint()
            if self._muxer.sizes_in_head and self._started:
                self._correct_head()

    def _correct_head(self) -> None:
        """Keep a wave file's two sizes true, so that a killed process leaves no file that looks damaged."""
        size = self.target.size
        if size < 2**32:
            self.target.patch(4, (size - 8).to_bytes(4, "little"))
            self.target.patch(self._head - 4, (size - self._head).to_bytes(4, "little"))

    def close(self) -> None:
        """Flush the encoders, write duration and index, close the target. Idempotent.

        Raises: OSError, EncodingError; the target is closed nevertheless, and as whole as `abort` leaves it.
        """
        if self._closed:
            return
        if not self._started:
            self.abort()
            return
        try:
            for encoder in self._encoders:
                self.mux(encoder.flush())
            with self._errors(), self.target.busy():
                self._container.close()
        finally:
            self.abort()
        if self.target.error is not None:
            raise self.target.error

    def abort(self) -> None:
        """Close the target as it is, without an index. For after an error; idempotent."""
        if self._closed:
            return
        self._closed = True
        self.target.discard()
        with contextlib.suppress(av.FFmpegError, OSError, ValueError), self.target.busy():
            self._container.close()
        self.target.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Translate what PyAV raises; a target that failed is rolled back to what is whole."""
        try:
            yield
        except OSError as error:
            if self.target.error is not None:
                self.target.roll_back()
                raise self.target.error from error
            raise EncodingError(f"{self._muxer.name}: {error.strerror or error}") from error
        except (av.FFmpegError, ValueError) as error:
            if self.target.error is not None:
                self.target.roll_back()
                raise self.target.error from error
            raise EncodingError(f"{self._muxer.name}: {error}") from error


def _at(bit_rate: int | None) -> str:
    return "" if bit_rate is None else f" at {bit_rate} bits per second"


def _refused(model: EncoderModel, what: str, options: Mapping[str, str], error: Exception) -> NotSupportedError:
    hint = f" with {dict(options)}" if options else ""
    number = getattr(error, "errno", None)
    reason = errno.errorcode.get(number, str(error)) if isinstance(number, int) else str(error)
    return NotSupportedError(f"the encoder {model.name} does not take {what}{hint} ({reason})")


def _no_unused(model: EncoderModel, unused: frozenset[str]) -> None:
    if unused:
        names = ", ".join(sorted(unused))
        raise NotSupportedError(f"the encoder {model.name} has no option {names}; see ffmpeg -h encoder={model.name}")
