"""Threads that convert."""

import threading

import pytest

from mediastreams._engine import worker
from mediastreams._engine.lanes import Lane

__all__ = []


class AddsWhenFoundEmpty:
    """The queue of a lane, to which somebody adds right after it was found empty."""

    def __init__(self, calls, add):
        self._calls = calls
        self._add = add

    def __getattr__(self, name):
        return getattr(self._calls, name)

    def empty(self):
        found = self._calls.empty()
        add, self._add = self._add, None
        if add is not None:
            other = threading.Thread(target=add)
            other.start()
            other.join(0.05)  # it waits for the lane's lock if it has to
        return found


@pytest.mark.parametrize("_round", range(3))
def test_what_is_added_while_a_lane_goes_to_sleep_is_done(_round):
    lane = Lane(99)
    done = threading.Event()
    lane._calls = AddsWhenFoundEmpty(lane._calls, lambda: lane.add(done.set))
    lane.add(lambda: None)
    assert done.wait(5)


def test_a_lane_works_again_after_a_thread_could_not_be_started(monkeypatch, caplog):
    lane = Lane(98)
    done = threading.Event()

    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        lane.add(lambda: None)
    assert "No thread for convert-98" in caplog.text
    lane.add(done.set)
    assert done.wait(5)


def test_at_the_interpreter_s_end_no_thread_is_no_error(monkeypatch, caplog):
    def refuse(_thread):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert not worker.start_thread("close", print)
    assert caplog.text == ""


def test_a_call_that_raises_is_logged_and_the_next_one_runs(caplog):
    lane = Lane(97)
    done = threading.Event()

    def fail():
        raise ValueError("no")

    lane.add(fail)
    lane.add(done.set)
    assert done.wait(5)
    assert "A conversion failed" in caplog.text


def test_a_lane_of_a_forked_child_begins_anew():
    lane = Lane(96)
    lane._running = True
    lane._lock.acquire()
    lane.after_fork()
    done = threading.Event()
    lane.add(done.set)
    assert done.wait(5)
