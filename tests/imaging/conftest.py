"""Fake cameras on a clock that stands still, and photos looked into."""

import io

import numpy as np
import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, ManualClock, use_clock


@pytest.fixture
def clock():
    """A manual clock in force."""
    with use_clock(ManualClock()) as clock:
        yield clock


@pytest.fixture
def backend(clock):
    """The usual fakes."""
    return FakeBackend()


@pytest.fixture
def devices(backend):
    """A `MediaDevices` on the fakes."""
    return ms.MediaDevices(backends=[backend])


@pytest.fixture
def camera(backend):
    """The hand on the default camera."""
    return backend.device("Fake camera 1 (user)")


@pytest.fixture
def film(devices):
    """``track = await film(width=640)``: a camera's track, stopped at the end of the test."""
    opened = []

    async def get(**video):
        stream = await devices.get_user_media(video=video or True)
        opened.append(stream.video)
        return stream.video

    yield get
    for track in opened:
        track.stop()


@pytest.fixture
def look():
    """``look(blob)``: a photo as a PIL image, whole."""
    from PIL import Image

    def open_photo(blob):
        image = Image.open(io.BytesIO(bytes(blob)))
        image.load()
        return image

    return open_photo


@pytest.fixture
def pixels(look):
    """``pixels(blob)``: a photo as ``uint8 [height, width, 3]``."""
    return lambda blob: np.asarray(look(blob).convert("RGB"))
