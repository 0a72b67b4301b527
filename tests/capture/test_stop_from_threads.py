"""``stop()`` comes from any thread, at any moment: it wins, and nothing comes after it."""

import asyncio
import threading

import pytest

from mediastreams.capture import media_stream_track

__all__ = []


@pytest.fixture
def stop_inside(monkeypatch):
    """``stop_inside(track, input)``: another thread stops the track while it takes that input."""
    threads = []

    def arrange(track, what):
        advance = media_stream_track.advance

        def advance_late(state, given):
            result = advance(state, given)
            if given == what and not threads:
                threads.append(threading.Thread(target=track.stop))
                threads[0].start()
                threads[0].join(0.05)  # it has to wait
            return result

        monkeypatch.setattr(media_stream_track, "advance", advance_late)

    yield arrange
    for thread in threads:
        thread.join(5)


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_track_that_is_stopped_while_it_is_being_muted_stays_stopped(
    gum, camera, clock, stop_inside, is_closed
):
    track = (await gum(video=True)).video
    stop_inside(track, "source muted")
    camera.mute()
    await clock.advance(0)
    await is_closed(camera)
    await until(lambda: track.ready_state == "ended")
    await clock.advance(0.1)
    assert track.ready_state == "ended"


async def test_a_stop_between_the_source_s_end_and_its_event_leaves_nothing_to_deliver(gum, camera, clock):
    track = (await gum(video=True)).video
    frames = track.frames(policy="drop-oldest")
    await clock.advance(0.2)
    camera.unplug()  # the task that fires ``ended`` is queued
    track.stop()
    assert [frame async for frame in frames] == []
