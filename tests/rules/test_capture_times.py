"""A sender's stamps on our clock: together, steady, never back."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mediastreams._rules.capture_times import SharedTimes

__all__ = []

MS = 1000
S = 1_000_000
WALL = 3_900_000_000 * S  # the sender's wall clock when ours is 0


class Sent:
    """One medium: captured regularly on the sender's clock, which may run at another speed, sent over a way."""

    def __init__(self, shared, rate, step, *, way, zero=0, skew=0.0, jitter=0, seed=1):
        self.medium = shared.join(rate)
        self.rate, self.step, self.way, self.zero = rate, step, way, zero
        self.skew, self.jitter = skew, jitter
        self.random = random.Random(seed)
        self.at = 0  # captured, on the sender's clock
        self.stamps = []  # (captured on the sender's clock, timestamp on ours)

    def arrival(self, captured):
        return round(captured * (1 + self.skew)) + self.way + self.random.randint(0, self.jitter)

    def send(self, until):
        while self.at < until:
            stamp = self.zero + self.at * self.rate // S
            now = self.arrival(self.at)
            self.medium.arrived(stamp, now)
            self.stamps.append((self.at, self.medium.timestamp(stamp, now)))
            self.at += self.step

    def report(self):
        stamp = self.zero + self.at * self.rate // S
        self.medium.reported(stamp, WALL + self.at, self.arrival(self.at))

    def offset(self):
        """Timestamp less capture, of the latest."""
        captured, timestamp = self.stamps[-1]
        return timestamp - captured


def sound(shared, **options):
    return Sent(shared, 48_000, 20 * MS, **{"zero": 123_456_789, "seed": 2, **options})


def pictures(shared, **options):
    return Sent(shared, 90_000, 33_333, **{"zero": 7_654_321, "seed": 3, **options})


def run(media, since, until, *, reports=None):
    """Let time pass, all media side by side; ``reports``: µs between those of each medium."""
    for now in range(since, until, 20 * MS):
        for medium in media:
            medium.send(now + 20 * MS)
            if reports is not None and now % reports == 0:
                medium.report()


def test_before_a_report_stamps_lie_where_packets_come():
    shared = SharedTimes()
    medium = sound(shared, way=30 * MS)
    run([medium], 0, S)
    assert {timestamp - captured for captured, timestamp in medium.stamps} <= {30 * MS, 30 * MS + 1}


def test_one_medium_alone_takes_the_shortest_way_and_jitter_is_taken_out():
    shared = SharedTimes()
    medium = pictures(shared, way=20 * MS, jitter=30 * MS)
    run([medium], 0, 20 * S, reports=5 * S)
    steps = [b - a for (_, a), (_, b) in pairwise(medium.stamps[300:])]
    assert all(abs(step - 33_333) < 300 for step in steps)
    assert 20 * MS <= medium.offset() <= 27 * MS


def test_sound_and_pictures_of_one_instant_have_one_timestamp_whatever_their_ways():
    shared = SharedTimes()
    heard, seen = sound(shared, way=20 * MS), pictures(shared, way=170 * MS)
    run([heard, seen], 0, 3 * S, reports=S)
    assert abs(heard.offset() - seen.offset()) <= 1 * MS
    assert abs(heard.offset() - 170 * MS) <= 1 * MS  # the slower one is not late


def test_they_are_together_soon_after_the_first_reports_of_both():
    shared = SharedTimes()
    heard, seen = sound(shared, way=20 * MS), pictures(shared, way=170 * MS)
    run([heard, seen], 0, S)
    assert abs(heard.offset() - seen.offset()) >= 149 * MS
    heard.report()
    run([heard, seen], S, 2 * S)
    seen.report()
    run([heard, seen], 2 * S, 2 * S + 200 * MS)
    assert abs(heard.offset() - seen.offset()) <= 1 * MS


def test_the_slower_one_may_report_first():
    shared = SharedTimes()
    heard, seen = sound(shared, way=20 * MS), pictures(shared, way=170 * MS)
    run([heard, seen], 0, S)
    seen.report()
    run([heard, seen], S, 2 * S)
    heard.report()
    run([heard, seen], 2 * S, 2 * S + 200 * MS)
    assert abs(heard.offset() - seen.offset()) <= 1 * MS


def test_first_packets_that_took_longer_make_nobody_go_back():
    shared = SharedTimes()
    heard, seen = sound(shared, way=60 * MS), pictures(shared, way=250 * MS)
    run([heard, seen], 0, 100 * MS)
    heard.way, seen.way = 20 * MS, 40 * MS
    run([heard, seen], 100 * MS, 10 * S, reports=S)
    for medium in (heard, seen):
        steps = [b - a for (_, a), (_, b) in pairwise(medium.stamps)]
        assert all(step > medium.step * 0.9 for step in steps)  # a twentieth on average
    assert abs(heard.offset() - seen.offset()) <= 1 * MS
    assert 40 * MS <= seen.offset() <= 42 * MS  # and soon nobody waits for what is over


def test_what_was_captured_when_is_told_by_the_shortest_way():
    shared = SharedTimes()
    heard, seen = sound(shared, way=20 * MS), pictures(shared, way=170 * MS)
    assert heard.medium.captured(5) is None
    run([heard, seen], 0, S)
    stamp = seen.zero + 500 * MS * 90_000 // S
    assert abs(seen.medium.captured(stamp) - 670 * MS) <= 1 * MS  # nothing better is known
    run([heard, seen], S, 3 * S, reports=S)
    assert abs(seen.medium.captured(stamp) - 520 * MS) <= 1 * MS


def test_once_settled_nothing_jumps_when_a_way_gets_longer_or_shorter():
    shared = SharedTimes()
    heard, seen = sound(shared, way=20 * MS), pictures(shared, way=60 * MS)
    run([heard, seen], 0, 5 * S, reports=S)
    settled = len(heard.stamps), len(seen.stamps)
    seen.way = 110 * MS
    run([heard, seen], 5 * S, 35 * S, reports=S)
    seen.way = 60 * MS
    run([heard, seen], 35 * S, 70 * S, reports=S)
    for medium, since in zip((heard, seen), settled, strict=True):
        steps = [b - a for (_, a), (_, b) in pairwise(medium.stamps[since:])]
        assert all(abs(step - medium.step) < 200 for step in steps)
    assert abs(heard.offset() - seen.offset()) <= 1 * MS
    assert 59 * MS <= seen.offset() <= 62 * MS


def test_two_clocks_that_run_apart_are_followed():
    shared = SharedTimes()
    heard = sound(shared, way=20 * MS, skew=200e-6, jitter=5 * MS)
    seen = pictures(shared, way=50 * MS, skew=200e-6, jitter=20 * MS)
    run([heard, seen], 0, 300 * S, reports=5 * S)
    for medium in (heard, seen):
        captured, timestamp = medium.stamps[-1]
        assert abs(timestamp - (captured * (1 + 200e-6) + 50 * MS)) <= 8 * MS
    assert abs(heard.offset() - seen.offset()) <= 2 * MS


def test_a_way_that_has_changed_for_good_by_a_lot_is_followed_at_once():
    shared = SharedTimes()
    medium = sound(shared, way=20 * MS)
    run([medium], 0, 5 * S, reports=S)
    medium.way = 1_020 * MS
    run([medium], 5 * S, 11 * S, reports=S)
    assert abs(medium.offset() - 1_020 * MS) <= 1 * MS


def test_media_whose_clocks_have_nothing_in_common_go_each_by_its_own():
    shared = SharedTimes()
    heard, seen = sound(shared, way=20 * MS), pictures(shared, way=20 * MS)
    run([heard, seen], 0, S)
    heard.report()
    seen.medium.reported(seen.zero, WALL + 3_600 * S, S)
    run([heard, seen], S, 3 * S)
    assert abs(heard.offset() - 20 * MS) <= 1 * MS
    assert abs(seen.offset() - 20 * MS) <= 1 * MS


def test_who_falls_silent_holds_nobody_back_for_long():
    shared = SharedTimes()
    heard, seen = sound(shared, way=20 * MS), pictures(shared, way=170 * MS)
    run([heard, seen], 0, 3 * S, reports=S)
    run([heard], 3 * S, 90 * S, reports=S)
    assert abs(heard.offset() - 20 * MS) <= 1 * MS


def test_who_leaves_holds_nobody_back():
    shared = SharedTimes()
    heard, seen = sound(shared, way=20 * MS), pictures(shared, way=170 * MS)
    run([heard, seen], 0, 3 * S, reports=S)
    seen.medium.leave()
    seen.medium.leave()
    run([heard], 3 * S, 90 * S, reports=S)
    assert abs(heard.offset() - 20 * MS) <= 1 * MS


def test_a_report_that_corrects_itself_slightly_does_not_jump():
    shared = SharedTimes()
    medium = sound(shared, way=20 * MS)
    run([medium], 0, 3 * S, reports=S)
    before = len(medium.stamps)
    medium.medium.reported(medium.zero + medium.at * 48_000 // S, WALL + medium.at + 30 * MS, medium.at)
    run([medium], 3 * S, 4 * S)
    steps = [b - a for (_, a), (_, b) in pairwise(medium.stamps[before - 1 :])]
    assert all(abs(step - 20 * MS) < 300 for step in steps)


def test_a_sender_that_lost_sound_and_went_on_counting_is_put_where_it_says_that_it_is():
    shared = SharedTimes()
    heard, seen = sound(shared, way=20 * MS), pictures(shared, way=60 * MS)
    run([heard, seen], 0, 5 * S, reports=S)
    heard.zero -= 80 * MS * 48_000 // S  # stamps of what follows are less than they should be
    run([heard, seen], 5 * S, 7 * S + 100 * MS, reports=S)
    assert abs(heard.offset() - seen.offset()) <= 1 * MS
    run([heard, seen], 7 * S, 20 * S, reports=S)
    assert abs(heard.offset() - seen.offset()) <= 1 * MS
    assert abs(heard.offset() - 60 * MS) <= 1 * MS


def test_a_sender_whose_stamps_begin_anew_does_not_go_back_in_time():
    shared = SharedTimes()
    medium = sound(shared, way=20 * MS)
    run([medium], 0, 3 * S, reports=S)
    medium.medium.begin_anew(8_000)
    medium.rate, medium.zero = 8_000, 5
    run([medium], 3 * S, 5 * S)
    times = [timestamp for _, timestamp in medium.stamps]
    assert times == sorted(set(times))
    assert abs(medium.offset() - 20 * MS) <= 1 * MS


def test_a_stamp_before_anything_arrived_lies_now():
    medium = SharedTimes().join(90_000)
    assert medium.timestamp(90_000, 5 * S) == 5 * S


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1 << 40), st.integers(0, 1 << 40), st.integers(0, 1 << 60), st.booleans()),
        max_size=40,
    )
)
def test_nonsense_never_goes_back_in_time(events):
    shared = SharedTimes()
    media = shared.join(90_000), shared.join(48_000)
    latest = [None, None]
    for stamp, now, wall, which in events:
        medium = media[which]
        medium.reported(stamp, wall, now)
        medium.arrived(stamp, now)
        medium.captured(stamp)
        timestamp = medium.timestamp(stamp, now)
        assert latest[which] is None or timestamp > latest[which]
        latest[which] = timestamp
