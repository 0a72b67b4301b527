"""Copy a movie into another file: CPU and speed of `record`, of bare PyAV, and of ``ffmpeg -c copy``.

Not a test: figures of one machine. Nothing is decoded; what is compared is reading, handing over and writing. The movie
of the tests is played so often that opening and closing do not count for much. The ffmpeg command writes its output
plainly at the end, `record` so that what is there survives a kill at any time.

    python benchmarks/record_copy.py [FILE]
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
from movie_free import repeated
from pairing import compare, find_movie, main_table

from mediastreams.elements.open import open as open_media
from mediastreams.recording.record import record


def ours(path: Path, out: Path) -> None:
    async def run() -> None:
        async with open_media(path, clock="free") as stream:
            await record(stream, out, copy=True)

    asyncio.run(run())


def bare(path: Path, out: Path) -> None:
    with av.open(str(path)) as source, av.open(str(out), "w") as target:
        streams = {stream.index: target.add_stream_from_template(stream, opaque=True) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                target.mux(packet)


def command(path: Path, out: Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", path, "-c", "copy", out], check=True)


def timed(run: Callable[[], None]) -> float:
    """Seconds by the clock on the wall: how much faster than real time is what users see."""
    before = time.perf_counter()
    run()
    return time.perf_counter() - before


if __name__ == "__main__":
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        path = Path(sys.argv[1]) if sys.argv[1:] else repeated(find_movie(), folder)
        with av.open(str(path)) as container:
            seconds = container.duration / 1_000_000
            packets = sum(1 for packet in container.demux() if packet.size)
        for suffix in ("mp4", "mkv"):
            out = Path(folder) / f"out.{suffix}"
            jobs: dict[str, Callable[[], None]] = {
                "mediastreams": partial(ours, path, out),
                "bare PyAV": partial(bare, path, out),
            }
            if shutil.which("ffmpeg"):
                jobs["ffmpeg -c copy"] = partial(command, path, out)
            title = f"{path.name} to {suffix}: {seconds:.0f} s, {packets} packets, {os.cpu_count()} cores"
            main_table(f"{title}: CPU per packet", compare(dict(jobs)), per=packets, base="bare PyAV")
            walls = compare({name: partial(timed, job) for name, job in jobs.items()})
            main_table(f"{title}: seconds of wall time", walls, unit="s", scale=1)
            for name, values in walls.items():
                print(f"  {name}: {seconds / sorted(values)[len(values) // 2]:.0f} × real time")
