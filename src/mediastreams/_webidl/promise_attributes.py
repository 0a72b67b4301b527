"""`PromiseAttribute`: what stands behind an attribute that is a promise, like ``writer.closed``.

Not for: operations that answer promises, which are ``async def``.
"""

from __future__ import annotations

import asyncio

from mediastreams._webidl.tasks import wakeups_of

__all__ = ["PromiseAttribute"]


class PromiseAttribute:
    """One awaitable, the same every time, made when it is first asked for. Settled once, from any thread.

    Who asks on another loop than the first asker gets one of that loop, if the first loop has been closed.
    A failure that nobody awaits is no news.
    """

    __slots__ = ("_error", "_future", "_settled")

    def __init__(self) -> None:
        self._future: asyncio.Future[None] | None = None
        self._settled = False
        self._error: Exception | None = None

    def get(self) -> asyncio.Future[None]:
        """The awaitable.

        Raises:
            RuntimeError: no event loop is running.
        """
        if self._future is None or self._future.get_loop().is_closed():
            self._future = asyncio.get_running_loop().create_future()
            if self._settled:
                self._pass_on()
        return self._future

    def resolve(self) -> None:
        """Have those who wait go on. What was settled before stays."""
        self._settle(None)

    def reject(self, error: Exception) -> None:
        """Have those who wait fail. What was settled before stays."""
        self._settle(error)

    def _settle(self, error: Exception | None) -> None:
        if self._settled:
            return
        self._settled, self._error = True, error
        if self._future is not None:
            wakeups_of(self._future.get_loop()).add(self._pass_on)

    def _pass_on(self) -> None:
        future = self._future
        if future is None or future.done():
            return
        if self._error is None:
            future.set_result(None)
        else:
            future.set_exception(self._error)
            future.exception()  # or the loop would report it when nobody awaits
