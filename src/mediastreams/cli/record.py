"""``mediastreams record``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, Any

from mediastreams.cli.progress import ProgressLine, summary_text
from mediastreams.cli.signals import ended_by_signals
from mediastreams.cli.sources import open_stream
from mediastreams.recording.record import record as record_stream

if TYPE_CHECKING:
    from mediastreams.recording.summary import RecordingSummary

__all__ = ["record"]


def record(options: argparse.Namespace) -> int:
    """Record until the time is over, the source ends, or Ctrl+C; the file is whole in every case."""
    summary = asyncio.run(_record(options))
    if not options.quiet:
        print(summary_text(summary))
    return 0


async def _record(options: argparse.Namespace) -> RecordingSummary:
    encoder_options, metadata = _encoder_options(options.encoder), _metadata(options)
    kinds = ["video", "audio"]
    stream = await open_stream(options, kinds)
    line = ProgressLine(sys.stderr, options.seconds, sound=stream.audio is not None)
    with stream:
        recording = record_stream(
            stream,
            options.target,
            mime_type=options.mime_type,
            video_bits_per_second=options.video_bitrate,
            audio_bits_per_second=options.audio_bitrate,
            encoder_options=encoder_options,
            duration=options.seconds,
            progress=None if options.quiet else line.show,
            metadata=metadata,
            segment_seconds=None if options.segment is None else options.segment[0],
            segment_bytes=None if options.segment is None else options.segment[1],
            keep_segments=options.keep,
        )
        try:
            with ended_by_signals(recording.stop):
                return await recording
        finally:
            line.end()


def _metadata(options: argparse.Namespace) -> dict[str, str]:
    metadata = {}
    for text in options.metadata:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ValueError(f"--metadata: {text!r} is not key=value")
        metadata[key] = value
    return {"title": options.title, **metadata} if options.title is not None else metadata


def _encoder_options(texts: list[str]) -> dict[str, Any] | None:
    """``preset=fast`` for the picture, ``audio.vbr=off`` for the sound."""
    options: dict[str, dict[str, str]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ValueError(f"--encoder: {text!r} is not key=value")
        kind, dot, name = key.partition(".")
        if not dot:
            kind, name = "video", key
        if kind not in ("video", "audio"):
            raise ValueError(f"--encoder: {key!r} must begin with video. or audio.")
        options.setdefault(kind, {})[name] = value
    return options or None
