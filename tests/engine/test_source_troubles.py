"""The hub when things go wrong, or happen at the same time: failing sources, late calls, forks."""

import os
import threading
import time

import pytest

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import VideoMode
from mediastreams.errors import NotReadableError

__all__ = []

LARGE = VideoMode(64, 32, 30.0, 30.0)


class Track:
    """As much of a track as a feed tells of what happens."""

    def __init__(self):
        self.heard = []

    def _source_muted(self, *, muted):
        self.heard.append("muted" if muted else "unmuted")

    def _source_ended(self, error):
        self.heard.append("ended" if error is None else f"ended: {error}")

    def _source_reconfigured(self, mode, *, by_itself):
        self.heard.append(f"{mode.width}{' by itself' if by_itself else ''}")

    def _source_died_in_fork(self):
        self.heard.append("died")

    def _listeners_lost(self):
        self.heard.append("looked after")


def port_on(feed, policy="drop-oldest"):
    return feed.attach(policy=policy, on_item=lambda: None)


def times(port):
    return [port.take().timestamp for _ in range(len(port))]


def until(condition):
    deadline = time.perf_counter() + 5
    while not condition():
        assert time.perf_counter() < deadline
        time.sleep(0.001)


# ── opening and closing ──────────────────────────────────────────────────────────────────────────────


def test_opening_waits_for_a_close_that_is_pending(hand):
    closing, go_on = threading.Event(), threading.Event()

    def slowly():
        closing.set()
        assert go_on.wait(5)

    hand.source.on_stop = slowly
    hand.feed().stop()
    hand.hub.release()
    assert closing.wait(5)
    opener = threading.Thread(target=hand.hub.open, args=(hand.source.mode, {}))
    opener.start()
    opener.join(0.02)
    assert opener.is_alive()
    go_on.set()
    opener.join(5)
    assert hand.source.log == ["start 32", "stop", "start 32"]


def test_a_feed_learns_of_a_mute_that_came_while_it_was_made(hand):
    track = Track()
    feed = TrackFeed(hand.hub, track)
    hand.source.delivery.set_muted(muted=True)
    hand.hub.add_feed(feed)
    hand.feeds.append(feed)
    assert feed.muted
    assert track.heard == ["muted"]


def test_a_port_learns_of_a_mute_that_came_while_it_was_attached(hand, meddle_before):
    feed = hand.feed()
    feed._lock = meddle_before(feed._lock, lambda: hand.source.delivery.set_muted(muted=True))
    assert port_on(feed).muted


# ── sources that fail ──────────────────────────────────────────────────────────────────────────────


def test_a_source_that_cannot_stop_is_left_and_can_be_opened_again(hand, caplog):
    def fail():
        raise OSError("stuck")

    hand.source.on_stop = fail
    feed = hand.feed()
    hand.hub.release()
    feed.stop()
    until(lambda: "could not be stopped properly" in caplog.text)
    hand.source.on_stop = lambda: None
    hand.hub.open(hand.source.mode, {})
    assert hand.source.log == ["start 32", "stop", "start 32"]


def test_a_source_that_cannot_stop_is_reconfigured_all_the_same(hand, caplog):
    def fail():
        raise OSError("stuck")

    port = port_on(hand.feed())
    hand.source.on_stop = fail
    hand.hub.reconfigure(LARGE, {})
    hand.source.on_stop = lambda: None
    hand.source.show(1)
    assert times(port) == [1000]
    assert "stuck" in caplog.text


def test_a_device_that_goes_while_it_is_opened_gives_ended_feeds(hand):
    hub = SourceHub(hand.source.__class__())
    hub.source.on_start = lambda _mode, _settings, delivery: delivery.end(NotReadableError("unplugged"))
    hub.open(hub.source.mode, {})
    feed = TrackFeed(hub)
    hub.add_feed(feed)
    assert feed.ended
    feed.stop()
    hub.release()
    until(lambda: not hub.running)
    assert hub.source.log == ["start 32", "stop"]


def test_stopping_while_it_is_reconfigured_closes_it_afterwards(hand):
    feed = hand.feed()
    hand.hub.release()
    hand.source.on_start = lambda *_: feed.stop()  # another thread's, in the middle
    hand.hub.reconfigure(LARGE, {})
    until(lambda: not hand.hub.running)
    assert hand.source.log == ["start 32", "stop", "start 64", "stop"]
    hand.source.on_start = lambda *_: None
    hand.hub.open(hand.source.mode, {})


def test_the_last_track_to_leave_between_two_modes_closes_it_all_the_same(hand):
    feed = hand.feed()
    hand.hub.release()
    hand.source.on_stop = feed.stop  # another thread's, while the source stands still
    hand.hub.reconfigure(LARGE, {})
    until(lambda: not hand.hub.running)
    assert hand.source.log == ["start 32", "stop", "start 64", "stop"]
    hand.source.on_stop = lambda: None
    hand.hub.open(hand.source.mode, {})


def test_what_a_former_start_says_of_its_end_does_not_end_the_present_one(hand, meddle_before):
    feed = hand.feed()
    former = hand.source.delivery
    hub, lock = hand.hub, hand.hub._lock

    def begin_anew():  # when the former one has begun to end
        hub._lock = lock
        hub.reconfigure(LARGE, {})

    hub._lock = meddle_before(lock, begin_anew)
    former.end()
    assert not feed.ended
    assert not hub.ended
    port = port_on(feed)
    hand.source.show(1)
    assert times(port) == [1000]


def test_a_consumer_that_fails_at_the_end_keeps_neither_the_others_nor_the_closing(hand, caplog):
    def fail():
        raise ValueError("no more")

    bad, good = hand.feed(), hand.feed()
    bad.attach(policy="latest", on_item=fail)
    hand.hub.release()
    hand.source.delivery.end()
    assert good.ended
    until(lambda: not hand.hub.running)
    assert "no more" in caplog.text
    hand.hub.open(hand.source.mode, {})


class Broken:
    """An adapter that cannot."""

    def process(self, _picture):
        raise ValueError("no such format")

    def flush(self):
        raise ValueError("not even that")


def test_the_end_reaches_every_track_though_one_cannot_give_its_last_samples(hand, caplog):
    feeds = [hand.feed(), hand.feed()]
    feeds[0].adapter = Broken()
    hand.source.delivery.end()
    assert all(feed.ended for feed in feeds)
    assert "last samples" in caplog.text


# ── who is heard, and forks ──────────────────────────────────────────────────────────────────────────


def test_the_hub_looks_after_kept_tracks(hand):
    track = Track()
    feed = hand.feed()
    feed.listen(track)
    hand.hub.look_after()
    assert track.heard == []
    feed.kept = track
    hand.hub.look_after()
    assert track.heard == ["looked after"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_after_a_fork_no_lock_of_the_parent_is_waited_for(hand):
    hub = SourceHub(hand.source.__class__())
    hub.open(hub.source.mode, {})
    track = Track()
    feed = TrackFeed(hub, track)
    hub.add_feed(feed)
    port = port_on(feed)
    hub.operation.acquire()
    hub._lock.acquire()
    feed._lock.acquire()
    hub.room._condition.acquire()
    hub.room.after_fork()
    hub.after_fork()

    def everything():
        assert port.take() is None
        feed.detach(port)
        feed.stop()
        hub.release()

    thread = threading.Thread(target=everything)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert track.heard == ["died"]
    hub.source.stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_what_was_reserved_before_a_fork_keeps_nothing_open_in_the_child(hand):
    hub = SourceHub(hand.source.__class__())
    hub.open(hub.source.mode, {})
    hub.after_fork()
    hub.open(hub.source.mode, {})
    hub.release()
    until(lambda: not hub.running)
    hub.release()  # the one from before the fork
    hub.open(hub.source.mode, {})
    assert hub.running
    hub.release()
    until(lambda: not hub.running)
