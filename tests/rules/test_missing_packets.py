"""What is missing, when it is asked for, when it is given up."""

import random

from mediastreams._rules.missing_packets import MissingPackets

__all__ = []

MS = 1000


def test_in_order_nothing_is_missing():
    missing = MissingPackets(asks=True)
    for place in range(10):
        missing.received(place, place * 20 * MS)
    assert missing.ask(200 * MS) == []
    assert missing.next_at() is None
    assert len(missing) == 0


def test_a_hole_is_asked_for_at_once_and_again_until_it_is_filled():
    missing = MissingPackets(asks=True)
    missing.received(10, 0)
    missing.received(13, 0)
    assert missing.ask(0) == [11, 12]
    assert missing.ask(10 * MS) == []
    assert missing.next_at() == 125 * MS  # nothing is known of the way yet
    missing.received(11, 40 * MS)
    assert missing.round_trip == 40 * MS
    assert missing.ask(60 * MS) == [12]
    missing.received(12, 90 * MS)
    assert missing.round_trip == 40 * MS  # which request was answered?
    assert missing.ask(300 * MS) == []
    assert missing.requests == 3


def test_the_way_there_and_back_is_followed():
    missing = MissingPackets(asks=True)
    missing.received(0, 0)
    for place in range(2, 200, 2):
        now = place * 100 * MS
        missing.received(place, now)
        missing.ask(now)
        missing.received(place - 1, now + 80 * MS)
    assert 79 * MS <= missing.round_trip <= 80 * MS


def test_packets_that_overtake_others_teach_patience():
    missing = MissingPackets(asks=True)
    missing.received(0, 0)
    missing.received(2, 0)
    missing.received(1, 8 * MS)  # before anybody asked
    missing.received(4, 20 * MS)
    assert missing.ask(20 * MS) == []
    assert 27 * MS <= missing.next_at() <= 28 * MS
    assert missing.ask(28 * MS) == [3]


def test_patience_has_a_bound():
    missing = MissingPackets(asks=True)
    missing.received(0, 0)
    missing.received(2, 0)
    missing.received(1, 190 * MS)
    missing.received(4, 200 * MS)
    assert missing.ask(250 * MS) == [3]


def test_a_packet_that_nobody_misses_changes_nothing():
    missing = MissingPackets(asks=True)
    missing.received(5, 0)
    missing.received(3, 0)
    missing.received(5, 0)
    assert len(missing) == 0


def test_what_does_not_come_is_given_up():
    missing = MissingPackets(asks=True)
    missing.received(0, 0)
    missing.received(2, 0)
    assert missing.sought(1)
    missing.ask(missing.limit - 1)
    assert missing.sought(1)
    missing.ask(missing.limit)
    assert not missing.sought(1)
    assert missing.sought(3)  # that is still to come


def test_before_the_first_packet_everything_may_come():
    assert MissingPackets(asks=True).sought(5)


def test_the_limit_follows_the_way_within_bounds():
    missing = MissingPackets(asks=True)
    assert missing.limit == 600 * MS
    missing.round_trip = 10 * MS
    assert missing.limit == 300 * MS
    missing.round_trip = 900 * MS
    assert missing.limit == 1000 * MS


def test_a_packet_is_waited_for_as_long_as_is_wished():
    for asks in (True, False):
        missing = MissingPackets(asks=asks)
        missing.least = 2000 * MS
        assert missing.limit == 2000 * MS


def test_who_does_not_send_again_is_not_asked_and_waited_for_shortly():
    missing = MissingPackets(asks=False)
    missing.received(0, 0)
    missing.received(2, 0)
    assert missing.ask(10 * MS) == []
    assert missing.sought(1)
    assert missing.next_at() == 60 * MS
    missing.ask(60 * MS)
    assert not missing.sought(1)


def test_one_packet_is_asked_for_so_often_and_no_more():
    missing = MissingPackets(asks=True)
    missing.round_trip = 1 * MS
    missing.received(0, 0)
    missing.received(2, 0)
    asked = sum(len(missing.ask(now * MS)) for now in range(299))
    assert asked == 10
    assert missing.next_at() == 300 * MS


def test_what_is_not_needed_any_more_is_forgotten():
    missing = MissingPackets(asks=True)
    missing.received(0, 0)
    missing.received(10, 0)
    missing.forget(6)
    assert missing.ask(0) == [6, 7, 8, 9]


def test_however_much_is_missing_the_list_does_not_grow():
    missing = MissingPackets(asks=True)
    missing.received(0, 0)
    for place in range(2, 100_000, 2):
        missing.received(place, 0)
    assert len(missing) == 1000
    missing.received(10_000_000, 0)
    assert len(missing) == 1000
    assert missing.ask(0)[0] == 10_000_000 - 1000


def test_with_one_in_five_lost_both_ways_nearly_everything_comes():
    chance, way = random.Random(7), 20 * MS
    missing, coming, given_up, now = MissingPackets(asks=True), [], 0, 0
    for place in range(2000):
        now = place * 5 * MS
        for due, late in sorted(coming):
            if due <= now:
                coming.remove((due, late))
                missing.received(late, due)
        if chance.random() > 0.2:
            missing.received(place, now)
        before = len(missing)
        wanted = missing.ask(now)
        given_up += before - len(missing)
        coming += [(now + 2 * way, one) for one in wanted if chance.random() > 0.36]
    assert given_up <= 8  # 0.36 of the tries fail, and there is time for six
