"""The main job on real microphones: two of a PulseAudio server, each with its tone, and the unplugging of one."""

import asyncio
import subprocess
import wave

import av
import numpy as np
import pytest

import mediastreams as ms

LEFT, RIGHT = 440, 1000  # Hz that they hear
PLAIN = {"echo_cancellation": False, "noise_suppression": False, "auto_gain_control": False}  # a tone is noise to some

pytestmark = pytest.mark.real


def write_tone(path, hertz, seconds=60):
    samples = 0.4 * np.sin(2 * np.pi * hertz * np.arange(48_000 * seconds) / 48_000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(np.repeat((samples * 32767).astype("<i2"), 2).tobytes())
    return path


@pytest.fixture
def microphones(pulse, tmp_path):
    """The server and its two microphones' modules, to unplug; each hears its tone all the time."""
    modules = {label: pulse.add_microphone(label.lower(), label) for label in ("Left", "Right")}
    with (
        pulse.playing("left_feed", write_tone(tmp_path / "left.wav", LEFT)),
        pulse.playing("right_feed", write_tone(tmp_path / "right.wav", RIGHT)),
    ):
        yield lambda label: pulse.remove(modules[label])


async def find(label):
    """What enumerate_devices says of a microphone, labels being told."""
    assert (await ms.navigator.permissions.request({"name": "microphone"})).state == "granted"
    infos = await ms.media_devices.enumerate_devices()
    return next(info for info in infos if info.kind == "audioinput" and info.label == label)


def spectrum(path, skip=0.3):
    """(Hz, level in dB of each) of a file's first channel, and its seconds."""
    with av.open(str(path)) as file:
        rate = file.streams.audio[0].rate
        planar = av.AudioResampler(format="fltp", layout="mono", rate=rate)
        pieces = [part.to_ndarray()[0] for frame in file.decode(audio=0) for part in planar.resample(frame)]
    samples = np.concatenate(pieces)
    heard = samples[round(skip * rate) :]
    level = np.abs(np.fft.rfft(heard * np.blackman(len(heard))))
    return np.fft.rfftfreq(len(heard), 1 / rate), 20 * np.log10(level / level.max() + 1e-12), len(samples) / rate


def level_near(hertz, frequencies, levels):
    return levels[np.abs(frequencies - hertz) < 5].max()


@pytest.mark.parametrize(("label", "tone", "other"), [("Left", LEFT, RIGHT), ("Right", RIGHT, LEFT)])
async def test_the_microphone_that_was_asked_for_by_its_id_is_the_one_that_is_recorded(
    need, microphones, tmp_path, label, tone, other
):
    need("ffprobe")
    path = tmp_path / "tone.webm"
    info = await find(label)
    async with ms.media_devices.get_user_media(audio={**PLAIN, "device_id": {"exact": info.device_id}}) as stream:
        assert stream.audio.label == label
        assert stream.audio.get_settings().device_id == info.device_id
        summary = await ms.record(stream, path, duration=2)
    assert summary.duration == pytest.approx(2, abs=0.05)
    frequencies, levels, seconds = await asyncio.to_thread(spectrum, path)
    assert seconds == pytest.approx(2, abs=0.05)
    assert frequencies[levels.argmax()] == pytest.approx(tone, abs=2)
    assert level_near(other, frequencies, levels) < -40
    done = await asyncio.to_thread(
        subprocess.run, ("ffprobe", "-v", "warning", str(path)), capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")


async def test_an_id_that_no_microphone_has_is_overconstrained(microphones):
    with pytest.raises(ms.OverconstrainedError) as caught:
        await ms.media_devices.get_user_media(audio={"device_id": {"exact": "0" * 64}})
    assert caught.value.constraint == "device_id"


async def test_unplugging_a_microphone_ends_its_track_and_tells_of_the_change(microphones):
    info = await find("Right")
    changes = asyncio.Queue()
    listen = ms.media_devices.add_event_listener
    listen("devicechange", changes.put_nowait)
    try:
        async with ms.media_devices.get_user_media(audio={**PLAIN, "device_id": {"exact": info.device_id}}) as stream:
            track = stream.audio
            ended = asyncio.ensure_future(track.wait_for("ended", timeout=5))
            frames = track.frames()
            await anext(frames)
            await asyncio.to_thread(microphones, "Right")
            assert (await ended).target is track
            assert track.ready_state == "ended"
            assert not stream.active
            async with asyncio.timeout(5):
                async for _ in frames:  # what was delivered, then the end
                    pass
                labels = {"Right"}
                while "Right" in labels:
                    event = await changes.get()
                    labels = {one.label for one in event.devices if one.kind == "audioinput"}
        assert labels == {"Left"}
        assert "Right" not in {one.label for one in await ms.media_devices.enumerate_devices()}
    finally:
        ms.media_devices.remove_event_listener("devicechange", changes.put_nowait)


async def test_a_recording_ends_with_the_microphone_that_is_unplugged_and_its_file_plays(microphones, tmp_path):
    path = tmp_path / "tone.webm"
    info = await find("Right")
    async with ms.media_devices.get_user_media(audio={**PLAIN, "device_id": {"exact": info.device_id}}) as stream:
        recording = asyncio.ensure_future(ms.record(stream, path))
        await asyncio.sleep(1.2)
        await asyncio.to_thread(microphones, "Right")
        async with asyncio.timeout(5):
            summary = await recording
    frequencies, levels, seconds = await asyncio.to_thread(spectrum, path)
    assert frequencies[levels.argmax()] == pytest.approx(RIGHT, abs=2)
    assert seconds == pytest.approx(summary.duration, abs=0.05)
    assert 0.8 < seconds < 3


async def test_two_microphones_are_mixed_and_recorded_with_the_strength_that_was_asked_for(microphones, tmp_path):
    path = tmp_path / "both.wav"
    found = [await find(label) for label in ("Left", "Right")]
    streams = [
        await ms.media_devices.get_user_media(audio={**PLAIN, "device_id": {"exact": one.device_id}}) for one in found
    ]
    try:
        with ms.mix(streams, gains=[1, 0.25]) as mixed:
            summary = await ms.record(ms.MediaStream([mixed]), path, duration=3)
    finally:
        for stream in streams:
            stream.audio.stop()
    assert summary.duration == pytest.approx(3, abs=0.05)
    frequencies, levels, _ = await asyncio.to_thread(spectrum, path)
    power = 10 ** (levels / 10)  # in bands: where clocks are corrected, a tone is no line
    left, right = (power[np.abs(frequencies - hertz) < 10].sum() for hertz in (LEFT, RIGHT))
    assert 10 * np.log10(right / left) == pytest.approx(20 * np.log10(0.25), abs=0.5)
    beside = (np.abs(frequencies - LEFT) > 50) & (np.abs(frequencies - RIGHT) > 50)
    assert levels[beside].max() < -30  # a server that has no time has holes of its own
