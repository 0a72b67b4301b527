"""Threads that live, and the one that closes what was abandoned."""

import logging
import subprocess
import sys
import textwrap
import threading

import pytest

from mediastreams._engine import worker as module
from mediastreams._engine.worker import Reaper, Worker, after_fork_in_child, live_workers, start_thread


def test_a_worker_runs_by_its_name_and_is_known_until_it_ends():
    go_on, seen = threading.Event(), []

    def run():
        seen.append((threading.current_thread().name, threading.current_thread().daemon, worker.here))
        go_on.wait(5)

    worker = Worker("test", run, finish=go_on.set)
    assert not worker.alive
    assert worker.join()  # not begun
    assert worker.start() is worker
    assert worker in live_workers()
    assert worker.alive
    assert not worker.here
    assert not worker.join(0.01)
    worker.finish()
    assert worker.join(5)
    assert worker not in live_workers()
    assert seen == [("mediastreams-test", True, True)]


def test_a_worker_does_not_wait_for_itself():
    results = []
    worker = Worker("test", lambda: results.append(worker.join(5)), finish=lambda: None)
    assert worker.start().join(5)
    assert results == [True]


def test_what_comes_through_a_worker_s_border_is_logged(caplog):
    def fail():
        raise ZeroDivisionError("a bug")

    assert Worker("test", fail, finish=lambda: None).start().join(5)
    assert "mediastreams-test failed" in caplog.text


def test_at_the_end_every_worker_is_asked_to_finish_and_waited_for(caplog):
    ends = [threading.Event(), threading.Event()]

    def refuse():
        ends[1].set()
        raise ZeroDivisionError("cannot")

    workers = [
        Worker("one", lambda: ends[0].wait(5), finish=ends[0].set).start(),
        Worker("two", lambda: ends[1].wait(5), finish=refuse).start(),
    ]
    module._finish_all()
    assert not any(worker.alive for worker in workers)
    assert "Ending a worker failed" in caplog.text


def test_a_worker_that_does_not_end_delays_the_exit_only_so_long(caplog, monkeypatch):
    monkeypatch.setattr(module, "EXIT_SECONDS", 0.05)
    go_on = threading.Event()
    worker = Worker("deaf", lambda: go_on.wait(10), finish=lambda: None).start()
    module._finish_all()
    assert "did not end" in caplog.text
    go_on.set()
    assert worker.join(5)


def test_the_exit_hook_finishes_workers_before_the_interpreter_ends():
    program = """
        import threading
        from mediastreams._engine.worker import Worker
        end = threading.Event()

        def run():
            end.wait(10)
            print("finalised", flush=True)

        Worker("recording", run, finish=end.set).start()
        print("main done", flush=True)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "main done\nfinalised\n", "")


def test_the_reaper_runs_what_finalisers_put_while_somebody_asks_it_to_stand_by(caplog):
    reaper, done = Reaper(), threading.Event()
    reaper.stand_by()
    reaper.stand_by()

    def fail():
        raise ZeroDivisionError("closing")

    reaper.put(fail)
    reaper.put(done.set)
    assert done.wait(5)
    assert "Closing an abandoned object failed" in caplog.text
    done.clear()
    reaper.stand_down()
    reaper.put(done.set)
    assert done.wait(5)
    done.clear()
    reaper.stand_down()
    reaper.put(done.set)
    assert not done.wait(0.05)
    reaper.stand_by()  # what was put meanwhile is not lost
    assert done.wait(5)
    reaper.stand_down()


def test_the_reaper_looks_after_those_who_ask_for_it(monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.005)

    class Hub:
        def __init__(self):
            self.looked = threading.Event()

        def look(self):
            self.looked.set()

    reaper, hub = Reaper(), Hub()
    reaper.stand_by(hub.look)
    assert hub.looked.wait(5)
    reaper.stand_down(hub.look)
    assert reaper._looks == ()


def test_where_no_thread_starts_any_more_nothing_is_raised(monkeypatch, caplog):
    def refuse(_self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with caplog.at_level(logging.DEBUG):
        assert not start_thread("close", print)
    assert "No thread for close" in caplog.text
    with pytest.raises(RuntimeError):
        Worker("test", print, finish=print).start()
    assert live_workers() == []


def test_objects_are_told_of_a_fork_as_long_as_somebody_holds_them():
    told = []

    class Thing:
        def after_fork(self):
            told.append(self)

    kept, dropped = Thing(), Thing()
    after_fork_in_child(kept)
    after_fork_in_child(dropped)
    del dropped
    for thing in list(module._fork_hooks):
        if isinstance(thing, Thing):
            thing.after_fork()
    assert told == [kept]
