"""Where the stamps of a live stream lie on the clock."""

from __future__ import annotations

import itertools

import pytest

from mediastreams._backends.ffmpeg.live_clock import LiveClock

STEP = 40_000


def _run(times, stamps, way, begin):
    """Packets of these stamps, each underway for ``way(n)`` µs: what they are stamped."""
    found = []
    for number, stamp in enumerate(stamps):
        now = begin + stamp + way(number)
        times.arrived(stamp, now)
        found.append((times.due(stamp, now), now))
    return found


def _settled(way=0, begin=1_000_000):
    times = LiveClock(pushed=True)
    times.begin(0, 0)
    times.arrived(0, begin + way)
    assert not times.settle(begin + way + 1, 0)
    assert times.settle(begin + way + 200_000, 0)
    return times, begin


def test_jitter_is_taken_out_of_stamps():
    times, begin = _settled()
    stamps = range(STEP, 10_000_000, STEP)
    found = _run(times, stamps, lambda n: (0, 30_000, 10_000)[n % 3], begin)
    steps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(found)]
    assert all(abs(step - STEP) <= STEP * 0.011 for step in steps)
    assert all(due <= now for due, now in found)


def test_what_was_sent_before_we_listened_does_not_become_latency():
    times = LiveClock(pushed=True)
    times.begin(0, 0)
    for stamp in range(0, 2_000_000, STEP):  # two seconds at once
        times.arrived(stamp, 5_000_000)
    assert times.settle(5_200_000, 0)
    assert times.due(1_960_000, 5_200_000) == 5_000_000


def test_a_longer_way_is_followed_when_it_lasts():
    times, begin = _settled()
    found = _run(times, range(STEP, 12_000_000, STEP), lambda n: 0 if n < 50 else 1_000_000, begin)
    due, now = found[-1]
    assert now - due < 100_000


def test_a_burst_after_a_stall_is_stamped_as_if_nothing_had_been():
    times, begin = _settled()
    stamps = range(STEP, 4_000_000, STEP)
    found = _run(times, stamps, lambda n: max(0, 1_000_000 - n * STEP) if n < 30 else 0, begin)
    assert [due for due, _ in found] == pytest.approx([begin + stamp for stamp in stamps], abs=15_000)


def test_clocks_that_run_at_other_speeds_are_followed_without_a_step():
    times, begin = _settled()
    found = _run(times, range(STEP, 120_000_000, STEP), lambda n: -n * 8, begin)  # 200 parts in a million
    steps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(found)]
    assert all(abs(step - STEP) < 500 for step in steps)
    assert abs(found[-1][0] - found[-1][1]) < 10_000


def test_what_is_fetched_begins_when_it_is_there_and_keeps_its_pace():
    times = LiveClock(pushed=False)
    times.begin(90, 1_000_000)
    assert times.settle(7_000_000, 1_000_000)
    assert times.due(1_500_000, 7_000_000) == 7_500_000
    times.delay(600_000)
    assert times.due(2_000_000, 9_000_000) == 8_600_000
    assert times.media_at(8_600_000) == 2_000_000


def test_before_it_is_settled_nobody_knows_the_time():
    times = LiveClock(pushed=True)
    times.begin(0, 0)
    assert times.media_at(1) is None
    assert not times.settle(1, 0)
