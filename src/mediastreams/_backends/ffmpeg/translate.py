"""FFmpeg's errors as the standard's: none of PyAV's leaves this folder.

Not for: errors of the program's own file object, which are the cause (``__cause__``) of a NotReadableError.
"""

from __future__ import annotations

import builtins
import errno
from typing import TYPE_CHECKING, Final

import av.error

from mediastreams.errors import DOMException, NetworkError, NotAllowedError, NotReadableError, NotSupportedError

if TYPE_CHECKING:
    from mediastreams._backends.ffmpeg.locations import Location

__all__ = ["translate"]

_DAMAGED: Final = (av.error.InvalidDataError, av.error.LookupError, av.error.PatchWelcomeError, av.error.EOFError)


def translate(error: Exception, location: Location, doing: str = "be opened") -> DOMException:
    """Name an exception that came out of FFmpeg while it opened or read ``location``."""
    name = repr(location.where)
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if isinstance(error, DOMException):
        return error
    if isinstance(error, av.error.HTTPError):
        return NetworkError(f"{name} cannot {doing}: {reason.removeprefix('Server returned ')}")
    if isinstance(error, av.error.ExitError):
        return NetworkError(f"{name} cannot {doing}: no answer in time", errno=errno.ETIMEDOUT)
    if isinstance(error, av.error.ProtocolNotFoundError):
        return NotSupportedError(f"{name} cannot {doing}: this build of FFmpeg does not know the protocol of the URL")
    if isinstance(error, _DAMAGED):
        return NotSupportedError(f"{name} cannot {doing}: it is damaged, or of no format that FFmpeg reads ({reason})")
    if not isinstance(error, av.error.FFmpegError):
        return NotReadableError(f"{name} cannot {doing}: {reason}", errno=_errno(error))
    number = _errno(error)
    if location.network:
        return NetworkError(f"{name} cannot {doing}: {reason}", errno=number)
    if isinstance(error, builtins.PermissionError) and number == errno.EPERM:
        return NotSupportedError(f"{name} cannot {doing}: it refers to files outside its own folder")
    if isinstance(error, builtins.PermissionError):
        return NotAllowedError(f"{name} cannot {doing}: {reason}", errno=number)
    return NotReadableError(f"{name} cannot {doing}: {reason}", errno=number)


def _errno(error: BaseException) -> int | None:
    """The system's error number; FFmpeg's own (tags of four letters) are none."""
    number = getattr(error, "errno", None)
    return number if isinstance(number, int) and 0 < number < 4096 else None  # Linux's range
