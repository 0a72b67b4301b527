"""The time that a program sees: it stands still from one await to the next, and moves between."""

import asyncio
import time

import pytest
from tests.media import make_movie

from mediastreams.elements.video_element import VideoElement


@pytest.fixture
def film(tmp_path):
    return make_movie(tmp_path / "a.mkv", frames=250, audio_codec="pcm_s16le")


@pytest.fixture
async def playing(film):
    """A film that plays in real time."""
    with VideoElement(film) as video:
        video._output.wanted = False  # whatever this machine has
        await video.play()
        await asyncio.sleep(0.05)
        yield video


def busy(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


async def test_it_stands_while_the_program_runs_and_goes_on_after_that(playing):
    seen = playing.current_time
    busy(0.02)
    assert playing.current_time == seen
    assert list(playing.played)[-1][1] == seen  # the other times agree with it
    await asyncio.sleep(0)
    assert playing.current_time >= seen + 0.02


async def test_two_coroutines_that_run_in_turn_see_it_move(playing):
    seen = []

    async def look():
        for _ in range(5):
            seen.append(playing.current_time)
            busy(0.005)
            await asyncio.sleep(0)

    await asyncio.gather(look(), look())
    assert seen == sorted(seen)
    assert len(set(seen)) >= 5


async def test_other_threads_see_where_it_is(playing):
    def look():
        first = playing.current_time
        busy(0.02)
        return playing.current_time - first

    assert await asyncio.to_thread(look) >= 0.02


async def test_what_the_program_does_itself_is_seen_at_once(playing):
    assert playing.current_time < 4
    playing.current_time = 5
    assert playing.current_time == 5
    busy(0.01)
    playing.pause()
    stopped = playing.current_time
    await asyncio.sleep(0.05)
    assert playing.current_time == stopped
    playing.load()
    assert playing.current_time == 0
    playing.current_time = 3
    assert playing.current_time == 3
