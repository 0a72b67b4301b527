"""`TrackFeed`: the way of a frame from the source to a track's consumers."""

import av
import numpy as np
import pytest

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Picture, Sound
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import VideoMode
from mediastreams.abc import Source
from mediastreams.errors import NotSupportedError
from mediastreams.testing import ManualClock


class Still(Source):
    """A source that the test itself delivers for."""

    def __init__(self, kind="video", *, free=False):
        self.kind = kind
        self.clock = ManualClock()
        self.free_running = free

    def start(self, mode, settings, delivery):
        return mode

    def stop(self):
        self.stopped = True


class Listener:
    """What a track hears of its source."""

    def __init__(self):
        self.heard = []

    def _source_muted(self, *, muted):
        self.heard.append(("muted", muted))

    def _source_ended(self, error):
        self.heard.append(("ended", error))

    def _source_reconfigured(self, mode, *, by_itself):
        self.heard.append((mode, by_itself))

    def _source_died_in_fork(self):
        self.heard.append("fork")


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def feed(listener):
    hub = SourceHub(Still())
    feed = TrackFeed(hub, listener)
    hub.add_feed(feed)
    return feed


def picture(timestamp):
    frame = av.VideoFrame(32, 32, "gray")
    frame.planes[0].update(bytes([200]) * frame.planes[0].buffer_size)
    return Picture.stamped(frame, timestamp)


def sound(timestamp, value=0.5, gap=0):
    return Sound(np.full((1, 480), value, np.float32), 48_000, timestamp, "mono", gap, {"capture_time": timestamp})


def attach(feed, policy="drop-oldest", **options):
    return feed.attach(policy=policy, on_item=lambda: None, **options)


def test_every_consumer_gets_the_same_object(feed):
    ports = [attach(feed) for _ in range(3)]
    one = picture(5)
    feed.push(one)
    assert all(port.take() is one for port in ports)


def test_a_consumer_gets_what_comes_after_it_was_attached_until_it_is_detached(feed):
    feed.push(picture(1))
    port = attach(feed)
    feed.push(picture(2))
    feed.detach(port)
    feed.push(picture(3))
    assert feed.ports == ()
    assert port.take().timestamp == 2
    assert port.take() is None


def test_a_port_that_was_closed_by_a_finaliser_is_forgotten_at_the_next_frame(feed):
    port = attach(feed)
    port.close()
    assert feed.ports == (port,)
    feed.push(picture(1))
    assert feed.ports == ()


def test_a_disabled_picture_is_black_and_keeps_its_time(feed):
    port = attach(feed)
    feed.enabled = False
    feed.push(picture(7))
    black = port.take()
    assert black.timestamp == 7
    assert (black.width, black.height) == (32, 32)
    assert not np.frombuffer(black.av.planes[0], np.uint8).reshape(32, -1)[:, :32].any()


def test_a_disabled_sound_is_silence_and_keeps_its_time_and_its_gap():
    feed = TrackFeed(SourceHub(Still("audio")))
    port = attach(feed)
    feed.enabled = False
    feed.push(sound(7, gap=3))
    silence = port.take()
    assert (silence.timestamp, silence.gap, silence.length) == (7, 3, 480)
    assert not silence.samples.any()


def test_an_adapter_sits_between_source_and_consumers_and_is_counted(feed):
    class EverySecond:
        def __init__(self):
            self.calls = 0

        def process(self, picture):
            self.calls += 1
            return picture if self.calls % 2 else None

    feed.adapter = EverySecond()
    port = attach(feed)
    for number in range(5):
        feed.push(picture(number))
    assert len(port) == 3
    assert feed.video_counters.counts == (3, 2)
    feed.enabled = False
    feed.push(picture(9))
    feed.push(picture(10))
    assert feed.video_counters.counts == (3, 2)
    assert len(port) == 4


def test_the_latency_and_the_samples_of_a_sound_are_counted():
    source = Still("audio")
    feed = TrackFeed(SourceHub(source))
    now = source.clock.now_us()
    for latency in (30_000, 10_000, 20_000):
        feed.push(sound(now - latency, gap=48))
    counts = feed.audio_counters.counts
    assert (counts.delivered, counts.dropped) == (3 * 480, 3 * 48)
    assert (counts.delivered_us, counts.dropped_us) == pytest.approx((30_000, 3_000))
    assert (counts.latest, counts.least, counts.most, counts.latency_sum) == (20_000, 10_000, 30_000, 60_000)
    feed.audio_counters.reset_latency()
    assert feed.audio_counters.counts[4:] == (20_000, 20_000, 20_000, 0, 0)


def test_the_end_of_the_source_comes_after_what_was_delivered(feed, listener):
    port = attach(feed)
    feed.push(picture(1))
    error = OSError("gone")
    feed.source_ended(error)
    feed.source_ended(error)
    feed.push(picture(2))
    assert listener.heard == [("ended", error)]
    assert port.take().timestamp == 1
    assert port.finished


def test_what_an_adapter_still_holds_comes_before_the_end(feed):
    class Late:
        def process(self, sound):
            self.held = sound
            return []

        def flush(self):
            return [self.held]

    feed = TrackFeed(SourceHub(Still("audio")))
    feed.adapter = Late()
    port = attach(feed)
    feed.push(sound(1))
    assert len(port) == 0
    feed.source_ended(None)
    assert port.take().timestamp == 1
    assert port.finished


def test_after_stop_nothing_is_delivered_but_to_one_who_drains(feed):
    usual, recorder = attach(feed), attach(feed, drain=True)
    feed.push(picture(1))
    feed.stop()
    feed.stop()
    feed.push(picture(2))
    assert usual.take() is None
    assert usual.finished
    assert recorder.take().timestamp == 1
    assert recorder.finished


def test_a_stop_after_the_end_leaves_what_was_delivered(feed):
    port = attach(feed)
    feed.push(picture(1))
    feed.source_ended(None)
    feed.stop()
    assert port.take().timestamp == 1


def test_a_consumer_of_an_ended_feed_sees_the_end(feed):
    feed.source_ended(None)
    assert attach(feed).finished


def test_muting_travels_beside_the_frames(feed, listener):
    port = attach(feed)
    feed.push(picture(1))
    feed.source_muted(muted=True)
    assert port.muted
    assert attach(feed).muted
    feed.source_muted(muted=False)
    assert listener.heard == [("muted", True), ("muted", False)]
    assert len(port) == 1


def test_another_mode_reaches_the_track(feed, listener):
    mode = VideoMode(1, 1, 1, 1)
    feed.source_reconfigured(mode, by_itself=True)
    assert listener.heard == [(mode, True)]


def test_a_track_that_is_gone_hears_nothing():
    feed = TrackFeed(SourceHub(Still()), Listener())
    feed.source_muted(muted=True)
    feed.source_ended(None)
    assert feed.ended


def test_only_a_source_with_a_free_clock_can_be_held_back(feed):
    with pytest.raises(NotSupportedError, match='clock="free"'):
        attach(feed, "wait")
    free = TrackFeed(SourceHub(Still(free=True)))
    assert attach(free, "wait").policy == "wait"


def test_in_a_forked_child_everything_has_ended(feed, listener):
    port = attach(feed)
    feed.push(picture(1))
    feed.after_fork()
    assert feed.ended
    assert port.finished
    assert listener.heard == ["fork"]
