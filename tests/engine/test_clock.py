"""`SystemClock`, and which clock is in force."""

import threading
import time
import weakref
from datetime import UTC, datetime, timedelta

import mediastreams as ms
from mediastreams._engine.clock import SystemClock, get_clock, use_clock
from mediastreams.testing import ManualClock, check_clock


def test_the_system_clock_keeps_the_contract():
    check_clock(SystemClock())


def test_time_is_the_process_s_monotonic_clock():
    clock = get_clock()
    before = time.perf_counter_ns()
    now = clock.now_ns()
    assert before <= now <= time.perf_counter_ns()
    assert abs(clock.now_us() - now // 1000) < 1_000_000


def test_calls_come_in_the_order_of_their_time_and_not_early():
    clock, found, done = SystemClock(), [], threading.Event()
    start = clock.now_ns()
    for delay in (30, 10, 20):
        clock.call_at(start + delay * 1_000_000, lambda delay=delay: found.append((delay, clock.now_ns() - start)))
    clock.call_at(start + 40_000_000, done.set)
    assert done.wait(5)
    assert [delay for delay, _ in found] == [10, 20, 30]
    assert all(passed >= delay * 1_000_000 for delay, passed in found)


def test_an_earlier_call_overtakes_the_one_that_is_waited_for():
    clock, found, done = SystemClock(), [], threading.Event()
    late = clock.call_at(clock.now_ns() + 60_000_000_000, lambda: found.append("late"))
    clock.call_at(clock.now_ns() + 1_000_000, done.set)
    assert done.wait(5)
    late.cancel()
    late.cancel()
    assert found == []


def test_a_call_that_was_made_is_let_go_of_while_others_wait():
    class Owner:
        def __init__(self):
            self.made = threading.Event()

        def call(self):
            self.made.set()

    clock, owner = SystemClock(), Owner()
    made, gone = owner.made, threading.Event()
    weakref.finalize(owner, gone.set)
    later = clock.call_at(clock.now_ns() + 60_000_000_000, gone.clear)
    clock.call_at(clock.now_ns(), owner.call)
    del owner
    assert made.wait(5)
    assert gone.wait(5)
    later.cancel()


def test_a_call_that_fails_does_not_stop_the_others(caplog):
    clock, done = SystemClock(), threading.Event()

    def fail():
        raise ZeroDivisionError("call")

    clock.call_at(clock.now_ns(), fail)
    clock.call_at(clock.now_ns() + 1_000_000, done.set)
    assert done.wait(5)
    assert "A scheduled call of the engine failed" in caplog.text


def test_the_scheduler_ends_when_it_has_nothing_to_do_and_begins_again():
    clock, done = SystemClock(), threading.Event()
    clock.call_at(clock.now_ns(), done.set)
    assert done.wait(5)
    for _ in range(3000):
        if clock._thread is None:
            break
        threading.Event().wait(0.001)
    assert clock._thread is None
    done.clear()
    clock.call_at(clock.now_ns(), done.set)
    assert done.wait(5)


def test_another_clock_can_be_put_in_force_for_a_while():
    usual = get_clock()
    with use_clock(ManualClock()) as clock:
        assert get_clock() is clock
        with use_clock(ManualClock()) as inner:
            assert get_clock() is inner
        assert get_clock() is clock
    assert get_clock() is usual


def test_a_timestamp_has_a_date():
    now = get_clock().now_us()
    told = ms.wall_time(now - 3_600_000_000)
    assert told.tzinfo is UTC
    assert abs(datetime.now(UTC) - timedelta(hours=1) - told) < timedelta(seconds=5)
