"""Frames that a program makes faster than they can be recorded: writing waits, and nothing is lost."""

import asyncio
import contextlib
import time

import av
import numpy as np
import pytest

import mediastreams as ms
from mediastreams._engine.clock import get_clock

SIZE = (320, 240)
COUNT = 200


def picture(number, base):
    array = np.full((SIZE[1], SIZE[0], 3), number % 200, np.uint8)
    return ms.VideoFrame.from_ndarray(array, timestamp=base + round(number * 1_000_000 / 25))


async def painted(writable, count=COUNT):
    base = get_clock().now_us()
    for number in range(count):
        await writable.write(picture(number, base))


@pytest.mark.parametrize("closing", [True, False])
async def test_a_recording_has_every_frame_that_was_written(tmp_path, closing):
    generator = ms.VideoTrackGenerator()
    with generator.track as track:
        async with ms.record(ms.MediaStream([track]), tmp_path / "a.mkv") as recording:
            await painted(generator.writable)
            if closing:
                await generator.writable.close()
        assert recording.summary.dropped == 0
        with av.open(str(tmp_path / "a.mkv")) as file:
            times = [float(frame.pts * frame.time_base) for frame in file.decode(video=0)]
        assert times == pytest.approx([number / 25 for number in range(COUNT)], abs=0.001)


async def test_a_sound_is_recorded_to_its_last_sample(tmp_path):
    with ms.MediaStreamTrackGenerator("audio") as track:
        async with ms.record(ms.MediaStream([track]), tmp_path / "a.wav") as recording:
            base = get_clock().now_us()
            for number in range(2000):
                samples = np.full((1, 480), number % 100 / 200, np.float32)
                await track.writable.write(
                    ms.AudioData.from_ndarray(samples, sample_rate=48_000, timestamp=base + number * 10_000)
                )
        assert recording.summary.dropped == 0
        with av.open(str(tmp_path / "a.wav")) as file:
            heard = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)]) / 32_768
        assert heard.reshape(2000, 480).mean(axis=1) == pytest.approx([n % 100 / 200 for n in range(2000)], abs=1e-3)


async def test_writes_that_are_not_awaited_wait_in_their_order_and_closing_comes_after_them(tmp_path):
    generator = ms.VideoTrackGenerator()
    with generator.track as track:
        async with ms.record(ms.MediaStream([track]), tmp_path / "a.mkv") as recording:
            base = get_clock().now_us()
            writer = generator.writable.get_writer()
            writes = [asyncio.ensure_future(writer.write(picture(number, base))) for number in range(COUNT)]
            await asyncio.sleep(0)
            assert writer.desired_size == 0
            await writer.close()
            await asyncio.gather(*writes)
        assert (recording.summary.frames, recording.summary.dropped) == (COUNT, 0)


async def test_what_shows_the_frames_holds_nobody_up():
    generator = ms.VideoTrackGenerator()
    with generator.track as track:
        frames = track.frames(policy="drop-oldest")
        began = time.perf_counter()
        await painted(generator.writable)
        assert time.perf_counter() - began < 3
        with contextlib.closing(frames):
            await anext(frames)
            assert frames.stats.dropped > 0


async def test_a_program_that_writes_without_a_pause_lets_others_run():
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    with ms.MediaStreamTrackGenerator("audio") as track:
        task = asyncio.ensure_future(other())
        began = time.perf_counter()
        samples = np.zeros((1, 480), np.float32)
        while time.perf_counter() - began < 0.2:
            await track.writable.write(ms.AudioData.from_ndarray(samples, sample_rate=48_000))
        task.cancel()
    assert turns > 5


async def test_a_recording_that_stands_still_is_not_waited_for_long():
    generator = ms.VideoTrackGenerator()
    with generator.track as track:
        port = track._feed.attach(policy="drop-oldest", on_item=lambda: None)
        port.lossless = True
        began = time.perf_counter()
        await painted(generator.writable)
        assert time.perf_counter() - began < 3
        assert port.dropped > 0
