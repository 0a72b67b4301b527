"""`publish`: send a stream to a media server by WHIP, and keep it there.

https://www.rfc-editor.org/rfc/rfc9725
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.opening import Opening, attempt
from mediastreams._webidl.tasks import start_task
from mediastreams.capture.media_stream import MediaStream
from mediastreams.errors import DOMException, InvalidStateError, NotAllowedError
from mediastreams.webrtc.whip.keeping import Keeping, lost_or_unwanted
from mediastreams.webrtc.whip.loading import load
from mediastreams.webrtc.whip.remote_session import RemoteSession
from mediastreams.webrtc.whip.requests import ClientRequest, client_request, seconds
from mediastreams.webrtc.whip.tracks import exchange_tracks, prefer_what_passes

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from mediastreams.webrtc.peer_connection import RTCPeerConnection

__all__ = ["Publication", "PublicationState", "publish"]

_logger = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 15.0


class PublicationState(StrEnum):
    """What becomes of a publication. From ``connected`` to ``reconnecting`` and back; ``closed`` is the end."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class _Request:
    """The arguments of `publish`, checked."""

    stream: MediaStream
    server: ClientRequest
    reconnect: float
    bitrates: Mapping[str, int | None]


def publish(
    stream: MediaStream,
    url: str,
    *,
    token: str | None = None,
    video_bits_per_second: int | None = None,
    audio_bits_per_second: int | None = None,
    headers: Mapping[str, str] | None = None,
    ice_servers: Sequence[Mapping[str, object]] = (),
    tls: ssl.SSLContext | str | None = None,
    timeout: float = 15.0,
    reconnect: float = 60.0,
) -> Opening[Publication]:
    """Send a stream to a WHIP endpoint.

    ``publication = await publish(stream, "https://…/whip", token="…")`` returns when media can flow.
    ``async with publish(…) as publication:`` ends it at the end of the block. It ends by itself when all tracks of the
    stream have ended; it stops none. Tracks that the stream gets instead of others are sent in their place.

    When the network fails it restarts ICE, or begins another session, again and again with growing pauses.

    Args:
        token: a bearer token.
        video_bits_per_second, audio_bits_per_second: the most to be sent; by default as much as the network takes.
        headers: further fields of every HTTP request.
        ice_servers: STUN and TURN servers, as in `RTCConfiguration`; by default those that the server names.
        tls: how the server's certificate is judged: a context, or the certificate's SHA-256 fingerprint.
        timeout: seconds for each answer of the server, and for the media's path to be found.
        reconnect: for how many seconds a lost server is tried before it is given up; 0: not at all.

    Raises:
        TypeError, ValueError: wrong arguments.
        InvalidStateError: no track of the stream is live.
        NotAllowedError: the token is missing or wrong.
        NotFoundError: there is no such endpoint.
        OperationError: the server does not take the offer; the message has its words.
        NetworkError: the server cannot be reached or fails, or there is no path for the media.
        TimeoutError: none of it in time.

    https://www.rfc-editor.org/rfc/rfc9725#section-4
    """

    def check() -> _Request:
        if not isinstance(stream, MediaStream):
            raise wrong_type("publish: stream", "a MediaStream", stream)
        bitrates = {"video": video_bits_per_second, "audio": audio_bits_per_second}
        for kind, value in bitrates.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise wrong_type(f"publish: {kind}_bits_per_second", "an integer", value)
            if value is not None and value < 1:
                raise ValueError(f"publish: {kind}_bits_per_second must be more than 0")
        server = client_request("publish", url, token, headers, ice_servers, timeout, tls)
        patience = 0.0 if reconnect == 0 else seconds(reconnect, "publish: reconnect")
        return _Request(stream, server, patience, bitrates)

    return Opening(_publish(attempt(check)), Publication.close)


async def _publish(asked: Callable[[], _Request]) -> Publication:
    request = asked()
    await load()
    publication = Publication(request)
    await publication.open()
    return publication


class Publication(EventTarget):
    """A stream that is being sent to a server, made by `publish`. Belongs to one loop.

    Owns its connections; ``statechange`` is fired when `state` has changed.
    """

    onstatechange = event_handler("statechange")

    def __init__(self, request: _Request) -> None:
        super().__init__()
        self._request = request
        self._client = request.server.client()
        self._session = self._new_session()
        self._state = PublicationState.RECONNECTING
        self._error: DOMException | None = None
        self._keeping = Keeping(self._finish)

    @property
    def state(self) -> PublicationState:
        """Whether it is being sent now."""
        return self._state

    @property
    def connection(self) -> RTCPeerConnection:
        """The connection of now: its statistics, its senders. Another one after another session was begun."""
        return self._session.peer

    @property
    def resource(self) -> str:
        """The session's address on the server."""
        return self._session.resource

    @property
    def error(self) -> DOMException | None:
        """Why it ended by itself; ``None`` while it goes on, and when it was closed or its stream ended."""
        return self._error

    def __repr__(self) -> str:
        return f"<Publication {self._request.server.shown}, {self._state}>"

    def _can_still_fire(self, type: str) -> bool:
        return type != "statechange" or self._state is not PublicationState.CLOSED

    # --- its life ----------------------------------------------------------------------------------------------

    def _new_session(self) -> RemoteSession:
        return RemoteSession(self._client, self._prepare, self._request.server.ice_servers)

    def _prepare(self, peer: RTCPeerConnection, _offering: bool) -> None:  # noqa: FBT001 - the session's contract
        stream = self._request.stream
        for track in stream.get_tracks():
            bitrate = self._request.bitrates[track.kind]
            encodings = [{} if bitrate is None else {"max_bitrate": bitrate}]
            init = {"direction": "sendonly", "streams": [stream], "send_encodings": encodings}
            prefer_what_passes(peer.add_transceiver(track, init), track)

    async def open(self) -> None:
        """Begin; `publish` has done so."""
        try:
            if not self._request.stream.active:
                raise InvalidStateError("publish: no track of the stream is live")
            await self._session.open(self._request.server.timeout)
        except BaseException:
            await self._keeping.end()
            raise
        self._request.stream._watch(self._exchange)
        self._set_state(PublicationState.CONNECTED)
        self._keeping.begin(self._keep, "a publication")

    def _exchange(self) -> None:
        start_task(exchange_tracks(self._session.peer, self._request.stream), "the exchange of published tracks")

    async def _keep(self) -> None:
        """Mend the connection whenever it is lost, until the stream ends or nothing helps."""
        try:
            while await lost_or_unwanted(self._session.peer, lambda: self._request.stream.active):
                self._set_state(PublicationState.RECONNECTING)
                await self._mend()
                self._set_state(PublicationState.CONNECTED)
        except DOMException as error:
            _logger.warning("publishing to %s has ended: %s", self._request.server.shown, error)
            self._error = error

    async def _mend(self) -> None:
        """Another path for this session, or else another session.

        Raises:
            DOMException: the last reason, when the time for it is over or the server has said no.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._request.reconnect
        try:
            await self._session.restart_ice(self._request.server.timeout)
        except DOMException as error:
            _logger.info("ICE was not restarted (%s): beginning another session", error)
            last = error
        else:
            return
        await self._session.close()
        pause = _FIRST_PAUSE
        while loop.time() < until:
            self._session = self._new_session()
            try:
                await self._session.open(self._request.server.timeout)
            except NotAllowedError:
                raise
            except DOMException as error:
                last = error
            else:
                return
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise last

    def _set_state(self, state: PublicationState) -> None:
        if state is not self._state:
            self._state = state
            fire_event(self, "statechange")

    async def _finish(self) -> None:
        self._request.stream._unwatch(self._exchange)
        await self._session.close()
        await self._client.close()
        self._set_state(PublicationState.CLOSED)
        self._recheck_waits()

    async def close(self) -> None:
        """Stop sending, and tell the server. Idempotent. The stream's tracks go on."""
        await self._keeping.close()

    async def wait_closed(self) -> None:
        """Wait until it has ended.

        Raises:
            DOMException: it ended because the server or the network failed.
        """
        await self._keeping.wait()
        if self._error is not None:
            raise self._error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
