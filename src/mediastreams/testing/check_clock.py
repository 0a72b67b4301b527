"""`check_clock`: whether a `Clock` keeps what `mediastreams.abc` says.

Not for: how exact it is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mediastreams.testing.check_source import expect

if TYPE_CHECKING:
    from mediastreams.abc import Clock

__all__ = ["check_clock"]


def check_clock(clock: Clock, let_pass: Callable[[float], None] = time.sleep) -> None:
    """Check that a clock keeps its contract; takes a few tenths of a second of it.

    Args:
        clock: what to check.
        let_pass: lets so many seconds pass on that clock.

    Raises:
        AssertionError: what is wrong, in a sentence.
    """
    first, second = clock.now_ns(), clock.now_ns()
    expect(second >= first, "it goes back")
    called: list[tuple[int, int]] = []
    start = clock.now_ns()
    for number, delay in enumerate((40_000_000, 20_000_000, 30_000_000, 20_000_000)):
        clock.call_at(start + delay, lambda number=number: called.append((number, clock.now_ns())))  # type: ignore[misc]
    clock.call_at(start + 25_000_000, lambda: called.append((9, 0))).cancel()
    clock.call_at(start + 10_000_000, _fail)  # is logged, breaks nothing
    expect(not called, "call_at() called at once")
    let_pass(0.15)
    expect([number for number, _ in called] == [1, 3, 2, 0], f"calls came in the order {[n for n, _ in called]}")
    expect(all(when >= start + 20_000_000 for _, when in called), "a call came before its time")
    _check_waits(clock, let_pass)


def _fail() -> None:
    raise ZeroDivisionError("raised on purpose by check_clock")


def _check_waits(clock: Clock, let_pass: Callable[[float], None]) -> None:
    wake = clock.wake()
    results: list[object] = []
    thread = threading.Thread(
        target=lambda: results.append(clock.wait_until(clock.now_ns() + 20_000_000, wake)), name="check_clock 1"
    )
    thread.start()
    _until_waiting(thread)
    let_pass(0.1)
    thread.join(5)
    expect(results == [False], f"a wait until its time returned {results}, not False")
    thread = threading.Thread(target=lambda: results.append(clock.wait_until(None, wake)), name="check_clock 2")
    thread.start()
    _until_waiting(thread)
    wake.set()
    wake.set()
    thread.join(5)
    expect(results == [False, True], "a wait that was woken did not return True")
    expect(wake.is_set(), "waiting cleared the flag: that is the worker's to do")
    expect(clock.wait_until(clock.now_ns() + 10**12, wake), "a wait with the flag set did not return at once")
    wake.clear()
    expect(not clock.wait_until(clock.now_ns() - 1, wake), "a wait until a past instant did not return at once")


def _until_waiting(thread: threading.Thread) -> None:
    """Give a thread a moment to get to its wait."""
    thread.join(0.02)
