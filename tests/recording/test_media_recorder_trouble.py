"""`MediaRecorder`: what goes wrong, and who lets go of it."""

import asyncio
import gc
import io
import subprocess
import sys
import threading
import weakref

import av
import pytest

import mediastreams as ms
from mediastreams import MediaRecorder
from mediastreams._engine.encoding import video_encoder
from mediastreams.files.spool import BlobSpool
from mediastreams.recording import media_recorder

__all__ = []

EVENTS = ("start", "stop", "dataavailable", "pause", "resume", "error")


def heard(recorder):
    events = []
    for name in EVENTS:
        recorder.add_event_listener(name, events.append)
    return events


def names(events):
    return [event.type for event in events]


@pytest.fixture
def camera(make_stream, made):
    return make_stream(
        made.Scripted("video", made.live_pictures(60), live=True), settings={"width": 160, "height": 120}
    )


def decoded(events):
    whole = b"".join(bytes(event.data) for event in events if event.type == "dataavailable")
    with av.open(io.BytesIO(whole)) as file:
        return sum(1 for _ in file.decode(video=0))


@pytest.mark.parametrize("mime_type", ["video/mp4", "video/webm;codecs=vp8"])
async def test_an_encoder_that_fails_half_way_is_an_error_and_what_was_recorded_plays(
    make_stream, made, monkeypatch, mime_type
):
    """The encoder is real; the picture that it is given at the end has lost its planes' format."""
    seen = []
    fitted = video_encoder.fitted

    def failing(picture, *size):
        seen.append(picture)
        if len(seen) == 100:
            raise ValueError("the encoder has lost its hardware")
        return fitted(picture, *size)

    monkeypatch.setattr(video_encoder, "fitted", failing)
    recorder = MediaRecorder(make_stream(made.Scripted("video", made.pictures(200))), mime_type=mime_type)
    events = heard(recorder)
    states = []
    recorder.onerror = lambda _: states.append(recorder.state)
    recorder.start()
    await recorder.wait_for("stop", timeout=20)
    assert names(events) == ["start", "error", "dataavailable", "stop"]
    assert (states, recorder.state, recorder.mime_type) == (["inactive"], "inactive", mime_type)
    error = events[1].error
    assert isinstance(error, ms.UnknownError)
    assert "lost its hardware" in error.message
    assert "lost its hardware" in str(error.__cause__)
    assert 60 <= decoded(events) < 100


async def test_a_full_disk_is_an_error_and_what_was_recorded_plays(make_stream, made, monkeypatch):
    writes = []
    write = BlobSpool.write

    def failing(spool, data):
        writes.append(len(data))
        write(spool, data)
        if sum(writes) > 20_000:
            raise ms.QuotaExceededError("the disk is full")

    monkeypatch.setattr(BlobSpool, "write", failing)
    recorder = MediaRecorder(
        make_stream(made.Scripted("video", made.pictures(2000))), mime_type="video/webm;codecs=vp8"
    )
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("stop", timeout=20)
    assert names(events) == ["start", "error", "dataavailable", "stop"]
    assert "disk is full" in events[1].error.message
    assert decoded(events) > 20


async def test_a_picture_that_no_encoder_takes_is_not_supported(make_stream, made, monkeypatch):
    def refusing(*_, **__):
        raise ms.NotSupportedError("the encoder does not take this size")

    monkeypatch.setattr(video_encoder.VideoEncoder, "__init__", refusing)
    recorder = MediaRecorder(make_stream(made.Scripted("video", made.pictures(30))))
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("stop", timeout=20)
    assert names(events) == ["error", "stop"]
    assert isinstance(events[0].error, ms.NotSupportedError)
    assert recorder.state == "inactive"


async def test_a_track_that_never_shows_anything_starts_and_gives_an_empty_blob(make_stream, made):
    wait = threading.Event()
    stream = make_stream(made.Scripted("video", iter([lambda _: wait.wait(10)]), live=True), settings={"width": 0})
    recorder = MediaRecorder(stream)
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("start", timeout=5)
    assert recorder.state == "recording"
    recorder.request_data()
    await recorder.wait_for("dataavailable", timeout=5)
    recorder.stop()
    await recorder.wait_for("stop", timeout=5)
    wait.set()
    assert names(events) == ["start", "dataavailable", "dataavailable", "stop"]
    assert [event.data.size for event in events[1:3]] == [0, 0]


async def test_a_listener_that_raises_disturbs_nothing(camera):
    loop = asyncio.get_running_loop()
    reported = []
    loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
    recorder = MediaRecorder(camera)

    def bad(_):
        raise RuntimeError("bad listener")

    for name in ("start", "dataavailable"):
        recorder.add_event_listener(name, bad)
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("start")
    recorder.stop()
    await recorder.wait_for("stop", timeout=20)
    loop.set_exception_handler(None)
    assert names(events) == ["start", "dataavailable", "stop"]
    assert [str(error) for error in reported] == ["bad listener"] * 2


async def test_a_recorder_belongs_to_its_loop_but_stops_from_anywhere(camera):
    recorder = MediaRecorder(camera)
    for call in (recorder.start, recorder.pause, recorder.resume, recorder.request_data):
        with pytest.raises(RuntimeError, match="outside the event loop"):
            await asyncio.to_thread(call)
    recorder.start()
    await recorder.wait_for("start")
    waiting = asyncio.ensure_future(recorder.wait_for("stop", timeout=20))
    await asyncio.to_thread(recorder.stop)
    assert recorder.state == "inactive"
    await waiting


async def test_one_that_records_and_is_listened_to_is_kept(camera):
    recorder = MediaRecorder(camera)
    got = asyncio.get_running_loop().create_future()
    recorder.ondataavailable = lambda event: got.set_result(event.data.size)
    recorder.start()
    await recorder.wait_for("start")
    there = weakref.ref(recorder)
    del recorder
    gc.collect()
    assert there() is not None
    there().stop()
    assert await asyncio.wait_for(got, 20) > 0
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert there() is None
    assert not media_recorder._kept


async def test_one_that_nobody_holds_or_listens_to_is_stopped_with_a_warning(camera, made):
    held = [MediaRecorder(camera)]
    held[0].start()
    await held[0].wait_for("start")
    run = weakref.ref(held[0]._runs[0])
    await asyncio.sleep(0)  # the loop's present handle has the event, which has its target
    with pytest.warns(ResourceWarning, match="was dropped while it recorded"):
        _drop(held)
    await made.until(lambda: not any("recorder" in thread.name for thread in threading.enumerate()))
    await made.until(lambda: gc.collect() >= 0 and run() is None)
    assert camera._watchers == ()
    assert camera.active


def test_a_loop_that_is_closed_ends_its_recordings(make_stream, made):
    stream = make_stream(
        made.Scripted("video", made.live_pictures(60), live=True), settings={"width": 160, "height": 120}
    )

    async def begin():
        recorder = MediaRecorder(stream)
        recorder.ondataavailable = print
        recorder.start()
        await recorder.wait_for("start")
        return weakref.ref(recorder)

    there = asyncio.run(begin())
    assert asyncio.run(_gone(made, there))
    assert not media_recorder._kept


def _drop(held):
    held.clear()
    gc.collect()


async def _gone(made, there):
    await made.until(lambda: gc.collect() >= 0 and there() is None)
    return True


def test_without_a_loop_it_records_on_the_library_s_own(make_stream, made):
    stream = make_stream(made.Scripted("video", made.pictures(60)))
    recorder = MediaRecorder(stream)
    done, blobs = threading.Event(), []
    recorder.ondataavailable = lambda event: blobs.append(event.data)
    recorder.onstop = lambda _: done.set()
    recorder.start()
    assert done.wait(20)
    assert blobs[0].size > 500
    assert recorder.state == "inactive"


async def test_leaving_the_context_stops_and_waits_for_the_last_blob(camera):
    async with MediaRecorder(camera) as recorder:
        events = heard(recorder)
        recorder.start()
        await recorder.wait_for("start")
    assert names(events) == ["start", "dataavailable", "stop"]
    with MediaRecorder(camera) as recorder:
        recorder.start()
    assert recorder.state == "inactive"
    await recorder.wait_for("stop", timeout=20)


EXIT = """
import asyncio, os, sys
import mediastreams as ms

async def main():
    stream = await ms.MediaDevices(backends=["fake"]).get_user_media(video={"width": 320, "height": 240}, audio=True)
    recorder = ms.MediaRecorder(stream)
    recorder.ondataavailable = recorder.onstop = lambda event: None
    recorder.start(100)
    await recorder.wait_for("start")
    if "fork" in sys.argv:
        child = os.fork()
        if child == 0:
            assert recorder.state == "inactive", recorder.state
            recorder.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert recorder.state == "recording"
        recorder.stop()
        await recorder.wait_for("stop", timeout=20)
        stream._stop_tracks()
    else:
        sys.exit(3)

asyncio.run(main())
"""


@pytest.mark.parametrize(("how", "code"), [("exit", 3), ("fork", 0)])
def test_a_program_may_exit_or_fork_while_it_records(how, code):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", EXIT, how], capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stderr) == (code, "")
