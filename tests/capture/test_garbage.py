"""What is dropped: when it is kept, when it is closed, and what is said."""

import asyncio
import gc
import time
import weakref
from contextlib import contextmanager

import pytest

import mediastreams as ms
from mediastreams._engine import worker
from mediastreams.testing import FakeBackend


async def collected(reference):
    """Whether the object goes, given a moment."""
    for _ in range(20):
        gc.collect()
        if reference() is None:
            return True
        await asyncio.sleep(0.001)
    return False


@contextmanager
def a_warning():
    """Inside, the last reference to a live track of a device is to be dropped."""
    with pytest.warns(ResourceWarning, match="dropped while its device is open: stop"):  # noqa: PT031 - a wrapper
        yield
        gc.collect()


async def test_a_track_that_is_dropped_while_its_device_is_open_warns_and_is_closed(devices, camera, is_closed):
    stream = await devices.get_user_media(video=True)
    with a_warning():
        del stream
    await is_closed(camera)


async def test_a_clone_that_is_dropped_leaves_the_device_to_the_others(gum, camera):
    track = (await gum(video=True)).video
    clone = track.clone()
    with a_warning():
        del clone
    await asyncio.sleep(0.02)
    assert camera.in_use
    assert track.ready_state == "live"


async def test_a_live_track_that_somebody_listens_to_is_kept(devices, camera, clock, is_closed):
    stream = await devices.get_user_media(video=True)
    heard = []
    stream.video.add_event_listener("ended", lambda event: heard.append(event.target.ready_state))
    gone = weakref.ref(stream.video)
    del stream
    gc.collect()
    assert gone() is not None
    assert camera.in_use
    camera.unplug()
    await clock.advance(0)
    assert heard == ["ended"]
    assert await collected(gone)
    await is_closed(camera)


async def test_a_track_whose_last_listener_goes_is_kept_no_more(devices, camera, is_closed):
    stream = await devices.get_user_media(video=True)
    track = stream.video
    track.onended = print
    gone = weakref.ref(track)
    track.onended = None
    with a_warning():
        del stream, track
    assert gone() is None
    await is_closed(camera)


async def test_a_track_that_is_stopped_goes_though_somebody_listens(devices):
    stream = await devices.get_user_media(video=True)
    stream.video.onended = print
    stream.video.stop()
    gone = weakref.ref(stream.video)
    del stream
    assert await collected(gone)


async def test_an_iterator_keeps_its_track(devices, camera, clock, is_closed):
    stream = await devices.get_user_media(video=True)
    frames = stream.video.frames()
    del stream
    gc.collect()
    assert (await clock.until(anext(frames))).coded_width
    with a_warning():
        frames.close()
    await is_closed(camera)


async def test_a_stream_keeps_its_tracks_and_a_track_no_stream(devices):
    stream = await devices.get_user_media(video=True)
    track, gone = stream.video, weakref.ref(stream)
    del stream
    assert await collected(gone)
    assert track.ready_state == "live"
    track.stop()


async def test_a_media_devices_that_nobody_holds_goes(backend, clock):
    devices = ms.MediaDevices(backends=[backend])
    await devices.enumerate_devices()
    gone = weakref.ref(devices)
    del devices
    assert await collected(gone)


async def test_a_permission_status_that_nobody_holds_goes():
    gone = weakref.ref(await ms.navigator.permissions.query(name="camera"))
    assert await collected(gone)


async def test_an_ended_track_keeps_no_source(devices, backend, camera, is_closed):
    stream = await devices.get_user_media(video=True)
    hub = weakref.ref(stream.video._feed.hub)
    stream.video.stop()
    await is_closed(camera)
    del stream
    assert await collected(hub)


def test_a_track_whose_listeners_loop_is_closed_is_kept_no_more(monkeypatch):
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.01)
    backend = FakeBackend()
    camera = backend.device("Fake camera 1 (user)")

    async def leave_it_open():
        devices = ms.MediaDevices(backends=[backend])
        stream = await devices.get_user_media(video=True)
        stream.video.onended = lambda _event: None

    def closed():
        gc.collect()
        return not camera.in_use

    loop = asyncio.new_event_loop()  # held: a loop that is closed need not be gone
    with pytest.warns(ResourceWarning, match="dropped while its device is open: stop"):  # noqa: PT031 - it comes from a thread
        loop.run_until_complete(leave_it_open())
        assert not closed()
        loop.close()
        _wait_until(closed)


def _wait_until(condition):
    deadline = time.perf_counter() + 5
    while not condition():
        assert time.perf_counter() < deadline
        time.sleep(0.001)
