"""`record` into several files: nothing is lost at the seams, and each of them is a whole file."""

import asyncio
import errno
import json
import os
import re
import shutil
import subprocess
import time

import av
import numpy as np
import pytest

import mediastreams as ms
from mediastreams._engine.clock import use_clock
from mediastreams._engine.encoding.target import FileTarget
from mediastreams.errors import InvalidStateError
from mediastreams.recording.record import record
from mediastreams.testing import ManualClock, read_counter

__all__ = []


def tags(path):
    command = ["ffprobe", "-v", "warning", "-of", "json", "-show_entries", "format_tags:stream_tags", path]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)
    first = answer["streams"][0].get("tags", {})
    return answer["format"].get("tags", first), [one.get("tags", {}) for one in answer["streams"]]


@pytest.mark.may_block  # compares a quarter of a million samples
async def test_every_frame_and_every_sample_is_in_one_of_the_files(made, make_stream, probe, decode, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(150)), made.Scripted("audio", made.sounds(5.0)))
    summary = await record(
        stream,
        tmp_path / "a-%02d.mkv",
        mime_type='video/x-matroska;codecs="h264,pcm"',
        segment_seconds=2,
    )
    paths = sorted(tmp_path.iterdir())
    assert [path.name for path in paths] == ["a-00.mkv", "a-01.mkv", "a-02.mkv"]
    assert [one.path for one in summary.files] == [str(path) for path in paths]
    assert [one.frames for one in summary.files] == [60, 60, 30]
    assert [one.start for one in summary.files] == pytest.approx([0, 2, 4], abs=0.001)
    assert [one.size for one in summary.files] == [path.stat().st_size for path in paths]
    assert (summary.frames, summary.dropped, summary.fps) == (150, 0, 30.0)
    assert summary.size == sum(one.size for one in summary.files)
    assert summary.duration == pytest.approx(5.0, abs=0.02)
    seen, heard = [], []
    for path in paths:
        assert (await probe(path)).start == 0
        (times, luma), (sound, _) = await decode(path)
        assert times[0] == 0
        seen += luma
        heard.append(sound)
    assert seen == pytest.approx([40 + i * 2 % 160 for i in range(150)], abs=4)
    whole = np.concatenate(heard, axis=1)
    assert whole.shape == (1, 240_000)
    assert np.abs(whole - made.tone(0, 240_000)).max() < 1 / 32_000


@pytest.mark.parametrize("suffix", ["mp4", "webm", "mkv", "flac", "wav", "ogg"])
async def test_each_file_of_every_format_is_whole_and_begins_at_zero(made, make_stream, probe, tmp_path, suffix):
    stream = make_stream(
        made.Scripted("video", made.pictures(75)), made.Scripted("audio", made.sounds(2.5, layout="stereo"))
    )
    summary = await record(stream, tmp_path / f"%d.{suffix}", segment_seconds=1)
    assert [one.path for one in summary.files] == [str(tmp_path / f"{i}.{suffix}") for i in range(3)]
    for one, seconds in zip(summary.files, (1, 1, 0.5), strict=True):
        found = await probe(one.path)
        assert found.duration == pytest.approx(seconds, abs=0.03)
        assert found.start == pytest.approx(0, abs=0.01)


async def test_files_of_about_so_many_bytes_of_which_the_last_are_kept(made, make_stream, probe, tmp_path):
    rng = np.random.default_rng(5)
    script = made.pictures(240)
    for picture in script:
        plane = picture.av.planes[0]
        memoryview(plane)[:] = rng.integers(20, 220, plane.buffer_size, np.uint8).tobytes()
    stream = make_stream(made.Scripted("video", script))
    summary = await record(stream, tmp_path / "%d.mp4", segment_bytes=600_000, keep_segments=2)
    assert summary.frames == 240
    assert len(summary.files) == len(list(tmp_path.iterdir())) == 2
    assert summary.files[0].size == pytest.approx(600_000, rel=0.25)
    assert summary.size > 2.5 * 600_000
    assert sum(one.frames for one in summary.files) < 240


async def test_files_are_named_by_the_time_and_none_replaces_another(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("audio", made.sounds(1.5)))
    summary = await record(stream, tmp_path / "%Y-%m-%d 100%%.wav", segment_seconds=0.5)
    names = [os.path.basename(one.path) for one in summary.files]  # noqa: PTH119
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d 100%(-\d)?\.wav", name) for name in names)
    assert len(set(names)) == 3


async def test_a_size_and_a_rate_that_change_are_those_of_the_next_file(made, make_stream, probe, tmp_path):
    later = made.T0 + 1_000_000
    video = made.pictures(30) + made.pictures(30, start=later, width=80, height=60)
    audio = made.sounds(1.0) + made.sounds(1.0, start=later, sample_rate=44_100)
    stream = make_stream(made.Scripted("video", video), made.Scripted("audio", audio))
    await record(stream, tmp_path / "%d.mp4", segment_seconds=1)
    first, second = [(await probe(tmp_path / f"{i}.mp4")) for i in range(2)]
    assert (first.stream("video")["width"], second.stream("video")["width"]) == (160, 80)
    assert second.duration == pytest.approx(1.0, abs=0.03)


async def test_a_track_that_has_ended_is_not_in_the_next_files(made, make_stream, probe, tmp_path):
    stream = make_stream(
        made.Scripted("video", made.pictures(15)),
        made.Scripted("audio", made.sounds(2.0)),
        made.Scripted("audio", made.sounds(2.0, hertz=880)),
    )
    summary = await record(stream, tmp_path / "%d.mp4", segment_seconds=1)
    assert len((await probe(tmp_path / "0.mp4")).streams) == 3
    assert {one["codec_type"] for one in (await probe(tmp_path / "1.mp4")).streams} == {"audio"}
    assert [one.frames for one in summary.files] == [15, 0]


async def test_a_track_that_is_several_files_behind_finds_them_open(made, make_stream, probe, tmp_path):
    slow = [*made.pictures(15), lambda _: time.sleep(0.5), *made.pictures(120)[15:]]
    stream = make_stream(made.Scripted("video", slow), made.Scripted("audio", made.sounds(4.0)))
    summary = await record(stream, tmp_path / "%d.mkv", segment_seconds=1)
    assert [one.frames for one in summary.files] == [30, 30, 30, 30]
    for one in summary.files:
        assert len((await probe(one.path)).streams) == 2


@pytest.mark.may_block(reason="the test decodes what was recorded")
async def test_live_tracks_of_fake_devices_lose_nothing_at_the_seams(tmp_path):
    with use_clock(ManualClock()) as clock:
        devices = ms.MediaDevices(backends=["fake"])
        small = {"width": 320, "height": 240, "frame_rate": 30}
        with await clock.until(devices.get_user_media(video=small, audio=True)) as stream:
            async with record(stream, tmp_path / "%d.mp4", segment_seconds=1.5) as recording:
                await clock.advance(5.0)
        await clock.advance(0.1)
    summary = recording.summary
    assert len(summary.files) == 4
    assert sum(one.frames for one in summary.files) == summary.frames
    counters = []
    for one in summary.files:
        with av.open(one.path) as container:
            counters += [read_counter(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert counters == list(range(counters[0], counters[0] + summary.frames))


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
async def test_copied_films_are_divided_at_their_key_frames(made, make_stream, probe, decode, tmp_path, suffix):
    script = made.Scripted("video", made.pictures(120)), made.Scripted("audio", made.sounds(4.0))
    film = tmp_path / f"film.{suffix}"
    await record(make_stream(*script), film, encoder_options={"g": 24})  # a key frame each 0.8 s
    with await ms.open(film, clock="free") as stream:
        summary = await record(stream, tmp_path / f"%d.{suffix}", copy=True, segment_seconds=1)
    assert [one.start for one in summary.files] == pytest.approx([0, 1.6, 2.667], abs=0.002)  # the scene changes at 80
    assert [one.frames for one in summary.files] == [48, 32, 40]
    packets, sounds = 0, 0
    for one in summary.files:
        await probe(one.path)
        (times, _), _ = await decode(one.path)
        assert times[0] == pytest.approx(0, abs=0.025)
        with av.open(one.path) as container:
            packets += sum(1 for packet in container.demux(audio=0) if packet.size)
    with av.open(str(film)) as container:
        sounds = sum(1 for packet in container.demux(audio=0) if packet.size)
    assert packets == sounds


async def test_a_film_without_key_frames_to_divide_it_at_stays_whole(probe, tmp_path, movie):
    with await ms.open(movie, clock="free") as stream:
        summary = await record(stream, tmp_path / "%d.mp4", copy=True, segment_seconds=1)
    assert [one.frames for one in summary.files] == [132]
    assert (await probe(summary.files[0].path)).duration == pytest.approx(5.3, abs=0.05)


async def test_an_unwritable_second_file_is_named_and_the_first_is_whole(made, make_stream, probe, tmp_path):
    (tmp_path / "1.mp4").mkdir()
    stream = make_stream(made.Scripted("video", made.pictures(90)))
    with pytest.raises(IsADirectoryError, match="is a folder") as caught:
        await record(stream, tmp_path / "%d.mp4", segment_seconds=1)
    assert caught.value.filename == str(tmp_path / "1.mp4")
    assert (await probe(tmp_path / "0.mp4")).duration == pytest.approx(1.0, abs=0.01)


async def test_a_folder_that_vanishes_is_named(made, make_stream, tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()

    def vanish(_):
        shutil.rmtree(folder)

    stream = make_stream(made.Scripted("video", [*made.pictures(45), vanish, *made.pictures(90)[45:]]))
    with pytest.raises(FileNotFoundError, match="the folder does not exist"):
        await record(stream, folder / "%d.mkv", segment_seconds=2)


async def test_a_disk_that_runs_full_in_a_segment_leaves_all_of_them_playable(
    made, make_stream, probe, tmp_path, monkeypatch
):
    write = FileTarget._write_at

    def full(target, position, data):
        if target.name.endswith("1.mp4") and position + len(data) > 6_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(target, position, data)

    monkeypatch.setattr(FileTarget, "_write_at", full)
    stream = make_stream(made.Scripted("video", made.pictures(240)))
    with pytest.raises(OSError, match="the disk is full"):
        await record(stream, tmp_path / "%d.mp4", segment_seconds=3)
    assert (await probe(tmp_path / "0.mp4")).duration == pytest.approx(3.0, abs=0.01)
    assert 0.4 < (await probe(tmp_path / "1.mp4")).duration < 3


@pytest.mark.parametrize("suffix", ["mp4", "webm", "mkv", "flac", "ogg", "wav"])
async def test_title_time_and_devices_are_in_the_file(made, make_stream, probe, need, tmp_path, suffix):
    need("ffprobe")
    stream = make_stream(made.Scripted("video", made.pictures(10)), made.Scripted("audio", made.sounds(0.4)))
    path = tmp_path / f"a.{suffix}"
    await record(stream, path, metadata={"title": "Nistkasten №1", "comment": "am Tor"})
    await probe(path)
    found, tracks = await asyncio.to_thread(tags, path)
    named = {key.lower(): value for key, value in found.items()}
    assert (named["title"], named["comment"]) == ("Nistkasten №1", "am Tor")
    if suffix != "wav":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", named["creation_time"])
    assert tracks


async def test_fake_devices_name_their_tracks_and_other_metadata_is_kept(need, tmp_path):
    need("ffprobe")
    with use_clock(ManualClock()) as clock:
        devices = ms.MediaDevices(backends=["fake"])
        with await clock.until(devices.get_user_media(video={"width": 320, "height": 240}, audio=True)) as stream:
            for name in ("a.mp4", "a.webm"):
                await clock.until(record(stream, tmp_path / name, duration=0.5, metadata={"place": "Ulm"}))
        await clock.advance(0.1)
    found, tracks = await asyncio.to_thread(tags, tmp_path / "a.mp4")
    assert found["place"] == "Ulm"
    assert {one["handler_name"] for one in tracks} == {"Fake camera 1 (user)", "Fake microphone 1"}
    found, tracks = await asyncio.to_thread(tags, tmp_path / "a.webm")
    assert found["PLACE"] == "Ulm"
    assert {one["title"] for one in tracks} == {"Fake camera 1 (user)", "Fake microphone 1"}


@pytest.mark.parametrize(
    ("name", "keywords", "error", "message"),
    [
        ("a.mp4", {"segment_seconds": 3}, ValueError, "number them: out-%03d.mp4"),
        ("100%%.mp4", {"segment_bytes": 3}, ValueError, "number them"),
        ("%d.mp4", {"segment_seconds": 0}, ValueError, "segment_seconds must be more than 0"),
        ("%d.mp4", {"segment_seconds": "3"}, TypeError, "segment_seconds"),
        ("%d.mp4", {"segment_bytes": 1.5}, TypeError, "segment_bytes: expected an int"),
        ("a.mp4", {"keep_segments": 3}, ValueError, "keep_segments needs segments"),
        ("a.mp4", {"preroll": 3, "duration": 3}, ValueError, "leave duration out"),
        ("a.mp4", {"preroll": -1}, ValueError, "preroll must be more than 0"),
        ("a.mp4", {"metadata": {"title": 3}}, TypeError, "title"),
        ("a.mp4", {"metadata": "title"}, TypeError, "a mapping"),
    ],
)
async def test_wrong_wishes_are_refused(made, make_stream, tmp_path, name, keywords, error, message):
    stream = make_stream(made.Scripted("video", made.pictures(1)))
    with pytest.raises(error, match=message):
        record(stream, tmp_path / name, **keywords)


async def test_a_sign_in_the_name_of_one_file_stays_as_it_is(made, make_stream, tmp_path):
    await record(make_stream(made.Scripted("audio", made.sounds(0.1))), tmp_path / "100%d.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["100%d.wav"]


async def test_a_track_that_is_added_is_not_recorded_and_that_is_said(made, make_stream, tmp_path, caplog):
    stream = make_stream(made.Scripted("audio", made.live_sounds(5), live=True))
    other = make_stream(made.Scripted("audio", made.live_sounds(5), live=True))
    async with record(stream, tmp_path / "a.webm") as recording:
        stream.add_track(other.audio)
        await asyncio.sleep(0.2)
    assert recording.summary.channels == 1
    assert caplog.text.count("was added while its stream is recorded") == 1
    caplog.clear()
    stream.remove_track(other.audio)
    stream.add_track(other.audio)
    assert not caplog.text


async def test_trigger_is_for_recordings_that_wait(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("audio", made.sounds(0.1)))
    recording = record(stream, tmp_path / "a.wav")
    with pytest.raises(InvalidStateError, match="preroll=30"):
        recording.trigger()
    with pytest.raises(InvalidStateError, match="preroll=30"):
        recording.rearm()
    await recording
