"""A request that is given up, at whatever moment: nothing stays open."""

import asyncio
import threading

import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeCamera, FakeMicrophone


class Gate:
    """Holds up the threads that pass, until it is opened."""

    def __init__(self):
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self):
        self.reached.set()
        assert self.open.wait(5)


@pytest.fixture
def gates(monkeypatch):
    """A backend whose listing and opening wait at gates."""
    backend = FakeBackend([FakeCamera(label="Camera"), FakeMicrophone(label="Microphone")])
    listing, opening = Gate(), Gate()
    list_devices, create_source = backend.list_devices, backend.create_source

    def slow_list():
        listing()
        return list_devices()

    def slow_source(device):
        source = create_source(device)
        start = source.start

        def slow_start(*args):
            opening()
            return start(*args)

        source.start = slow_start
        return source

    monkeypatch.setattr(backend, "list_devices", slow_list)
    monkeypatch.setattr(backend, "create_source", slow_source)
    yield backend, listing, opening
    listing.open.set()
    opening.open.set()


async def reached(gate):
    """Wait until a thread stands at the gate."""
    assert await asyncio.to_thread(gate.reached.wait, 5)


async def is_cancelled(task):
    with pytest.raises(asyncio.CancelledError):
        await task


async def is_closed(*hands):
    """Wait until the devices are closed and stay so: one may have been about to open when it was looked at."""
    quiet = 0
    async with asyncio.timeout(5):
        while quiet < 20:
            quiet = 0 if any(hand.in_use for hand in hands) else quiet + 1
            await asyncio.sleep(0.001)


async def test_while_devices_are_listed(clock, gates):
    backend, listing, _ = gates
    task = asyncio.ensure_future(ms.MediaDevices(backends=[backend]).get_user_media(video=True))
    await reached(listing)
    task.cancel()
    await is_cancelled(task)
    listing.open.set()
    await is_closed(backend.device("Camera"))


async def test_while_a_device_is_opened(clock, gates):
    backend, listing, opening = gates
    listing.open.set()
    task = asyncio.ensure_future(ms.MediaDevices(backends=[backend]).get_user_media(video=True))
    await reached(opening)
    task.cancel()
    await is_cancelled(task)  # at once, though the device is still at it
    opening.open.set()
    await is_closed(backend.device("Camera"))


async def test_while_two_devices_are_opened_and_then_once_more(clock, gates):
    backend, listing, opening = gates
    listing.open.set()
    task = asyncio.ensure_future(ms.MediaDevices(backends=[backend]).get_user_media(video=True, audio=True))
    await reached(opening)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await is_cancelled(task)
    opening.open.set()
    await is_closed(backend.device("Camera"), backend.device("Microphone"))


async def test_while_a_display_is_opened(clock, monkeypatch, backend, devices):
    gate = Gate()
    create_source = backend.create_source

    def slow_source(device):
        source = create_source(device)
        start = source.start
        source.start = lambda *args: (gate(), start(*args))[1]
        return source

    monkeypatch.setattr(backend, "create_source", slow_source)
    task = asyncio.ensure_future(devices.get_display_media())
    await reached(gate)
    task.cancel()
    await is_cancelled(task)
    gate.open.set()
    await is_closed(backend.device("Fake screen 1"))


@pytest.mark.parametrize("turns", range(40))
async def test_after_any_number_of_turns_of_the_loop(devices, camera, microphone, turns):
    task = asyncio.ensure_future(devices.get_user_media(video=True, audio=True))
    for _ in range(turns):
        await asyncio.sleep(0.0002 if turns % 2 else 0)
    task.cancel()
    try:
        stream = await task
    except asyncio.CancelledError:
        pass
    else:
        for track in stream.get_tracks():
            track.stop()
    await is_closed(camera, microphone)


async def test_of_a_block_that_never_began(devices, camera):
    async def enter():
        async with devices.get_user_media(video=True):
            raise AssertionError("entered")

    task = asyncio.ensure_future(enter())
    await asyncio.sleep(0)
    task.cancel()
    await is_cancelled(task)
    await is_closed(camera)


async def test_inside_the_block_stops_the_tracks(devices, camera):
    entered = asyncio.Event()

    async def use():
        async with devices.get_user_media(video=True):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(use())
    await entered.wait()
    task.cancel()
    await is_cancelled(task)
    await is_closed(camera)


async def test_a_time_out_is_a_cancellation(clock, gates):
    backend, listing, opening = gates
    listing.open.set()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ms.MediaDevices(backends=[backend]).get_user_media(video=True)
    opening.open.set()
    await is_closed(backend.device("Camera"))


async def test_of_apply_constraints_leaves_slots_and_device_agreed(gum, camera, clock):
    track = (await gum(video=True)).video
    gate = Gate()
    (source,) = camera.sources
    start = source.start
    source.start = lambda *args: (gate(), start(*args))[1]
    task = asyncio.ensure_future(track.apply_constraints(width={"exact": 1920}))
    await reached(gate)
    task.cancel()
    await is_cancelled(task)
    gate.open.set()
    async with asyncio.timeout(5):
        while track.get_settings().width != 1920:
            await asyncio.sleep(0.001)
    assert track.get_constraints() == {"width": {"exact": 1920}}
    with track.frames(policy="drop-oldest") as frames:
        await clock.advance(0.2)
        assert (await anext(frames)).coded_width == 1920


async def test_of_apply_constraints_does_not_undo_a_later_one(gum, camera):
    track = (await gum(video=True)).video
    gate = Gate()
    (source,) = camera.sources
    start = source.start
    source.start = lambda *args: (gate(), start(*args))[1]
    first = asyncio.ensure_future(track.apply_constraints(width={"exact": 1920}))
    await reached(gate)
    first.cancel()
    await is_cancelled(first)
    second = asyncio.ensure_future(track.apply_constraints(width={"exact": 320}, resize_mode={"exact": "none"}))
    await asyncio.sleep(0)
    gate.open.set()
    await second
    await asyncio.sleep(0.05)
    assert track.get_settings().width == 320
    assert next(iter(camera.sources))._mode.width == 320


async def test_of_an_enumeration_is_no_problem(clock, gates):
    backend, listing, _ = gates
    task = asyncio.ensure_future(ms.MediaDevices(backends=[backend]).enumerate_devices())
    await reached(listing)
    task.cancel()
    await is_cancelled(task)
