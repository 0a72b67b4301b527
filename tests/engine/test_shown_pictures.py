"""`ShownPictures`: at each instant the picture that is due, and never an old one for a new one."""

import pytest

from mediastreams._engine.null_sink import NullSink
from mediastreams._engine.shown_pictures import ShownPictures
from mediastreams.errors import NotReadableError
from mediastreams.testing import ManualClock


def numbers(*pictures):
    return [None if picture is None else picture.timestamp // 1000 for picture in pictures]


def test_the_newest_due_picture_is_shown_once_and_older_ones_are_left_out(make_hand):
    made = make_hand()
    shown = ShownPictures(made.feed(), due=lambda at: at - 100_000)
    for number in range(0, 100, 10):
        made.source.show(number)
    asked = [shown.picture(at) for at in (99_000, 100_000, 105_000, 131_000, 132_000)]
    assert numbers(*asked) == [None, 0, None, 30, None]
    assert (shown.shown, shown.dropped) == (2, 2)


def test_without_a_delay_a_picture_is_shown_at_once_and_only_the_newest_waits(make_hand):
    made = make_hand()
    shown = ShownPictures(made.feed())
    for number in (10, 20, 30):
        made.source.show(number)
    assert numbers(shown.picture(0), shown.picture(1)) == [30, None]
    assert shown.dropped == 2


def test_pictures_that_nobody_asks_for_do_not_pile_up(make_hand):
    made = make_hand()
    feed = made.feed()
    shown = ShownPictures(feed, due=lambda at: at)
    for number in range(0, 5000, 10):
        made.source.show(number)
    (port,) = feed.ports
    assert len(port) <= 51
    assert numbers(shown.picture(10_000_000)) == [4990]
    assert shown.dropped == 499


def test_a_track_without_a_clock_shows_each_picture_in_its_turn(make_hand):
    made = make_hand(free_running=True)
    shown = ShownPictures(made.feed())
    for number in (10, 20, 30):
        made.source.show(number)
    assert numbers(*(shown.picture(0) for _ in range(4))) == [10, 20, 30, None]


def test_the_last_picture_is_shown_before_it_is_finished(make_hand):
    made = make_hand()
    shown = ShownPictures(made.feed(), due=lambda at: at)
    made.source.show(10)
    made.hub.source_ended(None)
    assert shown.picture(0) is None
    assert not shown.finished
    assert numbers(shown.picture(10_000)) == [10]
    assert shown.finished


@pytest.mark.parametrize("error", [None, NotReadableError("gone")])
def test_a_window_that_is_closed_leaves_the_track_and_is_told(make_hand, error):
    made, told = make_hand(), []
    feed = made.feed()
    shown = ShownPictures(feed, on_end=told.append)
    shown.end(error)
    assert told == [error]
    assert feed.ports == ()


def test_a_sink_without_a_window_asks_for_them(make_hand):
    clock = ManualClock()
    made = make_hand()
    shown = ShownPictures(made.feed())
    sink = NullSink("video", clock)
    sink.start(None, {}, shown)
    assert shown.size == (1920, 1080)
    made.source.show(10)
    clock.advance_blocking(0.1)
    assert shown.shown == 1
    sink.stop()
    made.source.show(20)
    clock.advance_blocking(0.1)
    assert shown.shown == 1
    shown.close()
