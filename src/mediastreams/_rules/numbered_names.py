"""Names of several files out of one pattern: ``out-%03d.mp4``, ``%Y-%m-%d_%H-%M-%S.mkv``.

Not for: opening them.

``%d`` and ``%03d`` are the file's number, from 0. With other letters of `strftime` beside it ``%d`` is the day, as
there, and the number has a width (``%03d``). ``%%`` is the sign itself.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

__all__ = ["is_numbered", "numbered"]

_PART: Final = re.compile(r"%(?:(%)|(\d+)d|([A-Za-z]))")


def is_numbered(pattern: str) -> bool:
    """Whether two files of a pattern have two names."""
    return any(not match[1] for match in _PART.finditer(pattern))


def numbered(pattern: str, number: int, when: datetime) -> str:
    """The name of the file with that number, which begins then (local time)."""
    letters = {match[3] for match in _PART.finditer(pattern) if match[3]}
    timed = bool(letters - {"d"})

    def fill(match: re.Match[str]) -> str:
        if match[1]:
            return "%"
        if match[2] is not None:
            return str(number).zfill(int(match[2]))
        return when.strftime(f"%{match[3]}") if timed else str(number)

    return _PART.sub(fill, pattern)
