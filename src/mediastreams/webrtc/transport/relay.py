"""`Relay`: the way over a TURN server, without a task for each packet and without waiting for a server that is gone.

Not for: allocating (`aioice`'s), or which pair is used (``ice_generation.py``).

Rules of the file: this looks into aioice's transport, which binds and refreshes channels in the task of each packet
that finds them due, however many there are. Where it looks otherwise in another release its own way is taken.
"""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import aioice.ice

__all__ = ["Relay"]

_MOST_WAITING_BYTES: Final = 1 << 20
_BIND_SECONDS: Final = 1.0  # between packets that may bind a channel
_LOOK_SECONDS: Final = 30.0  # between packets that may refresh it: it is due after 500 s, and gone after 600
_GOODBYE_SECONDS: Final = 1.0  # for the server to take note of the end; it finds out by itself in ten minutes


class Relay:
    """One allocation. On its loop; lives as long as its generation."""

    def __init__(self, protocol: aioice.ice.StunProtocol) -> None:
        self._transport: Any = protocol.transport
        self._inner: Any = getattr(self._transport, "_TurnTransport__inner_protocol", None)
        self._loop = asyncio.get_running_loop()
        self._asked_at = self._loop.time() - _BIND_SECONDS  # the checks have bound it, as a rule

    def send(self, data: bytes, address: tuple[str, int]) -> bool:
        """Send a packet to a peer now; whether it was not lost here."""
        inner = self._inner
        if inner is None:
            self._transport.sendto(data, address)
            return True
        channel = inner.peer_to_channel.get(address)
        now = self._loop.time()
        if now - self._asked_at >= (_BIND_SECONDS if channel is None else _LOOK_SECONDS):
            self._asked_at = now
            self._transport.sendto(data, address)
            return True
        way = inner.transport
        if channel is None or way.is_closing() or way.get_write_buffer_size() > _MOST_WAITING_BYTES:
            return False
        inner._send(struct.pack("!HH", channel, len(data)) + data)
        return True

    async def close(self) -> None:
        """Give the allocation back; a server that does not answer is not waited for."""
        self._transport.close()
        closing: asyncio.Task[None] | None = getattr(self._transport, "_TurnTransport__close_task", None)
        if closing is None:
            return
        await asyncio.wait([closing], timeout=_GOODBYE_SECONDS)
        if not closing.done():
            closing.cancel()  # which closes the socket
            await asyncio.wait([closing])
        if not closing.cancelled():
            closing.exception()  # of an end nobody needs to know
