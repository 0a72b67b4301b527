"""Decoders of what comes from a peer: pictures one by one, sound with what is lost made up for.

Not for: when to decode (``decoding.py``). One thread uses one decoder.

Rules of the file: nothing is held back: no threads that work on several pictures at once, no reordering. A decoder
that fails raises `DecodingError` and is used no more before the next key frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import av
import av.error
from av.codec.context import Flags

from mediastreams._backends.ffmpeg.sounds import to_float_planar
from mediastreams.webrtc.codecs import FFMPEG_DECODERS
from mediastreams.webrtc.receiving.libopus import OpusDecoder, OpusError
from mediastreams.webrtc.rtp.audio import opus_samples

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediastreams.webrtc.plans import Codec

    Samples = npt.NDArray[np.float32]

__all__ = ["DecodingError", "PictureDecoder", "SoundDecoder", "opus_channels"]

_OPTIONS: Final = {"libdav1d": {"max_frame_delay": "1"}}
_RATES: Final = {"opus": 48_000, "g722": 16_000}
_MOST_CONCEALED: Final = 5  # packets: after that, silence is better


class DecodingError(Exception):
    """What came cannot be decoded."""


def _open(codec: Codec) -> av.CodecContext:
    for name in FFMPEG_DECODERS[codec.name]:
        try:
            context = av.CodecContext.create(name, "r")
        except ValueError:  # this FFmpeg was built without it
            continue
        context.options = dict(_OPTIONS.get(name, {}))
        return context
    raise DecodingError(f"this FFmpeg has no decoder for {codec.name}")


class PictureDecoder:
    """One decoder of pictures. Begins at a key frame."""

    def __init__(self, codec: Codec) -> None:
        self._context = _open(codec)
        self._context.thread_type = "SLICE"
        self._context.flags |= Flags.low_delay

    def decode(self, data: bytes) -> list[av.VideoFrame]:
        """The pictures in a frame: one as a rule, of several layers the last counts.

        Raises:
            DecodingError: it is damaged, or of another codec.
        """
        try:
            return cast("list[av.VideoFrame]", self._context.decode(av.Packet(data)))  # type: ignore[attr-defined]
        except av.error.FFmpegError as error:
            raise DecodingError(error.strerror) from error

    def close(self) -> None:
        """Bring its threads to rest: see ``_backends/ffmpeg/lanes.py``."""
        if self._context.is_open:
            self._context.flush_buffers()


def opus_channels(packet: bytes) -> int:
    """Whether an Opus packet is of one or two channels.

    https://www.rfc-editor.org/rfc/rfc6716#section-3.1
    """
    return 2 if packet and packet[0] & 4 else 1


class SoundDecoder:
    """One decoder of sound. ``rate``: samples per second that come out; ``channels``: how many it was opened for."""

    def __init__(self, codec: Codec, channels: int) -> None:
        self.codec = codec
        self.channels = channels
        self.rate = _RATES.get(codec.name, codec.clock_rate)
        self._opus = OpusDecoder.open(channels) if codec.name == "opus" else None
        if self._opus is None:
            context = cast("Any", _open(codec))
            context.sample_rate = self.rate
            context.layout = "stereo" if channels == 2 else "mono"
            self._context = context
        self._last = b""

    def decode(self, packet: bytes) -> list[Samples]:
        """The samples in a packet.

        Raises:
            DecodingError: it is damaged.
        """
        samples = self._run(packet)
        self._last = packet
        return samples

    def make_up(self, packets: int, following: bytes) -> list[Samples]:
        """Make up for so many lost packets before this one, as long as the one before the loss each; for few of them.

        libopus finds the last of them in what follows, if the sender put a copy there. Other codecs have nothing.
        """
        if self.codec.name != "opus" or not self._last or packets > _MOST_CONCEALED:
            return []
        try:
            length = opus_samples(self._last)
            if self._opus is None:
                return self._conceal_by_ffmpeg(packets, length)
            made = [self._opus.conceal(length) for _ in range(packets - 1)]
            return [*made, self._opus.recover(following, length)]
        except (DecodingError, OpusError, ValueError):
            return []

    def _conceal_by_ffmpeg(self, packets: int, length: int) -> list[Samples]:
        """An Opus frame of no bytes is a lost one: libopus goes on from what was before it, behind FFmpeg, too.

        https://www.rfc-editor.org/rfc/rfc6716#section-3.4
        """
        if self._context.name != "libopus":
            return []
        empty = bytes((self._last[0] & 0xFC,))  # the same kind of frame, once
        return [samples for _ in range(packets * length // opus_samples(empty)) for samples in self._run(empty)]

    def _run(self, data: bytes) -> list[Samples]:
        try:
            if self._opus is not None:
                return [self._opus.decode(data)]
            return [to_float_planar(frame) for frame in self._context.decode(av.Packet(data))]
        except (av.error.FFmpegError, OpusError) as error:
            raise DecodingError(str(error)) from error
