"""The naming rule: what an IDL name is called in Python, and back.

Operations, attributes, dictionary members and parameters become snake_case; names that begin with a
capital (interfaces, dictionaries, enumerations, constants) stay as they are, and so do single words
(``onended``). A run of capitals is one word: ``toJSON`` is ``to_json``. The way back cannot know which
words were acronyms: the ledger lists them.
"""

from __future__ import annotations

import keyword
import re
from functools import lru_cache
from typing import Final

__all__ = ["to_idl", "to_python"]

_WORD_STARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_WITH_ACRONYMS: Final = (
    "canInsertDTMF",
    "createIIRFilter",
    "insertDTMF",
    "createObjectURL",
    "readAsDataURL",
    "revokeObjectURL",
    "toDataURL",
    "toJSON",
)
"""IDL names of the family whose capitals the rule alone would not give back."""


@lru_cache(maxsize=2048)
def to_python(idl_name: str) -> str:
    """Spell an IDL name as Python does: ``frameRate`` is ``frame_rate``, ``MediaStream`` stays."""
    if not idl_name or idl_name[0].isupper():
        return idl_name
    name = _WORD_STARTS.sub("_", idl_name).lower()
    return f"{name}_" if keyword.iskeyword(name) else name


@lru_cache(maxsize=2048)
def to_idl(python_name: str) -> str:
    """Spell a Python name as the IDL does: ``frame_rate`` is ``frameRate``, ``to_json`` is ``toJSON``."""
    if python_name in _LEDGER:
        return _LEDGER[python_name]
    if not python_name or python_name[0].isupper():
        return python_name
    bare = python_name[:-1] if python_name[-1] == "_" and keyword.iskeyword(python_name[:-1]) else python_name
    first, *rest = bare.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


_LEDGER: Final = {to_python(name): name for name in _WITH_ACRONYMS}
