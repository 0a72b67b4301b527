"""``mediastreams publish``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from mediastreams.cli.signals import ended_by_signals
from mediastreams.cli.sources import open_stream
from mediastreams.cli.webrtc_arguments import token_of
from mediastreams.webrtc import publish as publish_stream

__all__ = ["publish"]


def publish(options: argparse.Namespace) -> int:
    """Send until the time is over, the source ends, or Ctrl+C."""
    asyncio.run(_publish(options))
    return 0


async def _publish(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    with ended_by_signals(stop.set), await open_stream(options, ["video", "audio"], clock="real") as stream:
        publishing = publish_stream(stream, options.url, token=token_of(options), tls=options.fingerprint)
        async with publishing as publication:

            def tell() -> None:
                if not options.quiet:
                    print(f"{publication.state}: {options.url}", file=sys.stderr, flush=True)

            tell()
            publication.add_event_listener("statechange", lambda _event: tell())
            ended = asyncio.ensure_future(publication.wait_closed())
            stopped = asyncio.ensure_future(stop.wait())
            await asyncio.wait([ended, stopped], timeout=options.seconds, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if ended.done():
                ended.result()  # what it failed of
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ended
