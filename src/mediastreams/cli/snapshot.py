"""``mediastreams snapshot``."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mediastreams._engine.still import StillFormat, still
from mediastreams.cli.progress import size_text
from mediastreams.cli.sources import open_stream
from mediastreams.errors import NotReadableError

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture

__all__ = ["snapshot"]

_FORMATS: Final[dict[str, StillFormat]] = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}


def snapshot(options: argparse.Namespace) -> int:
    """Take one picture."""
    path = Path(options.target)
    if path.suffix.lower() not in _FORMATS:
        raise ValueError(f"{path}: the suffix must be one of {', '.join(_FORMATS)}")
    options.microphone = "none"
    picture = asyncio.run(_take(options))
    data = still(picture, _FORMATS[path.suffix.lower()])
    path.write_bytes(data)
    if not options.quiet:
        print(f"{path}: {picture.width}×{picture.height}, {size_text(len(data))}")
    return 0


async def _take(options: argparse.Namespace) -> Picture:
    stream = await open_stream(options, ["video"])
    with stream:
        track = stream.video
        if track is None:
            raise NotReadableError(f"{options.input}: there is no picture in it")
        frames = track.frames()
        first: int | None = None
        # The first pictures of a camera are dark: it adjusts while they come.
        async for frame in frames:
            first = frame.timestamp if first is None else first
            if frame.timestamp - first >= options.after * 1e6:
                break
        else:
            if first is None:
                raise NotReadableError("The source ended before its first picture")
        return frame._open("snapshot")
