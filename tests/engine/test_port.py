"""The queue between a track's feed and one consumer."""

import pytest

from mediastreams._engine.port import SinkPort

__all__ = []


class Item:
    """As much of a frame as a queue looks at."""

    duration = 40_000

    def __init__(self, timestamp):
        self.timestamp = timestamp


@pytest.fixture
def calls():
    return []


@pytest.fixture
def make_port(calls):
    def make(policy="drop-oldest", bound_us=1_000_000):
        return SinkPort(policy, bound_us=bound_us, on_item=lambda: calls.append("look"))

    return make


def test_latest_holds_one_and_the_newest_wins(make_port):
    port = make_port("latest")
    for number in range(5):
        port.put(Item(number))
    assert len(port) == 1
    assert port.take().timestamp == 4
    assert (port.delivered, port.dropped) == (1, 4)


def test_latest_loses_neither_the_last_frame_nor_the_end(make_port):
    port = make_port("latest")
    port.put(Item(1))
    port.put(Item(2))
    port.end()
    assert not port.finished
    assert port.take().timestamp == 2
    assert port.finished


def test_drop_oldest_is_bounded_in_media_time(make_port):
    port = make_port(bound_us=100_000)
    for number in range(10):
        port.put(Item(number * 40_000))
    assert [port.take().timestamp for _ in range(len(port))] == [320_000, 360_000]
    assert port.dropped == 8


@pytest.mark.parametrize("step", [0, -40_000])
def test_times_that_stand_still_or_go_back_do_not_lift_the_bound(make_port, step):
    port = make_port()
    for number in range(5000):
        port.put(Item(number * step))
    assert len(port) <= 4096


def test_nothing_gets_in_beside_a_stop(make_port, meddle_before):
    port = make_port()
    port._lock = meddle_before(port._lock, port.stop)
    port.put(Item(1))  # was on its way when another thread stopped the track
    assert port.take() is None
    assert port.finished


def test_a_stop_throws_away_what_waits_and_says_so(make_port, calls):
    port = make_port()
    port.put(Item(1))
    calls.clear()
    port.stop()
    assert port.take() is None
    assert calls == ["look"]


def test_closing_takes_no_lock(make_port):
    port = make_port()
    with port._lock:
        port.close()
    assert port.finished


def test_a_finaliser_may_stop_the_track_while_the_lock_is_held(make_port):
    port = make_port()
    with port._lock:  # as if the collector ran in here, in this thread
        port.stop()
    assert port.finished


def test_in_a_forked_child_a_lock_that_was_held_blocks_nobody(make_port):
    port = make_port()
    port.put(Item(1))
    port._lock.acquire()
    port.after_fork()
    assert port.take() is None
    assert port.finished
