"""`Opening`: what a call returns that opens something: awaitable, and an async context manager.

``stream = await open(...)`` leaves the closing to the caller; ``async with open(...) as stream:`` closes at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Opening", "attempt"]

_T = TypeVar("_T")


def attempt(convert: Callable[[], _T]) -> Callable[[], _T]:
    """Convert arguments now, while the caller's line is on the stack; what that raised is raised where it is asked for.

    An operation that returns a promise rejects it for wrong arguments, but reads them at the call.

    https://webidl.spec.whatwg.org/#js-operations
    """
    try:
        converted = convert()
    except Exception as error:  # noqa: BLE001 - raised again where the result is awaited
        failure = error

        def fail() -> _T:
            raise failure

        return fail
    return lambda: converted


class Opening(Coroutine[Any, Any, _T]):
    """A coroutine that can also be entered. ``close_opened`` gets what was opened when the block is left."""

    __slots__ = ("_close_opened", "_coroutine", "_opened")

    def __init__(self, coroutine: Coroutine[Any, Any, _T], close_opened: Callable[[_T], object]) -> None:
        self._coroutine = coroutine
        self._close_opened = close_opened
        self._opened: _T | None = None

    def __await__(self) -> Generator[Any, None, _T]:
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        return self._coroutine.throw(*error)

    def close(self) -> None:
        self._coroutine.close()

    async def __aenter__(self) -> _T:
        self._opened = opened = await self._coroutine
        return opened

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            result = self._close_opened(opened)
            if hasattr(result, "__await__"):
                await result
