"""What interface classes share: no constructor, the default ``to_json``, the public path."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from mediastreams._webidl.dictionaries import Dictionary
from mediastreams._webidl.names import to_idl

__all__ = ["default_to_json", "illegal_constructor", "public"]

_C = TypeVar("_C", bound=type)


def illegal_constructor(hint: str) -> Callable[..., None]:
    """Make the ``__init__`` of an interface that has no constructor; ``hint`` says where its objects come from.

    The library itself allocates with ``cls.__new__(cls)`` and calls a method of its own::

        class MediaDeviceInfo:
            __init__ = illegal_constructor("They come from enumerate_devices().")

    https://webidl.spec.whatwg.org/#interface-object
    """

    def __init__(self: object, *_: object, **__: object) -> None:  # noqa: N807 - it becomes one
        raise TypeError(f"Illegal constructor: {type(self).__name__}() cannot be called. {hint}")

    return __init__


def default_to_json(instance: object, *attributes: str) -> dict[str, object]:
    """*Default toJSON steps*: the named attributes under their IDL names, as plain values.

    https://webidl.spec.whatwg.org/#default-tojson-steps
    """
    return {to_idl(name): _plain(getattr(instance, name)) for name in attributes}


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    return value.to_json() if isinstance(value, Dictionary) else value


def public(cls: _C) -> _C:
    """Show a class under its public path, ``mediastreams.MediaStream``, in messages, pickles and documentation."""
    cls.__module__ = "mediastreams"
    return cls
