"""`Sessions`: the resources that a server has made, each one connection with a viewer or a publisher.

Rules of the file: whoever takes a place in the table gives it back, whatever goes wrong; a session whose connection
fails, or does not come about in time, goes by itself.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mediastreams._webidl.tasks import start_task
from mediastreams.webrtc.whip.peer import end

if TYPE_CHECKING:
    from mediastreams._webidl.event import Event
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.webrtc.peer_connection import RTCPeerConnection

__all__ = ["Role", "Session", "Sessions"]

_logger = logging.getLogger(__name__)

Role: TypeAlias = Literal["viewer", "publisher"]
_CONNECTING_SECONDS: Final = 20.0


@dataclass(eq=False, slots=True)
class Session:
    """One peer. ``offer`` is its description, as it stands after ICE restarts; ``tag`` changes with them."""

    role: Role
    peer: RTCPeerConnection
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    tag: str = field(default_factory=lambda: secrets.token_hex(8))
    offer: str = ""
    stream: MediaStream | None = None  # what a publisher sends
    patching: asyncio.Lock = field(default_factory=asyncio.Lock)

    def renew_tag(self) -> None:
        """Take another entity tag: the ICE session is another one."""
        self.tag = secrets.token_hex(8)


class Sessions:
    """All peers of one server, and how many there may be of each role. Belongs to the server's loop."""

    def __init__(
        self,
        limits: dict[Role, int],
        *,
        on_connected: Callable[[Session], object],
        on_closed: Callable[[Session], object],
    ) -> None:
        self._limits = limits
        self._on_connected = on_connected
        self._on_closed = on_closed
        self._sessions: dict[str, Session] = {}
        self._pending: dict[Role, int] = {"viewer": 0, "publisher": 0}
        self._ending: set[RTCPeerConnection] = set()
        self._closed = False

    def count(self, role: Role) -> int:
        """How many there are, those that are being set up included."""
        return self._pending[role] + sum(session.role == role for session in self._sessions.values())

    def of_role(self, role: Role) -> list[Session]:
        """Those that there are now."""
        return [session for session in self._sessions.values() if session.role == role]

    def find(self, role: Role, id: str) -> Session | None:
        """The one of that id and role."""
        session = self._sessions.get(id)
        return session if session is not None and session.role == role else None

    def reserve(self, role: Role) -> Callable[[], None] | None:
        """A place for one more, ``None`` when all are taken. What is returned gives the place back, or up to `add`."""
        if self._closed or self.count(role) >= self._limits[role]:
            return None
        self._pending[role] += 1
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            if not given_back:
                given_back = True
                self._pending[role] -= 1

        return give_back

    def add(self, session: Session) -> None:
        """Keep a session for as long as its connection lives."""
        if self._closed:
            start_task(end(session.peer), "the end of a session that came too late")
            return
        self._sessions[session.id] = session
        loop = asyncio.get_running_loop()
        impatience = loop.call_later(_CONNECTING_SECONDS, self._give_up, session)
        connected = False

        def look(_event: Event | None = None) -> None:
            nonlocal connected
            state = session.peer.connection_state
            if state == "connected" and not connected:
                connected = True
                impatience.cancel()
                self._on_connected(session)
            elif state in ("failed", "closed"):
                impatience.cancel()
                self.close(session)

        session.peer.add_event_listener("connectionstatechange", look)
        look()

    def _give_up(self, session: Session) -> None:
        _logger.debug("a %s did not connect within %g s", session.role, _CONNECTING_SECONDS)
        self.close(session)

    def close(self, session: Session) -> None:
        """End a session. Idempotent."""
        if self._sessions.pop(session.id, None) is not None:
            session.peer.close()
            self._ending.add(session.peer)
            start_task(self._end(session.peer), "the end of a session")
            self._on_closed(session)

    async def _end(self, peer: RTCPeerConnection) -> None:
        try:
            await end(peer)
        finally:
            self._ending.discard(peer)

    async def close_all(self) -> None:
        """End all, take no more, and wait until their sockets are closed."""
        self._closed = True
        for session in tuple(self._sessions.values()):
            self.close(session)
        await asyncio.gather(*(end(peer) for peer in tuple(self._ending)))
