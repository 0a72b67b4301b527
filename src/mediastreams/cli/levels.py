"""``mediastreams levels``: a meter in the terminal."""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Final

from mediastreams.cli.progress import MovingLine, bar_text
from mediastreams.cli.signals import ended_by_signals
from mediastreams.cli.sources import open_stream
from mediastreams.errors import NotReadableError

if TYPE_CHECKING:
    from mediastreams._engine.frame_iterator import FrameIterator
    from mediastreams._engine.levels import AudioLevel

__all__ = ["level_text", "levels"]

_INTERVAL: Final = 0.1
_BAR: Final = 40
_QUIETEST: Final = -60.0
_HOLD_US: Final = 1_500_000


def levels(options: argparse.Namespace) -> int:
    """Show how loud it is until the time is over, the source ends, or Ctrl+C."""
    options.camera = "none"
    asyncio.run(_show(options))
    return 0


async def _show(options: argparse.Namespace) -> None:
    stream = await open_stream(options, ["audio"], "real")
    line = MovingLine(sys.stdout)
    with stream:
        track = stream.audio
        if track is None:
            raise NotReadableError(f"{options.input}: there is no sound in it")
        with track.levels(interval=_INTERVAL) as iterator, ended_by_signals(iterator.close), closing(line):
            await _follow(iterator, line, options.seconds)


async def _follow(levels: FrameIterator[AudioLevel], line: MovingLine, seconds: float | None) -> None:
    first: int | None = None
    held, since = -math.inf, 0
    async for level in levels:
        first = level.timestamp if first is None else first
        if level.loudest >= held or level.timestamp - since > _HOLD_US:
            held, since = level.loudest, level.timestamp
        elapsed = (level.timestamp + level.duration - first) / 1e6
        line.write(level_text(level, held), elapsed)
        if seconds is not None and elapsed >= seconds:
            return


def level_text(level: AudioLevel, held: float) -> str:
    """A bar for the RMS of each channel, and the highest peak of the last second or so."""
    length = max(1, _BAR // len(level.rms))
    bars = (bar_text(1 - rms / _QUIETEST if math.isfinite(rms) else 0.0, length) for rms in level.rms_db)
    peak = "silent" if math.isinf(held) else f"{held:6.1f} dB"
    clipped = "  too loud" if held >= 0 else ""
    return f"{' '.join(f'[{bar}]' for bar in bars)} {peak}{clipped}"
