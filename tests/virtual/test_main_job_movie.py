"""The main job on a real movie: played in a loop by an element, captured, recorded, decoded, compared with itself."""

import asyncio
import subprocess

import numpy as np
import pytest
from tests.film_compare import Reel, compare

import mediastreams as ms

ONE_ROUND = 5.312  # seconds: its sound is that long, its 132 pictures are 5.28


def programs_that_are_not_ours_complain(path):
    """What ffprobe and ffmpeg say against a file when they read all of it."""
    found = ""
    for command in (
        ("ffprobe", "-v", "warning", "-count_frames", "-show_streams", str(path)),
        # In the file's own time base: ffmpeg's default, one over the frame rate, is too coarse where a frame came late.
        ("ffmpeg", "-v", "warning", "-i", str(path), "-map", "0", "-enc_time_base", "-1", "-f", "null", "-"),
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        found += done.stderr.strip()
    return found


async def play_and_record(movie, path, seconds, *, size=None, **keywords):
    """Play it with ``loop`` and record what is captured; the summary."""
    async with ms.MediaElement(src=movie) as element:
        element.loop = True
        stream = element.capture_stream()
        await element.play()
        assert [track.kind for track in stream.get_tracks()] == ["video", "audio"]
        if size:
            await stream.video.apply_constraints(width=size[0], height=size[1])
        return await ms.record(stream, path, duration=seconds, **keywords)


def check_against_the_film(movie, path, seconds, lost):
    """Decode both and compare; the offsets of sound against picture in ms."""
    film, recording = Reel.read(movie), Reel.read(path)
    assert (recording.channels, recording.layout, recording.sample_rate) == (6, "5.1", 48_000)
    assert recording.duration == pytest.approx(seconds, abs=0.05)
    assert recording.times[0] < 0.06
    assert recording.times[-1] == pytest.approx(seconds, abs=0.15)
    # A busy machine loses pictures, but none that is not counted.
    there_were = seconds * 132 / ONE_ROUND
    assert len(recording.times) > 0.5 * there_were
    assert len(recording.times) + lost == pytest.approx(there_were, rel=0.05)
    offsets = compare(film, recording)
    assert np.isfinite(offsets.position).mean() > 0.9
    late = offsets.between(film.duration)
    # Windows over a seam of the loop are nowhere in the film; all others must have been found.
    assert len(late) >= 0.6 * 2 * (seconds - 1)
    return late


@pytest.mark.real
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [8, pytest.param(60, marks=pytest.mark.soak)])
async def test_a_movie_played_in_a_loop_is_recorded_with_its_length_its_channels_and_in_step(
    need, movie, tmp_path, seconds
):
    need("ffprobe", "ffmpeg")
    path = tmp_path / "movie.mp4"
    summary = await play_and_record(movie, path, seconds, encoder_options={"video": {"preset": "ultrafast"}})
    assert summary.duration == pytest.approx(seconds, abs=0.05)
    assert (summary.width, summary.height, summary.channels) == (1280, 720, 6)
    assert await asyncio.to_thread(programs_that_are_not_ours_complain, path) == ""
    late = await asyncio.to_thread(check_against_the_film, movie, path, seconds, summary.dropped)
    print(f"{summary.frames} frames, {summary.dropped} dropped; sound late by {late.min():.1f} to {late.max():.1f} ms")
    assert np.abs(late).max() < 40


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_the_same_in_webm_at_half_the_size(need, movie, tmp_path):
    need("ffprobe", "ffmpeg")
    path = tmp_path / "movie.webm"
    summary = await play_and_record(movie, path, 7, size=(640, 360))
    assert (summary.width, summary.height, summary.channels) == (640, 360, 6)
    assert await asyncio.to_thread(programs_that_are_not_ours_complain, path) == ""
    late = await asyncio.to_thread(check_against_the_film, movie, path, 7, summary.dropped)
    assert np.abs(late).max() < 40
