"""`Mapping`: a driver's buffer in this process's memory.

Not for: anything else; the standard library's ``mmap`` cannot serve here. It keeps a duplicate of the descriptor, which
a forked child could not close while its dead reader still "looks" at the memory: the child would hold the camera.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import Final

__all__ = ["Mapping"]

_FAILED: Final = ctypes.c_void_p(-1).value
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (*(ctypes.c_void_p, ctypes.c_size_t), *(ctypes.c_int,) * 3, ctypes.c_long)
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


class Mapping:
    """Owns one mapped range until `close`. Whoever looks at ``memory`` must have ended by then."""

    def __init__(self, fd: int, length: int, offset: int) -> None:
        address = _libc.mmap(None, length, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, fd, offset)
        if address == _FAILED:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        _libc.madvise(address, length, mmap.MADV_DONTFORK)  # a child must not hold the camera's memory
        self._address: int | None = address
        self._length = length
        self.memory = memoryview((ctypes.c_ubyte * length).from_address(address)).cast("B")

    def close(self) -> None:
        """Unmap. Idempotent. Not in a forked child: there is nothing mapped there."""
        address, self._address = self._address, None
        if address is not None:
            self.memory.release()
            _libc.munmap(address, self._length)
