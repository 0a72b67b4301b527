"""A consumer that takes 100 ms a frame on a live source: how old its frames are, and what memory does.

Beside ours: aiortc's MediaPlayer on the same movie. Age is now less the instant at which the frame was due; memory is
the growth of the resident set. Run: ``python benchmarks/slow_consumer.py [MOVIE]`` (needs aiortc; SECONDS in the
environment, 30).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from pathlib import Path

from aiortc.contrib.media import MediaPlayer
from pairing import find_movie

import mediastreams as ms

SECONDS = float(os.environ.get("SECONDS", "30"))
BUSY = 0.1


def resident() -> float:
    """MiB of this process now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def ours(movie: str) -> tuple[list[float], float]:
    ages = []
    async with ms.MediaElement(src=movie) as element:
        element.loop = True
        await element.play()
        stream = element.capture_stream()
        while stream.video is None:
            await asyncio.sleep(0.01)
        end, before = time.perf_counter() + SECONDS, None
        async for frame in stream.video:
            ages.append(time.perf_counter() - frame.timestamp / 1e6)
            before = resident() if before is None and len(ages) == 10 else before
            await asyncio.sleep(BUSY)
            if time.perf_counter() > end:
                break
    return ages, resident() - (before or 0.0)


async def aiortcs(movie: str) -> tuple[list[float], float]:
    player = MediaPlayer(movie, loop=True)
    ages, start, before = [], None, None
    first = None
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        frame = await player.video.recv()
        start = time.perf_counter() if start is None else start
        first = frame.time if first is None else first
        ages.append(time.perf_counter() - start - (frame.time - first))
        before = resident() if before is None and len(ages) == 10 else before
        await asyncio.sleep(BUSY)
    player.video.stop()
    if player.audio:
        player.audio.stop()
    return ages, resident() - (before or 0.0)


def show(name: str, ages: list[float], growth: float) -> None:
    ages = ages[10:]
    last = statistics.median(ages[-10:])
    print(
        f"  {name:<20} age: median {statistics.median(ages) * 1e3:8.1f} ms, most {max(ages) * 1e3:8.1f} ms, "
        f"in the end {last * 1e3:8.1f} ms; memory {growth:+8.1f} MiB; {len(ages)} frames"
    )


if __name__ == "__main__":
    print(f"a consumer of {BUSY * 1e3:g} ms a frame, {SECONDS:g} s")
    movie = sys.argv[1] if len(sys.argv) > 1 else str(find_movie())
    show("mediastreams", *asyncio.run(ours(movie)))
    show("aiortc MediaPlayer", *asyncio.run(aiortcs(movie)))
