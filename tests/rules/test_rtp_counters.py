"""Counters that wrap around."""

from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.rtp_counters import PacketOrder, Unwrapped

__all__ = []


@given(st.integers(0, (1 << 32) - 1), st.lists(st.integers(-(1 << 30), 1 << 30), max_size=30))
def test_a_counter_goes_on_through_its_wrap_around(first, steps):
    counter = Unwrapped(32)
    assert counter.take(first) == first
    place = furthest = first
    for step in steps:
        place = furthest + step
        assert counter.look(place % (1 << 32)) == place
        assert counter.take(place % (1 << 32)) == place
        furthest = max(furthest, place)
    assert counter.latest == furthest


def test_looking_does_not_move_a_counter():
    counter = Unwrapped(16)
    assert counter.look(7) == 7
    counter.take(65_535)
    assert counter.look(0) == 65_536
    assert counter.latest == 65_535


def test_packets_have_places_across_the_wrap_around_in_any_order():
    order = PacketOrder()
    assert [order.take(number) for number in (65_534, 0, 65_535, 1)] == [65_534, 65_536, 65_535, 65_537]
    assert order.latest == 65_537
    assert not order.restarts


def test_a_number_far_off_is_not_believed_alone():
    order = PacketOrder()
    order.take(100)
    assert order.take(30_000) is None
    assert order.take(101) == 101
    assert order.take(30_001) is None
    assert order.take(61_000) is None
    assert order.take(102) == 102
    assert order.restarts == 0


def test_packets_that_come_once_more_prove_nothing():
    order = PacketOrder()
    assert order.look(7) is None
    order.take(5000)
    assert order.look(4990) == 4990
    assert order.look(5001) == 5001
    assert [order.look(number) for number in (100, 101, 102, 60_000)] == [None] * 4
    assert order.take(103) is None
    assert (order.latest, order.restarts) == (5000, 0)


def test_two_numbers_in_a_row_prove_that_the_sender_began_anew():
    order = PacketOrder()
    order.take(100)
    assert order.take(30_000) is None
    place = order.take(30_001)
    assert order.restarts == 1
    assert place > 100 + 3000
    assert place % 65_536 == 30_001
    assert order.take(30_002) == place + 1


def test_a_sender_that_begins_anew_behind_is_believed_too():
    order = PacketOrder()
    order.take(40_000)
    assert order.take(1_000) is None
    place = order.take(1_001)
    assert place % 65_536 == 1_001
    assert place > 40_000
