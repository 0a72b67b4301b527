"""miniaudio below its Python class: listing with ids as text, ids back again, errors by name, contexts that close.

Not for: deciding what is listed (``listing.py``), capturing (``microphone.py``) or playing (``speaker.py``).

Rules of the file: miniaudio's technologies are always named, or it tries JACK, which complains on stderr.
"""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from mediastreams.errors import DOMException, NotAllowedError, NotFoundError, NotReadableError

if TYPE_CHECKING:
    import miniaudio

__all__ = [
    "NativeDevice",
    "Technology",
    "capture_device",
    "explain",
    "list_native",
    "load_miniaudio",
    "playback_device",
    "system_sound",
    "wait_for_its_end",
]

Technology = Literal["PULSEAUDIO", "ALSA", "COREAUDIO", "WASAPI"]
_WIDE: Final = {"WASAPI"}  # ids in UTF-16; the others' are bytes


@dataclass(frozen=True, slots=True)
class NativeDevice:
    """One device as miniaudio lists it. ``id`` is the system's name for it, stable where that is."""

    output: bool
    id: str
    name: str
    default: bool
    sample_rate: int
    channels: int
    bits: int


def system_sound() -> Technology:
    """The technology of this system that miniaudio lists everything by; on Linux that needs a sound server."""
    return {"darwin": "COREAUDIO", "win32": "WASAPI"}.get(sys.platform, "PULSEAUDIO")  # type: ignore[return-value]


def load_miniaudio() -> Any:  # the module, which has no types
    """Import miniaudio.

    Raises: NotFoundError where there is none: a platform without wheel, a system too old.
    """
    try:
        import miniaudio
    except (ImportError, OSError) as error:
        raise NotFoundError(
            f"Microphones and speakers need the package miniaudio: pip install miniaudio ({error})"
        ) from error
    return miniaudio


def list_native(technology: Technology) -> list[NativeDevice]:
    """List by one technology; empty when that is not there.

    Raises: NotFoundError without miniaudio.
    """
    sound = load_miniaudio()
    with _context(sound, technology) as context:
        if context is None:
            return []
        ffi, lib = sound.ffi, sound.lib
        infos = ffi.new("ma_device_info*[2]")
        counts = ffi.new("ma_uint32[2]")
        if lib.ma_context_get_devices(context, infos, counts, infos + 1, counts + 1) != lib.MA_SUCCESS:
            return []
        # The lists are the context's own and the next call may move them: read ids before details.
        plain = [
            (output, ffi.new("ma_device_id*", infos[side][n].id))
            for side, output in ((0, True), (1, False))
            for n in range(counts[side])
        ]
        return [_describe(sound, context, technology, output, handle) for output, handle in plain]


def _describe(sound: Any, context: Any, technology: Technology, output: bool, handle: Any) -> NativeDevice:  # noqa: FBT001
    ffi, lib = sound.ffi, sound.lib
    kind = sound.DeviceType.PLAYBACK if output else sound.DeviceType.CAPTURE
    info = ffi.new("ma_device_info*")
    lib.ma_context_get_device_info(context, kind.value, handle, info)
    formats = [info.nativeDataFormats[n] for n in range(info.nativeDataFormatCount)]
    rates = {int(form.sampleRate) for form in formats} - {0}
    return NativeDevice(
        output=output,
        id=_id_text(ffi, technology, handle),
        name=ffi.string(info.name).decode("utf-8", "replace"),
        default=bool(info.isDefault),
        # 48 kHz where it is one of the device's own: what everything downstream runs at.
        sample_rate=48_000 if not rates or 48_000 in rates else max(rates),
        channels=max((int(form.channels) for form in formats), default=0) or 2,
        bits=max((_bits(sound, form.format) for form in formats), default=16),
    )


def _bits(sound: Any, native: int) -> int:
    lib = sound.lib
    return {lib.ma_format_u8: 8, lib.ma_format_s16: 16, lib.ma_format_s24: 24}.get(native, 32)


def _id_text(ffi: Any, technology: Technology, handle: Any) -> str:
    raw = bytes(ffi.buffer(handle))
    if technology in _WIDE:
        return raw.decode("utf-16-le", "replace").split("\0", 1)[0]
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")


def _id_handle(ffi: Any, technology: Technology, text: str) -> Any:
    handle = ffi.new("ma_device_id*")
    raw = text.encode("utf-16-le") + b"\0\0" if technology in _WIDE else text.encode() + b"\0"
    memory = ffi.buffer(handle)
    if len(raw) > len(memory):
        raise NotFoundError(f"No sound device has a name of {len(raw)} bytes")
    memory[: len(raw)] = raw
    return handle


@contextmanager
def _context(sound: Any, technology: Technology) -> Iterator[Any]:
    """A connection of miniaudio to the system's sound; ``None`` when it is refused."""
    context = sound.ffi.new("ma_context*")
    wanted = sound.ffi.new("ma_backend[]", [sound.Backend[technology].value])
    if sound.lib.ma_context_init(wanted, 1, sound.ffi.NULL, context) != sound.lib.MA_SUCCESS:
        yield None
        return
    try:
        yield context
    finally:
        sound.lib.ma_context_uninit(context)


@contextmanager
def capture_device(
    technology: Technology, device_id: str, *, sample_rate: int, channels: int, period_ms: int
) -> Iterator[miniaudio.CaptureDevice]:
    """An open microphone, not yet started, giving interleaved ``float32``. Everything is closed at the end.

    Raises: NotFoundError, NotReadableError, NotAllowedError.
    """
    sound = load_miniaudio()
    options = _options(sound, technology, device_id, sample_rate, channels, period_ms)
    with _open(sound, sound.CaptureDevice, options, f"microphone {device_id}") as device:
        yield device


@contextmanager
def playback_device(
    technology: Technology, device_id: str, *, sample_rate: int, channels: int, period_ms: int, periods: int
) -> Iterator[miniaudio.PlaybackDevice]:
    """An open speaker, not yet started, taking interleaved ``float32``. Everything is closed at the end.

    Raises: NotFoundError, NotReadableError, NotAllowedError.
    """
    sound = load_miniaudio()
    options = _options(sound, technology, device_id, sample_rate, channels, period_ms)
    options["callback_periods"] = periods
    with _open(sound, sound.PlaybackDevice, options, f"speaker {device_id}") as device:
        yield device


def _options(
    sound: Any, technology: Technology, device_id: str, sample_rate: int, channels: int, period_ms: int
) -> dict[str, Any]:
    return {
        "nchannels": channels,
        "sample_rate": sample_rate,
        "buffersize_msec": period_ms,
        "device_id": _id_handle(sound.ffi, technology, device_id),
        "backends": [sound.Backend[technology]],
        "app_name": "mediastreams",
    }


@contextmanager
def _open(sound: Any, make: Any, options: dict[str, Any], name: str) -> Iterator[Any]:
    # The class closes the device but never its context, which is a connection and its thread; not even when it fails:
    # so the object is made before it is initialised.
    device = make.__new__(make)
    try:
        try:
            device.__init__(sound.SampleFormat.FLOAT32, **options)
        except sound.MiniaudioError as error:
            raise explain(sound, error, name) from error
        try:
            yield device
        finally:
            device.close()
    finally:
        context = getattr(device, "_context", None)
        if context is not None:
            sound.lib.ma_context_uninit(context)


def wait_for_its_end(device: Any, seconds: float = 1.0) -> None:
    """Let a device that was pulled out stop by itself before it is closed, if it does in time.

    Stopping it from here while its card goes makes ALSA's library read memory that the kernel is taking away.
    """
    lib = load_miniaudio().lib
    deadline = time.monotonic() + seconds
    while lib.ma_device_is_started(device._device) and time.monotonic() < deadline:  # noqa: SLF001
        time.sleep(0.01)


def explain(sound: Any, error: Exception, name: str) -> DOMException:
    """The named error for one of miniaudio's, whose last argument is its number. ``name``: “microphone Desk”."""
    lib = sound.lib
    number = error.args[-1] if error.args and isinstance(error.args[-1], int) else 0
    if number in {lib.MA_NO_DEVICE, lib.MA_DOES_NOT_EXIST}:
        return NotFoundError(f"The {name} is not there (any more)")
    if number == lib.MA_ACCESS_DENIED:
        return NotAllowedError(f"The system does not let this program use the {name}: allow it in its privacy settings")
    if number in {lib.MA_BUSY, lib.MA_ALREADY_IN_USE}:
        return NotReadableError(f"The {name} is in use by another program: close it", errno=errno.EBUSY)
    return NotReadableError(f"The {name} cannot be opened: {error.args[0]} ({number})")
