"""`Keeping`: the task that keeps a client's session going, and its end, which comes once whatever interrupts it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from mediastreams.webrtc.whip.peer import until_lost

if TYPE_CHECKING:
    from mediastreams.webrtc.peer_connection import RTCPeerConnection

__all__ = ["Keeping", "lost_or_unwanted"]

_LOOK_SECONDS: Final = 1.0


class Keeping:
    """Runs one coroutine until it ends or is told to; then ``finish()``, once. Belongs to a loop."""

    def __init__(self, finish: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._finish = finish
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        """Start the work."""
        self._task = asyncio.get_running_loop().create_task(self._run(work), name=name)

    async def _run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        finally:
            await self.end()

    async def end(self) -> None:
        """Finish, if nobody has, and wait for it. The waiting may be cancelled, the end is not."""
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end(), name="the end of a session")
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        try:
            await self._finish()
        finally:
            self._ended.set()

    async def close(self) -> None:
        """Stop the work, and finish. Idempotent."""
        if self._task is not None:
            self._task.cancel()  # its own end may never run: it may not have begun
            await asyncio.wait([self._task])
        await self.end()

    async def wait(self) -> None:
        """Wait until it has finished."""
        await self._ended.wait()


async def lost_or_unwanted(peer: RTCPeerConnection, wanted: Callable[[], bool]) -> bool:
    """Wait until the connection is lost (True), or nobody wants it any more (False), which fires no event."""
    lost = asyncio.ensure_future(until_lost(peer))
    try:
        while wanted():
            done, _ = await asyncio.wait([lost], timeout=_LOOK_SECONDS)
            if done:
                return True
    finally:
        lost.cancel()
    return False
