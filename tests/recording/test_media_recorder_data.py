"""`MediaRecorder`: the files that its blobs make, as other programs see them."""

import asyncio
import functools
import io
import itertools
import tempfile

import av
import numpy as np
import pytest

import mediastreams as ms
from mediastreams import MediaRecorder
from mediastreams._engine.clock import use_clock
from mediastreams.files.spool import BlobSpool
from mediastreams.files.stores import TemporaryStore
from mediastreams.recording import blob_target
from mediastreams.testing import FakeBackend, ManualClock

__all__ = []

VIDEO_TYPES = [
    ("", "webm"),
    ("video/webm;codecs=vp8", "webm"),
    ("video/webm;codecs=av1,opus", "webm"),
    ("video/mp4", "mp4"),
    ("video/mp4;codecs=avc1.42E01E,opus", "mp4"),
    ("video/mp4;codecs=hvc1.1.6.L93.B0,mp4a.40.2", "mp4"),
    ("video/mp4;codecs=av01,opus", "mp4"),
    ("video/x-matroska;codecs=avc1,flac", "mkv"),
]
AUDIO_TYPES = [
    ("audio/webm", "webm"),
    ("audio/mp4", "m4a"),
    ("audio/ogg", "ogg"),
    ("audio/flac", "flac"),
    ("audio/wav", "wav"),
]


def gathered(recorder):
    """The ``dataavailable`` events from now on."""
    events = []
    recorder.add_event_listener("dataavailable", events.append)
    return events


async def written(events, path):
    path.write_bytes(b"".join([await event.data.bytes() for event in events]))
    return path


class Studio:
    """Fake devices under the manual clock, and a recorder on them."""

    def __init__(self, clock):
        self.clock = clock

    async def stream(self, **wanted):
        devices = ms.MediaDevices(backends=["fake"])
        return await self.clock.until(devices.get_user_media(**wanted))

    async def end(self, recorder):
        """Stop it and wait for its last event."""
        stopped = asyncio.ensure_future(recorder.wait_for("stop"))
        await asyncio.sleep(0)  # it listens
        recorder.stop()
        await self.clock.until(stopped)

    async def stop(self, recorder):
        """The same, and stop the devices."""
        await self.end(recorder)
        recorder.stream._stop_tracks()
        await self.clock.advance(0.1)


@pytest.fixture
def studio():
    with use_clock(ManualClock()) as clock:
        yield Studio(clock)


SMALL = {"width": 320, "height": 240, "frame_rate": 30}


@pytest.mark.parametrize("timeslice", [None, 200])
@pytest.mark.parametrize(("mime_type", "suffix"), VIDEO_TYPES)
async def test_the_blobs_are_one_file_of_the_right_length(studio, probe, tmp_path, mime_type, suffix, timeslice):
    stream = await studio.stream(video=SMALL, audio=True)
    recorder = MediaRecorder(stream, mime_type=mime_type)
    events = gathered(recorder)
    recorder.start(timeslice)
    await studio.clock.advance(2.0)
    await studio.stop(recorder)
    assert len(events) == 1 if timeslice is None else len(events) >= 6
    found = await probe(await written(events, tmp_path / f"a.{suffix}"))
    assert {one["codec_type"] for one in found.streams} == {"video", "audio"}
    if timeslice is None or suffix == "mp4":
        assert found.duration == pytest.approx(2.0, abs=0.1)
    with av.open(str(tmp_path / f"a.{suffix}")) as file:
        times = [float(frame.pts * frame.time_base) for frame in file.decode(video=0)]
    assert (times[0], times[-1]) == (pytest.approx(0, abs=0.05), pytest.approx(2 - 1 / 30, abs=0.1))
    assert len(times) == pytest.approx(60, abs=2)


@pytest.mark.parametrize("timeslice", [None, 200])
@pytest.mark.parametrize(("mime_type", "suffix"), AUDIO_TYPES)
async def test_sound_alone_makes_one_file_too(studio, probe, decode, tmp_path, mime_type, suffix, timeslice):
    stream = await studio.stream(audio=True)
    recorder = MediaRecorder(stream, mime_type=mime_type)
    events = gathered(recorder)
    recorder.start(timeslice)
    await studio.clock.advance(2.0)
    await studio.stop(recorder)
    assert len(events) == 1 if timeslice is None else len(events) >= 3
    path = await written(events, tmp_path / f"a.{suffix}")
    allow = () if timeslice is None or suffix != "wav" else ("wav data size", "from bitrate", "orrupt")  # as of pipes
    found = await probe(path, allow=allow)
    assert found.stream("audio")["sample_rate"] == "48000"
    _, (sound, rate) = await decode(path)
    assert sound.shape[1] / rate == pytest.approx(2.0, abs=0.1)
    assert np.abs(sound).max() > 0.1


async def test_a_pause_is_cut_out_of_picture_and_sound(studio, probe, decode, tmp_path):
    stream = await studio.stream(video=SMALL, audio=True)
    recorder = MediaRecorder(stream, mime_type="video/webm;codecs=vp8")
    events = gathered(recorder)
    recorder.start()
    await studio.clock.advance(1.0)
    recorder.pause()
    await studio.clock.advance(7.3)
    recorder.resume()
    await studio.clock.advance(1.0)
    await studio.stop(recorder)
    path = await written(events, tmp_path / "a.webm")
    found = await probe(path)
    assert found.duration == pytest.approx(2.0, abs=0.1)
    (times, _), (sound, rate) = await decode(path)
    steps = np.diff(times)
    assert steps.max() < 0.07, "no hole where the pause was"
    assert steps.min() > 0.03, "and no picture that comes too soon"
    assert sound.shape[1] / rate == pytest.approx(times[-1], abs=0.1)


async def test_stopped_in_a_pause_it_lasts_as_long_as_was_recorded(studio, probe, tmp_path):
    stream = await studio.stream(video=SMALL, audio=True)
    recorder = MediaRecorder(stream)
    events = gathered(recorder)
    recorder.start()
    await studio.clock.advance(1.0)
    recorder.pause()
    await studio.clock.advance(5.0)
    await studio.stop(recorder)
    assert (await probe(await written(events, tmp_path / "a.webm"))).duration == pytest.approx(1.0, abs=0.1)


async def test_slices_come_at_the_pace_that_was_asked_for(studio):
    stream = await studio.stream(video=SMALL, audio=True)
    recorder = MediaRecorder(stream, mime_type="video/webm;codecs=vp8")
    events = gathered(recorder)
    recorder.start(500)
    await studio.clock.advance(5.2)
    before = len(events)
    await studio.stop(recorder)
    assert 9 <= before <= 10
    codes = [event.timecode for event in events]
    assert codes[0] == 0
    assert all(400 <= later - earlier <= 700 for earlier, later in itertools.pairwise(codes[1:-1]))
    assert all(event.data.type == "video/webm;codecs=vp8" for event in events)


async def test_in_a_pause_no_slices_come(studio):
    stream = await studio.stream(video=SMALL)
    recorder = MediaRecorder(stream, mime_type="video/webm;codecs=vp8")
    events = gathered(recorder)
    recorder.start(200)
    await studio.clock.advance(1.0)
    recorder.pause()
    await studio.clock.advance(0.3)
    before = len(events)
    await studio.clock.advance(5.0)
    assert len(events) == before
    recorder.resume()
    await studio.clock.advance(1.0)
    assert len(events) >= before + 3
    await studio.stop(recorder)


@pytest.mark.parametrize("kinds", [("video",), ("audio",), ("video", "audio")])
async def test_slices_without_length_begin_with_the_head_and_their_times_rise(studio, kinds):
    stream = await studio.stream(**{kind: SMALL if kind == "video" else True for kind in kinds})
    recorder = MediaRecorder(stream)
    events = gathered(recorder)
    recorder.start(0)
    await studio.clock.advance(2.0)
    await studio.stop(recorder)
    assert 100 < events[0].data.size < 2000
    codes = [event.timecode for event in events if event.data.size]
    assert codes[0] == 0
    assert codes == sorted(codes)
    assert codes[-1] > 500


@pytest.mark.parametrize(("mime_type", "suffix"), [VIDEO_TYPES[1], VIDEO_TYPES[3]])
async def test_data_asked_for_in_between_leaves_one_file(studio, probe, tmp_path, mime_type, suffix):
    stream = await studio.stream(video=SMALL, audio=True)
    recorder = MediaRecorder(stream, mime_type=mime_type)
    events = gathered(recorder)
    recorder.start()
    for seconds in (0.05, 0.9, 0.02, 1.03):
        await studio.clock.advance(seconds)
        recorder.request_data()
    await studio.clock.advance(0.1)
    await studio.stop(recorder)
    assert len(events) == 5
    assert sum(event.data.size > 0 for event in events) >= 3
    await probe(await written(events, tmp_path / f"a.{suffix}"))
    with av.open(str(tmp_path / f"a.{suffix}")) as file:
        assert sum(1 for _ in file.decode(video=0)) == pytest.approx(63, abs=3)


async def test_a_second_run_is_a_file_of_its_own(studio, probe, tmp_path):
    stream = await studio.stream(video=SMALL)
    recorder = MediaRecorder(stream)
    for seconds in (1.0, 2.0):
        events = gathered(recorder)
        recorder.start()
        await studio.clock.advance(seconds)
        await studio.end(recorder)
        assert (await probe(await written(events[:1], tmp_path / "a.webm"))).duration == pytest.approx(seconds, abs=0.1)
        assert events[0].timecode == 0
    stream._stop_tracks()
    await studio.clock.advance(0.1)


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"video_key_frame_interval_duration": 500}, [0, 15, 30, 45]),
        ({"video_key_frame_interval_count": 19}, [0, 20, 40]),
        ({}, [0]),
    ],
)
async def test_key_frames_are_where_they_were_asked_for(studio, tmp_path, options, keys):
    stream = await studio.stream(video=SMALL)
    recorder = MediaRecorder(stream, {"mime_type": "video/webm;codecs=vp8", **options})
    events = gathered(recorder)
    recorder.start()
    await studio.clock.advance(1.9)
    await studio.stop(recorder)
    path = await written(events, tmp_path / "a.webm")
    with av.open(str(path)) as file:
        packets = [packet for packet in file.demux(video=0) if packet.dts is not None]
    assert [index for index, packet in enumerate(packets) if packet.is_keyframe] == keys


async def test_a_constant_rate_is_constant(studio, tmp_path):
    sizes = {}
    for mode in ("constant", "variable"):
        stream = await studio.stream(audio=True)
        recorder = MediaRecorder(stream, audio_bitrate_mode=mode, audio_bits_per_second=48_000)
        events = gathered(recorder)
        recorder.start()
        await studio.clock.advance(3.0)
        await studio.stop(recorder)
        with av.open(str(await written(events, tmp_path / "a.webm"))) as file:
            sizes[mode] = [packet.size for packet in file.demux(audio=0) if packet.dts is not None][2:-2]
    assert len(set(sizes["constant"])) == 1
    assert sizes["constant"][0] == 48_000 / 8 / 50
    assert len(set(sizes["variable"])) > 5


async def test_a_profile_that_was_asked_for_is_kept(studio, tmp_path):
    for name, profile in (("avc1.42E01E", "Baseline"), ("avc1.4D401E", "Main"), ("avc1.64001F", "High")):
        stream = await studio.stream(video=SMALL)
        recorder = MediaRecorder(stream, mime_type=f"video/mp4;codecs={name}")
        events = gathered(recorder)
        recorder.start()
        await studio.clock.advance(0.5)
        await studio.stop(recorder)
        with av.open(str(await written(events, tmp_path / "a.mp4"))) as file:
            assert profile in file.streams.video[0].codec_context.profile


@pytest.mark.parametrize("mime_type", ["video/webm;codecs=vp8", "video/webm;codecs=vp9", "video/mp4"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (161, 121)])
async def test_odd_sizes_are_recorded(make_stream, made, probe, tmp_path, mime_type, width, height):
    stream = make_stream(made.Scripted("video", made.pictures(30, width=width, height=height)))
    recorder = MediaRecorder(stream, mime_type=mime_type)
    events = gathered(recorder)
    recorder.start()
    await recorder.wait_for("stop", timeout=20)
    found = await probe(await written(events, tmp_path / ("a.mp4" if "mp4" in mime_type else "a.webm")))
    even = "mp4" in mime_type
    assert found.stream("video")["width"] == (max(2, width // 2 * 2) if even else width)
    assert found.duration == pytest.approx(1.0, abs=0.05)


async def test_a_source_without_a_clock_of_its_own_is_sliced_by_media_time_and_waits_in_a_pause(make_stream, made):
    stream = make_stream(made.Scripted("video", made.pictures(300)))
    recorder = MediaRecorder(stream, mime_type="video/webm;codecs=vp8")
    events = gathered(recorder)
    recorder.start(1000)
    await recorder.wait_for("dataavailable")
    recorder.pause()
    await asyncio.sleep(0.15)
    recorder.request_data()
    await recorder.wait_for("dataavailable")
    before = len(events)
    await asyncio.sleep(0.1)
    assert (len(events), recorder.state) == (before, "paused")
    recorder.resume()
    await recorder.wait_for("stop", timeout=20)
    assert 9 <= len(events) <= 14
    whole = b"".join([await event.data.bytes() for event in events])
    with av.open(io.BytesIO(whole)) as file:
        assert sum(1 for _ in file.decode(video=0)) == 300


async def test_tracks_that_are_muted_are_recorded_black_and_silent(studio, decode, tmp_path):
    backend = FakeBackend()
    devices = ms.MediaDevices(backends=[backend])
    stream = await studio.clock.until(devices.get_user_media(video=SMALL, audio=True))
    recorder = MediaRecorder(stream, mime_type="video/webm;codecs=vp8")
    events = gathered(recorder)
    recorder.start()
    await studio.clock.advance(1.0)
    for label in (stream.video.label, stream.audio.label):
        backend.device(label).mute()
    await studio.clock.advance(2.0)
    await studio.stop(recorder)
    (times, luma), (sound, rate) = await decode(await written(events, tmp_path / "a.webm"))
    assert max(luma[index] for index, time in enumerate(times) if time > 1.3) < 20
    assert np.abs(sound[:, round(1.5 * rate) :]).max() < 0.01
    assert sound.shape[1] / rate == pytest.approx(3.0, abs=0.35)


async def test_two_pictures_and_two_sounds_are_four_tracks(studio, probe, tmp_path):
    one, two = await studio.stream(video=SMALL, audio=True), await studio.stream(video=SMALL, audio=True)
    stream = ms.MediaStream([*one.get_tracks(), *two.get_tracks()])
    recorder = MediaRecorder(stream, bits_per_second=1_000_000)
    events = gathered(recorder)
    recorder.start()
    await studio.clock.advance(1.0)
    await studio.stop(recorder)
    found = await probe(await written(events, tmp_path / "a.webm"))
    assert sorted(one["codec_type"] for one in found.streams) == ["audio", "audio", "video", "video"]


async def test_what_is_large_is_on_disk_and_still_gets_its_duration(make_stream, made, probe, monkeypatch, tmp_path):
    stream = make_stream(made.Scripted("audio", made.sounds(60, layout="stereo")))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(blob_target, "BlobSpool", functools.partial(BlobSpool, in_memory=2**20))
    recorder = MediaRecorder(stream, mime_type="audio/wav")
    events = gathered(recorder)
    recorder.start()
    await recorder.wait_for("stop", timeout=20)
    kinds = [type(extent.store) for extent in events[0].data._content.extents]
    assert kinds[0] is TemporaryStore
    in_memory = sum(one.length for one in events[0].data._content.extents if one.store.in_memory)
    assert in_memory <= 2**20 < events[0].data.size
    assert (await probe(await written(events, tmp_path / "a.wav"))).duration == pytest.approx(60, abs=0.1)


async def test_a_picture_that_stands_still_is_recorded_from_the_beginning(decode, tmp_path):
    canvas = ms.CanvasElement(64, 48)
    stream = canvas.capture_stream()
    canvas.get_context("2d").fill_rect(0, 0, 64, 48)
    await asyncio.sleep(0.3)  # it was captured long ago
    async with MediaRecorder(stream, mime_type="video/webm;codecs=vp8") as recorder:
        events = gathered(recorder)
        recorder.start()
        await recorder.wait_for("start")
        recorder.request_data()
        await recorder.wait_for("dataavailable")
        assert events[0].data.size > 0
    (times, _), _ = await decode(await written(events, tmp_path / "a.webm"))
    assert times[0] == 0
    stream._stop_tracks()
