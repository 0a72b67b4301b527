"""open(): files and URLs as streams."""

from __future__ import annotations

import asyncio
import errno
import gc
import threading

import numpy as np
import pytest
from tests.media import make_movie, make_wav, serve, silent_server, tone

from mediastreams.elements.open import open as open_media
from mediastreams.errors import NetworkError, NotReadableError, NotSupportedError


async def collect(track, policy):
    return [frame async for frame in track.frames(policy=policy)]


async def test_a_real_movie_comes_whole_with_a_free_clock(movie):
    async with open_media(movie, clock="free") as stream:
        assert [track.kind for track in stream.get_tracks()] == ["video", "audio"]
        assert stream.video.get_settings().frame_rate == 25
        assert (stream.video.get_settings().width, stream.video.get_settings().height) == (1280, 720)
        assert stream.audio.get_settings().channel_count == 6
        assert stream.audio.get_settings().sample_rate == 48000
        pictures, sounds = await asyncio.gather(collect(stream.video, "wait"), collect(stream.audio, "wait"))
    assert len(pictures) == 132
    assert [p.timestamp - pictures[0].timestamp for p in pictures] == [n * 40_000 for n in range(132)]
    assert sum(sound.number_of_frames for sound in sounds) == 249 * 1024
    assert {sound.number_of_channels for sound in sounds} == {6}
    assert pictures[0].timestamp == sounds[0].timestamp
    assert pictures[100].to_ndarray(format="rgb24").std() > 10


async def test_a_slow_consumer_with_a_free_clock_gets_everything(tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=60)
    async with open_media(path, "free") as stream:
        got = []
        async for frame in stream.video.frames(policy="wait"):
            got.append(frame.metadata()["media_time"])
            await asyncio.sleep(0.002)
    assert got == [pytest.approx(n / 25) for n in range(60)]


async def test_one_track_alone_can_be_read(movie):
    async with open_media(movie, clock="free") as stream:
        assert len(await collect(stream.video, "wait")) == 132


async def test_sound_can_be_read_before_the_picture_is(tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=100, audio_codec="pcm_s16le")
    async with open_media(path, clock="free") as stream:
        pictures = stream.video.frames(policy="wait")
        sounds = await collect(stream.audio, "wait")
        assert sum(sound.number_of_frames for sound in sounds) == 4 * 48000
        assert len([frame async for frame in pictures]) == 100


async def test_in_real_time_the_tracks_end_with_the_file(tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=10, audio_codec="pcm_s16le")
    stream = await open_media(path)
    before = asyncio.get_running_loop().time()
    ended = [asyncio.ensure_future(track.wait_for("ended", timeout=5)) for track in stream.get_tracks()]
    await asyncio.gather(*ended)
    assert 0.2 < asyncio.get_running_loop().time() - before < 3
    assert not stream.active


async def test_leaving_the_block_stops_the_tracks_and_closes_the_file(movie):
    async with open_media(movie) as stream:
        assert stream.active
    assert {track.ready_state for track in stream.get_tracks()} == {"ended"}


async def test_a_stream_that_is_dropped_closes_its_file(movie):
    stream = await open_media(movie)
    assert stream.active
    del stream
    gc.collect()  # the check for open descriptors and threads at the end of every test is the assertion


async def test_blocking_iteration_in_a_thread_works_too(tmp_path):
    path = make_wav(tmp_path / "a.wav", tone(48_000, 1.0, channels=2))
    async with open_media(path, clock="free") as stream:
        total = []

        def work():
            total.extend(sound.to_ndarray() for sound in stream.audio.frames(policy="wait"))

        thread = threading.Thread(target=work)
        thread.start()
        await asyncio.to_thread(thread.join)
    assert np.abs(np.concatenate(total, axis=1) - tone(48_000, 1.0, channels=2)).max() < 1e-4


async def test_wait_is_refused_on_a_clock_that_keeps_real_time(movie):
    async with open_media(movie) as stream:
        with pytest.raises(NotSupportedError, match="free"):
            stream.video.frames(policy="wait")


async def test_constraints_scale_a_file(movie):
    async with open_media(movie, clock="free") as stream:
        await stream.video.apply_constraints(width=320, height=180)
        frames = stream.video.frames(policy="wait")
        frame = await anext(frames)
        assert (frame.coded_width, frame.coded_height) == (320, 180)
        assert stream.video.get_settings().width == 320


async def test_errors_are_named_and_leave_nothing_open(tmp_path):
    (tmp_path / "garbage.mp4").write_bytes(b"no movie" * 1000)
    with pytest.raises(NotReadableError) as caught:
        await open_media(tmp_path / "nowhere.mp4")
    assert caught.value.errno == errno.ENOENT
    with pytest.raises(NotSupportedError):
        await open_media(tmp_path / "garbage.mp4")
    with pytest.raises(TypeError):
        await open_media(None)
    for wrong in ("fast", ["free"], None):
        with pytest.raises(ValueError, match="clock"):
            open_media("a.mp4", clock=wrong)
    with serve({}) as (base, _), pytest.raises(NetworkError):
        await open_media(base + "/a.mp4")


async def test_an_opening_that_is_cancelled_ends_at_once():
    with silent_server(None) as (url, connections):
        task = asyncio.ensure_future(_opened(url))
        await asyncio.sleep(0.3)
        assert connections
        async with asyncio.timeout(1):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


async def _opened(url):
    return await open_media(url)


async def test_over_http_a_movie_is_a_stream_like_any_other(tmp_path):
    data = make_movie(tmp_path / "a.mkv", frames=25).read_bytes()
    with serve({"/a.mkv": data}) as (base, _):
        async with open_media(base + "/a.mkv", clock="free") as stream:
            assert len(await collect(stream.video, "wait")) == 25


async def test_a_server_that_falls_silent_does_not_hold_up_the_end_of_a_stream(tmp_path):
    half = make_movie(tmp_path / "a.mkv", frames=400, size=(320, 240)).read_bytes()[:250_000]
    with silent_server(half) as (url, _):
        async with open_media(url, clock="free") as stream:
            frames = stream.video.frames(policy="wait")
            for _ in range(20):
                await anext(frames)
            await asyncio.sleep(0.2)
            before = asyncio.get_running_loop().time()
            stream.video.stop()
        assert asyncio.get_running_loop().time() - before < 1
