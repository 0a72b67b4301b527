"""`AudioData`: a handle on one shared chunk of sound, as WebCodecs has it, with what NumPy users need.

Not for: resampling and mixing (``audio_adapter.py``).

Rules of the file: sound is ``float32 [channels, samples]``, full scale ±1. Integers come in as value / 2^(bits-1);
they go out as value * 2^(bits-1), rounded to the nearest, ties to even, and clipped to the type's range, so that what
came in as an integer goes out unchanged (32 bits: 24 of them). Bytes ``u8`` are centred on 128.

https://w3c.github.io/webcodecs/#audiodata-interface
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict, Unpack, cast

import numpy as np

from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Sound
from mediastreams._engine.sample_formats import FORMATS, from_samples, layout_channels, to_samples
from mediastreams._rules.channel_mixing import layout_name
from mediastreams._webidl.conversions import double, long_long, unsigned_long, wrong_type
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from types import TracebackType

    import numpy.typing as npt

__all__ = ["AudioData", "AudioDataInit"]


class AudioDataInit(TypedDict, total=False):
    """What `AudioData` is made of.

    https://w3c.github.io/webcodecs/#dictdef-audiodatainit
    """

    format: str
    sample_rate: float
    number_of_frames: int
    number_of_channels: int
    timestamp: int
    data: Any


def _format(value: object, where: str, /) -> str:
    if not isinstance(value, str) or value not in FORMATS:
        raise wrong_type(where, f"one of {', '.join(FORMATS)}", value)
    return str(value)


def _positive(value: object, where: str, /) -> int:
    number = unsigned_long(value, where)
    if not number:
        raise wrong_type(where, "a positive integer", value)
    return number


def _rate(value: object, where: str, /) -> int:
    number = double(value, where)
    if not 1 <= number <= 3_000_000:
        raise wrong_type(where, "a sample rate in samples per second", value)
    # DEVIATION: whole samples per second, as every device, codec and FFmpeg has them.
    return round(number)


_INIT: Final = Schema[Any](
    "AudioDataInit",
    Member("format", _format, required=True),
    Member("sample_rate", _rate, required=True),
    Member("number_of_frames", _positive, required=True),
    Member("number_of_channels", _positive, required=True),
    Member("timestamp", long_long, required=True),
    Member("data", lambda value, _: value, required=True),
    Member("transfer", lambda value, _: value),  # DEVIATION: nothing is detached; the data is copied
)
_COPY_OPTIONS: Final = Schema[Any](
    "AudioDataCopyToOptions",
    Member("plane_index", unsigned_long, required=True),
    Member("frame_offset", unsigned_long, 0),
    Member("frame_count", unsigned_long),
    Member("format", _format),
)


@public
class AudioData:
    """One chunk of sound with its time: a light handle on shared, immutable data.

    Owns its handle only: `close` lets go of the data early, dropping it does too. Any thread.

    https://w3c.github.io/webcodecs/#audiodata
    """

    __slots__ = ("__weakref__", "_array", "_sound", "_stamp")

    _sound: Sound | None
    _stamp: int  # of the closed chunk
    _array: tuple[str, npt.NDArray[Any]] | None  # what an iterator was asked for, made before hand-over

    def __init__(
        self, init: AudioDataInit | Mapping[str, object] | None = None, /, **members: Unpack[AudioDataInit]
    ) -> None:
        """Copy samples out of a buffer.

        https://w3c.github.io/webcodecs/#dom-audiodata-audiodata

        Raises:
            TypeError: a member that is missing or of the wrong type, or too few bytes.
        """
        given = _INIT.convert(merge_arguments(init, members, "AudioData"), "AudioData")
        channels, length = given["number_of_channels"], given["number_of_frames"]
        dtype, planar = FORMATS[given["format"]]
        try:
            data = memoryview(given["data"])
        except TypeError:
            raise wrong_type("AudioData.data", "a buffer (bytes, array)", given["data"]) from None
        source = data.cast("B") if data.c_contiguous else memoryview(data.tobytes())
        count = channels * length
        if len(source) < count * dtype.itemsize:
            raise TypeError(f"AudioData: {len(source)} bytes are too few for {channels} channels of {length} samples")
        samples = np.frombuffer(source, dtype, count)
        lying = samples.reshape(channels, length) if planar else samples.reshape(length, channels).T
        floats = from_samples(lying, copy=True)
        self._sound = Sound(floats, given["sample_rate"], given["timestamp"], layout_name(channels))
        self._array = None

    @classmethod
    def _of(cls, sound: Sound, array: tuple[str, npt.NDArray[Any]] | None = None) -> AudioData:
        """Make a handle: this is the path of every delivered chunk."""
        self = _new_data(cls)
        self._sound = sound
        self._array = array
        return self

    @classmethod
    def from_ndarray(
        cls,
        array: npt.NDArray[Any],
        *,
        sample_rate: float,
        timestamp: int | None = None,
        layout: str | None = None,
        copy: bool = True,
    ) -> AudioData:
        """Make a chunk of an array ``[channels, samples]``, or ``[samples]`` of one channel.

        Floats are full scale at ±1; integers (``int16``, ``int32``, ``uint8``) are scaled. ``layout`` is a name
        such as ``"stereo"`` or ``"5.1"``; without it the usual one of that many channels. ``copy=False`` adopts a
        contiguous ``float32`` array, which must not change afterwards. Without ``timestamp`` it is now, on the
        library's clock.

        Raises:
            TypeError: samples of another type.
            ValueError: an array of another shape, or a layout of another number of channels.
        """
        samples = np.asarray(array)
        if samples.ndim == 1:
            samples = samples[np.newaxis]
        if samples.ndim != 2 or not samples.size:
            raise ValueError(f"sound is an array [channels, samples], not {list(np.shape(array))}")
        channels = samples.shape[0]
        if channels > 64:
            cure = "transpose it with array.T" if samples.shape[1] <= 64 else "[channels, samples] is expected"
            raise ValueError(f"{channels} channels of {samples.shape[1]} samples: {cure}")
        if layout is None:
            layout = layout_name(channels)
        elif layout_channels(layout) != channels:
            raise ValueError(f"the layout {layout!r} has {layout_channels(layout)} channels, the array {channels}")
        rate = _rate(sample_rate, "sample_rate")
        floats = from_samples(samples, copy=copy)
        instant = get_clock().now_us() if timestamp is None else long_long(timestamp, "timestamp")
        return cls._of(Sound(floats, rate, instant, layout))

    # --- attributes ---

    @property
    def format(self) -> str | None:
        """``"f32-planar"``: how the samples are kept; ``None`` once closed."""
        return None if self._sound is None else "f32-planar"

    @property
    def sample_rate(self) -> float:
        """Samples per second; 0 once closed."""
        return 0 if self._sound is None else self._sound.sample_rate

    @property
    def number_of_frames(self) -> int:
        """Samples per channel; 0 once closed."""
        return 0 if self._sound is None else self._sound.length

    @property
    def number_of_channels(self) -> int:
        """Channels; 0 once closed."""
        return 0 if self._sound is None else self._sound.channels

    @property
    def duration(self) -> int:
        """How long it lasts, µs; 0 once closed."""
        return 0 if self._sound is None else self._sound.duration

    @property
    def timestamp(self) -> int:
        """The instant of the first sample in µs, on the process's one clock for sound of devices."""
        sound = self._sound
        return self._stamp if sound is None else sound.timestamp

    @property
    def layout(self) -> str | None:
        """The channels' layout by FFmpeg's name: ``"mono"``, ``"stereo"``, ``"5.1"``; ``None`` once closed."""
        return None if self._sound is None else self._sound.layout

    @property
    def gap(self) -> int:
        """How many samples right before this chunk were dropped because nobody took them in time; usually 0."""
        return 0 if self._sound is None else self._sound.gap

    # --- the handle ---

    def _open(self, what: str) -> Sound:
        sound = self._sound
        if sound is None:
            raise InvalidStateError(f"{what}: the data at {self._stamp} µs was closed; use it before close()")
        return sound

    def clone(self) -> AudioData:
        """Make another handle on the same sound.

        https://w3c.github.io/webcodecs/#dom-audiodata-clone

        Raises:
            InvalidStateError: it was closed.
        """
        return type(self)._of(self._open("clone"), self._array)  # noqa: SLF001 - of the same class

    def close(self) -> None:
        """Let go of the sound; other handles keep it. Idempotent.

        https://w3c.github.io/webcodecs/#dom-audiodata-close
        """
        sound = self._sound
        if sound is not None:
            self._stamp = sound.timestamp
            self._sound = self._array = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def metadata(self) -> dict[str, object]:
        """Return what is known of the chunk: ``capture_time`` and so on, a copy.

        Raises:
            InvalidStateError: it was closed.
        """
        return dict(self._open("metadata").metadata)

    # --- samples ---

    def to_ndarray(self, format: str | None = None, *, copy: bool = False) -> npt.NDArray[Any]:
        """Return the samples as ``[channels, samples]``.

        Without ``format``: the one that ``track.frames(format=…)`` was asked for, else ``float32``.

        ``format``: ``"float32"`` (−1…1, shared, nothing is copied), ``"int16"``, ``"int32"``, ``"uint8"``,
        ``"float64"``. Read-only; ``copy=True``: private and writable.

        Raises:
            InvalidStateError: it was closed.
            ValueError: an unknown format.
        """
        samples = self._open("to_ndarray").samples
        made = self._array
        if made is not None and format in (None, made[0]):
            return made[1].copy() if copy else made[1]
        format = format or "float32"
        if format == "float32":
            return samples.copy() if copy else samples
        converted = to_samples(samples, format)
        converted.flags.writeable = copy
        return converted

    def allocation_size(self, options: Mapping[str, object] | None = None, /, **members: object) -> int:
        """Return how many bytes `copy_to` with these options needs.

        https://w3c.github.io/webcodecs/#dom-audiodata-allocationsize

        Raises:
            InvalidStateError: it was closed.
            TypeError: ``plane_index`` is missing.
            ValueError: a plane or samples that are not there.
        """
        part, dtype, _ = self._part(options, members, "allocation_size")
        return part.size * dtype.itemsize

    def copy_to(self, destination: object, options: Mapping[str, object] | None = None, /, **members: object) -> None:
        """Write the samples of one plane into a buffer.

        Options: ``plane_index`` (required; interleaved formats have plane 0 only), ``frame_offset``,
        ``frame_count``, ``format`` (``"s16"``, ``"f32-planar"`` …).
        https://w3c.github.io/webcodecs/#dom-audiodata-copyto

        Raises:
            InvalidStateError: it was closed.
            TypeError: a buffer that is read-only, or ``plane_index`` is missing.
            ValueError: a buffer that is too small, a plane or samples that are not there.
        """
        part, dtype, name = self._part(options, members, "copy_to")
        target = memoryview(cast("Any", destination))
        if target.readonly or not target.c_contiguous:
            raise TypeError("copy_to: the destination must be a writable, contiguous buffer, a bytearray for instance")
        out = target.cast("B")
        size = part.size * dtype.itemsize
        if len(out) < size:
            raise ValueError(f"copy_to: the destination has {len(out)} bytes, {size} are needed")
        if not size:
            return
        np.frombuffer(out, dtype, part.size)[:] = to_samples(part, name).reshape(-1)

    def _part(
        self, options: Mapping[str, object] | None, members: Mapping[str, object], what: str
    ) -> tuple[npt.NDArray[np.float32], np.dtype[Any], str]:
        """*Compute copy element count*: the samples in the order of the destination, its type and its name.

        https://w3c.github.io/webcodecs/#audiodata-compute-copy-element-count
        """
        sound = self._open(what)
        given = _COPY_OPTIONS.convert(merge_arguments(options, members, what), what)
        dtype, planar = FORMATS[given.get("format", "f32-planar")]
        index, offset = given["plane_index"], given["frame_offset"]
        planes = sound.channels if planar else 1
        if index >= planes:
            raise ValueError(f"{what}: there is no plane {index}, only {planes}")
        count = given.get("frame_count", sound.length - offset)
        if offset >= sound.length or offset + count > sound.length:
            raise ValueError(
                f"{what}: samples {offset} to {offset + count} are not within the {sound.length} there are"
            )
        samples = sound.samples[:, offset : offset + count]
        return (samples[index] if planar else samples.T), dtype, dtype.name

    def __repr__(self) -> str:
        sound = self._sound
        if sound is None:
            return f"<AudioData closed, at {self._stamp / 1e6:.6f} s>"
        gap = f", after a gap of {sound.gap}" if sound.gap else ""
        return (
            f"<AudioData {sound.layout} {sound.sample_rate} Hz, {sound.length} samples "
            f"({sound.duration / 1000:.4g} ms) at {sound.timestamp / 1e6:.6f} s{gap}>"
        )


_new_data = AudioData.__new__
