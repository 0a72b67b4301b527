"""``--constraints``: ``key=value`` or JSON, to the two mappings that ``get_user_media`` takes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from mediastreams._rules.properties import PROPERTIES
from mediastreams._webidl.names import to_python

__all__ = ["parse_constraint_options"]

_PARTS: Final = ("exact", "ideal", "min", "max")


def parse_constraint_options(texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Answer ``{"video": {…}, "audio": {…}}``.

    ``width=1280`` is an ideal; ``width.exact=1280`` and ``frame_rate.min=24`` require. A key goes to the kind that
    knows it, to both if both do; ``video.device_id=…`` says which.

    Raises:
        ValueError: neither form, or no such constraint.
    """
    sets: dict[str, dict[str, Any]] = {"video": {}, "audio": {}}
    for text in texts:
        if text.lstrip().startswith("{"):
            _add_json(sets, text)
        else:
            _add_pair(sets, text)
    return sets


def _add_json(sets: dict[str, dict[str, Any]], text: str) -> None:
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"--constraints: not JSON: {error}") from None
    for key, value in given.items():
        if key in sets:
            if not isinstance(value, dict):
                raise ValueError(f'--constraints: {key} must be an object such as {{"width": 640}}, not {value!r}')
            for name, inner in value.items():
                if name != "advanced":
                    _kinds_of(to_python(name), text)
                sets[key][to_python(name)] = inner
        else:
            for kind in _kinds_of(to_python(key), text):
                sets[kind][to_python(key)] = value


def _add_pair(sets: dict[str, dict[str, Any]], text: str) -> None:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError(f"--constraints: {text!r} is neither key=value nor JSON")
    path = key.strip().split(".")
    kinds = [path.pop(0)] if path[0] in sets else None
    part = path.pop() if len(path) > 1 and path[-1] in _PARTS else None
    if len(path) != 1:
        raise ValueError(f"--constraints: {key!r} is not NAME, NAME.exact, NAME.ideal, NAME.min or NAME.max")
    name = to_python(path[0])
    for kind in kinds or _kinds_of(name, text):
        if part is None:
            sets[kind][name] = _value(value)
        else:
            inner = sets[kind].setdefault(name, {})
            if not isinstance(inner, dict):
                raise ValueError(f"--constraints: {name} is given both bare and as {name}.{part}")
            inner[part] = _value(value)


def _kinds_of(name: str, text: str) -> tuple[str, ...]:
    row = PROPERTIES.get(name)
    if row is None:
        raise ValueError(f"--constraints: {text!r}: there is no constraint {name!r}; there are {', '.join(PROPERTIES)}")
    return row.kinds


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
