"""The main job on a real screen: an X server's picture through get_display_media into a file, decoded again."""

import asyncio
import subprocess

import av
import numpy as np
import pytest
from tests.virtual.servers import start_moving_window

import mediastreams as ms

SECONDS = 4
WINDOW = (640, 480)
AT = (320, 120)
SPEED = 240  # pixels a second, of the white square in the window


@pytest.fixture
def moving_window(xvfb, monkeypatch):
    """A screen of 1280×720 on which a white square moves over red; this process's display."""
    monkeypatch.setenv("DISPLAY", xvfb)
    with start_moving_window(xvfb, "main job", WINDOW, AT):
        yield


def square_positions(path):
    """Times (s) and middles (pixels from the window's left) of the square, picture by picture."""
    times, middles = [], []
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            picture = frame.to_ndarray(format="rgb24")
            assert picture.shape == (720, 1280, 3)
            row = picture[AT[1] + WINDOW[1] // 2, AT[0] : AT[0] + WINDOW[0]].astype(int)
            white = np.flatnonzero((row > 180).all(axis=1))
            times.append(float(frame.pts * frame.time_base))
            middles.append(float(white.mean()) if len(white) else np.nan)
    return np.array(times), np.array(middles)


@pytest.mark.real
async def test_a_screen_with_a_moving_window_is_recorded_at_thirty_frames_a_second(need, moving_window, tmp_path):
    need("ffprobe", "ffmpeg")
    path = tmp_path / "screen.mp4"
    async with ms.media_devices.get_display_media(
        video={"width": 1280, "height": 720, "frame_rate": 30, "cursor": "never"}
    ) as stream:
        settings = stream.video.get_settings()
        assert (settings.width, settings.height, settings.frame_rate) == (1280, 720, 30)
        assert settings.display_surface == "monitor"
        summary = await ms.record(stream, path, duration=SECONDS)
    assert stream.video.ready_state == "ended"
    assert (summary.width, summary.height) == (1280, 720)
    assert summary.duration == pytest.approx(SECONDS, abs=0.05)

    command = ("ffmpeg", "-v", "warning", "-i", str(path), "-enc_time_base", "-1", "-f", "null", "-")
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")

    times, middles = await asyncio.to_thread(square_positions, path)
    print(f"{len(times) / SECONDS:.1f} frames a second")
    assert len(times) == summary.frames
    assert len(times) / SECONDS >= 27
    # Motion: the square is seen nearly always, in another place than the picture before, and at its speed.
    seen = ~np.isnan(middles)
    assert seen.mean() > 0.7  # a picture taken between the program's wiping and drawing has none
    times, middles = times[seen], middles[seen]
    step, passed = np.diff(middles), np.diff(times)
    assert (step != 0).mean() > 0.7
    onward = step > 0  # not back from the right edge to the left
    assert np.median(step[onward] / passed[onward]) == pytest.approx(SPEED, rel=0.15)
