"""The border to the engine: the package ``web_audio_api`` and what it raises, translated.

Not for: what a member means (``members.py`` and the classes).

Rules of the file: the engine's errors carry the standard's name in their text; some of them are panics, which derive
from no `Exception` and leave the object that had them unusable. Values are checked before they get here.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from mediastreams._rules.audio_limits import error_named
from mediastreams._webidl.names import to_idl
from mediastreams.audio.extra import need_extra
from mediastreams.errors import NotSupportedError, OperationError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["QUANTUM", "call", "engine", "for_engine", "native", "waited_for"]

QUANTUM: Final = 128
"""Frames that the engine renders at a time."""
_NAMED: Final = re.compile(r"(\w+Error) - (.+)")
_T = TypeVar("_T")


@cache
def _home() -> int:
    """The process in which the engine was first used: its threads are there, and in no child."""
    return os.getpid()


def _check_home() -> None:
    if os.getpid() != _home():
        raise NotSupportedError("The audio engine does not outlive a fork: start processes with the spawn method")


def engine() -> ModuleType:
    """The package.

    Raises:
        ImportError: it is not installed; with the command that installs it.
        NotSupportedError: this is a forked child of a process that has used it.
    """
    need_extra()
    _check_home()
    import web_audio_api

    return web_audio_api  # type: ignore[no-any-return]


def _translated(error: BaseException) -> Exception:
    """What an error of the engine is called here."""
    text = str(error)
    found = _NAMED.search(text)
    if found is not None:
        return error_named(found[1], found[2])
    if isinstance(error, NotImplementedError):
        return NotSupportedError(text)
    if isinstance(error, TypeError | ValueError):
        return error
    return OperationError(f"The audio engine failed: {text}")


def _raise(error: BaseException) -> NoReturn:
    if isinstance(error, Exception) or type(error).__name__ == "PanicException":
        raise _translated(error) from None
    raise error


def call(function: Callable[..., _T], *args: object) -> _T:
    """Call the engine."""
    _check_home()
    try:
        return function(*args)
    except BaseException as error:  # noqa: BLE001 - a panic is no Exception; what is none of the engine's is raised again
        _raise(error)


def waited_for(start: Callable[[], Awaitable[_T]]) -> _T:
    """Call something of the engine that answers an awaitable, and wait for it. Blocks: for worker threads."""
    _check_home()

    async def wait() -> _T:
        return await start()

    try:
        return asyncio.run(wait())
    except BaseException as error:  # noqa: BLE001 - as above
        _raise(error)


def for_engine(options: Mapping[str, Any]) -> dict[str, object]:
    """Spell a converted dictionary as the engine wants it."""
    return {to_idl(name): native(value) for name, value in options.items()}


def native(value: Any) -> object:
    """Give the engine's own for one of our values."""
    inner = getattr(value, "_native", None)
    if inner is not None:
        return inner() if callable(inner) else inner
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value) if isinstance(value, str) else value
