"""`record(preroll=…)`: the last seconds before something happens, and what comes after."""

import asyncio

import av
import numpy as np
import pytest

import mediastreams as ms
from mediastreams._engine.clock import use_clock
from mediastreams.recording.record import record
from mediastreams.testing import ManualClock, read_counter, read_flash

__all__ = []

SMALL = {"width": 160, "height": 120, "frame_rate": 30}


def counters(path):
    with av.open(str(path)) as container:
        return [read_counter(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def flashes(path):
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0) if read_flash(frame.to_ndarray(format="rgb24"))]


async def waiting(clock, target, *, seconds, **keywords):
    """A recording of the fake camera and microphone that has waited for so long."""
    devices = ms.MediaDevices(backends=["fake"])
    stream = await clock.until(
        devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True)
    )
    recording = record(stream, target, **keywords)
    await recording.__aenter__()
    await clock.advance(seconds)
    return stream, recording


async def ended(clock, stream, recording):
    await clock.until(recording.__aexit__(None, None, None))
    for track in stream.get_tracks():
        track.stop()
    await clock.advance(0.1)
    return recording.summary


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.mkv"])
async def test_a_file_begins_before_the_trigger_and_ends_after_it(probe, decode, tmp_path, name):
    with use_clock(ManualClock()) as clock:
        stream, recording = await waiting(clock, tmp_path / name, seconds=7.5, preroll=3)
        assert list(tmp_path.iterdir()) == []
        assert recording.stats.waiting
        recording.trigger(2)
        await clock.advance(4)
        assert recording.summary is None or recording.summary.duration
        summary = await ended(clock, stream, recording)
    found = await probe(tmp_path / name)
    assert 5.0 <= found.duration <= 6.1
    assert found.start == pytest.approx(0, abs=0.01)
    assert summary.duration == pytest.approx(found.duration, abs=0.03)
    numbers = await asyncio.to_thread(counters, tmp_path / name)
    assert len(numbers) == summary.frames == summary.files[0].frames
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] <= (7.5 - 3) * 30 + 1
    assert summary.fps == pytest.approx(30, abs=0.2)
    _, (sound, rate) = await decode(tmp_path / name)
    beeps = np.flatnonzero(np.abs(sound[0]) > 0.1) / rate
    lights = np.array(await asyncio.to_thread(flashes, tmp_path / name))
    begin_to_sound, begin_to_shine = (found[np.insert(np.diff(found) > 0.5, 0, True)] for found in (beeps, lights))
    assert len(begin_to_sound) >= 5
    assert np.abs(begin_to_sound - begin_to_shine)[1:].max() < 0.012


async def test_every_event_gets_a_file_and_no_frame_is_in_two(probe, tmp_path):
    with use_clock(ManualClock()) as clock:
        stream, recording = await waiting(clock, tmp_path / "%02d.mp4", seconds=5, preroll=2)
        recording.trigger(1)
        await clock.advance(0.5)
        recording.trigger(1)  # it goes on for a second from here
        await clock.advance(6)
        assert recording.stats.waiting
        recording.trigger()
        await clock.advance(2)
        recording.rearm()
        recording.rearm()
        await clock.advance(0.5)
        assert recording.stats.waiting
        recording.trigger(1)  # so soon that there is less than the preroll
        await clock.advance(3)
        summary = await ended(clock, stream, recording)
    assert [one.path[-6:] for one in summary.files] == ["00.mp4", "01.mp4", "02.mp4"]
    seen = []
    for one, seconds in zip(summary.files, (3.5, 4.0, 1.5), strict=True):
        assert seconds - 0.05 <= (await probe(one.path)).duration <= seconds + 1.05
        seen.append(await asyncio.to_thread(counters, one.path))
        assert seen[-1] == list(range(seen[-1][0], seen[-1][-1] + 1))
    assert seen[0][-1] < seen[1][0]
    assert seen[1][-1] + 1 == seen[2][0]
    assert summary.frames == sum(map(len, seen))


async def test_who_waits_in_vain_leaves_no_file_and_no_error(tmp_path):
    with use_clock(ManualClock()) as clock:
        stream, recording = await waiting(clock, tmp_path / "a.mp4", seconds=2, preroll=1)
        summary = await ended(clock, stream, recording)
    assert (summary.files, summary.frames, summary.size, summary.duration) == ((), 0, 0, 0)
    assert list(tmp_path.iterdir()) == []


async def test_an_event_may_come_before_there_is_anything(probe, tmp_path):
    with use_clock(ManualClock()) as clock:
        devices = ms.MediaDevices(backends=["fake"])
        stream = await clock.until(devices.get_user_media(video=SMALL))
        recording = record(stream, tmp_path / "a.mp4", preroll=30)
        recording.trigger(1)
        summary = await clock.until(recording)
        stream.video.stop()
        await clock.advance(0.1)
    assert summary.duration == pytest.approx(1.0, abs=0.1)
    assert (await probe(tmp_path / "a.mp4")).duration == pytest.approx(1.0, abs=0.1)


async def test_sound_alone_is_held_as_well(probe, decode, tmp_path):
    with use_clock(ManualClock()) as clock:
        devices = ms.MediaDevices(backends=["fake"])
        stream = await clock.until(devices.get_user_media(audio=True))
        async with record(stream, tmp_path / "a.ogg", preroll=2) as recording:
            await clock.advance(6)
            recording.trigger(1)
            await clock.advance(2)
        stream.audio.stop()
        await clock.advance(0.1)
    assert (await probe(tmp_path / "a.ogg")).duration == pytest.approx(3.0, abs=0.05)


async def test_what_is_held_does_not_grow(tmp_path):
    with use_clock(ManualClock()) as clock:
        stream, recording = await waiting(clock, tmp_path / "a.mp4", seconds=6, preroll=3)
        held = recording.stats.held
        assert held > 10_000
        most = held
        for _ in range(8):
            await clock.advance(1.5)
            most = max(most, recording.stats.held)
        await ended(clock, stream, recording)
    assert most < 1.6 * held


async def test_a_folder_that_is_missing_is_named_before_anything_is_waited_for(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(3)))
    with pytest.raises(FileNotFoundError, match="the folder does not exist"):
        await record(stream, tmp_path / "no" / "%d.mp4", preroll=3)
