"""``mediastreams serve``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import sys
from typing import TYPE_CHECKING

from mediastreams.cli.signals import ended_by_signals
from mediastreams.cli.sources import open_stream
from mediastreams.cli.webrtc_arguments import token_of
from mediastreams.webrtc import serve as serve_stream
from mediastreams.webrtc.whip.credentials import is_loopback
from mediastreams.webrtc.whip.qr import qr_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.webrtc.whip.server import Server

__all__ = ["serve"]

_SOURCES = ("camera", "microphone", "screen", "input", "fake", "fake_if_none")


def serve(options: argparse.Namespace) -> int:
    """Show until Ctrl+C, or until the stream ends."""
    asyncio.run(_serve(options))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    token = token_of(options)
    local = is_loopback(options.host)
    if options.qr and local:
        raise ValueError(
            f"--qr: a phone cannot reach {options.host}; give --host 0.0.0.0, or an address of this machine"
        )
    if options.qr and options.ingest and not (options.tls or options.certificate):
        raise ValueError("--qr --ingest: browsers give a page the camera over https only; give --tls, or --certificate")
    if (options.certificate is None) is not (options.key is None):
        raise ValueError("--certificate and --key belong together")
    if token is None and not local and not options.no_token:
        token = secrets.token_urlsafe(12)
    stop = asyncio.Event()
    with ended_by_signals(stop.set):
        async with (
            _source(options) as stream,
            serve_stream(
                stream,
                port=options.port,
                host=options.host,
                token=None if options.no_token else token,
                tls=(options.certificate, options.key) if options.certificate else options.tls,
                ingest=options.ingest,
                anonymous=options.no_token,
                max_viewers=options.max_viewers,
            ) as server,
        ):
            _tell(options, server, token)
            showing = asyncio.ensure_future(_show_arrivals(server) if options.ingest else _until_ended(stream))
            stopped = asyncio.ensure_future(stop.wait())
            await asyncio.wait([showing, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in (showing, stopped):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


@contextlib.asynccontextmanager
async def _source(options: argparse.Namespace) -> AsyncIterator[MediaStream | None]:
    """What the options name; nothing where cameras are taken and no source was named."""
    if options.ingest and not any(getattr(options, name) not in (None, False) for name in _SOURCES):
        yield None
        return
    with await open_stream(options, ["video", "audio"], clock="real") as stream:
        yield stream


async def _show_arrivals(server: Server) -> None:
    """Show whoever sends: the newest of them."""
    async for stream in server:
        print("a camera is sent", file=sys.stderr, flush=True)
        server.stream = stream


async def _until_ended(stream: MediaStream | None) -> None:
    """Wait for a file's end; what else is shown goes on until somebody stops it."""
    for track in stream.get_tracks() if stream else ():
        if track.ready_state == "live":
            await track.wait_for("ended")


def _tell(options: argparse.Namespace, server: Server, token: str | None) -> None:
    """Say where it is. On standard output: a program may want to know."""
    for url in server.urls:
        print(url)
    if options.ingest:
        print(f"a phone's camera: {server.phone_url}")
        print(f"WHIP: {server.whip_url}")
    print(f"WHEP: {server.whep_url}" + ("" if token is None else f"  (Authorization: Bearer {token})"))
    if server.fingerprint is not None:
        print(f"browsers will warn of the certificate, which was made here; its SHA-256 is {server.fingerprint}")
    if options.qr:
        print(qr_text(server.phone_url if options.ingest else server.url), end="")
    sys.stdout.flush()
