"""How a declared member of ours reaches the engine's object: one mechanism for all nodes.

Not for: members with a meaning of their own here, which are written out in their classes.

Rules of the file: a class declares its members with their types, ``detune = parameter()``; what is set is converted,
checked against ``_rules/audio_limits.py``, and only then given to the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Never, Protocol, Self, TypeVar, cast, overload

from mediastreams._rules.audio_limits import check
from mediastreams._webidl.conversions import boolean, double, enumeration, unsigned_long
from mediastreams._webidl.names import to_idl
from mediastreams.audio.engine import call, native

if TYPE_CHECKING:
    from mediastreams.audio.audio_param import AudioParam

__all__ = ["Engined", "attribute", "choice", "count", "fixed", "flag", "interfaces_of", "number", "parameter"]

_Get = TypeVar("_Get")
_Set = TypeVar("_Set")
_E = TypeVar("_E", bound=StrEnum)


class Engined(Protocol):
    """An object of ours that has one of the engine's."""

    _native: Any
    _parameters: dict[str, AudioParam]

    def _attribute_set(self, name: str) -> None:
        """Take note that an attribute has another value."""


def interfaces_of(cls: type) -> list[str]:
    """Name the interfaces that a class has, the nearest first."""
    return [base.__name__ for base in cls.__mro__]


class attribute(Generic[_Get, _Set]):  # noqa: N801 - reads as what it declares
    """Declare an attribute that the engine keeps. Without ``write`` it is read-only."""

    def __init__(
        self, read: Callable[[Any], _Get], write: Callable[[object, str], Any] | None = None, *, doc: str = ""
    ) -> None:
        self.fset = write
        self._read = read
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._idl = to_idl(name)

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Engined, owner: type) -> _Get: ...
    def __get__(self, instance: Engined | None, owner: type) -> Self | _Get:
        if instance is None:
            return self
        return self._read(call(getattr, instance._native, self._idl))

    def __set__(self, instance: Engined, value: _Set) -> None:
        cls = type(instance)
        if self.fset is None:
            raise AttributeError(f"{cls.__name__}.{self._name} cannot be set")
        where = f"{cls.__name__}.{self._name}"
        converted = self.fset(value, where)
        check(interfaces_of(cls), self._name, converted, cls.__name__)
        call(setattr, instance._native, self._idl, native(converted))
        instance._attribute_set(self._name)


def fixed(read: Callable[[Any], _Get], doc: str = "") -> attribute[_Get, Never]:
    """Declare an attribute that cannot be set."""
    return attribute(read, doc=doc)


def number(doc: str = "") -> attribute[float, float]:
    """Declare a ``double``."""
    return attribute(float, double, doc=doc)


def count(doc: str = "") -> attribute[int, int]:
    """Declare an ``unsigned long``."""
    return attribute(int, unsigned_long, doc=doc)


def flag(doc: str = "") -> attribute[bool, bool]:
    """Declare a ``boolean``."""
    return attribute(bool, boolean, doc=doc)


def choice(cls: type[_E], doc: str = "") -> attribute[_E, _E | str]:
    """Declare an attribute of an enumeration."""
    return attribute(cls, enumeration(cls), doc=doc)


class parameter:  # noqa: N801 - as above
    """Declare an `AudioParam`: the same object every time."""

    fset = None

    def __init__(self, doc: str = "") -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Engined, owner: type) -> AudioParam: ...
    def __get__(self, instance: Engined | None, owner: type) -> Self | AudioParam:
        if instance is None:
            return self
        found = instance._parameters.get(self._name)
        if found is None:
            from mediastreams.audio.audio_param import AudioParam

            inner = call(getattr, instance._native, to_idl(self._name))
            found = AudioParam._of(inner, cast(Any, instance), self._name)
            found = instance._parameters.setdefault(self._name, found)
        return found

    def __set__(self, instance: Engined, value: object) -> None:
        raise AttributeError(f"{type(instance).__name__}.{self._name} cannot be set: set its value")
