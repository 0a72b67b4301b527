"""`Gate`: who may connect, for how long, and with how much. Every connection of the server passes it.

Not for: what is asked over the connection (``endpoint.py``).

Rules of the file: a connection carries one request. So everything about it is bounded by three numbers that a client
cannot influence: bytes in, seconds until the request is there, seconds until it is answered. Connections are counted
before their TLS handshake.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mediastreams._webidl.tasks import start_task

__all__ = ["Gate", "GateLimits"]

_logger = logging.getLogger(__name__)

_HANDSHAKE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class GateLimits:
    """The numbers. Times in seconds, sizes in bytes."""

    connections: int = 128
    connections_per_address: int = 32
    request_bytes: int = 128 * 1024
    request_seconds: float = 10.0
    answer_seconds: float = 25.0


class Gate:
    """Makes the protocols of a listening socket: each a visitor in front of ``handler()``, counted and timed.

    Belongs to the loop of the socket.
    """

    def __init__(
        self, handler: Callable[[], asyncio.Protocol], limits: GateLimits, tls: ssl.SSLContext | None = None
    ) -> None:
        self.limits = limits
        self.turned_away = 0  # connections that were refused
        self._handler = handler
        self._tls = tls
        self._visitors: set[_Visitor] = set()
        self._addresses: Counter[str] = Counter()
        self._by_handler: dict[int, _Visitor] = {}  # by its id: it takes no weak reference

    def __call__(self) -> asyncio.Protocol:
        """A protocol for a connection that was accepted."""
        return _Visitor(self)

    @property
    def count(self) -> int:
        """Connections that are open now."""
        return len(self._visitors)

    def request_is_here(self, handler: object) -> None:
        """The request of this connection has come whole: from now on the time for the answer counts."""
        visitor = self._by_handler.get(id(handler))
        if visitor is not None:
            visitor.allow(self.limits.answer_seconds)

    def close(self) -> None:
        """Cut all connections."""
        for visitor in tuple(self._visitors):
            visitor.cut()

    # --- for visitors ------------------------------------------------------------------------------------------

    def admit(self, visitor: _Visitor, address: str) -> bool:
        """Count a connection in; False when there are too many."""
        limits = self.limits
        if len(self._visitors) >= limits.connections or self._addresses[address] >= limits.connections_per_address:
            self.turned_away += 1
            _logger.debug("a connection from %s was refused: too many are open", address)
            return False
        self._visitors.add(visitor)
        self._addresses[address] += 1
        return True

    def leave(self, visitor: _Visitor, address: str, handler: asyncio.Protocol | None) -> None:
        """Count it out. Idempotent."""
        if handler is not None:
            self._by_handler.pop(id(handler), None)
        if visitor in self._visitors:
            self._visitors.discard(visitor)
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def open(self, visitor: _Visitor) -> asyncio.Protocol:
        """The handler of a connection that was admitted."""
        handler = self._handler()
        self._by_handler[id(handler)] = visitor
        return handler

    @property
    def tls(self) -> ssl.SSLContext | None:
        """How connections are secured."""
        return self._tls


class _Visitor(asyncio.Protocol):
    """One connection."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._inner: asyncio.Protocol | None = None
        self._address = ""
        self._received = 0
        self._early = bytearray()  # what came with the end of the handshake
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._address = str((transport.get_extra_info("peername") or ("",))[0])
        if not self._gate.admit(self, self._address):
            transport.abort()
            return
        self.allow(self._gate.limits.request_seconds)
        if self._gate.tls is None:
            self._open(transport)
        else:
            transport.pause_reading()  # what comes is the handshake's
            start_task(self._secure(transport, self._gate.tls), "a TLS handshake of the server")

    async def _secure(self, transport: asyncio.Transport, tls: ssl.SSLContext) -> None:
        try:
            secured = await self._loop.start_tls(
                transport, self, tls, server_side=True, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
        except (OSError, ssl.SSLError, ConnectionError) as error:
            _logger.debug("a TLS handshake with %s failed: %s", self._address, error)
            secured = None
        if secured is None or self._transport is None:  # cut meanwhile
            transport.abort()
            self.connection_lost(None)
            return
        self._transport = secured
        self._open(secured)

    def _open(self, transport: asyncio.Transport) -> None:
        self._inner = self._gate.open(self)
        self._inner.connection_made(transport)
        if self._early:
            self._inner.data_received(bytes(self._early))

    def allow(self, seconds: float) -> None:
        """Give it so many seconds from now on."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._loop.call_later(seconds, self.cut)

    def cut(self) -> None:
        """End the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._gate.limits.request_bytes:
            self.cut()
        elif self._inner is not None:
            self._inner.data_received(data)
        else:
            self._early += data

    def eof_received(self) -> bool | None:
        return None if self._inner is None else self._inner.eof_received()

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._transport = None
        inner, self._inner = self._inner, None
        self._gate.leave(self, self._address, inner)
        if inner is not None:
            with contextlib.suppress(Exception):  # a handler that fails at its end concerns nobody
                inner.connection_lost(exc if isinstance(exc, Exception) else None)
