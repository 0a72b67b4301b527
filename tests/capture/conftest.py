"""Fake devices on a clock that stands still, and what the tests of capture do with them.

Not for: the fakes themselves (``tests/backends``), nor real devices (``tests/virtual``).
"""

import asyncio
from contextlib import contextmanager

import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, ManualClock, use_clock


@pytest.fixture
def clock():
    """A manual clock in force: time passes only in ``await clock.advance(seconds)``."""
    with use_clock(ManualClock()) as clock:
        yield clock


@pytest.fixture
def backend(clock):
    """Two cameras, two microphones, two speakers, a screen with two windows; on the manual clock."""
    return FakeBackend()


@pytest.fixture
def devices(backend):
    """A `MediaDevices` on nothing but the fakes."""
    return ms.MediaDevices(backends=[backend])


@pytest.fixture
def camera(backend):
    """The hand on the default camera."""
    return backend.device("Fake camera 1 (user)")


@pytest.fixture
def microphone(backend):
    """The hand on the default microphone."""
    return backend.device("Fake microphone 1")


@pytest.fixture
def gum(devices):
    """``await gum(video=…)`` is get_user_media; what it opens is stopped at the end of the test."""
    opened = []

    async def get_user_media(**constraints):
        stream = await devices.get_user_media(constraints)
        opened.extend(stream.get_tracks())
        return stream

    yield get_user_media
    for track in opened:
        track.stop()


@pytest.fixture
def is_closed():
    """``await is_closed(hand)``: wait until nobody has the fake device open any more."""

    async def wait(hand):
        async with asyncio.timeout(5):
            while hand.in_use:
                await asyncio.sleep(0.001)

    return wait


@pytest.fixture
def heard():
    """``heard(target, "ended", …)``: a list that takes note of the events, with what was so at that moment."""

    def listen(target, *types, note=lambda event: event.type):
        found = []
        for type in types:
            target.add_event_listener(type, lambda event: found.append(note(event)))
        return found

    return listen


@pytest.fixture
def exceptions():
    """What reached the exception handler of the running loop, inside ``with exceptions() as found:``."""

    @contextmanager
    def collect():
        loop = asyncio.get_running_loop()
        found = []
        before = loop.get_exception_handler()
        loop.set_exception_handler(lambda _loop, context: found.append(context["exception"]))
        try:
            yield found
        finally:
            loop.set_exception_handler(before)

    return collect
