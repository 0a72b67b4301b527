"""Frames of the program as tracks."""

import asyncio

import numpy as np
import pytest

import mediastreams as ms
from mediastreams._webidl.tasks import settle


def picture(level, width=64, height=48, timestamp=None):
    return ms.VideoFrame.from_ndarray(np.full((height, width, 3), level, np.uint8), timestamp=timestamp)


def sound(level, samples=480, timestamp=0):
    array = np.full((2, samples), level, np.float32)
    return ms.AudioData.from_ndarray(array, sample_rate=48000, timestamp=timestamp)


async def test_a_written_frame_reaches_every_consumer_and_its_handle_is_used_up():
    generator = ms.VideoTrackGenerator()
    clone = generator.track.clone()
    first, second = generator.track.frames(), clone.frames()
    frame = picture(200, timestamp=1234)
    await generator.writable.write(frame)
    for frames in (first, second):
        got = await anext(frames)
        assert got.timestamp == 1234
        assert got.to_ndarray()[0, 0].tolist() == [200, 200, 200]
    with pytest.raises(ms.DOMException):
        frame.to_ndarray()
    generator.track.stop()
    clone.stop()


def test_the_kind_alone_will_do():
    for kind in ("audio", "video"):
        with ms.MediaStreamTrackGenerator(kind) as track:
            assert track.kind == kind
    with pytest.raises(TypeError, match="kind"):
        ms.MediaStreamTrackGenerator("picture")


async def test_settings_follow_the_frames():
    generator = ms.VideoTrackGenerator()
    with generator.track as track:
        assert track.get_settings().width is None
        await generator.writable.write(picture(1))
        await generator.writable.write(picture(1, width=128, height=96))
        await settle()
        assert (track.get_settings().width, track.get_settings().height) == (128, 96)


async def test_constraints_scale_what_was_written_for_one_track_only():
    generator = ms.VideoTrackGenerator()
    await generator.writable.write(picture(9))
    clone = generator.track.clone()
    await clone.apply_constraints(width=32, height=24)
    whole, small = generator.track.frames(), clone.frames()
    await generator.writable.write(picture(9))
    assert (await anext(whole)).coded_width == 64
    assert (await anext(small)).coded_width == 32
    generator.track.stop()
    clone.stop()


async def test_a_disabled_track_shows_black():
    generator = ms.VideoTrackGenerator()
    with generator.track as track:
        track.enabled = False
        frames = track.frames()
        await generator.writable.write(picture(250))
        assert not (await anext(frames)).to_ndarray().any()


async def test_closing_the_stream_ends_the_tracks_with_an_event():
    generator = ms.VideoTrackGenerator()
    ended = []
    generator.track.onended = ended.append
    frames = generator.track.frames()
    await generator.writable.write(picture(5))
    await generator.writable.close()
    await generator.track.wait_for("ended")
    assert len(ended) == 1
    assert [frame.coded_width async for frame in frames] == [64]
    with pytest.raises(TypeError, match="closed"):
        await generator.writable.write(picture(5))


async def test_stopping_the_last_track_closes_the_stream():
    generator = ms.VideoTrackGenerator()
    clone = generator.track.clone()
    generator.track.stop()
    await generator.writable.write(picture(5))
    clone.stop()
    async with asyncio.timeout(5):
        while "closed" not in repr(generator.writable):
            await asyncio.sleep(0.001)
    with pytest.raises(TypeError, match="closed"):
        await generator.writable.write(picture(5))


async def test_muting_stops_the_frames_and_fires_once_for_what_is_settled():
    generator = ms.VideoTrackGenerator()
    events = []
    generator.track.onmute = generator.track.onunmute = lambda event: events.append(event.type)
    with generator.track as track:
        frames = track.frames()
        generator.muted = True
        generator.muted = False
        generator.muted = True
        await track.wait_for("mute")
        assert track.muted
        await generator.writable.write(picture(5))
        generator.muted = False
        await track.wait_for("unmute")
        assert events == ["mute", "unmute"]
        await generator.writable.write(picture(6, timestamp=6))
        assert (await anext(frames)).timestamp == 6


@pytest.mark.parametrize("wrong", [None, 5, sound(0.1)])
async def test_what_is_no_frame_of_the_kind_is_refused(wrong):
    generator = ms.VideoTrackGenerator()
    with generator.track, pytest.raises(TypeError, match="VideoFrame"):
        await generator.writable.write(wrong)


async def test_a_closed_frame_is_refused():
    generator = ms.VideoTrackGenerator()
    frame = picture(1)
    frame.close()
    with generator.track, pytest.raises(TypeError, match="closed"):
        await generator.writable.write(frame)


async def test_a_writer_locks_the_stream_until_it_is_released():
    generator = ms.VideoTrackGenerator()
    with generator.track:
        writer = generator.writable.get_writer()
        assert generator.writable.locked
        with pytest.raises(TypeError, match="locked"):
            await generator.writable.write(picture(1))
        with pytest.raises(TypeError, match="locked"):
            generator.writable.get_writer()
        assert writer.desired_size == 1
        await writer.write(picture(1))
        writer.release_lock()
        with pytest.raises(TypeError, match="released"):
            await writer.write(picture(1))
        await generator.writable.write(picture(1))


async def test_aborting_ends_the_tracks():
    generator = ms.VideoTrackGenerator()
    track = generator.track
    waiting = asyncio.ensure_future(track.wait_for("ended"))
    await asyncio.sleep(0)
    await generator.writable.abort("enough")
    await waiting
    assert track.ready_state == "ended"
    await generator.writable.abort()


async def test_a_generator_of_sound_is_a_track_itself():
    with ms.MediaStreamTrackGenerator(kind="audio") as track:
        assert isinstance(track, ms.MediaStreamTrack)
        assert track.kind == "audio"
        frames = track.frames(format="int16", channels=1, samples=240)
        await track.writable.write(sound(0.5))
        await track.writable.write(sound(0.5, timestamp=10_000))
        chunk = await anext(frames)
        assert chunk.to_ndarray().shape == (1, 240)
        assert chunk.to_ndarray().dtype == np.int16
        assert abs(int(chunk.to_ndarray()[0, 0]) - 16384) <= 1
        assert track.get_settings().sample_rate == 48000
        clone = track.clone()
        assert type(clone) is ms.MediaStreamTrack
        clone.stop()


def test_a_generator_warns_of_members_it_does_not_know():
    with pytest.warns(ms.UnknownMemberWarning, match="'kynd' is ignored; did you mean 'kind'"):
        ms.MediaStreamTrackGenerator({"kind": "audio"}, kynd="video").stop()


@pytest.mark.parametrize("arguments", [(), ({"kind": "smell"},), ({"kind": None},)])
def test_a_generator_needs_a_kind(arguments):
    with pytest.raises(TypeError, match="kind"):
        ms.MediaStreamTrackGenerator(*arguments)
