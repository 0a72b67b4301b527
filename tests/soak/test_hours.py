"""An hour of a MediaRecorder in slices, and of a consumer, as fast as they go: ``pytest -m soak``."""

import asyncio
import resource
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mediastreams as ms
from mediastreams._engine.clock import get_clock

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

HOUR = 3600
RATE = 10


def resident():
    """MiB in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def painted(number, base=0):
    array = np.full((120, 160, 3), 40 + number * 2 % 160, np.uint8)
    return ms.VideoFrame.from_ndarray(array, timestamp=base + number * 1_000_000 // RATE)


@pytest.mark.may_block("a slice is made of what an hour has left on disk")
async def test_an_hour_of_slices_is_one_file_and_lives_on_disk(tmp_path):
    generator = ms.VideoTrackGenerator()
    recorder = ms.MediaRecorder(ms.MediaStream([generator.track]), mime_type="video/webm;codecs=vp8")
    blobs, seen, base = [], [], get_clock().now_us()
    recorder.ondataavailable = lambda event: blobs.append(event.data)
    with generator.track:
        await generator.writable.write(painted(0, base))
        recorder.start(1000)
        for number in range(1, HOUR * RATE):
            await generator.writable.write(painted(number, base))
            if number % (300 * RATE) == 0:
                seen.append(resident())
        stopped = asyncio.ensure_future(recorder.wait_for("stop"))
        await asyncio.sleep(0)
        recorder.stop()
        await stopped
    path = tmp_path / "a.webm"
    with path.open("wb") as file:
        for blob in blobs:
            file.write(await blob.bytes())
    print(len(blobs), path.stat().st_size, [round(size, 1) for size in seen])
    assert seen[-1] - seen[1] < 12
    command = ("ffprobe", "-v", "warning", "-count_packets", "-show_entries", "stream=nb_read_packets:packet=pts_time")
    done = await asyncio.to_thread(
        subprocess.run, (*command, "-of", "csv=p=0", path), capture_output=True, text=True, check=True
    )
    assert not done.stderr
    *times, count = done.stdout.split()
    assert int(count.strip(",")) >= HOUR * RATE - 1
    assert float(times[-1].strip(",")) == pytest.approx(HOUR, abs=0.3)


async def test_an_hour_of_frames_for_a_consumer_is_flat():
    seen = []
    generator = ms.VideoTrackGenerator()
    with generator.track as track:
        frames = track.frames(format="rgb24")
        for number in range(HOUR * RATE):
            await generator.writable.write(painted(number))
            frame = await anext(frames)
            assert frame.to_ndarray()[0, 0, 0] == pytest.approx(40 + number * 2 % 160, abs=2)
            if number % (300 * RATE) == 0:
                seen.append(resident())
        frames.close()
    print([round(size, 1) for size in seen])
    assert seen[-1] - seen[1] < 5
