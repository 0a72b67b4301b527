"""`record` and what goes wrong with files: named errors, and a playable rest."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mediastreams.recording.record import record

__all__ = []


async def test_a_folder_is_no_target(made, make_stream, tmp_path):
    (tmp_path / "a.webm").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it") as caught:
        await record(make_stream(made.Scripted("video", made.pictures(3))), tmp_path / "a.webm")
    assert caught.value.errno == errno.EISDIR
    assert caught.value.filename == str(tmp_path / "a.webm")


async def test_a_missing_folder_is_named(made, make_stream, tmp_path):
    with pytest.raises(FileNotFoundError, match="the folder does not exist; create it first"):
        await record(make_stream(made.Scripted("video", made.pictures(3))), tmp_path / "no" / "a.webm")


async def test_a_place_where_nobody_may_write_is_refused(made, make_stream):
    with pytest.raises((PermissionError, OSError), match=r"no permission|read-only|folder does not exist") as caught:
        await record(make_stream(made.Scripted("video", made.pictures(3))), "/proc/a.webm")
    assert caught.value.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT}


async def test_an_unwritable_file_is_a_permission_error(made, make_stream, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    path = tmp_path / "a.webm"
    path.touch(0o444)
    with pytest.raises(PermissionError, match="no permission to write there"):
        await record(make_stream(made.Scripted("video", made.pictures(3))), path)


async def test_an_existing_file_is_overwritten_and_kept_when_the_format_cannot_be_written(
    made, make_stream, probe, tmp_path
):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x" * 500_000)
    await record(make_stream(made.Scripted("video", made.pictures(30))), path)
    assert path.stat().st_size < 100_000
    assert (await probe(path)).duration == pytest.approx(1.0, abs=0.01)


class FullDisk:
    """A file object that takes so many bytes and no more; what was rewritten stays rewritten."""

    def __init__(self, path, room):
        self._file = path.open("w+b")
        self._room = room

    def write(self, data):
        here = self._file.tell()
        if here + len(data) > self._room:
            written = self._file.write(data[: max(0, self._room - here)])
            if written:
                return written
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data)

    def __getattr__(self, name):
        return getattr(self._file, name)


@pytest.mark.parametrize(
    "mime_type",
    ["video/webm;codecs=vp8", "video/mp4", "video/x-matroska", "audio/ogg", "audio/flac", "audio/wav"],
)
async def test_a_full_disk_is_named_and_the_rest_is_playable(made, make_stream, probe, tmp_path, mime_type):
    seconds = 8
    room = 700_000 if mime_type == "audio/wav" else 60_000
    script = made.pictures(seconds * 30)
    stream = make_stream(made.Scripted("video", script), made.Scripted("audio", made.sounds(seconds, layout="stereo")))
    disk = FullDisk(tmp_path / "file", room)
    with pytest.raises(OSError, match="the disk is full; what was recorded until then is playable") as caught:
        await record(stream, disk, mime_type=mime_type)
    assert caught.value.errno == errno.ENOSPC
    disk.close()
    found = await probe(tmp_path / "file")
    assert found.streams


@pytest.mark.real
async def test_a_small_file_system_that_runs_full_is_named_and_the_rest_is_playable(
    made, make_stream, probe, tmp_path, need
):
    need("mount", "umount")
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = await asyncio.create_subprocess_exec(
        "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder), stderr=subprocess.DEVNULL
    )
    await mounting.wait()
    if mounting.returncode:
        pytest.skip("may not mount a file system here")
    try:
        stream = make_stream(
            made.Scripted("video", made.pictures(300)), made.Scripted("audio", made.sounds(10, layout="stereo"))
        )
        with pytest.raises(OSError, match="the disk is full"):
            await record(stream, folder / "a.mp4")
        found = await probe(folder / "a.mp4")
        assert found.duration > 0.5
    finally:
        await (await asyncio.create_subprocess_exec("umount", "-l", str(folder))).wait()


async def test_what_ffmpeg_moves_at_the_end_is_moved_back_when_there_is_no_room_for_it(
    made, make_stream, probe, tmp_path
):
    """The index of an MP4 is written last; without room for it the fragments must stay readable."""
    whole = await record(make_stream(made.Scripted("video", made.pictures(90))), tmp_path / "whole.mp4")
    for short in (1, 300, 900):
        stream = make_stream(made.Scripted("video", made.pictures(90)))
        disk = FullDisk(tmp_path / "short.mp4", whole.size - short)
        with pytest.raises(OSError, match="the disk is full"):
            await record(stream, disk, mime_type="video/mp4")
        disk.close()
        assert (await probe(tmp_path / "short.mp4")).duration == pytest.approx(3.0, abs=0.6)


CHILD = """
import asyncio, sys, time
import importlib.util
spec = importlib.util.spec_from_file_location("scripts", {folder!r} + "/conftest.py")
scripts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scripts)
from mediastreams.recording.record import record

async def main():
    stream, _ = scripts.stream_of(
        scripts.Scripted("video", scripts.live_pictures(60, width=320, height=240), live=True),
        scripts.Scripted("audio", scripts.live_sounds(60, layout="stereo"), live=True),
    )
    async with record(stream, {path!r}, mime_type={mime_type!r}, **{keywords!r}) as recording:
        print("begun", flush=True)
        while recording.stats.elapsed < 2.0:
            await asyncio.sleep(0.02)
        print("now", flush=True)
        await asyncio.sleep(60)
{main}
"""


def child(path, mime_type, main="asyncio.run(main())", **keywords):
    folder = str(Path(__file__).parent)
    code = CHILD.format(folder=folder, path=str(path), mime_type=mime_type, main=main, keywords=keywords)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("a.webm", "video/webm"),
        ("a.webm", "video/webm;codecs=av1"),
        ("a.mp4", None),
        ("a.mkv", None),
        ("a.ogg", None),
        ("a.flac", None),
        ("a.wav", None),
    ],
)
async def test_a_killed_process_leaves_a_file_that_plays_up_to_the_last_second(
    probe, decode, tmp_path, name, mime_type
):
    process = await asyncio.to_thread(child, tmp_path / name, mime_type)
    try:
        assert await asyncio.to_thread(process.stdout.readline) == "begun\n"
        begun = time.monotonic()
        assert await asyncio.to_thread(process.stdout.readline) == "now\n"
        recorded = time.monotonic() - begun
    finally:
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)
        process.stdout.close()
    await probe(tmp_path / name)
    (times, _), (sound, rate) = await decode(tmp_path / name)
    lost = min(recorded, 2.0) - sound.shape[1] / rate
    assert lost < 1.0
    if name.endswith((".webm", ".mp4", ".mkv")):
        assert min(recorded, 2.0) - times[-1] < 1.0


@pytest.mark.parametrize("suffix", ["mp4", "webm"])
@pytest.mark.parametrize("after", [0.0, 0.5])
async def test_a_process_killed_at_any_moment_of_its_segments_leaves_all_of_them_playable(
    probe, tmp_path, suffix, after
):
    path = tmp_path / f"%d.{suffix}"
    process = await asyncio.to_thread(child, path, None, segment_seconds=0.95)
    try:
        assert await asyncio.to_thread(process.stdout.readline) == "begun\n"
        assert await asyncio.to_thread(process.stdout.readline) == "now\n"
        await asyncio.sleep(after)
    finally:
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)
        process.stdout.close()
    seconds = 0.0
    for file in sorted(tmp_path.iterdir()):
        if file.stat().st_size > 1_000:  # the newest may have nothing but its head
            found = (await probe(file)).duration
            if found != found:  # noqa: PLR0124 - NaN: WebM tells its length at its end
                command = ["ffmpeg", "-v", "error", "-i", file, "-f", "null", "-progress", "-", "-"]
                told = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
                found = (
                    max(int(line[12:]) for line in told.stdout.splitlines() if line.startswith("out_time_us=")) / 1e6
                )
            seconds += found
    assert seconds > 2.0 + after - 1.0


async def test_a_process_that_exits_while_recording_ends_the_file(probe, tmp_path):
    main = """
def go():
    import threading
    loop = asyncio.new_event_loop()
    task = loop.create_task(main())
    loop.call_later(1.5, loop.stop)
    loop.run_forever()
    import warnings, logging
    logging.disable()
    sys.exit(0)
go()
"""
    process = await asyncio.to_thread(child, tmp_path / "a.mp4", None, main)
    await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    found = await probe(tmp_path / "a.mp4")
    assert found.duration == pytest.approx(1.0, abs=0.7)


async def test_a_recording_that_nobody_awaits_says_that_nothing_was_recorded(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.live_pictures(20), live=True))
    with pytest.warns(RuntimeWarning, match=r"a\.webm.* was never awaited: nothing was recorded"):
        record(stream, tmp_path / "a.webm")
    assert not (tmp_path / "a.webm").exists()


async def test_a_recording_that_is_dropped_warns_and_ends_its_file(made, make_stream, probe, tmp_path):
    stream = make_stream(made.Scripted("video", made.live_pictures(20), live=True))
    recording = record(stream, tmp_path / "a.webm")
    await recording.__aenter__()
    await asyncio.sleep(0.5)
    session = recording._session
    with pytest.warns(ResourceWarning, match="was dropped while it ran"):
        del recording
    await made.until(lambda: session.join(0))
    assert (await probe(tmp_path / "a.webm")).duration > 0.2


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
async def test_a_pipe_whose_reader_goes_ends_the_recording_with_a_named_error(made, make_stream, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    stream = make_stream(made.Scripted("video", made.live_pictures(20), live=True))

    async def leave():
        await asyncio.sleep(0.5)
        os.close(reader)

    leaving = asyncio.create_task(leave())
    with pytest.raises(BrokenPipeError, match="its reader has gone"):
        await record(stream, tmp_path / "pipe", mime_type="video/webm")
    await leaving


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
async def test_a_pipe_that_nobody_reads_is_refused_at_once(made, make_stream, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nobody reads from it") as caught:
        await record(make_stream(made.Scripted("video", made.pictures(3))), tmp_path / "pipe", mime_type="video/webm")
    assert caught.value.errno == errno.ENXIO


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
async def test_a_reader_that_takes_nothing_does_not_hold_up_the_end(made, make_stream, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        stream = make_stream(made.Scripted("audio", made.sounds(10, layout="stereo")))
        recording = record(stream, tmp_path / "pipe", mime_type="audio/wav")
        await recording.__aenter__()
        await made.until(lambda: recording.stats.size >= 60_000)  # a pipe holds 64 KiB
        with pytest.raises(TimeoutError, match="its reader takes nothing"):
            await recording.__aexit__(None, None, None)
    finally:
        os.close(reader)


async def test_a_file_object_that_cannot_take_bytes_is_refused_with_the_cure(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(3)))
    (tmp_path / "a.webm").touch()
    with (tmp_path / "a.webm").open("w") as text, pytest.raises(TypeError, match=r'open\(path, "wb"\)'):
        record(stream, text)
    with (tmp_path / "a.webm").open("rb") as read_only, pytest.raises(ValueError, match=r'open\(path, "wb"\)'):
        record(stream, read_only)
