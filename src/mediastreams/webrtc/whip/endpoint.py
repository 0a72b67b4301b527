"""The requests that the server answers: offers, PATCH and DELETE of what became of them, OPTIONS, and the pages.

Not for: connections (``gate.py``), nor for what a stream's tracks become (``serve.py``).

Rules of the file: an answer never tells more than the sentence that is written here. Every body is read with a bound.

https://www.rfc-editor.org/rfc/rfc9725 · https://datatracker.ietf.org/doc/draft-ietf-wish-whep/
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from mediastreams.errors import DOMException
from mediastreams.webrtc.whip.credentials import Credentials, may_ask
from mediastreams.webrtc.whip.fragments import fragment_of, parse_fragment, with_fragment, write_fragment
from mediastreams.webrtc.whip.links import links_for
from mediastreams.webrtc.whip.pages import page
from mediastreams.webrtc.whip.peer import end, until_gathered
from mediastreams.webrtc.whip.sessions import Role, Session, Sessions

if TYPE_CHECKING:
    from mediastreams.webrtc.whip.gate import Gate

__all__ = ["Endpoint", "Setup"]

_logger = logging.getLogger(__name__)

Setup = Callable[[Role, str], Awaitable[Session]]
"""Makes the connection for an offer: its remote description is set, the answer is not made yet."""

_SDP: Final = "application/sdp"
_FRAGMENT: Final = "application/trickle-ice-sdpfrag"
_MAX_OFFER: Final = 64 * 1024
_MAX_FRAGMENT: Final = 16 * 1024
_SETUP_SECONDS: Final = 15.0
_ROLES: Final[Mapping[str, Role]] = {"whep": "viewer", "whip": "publisher"}
_PAGES: Final = {"": "view.html", "phone": "phone.html"}
_SAFETY: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Server": "mediastreams",  # and not which versions of what
}
_CORS: Final = {
    "Access-Control-Allow-Methods": "POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Expose-Headers": "Location, Link, ETag, Accept-Post, Accept-Patch, Retry-After",
    "Access-Control-Max-Age": "600",
}


@dataclass(frozen=True, slots=True)
class _Door:
    """One of the two kinds of endpoint."""

    role: Role
    credentials: Credentials


class _Refusal(Exception):
    """An answer that ends a request."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Endpoint:
    """The web application. ``credentials`` has one entry for each endpoint that there is: ``whep``, ``whip``."""

    def __init__(
        self,
        *,
        credentials: Mapping[str, Credentials],
        sessions: Sessions,
        setup: Setup,
        ice_servers: Sequence[Mapping[str, object]],
        names: Collection[str],
    ) -> None:
        self._doors = {name: _Door(_ROLES[name], one) for name, one in credentials.items()}
        self._sessions = sessions
        self._setup = setup
        self._links = links_for(ice_servers)
        self._names = names
        self.gate: Gate | None = None
        self.application = web.Application(middlewares=[self._around])
        self.application.router.add_route("*", "/{path:.*}", self._answer)

    # --- around every request ----------------------------------------------------------------------------------

    @web.middleware
    async def _around(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            response = await handler(request)
        except _Refusal as refusal:
            response = web.Response(status=refusal.status, text=refusal.text + "\n", headers=refusal.headers)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=f"{error.reason}\n")
        except Exception:
            _logger.exception("the answer to %s %s failed", request.method, request.path)
            response = web.Response(status=500, text="the server failed; its log says why\n")
        response.headers.update(_SAFETY)
        if self._token_needed() and "Origin" in request.headers:
            # A page of any origin may ask: it must know the token.
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers.update(_CORS)
        response.force_close()  # one request a connection: see gate.py
        return response

    def _token_needed(self) -> bool:
        return all(door.credentials.needed for door in self._doors.values())

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        parts = request.match_info["path"].split("/")
        door = self._doors.get(parts[0])
        if door is not None and len(parts) == 1:
            return await self._at_endpoint(request, parts[0], door)
        if door is not None and len(parts) == 2 and parts[1]:
            return await self._at_resource(request, door, parts[1])
        return self._page(request, "/".join(parts))

    def _page(self, request: web.Request, path: str) -> web.Response:
        name = _PAGES.get(path, path)
        found = None if name == "phone.html" and "whip" not in self._doors else page(name)
        if found is None:
            raise _Refusal(404, "there is nothing here")
        if request.method not in ("GET", "HEAD"):
            raise _Refusal(405, "a page can be read only", Allow="GET, HEAD")
        return web.Response(body=found.data, content_type=found.type, charset="utf-8")

    def _authorize(self, request: web.Request, door: _Door) -> None:
        credentials = door.credentials
        address = request.remote or ""
        headers = request.headers
        if not may_ask(
            headers.get("Host"), headers.get("Origin"), request.scheme, self._names, token=credentials.needed
        ):
            raise _Refusal(403, "this server answers its own pages only, unless it has a token")
        if credentials.blocked(address):
            raise _Refusal(429, "too many wrong tokens", Retry_After="30")
        if not credentials.check(headers.get("Authorization"), address):
            raise _Refusal(401, "the bearer token is missing or wrong", WWW_Authenticate='Bearer realm="mediastreams"')

    # --- the endpoint ------------------------------------------------------------------------------------------

    async def _at_endpoint(self, request: web.Request, name: str, door: _Door) -> web.Response:
        allowed = "POST, OPTIONS"
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=self._with_links({"Accept-Post": _SDP, "Allow": allowed}))
        self._authorize(request, door)
        if request.method != "POST":
            raise _Refusal(405, "offers are sent with POST", Allow=allowed)
        give_back = self._sessions.reserve(door.role)
        if give_back is None:
            raise _Refusal(503, f"no place is left for another {door.role}", Retry_After="10")
        try:
            offer = await self._body(request, _SDP, _MAX_OFFER)
            session, answer = await self._negotiate(door.role, offer)
        finally:
            give_back()
        self._sessions.add(session)
        headers = {"Location": f"/{name}/{session.id}", "ETag": f'"{session.tag}"', "Accept-Patch": _FRAGMENT}
        return web.Response(status=201, text=answer, content_type=_SDP, headers=self._with_links(headers))

    async def _negotiate(self, role: Role, offer: str) -> tuple[Session, str]:
        session: Session | None = None
        try:
            async with asyncio.timeout(_SETUP_SECONDS):
                session = await self._setup(role, offer)
                session.offer = offer
                return session, await _local_answer(session)
        except BaseException as error:
            if session is not None:
                await end(session.peer)
            if isinstance(error, TimeoutError):
                raise _Refusal(504, "the answer could not be made in time") from None
            if isinstance(error, DOMException | ValueError | TypeError):
                raise _Refusal(422, f"this offer cannot be answered: {_words(error)}") from error
            raise

    def _with_links(self, headers: dict[str, str]) -> list[tuple[str, str]]:
        return [*headers.items(), *(("Link", link) for link in self._links)]

    # --- a resource --------------------------------------------------------------------------------------------

    async def _at_resource(self, request: web.Request, door: _Door, id: str) -> web.Response:
        allowed = "PATCH, DELETE, OPTIONS"
        if request.method == "OPTIONS":
            return web.Response(status=204, headers={"Accept-Patch": _FRAGMENT, "Allow": allowed})
        self._authorize(request, door)
        session = self._sessions.find(door.role, id)
        if session is None:
            raise _Refusal(404, "there is no such session, or it has ended")
        if request.method == "DELETE":
            self._sessions.close(session)
            return web.Response(status=200)
        if request.method != "PATCH":
            raise _Refusal(405, "a session can be patched and deleted", Allow=allowed)
        return await self._patch(request, session)

    async def _patch(self, request: web.Request, session: Session) -> web.Response:
        """More candidates, or an ICE restart.

        https://www.rfc-editor.org/rfc/rfc9725#section-4.3
        """
        match = request.headers.get("If-Match")
        if match is None:
            raise _Refusal(428, "PATCH needs If-Match")
        try:
            fragment = parse_fragment(await self._body(request, _FRAGMENT, _MAX_FRAGMENT))
        except ValueError as error:
            raise _Refusal(400, str(error)) from None
        async with session.patching:
            if match.strip() != "*":
                if f'"{session.tag}"' not in [one.strip() for one in match.split(",")]:
                    raise _Refusal(412, "this ICE session has been replaced")
                for mid, candidate in fragment.candidates:
                    await _add_candidate(session, mid, candidate)
                return web.Response(status=204)
            try:
                offer = with_fragment(session.offer, fragment)
                async with asyncio.timeout(_SETUP_SECONDS):
                    await session.peer.set_remote_description({"type": "offer", "sdp": offer})
                    answer = await _local_answer(session)
            except TimeoutError:
                raise _Refusal(504, "the answer could not be made in time") from None
            except (DOMException, ValueError, TypeError) as error:
                raise _Refusal(422, f"ICE cannot be restarted: {_words(error)}") from error
            session.offer = offer
            session.renew_tag()
            text = write_fragment(fragment_of(answer))
        return web.Response(status=200, text=text, content_type=_FRAGMENT, headers={"ETag": f'"{session.tag}"'})

    async def _body(self, request: web.Request, type: str, limit: int) -> str:
        """The text of a request's body.

        Raises:
            _Refusal: it is too long, too slow, of another type, or no text.
        """
        if request.content_type != type:
            raise _Refusal(415, f"the body must be of type {type}")
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise _Refusal(415, "the body must not be compressed")
        if (request.content_length or 0) > limit:
            raise _Refusal(413, f"the body must not be longer than {limit} bytes")
        data = bytearray()
        try:
            while chunk := await request.content.read(8192):
                data += chunk
                if len(data) > limit:
                    raise _Refusal(413, f"the body must not be longer than {limit} bytes")
        except web.HTTPException:
            raise
        except (ValueError, OSError, web.RequestPayloadError) as error:
            raise _Refusal(400, "the body could not be read") from error
        if self.gate is not None:
            self.gate.request_is_here(request.protocol)
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise _Refusal(400, "the body is no UTF-8 text") from None


async def _local_answer(session: Session) -> str:
    """Answer the remote offer; return the description with its candidates."""
    peer = session.peer
    await peer.set_local_description(await peer.create_answer())
    await until_gathered(peer)
    description = peer.local_description
    assert description is not None
    return str(description.sdp)


async def _add_candidate(session: Session, mid: str | None, candidate: str) -> None:
    try:
        await session.peer.add_ice_candidate({"candidate": candidate, "sdp_mid": mid, "sdp_m_line_index": 0})
    except (DOMException, ValueError, TypeError) as error:
        _logger.debug("a candidate was not taken: %s", error)  # others may serve: no reason to fail the request


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
