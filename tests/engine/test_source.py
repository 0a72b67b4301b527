"""`SourceHub`: one source, opened and closed in order, for any number of tracks."""

import threading

import av
import pytest

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Picture
from mediastreams._engine.source import Demand, SourceHub
from mediastreams._rules.values import VideoMode
from mediastreams.abc import Source
from mediastreams.errors import NotReadableError
from mediastreams.testing import ManualClock

SMALL, LARGE = VideoMode(320, 240, 30, 30), VideoMode(1280, 720, 30, 30)


class Device(Source):
    """A device that writes down what is done with it."""

    kind = "video"

    def __init__(self):
        self.clock = ManualClock()
        self.log = []
        self.delivery = None
        self.fails = []
        self.configurable = frozenset()

    def start(self, mode, settings, delivery):
        self.log.append(("start", mode, dict(settings)))
        if self.fails and (error := self.fails.pop(0)) is not None:
            raise error
        self.delivery = delivery
        return mode

    def stop(self):
        self.log.append("stop")

    def configure(self, settings):
        self.log.append(("configure", dict(settings)))
        return set(settings) <= self.configurable


class Listener:
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
def device():
    return Device()


@pytest.fixture
def hub(device):
    return SourceHub(device)


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def feed(hub, listener):
    hub.open(SMALL, {})
    feed = TrackFeed(hub, listener)
    hub.add_feed(feed)
    hub.release()
    yield feed
    hub.remove_feed(feed)
    closed(hub)


def closed(hub):
    """Wait for the thread that closes."""
    for _ in range(5000):
        if not hub.running:
            with hub.operation:
                return True
        threading.Event().wait(0.001)
    return False


def picture(timestamp):
    return Picture.stamped(av.VideoFrame(16, 16, "gray"), timestamp)


def test_the_first_opens_and_the_last_closes(hub, device):
    assert hub.open(SMALL, {"zoom": 2}) == SMALL
    feeds = [TrackFeed(hub), TrackFeed(hub)]
    for feed in feeds:
        hub.add_feed(feed)
    hub.release()
    hub.remove_feed(feeds[0])
    hub.remove_feed(feeds[0])
    assert device.log == [("start", SMALL, {"zoom": 2})]
    hub.remove_feed(feeds[1])
    assert closed(hub)
    assert device.log[1:] == ["stop"]


def test_an_opening_that_nobody_takes_up_is_closed(hub, device):
    hub.open(SMALL, {})
    hub.release()
    assert closed(hub)
    assert device.log[-1] == "stop"


def test_a_second_opening_in_the_same_mode_opens_nothing(hub, device):
    hub.open(SMALL, {})
    assert hub.open(SMALL, {}) == SMALL
    assert len(device.log) == 1
    hub.release()
    assert hub.running
    hub.release()
    assert closed(hub)


def test_what_those_want_who_are_just_opening_is_known_until_they_have_a_track(hub):
    one, other = Demand({"width": 5}, None), Demand({"width": 6}, None)
    hub.open(SMALL, {}, one)
    hub.open(SMALL, {}, other)
    assert hub.pending == (one, other)
    hub.release()
    assert other in hub.pending
    hub.release()
    assert hub.pending == ()
    assert closed(hub)


def test_frames_reach_every_track_and_those_of_an_earlier_start_reach_nobody(hub, device, feed):
    port = feed.attach(policy="drop-oldest", on_item=lambda: None)
    early = device.delivery
    early.deliver(picture(1))
    hub.reconfigure(LARGE, {})
    early.deliver(picture(2))
    early.set_muted(muted=True)
    early.end()
    device.delivery.deliver(picture(3))
    assert [port.take().timestamp, port.take().timestamp] == [1, 3]
    assert port.take() is None
    assert not hub.muted
    assert not hub.ended


def test_a_frame_that_one_track_cannot_take_ends_that_track_only(hub, device, feed, listener, caplog):
    class Broken:
        def process(self, picture):
            raise ZeroDivisionError("adapter")

    other = TrackFeed(hub, Listener())
    other.adapter = Broken()
    hub.add_feed(other)
    port = feed.attach(policy="drop-oldest", on_item=lambda: None)
    device.delivery.deliver(picture(1))
    device.delivery.deliver(picture(2))
    assert len(port) == 2
    assert other.ended
    assert listener.heard == []
    assert "adapter" in caplog.text


def test_settings_change_without_reopening_where_the_device_can(hub, device, feed):
    device.configurable = {"zoom"}
    hub.reconfigure(SMALL, {"zoom": 3})
    assert device.log[1:] == [("configure", {"zoom": 3})]
    assert hub.settings == {"zoom": 3}
    hub.reconfigure(SMALL, {"zoom": 3})
    assert device.log[2:] == [("configure", {})] or len(device.log) == 2
    hub.reconfigure(SMALL, {"zoom": 3, "torch": True})
    assert device.log[-2:] == ["stop", ("start", SMALL, {"zoom": 3, "torch": True})]


def test_another_mode_restarts_and_tells_the_tracks_before_the_first_frame(hub, device, feed, listener):
    hub.reconfigure(LARGE, {})
    assert device.log[-2:] == ["stop", ("start", LARGE, {})]
    assert listener.heard == [(LARGE, False)]
    assert hub.mode == LARGE


def test_a_device_that_refuses_gets_its_old_mode_back_and_the_caller_the_error(hub, device, feed, listener):
    device.fails = [NotReadableError("no bandwidth")]
    with pytest.raises(NotReadableError, match="no bandwidth"):
        hub.reconfigure(LARGE, {"zoom": 1})
    assert hub.mode == SMALL
    assert hub.settings == {}
    assert hub.running
    assert device.log[-1] == ("start", SMALL, {})
    assert listener.heard == [(LARGE, False), (SMALL, False)]


def test_a_device_that_does_not_even_go_back_ends_its_tracks(hub, device, feed, listener):
    last = NotReadableError("dead")
    device.fails = [NotReadableError("no bandwidth"), last]
    with pytest.raises(NotReadableError, match="no bandwidth"):
        hub.reconfigure(LARGE, {})
    assert listener.heard[-1] == ("ended", last)
    assert hub.ended
    assert closed(hub)


def test_a_start_that_fails_leaves_nothing_open(hub, device):
    device.fails = [NotReadableError("busy")]
    with pytest.raises(NotReadableError):
        hub.open(SMALL, {})
    assert device.log[-1] == "stop"
    assert not hub.running
    assert hub.pending == ()
    hub.open(SMALL, {})
    hub.release()
    assert closed(hub)


def test_a_device_that_cannot_be_stopped_is_left_behind_with_a_warning(hub, device, monkeypatch, caplog):
    def fail():
        raise OSError("stuck")

    hub.open(SMALL, {})
    monkeypatch.setattr(device, "stop", fail)
    hub.release()
    assert closed(hub)
    assert "could not be stopped" in caplog.text


def test_the_end_reaches_every_track_once_and_closes_the_source(hub, device, feed, listener):
    error = NotReadableError("unplugged")
    device.delivery.end(error)
    device.delivery.end(error)
    assert listener.heard == [("ended", error)]
    assert hub.feeds == ()
    assert closed(hub)


def test_a_device_that_is_back_is_started_anew(hub, device, feed):
    device.delivery.end()
    assert hub.ended
    hub.open(SMALL, {})
    assert not hub.ended
    assert hub.running
    hub.release()
    assert closed(hub)


def test_a_muted_source_is_muted_for_those_who_come_later(hub, device, feed, listener):
    device.delivery.set_muted(muted=True)
    device.delivery.set_muted(muted=True)
    assert listener.heard == [("muted", True)]
    late = TrackFeed(hub)
    assert late.muted
    hub.reconfigure(LARGE, {})  # whoever starts again says anew that it is muted
    assert ("muted", False) in listener.heard


def test_a_track_that_comes_when_everything_is_closed_has_ended(hub, feed):
    hub.remove_feed(feed)
    assert closed(hub)
    late = TrackFeed(hub)
    hub.add_feed(late)
    assert late.ended
    hub.remove_feed(late)


def test_a_source_that_ends_while_its_first_track_is_being_made_is_closed(hub, device):
    hub.open(SMALL, {})
    device.delivery.end()
    feed = TrackFeed(hub)
    hub.add_feed(feed)
    assert feed.ended
    hub.release()
    assert closed(hub)
    assert device.log[-1] == "stop"


def test_a_change_by_itself_is_told_as_such(hub, device, feed, listener):
    device.delivery.reconfigured(LARGE)
    assert listener.heard == [(LARGE, True)]
    assert hub.mode == LARGE


def test_openings_and_closings_run_one_after_another(hub, device):
    overlaps, running = [], threading.Lock()
    start, stop = device.start, device.stop

    def alone(call):
        def run(*args):
            overlaps.append(not running.acquire(blocking=False))
            try:
                threading.Event().wait(0.001)
                return call(*args)
            finally:
                running.release()

        return run

    device.start, device.stop = alone(start), alone(stop)

    def use(number):
        for _ in range(10):
            hub.open(LARGE if number % 2 else SMALL, {})
            hub.release()

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert closed(hub)
    assert not any(overlaps)
    assert device.log[-1] == "stop"


def test_in_a_forked_child_the_source_is_dead(hub, feed, listener):
    delivery, hub._delivery = hub._delivery, hub._delivery
    hub.after_fork()
    assert listener.heard == ["fork"]
    assert hub.feeds == ()
    assert not hub.running
    assert hub.ended
    delivery.open = False
    from mediastreams._engine.worker import reaper

    reaper.stand_down(hub.look_after)  # this is no child after all
