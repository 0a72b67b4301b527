"""The operations chain of a connection: one description at a time, in the order of the calls.

https://w3c.github.io/webrtc-pc/#dfn-operations-chain
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from mediastreams._webidl.tasks import after_queued_tasks
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams.webrtc.peer_connection import RTCPeerConnection

__all__ = ["OperationsChain", "closed_error"]

_T = TypeVar("_T")


def closed_error(where: str) -> InvalidStateError:
    """What a closed connection says."""
    return InvalidStateError(f"{where}: the connection is closed")


class OperationsChain:
    """The chain. On the connection's loop.

    DEVIATION: an operation of a connection that was closed meanwhile raises InvalidStateError; a page would wait for
    ever.
    """

    def __init__(self, connection: RTCPeerConnection) -> None:
        self._connection = connection
        self._turns: deque[asyncio.Future[None]] = deque()
        self.update_when_empty = False  # [[UpdateNegotiationNeededFlagOnEmptyChain]]

    @property
    def empty(self) -> bool:
        """Whether nothing is under way."""
        return not self._turns

    async def chain(self, where: str, operation: Callable[[], _T]) -> _T:
        """*Chain* an operation: it runs in a task of its own, when all before it are done.

        https://w3c.github.io/webrtc-pc/#chain-an-asynchronous-operation
        """
        if self._connection._is_closed:
            raise closed_error(where)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            if self._turns[0] is not turn:
                await turn
            await after_queued_tasks()
            if self._connection._is_closed:
                raise closed_error(where)
            return operation()
        finally:
            self._leave(turn)

    def _leave(self, turn: asyncio.Future[None]) -> None:
        first = self._turns[0] is turn
        self._turns.remove(turn)
        if self._turns:
            if first and not self._turns[0].done():
                self._turns[0].set_result(None)
        elif self.update_when_empty and not self._connection._is_closed:
            self.update_when_empty = False
            self._connection._update_negotiation_needed()
