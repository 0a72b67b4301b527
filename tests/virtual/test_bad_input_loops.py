"""Two loops on one device, and loops that are closed under live streams."""

import asyncio
import gc
import threading
import time
import warnings

import av
import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeCamera, FakeMicrophone

pytestmark = pytest.mark.filterwarnings("ignore:.*was dropped while its device is open:ResourceWarning")


@pytest.fixture
def backend():
    backend = FakeBackend([FakeCamera(label="Cam"), FakeMicrophone(label="Mic")])
    yield backend
    wait_until(lambda: not backend.device("Cam").in_use and not backend.device("Mic").in_use)


@pytest.fixture
def devices(backend):
    return ms.MediaDevices(backends=[backend])


def wait_until(condition, seconds=5):
    """Wait for what another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


class Elsewhere:
    """A loop in a thread of its own."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def stop(stream):
    for track in stream.get_tracks():
        track.stop()


async def take(frames, count):
    return [await anext(frames) for _ in range(count)]


def test_two_loops_have_one_camera_at_the_same_time_each_with_its_own_track(devices, backend):
    async def use(barrier):
        async with devices.get_user_media(video=True) as stream:
            frames = stream.video.frames()
            stamps = [frame.timestamp for frame in await take(frames, 5)]
            await asyncio.to_thread(barrier.wait, 10)  # both have it open
            stamps += [frame.timestamp for frame in await take(frames, 5)]
            return stamps, len(backend.device("Cam").sources)

    barrier = threading.Barrier(2)
    with Elsewhere() as one, Elsewhere() as other:
        waits = [asyncio.run_coroutine_threadsafe(use(barrier), elsewhere.loop) for elsewhere in (one, other)]
        for wait in waits:
            stamps, open_sources = wait.result(10)
            assert stamps == sorted(set(stamps))
            assert open_sources == 1


def test_a_tracks_events_come_on_its_own_loop_though_another_one_ends_the_device(devices, backend):
    heard = []

    async def open_it():
        stream = await devices.get_user_media(video=True)
        stream.video.onended = lambda _: heard.append(threading.current_thread())
        return stream

    with Elsewhere() as one, Elsewhere() as other:
        mine = one.run(open_it())
        theirs = other.run(open_it())
        backend.device("Cam").unplug()
        wait_until(lambda: len(heard) == 2)
        assert set(heard) == {one.thread, other.thread}
        assert mine.video.ready_state == theirs.video.ready_state == "ended"


async def test_what_belongs_to_a_loop_says_so_elsewhere_and_what_does_not_works(devices):
    async def misuse(track):
        with pytest.raises(RuntimeError, match=r"apply_constraints was called outside the event loop that owns"):
            await track.apply_constraints(width=320)
        return True

    async def use(track):
        frame = await anext(track.frames())
        track.enabled = False
        settings = track.get_settings()
        track.stop()
        return frame.coded_width, settings.width

    async with devices.get_user_media(video=True) as stream:
        with Elsewhere() as other:
            assert await asyncio.to_thread(other.run, misuse(stream.video))
            width, setting = await asyncio.to_thread(other.run, use(stream.video))
            assert width == setting
        assert stream.video.ready_state == "ended"
        assert not stream.video.enabled


async def test_one_iterator_can_go_on_in_another_loop(devices):
    async with devices.get_user_media(video=True) as stream:
        frames = stream.video.frames(format="gray")
        first = await anext(frames)
        with Elsewhere() as other:
            second = await asyncio.to_thread(other.run, take(frames, 2))
        third = await anext(frames)
        stamps = [frame.timestamp for frame in (first, *second, third)]
        assert stamps == sorted(set(stamps))


def test_a_stream_outlives_its_loop_and_can_be_read_stopped_and_used_in_the_next_one(devices, backend):
    stream = asyncio.run(_open(devices))
    camera = backend.device("Cam")
    assert camera.in_use
    # Without any loop: blocking.
    with stream.video.frames() as frames:
        stamps = [next(frames).timestamp for _ in range(3)]
    assert stamps == sorted(set(stamps))

    async def next_loop():
        await stream.video.apply_constraints(width=320, height=240)
        frame = await anext(stream.video.frames())
        clone = stream.video.clone()
        ended = asyncio.ensure_future(clone.wait_for("ended", timeout=5))
        await asyncio.sleep(0)
        camera.unplug()
        await ended
        return frame.coded_width, clone.ready_state

    assert asyncio.run(next_loop()) == (320, "ended")
    wait_until(lambda: stream.video.ready_state == "ended")
    camera.plug()
    stop(stream)


async def _open(devices, **keywords):
    return await devices.get_user_media(**(keywords or {"video": True}))


def test_the_same_devices_serve_one_loop_after_another(devices, backend):
    async def use():
        async with devices.get_user_media(video=True, audio=True) as stream:
            await anext(stream.video.frames())
            return len(await devices.enumerate_devices())

    assert [asyncio.run(use()) for _ in range(3)] == [2, 2, 2]


def test_listening_for_changes_goes_on_in_the_next_loop(devices, backend):
    async def listen(name):
        change = asyncio.ensure_future(devices.wait_for("devicechange", timeout=5))
        await devices.get_user_media(video=True)  # labels are told from now on
        backend.plug(FakeCamera(label=name))
        return {device.label for device in (await change).devices}

    assert "Second" in asyncio.run(listen("Second"))
    assert {"Second", "Third"} <= asyncio.run(listen("Third"))
    gc.collect()


def test_a_loop_that_is_closed_while_a_frame_is_being_waited_for_leaves_nothing_running(devices):
    loop = asyncio.new_event_loop()
    stream = loop.run_until_complete(_open(devices))

    async def forever():
        async for _ in stream.video.frames(format="bgr24"):
            pass

    task = loop.create_task(forever())
    loop.run_until_complete(asyncio.sleep(0.1))
    task._log_destroy_pending = False  # asyncio says that of every loop that is closed so
    loop.close()
    time.sleep(0.1)  # frames and wake-ups go on coming: for nobody
    assert stream.video.ready_state == "live"
    stop(stream)
    assert not stream.active
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        del task
        gc.collect()


def test_a_recording_whose_loop_was_closed_ends_with_its_tracks_and_plays(devices, tmp_path):
    path = tmp_path / "a.mkv"
    loop = asyncio.new_event_loop()
    stream = loop.run_until_complete(_open(devices, video={"width": 320, "height": 240}, audio=True))
    recording = ms.record(stream, path)
    loop.run_until_complete(recording.__aenter__())
    loop.run_until_complete(asyncio.sleep(0.5))
    loop.close()
    time.sleep(0.3)  # it goes on
    stop(stream)
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "mediastreams-recorder"])
    with av.open(str(path)) as file:
        pictures = [frame.time for frame in file.decode(video=0)]
    assert pictures[-1] > 0.5
    with pytest.warns(ResourceWarning, match="was dropped"):
        del recording


@pytest.mark.filterwarnings("ignore:coroutine 'open_candidate' was never awaited:RuntimeWarning")  # its loop was closed
@pytest.mark.parametrize("turns", [None, 0, 1, 2, 3, 4, 5])
def test_get_user_media_whose_loop_is_closed_meanwhile_leaves_no_device_open(devices, backend, turns):
    """``turns`` of the loop from when both devices are open (``None``: from its beginning): every stage."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(_open(devices, video=True, audio=True))

    def turn():
        loop.run_until_complete(asyncio.sleep(0))

    def both_are_open():
        return backend.device("Cam").in_use and backend.device("Mic").in_use

    turn()
    if turns is not None:
        while not both_are_open():
            turn()
    for _ in range(turns or 0):
        turn()
    for pending in asyncio.all_tasks(loop):
        pending._log_destroy_pending = False  # asyncio says that of every loop that is closed so
    stream = task.result() if task.done() else None
    loop.close()
    pending = task = None
    if stream is not None:
        stop(stream)
    time.sleep(0.05)
    # Collected again and again: a thread that is just ending holds the task, which is a cycle, until then.
    wait_until(lambda: gc.collect() >= 0 and not backend.device("Cam").in_use and not backend.device("Mic").in_use)


@pytest.mark.parametrize("paused", [False, True])
def test_an_element_outlives_its_loop_and_is_closed_without_one(movie, paused):
    loop = asyncio.new_event_loop()

    async def play():
        element = ms.MediaElement(src=movie)
        element.loop = True
        stream = element.capture_stream()
        await element.play()
        if paused:
            element.pause()
        return element, stream

    element, stream = loop.run_until_complete(play())
    loop.close()
    if not paused:
        with stream.video.frames() as frames:
            assert next(frames).coded_width == 1280
    track = stream.video  # an element that is closed takes its tracks out of the stream
    element.close()
    wait_until(lambda: track.ready_state == "ended")
