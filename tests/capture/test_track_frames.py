"""``track.frames(…)`` and ``async for``: what arrives, in which form, and who is left behind."""

import asyncio
import gc
import itertools

import numpy as np
import pytest

import mediastreams as ms
from mediastreams.testing import read_counter


@pytest.fixture
async def video(gum):
    return (await gum(video={"width": {"exact": 320}, "frame_rate": {"exact": 20}})).video


@pytest.fixture
async def audio(gum):
    return (await gum(audio={"channel_count": {"exact": 2}, "sample_rate": {"exact": 48000}})).audio


async def take(clock, frames, count):
    """The next frames, each as soon as the clock brings it."""
    return [await clock.until(anext(frames)) for _ in range(count)]


async def test_a_picture_is_iterated_frame_by_frame(video, clock):
    frames = aiter(video)
    found = await take(clock, frames, 3)
    assert all(isinstance(frame, ms.VideoFrame) for frame in found)
    assert [read_counter(frame.to_ndarray()) for frame in found] == [0, 1, 2]
    assert [b.timestamp - a.timestamp for a, b in itertools.pairwise(found)] == [50_000, 50_000]
    frames.close()


async def test_a_sound_is_iterated_chunk_by_chunk_without_a_hole(audio, clock):
    with audio.frames() as frames:
        found = await take(clock, frames, 5)
    assert all(isinstance(frame, ms.AudioData) for frame in found)
    for one, other in itertools.pairwise(found):
        assert other.timestamp - one.timestamp == pytest.approx(one.duration, abs=1)
        assert other.gap == 0


async def test_leaving_the_loop_detaches_at_once(video, clock):
    async def first():
        async for frame in video:
            return frame
        return None

    assert await clock.until(first())
    gc.collect()
    await clock.advance(0.1)
    assert video._feed.ports == ()


async def test_closing_detaches_and_ends_whoever_waits(video, clock):
    frames = video.frames()
    waiting = asyncio.ensure_future(anext(frames))
    await asyncio.sleep(0)
    frames.close()
    frames.close()
    with pytest.raises(StopAsyncIteration):
        await waiting
    assert video._feed.ports == ()
    with pytest.raises(StopAsyncIteration):
        await anext(frames)


async def test_dropping_the_iterator_detaches(video, clock):
    frames = video.frames()
    assert len(video._feed.ports) == 1
    del frames
    gc.collect()
    await clock.advance(0.1)
    assert video._feed.ports == ()


async def test_an_iterator_can_be_closed_by_a_context_or_aclosing(video):
    with video.frames() as frames:
        pass
    await video.frames().aclose()
    assert video._feed.ports == ()
    assert "finished" in repr(frames)


async def test_frames_come_from_the_call_on_not_from_the_first_wait(video, clock):
    with video.frames(policy="drop-oldest") as frames:
        await clock.advance(0.2)
        assert read_counter((await anext(frames)).to_ndarray()) == 0


async def test_latest_keeps_the_newest_frame_and_counts_the_rest(video, clock):
    with video.frames() as frames:
        await clock.advance(1)
        assert read_counter((await anext(frames)).to_ndarray()) == 19
        assert (frames.stats.delivered, frames.stats.dropped) == (1, 19)
        assert frames.stats == ms.FrameStats(1, 19)


async def test_drop_oldest_keeps_a_second_of_pictures(video, clock):
    with video.frames(policy="drop-oldest") as frames:
        await clock.advance(3)
        numbers = [read_counter((await anext(frames)).to_ndarray()) for _ in range(len(frames._port))]
    assert numbers == list(range(40, 60))


async def test_a_slow_listener_is_told_how_much_sound_it_has_missed(audio, clock):
    with audio.frames() as frames:
        await clock.advance(3)
        chunk = await anext(frames)
        assert chunk.gap == 2 * 48_000
        assert (await anext(frames)).gap == 0


async def test_waiting_is_only_for_sources_that_can_be_held_back(video):
    with pytest.raises(ms.NotSupportedError, match='clock="free"'):
        video.frames(policy="wait")


async def test_any_number_of_consumers_get_the_same_picture(video, clock):
    iterators = [video.frames(format="rgb24") for _ in range(8)]
    frames = await clock.until(asyncio.gather(*(anext(one) for one in iterators)))
    arrays = [frame.to_ndarray(format="rgb24") for frame in frames]
    assert all(array is arrays[0] or np.shares_memory(array, arrays[0]) for array in arrays)
    for one in iterators:
        one.close()


async def test_a_slow_consumer_does_not_hold_up_a_quick_one(video, clock):
    with video.frames() as slow, video.frames() as quick:
        seen = await take(clock, quick, 10)
        assert [read_counter(frame.to_ndarray()) for frame in seen] == list(range(10))
        assert slow.stats.dropped == 9


async def test_a_disabled_picture_is_black_at_the_same_rate(video, clock):
    video.enabled = False
    with video.frames(policy="drop-oldest") as frames:
        await clock.advance(1)
        assert len(frames._port) == 20
        black = [await anext(frames) for _ in range(20)]
        assert all(not frame.to_ndarray(format="rgb24").any() for frame in black)
        assert {frame.coded_width for frame in black} == {320}
        assert len({frame.timestamp for frame in black}) == 20
        video.enabled = True
        await clock.advance(0.1)
        assert (await anext(frames)).to_ndarray(format="rgb24").any()


async def test_a_disabled_sound_is_silence(audio, clock):
    audio.enabled = False
    with audio.frames() as frames:
        await clock.advance(1.5)
        chunks = [await anext(frames) for _ in range(len(frames._port))]
        assert chunks
        assert all(not chunk.to_ndarray().any() for chunk in chunks)
        audio.enabled = True
        await clock.advance(1)
        assert any([(await anext(frames)).to_ndarray().any() for _ in range(len(frames._port))])


async def test_disabling_one_track_leaves_its_clone_alone(video, clock):
    clone = video.clone()
    video.enabled = False
    with clone.frames() as frames:
        assert (await clock.until(anext(frames))).to_ndarray(format="rgb24").any()
    clone.stop()


async def test_a_muted_device_gives_nothing_and_then_goes_on(video, camera, clock):
    with video.frames(policy="drop-oldest") as frames:
        camera.mute()
        await clock.advance(0.5)
        assert len(frames._port) == 0
        camera.unmute()
        await clock.advance(0.5)
        assert read_counter((await anext(frames)).to_ndarray()) == 10


async def test_iteration_ends_with_the_track_and_loses_nothing_when_the_device_goes(video, camera, clock):
    with video.frames(policy="drop-oldest") as frames:
        await clock.advance(0.25)
        camera.unplug()
        await clock.advance(0)
        assert len([frame async for frame in frames]) == 5


async def test_after_stop_nothing_is_delivered_any_more(video, clock):
    with video.frames(policy="drop-oldest") as frames:
        await clock.advance(0.25)
        video.stop()
        assert [frame async for frame in frames] == []
        await clock.advance(0.25)
        assert frames.stats.delivered == 0


@pytest.mark.parametrize("options", [{}, {"format": "gray"}])
async def test_who_leaves_the_loop_at_the_end_finds_the_track_ended(video, clock, camera, heard, options):
    events = heard(video, "mute", "unmute", "ended")

    async def states():
        async for _ in video.frames(**options):
            pass
        return video.ready_state, list(events)

    found = asyncio.create_task(states())
    await clock.advance(0.2)
    camera.mute()
    camera.unmute()
    camera.unplug()
    assert await clock.until(found) == ("ended", ["mute", "unmute", "ended"])


async def test_the_frames_of_an_ended_track_are_none(video):
    video.stop()
    assert [frame async for frame in video] == []


async def test_two_tasks_may_not_wait_on_one_iterator(video):
    with video.frames() as frames:
        waiting = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="give each task its own"):
            await anext(frames)
        waiting.cancel()


async def test_a_wait_that_was_cancelled_loses_no_frame(video, clock):
    with video.frames(policy="drop-oldest") as frames:
        waiting = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0)
        waiting.cancel()
        await clock.advance(0.06)
        assert read_counter((await anext(frames)).to_ndarray()) == 0


async def test_blocking_iteration_on_the_event_loop_is_refused(video):
    with video.frames() as frames, pytest.raises(RuntimeError, match="async for"):
        next(frames)


# ── formats, sizes, chunks ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"format": "bgr24"}, (240, 320, 3)),
        ({"format": "gray"}, (240, 320)),
        ({"format": "rgba", "width": 64, "height": 48}, (48, 64, 4)),
        ({"format": "rgb24", "width": 160}, (120, 160, 3)),
        ({"format": "rgb24", "height": 480}, (480, 640, 3)),
        ({"width": 100, "height": 100}, (100, 100, 3)),
    ],
)
async def test_pictures_are_converted_and_scaled_before_hand_over(video, clock, options, shape):
    with video.frames(**options) as frames:
        frame = await clock.until(anext(frames))
    assert frame.to_ndarray(format=options.get("format", "rgb24")).shape == shape


@pytest.mark.parametrize(
    ("options", "shape", "rate"),
    [
        ({"samples": 1024}, (2, 1024), 48000),
        ({"channels": 1, "samples": 480}, (1, 480), 48000),
        ({"sample_rate": 16000, "samples": 160, "channels": 1}, (1, 160), 16000),
    ],
)
async def test_sounds_are_resampled_mixed_and_cut(audio, clock, options, shape, rate):
    with audio.frames(**options) as frames:
        chunks = await take(clock, frames, 3)
    assert {chunk.to_ndarray().shape for chunk in chunks} == {shape}
    assert {chunk.sample_rate for chunk in chunks} == {rate}


async def test_sounds_come_as_integers_for_those_who_want_them(audio, clock):
    with audio.frames(format="int16") as frames:
        chunk = await clock.until(anext(frames))
    assert chunk.to_ndarray(format="int16").dtype == np.int16
    with audio.frames(format="float32") as frames:
        chunk = await clock.until(anext(frames))
    assert chunk.to_ndarray().dtype == np.float32


async def test_the_rest_of_a_cut_sound_comes_at_the_end(audio, microphone, clock):
    with audio.frames(samples=700) as frames:
        await clock.advance(0.1)
        microphone.unplug()
        await clock.advance(0)
        lengths = [chunk.number_of_frames async for chunk in frames]
    assert lengths[:-1] == [700] * (len(lengths) - 1)
    assert sum(lengths) == 4800


@pytest.mark.parametrize(
    ("kind", "options", "error", "message"),
    [
        ("video", {"samples": 5}, TypeError, "samples is not for a track of kind 'video'"),
        ("audio", {"width": 5}, TypeError, "width is not for a track of kind 'audio'"),
        ("video", {"width": 0}, ValueError, "width must be from 1"),
        ("video", {"width": True}, TypeError, "width: expected an integer"),
        ("video", {"width": "5"}, TypeError, "width: expected an integer"),
        ("audio", {"channels": 65}, ValueError, "channels must be from 1 to 64"),
        ("audio", {"format": "mp3"}, ValueError, "format must be one of float32"),
        ("video", {"format": 5}, TypeError, "format: expected a string"),
        ("video", {"format": "cinema"}, ValueError, "cinema"),
        ("video", {"policy": "newest"}, ValueError, "policy must be one of 'latest'"),
    ],
)
async def test_arguments_that_make_no_sense_are_refused(gum, kind, options, error, message):
    (track,) = (await gum(**{kind: True})).get_tracks()
    with pytest.raises(error, match=message):
        track.frames(**options)
    assert track._feed.ports == ()


async def test_a_conversion_that_fails_raises_at_the_one_who_waits(video, clock, monkeypatch):
    from mediastreams._engine import convert

    def fail(*_):
        raise ZeroDivisionError("conversion")

    monkeypatch.setattr(convert, "to_ndarray", fail)
    with video.frames(format="bgr24") as frames:
        with pytest.raises(ZeroDivisionError, match="conversion"):
            await clock.until(anext(frames))
        monkeypatch.undo()
        assert (await clock.until(anext(frames))).to_ndarray(format="bgr24").shape == (240, 320, 3)
