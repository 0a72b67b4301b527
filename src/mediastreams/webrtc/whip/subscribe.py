"""`subscribe`: a stream from a media server, by WHEP.

https://datatracker.ietf.org/doc/draft-ietf-wish-whep/
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.opening import Opening, attempt
from mediastreams.capture.enums import MediaStreamTrackState
from mediastreams.capture.media_stream import MediaStream
from mediastreams.errors import DOMException, OperationError
from mediastreams.webrtc.whip.keeping import Keeping, lost_or_unwanted
from mediastreams.webrtc.whip.loading import load
from mediastreams.webrtc.whip.remote_session import RemoteSession
from mediastreams.webrtc.whip.requests import ClientRequest, client_request

if TYPE_CHECKING:
    import ssl

    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.track_event import RTCTrackEvent

__all__ = ["subscribe"]

_logger = logging.getLogger(__name__)

_KINDS: Final = ("video", "audio")


@dataclass(frozen=True, slots=True)
class _Request:
    """The arguments of `subscribe`, checked."""

    server: ClientRequest
    kinds: tuple[str, ...]


def subscribe(
    url: str,
    *,
    token: str | None = None,
    video: bool = True,
    audio: bool = True,
    headers: Mapping[str, str] | None = None,
    ice_servers: Sequence[Mapping[str, object]] = (),
    tls: ssl.SSLContext | str | None = None,
    timeout: float = 15.0,
) -> Opening[MediaStream]:
    """Receive a stream from a WHEP endpoint.

    ``async with subscribe("https://…/whep", token="…") as stream:`` gives it as soon as media can flow. Its tracks are
    muted until media comes, and while the network is silent; a lost path is looked for anew (ICE restart) where the
    server can. They end when the server ends the session or cannot be found any more. Awaited instead, it goes on until
    all its tracks have been stopped.

    Args:
        token: a bearer token.
        video, audio: what to ask for.
        headers: further fields of every HTTP request.
        ice_servers: STUN and TURN servers, as in `RTCConfiguration`; by default those that the server names.
        tls: how the server's certificate is judged: a context, or the certificate's SHA-256 fingerprint.
        timeout: seconds for each answer of the server, and for the media's path to be found.

    Raises:
        TypeError, ValueError: wrong arguments.
        NotAllowedError: the token is missing or wrong.
        NotFoundError: there is no such endpoint, or nothing is shown there.
        OperationError: the server does not take the offer; the message has its words.
        NetworkError: the server cannot be reached or fails, or there is no path for the media.
        TimeoutError: none of it in time.
    """

    def check() -> _Request:
        for name, value in (("video", video), ("audio", audio)):
            if not isinstance(value, bool):
                raise wrong_type(f"subscribe: {name}", "True or False", value)
        if not (video or audio):
            raise ValueError("subscribe: neither video nor audio is asked for")
        kinds = tuple(kind for kind, wanted in zip(_KINDS, (video, audio), strict=True) if wanted)
        return _Request(client_request("subscribe", url, token, headers, ice_servers, timeout, tls), kinds)

    return Opening(_subscribe(attempt(check)), _close_opened)


_subscriptions: Final[weakref.WeakKeyDictionary[MediaStream, _Subscription]] = weakref.WeakKeyDictionary()


async def _subscribe(asked: Callable[[], _Request]) -> MediaStream:
    request = asked()
    await load()
    subscription = _Subscription(request)
    stream = await subscription.open()
    _subscriptions[stream] = subscription
    return stream


async def _close_opened(stream: MediaStream) -> None:
    subscription = _subscriptions.get(stream)
    for track in stream.get_tracks():
        track.stop()
    if subscription is not None:
        await subscription.close()


class _Subscription:
    """What keeps a received stream going. It holds its tracks, and not the stream."""

    def __init__(self, request: _Request) -> None:
        self._request = request
        self._client = request.server.client()
        self._session = RemoteSession(self._client, self._prepare, request.server.ice_servers, counter_offers=True)
        self._arriving: MediaStream | None = MediaStream()  # until it is handed over
        self._keeping = Keeping(self._finish)

    def _prepare(self, peer: RTCPeerConnection, offering: bool) -> None:  # noqa: FBT001 - the session's contract
        self._arriving = MediaStream()
        peer.add_event_listener("track", self._take)
        for kind in self._request.kinds if offering else ():
            peer.add_transceiver(kind, direction="recvonly")

    def _take(self, event: RTCTrackEvent) -> None:
        stream = self._arriving
        if stream is not None and event.track.kind in self._request.kinds:
            stream.add_track(event.track)

    async def open(self) -> MediaStream:
        try:
            await self._session.open(self._request.server.timeout)
            stream = self._arriving
            if stream is None or not stream.get_tracks():
                raise OperationError("The server sends neither sound nor picture")
        except BaseException:
            await self._keeping.end()
            raise
        self._arriving = None
        self._keeping.begin(self._keep, "a subscription")
        return stream

    async def _keep(self) -> None:
        peer = self._session.peer
        try:
            while await lost_or_unwanted(peer, self._wanted) and peer.connection_state != "closed":
                await self._session.restart_ice(self._request.server.timeout)
        except DOMException as error:
            _logger.warning("receiving from %s has ended: %s", self._request.server.shown, error)

    def _wanted(self) -> bool:
        receivers = self._session.peer.get_receivers()
        return any(receiver.track.ready_state is MediaStreamTrackState.LIVE for receiver in receivers)

    async def _finish(self) -> None:
        await self._session.close()
        await self._client.close()

    async def close(self) -> None:
        """End it. Idempotent."""
        await self._keeping.close()
