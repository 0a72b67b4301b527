"""Conversion of incoming values to Web IDL's types.

Not for: whole dictionaries (``dictionaries.py``).

Rules of the file: a converter is a function ``(value, where) -> converted``; ``where`` is the path that a
message names (``get_user_media: video.width.exact``); a value of the wrong type raises `TypeError`.

DEVIATION: Web IDL turns anything into anything (``"640"`` is a number, ``[]`` a boolean). Python programmers
expect a mistake to be named, so a boolean is a `bool`, a string a `str`, a number a real number that is no `bool`.
``video=1`` in particular is an error, because elsewhere it means the second camera. NumPy's scalars count
as what they are.
DEVIATION: integers without ``[Clamp]`` do not wrap around; they behave as with ``[EnforceRange]``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from numbers import Real
from typing import Final, TypeVar, cast

__all__ = [
    "anything",
    "boolean",
    "clamped_long_long",
    "clamped_unsigned_long",
    "dom_string",
    "double",
    "enumeration",
    "instance_of",
    "is_boolean",
    "is_number",
    "long_long",
    "sequence_of",
    "union",
    "unrestricted_double",
    "unsigned_long",
    "unsigned_long_long",
    "unsigned_short",
    "usv_string",
    "wrong_type",
]

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)

ULONG_MAX: Final = 2**32 - 1
SAFE_MAX: Final = 2**53 - 1


def wrong_type(where: str, expected: str, value: object) -> TypeError:
    """Build the error for a value of the wrong type."""
    shown = repr(value)
    if len(shown) > 60:
        shown = f"{shown[:57]}…"
    return TypeError(f"{where}: expected {expected}, got {shown} ({type(value).__name__})")


def is_boolean(value: object) -> bool:
    """Whether a value is a `bool` or NumPy's."""
    return isinstance(value, bool) or (type(value).__module__ == "numpy" and type(value).__name__ in {"bool", "bool_"})


def is_number(value: object) -> bool:
    """Whether a value is a real number; a `bool` is none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def anything(value: object, _where: str, /) -> object:
    """``any``: the value itself."""
    return value


def boolean(value: object, where: str, /) -> bool:
    """``boolean``."""
    if isinstance(value, bool):
        return value
    if is_boolean(value):
        return bool(value)
    raise wrong_type(where, "a bool", value)


def unrestricted_double(value: object, where: str, /) -> float:
    """``unrestricted double``: any real number, infinite or not."""
    if not is_number(value):
        raise wrong_type(where, "a number", value)
    try:
        return float(value)  # type: ignore[arg-type]  # it is a Real
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]  # an int beyond all doubles


def double(value: object, where: str, /) -> float:
    """``double``: a finite real number."""
    number = unrestricted_double(value, where)
    if not math.isfinite(number):
        raise wrong_type(where, "a finite number", value)
    return number


def clamped_unsigned_long(value: object, where: str, /) -> int:
    """``[Clamp] unsigned long``: the nearest integer of 0 … 2³² − 1, ties to even; NaN is 0.

    https://webidl.spec.whatwg.org/#Clamp
    """
    number = unrestricted_double(value, where)
    if math.isnan(number):
        return 0
    return round(min(max(number, 0.0), float(ULONG_MAX)))


def clamped_long_long(value: object, where: str, /) -> int:
    """``[Clamp] long long``: the nearest integer of ±(2⁵³ − 1), ties to even; NaN is 0.

    https://webidl.spec.whatwg.org/#Clamp
    """
    number = unrestricted_double(value, where)
    if math.isnan(number):
        return 0
    return round(min(max(number, -float(SAFE_MAX)), float(SAFE_MAX)))


def long_long(value: object, where: str, /) -> int:
    """``[EnforceRange] long long``, but exact beyond 2⁵³, too; a fraction is cut off."""
    exact = value if isinstance(value, int) and not isinstance(value, bool) else None
    whole = math.trunc(double(value, where)) if exact is None else exact
    if not -(2**63) <= whole < 2**63:
        raise wrong_type(where, "an integer of 64 bits", value)
    return whole


def _enforced(bits: int, signed_name: str) -> Callable[[object, str], int]:
    largest = 2**bits - 1

    def convert(value: object, where: str, /) -> int:
        exact = value if isinstance(value, int) and not isinstance(value, bool) else None
        number = double(value, where) if exact is None else exact
        whole = math.trunc(number)
        if not 0 <= whole <= largest:
            raise wrong_type(where, f"an integer of 0 … {largest}", value)
        return whole

    convert.__doc__ = f"``[EnforceRange] {signed_name}``: truncated; out of range is an error."
    return convert


unsigned_short: Final = _enforced(16, "unsigned short")
unsigned_long: Final = _enforced(32, "unsigned long")
unsigned_long_long: Final = _enforced(64, "unsigned long long")


def dom_string(value: object, where: str, /) -> str:
    """``DOMString``; a member of an enumeration becomes its plain value."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str(value.value) if isinstance(value, StrEnum) else str(value)
    raise wrong_type(where, "a str", value)


def usv_string(value: object, where: str, /) -> str:
    """``USVString``: halves of surrogate pairs that stand alone become U+FFFD.

    https://webidl.spec.whatwg.org/#js-USVString
    """
    text = dom_string(value, where)
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def enumeration(cls: type[_E]) -> Callable[[object, str], _E]:
    """An ``enum``: one of its values; another string is a `TypeError` that lists them."""

    def convert(value: object, where: str, /) -> _E:
        try:
            return cls(dom_string(value, where))
        except ValueError:
            raise wrong_type(where, f"one of {', '.join(repr(item.value) for item in cls)}", value) from None

    return convert


def sequence_of(convert_item: Callable[[object, str], _T]) -> Callable[[object, str], list[_T]]:
    """``sequence<T>``: any iterable that is neither a string nor a mapping."""

    def convert(value: object, where: str, /) -> list[_T]:
        if isinstance(value, (str, bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
            raise wrong_type(where, "a sequence", value)
        return [convert_item(item, f"{where}[{index}]") for index, item in enumerate(value)]

    return convert


_strings: Final = sequence_of(dom_string)


def union(
    expected: str,
    *,
    of_boolean: Callable[[object, str], object] | None = None,
    of_number: Callable[[object, str], object] | None = None,
    of_string: Callable[[object, str], object] | None = None,
    of_mapping: Callable[[object, str], object] | None = None,
    of_sequence: Callable[[object, str], object] | None = None,
) -> Callable[[object, str], object]:
    """A union: the value's own type chooses the converter; ``expected`` describes all of them for the message.

    https://webidl.spec.whatwg.org/#js-union
    """

    def convert(value: object, where: str, /) -> object:
        chosen: Callable[[object, str], object] | None
        if is_boolean(value):
            chosen = of_boolean
        elif is_number(value):
            chosen = of_number
        elif isinstance(value, str):
            chosen = of_string
        elif isinstance(value, Mapping):
            chosen = of_mapping
        elif isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
            chosen = of_sequence
        else:
            chosen = None
        if chosen is None:
            raise wrong_type(where, expected, value)
        return chosen(value, where)

    return convert


def instance_of(find_class: Callable[[], type[_T]] | type[_T], name: str = "") -> Callable[[object, str], _T]:
    """An interface type; a function is asked for the class at the first conversion, against import cycles."""

    def convert(value: object, where: str, /) -> _T:
        cls = cast(type[_T], find_class if isinstance(find_class, type) else find_class())
        if not isinstance(value, cls):
            wanted = name or cls.__name__
            raise wrong_type(where, f"{'an' if wanted[0] in 'AEIO' else 'a'} {wanted}", value)
        return value

    return convert
