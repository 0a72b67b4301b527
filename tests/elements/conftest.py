"""Fake devices on the manual clock, and the log of an element's events."""

import pytest

from mediastreams._backends.fake.backend import FakeBackend
from mediastreams.capture.media_devices import MediaDevices
from mediastreams.testing import ManualClock, use_clock

EVENTS = [
    "loadstart",
    "progress",
    "suspend",
    "abort",
    "error",
    "emptied",
    "stalled",
    "loadedmetadata",
    "loadeddata",
    "canplay",
    "canplaythrough",
    "playing",
    "waiting",
    "seeking",
    "seeked",
    "ended",
    "durationchange",
    "timeupdate",
    "play",
    "pause",
    "ratechange",
    "resize",
    "volumechange",
]


@pytest.fixture
def clock():
    with use_clock(ManualClock()) as manual:
        yield manual


@pytest.fixture
def backend(clock):
    return FakeBackend()


@pytest.fixture
def devices(backend):
    return MediaDevices(backends=[backend])


@pytest.fixture
def log_of():
    """The types of an element's events from now on; ``without`` some."""

    def begin(element, *, without=()):
        log = []
        for name in EVENTS:
            if name not in without:
                element.add_event_listener(name, lambda event: log.append(event.type))
        return log

    return begin
