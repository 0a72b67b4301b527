"""Dictionaries of the standards: coming in (`Schema`), and going out (`Dictionary`).

Not for: the types of single members (``conversions.py``).

Rules of the file: incoming members may be spelled as Python or as the IDL does, never both at once; ``None``
is an absent member; unknown ones are ignored with an `UnknownMemberWarning` at the caller's line. What is
converted is a plain `dict` with Python's spelling that holds only members that are present or have a default.
"""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.names import to_idl, to_python
from mediastreams.errors import UnknownMemberWarning

__all__ = ["ABSENT", "Dictionary", "Member", "Schema", "caller_stacklevel", "merge_arguments"]

_T = TypeVar("_T")

ABSENT: Final = object()
"""The default of a member that has none."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an incoming dictionary; ``name`` in Python's spelling."""

    name: str
    convert: Callable[[object, str], object]
    default: object = ABSENT
    required: bool = False


class Schema(Generic[_T]):
    """An incoming dictionary type; ``_T`` is the `TypedDict` of what it makes.

    https://webidl.spec.whatwg.org/#js-dictionary
    """

    __slots__ = ("_by_key", "_defaults", "_required", "members", "name")

    def __init__(self, name: str, *members: Member, inherits: Schema[Any] | None = None) -> None:
        self.name = name
        self.members: tuple[Member, ...] = (*(inherits.members if inherits else ()), *members)
        self._by_key = {key: member for member in self.members for key in (member.name, to_idl(member.name))}
        self._required = tuple(member for member in self.members if member.required)
        self._defaults = tuple(member for member in self.members if member.default is not ABSENT)

    def __repr__(self) -> str:
        return f"<Schema {self.name}>"

    def convert(self, value: object, where: str, /) -> _T:
        """Convert a mapping (``None``: an empty one); ``where`` begins the messages.

        Raises:
            TypeError: not a mapping, a member of the wrong type or spelled twice, a required one missing.
        """
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise wrong_type(where, f"a mapping ({self.name})", value)
        converted: dict[str, object] = {}
        for key, given in value.items():
            member = self._by_key.get(key) if isinstance(key, str) else None
            if member is None:
                self._warn_unknown(key, where)
            elif given is not None:
                if member.name in converted:
                    raise TypeError(f"{where}: {member.name!r} and {to_idl(member.name)!r} are the same member")
                converted[member.name] = member.convert(given, f"{where}.{member.name}")
        for member in self._required:
            if member.name not in converted:
                raise TypeError(f"{where}: {self.name} needs a member {member.name!r}")
        for member in self._defaults:
            converted.setdefault(member.name, member.default)
        return cast(_T, converted)

    __call__ = convert

    def _warn_unknown(self, key: object, where: str) -> None:
        if not isinstance(key, str):
            raise wrong_type(where, "strings as keys", key)
        message = f"{where}: unknown member {key!r} is ignored"
        known = [member.name for member in self.members]
        near = difflib.get_close_matches(to_python(key), known, n=1) if known else []
        if near:
            message += f"; did you mean {near[0]!r}?"
        warnings.warn(message, UnknownMemberWarning, stacklevel=caller_stacklevel())


def caller_stacklevel() -> int:
    """Return the ``stacklevel`` that puts a warning, given by the calling function, on the user's line.

    That is the nearest frame outside this package.
    """
    level = 1
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to look up the stack
    package = __name__.partition(".")[0]
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        if frame.f_back is None:
            break
        frame = frame.f_back
        level += 1
    return level


def merge_arguments(
    positional: Mapping[str, object] | None, keywords: Mapping[str, object], where: str
) -> dict[str, object]:
    """Make one mapping of a dictionary argument that came as a mapping, as keywords or as both.

    Raises:
        TypeError: the positional argument is no mapping, or both carry the same member.
    """
    if positional is None:
        return dict(keywords)
    if not isinstance(positional, Mapping):
        raise wrong_type(where, "a mapping", positional)
    if keywords:
        given = {to_python(key) for key in positional if isinstance(key, str)}
        for key in keywords:
            if to_python(key) in given:
                raise TypeError(f"{where}: {key!r} is given twice, in the mapping and as a keyword")
    return {**positional, **keywords}


class Dictionary(Mapping[str, Any]):
    """Base of outgoing dictionaries: a frozen dataclass that is also the mapping of its present members.

    An absent member is ``None`` as an attribute and missing as a key. Two are equal, and equal to a plain
    mapping, when their present members are. Subclasses are declared with
    ``@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)``, every field with default ``None``.
    """

    __slots__ = ()
    __dataclass_fields__: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        value = getattr(self, name, None) if name in self.__dataclass_fields__ else None
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.__dataclass_fields__ if getattr(self, name) is not None)

    def __len__(self) -> int:
        return sum(getattr(self, name) is not None for name in self.__dataclass_fields__)

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"{type(self).__name__}({members})"

    def to_json(self) -> dict[str, object]:
        """Return the wire form: plain values under the IDL's names."""
        return {to_idl(name): _plain(value) for name, value in self.items()}


def _plain(value: object) -> object:
    if isinstance(value, Dictionary):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
