"""Every exception of the library, and nothing else.

DOMException ──┬── NotAllowedError, SecurityError ............ PermissionError
               ├── NotFoundError ............................. LookupError
               ├── NotReadableError .......................... OSError
               ├── NetworkError .............................. ConnectionError
               ├── OverconstrainedError, InvalidAccessError,
               │   DataError, SyntaxError .................... ValueError
               ├── InvalidStateError, InvalidModificationError,
               │   NotSupportedError, AbortError,
               │   OperationError, EncodingError, UnknownError  RuntimeError
               ├── QuotaExceededError ........................ MemoryError
               └── TimeoutError .............................. builtins.TimeoutError

Rules: ``name`` is the standard's name and the class's name; ``message`` is a sentence that says the
cure where there is one; an error that came from the operating system keeps its ``errno``.
Web IDL's ``TypeError`` and ``RangeError`` are Python's ``TypeError`` and ``ValueError``.
"""

from __future__ import annotations

import builtins
from typing import Self

__all__ = [
    "AbortError",
    "DOMException",
    "DataError",
    "EncodingError",
    "InvalidAccessError",
    "InvalidModificationError",
    "InvalidStateError",
    "NetworkError",
    "NotAllowedError",
    "NotFoundError",
    "NotReadableError",
    "NotSupportedError",
    "OperationError",
    "OverconstrainedError",
    "QuotaExceededError",
    "SecurityError",
    "UnknownError",
    "UnknownMemberWarning",
]

_LEGACY_CODES = {
    "NotFoundError": 8,
    "NotSupportedError": 9,
    "InvalidStateError": 11,
    "SyntaxError": 12,
    "InvalidModificationError": 13,
    "InvalidAccessError": 15,
    "SecurityError": 18,
    "NetworkError": 19,
    "AbortError": 20,
    "QuotaExceededError": 22,
    "TimeoutError": 23,
}


class DOMException(Exception):
    """An error with one of the web platform's names.

    Called directly it builds the named subclass where there is one, as ``new DOMException(message, name)``
    does: ``DOMException("no", "NotFoundError")`` is a `NotFoundError`.

    https://webidl.spec.whatwg.org/#idl-DOMException
    """

    args: tuple[str, ...]
    _name: str = "Error"
    _message: str = ""

    def __new__(cls, message: str = "", name: str = "Error", **_: object) -> Self:
        chosen = _BY_NAME.get(name, cls) if cls is DOMException else cls
        layout = OSError if issubclass(chosen, OSError) else Exception  # CPython lets no other __new__ lay it out
        return layout.__new__(chosen)  # type: ignore[return-value]  # of a subclass: Python then runs its __init__

    def __init__(self, message: str = "", name: str = "Error", *, errno: int | None = None) -> None:
        self._message = str(message)
        kind = type(self).__name__
        self._name = str(name) if kind == "DOMException" else kind
        self.args = (self._message,)
        if isinstance(self, OSError):
            setattr(self, "errno", errno)  # noqa: B010 - an attribute of OSError, unknown to this base class

    @property
    def name(self) -> str:
        """The error's name in the standard, ``"NotAllowedError"`` for instance."""
        return self._name

    @property
    def message(self) -> str:
        """What happened and, where there is one, the cure."""
        return self._message

    @property
    def code(self) -> int:
        """The legacy code of the name, 0 when it has none."""
        return _LEGACY_CODES.get(self._name, 0)

    def __str__(self) -> str:
        return self._message

    def __repr__(self) -> str:
        return f"{self._name}({self._message!r})"

    def __reduce__(self) -> tuple[object, ...]:
        errno = getattr(self, "errno", None)
        return (_rebuild, (self._name, self._message, errno))


class NotAllowedError(DOMException, PermissionError):
    """The user, the permission policy or the system said no."""


class SecurityError(DOMException, PermissionError):
    """The operation is insecure."""


class NotFoundError(DOMException, LookupError):
    """No device, track or object of that description exists."""


class NotReadableError(DOMException, OSError):
    """A device or file is there but cannot be read: busy, failing or gone. Keeps ``errno``."""


class NetworkError(DOMException, ConnectionError):
    """A network error occurred. Keeps ``errno``."""


class InvalidAccessError(DOMException, ValueError):
    """The object does not support the operation or argument."""


class DataError(DOMException, ValueError):
    """Provided data is inadequate."""


class SyntaxError(DOMException, ValueError):
    """A string did not match the expected pattern. Not in ``__all__``: it would hide the builtin."""


class InvalidStateError(DOMException, RuntimeError):
    """The object is in a state that forbids the operation."""


class InvalidModificationError(DOMException, RuntimeError):
    """The object cannot be modified in this way."""


class NotSupportedError(DOMException, RuntimeError):
    """The operation is not supported here."""


class AbortError(DOMException, RuntimeError):
    """The operation was aborted."""


class OperationError(DOMException, RuntimeError):
    """The operation failed for an operation-specific reason."""


class EncodingError(DOMException, RuntimeError):
    """Encoding or decoding failed."""


class UnknownError(DOMException, RuntimeError):
    """The operation failed for an unknown transient reason."""


class QuotaExceededError(DOMException, MemoryError):
    """A quota would be exceeded: memory, disk, number of viewers."""


class TimeoutError(DOMException, builtins.TimeoutError):
    """The operation timed out. Not in ``__all__``: it would hide the builtin, below which it stands."""


class OverconstrainedError(DOMException, ValueError):
    """No setting satisfies the constraints; ``constraint`` names one that cannot be satisfied.

    https://w3c.github.io/mediacapture-main/#overconstrainederror-interface
    """

    def __new__(cls, constraint: str = "", message: str = "") -> Self:
        return ValueError.__new__(cls)

    def __init__(self, constraint: str, message: str = "") -> None:
        super().__init__(message, "OverconstrainedError")
        self._constraint = str(constraint)

    @property
    def constraint(self) -> str:
        """The failed constraint in the Python spelling, ``"frame_rate"`` for instance."""
        return self._constraint

    def __reduce__(self) -> tuple[object, ...]:
        return (OverconstrainedError, (self._constraint, self._message))


class UnknownMemberWarning(UserWarning):
    """A dictionary carried a member that nothing reads: it was ignored, as Web IDL says."""


_BY_NAME: dict[str, type[DOMException]] = {
    cls.__name__: cls for cls in DOMException.__subclasses__() if cls is not OverconstrainedError
}


def _rebuild(name: str, message: str, errno: int | None) -> DOMException:
    """Rebuild a pickled exception of that name."""
    cls = _BY_NAME.get(name)
    return cls(message, errno=errno) if cls else DOMException(message, name)


for _cls in (DOMException, OverconstrainedError, UnknownMemberWarning, *_BY_NAME.values()):
    if _cls.__name__ in __all__:
        _cls.__module__ = "mediastreams"
del _cls
