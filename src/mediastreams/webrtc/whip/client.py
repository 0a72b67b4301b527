"""`Client`: the HTTP side of a WHIP or WHEP session: the offer, its answer, PATCH, DELETE.

Not for: descriptions and media (``publish.py``, ``subscribe.py``).

Rules of the file: no answer is read beyond its bound, nothing is waited for without a time-out, and the token goes
where the server that it is for sends us, but never from ``https`` to ``http``.

https://www.rfc-editor.org/rfc/rfc9725#section-4
"""

from __future__ import annotations

import asyncio
import base64
import builtins
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import aiohttp
from yarl import URL

from mediastreams.errors import (
    DOMException,
    NetworkError,
    NotAllowedError,
    NotFoundError,
    OperationError,
    TimeoutError,
)
from mediastreams.webrtc.whip.links import ice_servers_of

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["Answer", "Client", "Reply", "Trust"]

_SDP: Final = "application/sdp"
_FRAGMENT: Final = "application/trickle-ice-sdpfrag"
_MAX_BODY: Final = 256 * 1024
_MAX_WORDS: Final = 300
_REDIRECTS: Final = 5
_REDIRECTIONS: Final = (307, 308)  # these keep the method and the body; the others would make a GET of it

Trust = ssl.SSLContext | str | None
"""How a server's certificate is judged: a context, its SHA-256 fingerprint, or as the system does."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the server, whole."""

    status: int
    url: URL
    headers: Mapping[str, str]
    links: tuple[str, ...]
    text: str

    @property
    def type(self) -> str:
        """The media type without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Answer:
    """A session that the server has made. ``counter_offer``: the description is an offer of the server's own."""

    sdp: str
    resource: URL
    tag: str | None
    ice_servers: list[dict[str, str]] = field(default_factory=list)
    counter_offer: bool = False


class Client:
    """A connection with one server. Belongs to a loop; an async context manager, which closes its sockets.

    ``seconds`` bounds each exchange.
    """

    def __init__(
        self, address: str, *, token: str | None, headers: Mapping[str, str], seconds: float, trust: Trust = None
    ) -> None:
        url = URL(address)
        self.url = url.with_user(None)
        self._headers = dict(headers)
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        elif url.user is not None:
            pair = f"{url.user}:{url.password or ''}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        self._seconds = seconds
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None),  # ours is around all of it, redirects too
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # load balancers use cookies, on bare addresses too
            auto_decompress=True,
        )
        self._trust: ssl.SSLContext | aiohttp.Fingerprint | bool = True
        if isinstance(trust, str):
            self._trust = aiohttp.Fingerprint(bytes.fromhex(trust.replace(":", "")))
        elif trust is not None:
            self._trust = trust

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the sockets. Idempotent."""
        await self._session.close()

    async def ice_servers(self) -> list[dict[str, str]]:
        """The ICE servers that the endpoint names before it is offered anything; none where it names none.

        Raises:
            NetworkError, TimeoutError: the server cannot be reached.

        https://www.rfc-editor.org/rfc/rfc9725#section-4.6
        """
        reply = await self._send("OPTIONS", self.url)
        return ice_servers_of(reply.links) if reply.status < 300 else []

    async def offer(self, sdp: str, *, counter_offers: bool = False) -> Answer:
        """Have a session made for an offer.

        Raises:
            NotAllowedError: the token is missing or wrong.
            NotFoundError: there is no such endpoint.
            OperationError: the server does not take the offer; its words are in the message.
            NetworkError: it cannot be reached, or fails.
            TimeoutError: it does not answer in time.

        https://www.rfc-editor.org/rfc/rfc9725#section-4.2
        """
        reply = await self._send("POST", self.url, sdp, {"Content-Type": _SDP, "Accept": _SDP})
        counter = counter_offers and reply.status == 406 and reply.type == _SDP
        if reply.status != 201 and not counter:
            raise _error_of(reply, f"POST {_shown(self.url)}")
        location = reply.headers.get("Location")
        try:
            if not location:
                raise OperationError(
                    f"{_shown(self.url)} answers {reply.status} without a Location: it is no WHIP server"
                )
            resource = reply.url.join(URL(location))
            _check_scheme(self.url, resource)
        except ValueError as error:
            raise OperationError(f"{_shown(self.url)} answers with the Location {location!r}: {error}") from None
        if reply.type != _SDP or not reply.text.startswith("v=0"):
            await self._forget(resource)
            raise OperationError(f"{_shown(self.url)} answers with no session description, but {_excerpt(reply)}")
        links = ice_servers_of(reply.links)
        return Answer(reply.text, resource, reply.headers.get("ETag"), links, counter)

    async def answer_counter_offer(self, resource: URL, sdp: str) -> None:
        """Send our answer to the server's own offer.

        https://datatracker.ietf.org/doc/draft-ietf-wish-whep/
        """
        reply = await self._send("PATCH", resource, sdp, {"Content-Type": _SDP})
        if reply.status not in (200, 204):
            raise _error_of(reply, f"PATCH {_shown(resource)}")

    async def patch(self, resource: URL, fragment: str, tag: str) -> Reply:
        """Send candidates (``tag``: the session's entity tag) or restart ICE (``"*"``).

        Raises:
            OperationError: the server does neither.

        https://www.rfc-editor.org/rfc/rfc9725#section-4.3
        """
        reply = await self._send("PATCH", resource, fragment, {"Content-Type": _FRAGMENT, "If-Match": tag})
        if reply.status not in (200, 204):
            raise _error_of(reply, f"PATCH {_shown(resource)}")
        return reply

    async def delete(self, resource: URL) -> None:
        """End a session. One that has ended is no error."""
        reply = await self._send("DELETE", resource)
        if reply.status >= 400 and reply.status not in (404, 410):
            raise _error_of(reply, f"DELETE {_shown(resource)}")

    async def _forget(self, resource: URL) -> None:
        try:
            await self.delete(resource)
        except (DOMException, OSError):
            return

    async def _send(self, method: str, url: URL, body: str | None = None, headers: Mapping[str, str] = {}) -> Reply:
        fields = {**self._headers, **headers}
        data = None if body is None else body.encode()
        where = f"{method} {_shown(url)}"
        try:
            async with asyncio.timeout(self._seconds):
                for _ in range(_REDIRECTS + 1):
                    async with self._session.request(
                        method, url, data=data, headers=fields, allow_redirects=False, ssl=self._trust
                    ) as response:
                        reply = await _read(response)
                    if reply.status not in _REDIRECTIONS:
                        return reply
                    following = url.join(URL(reply.headers.get("Location", "")))
                    _check_scheme(url, following)
                    url = following
                raise NetworkError(f"{where}: redirected more than {_REDIRECTS} times")
        except DOMException:
            raise
        except builtins.TimeoutError:
            raise TimeoutError(f"{where}: no answer within {self._seconds:g} s") from None
        except aiohttp.ServerFingerprintMismatch:
            raise NetworkError(f"{where}: the server's certificate has another fingerprint") from None
        except aiohttp.ClientConnectorCertificateError as error:
            raise NetworkError(f"{where}: {error.certificate_error}; a fingerprint or a context may vouch") from None
        except aiohttp.ClientConnectorError as error:
            reason = error.os_error.strerror or str(error)
            raise NetworkError(f"{where}: {reason}", errno=error.os_error.errno) from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"{where}: {str(error) or type(error).__name__}") from None
        except ValueError as error:
            raise NetworkError(f"{where}: {error}") from None


async def _read(response: aiohttp.ClientResponse) -> Reply:
    data = bytearray()
    async for chunk in response.content.iter_chunked(16384):
        data += chunk
        if len(data) > _MAX_BODY:
            raise ValueError(f"the answer is longer than {_MAX_BODY} bytes")
    links = tuple(response.headers.getall("Link", ()))
    return Reply(response.status, response.url, response.headers, links, data.decode(errors="replace"))


def _error_of(reply: Reply, where: str) -> DOMException:
    """The error that an answer means, with the server's own words."""
    text = f"{where}: {reply.status} {_excerpt(reply)}".rstrip()
    if reply.status in (401, 403):
        return NotAllowedError(f"{text} (a token?)" if reply.status == 401 else text)
    if reply.status in (404, 410):
        return NotFoundError(text)
    if reply.status in (408, 504):
        return TimeoutError(text)
    return NetworkError(text) if reply.status >= 500 or reply.status == 429 else OperationError(text)


def _excerpt(reply: Reply) -> str:
    text = re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", reply.text, flags=re.DOTALL | re.IGNORECASE)
    words = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return words if len(words) <= _MAX_WORDS else f"{words[:_MAX_WORDS]} …"


def _shown(url: URL) -> str:
    """An address without what may be secret in it."""
    return str(url.with_user(None).with_query(None).with_fragment(None))


def _check_scheme(before: URL, after: URL) -> None:
    if after.scheme not in ("http", "https") or not after.host:
        raise ValueError(f"{after} is no http: or https: address")
    if before.scheme == "https" and after.scheme == "http":
        raise ValueError("it leads from https to http")
