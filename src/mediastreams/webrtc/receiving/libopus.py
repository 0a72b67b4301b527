"""`OpusDecoder`: libopus itself, for what FFmpeg does not pass on: the copy of a lost packet in the one after it.

Not for: encoding, or machines where the library is not found (`OpusDecoder.open` answers ``None``); FFmpeg decodes
all the same. With it a lost packet costs a fortieth of the error that concealment alone leaves (voice, 32 kbit/s).

Rules of the file: the library is the one that PyAV's wheel brings, else the system's. ctypes lets go of the interpreter
during a call. One thread uses one decoder.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

__all__ = ["OpusDecoder", "OpusError"]

_RATE: Final = 48_000
_LONGEST: Final = 5760  # samples: 120 ms
_STEP: Final = 120  # samples: 2.5 ms, of which what is missing must be a multiple
_PLACES: Final = (("..", "av.libs"), (".dylibs",), ("..", "av.libs.dylibs"))


class OpusError(Exception):
    """What came is no Opus packet."""


@functools.cache
def _library() -> ctypes.CDLL | None:
    beside = Path(av.__file__).parent
    found = [str(path) for place in _PLACES for path in sorted(beside.joinpath(*place).glob("*opus*"))]
    system = ctypes.util.find_library("opus")
    for path in [*found, *([system] if system else [])]:
        try:
            library = ctypes.CDLL(path)
            library.opus_decoder_create.restype = ctypes.c_void_p
            library.opus_decoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
            library.opus_decode_float.restype = ctypes.c_int
            library.opus_decode_float.argtypes = [
                ctypes.c_void_p,
                ctypes.c_char_p,
                ctypes.c_int32,
                ctypes.c_void_p,
                ctypes.c_int,
                ctypes.c_int,
            ]
            library.opus_decoder_destroy.restype = None
            library.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
        except (OSError, AttributeError):  # of another processor, or another library with that name
            continue
        return library
    return None


class OpusDecoder:
    """One decoder, of one or two channels; let go of with the object."""

    def __init__(self, library: ctypes.CDLL, state: int, channels: int) -> None:
        self._library = library
        self._state = state
        self._channels = channels
        self._buffer = np.empty((_LONGEST, channels), np.float32)
        weakref.finalize(self, library.opus_decoder_destroy, state)

    @classmethod
    def open(cls, channels: int) -> OpusDecoder | None:
        """A decoder, or ``None`` where there is no library for it."""
        library = _library()
        if library is None:
            return None
        error = ctypes.c_int()
        state = library.opus_decoder_create(_RATE, channels, ctypes.byref(error))
        return cls(library, state, channels) if state and error.value == 0 else None

    def _run(self, packet: bytes | None, most: int, *, before: bool = False) -> Samples:
        size = 0 if packet is None else len(packet)
        length = self._library.opus_decode_float(self._state, packet, size, self._buffer.ctypes.data, most, int(before))
        if length < 0:
            raise OpusError(f"libopus cannot decode it (error {length})")
        return np.ascontiguousarray(self._buffer[:length].T)

    def decode(self, packet: bytes) -> Samples:
        """The samples in a packet, ``float32 [channels, n]``.

        Raises:
            OpusError: it is damaged.
        """
        return self._run(packet, _LONGEST)

    def conceal(self, length: int) -> Samples:
        """What may have been in a lost packet of so many samples, by what was before it.

        https://www.rfc-editor.org/rfc/rfc6716#section-4.4
        """
        return self._run(None, min(length, _LONGEST) // _STEP * _STEP)

    def recover(self, following: bytes, length: int) -> Samples:
        """The lost packet of so many samples, by the copy in the one after it; concealed where there is none.

        Raises:
            OpusError: that is damaged.

        https://www.rfc-editor.org/rfc/rfc6716#section-2.1.7
        """
        return self._run(following, min(length, _LONGEST) // _STEP * _STEP, before=True)
