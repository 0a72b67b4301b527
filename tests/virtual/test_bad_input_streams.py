"""Devices that go, files that lie, functions that raise, things that are dropped: all through the public names."""

import asyncio
import gc
import subprocess
import warnings

import av
import pytest
from tests.media import serve

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeCamera, FakeMicrophone

SMALL = {"width": 320, "height": 240}


@pytest.fixture
def backend():
    return FakeBackend([FakeCamera(label="Cam"), FakeMicrophone(label="Mic")])


@pytest.fixture
def devices(backend):
    return ms.MediaDevices(backends=[backend])


async def until(condition, seconds=5):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def lengths(path):
    """Seconds of pictures and of sound in a file that ffprobe has nothing to say against."""
    done = subprocess.run(
        ("ffprobe", "-v", "warning", str(path)), capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
    pictures, sound = 0.0, 0.0
    with av.open(str(path)) as file:
        for frame in file.decode(*file.streams.video, *file.streams.audio):
            if isinstance(frame, av.VideoFrame):
                pictures = frame.time
            else:
                sound += frame.samples / frame.sample_rate
    return pictures, sound


async def test_a_camera_unplugged_while_recording_leaves_the_microphone_going(need, backend, devices, tmp_path):
    need("ffprobe")
    path = tmp_path / "a.mkv"
    async with devices.get_user_media(video=SMALL, audio=True) as stream, ms.record(stream, path) as recording:
        await until(lambda: recording.stats.elapsed > 0.4)
        backend.device("Cam").unplug()
        await until(lambda: stream.video.ready_state == "ended")
        assert stream.active
        await until(lambda: recording.stats.elapsed > 1.0)
    await until(lambda: not backend.device("Mic").in_use)
    pictures, sound = await asyncio.to_thread(lengths, path)
    assert 0.3 < pictures < 0.9
    assert sound > 0.9


async def test_when_every_device_is_unplugged_the_recording_ends_by_itself(need, backend, devices, tmp_path):
    need("ffprobe")
    path = tmp_path / "a.mp4"
    async with devices.get_user_media(video=SMALL, audio=True) as stream:
        recording = asyncio.ensure_future(ms.record(stream, path))
        await asyncio.sleep(0.6)
        backend.device("Cam").unplug()
        backend.device("Mic").unplug()
        async with asyncio.timeout(5):
            summary = await recording
        assert not stream.active
    assert summary.duration == pytest.approx(0.6, abs=0.3)
    pictures, sound = await asyncio.to_thread(lengths, path)
    assert pictures > 0.2
    assert sound > 0.2


async def test_a_camera_that_stalls_and_comes_back_leaves_no_hole_in_the_file(need, backend, devices, tmp_path):
    need("ffprobe")
    path = tmp_path / "a.webm"
    camera = backend.device("Cam")
    camera.script([(0.3, "stall"), (1.6, "resume")])
    async with devices.get_user_media(video=SMALL, audio=True) as stream:
        summary = await ms.record(stream, path, duration=2)
    pictures, sound = await asyncio.to_thread(lengths, path)
    assert summary.duration == pytest.approx(2, abs=0.05)
    assert pictures == pytest.approx(2, abs=0.15)
    assert sound == pytest.approx(2, abs=0.05)


async def test_a_loop_over_frames_whose_body_raises_detaches(devices):
    async with devices.get_user_media(video=SMALL) as stream:

        async def fail():
            async for frame in stream.video:
                frame.coded_width // 0

        with pytest.raises(ZeroDivisionError):
            await fail()
        gc.collect()
        await anext(stream.video.frames())  # the feed forgets ports at its next turn
        gc.collect()
        await until(lambda: not [port for port in stream.video._feed.ports if not port.closed])


async def test_a_permission_policy_that_raises_fails_the_request_and_opens_nothing(backend, devices):
    class Broken(ms.LocalPolicy):
        def query(self, descriptor):
            return "prompt"

        async def request(self, descriptor):
            raise ConnectionResetError("the dialogue crashed")

    ms.navigator.permissions.policy = Broken()
    with pytest.raises(ConnectionResetError, match="the dialogue crashed"):
        await devices.get_user_media(video=True)
    assert not backend.device("Cam").in_use
    ms.navigator.permissions.policy = ms.LocalPolicy()
    async with devices.get_user_media(video=True):
        assert backend.device("Cam").in_use


async def test_a_source_of_a_third_party_that_raises_anything_is_an_abort_error(backend, devices):
    backend.device("Cam").fail_to_open(ZeroDivisionError("its driver is a script"))
    with pytest.raises(ms.AbortError, match="Cam could not be opened: its driver is a script"):
        await devices.get_user_media(video=True)
    backend.device("Cam").fail_to_open(None)
    async with devices.get_user_media(video=True) as stream:
        await anext(stream.video.frames())


async def test_a_stream_that_is_dropped_warns_and_closes_its_devices(backend, devices):
    stream = await devices.get_user_media(video=True, audio=True)
    frames = stream.video.frames()
    await anext(frames)
    del frames
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del stream
        gc.collect()
    assert sorted(str(one.message).split("'")[1] for one in caught if one.category is ResourceWarning) == ["Cam", "Mic"]
    await until(lambda: not backend.device("Cam").in_use and not backend.device("Mic").in_use)


async def test_what_is_still_read_or_recorded_is_not_dropped(backend, devices, tmp_path):
    stream = await devices.get_user_media(video=SMALL)
    frames = stream.video.frames()
    recording = ms.record(stream, tmp_path / "a.mkv", duration=0.5)
    del stream
    gc.collect()
    summary = await recording
    assert summary.frames > 5
    assert (await anext(frames)).coded_width == 320
    with pytest.warns(ResourceWarning, match="was dropped while its device is open"):  # noqa: PT031 - one makes it, or both
        del frames
        gc.collect()
    await until(lambda: not backend.device("Cam").in_use)


async def test_a_truncated_movie_is_recorded_as_far_as_it_goes(need, movie, tmp_path):
    need("ffprobe")
    whole = tmp_path / "whole.mkv"
    async with ms.open(movie, clock="free") as stream:
        fast = {"video": {"preset": "ultrafast"}}
        await ms.record(stream, whole, encoder_options=fast)
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    async with ms.open(torn, clock="free") as stream:
        summary = await ms.record(stream, tmp_path / "rest.mkv", encoder_options=fast)
    assert 20 < summary.frames < 120
    pictures, sound = await asyncio.to_thread(lengths, tmp_path / "rest.mkv")
    assert pictures == pytest.approx(summary.duration, abs=0.2)
    assert sound == pytest.approx(summary.duration, abs=0.2)


async def test_a_playlist_of_the_network_cannot_have_a_local_file_recorded(movie, tmp_path):
    secret = tmp_path / "secret.ts"
    async with ms.open(movie, clock="free") as stream:
        await ms.record(stream, tmp_path / "a.mkv", encoder_options={"video": {"preset": "ultrafast"}})
    secret.write_bytes((tmp_path / "a.mkv").read_bytes())
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{secret.as_uri()}\n#EXT-X-ENDLIST\n".encode()
    target = tmp_path / "stolen.mkv"

    async def steal(url):
        async with ms.open(url, clock="free") as stream:
            await ms.record(stream, target)

    with serve({"/list.m3u8": playlist}) as (base, asked):
        with pytest.raises((ms.NotSupportedError, ms.NetworkError, ms.NotReadableError)):
            await steal(f"{base}/list.m3u8")
        assert "/list.m3u8" in asked
    assert not target.exists()
