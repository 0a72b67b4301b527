"""Cancellation in every await: whatever the moment, nothing stays open, and the same call works afterwards.

Each operation is run again and again, and cancelled at its first wait, its second … until it gets through; each
time once as soon as it waits, and once in the very iteration in which what it waits for has come.
"""

import asyncio
import contextlib
import types

import numpy as np
import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeCamera, FakeMicrophone, FakeScreen

MOST_WAITS = 60


class World:
    """Fake devices and a movie, and what must hold when everything is over."""

    def __init__(self, folder, movie):
        self.backend = FakeBackend([FakeCamera(label="Cam"), FakeMicrophone(label="Mic"), FakeScreen(label="Display")])
        self.devices = ms.MediaDevices(backends=[self.backend])
        self.folder = folder
        self.movie = movie

    async def is_at_rest(self):
        """Wait until no device is in use."""
        async with asyncio.timeout(5):
            while busy := [label for label in ("Cam", "Mic", "Display") if self.backend.device(label).in_use]:
                await asyncio.sleep(0.002)
        assert not busy

    @contextlib.asynccontextmanager
    async def camera(self, **constraints):
        async with self.devices.get_user_media(video=constraints or True) as stream:
            yield stream.video


@types.coroutine
def cancelling(awaitable, wait, when):
    """Await it; at its wait number ``wait`` cancel the current task. Returns (result, number of waits)."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    steps = awaitable.__await__()
    count = 0
    answer = steps.send
    value = None
    while True:
        try:
            future = answer(value)
        except StopIteration as stop:
            return stop.value, count
        if count == wait:
            if when == "when it came" and future is not None:
                # Before the task's own callback: the result is there, and the cancellation, too.
                future.add_done_callback(lambda _: task.cancel())
            else:
                loop.call_soon(task.cancel)
        count += 1
        try:
            value = yield future
            answer = steps.send
        except BaseException as error:  # noqa: BLE001 - all that comes goes on inside
            value, answer = error, steps.throw


async def cancel_everywhere(when, prepare):
    """Run ``prepare()``'s awaitable with a cancellation at every wait; ``prepare`` is an async context manager."""
    cancelled = 0
    for wait in range(MOST_WAITS):
        async with asyncio.timeout(10), prepare() as awaitable:
            task = asyncio.ensure_future(_whole(awaitable, wait, when))
            await asyncio.wait([task])
            if task.cancelled():
                cancelled += 1
                continue
            _, count = task.result()
            if count <= wait:  # it got through without reaching that wait
                return cancelled
    raise AssertionError(f"still not through after {MOST_WAITS} waits")


async def _whole(awaitable, wait, when):
    return await cancelling(awaitable, wait, when)


async def hold(opening):
    """Open, and close at once, inside the block."""
    async with opening as opened:
        await asyncio.sleep(0)
        return opened


@contextlib.asynccontextmanager
async def both(world):
    yield hold(world.devices.get_user_media(video=True, audio=True))


@contextlib.asynccontextmanager
async def both_without_a_block(world):
    async def use():
        stream = await world.devices.get_user_media(video=True, audio=True)
        for track in stream.get_tracks():
            track.stop()

    yield use()


@contextlib.asynccontextmanager
async def display(world):
    yield hold(world.devices.get_display_media(video={"width": 320}))


@contextlib.asynccontextmanager
async def listing(world):
    yield world.devices.enumerate_devices()


@contextlib.asynccontextmanager
async def constraints(world):
    async with world.camera(width=640, height=480, resize_mode="none") as track:
        yield track.apply_constraints(width={"exact": 1280}, height={"exact": 720}, resize_mode={"exact": "none"})
        await track.apply_constraints(width={"exact": 640}, height={"exact": 480}, resize_mode={"exact": "none"})
        assert (track.get_settings().width, track.get_settings().height) == (640, 480)
        frames = track.frames()
        while (await anext(frames)).coded_width != 640:
            pass


@contextlib.asynccontextmanager
async def frame(world):
    async with world.camera() as track:
        frames = track.frames()

        async def one():
            return await anext(frames)

        yield one()
        assert (await one()).timestamp  # whoever was cancelled broke nothing


@contextlib.asynccontextmanager
async def converted_frame(world):
    async with world.camera() as track:
        frames = track.frames(format="bgr24", width=160)

        async def one():
            return await anext(frames)

        yield one()
        assert (await one()).to_ndarray().shape[1:] == (160, 3)


@contextlib.asynccontextmanager
async def recording(world):
    async with world.devices.get_user_media(video={"width": 320, "height": 240}, audio=True) as stream:
        yield ms.record(
            stream, world.folder / "a.mp4", duration=0.1, encoder_options={"video": {"preset": "ultrafast"}}
        )


@contextlib.asynccontextmanager
async def recording_block(world):
    async with world.devices.get_user_media(video={"width": 320, "height": 240}) as stream:

        async def use():
            async with ms.record(stream, world.folder / "b.mkv") as made:
                await asyncio.sleep(0.15)
            return made

        yield use()


@contextlib.asynccontextmanager
async def file(world):
    yield hold(ms.open(world.movie))


@contextlib.asynccontextmanager
async def free_file(world):
    async def use():
        async with ms.open(world.movie, clock="free") as stream:
            frames = stream.video.frames(policy="wait", format="gray", width=64)
            for _ in range(3):
                await anext(frames)

    yield use()


@contextlib.asynccontextmanager
async def play(world):
    async with ms.MediaElement(src=world.movie) as element:
        stream = element.capture_stream()
        yield element.play()
        await element.play()
        assert not element.paused
        assert stream.video is not None


@contextlib.asynccontextmanager
async def waiting(world):
    async with world.camera() as track:
        hand = world.backend.device("Cam")

        async def use():
            later = asyncio.get_running_loop().call_later(0.01, hand.mute)
            try:
                await track.wait_for("mute", timeout=3)
            finally:
                later.cancel()

        yield use()
        hand.unmute()


@contextlib.asynccontextmanager
async def permission(_world):
    async def use():
        await ms.navigator.permissions.query({"name": "camera"})
        return (await ms.navigator.permissions.request({"name": "camera"})).state

    yield use()


@contextlib.asynccontextmanager
async def generator(_world):
    made = ms.VideoTrackGenerator()

    async def use():
        await made.writable.write(ms.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), timestamp=1))
        await made.writable.close()

    yield use()
    made.track.stop()


OPERATIONS = [
    both,
    both_without_a_block,
    display,
    listing,
    constraints,
    frame,
    converted_frame,
    recording,
    recording_block,
    file,
    free_file,
    play,
    waiting,
    permission,
    generator,
]
NEVER_WAITS = {permission, generator}


@pytest.mark.parametrize("when", ["at once", "when it came"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.__name__)
async def test_cancelled_at_any_wait_nothing_stays_open(tmp_path, movie, operation, when):
    world = World(tmp_path, movie)
    cancelled = await cancel_everywhere(when, lambda: operation(world))
    assert cancelled or operation in NEVER_WAITS
    await world.is_at_rest()
