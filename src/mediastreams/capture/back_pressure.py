"""`BackPressure`: who pushes frames waits for the recordings that are far behind with them.

Not for: sources that can be read as fast as one likes (``_engine/room.py``), nor devices, which nobody can hold back.

Rules of the file: only recordings are waited for, and only while they take something: a consumer that shows pictures
drops what it is too slow for, and one that stands still must not hold up the others.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mediastreams._engine.port import SinkPort
    from mediastreams._engine.source import SourceHub

__all__ = ["BackPressure"]

_POLL_SECONDS: Final = 0.005
_BREATH_SECONDS: Final = 0.01
_IDLE_SECONDS: Final = 0.25  # so long a recording takes nothing before it is not waited for any more


class BackPressure:
    """Of one source. On one loop."""

    def __init__(self, hub: SourceHub) -> None:
        self._hub = hub
        self._turn = asyncio.Lock()  # those who wait go on in the order in which they came
        self._breathed = 0.0
        self._idle: weakref.WeakKeyDictionary[SinkPort, int] = weakref.WeakKeyDictionary()

    @property
    def waiting(self) -> bool:
        """Whether who came now would have to wait."""
        return self._turn.locked() or bool(self._behind())

    async def wait(self) -> None:
        """Return when no recording is far behind, or those that are take nothing."""
        if not self._turn.locked() and not self._behind():
            return
        async with self._turn:
            taken, since = -1, time.perf_counter()
            while behind := self._behind():
                now, before = time.perf_counter(), taken
                taken = sum(port.delivered for port in behind)
                if taken != before:
                    since = now
                elif now - since >= _IDLE_SECONDS:
                    self._idle.update({port: port.delivered for port in behind})
                    return
                await asyncio.sleep(_POLL_SECONDS)

    async def breathe(self) -> None:
        """Let the loop do other things now and then, though a program may write without ever having to wait."""
        now = time.perf_counter()
        if now - self._breathed > _BREATH_SECONDS:
            await asyncio.sleep(0)
            self._breathed = time.perf_counter()

    def _behind(self) -> list[SinkPort]:
        """The recordings that are far behind, but for those that have taken nothing since they were given up."""
        return [
            port
            for feed in self._hub.feeds
            for port in feed.ports
            if port.lossless
            and not (port.closed or port.ended)
            and port.far_behind
            and self._idle.get(port) != port.delivered
        ]
