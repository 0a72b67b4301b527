"""``ms.mix``: tracks of files, generators and fake microphones as one track, which is a track as any other."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import weakref

import av
import numpy as np
import pytest
from tests.media import make_wav, tone
from tests.webrtc.receiving.lip_sync import lags

import mediastreams as ms
from mediastreams.testing import ManualClock, read_counter, use_clock


@pytest.fixture
def clock():
    with use_clock(ManualClock()) as made:
        yield made


@pytest.fixture
async def microphone(clock):
    """A fake microphone's stream."""
    stream = await clock.until(ms.MediaDevices(backends=["fake"]).get_user_media(audio=True))
    yield stream
    stream.audio.stop()


def make_tone(path, seconds, hertz):
    return make_wav(path, tone(48_000, seconds, hertz))


def decoded(path):
    """The samples of a file, float64 [channels, n], and its rate."""
    with av.open(str(path)) as file:
        rate = file.streams.audio[0].rate
        planar = av.AudioResampler(format="fltp", rate=rate)
        parts = [part.to_ndarray() for frame in file.decode(audio=0) for part in planar.resample(frame)]
    return np.concatenate(parts, axis=1).astype(np.float64), rate


def gathered(frames):
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


async def wait_until(condition):
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come")


# ── files as fast as they are taken ─────────────────────────────────────────────────────────────────


async def test_files_with_a_free_clock_are_mixed_sample_by_sample(tmp_path):
    low = make_tone(tmp_path / "low.wav", 2, 440)
    high = make_tone(tmp_path / "high.wav", 1, 1000)
    async with ms.open(low, clock="free") as first, ms.open(high, clock="free") as second:
        with ms.mix([first, second.audio], gains=[0.5, 1], channel_count=1) as mixed:
            samples = gathered([frame async for frame in mixed])
            assert mixed.ready_state == "ended"
    expected = np.zeros((1, 96_000))
    for path, gain in ((low, 0.5), (high, 1)):
        alone = decoded(path)[0][:1]
        expected[:, : alone.shape[1]] += gain * alone
    assert samples.shape[1] == pytest.approx(96_000, abs=480)
    inner = slice(480, 47_000)  # a beginning is faded in, an end dies away, in 5 ms
    assert np.abs(samples[:, inner] - expected[:, inner]).max() < 1e-5
    alone = slice(48_500, 95_000)
    assert np.abs(samples[:, alone] - expected[:, alone]).max() < 1e-5


async def test_two_files_are_recorded_mixed_faster_than_they_sound(tmp_path):
    paths = [make_tone(tmp_path / f"{hertz}.wav", 30, hertz) for hertz in (440, 1000)]
    async with ms.open(paths[0], clock="free") as first, ms.open(paths[1], clock="free") as second:
        mixed = ms.mix([first, second])
        began = asyncio.get_running_loop().time()
        summary = await ms.record(ms.MediaStream([mixed]), tmp_path / "both.flac")
        assert asyncio.get_running_loop().time() - began < 15
    assert summary.duration == pytest.approx(30, abs=0.05)
    samples, rate = await asyncio.to_thread(decoded, tmp_path / "both.flac")
    level = np.abs(np.fft.rfft(samples[0][rate : 2 * rate])) / (rate / 2)
    assert level[[440, 1000]] == pytest.approx([0.5, 0.5], abs=1e-3)
    assert np.delete(level, [440, 1000]).max() < 1e-3


async def test_a_file_that_joins_a_mix_of_files_begins_where_the_mix_is(tmp_path):
    paths = [make_tone(tmp_path / f"{hertz}.wav", 2, hertz) for hertz in (440, 1000)]
    async with ms.open(paths[0], clock="free") as first, ms.open(paths[1], clock="free") as second:
        mixed = ms.mix([first], channel_count=1)
        frames = []
        async for frame in mixed:
            frames.append(frame)
            if len(frames) == 50:
                mixed.add(second)
        samples = gathered(frames)
    assert 2.5 <= samples.shape[1] / 48_000 <= 3.6
    tail = samples[0][-12_000:-2_000]
    assert np.abs(np.fft.rfft(tail * np.hanning(tail.size))).argmax() * 48_000 / tail.size == pytest.approx(
        1000, abs=10
    )


async def test_a_track_in_real_time_cannot_join_a_mix_of_files(tmp_path):
    path = make_tone(tmp_path / "low.wav", 1, 440)
    with ms.MediaStreamTrackGenerator("audio") as live:
        async with ms.open(path, clock="free") as stream:
            with ms.mix([stream]) as mixed, pytest.raises(ms.NotSupportedError, match="clock="):
                mixed.add(live)


async def test_a_file_with_a_free_clock_is_played_in_real_time_beside_a_microphone(clock, microphone, tmp_path):
    path = make_tone(tmp_path / "low.wav", 1, 440)
    stream = await clock.until(ms.open(path, clock="free"))
    with ms.mix([microphone, stream], gains=[0, 1], channel_count=1) as mixed:
        frames = mixed.frames()
        samples = []
        for _ in range(30):
            await clock.advance(0.1)
            samples += [(await anext(frames)).to_ndarray()[0] for _ in range(len(frames._port))]
    assert stream.audio.ready_state == "ended"
    heard = np.concatenate(samples)
    assert np.square(heard).sum() == pytest.approx(0.125 * 48_000, rel=0.05)  # all of it, whenever it was read
    sounding = np.flatnonzero(np.abs(heard) > 0.01)
    assert sounding[-1] - sounding[0] >= 47_000


# ── a track as any other ────────────────────────────────────────────────────────────────────────────


async def test_a_mix_of_a_microphone_is_the_microphone(clock, microphone):
    with ms.mix([microphone]) as mixed:
        assert isinstance(mixed, ms.MediaStreamTrack)
        assert (mixed.kind, mixed.label, mixed.ready_state, mixed.stats) == ("audio", "mix", "live", None)
        assert mixed.get_settings().sample_rate == 48_000
        assert mixed.get_settings().channel_count == 2
        assert mixed.inputs == (microphone.audio,)
        direct, through = microphone.audio.frames(), mixed.frames()
        await clock.advance(0.99)
        alone, mixture = [], []
        for frames, found in ((direct, alone), (through, mixture)):
            while len(found) < 90:
                found.append(await anext(frames))
    times = {frame.timestamp: frame.to_ndarray() for frame in alone}
    together = [frame for frame in mixture if frame.timestamp in times][1:]
    assert len(together) > 80
    for frame in together:
        assert np.array_equal(frame.to_ndarray(), times[frame.timestamp])


async def test_a_mix_recorded_with_a_camera_is_in_step_with_it(clock, microphone, tmp_path):
    devices = ms.MediaDevices(backends=["fake"])
    camera = await clock.until(devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}))
    frames = camera.video.frames()
    await clock.advance(0.1)
    frame = await anext(frames)
    number = read_counter(frame.to_ndarray(format="rgb24"))
    frames.close()
    path = tmp_path / "both.mkv"
    with ms.MediaStreamTrackGenerator("audio") as late, ms.mix([microphone, late], gains=[1, 0]) as mixed:
        recording = asyncio.ensure_future(ms.record(ms.MediaStream([camera.video, mixed]), path, duration=3.2))
        await clock.until(recording, limit=10)
    camera.video.stop()
    apart = await asyncio.to_thread(lags, path, number, frame.timestamp / 1e6)
    assert len(apart) >= 2
    assert max(map(abs, apart)) < 0.02  # a picture lasts 33 ms


async def test_it_goes_on_while_a_clone_lives_and_leaves_its_tracks_alone(clock, microphone):
    mixed = ms.mix([microphone])
    clone = mixed.clone()
    assert isinstance(clone, ms.AudioMix)
    clone.set_gain(microphone, 0.5)
    assert mixed.get_gain(microphone.audio) == 0.5
    mixed.stop()
    with microphone.audio.clone() as other, pytest.raises(ms.InvalidStateError):
        mixed.add(other)
    frames = clone.frames()
    await clock.advance(0.1)
    assert (await anext(frames)).number_of_channels == 2
    clone.stop()
    await wait_until(lambda: microphone.audio._feed.ports == ())
    assert microphone.audio.ready_state == "live"


async def test_constraints_of_a_mix_adapt_it(clock, microphone):
    with ms.mix([microphone]) as mixed:
        await clock.until(mixed.apply_constraints(sample_rate=16_000, channel_count=1))
        frames = mixed.frames()
        await clock.advance(0.1)
        frame = await anext(frames)
        assert (frame.sample_rate, frame.number_of_channels) == (16_000, 1)


async def test_its_end_is_told_when_the_last_of_its_tracks_has_ended(clock, microphone):
    mixed = ms.mix([microphone])
    ended = asyncio.ensure_future(mixed.wait_for("ended"))
    await clock.advance(0.1)
    microphone.audio.stop()
    await clock.until(ended)
    assert mixed.ready_state == "ended"
    assert mixed.inputs == ()


async def test_a_mix_without_tracks_waits_in_silence(clock, microphone):
    with ms.mix([], ends=False) as mixed:
        levels = mixed.levels(interval=0.1)
        await clock.advance(0.5)
        assert (await anext(levels)).peak == (0.0, 0.0)
        mixed.add(microphone, gain=0.5)
        await clock.advance(1.5)
        assert 0.05 < max((await anext(levels)).peak) < 0.9
        mixed.remove(microphone)
        assert mixed.inputs == ()
        with pytest.raises(ms.NotFoundError):
            mixed.remove(microphone)


async def test_a_mix_is_mixed_again(clock, microphone):
    with ms.mix([microphone]) as inner, ms.mix([inner]) as outer:
        with pytest.raises(ms.InvalidAccessError):
            inner.add(outer)
        frames = outer.frames()
        await clock.advance(1.2)
        assert max([np.abs((await anext(frames)).to_ndarray()).max() for _ in range(90)]) > 0.1


async def test_inputs_come_and_go_on_any_thread(clock, microphone):
    with ms.mix([], ends=False) as mixed:
        for call in (mixed.add, lambda track: mixed.set_gain(track, 0.1), mixed.remove):
            thread = threading.Thread(target=call, args=(microphone.audio,))
            thread.start()
            await asyncio.to_thread(thread.join, 5)
        assert mixed.inputs == ()
        await clock.advance(0.1)
        assert microphone.audio._feed.ports == ()


async def test_a_mix_that_is_dropped_is_collected_and_lets_go_of_its_tracks(clock, microphone):
    mixed = ms.mix([microphone])
    frames = mixed.frames()
    await clock.advance(0.1)
    await anext(frames)
    gone = weakref.ref(mixed)
    del mixed, frames
    gc.collect()
    assert gone() is None
    await wait_until(lambda: microphone.audio._feed.ports == ())
    assert microphone.audio.ready_state == "live"


async def test_it_keeps_its_tracks_alive(clock):
    stream = await clock.until(ms.MediaDevices(backends=["fake"]).get_user_media(audio=True))
    mixed = ms.mix([stream])
    del stream
    gc.collect()
    await clock.advance(0.2)
    (track,) = mixed.inputs
    assert track.ready_state == "live"
    mixed.stop()
    track.stop()


async def test_what_programs_write_is_mixed_and_recorded(clock, tmp_path):
    """Two generators write tones, with times of their own from 0 on; the recording has both, as loud as they were."""
    tracks = [ms.MediaStreamTrackGenerator("audio") for _ in range(2)]
    mixed = ms.mix(tracks)
    recording = asyncio.ensure_future(ms.record(ms.MediaStream([mixed]), tmp_path / "both.wav"))
    await clock.advance(0.1)
    waves = [tone(48_000, 1.5, hertz) for hertz in (500, 2000)]
    for number in range(150):
        for track, wave in zip(tracks, waves, strict=True):
            samples = wave[:, number * 480 : (number + 1) * 480]
            await track.writable.write(
                ms.AudioData.from_ndarray(samples, sample_rate=48_000, timestamp=number * 10_000)
            )
        await clock.advance(0.01)
    for track in tracks:
        await track.writable.close()
    await clock.until(recording)
    samples, _ = await asyncio.to_thread(decoded, tmp_path / "both.wav")
    inner = samples[0][12_000:60_000]
    level = np.abs(np.fft.rfft(inner)) / (inner.size / 2)
    assert level[[500, 2000]] == pytest.approx([0.5, 0.5], abs=1e-3)


# ── what cannot be mixed ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda sound, picture: ms.mix([]), ValueError, "ends=False"),
        (lambda sound, picture: ms.mix(sound), TypeError, "sequence"),
        (lambda sound, picture: ms.mix(None), TypeError, "sequence"),
        (lambda sound, picture: ms.mix([picture]), TypeError, "'video'"),
        (lambda sound, picture: ms.mix([ms.MediaStream([picture])]), ms.InvalidStateError, "no live audio"),
        (lambda sound, picture: ms.mix(["music.mp3"]), TypeError, "audio track"),
        (lambda sound, picture: ms.mix([sound, sound]), ms.InvalidAccessError, "already"),
        (lambda sound, picture: ms.mix([sound], gains=[1, 1]), ValueError, "2 gains for 1"),
        (lambda sound, picture: ms.mix([sound], gains=["loud"]), TypeError, "gains"),
        (lambda sound, picture: ms.mix([sound], channel_count=0), ValueError, "channel_count"),
        (lambda sound, picture: ms.mix([sound], sample_rate=1), ValueError, "sample_rate"),
        (lambda sound, picture: ms.mix([sound], ends=1), TypeError, "ends"),
        (lambda sound, picture: ms.AudioMix(), TypeError, "mix()"),
    ],
)
async def test_what_cannot_be_mixed_is_named(call, error, words):
    with ms.MediaStreamTrackGenerator("audio") as sound, ms.VideoTrackGenerator().track as picture:
        with pytest.raises(error) as caught:
            call(sound, picture)
        assert words in str(caught.value)
        assert sound._feed.ports == ()


async def test_an_ended_track_cannot_be_mixed():
    track = ms.MediaStreamTrackGenerator("audio")
    track.stop()
    for wrong in (track, ms.MediaStream([track])):
        with pytest.raises(ms.InvalidStateError):
            ms.mix([wrong])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda mixed, sound: mixed.set_gain(sound, float("nan")), TypeError),
        (lambda mixed, sound: mixed.set_gain(sound, 1, ramp=-1), ValueError),
        (lambda mixed, sound: mixed.set_gain("sound", 1), TypeError),
        (lambda mixed, sound: mixed.set_gain(mixed, 1), ms.NotFoundError),
        (lambda mixed, sound: mixed.add(mixed), ms.InvalidAccessError),
        (lambda mixed, sound: mixed.add(sound), ms.InvalidAccessError),
        (lambda mixed, sound: mixed.add(sound.clone(), gain="loud"), TypeError),
        (lambda mixed, sound: mixed.remove(None), TypeError),
    ],
)
async def test_wrong_calls_of_a_mix_are_named(call, error):
    with ms.MediaStreamTrackGenerator("audio") as sound, ms.mix([sound]) as mixed, pytest.raises(error):
        call(mixed, sound)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_program_may_end_or_fork_while_it_mixes():
    """In the child the mix has ended; in the parent it goes on; at the end nobody waits for it."""
    program = """if True:
        import asyncio, os, sys, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: fork with threads
        import mediastreams as ms

        async def main():
            track = ms.MediaStreamTrackGenerator("audio")
            mixed = ms.mix([track], ends=False)
            frames = mixed.frames()
            await anext(frames)
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    assert (mixed.ready_state, mixed.inputs) == ("ended", ())
                    mixed.stop()
                    code = 0
                finally:
                    os._exit(code)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            print((await anext(frames)).number_of_frames)
            return track, mixed, frames

        kept = asyncio.run(main())
        """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["0", "480"], "")
