"""A source that does what the test says, on a hub of its own."""

import av
import numpy as np
import pytest

from mediastreams._engine.clock import get_clock
from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Picture, Sound
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode, VideoMode
from mediastreams.abc import Source

MODE = VideoMode(32, 16, 30.0, 30.0)
HEARD = AudioMode(48_000, 1)


class Scripted(Source):
    """Delivers in the calling thread. ``on_start`` and ``on_stop`` run inside ``start`` and ``stop``."""

    def __init__(self, kind="video", *, free_running=False):
        self.kind = kind
        self.clock = get_clock()
        self.free_running = free_running
        self.delivery = None
        self.log = []
        self.on_start = self.on_stop = self.on_configure = lambda *_: None

    @property
    def mode(self):
        return MODE if self.kind == "video" else HEARD

    def start(self, mode, settings, delivery):
        self.log.append(f"start {mode.width if isinstance(mode, VideoMode) else ''}".strip())
        self.delivery = delivery
        self.on_start(mode, settings, delivery)
        return mode

    def stop(self):
        self.log.append("stop")
        self.on_stop()

    def configure(self, settings):
        self.log.append("configure")
        self.on_configure(settings)
        return not settings

    def show(self, number, width=32, height=16, pixel_format="gray"):
        """Deliver the picture of that number, 1 ms a number."""
        frame = av.VideoFrame(width, height, pixel_format)
        self.delivery.deliver(Picture.stamped(frame, number * 1000, 1000))

    def sound(self, number, length=480):
        """Deliver the chunk of that number, 10 ms each."""
        samples = np.full((1, length), number / 100, np.float32)
        self.delivery.deliver(Sound(samples, 48_000, number * 10_000, "mono"))


class Hand:
    """A running hub, its source, and feeds on it."""

    def __init__(self, kind="video", *, free_running=False):
        self.source = Scripted(kind, free_running=free_running)
        self.hub = SourceHub(self.source)
        self.hub.open(self.source.mode, {})
        self.feeds = []

    def feed(self):
        feed = TrackFeed(self.hub)
        self.hub.add_feed(feed)
        self.feeds.append(feed)
        return feed

    def close(self):
        for feed in self.feeds:
            feed.stop()
        self.hub.release()


@pytest.fixture
def make_hand():
    """Make a running hub with its scripted source; all are closed at the end."""
    made = []

    def make(kind="video", *, free_running=False):
        made.append(Hand(kind, free_running=free_running))
        return made[-1]

    yield make
    for hand in made:
        hand.close()


@pytest.fixture
def hand(make_hand):
    """A running hub with a scripted camera."""
    return make_hand()


class Meddler:
    """A lock that lets something happen in another thread's name before it is taken, once."""

    def __init__(self, lock, meddle):
        self._lock = lock
        self._meddle = meddle

    def __enter__(self):
        meddle, self._meddle = self._meddle, None
        if meddle is not None:
            meddle()
        return self._lock.__enter__()

    def __exit__(self, *exception):
        return self._lock.__exit__(*exception)


@pytest.fixture
def meddle_before():
    """``port._lock = meddle_before(port._lock, call)``: ``call`` comes between a look and the lock."""
    return Meddler
