"""`whole_sound`: all the sound of a file in memory, as one array at one rate.

Not for: files that are played or read as they come (``movie.py``).

Rules of the file: blocks as long as it takes, so worker threads only. What is damaged within a file is left out, as
players do; a file without any sound is an error.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np

from mediastreams._backends.ffmpeg.locations import locate
from mediastreams._backends.ffmpeg.passes import LENIENT
from mediastreams._backends.ffmpeg.sounds import to_float_planar, usual_layout
from mediastreams._backends.ffmpeg.translate import translate
from mediastreams._engine.audio_adapter import AudioAdapter
from mediastreams._engine.frames import Sound
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["whole_sound"]


def whole_sound(data: bytes, sample_rate: int) -> npt.NDArray[np.float32]:
    """Decode the first sound of a file: ``float32 [channels, samples]``, as many channels as it begins with.

    Raises:
        NotSupportedError: FFmpeg does not read it, or there is no sound in it.
    """
    location = locate(data)
    try:
        with av.open(io.BytesIO(data), "r", options={"protocol_whitelist": location.protocols}, **LENIENT) as file:
            parts = [part.samples for part in _adapted(file, sample_rate)] if file.streams.audio else []
    except (av.FFmpegError, OSError, ValueError) as error:
        raise translate(error, location) from error
    if not parts:
        raise NotSupportedError("there is no sound in it")
    return np.concatenate(parts, axis=1)


def _adapted(file: av.container.InputContainer, sample_rate: int) -> Iterator[Sound]:
    """The file's sound at the rate, piece by piece."""
    adapter: AudioAdapter | None = None
    seconds = 0.0
    for frame in _decoded(file):
        if adapter is None:
            adapter = AudioAdapter(sample_rate, frame.layout.nb_channels)
        at = round(seconds * 1_000_000)
        yield from adapter.process(Sound(to_float_planar(frame), frame.sample_rate, at, usual_layout(frame.layout)))
        seconds += frame.samples / frame.sample_rate
    if adapter is not None:
        yield from adapter.flush()


def _decoded(file: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    for packet in file.demux(file.streams.audio[0]):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue
