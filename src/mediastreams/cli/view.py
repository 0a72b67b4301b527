"""``mediastreams view``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from mediastreams.cli.progress import ProgressLine, summary_text
from mediastreams.cli.signals import ended_by_signals
from mediastreams.cli.webrtc_arguments import token_of
from mediastreams.errors import NotReadableError
from mediastreams.webrtc import subscribe

if TYPE_CHECKING:
    from mediastreams.capture.media_stream import MediaStream

__all__ = ["view"]


def view(options: argparse.Namespace) -> int:
    """Show or record until the time is over, the stream ends, its window is closed, or Ctrl+C."""
    asyncio.run(_view(options))
    return 0


async def _view(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    with ended_by_signals(stop.set):
        async with subscribe(options.url, token=token_of(options), tls=options.fingerprint) as stream:
            await (_show if options.record is None else _record)(options, stream, stop)


async def _show(options: argparse.Namespace, stream: MediaStream, stop: asyncio.Event) -> None:
    from mediastreams.elements.video_element import VideoElement

    if stream.video is None:
        raise NotReadableError(f"{options.url}: there is no picture in it; --record takes sound, too")
    video = VideoElement()
    video.muted = options.mute
    video.add_event_listener("leavepictureinpicture", lambda _event: stop.set())
    for track in stream.get_tracks():
        track.add_event_listener("ended", lambda _event: stop.set() if not stream.active else None)
    video.src_object = stream
    try:
        await video.play()
        await video.request_picture_in_picture()
        await asyncio.wait([asyncio.ensure_future(stop.wait())], timeout=options.seconds)
    finally:
        stop.set()
        video.src_object = None
        await asyncio.sleep(0)


async def _record(options: argparse.Namespace, stream: MediaStream, stop: asyncio.Event) -> None:
    from mediastreams.recording.record import record

    line = ProgressLine(sys.stderr, options.seconds, sound=stream.audio is not None)
    progress = None if options.quiet else line.show
    recording = record(stream, options.record, duration=options.seconds, progress=progress)
    watch = asyncio.ensure_future(stop.wait())
    watch.add_done_callback(lambda _done: recording.stop())
    try:
        summary = await recording
    finally:
        watch.cancel()
        line.end()
    if not options.quiet:
        print(summary_text(summary))
