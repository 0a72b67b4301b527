"""`RemoteSession`: a session with a WHIP or WHEP server, seen from the client: opened, mended, closed.

Not for: when to mend it or to open another one (``publish.py``, ``subscribe.py``).

https://www.rfc-editor.org/rfc/rfc9725#section-4
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mediastreams.errors import DOMException, NetworkError, OperationError
from mediastreams.webrtc.whip.fragments import fragment_of, parse_fragment, with_fragment, write_fragment
from mediastreams.webrtc.whip.peer import end, new_peer, until_connected, until_gathered

if TYPE_CHECKING:
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.whip.client import Answer, Client

__all__ = ["RemoteSession"]

_logger = logging.getLogger(__name__)

_GOODBYE_SECONDS: Final = 3.0


class RemoteSession:
    """One connection and its resource on the server. Belongs to a loop.

    ``prepare`` gets every new connection: with True to give it its tracks, with False before the server's own offer.
    """

    def __init__(
        self,
        client: Client,
        prepare: Callable[[RTCPeerConnection, bool], None],
        ice_servers: Sequence[Mapping[str, object]],
        *,
        counter_offers: bool = False,
    ) -> None:
        self._client = client
        self._prepare = prepare
        self._ice_servers: list[Mapping[str, object]] = list(ice_servers)
        self._counter_offers = counter_offers
        self._peer: RTCPeerConnection | None = None
        self._answer: Answer | None = None
        self._remote = ""  # the server's description, as it stands after ICE restarts
        self._tag: str | None = None
        self._late: asyncio.Task[None] | None = None
        self._asking: asyncio.Future[Answer] | None = None

    @property
    def peer(self) -> RTCPeerConnection:
        """The connection; there is one once it has been opened."""
        assert self._peer is not None
        return self._peer

    @property
    def resource(self) -> str:
        """The session's address on the server."""
        assert self._answer is not None
        return str(self._answer.resource)

    async def open(self, seconds: float) -> None:
        """Offer, take the answer, and wait until media can flow. What was opened is closed again if that fails.

        Raises:
            DOMException: as `Client.offer` and `until_connected` say.
        """
        try:
            if not self._ice_servers:
                self._ice_servers += await self._client.ice_servers()
            await self._negotiate()
            await until_connected(self.peer, seconds)
        except BaseException:
            await self.close()
            raise

    async def _negotiate(self) -> None:
        peer = self._peer = new_peer(self._ice_servers)
        self._prepare(peer, True)
        sdp = await _local_description(peer, "offer")
        self._asking = asyncio.ensure_future(self._client.offer(sdp, counter_offers=self._counter_offers))
        answer = self._answer = await asyncio.shield(self._asking)
        self._tag = answer.tag
        self._remote = answer.sdp
        if answer.counter_offer:
            await self._take_counter_offer(answer)
            return
        if new := [server for server in answer.ice_servers if server not in self._ice_servers]:
            self._ice_servers += new  # they serve the next gathering, that of an ICE restart
            peer.set_configuration({**_configuration(peer), "ice_servers": self._ice_servers})
        await self._take(peer, "answer", answer.sdp)
        if peer.ice_gathering_state != "complete" and self._tag is not None:
            self._late = asyncio.get_running_loop().create_task(self._send_late(peer, sdp, self._tag))

    async def _take_counter_offer(self, answer: Answer) -> None:
        """The server would not have our offer, and makes one: another connection answers it."""
        await end(self.peer)
        peer = self._peer = new_peer(self._ice_servers)
        self._prepare(peer, False)
        await self._take(peer, "offer", answer.sdp)
        await self._client.answer_counter_offer(answer.resource, await _local_description(peer, "answer"))

    async def _take(self, peer: RTCPeerConnection, type: str, sdp: str) -> None:
        try:
            await peer.set_remote_description({"type": type, "sdp": sdp})
        except (DOMException, ValueError, TypeError) as error:
            raise OperationError(f"The description of the server cannot be used: {error}") from error

    async def _send_late(self, peer: RTCPeerConnection, offer: str, tag: str) -> None:
        """Send what candidates have come after the offer, once: those of a slow STUN or TURN server."""
        await until_gathered(peer)
        if peer.local_description is None or self._answer is None:
            return
        sent, now = fragment_of(offer), fragment_of(peer.local_description.sdp)
        late = tuple(one for one in now.candidates if one not in sent.candidates)
        if late:
            fragment = write_fragment(type(now)(now.ufrag, now.password, late, now.complete))
            try:
                await self._client.patch(self._answer.resource, fragment, tag)
            except DOMException as error:
                _logger.debug("the server takes no more candidates: %s", error)

    async def restart_ice(self, seconds: float) -> None:
        """Find another network path for the same connection; its tracks go on.

        Raises:
            OperationError: the server does not do that.
            NetworkError, TimeoutError: it cannot be reached, or there is no path.

        https://www.rfc-editor.org/rfc/rfc9725#section-4.3.3
        """
        peer, answer = self.peer, self._answer
        if answer is None or self._tag is None or answer.counter_offer:
            raise OperationError("The server restarts no ICE sessions")
        sdp = await _local_description(peer, "offer", ice_restart=True)
        try:
            reply = await self._client.patch(answer.resource, write_fragment(fragment_of(sdp)), "*")
            try:
                remote = with_fragment(self._remote, parse_fragment(reply.text))
            except ValueError as error:
                raise OperationError(f"The server's answer to an ICE restart cannot be used: {error}") from None
            await self._take(peer, "answer", remote)
        except BaseException:
            with contextlib.suppress(DOMException):
                await peer.set_local_description({"type": "rollback"})
            raise
        self._remote = remote
        self._tag = reply.headers.get("ETag", self._tag)
        await until_connected(peer, seconds, again=True)

    async def close(self) -> None:
        """End the connection, and tell the server. Idempotent; what goes wrong there concerns nobody."""
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if self._peer is not None:
            await end(self._peer)
        asking, self._asking = self._asking, None
        if asking is not None:
            try:
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    # Who is cancelled while the server makes a session has to wait for its address.
                    await self._client.delete((await asking).resource)
            except (DOMException, OSError) as error:
                _logger.debug("the server was not told of the end: %s", error)


async def _local_description(peer: RTCPeerConnection, type: str, *, ice_restart: bool = False) -> str:
    made = await (peer.create_offer(ice_restart=ice_restart) if type == "offer" else peer.create_answer())
    await peer.set_local_description(made)
    await until_gathered(peer)
    if peer.local_description is None:
        raise NetworkError("The connection was closed")
    return str(peer.local_description.sdp)


def _configuration(peer: RTCPeerConnection) -> dict[str, object]:
    return dict(peer.get_configuration())
