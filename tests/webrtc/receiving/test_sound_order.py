"""Packets of sound into order."""

from tests.webrtc.receiving.peer import OPUS

from mediastreams.webrtc.receiving.sound_order import SoundOrder, SoundPacket

__all__ = []

MS = 1000


def packet(place, now):
    return SoundPacket(OPUS, b"x", place * 960, now)


class Line:
    def __init__(self):
        self.order = SoundOrder()
        self.out = []

    def add(self, place, now):
        self.order.add(place, packet(place, now), now)
        self.look(now)

    def look(self, now, round_trip=None):
        self.out += [(one.stamp // 960, one.lost) for one in self.order.take(now, round_trip)]


def test_what_is_next_in_turn_does_not_wait():
    line = Line()
    for place in range(5):
        line.add(place, place * 20 * MS)
        assert line.out[-1] == (place, 0)
    assert line.order.next_at() is None


def test_what_was_overtaken_is_waited_for():
    line = Line()
    line.add(0, 0)
    line.add(2, 20 * MS)
    line.add(1, 25 * MS)
    assert line.out == [(0, 0), (1, 0), (2, 0)]


def test_a_loss_is_told_when_the_wait_was_in_vain():
    line = Line()
    line.add(0, 0)
    line.add(3, 60 * MS)
    due = line.order.next_at()
    assert 80 * MS <= due <= 100 * MS
    line.look(due - 1)
    assert line.out == [(0, 0)]
    line.look(due)
    assert line.out == [(0, 0), (3, 2)]


def test_who_can_be_asked_again_is_waited_for_longer():
    line = Line()
    line.add(0, 0)
    line.add(2, 0)
    line.look(100 * MS, 100 * MS)
    assert line.out == [(0, 0)]
    assert line.order.next_at(100 * MS) == 150 * MS
    line.look(150 * MS, 100 * MS)
    assert line.out == [(0, 0), (2, 1)]


def test_a_missing_packet_is_waited_for_as_long_as_is_wished():
    line = Line()
    line.order.least = 1500 * MS
    line.add(0, 0)
    line.add(2, 0)
    assert line.order.next_at() == 1500 * MS


def test_packets_that_come_just_too_late_are_waited_for_next_time():
    line = Line()
    line.add(0, 0)
    line.add(2, 20 * MS)
    line.look(60 * MS)
    line.add(1, 90 * MS)
    assert line.order.late == 1
    line.add(3, 90 * MS)
    line.add(5, 100 * MS)
    assert line.order.next_at() >= 180 * MS


def test_the_wait_calms_down_while_all_is_in_order():
    line = Line()
    line.order.patience = 200.0 * MS
    for place in range(3000):
        line.add(place, place * 20 * MS)
    line.add(3001, 0)
    assert line.order.next_at() == 20 * MS


def test_twice_and_far_too_late_changes_nothing():
    line = Line()
    for place in range(3):
        line.add(place, place * 20 * MS)
    line.add(1, 10_000 * MS)
    line.add(2, 10_000 * MS)
    assert line.out == [(0, 0), (1, 0), (2, 0)]
    assert line.order.late == 0
    assert line.order.patience <= 40 * MS


def test_however_much_comes_out_of_order_little_waits():
    line = Line()
    line.add(0, 0)
    for place in range(2, 2000, 2):
        line.add(place, 0)
        assert len(line.order) <= 101
    assert len(line.out) > 800


def test_a_sender_that_begins_anew_is_not_late():
    line = Line()
    line.add(500, 0)
    line.order.begin_anew()
    line.add(3, 20 * MS)
    line.add(4, 40 * MS)
    assert line.out == [(500, 0), (3, 0), (4, 0)]
