"""What reports tell of a stream of packets."""

import pytest

from mediastreams._rules.reception import Reception

__all__ = []


def received(places, *, clock_rate=8000, ticks=160, delay=lambda place: 0):
    reception = Reception(clock_rate)
    for place in places:
        arrival = place * ticks * 1_000_000 // clock_rate + delay(place)
        reception.take(place, place * ticks, arrival, 100, 12)
    return reception


def test_nothing_was_expected_before_the_first_packet():
    assert Reception(8000).report() == (0, 0, 0, 0)


def test_everything_came():
    reception = received(range(50, 150))
    assert reception.report() == (0, 0, 149, 0)
    assert (reception.packets, reception.bytes, reception.header_bytes) == (100, 10_000, 1_200)


def test_a_fraction_is_of_the_time_since_the_report_before():
    reception = received(range(100))
    assert reception.report().fraction == 0
    for place in range(100, 200, 2):
        reception.take(place, place * 160, place * 20_000, 100, 12)
    report = reception.report()
    assert report.fraction == (49 << 8) // 99
    assert report.lost == 49
    assert reception.report().fraction == 0  # nothing came since


def test_all_lost_but_the_ends_is_still_a_fraction():
    reception = received([0])
    reception.report()
    reception.take(100_000, 0, 0, 1, 12)
    assert reception.report().fraction == 255


def test_packets_that_come_twice_are_told_as_gain():
    reception = received([0, 1, 1, 1, 2])
    assert reception.lost == -2
    assert reception.report().fraction == 0


def test_the_first_in_order_may_come_late():
    reception = received([5, 4, 6])
    assert reception.lost == 0
    assert reception.report().highest == 6


def test_the_count_of_the_lost_stays_in_its_field():
    reception = received([0])
    reception.take(1 << 24, 0, 0, 1, 12)
    assert reception.lost == (1 << 23) - 1


def test_a_number_beyond_32_bits_is_told_without_what_is_above():
    reception = received([(1 << 32) + 7])
    assert reception.report().highest == 7


def test_jitter_settles_at_the_mean_deviation():
    reception = received(range(2000), delay=lambda place: 5_000 * (place % 2))
    assert reception.jitter == pytest.approx(40, abs=1)  # 5 ms of 8 kHz
    assert reception.report().jitter in (39, 40)


def test_packets_of_one_picture_and_late_ones_are_no_jitter():
    reception = Reception(90_000)
    for place, (stamp, arrival) in enumerate([(0, 0), (0, 9_000), (3_000, 33_333), (3_000, 60_000)]):
        reception.take(place, stamp, arrival, 1, 12)
    reception.take(1, 0, 500_000, 1, 12)
    assert reception.jitter < 0.1


def test_a_sender_that_begins_anew_has_lost_nothing():
    reception = received([*range(50), *range(53, 100)])
    reception.begin_anew()
    for place in (100_000, 100_001, 100_003):
        reception.take(place, 0, 5_000_000, 1, 12)
    assert reception.lost == 4
    assert reception.packets == 100
    assert reception.report().fraction == 64
