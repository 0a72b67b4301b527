"""`serve`: one stream for many viewers, on a page and by WHEP; and, if asked, cameras that are sent here by WHIP.

Not for: what one request is answered (``endpoint.py``), nor for thousands of viewers: publish to a media server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.opening import Opening, attempt
from mediastreams._webidl.tasks import in_parallel
from mediastreams.capture.media_stream import MediaStream
from mediastreams.webrtc.whip.addresses import reachable_hosts
from mediastreams.webrtc.whip.credentials import Credentials, check_token, is_loopback
from mediastreams.webrtc.whip.gate import Gate, GateLimits
from mediastreams.webrtc.whip.loading import load
from mediastreams.webrtc.whip.tls import TLS, ServerTLS, server_tls

if TYPE_CHECKING:
    import ssl

    from mediastreams.webrtc.whip.server import Server

__all__ = ["serve"]

_LINGERING_SECONDS: Final = 1.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    """The arguments of `serve`, checked."""

    stream: MediaStream | None
    host: str
    port: int
    token: str | None
    ingest_token: str | None
    ingest: bool
    tls: TLS
    max_viewers: int
    max_publishers: int
    ice_servers: tuple[Mapping[str, object], ...]


def serve(
    stream: MediaStream | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    token: str | None = None,
    tls: bool | ssl.SSLContext | tuple[str | Path, str | Path] = False,
    ingest: bool = False,
    ingest_token: str | None = None,
    anonymous: bool = False,
    max_viewers: int = 50,
    max_publishers: int = 4,
    ice_servers: Sequence[Mapping[str, object]] = (),
) -> Opening[Server]:
    """Show a stream to browsers and other WHEP players.

    ``server = await serve(stream)``, then open ``server.url`` in a browser. Awaited it runs until `Server.close`;
    ``async with serve(stream) as server:`` closes it at the end. It stops none of the stream's tracks. All viewers
    share one encoding.

    Args:
        stream: what is shown; may be ``None``, and may be exchanged while it runs: ``server.stream = other``.
        port: 0 takes a free one.
        host: the address to listen on: by default this machine only. ``"0.0.0.0"`` is every network it is in.
        token: the bearer token that viewers need, and publishers too unless they have one of their own. The page takes
            it from the fragment of its address: ``server.url`` has it.
        tls: an ``ssl.SSLContext``; a certificate's file and its key's; or ``True`` for a certificate that is made
            here, of which browsers warn (``server.fingerprint``). Browsers give a phone's camera to ``https`` only.
        ingest: take cameras, too: by WHIP at ``server.whip_url``, or from a phone at ``server.phone_url``. Each becomes
            a stream here: ``server.onstream``, or ``async for stream in server``.
        ingest_token: the token of those who publish, if it is another one.
        anonymous: listen on a network without a token: whoever is in it can look (and, with ``ingest``, send).
        max_viewers, max_publishers: how many at the same time; others are told to come back later.
        ice_servers: STUN and TURN servers, as in `RTCConfiguration`, for us and for those who connect.

    Raises:
        TypeError, ValueError: wrong arguments; a host that is not only this machine, without a token.
        OSError: the port is taken, the host is not ours, a certificate's file cannot be read.
    """
    asked = attempt(
        lambda: _check(
            stream, host, port, token, ingest_token, tls, ice_servers,
            ingest=ingest, anonymous=anonymous, max_viewers=max_viewers, max_publishers=max_publishers,
        )
    )  # fmt: skip
    return Opening(_serve(asked), lambda server: server.close())


def _check(
    stream: MediaStream | None,
    host: str,
    port: int,
    token: str | None,
    ingest_token: str | None,
    tls: TLS,
    ice_servers: Sequence[Mapping[str, object]],
    *,
    ingest: bool,
    anonymous: bool,
    max_viewers: int,
    max_publishers: int,
) -> _Request:
    if stream is not None and not isinstance(stream, MediaStream):
        raise wrong_type("serve: stream", "a MediaStream or None", stream)
    if not isinstance(host, str) or not host:
        raise wrong_type("serve: host", "an address or a name", host)
    for name, value, lowest, highest in (
        ("port", port, 0, 65535),
        ("max_viewers", max_viewers, 0, 100_000),
        ("max_publishers", max_publishers, 0, 100_000),
    ):
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(f"serve: {name}", "an integer", value)
        if not lowest <= value <= highest:
            raise ValueError(f"serve: {name} must be from {lowest} to {highest}, not {value}")
    token = check_token(token, "serve: token")
    ingest_token = check_token(ingest_token, "serve: ingest_token")
    if ingest_token is not None and not ingest:
        raise ValueError("serve: ingest_token is for ingest=True")
    if not anonymous and not is_loopback(host) and token is None:
        raise ValueError(
            f"serve: {host} is open to the network: give a token, or say anonymous=True if everybody there may look"
        )
    if stream is None and not ingest:
        raise ValueError("serve: nothing to show: give a stream, or ingest=True")
    return _Request(
        stream=stream,
        host="127.0.0.1" if host == "localhost" else host.strip("[]"),
        port=port,
        token=token,
        ingest_token=token if ingest_token is None else ingest_token,
        ingest=bool(ingest),
        tls=tls,
        max_viewers=max_viewers,
        max_publishers=max_publishers,
        ice_servers=tuple(ice_servers),
    )


async def _serve(asked: Any) -> Server:
    request: _Request = asked()
    await load()
    from aiohttp import web

    from mediastreams.webrtc.whip.server import Server

    hosts, tls = await in_parallel(_prepare, request)
    loop = asyncio.get_running_loop()
    credentials = {"whep": Credentials(request.token, loop.time)}
    if request.ingest:
        credentials["whip"] = Credentials(request.ingest_token, loop.time)
    server = Server(
        request.stream,
        limits={"viewer": request.max_viewers, "publisher": request.max_publishers},
        credentials=credentials,
        ice_servers=request.ice_servers,
        names=(request.host, *hosts),
    )
    runner = web.AppRunner(
        server.endpoint.application,
        access_log=None,
        handle_signals=False,
        auto_decompress=False,
        lingering_time=_LINGERING_SECONDS,
        logger=_quiet_logger(),
    )
    await runner.setup()
    try:
        assert runner.server is not None
        gate = Gate(runner.server, GateLimits(), None if tls is None else tls.context)
        listening = await loop.create_server(gate, request.host, request.port, backlog=64)
    except BaseException:
        await runner.cleanup()
        raise
    server.opened(runner, gate, listening, hosts, request.token, request.ingest_token, tls)
    if request.token is None and not is_loopback(request.host):
        _logger.warning("%s shows its stream to everybody in the network: it has no token", server.url)
    return server


def _prepare(request: _Request) -> tuple[list[str], ServerTLS | None]:
    """What reads files and asks the system. Not on the loop."""
    hosts = reachable_hosts(request.host)
    names = [*hosts, *(["localhost"] if is_loopback(hosts[0]) else [])]
    return hosts, server_tls(request.tls, names)


def _quiet_logger() -> logging.Logger:
    """Where the HTTP library complains of requests that are none: that is the clients' business, told at DEBUG."""
    logger = logging.getLogger(f"{__name__}.http")
    if not logger.filters:
        logger.addFilter(_as_debug)
    return logger


def _as_debug(record: logging.LogRecord) -> bool:
    record.levelno, record.levelname = logging.DEBUG, "DEBUG"
    return logging.getLogger(__name__).isEnabledFor(logging.DEBUG)
