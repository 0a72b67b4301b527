"""`AudioBuffer`: sound in memory, every channel a NumPy array.

Not for: sound with a time (`AudioData`), or playing it (`AudioBufferSourceNode`).

Rules of the file: the arrays are the truth; a node that plays a buffer takes a copy of it (*acquire the contents*), so
that what is written afterwards is heard by who takes it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mediastreams._rules.audio_limits import check
from mediastreams._webidl.conversions import unsigned_long
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.audio.context_options import AUDIO_BUFFER_OPTIONS
from mediastreams.audio.engine import call, engine
from mediastreams.audio.samples import float_samples, float_target
from mediastreams.errors import DOMException

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams.audio.context_options import AudioBufferOptions
    from mediastreams.audio.node_options import Numbers

__all__ = ["AudioBuffer"]

_STEP = 48_000  # samples that are taken from the engine at a time, so that nothing else stands still


@public
class AudioBuffer:
    """Sound in memory: ``number_of_channels`` × ``length`` samples of float32 at ``sample_rate``.

    ``buffer.get_channel_data(0)[:] = array`` writes into it.

    https://webaudio.github.io/web-audio-api/#AudioBuffer
    """

    def __init__(self, options: AudioBufferOptions | Mapping[str, Any] | None = None, **members: Any) -> None:
        """Make a silent one.

        Raises:
            NotSupportedError: not 1 to 32 channels, no sample, or a rate that is not 3000 to 768000 Hz.
            TypeError: no ``length`` or ``sample_rate``, or a member of the wrong type.

        https://webaudio.github.io/web-audio-api/#dom-audiobuffer-audiobuffer
        """
        given = AUDIO_BUFFER_OPTIONS.convert(merge_arguments(options, members, "AudioBuffer"), "AudioBuffer")
        for name, value in given.items():
            check(("AudioBuffer",), name, value, "AudioBuffer")
        self._fill(np.zeros((given["number_of_channels"], given["length"]), np.float32), given["sample_rate"])

    def _fill(self, data: npt.NDArray[np.float32], sample_rate: float) -> None:
        self._data = data
        self._sample_rate = sample_rate

    @classmethod
    def _of(cls, data: npt.NDArray[np.float32], sample_rate: float) -> AudioBuffer:
        buffer = cls.__new__(cls)
        buffer._fill(data, sample_rate)
        return buffer

    @classmethod
    def _from_engine(cls, native: Any) -> AudioBuffer:
        """Copy one of the engine's. May take some tenths of a second for minutes of sound: for worker threads."""
        length = native.length
        data = np.empty((native.numberOfChannels, length), np.float32)
        for channel in range(data.shape[0]):
            for start in range(0, length, _STEP):
                part = [0.0] * min(_STEP, length - start)
                data[channel, start : start + len(part)] = call(native.copyFromChannel, part, channel, start)
        return cls._of(data, float(native.sampleRate))

    def _acquire(self) -> object:
        """*Acquire the contents*: a copy for the engine, as it is now.

        https://webaudio.github.io/web-audio-api/#acquire-the-content
        """
        channels, length = self._data.shape
        shape = {"numberOfChannels": channels, "length": length, "sampleRate": self._sample_rate}
        made = call(engine().AudioBuffer, shape)
        for channel in range(channels):
            for start in range(0, length, _STEP):
                call(made.copyToChannel, self._data[channel, start : start + _STEP].tolist(), channel, start)
        return made

    @property
    def sample_rate(self) -> float:
        """Samples per second."""
        return self._sample_rate

    @property
    def length(self) -> int:
        """Samples per channel."""
        return int(self._data.shape[1])

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.length / self._sample_rate

    @property
    def number_of_channels(self) -> int:
        """How many channels."""
        return int(self._data.shape[0])

    def get_channel_data(self, channel: int) -> npt.NDArray[np.float32]:
        """The samples of a channel, to be read and written: the same memory every time.

        Raises:
            DOMException: IndexSizeError, there is no such channel.

        https://webaudio.github.io/web-audio-api/#dom-audiobuffer-getchanneldata
        """
        row: npt.NDArray[np.float32] = self._data[self._channel(channel, "AudioBuffer.get_channel_data: channel")]
        return row

    def copy_from_channel(
        self, destination: npt.NDArray[np.float32], channel_number: int, buffer_offset: int = 0
    ) -> None:
        """Copy samples out, from an offset on, as many as there are and fit.

        Raises:
            DOMException: IndexSizeError, there is no such channel.
            TypeError: what is to be filled is no writable array of float32.

        https://webaudio.github.io/web-audio-api/#dom-audiobuffer-copyfromchannel
        """
        where = "AudioBuffer.copy_from_channel"
        target = float_target(destination, f"{where}: destination")
        row = self._data[self._channel(channel_number, f"{where}: channel_number")]
        found = row[unsigned_long(buffer_offset, f"{where}: buffer_offset") :][: target.shape[0]]
        target[: found.shape[0]] = found

    def copy_to_channel(self, source: Numbers, channel_number: int, buffer_offset: int = 0) -> None:
        """Copy samples in, from an offset on, as many as there are and fit.

        Raises:
            DOMException: IndexSizeError, there is no such channel.
            TypeError: not numbers.

        https://webaudio.github.io/web-audio-api/#dom-audiobuffer-copytochannel
        """
        where = "AudioBuffer.copy_to_channel"
        given = float_samples(source, f"{where}: source")
        row = self._data[self._channel(channel_number, f"{where}: channel_number")]
        room = row[unsigned_long(buffer_offset, f"{where}: buffer_offset") :]
        room[: given.shape[0]] = given[: room.shape[0]]

    def _channel(self, channel: int, where: str) -> int:
        number = unsigned_long(channel, where)
        if number >= self.number_of_channels:
            raise DOMException(f"{where}: there are {self.number_of_channels} channels, from 0 on", "IndexSizeError")
        return number

    def __repr__(self) -> str:
        return f"<AudioBuffer {self.number_of_channels} × {self.length} @ {self.sample_rate:g} Hz>"
