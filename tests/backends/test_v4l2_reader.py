"""The camera's reader where no camera is needed: how it ends. Reading itself is tested in the lab."""

import errno
import os
import sys
from types import SimpleNamespace

import pytest

from mediastreams import NotFoundError, NotReadableError
from mediastreams._engine.clock import get_clock
from mediastreams._rules.values import VideoMode

if not sys.platform.startswith("linux"):
    pytest.skip("cameras of Linux", allow_module_level=True)

from mediastreams._backends.linux.v4l2_reader import Reader, Tally
from mediastreams._backends.linux.v4l2_stream import Negotiated


@pytest.fixture
def read():
    """Let a reader run on a stream with a picture to take, and answer what its delivery was told."""
    ready, fill = os.pipe()
    os.write(fill, b"x")
    told = []

    def run(take):
        node = SimpleNamespace(path="/dev/video99", fd=ready, supports=lambda *_: False)
        stream = SimpleNamespace(node=node, take=take, close=lambda: told.append("closed"))
        delivery = SimpleNamespace(end=told.append, set_muted=lambda *, muted: None)
        reader = Reader(
            stream,
            Negotiated("GREY", 32, 16, 30.0, (32,), 0, 0, 0),
            VideoMode(32, 16, 30.0, 30.0),
            delivery,
            label="Cam",
            clock=get_clock(),
            tally=Tally(),
            stall_seconds=5.0,
        )
        reader.worker.start()
        assert reader.worker.join(10)
        return told

    yield run
    os.close(ready)
    os.close(fill)


def test_a_camera_that_is_gone_ends_its_tracks(read):
    def take():
        raise OSError(errno.ENODEV, "No such device")

    closed, reason = read(take)
    assert closed == "closed"
    assert isinstance(reason, NotFoundError)
    assert "“Cam” (/dev/video99)" in str(reason)


def test_a_reader_that_fails_unexpectedly_ends_its_tracks_and_is_logged(read, caplog):
    def take():
        raise ZeroDivisionError("odd")

    closed, reason = read(take)
    assert closed == "closed"
    assert isinstance(reason, NotReadableError)
    assert "odd" in str(reason)
    assert "Reading /dev/video99 failed" in caplog.text
