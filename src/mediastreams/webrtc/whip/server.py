"""`Server`: what `serve` returns: its addresses, its stream, and the streams that are sent to it."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Self

from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.tasks import start_task
from mediastreams.capture.media_stream import MediaStream
from mediastreams.errors import OperationError
from mediastreams.webrtc.whip.endpoint import Endpoint
from mediastreams.webrtc.whip.peer import end, new_peer
from mediastreams.webrtc.whip.sessions import Role, Session, Sessions
from mediastreams.webrtc.whip.stream_event import StreamEvent
from mediastreams.webrtc.whip.tracks import assigned_tracks, exchange_tracks, prefer_what_passes

if TYPE_CHECKING:
    from types import TracebackType

    from aiohttp import web

    from mediastreams.webrtc.track_event import RTCTrackEvent
    from mediastreams.webrtc.whip.credentials import Credentials
    from mediastreams.webrtc.whip.gate import Gate
    from mediastreams.webrtc.whip.tls import ServerTLS

__all__ = ["Server"]

_logger = logging.getLogger(__name__)


class Server(EventTarget):
    """A running server, made by `serve`. Owns its socket and its viewers' connections; belongs to one loop.

    ``async for stream in server`` gives the streams that are sent to it, those that are there already first.
    """

    onstream = event_handler("stream", StreamEvent)

    def __init__(
        self,
        stream: MediaStream | None,
        *,
        limits: dict[Role, int],
        credentials: Mapping[str, Credentials],
        ice_servers: Sequence[Mapping[str, object]],
        names: Collection[str],
    ) -> None:
        super().__init__()
        self._stream: MediaStream | None = None
        self._ice_servers = ice_servers
        self._ingest = "whip" in credentials
        self._sessions = Sessions(limits, on_connected=self._connected, on_closed=self._gone)
        self.endpoint = Endpoint(
            credentials=credentials, sessions=self._sessions, setup=self._setup, ice_servers=ice_servers, names=names
        )
        self._runner: web.AppRunner | None = None
        self._gate: Gate | None = None
        self._listening: asyncio.Server | None = None
        self._closed: asyncio.Event = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        self._urls: tuple[str, ...] = ()
        self._tokens: tuple[str | None, str | None] = (None, None)
        self._fingerprint: str | None = None
        self._arrivals: weakref.WeakSet[_Arrivals] = weakref.WeakSet()
        self.stream = stream

    def opened(
        self,
        runner: web.AppRunner,
        gate: Gate,
        listening: asyncio.Server,
        hosts: Sequence[str],
        token: str | None,
        ingest_token: str | None,
        tls: ServerTLS | None,
    ) -> None:
        """Take over what `serve` has opened."""
        self._runner, self._gate, self._listening = runner, gate, listening
        self.endpoint.gate = gate
        port = listening.sockets[0].getsockname()[1]
        scheme = "http" if tls is None else "https"
        self._urls = tuple(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}" for host in hosts)
        self._tokens = (token, ingest_token)
        self._fingerprint = None if tls is None else tls.fingerprint

    # --- where it is -------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The page that shows the stream, with the token in the address's fragment."""
        return self.urls[0]

    @property
    def urls(self) -> list[str]:
        """The page's address on each network."""
        return [f"{base}/{_fragment(self._tokens[0])}" for base in self._urls]

    @property
    def phone_url(self) -> str:
        """The page that sends a phone's camera here, with the token; needs ``ingest=True``.

        Raises:
            OperationError: the server takes no streams.
        """
        self._need_ingest()
        return f"{self._urls[0]}/phone{_fragment(self._tokens[1])}"

    @property
    def whep_url(self) -> str:
        """The endpoint for players; it needs the token in a header."""
        return f"{self._urls[0]}/whep"

    @property
    def whip_url(self) -> str:
        """The endpoint for those who publish; it needs the token in a header.

        Raises:
            OperationError: the server takes no streams.
        """
        self._need_ingest()
        return f"{self._urls[0]}/whip"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._urls[0].rpartition(":")[2])

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the certificate that was made here, ``"AB:CD:…"``; ``None`` for any other."""
        return self._fingerprint

    @property
    def viewers(self) -> int:
        """How many look now, those who are connecting included."""
        return self._sessions.count("viewer")

    @property
    def publishers(self) -> int:
        """How many send now, those who are connecting included."""
        return self._sessions.count("publisher")

    def _need_ingest(self) -> None:
        if not self._ingest:
            raise OperationError("This server takes no streams: serve(…, ingest=True)")

    def __repr__(self) -> str:
        where = self._urls[0] if self._urls else "not open yet"
        state = "closed" if self._closed.is_set() else f"{self.viewers} viewers"
        return f"<Server {where}, {state}>"

    # --- what it shows -----------------------------------------------------------------------------------------

    @property
    def stream(self) -> MediaStream | None:
        """What is shown. Set it, or change its tracks: all viewers see the other one, without connecting anew.

        Raises:
            TypeError: set to something else than a stream or ``None``.
        """
        return self._stream

    @stream.setter
    def stream(self, stream: MediaStream | None) -> None:
        if stream is not None and not isinstance(stream, MediaStream):
            raise wrong_type("Server.stream", "a MediaStream or None", stream)
        if self._stream is not None:
            self._stream._unwatch(self._show)
        self._stream = stream
        if stream is not None:
            stream._watch(self._show)
        self._show()

    def _show(self) -> None:
        """Give every viewer the tracks that the stream has now."""
        for session in self._sessions.of_role("viewer"):
            start_task(exchange_tracks(session.peer, self._stream), "the exchange of a viewer's tracks")

    # --- sessions ----------------------------------------------------------------------------------------------

    async def _setup(self, role: Role, offer: str) -> Session:
        session = Session(role, new_peer(self._ice_servers))
        try:
            await (self._setup_viewer if role == "viewer" else self._setup_publisher)(session, offer)
        except BaseException:
            await end(session.peer)
            raise
        return session

    async def _setup_viewer(self, session: Session, offer: str) -> None:
        peer = session.peer
        await peer.set_remote_description({"type": "offer", "sdp": offer})
        transceivers = peer.get_transceivers()
        if not transceivers:
            raise OperationError("it has neither sound nor picture")
        for transceiver, track in assigned_tracks(transceivers, self._stream):
            transceiver.direction = "sendonly"
            if self._stream is not None:
                transceiver.sender.set_streams(self._stream)
            prefer_what_passes(transceiver, track)
            await transceiver.sender.replace_track(track)

    async def _setup_publisher(self, session: Session, offer: str) -> None:
        stream = session.stream = MediaStream()

        def take(event: RTCTrackEvent) -> None:
            stream.add_track(event.track)

        session.peer.add_event_listener("track", take)
        await session.peer.set_remote_description({"type": "offer", "sdp": offer})
        if not stream.get_tracks():
            raise OperationError("it sends neither sound nor picture")

    def _connected(self, session: Session) -> None:
        if session.stream is not None:
            _logger.info("a camera is sent to %s", self._urls[0])
            for arrivals in tuple(self._arrivals):
                arrivals.add(session)
            fire_event(self, "stream", StreamEvent, stream=session.stream)

    def _gone(self, session: Session) -> None:
        for arrivals in tuple(self._arrivals):
            arrivals.discard(session)

    def __aiter__(self) -> AsyncIterator[MediaStream]:
        self._need_ingest()
        arrivals = _Arrivals(self._arrivals.discard)
        for session in self._sessions.of_role("publisher"):
            if session.peer.connection_state == "connected":
                arrivals.add(session)
        if self._closed.is_set():
            arrivals.end()
        self._arrivals.add(arrivals)
        return arrivals

    # --- the end -----------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Take no more requests, end all connections, free the port. Idempotent. The stream's tracks go on."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._stream is not None:
            self._stream._unwatch(self._show)
        if self._listening is not None:
            self._listening.close()
        await self._sessions.close_all()
        if self._gate is not None:
            self._gate.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self._closed.set()
        for arrivals in tuple(self._arrivals):
            arrivals.end()

    async def wait_closed(self) -> None:
        """Wait until it has been closed."""
        await self._closed.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _Arrivals(AsyncIterator[MediaStream]):
    """The streams that came since one ``async for`` began; those that have gone again are left out."""

    def __init__(self, forget: Callable[[_Arrivals], object]) -> None:
        self._waiting: deque[Session] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._forget = forget

    def add(self, session: Session) -> None:
        self._waiting.append(session)
        self._news.set()

    def discard(self, session: Session) -> None:
        if session in self._waiting:
            self._waiting.remove(session)

    def end(self) -> None:
        self._ended = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MediaStream:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        stream = self._waiting.popleft().stream
        assert stream is not None
        return stream


def _fragment(token: str | None) -> str:
    from urllib.parse import quote

    return "" if token is None else f"#token={quote(token, safe='')}"
