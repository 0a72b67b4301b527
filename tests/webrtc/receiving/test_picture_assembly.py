"""Packets of pictures into whole frames."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.webrtc.receiving.peer import H264, VP8

from mediastreams.webrtc.receiving.picture_assembly import PictureAssembly, Piece
from mediastreams.webrtc.rtp.formats import format_of

__all__ = []

KEY = b"\x10\x00\x00\x9d\x01\x2a" + bytes(4)


def frame(number, *, key=False, size=26):
    """What looks like a VP8 frame and tells its number."""
    head = KEY if key else b"\x11" + bytes(9)
    return head + bytes([number % 256]) * size


def packets(frames, *, limit=16, marker=True, first=0):
    """(place, piece) of frames; ``frames``: whether each is a key frame."""
    made, place = [], first
    for number, key in enumerate(frames):
        payloads = format_of("vp8").packetize(frame(number, key=key), limit=limit)
        for index, payload in enumerate(payloads):
            last = marker and index == len(payloads) - 1
            made.append((place, Piece(VP8, payload, number * 3000, last, place)))
            place += 1
    return made


class Buffer:
    """An assembly whose missing packets are sought until `hopeless`."""

    def __init__(self, first=0):
        self.hopeless, self.came = set(), set()
        self.everything = False
        self.first, self.highest = first, first
        self.assembly = PictureAssembly(self.sought)
        self.out = []

    def sought(self, place):
        """As `MissingPackets`: what is newer than all may always come."""
        if place > self.highest or place in self.came:
            return place > self.highest
        return place >= self.first and place not in self.hopeless and not self.everything

    def add(self, *arrived):
        for place, piece in arrived:
            self.highest = max(self.highest, place)
            self.came.add(place)
            self.assembly.add(place, piece)
            self.look()

    def look(self):
        self.out += [(picture.stamp // 3000, picture.key, picture.after_loss) for picture in self.assembly.take()]

    @property
    def numbers(self):
        return [number for number, _, _ in self.out]


def test_a_frame_is_handed_on_with_its_last_packet():
    buffer = Buffer()
    for number, sent in enumerate(packets([True, False, False])):
        buffer.add(sent)
        assert len(buffer.out) == (number + 1) // 3
    assert buffer.out == [(0, True, True), (1, False, False), (2, False, False)]
    assert len(buffer.assembly) == 0


def test_without_markers_a_frame_ends_where_the_next_begins():
    buffer = Buffer()
    buffer.add(*packets([True, False, False], marker=False))
    assert buffer.numbers == [0, 1]


@given(st.randoms(use_true_random=False))
def test_any_order_makes_the_same_frames(chance):
    sent = packets([True] + [False] * 9, first=65_530)
    start, rest = sent[0], sent[1:]
    chance.shuffle(rest)
    buffer = Buffer(65_530)
    buffer.add(start, *rest, *rest)
    assert buffer.numbers == list(range(10))


def test_nothing_comes_out_before_a_key_frame():
    buffer = Buffer()
    buffer.everything = True
    buffer.add(*packets([False, False, True, False]))
    assert buffer.out == [(2, True, True), (3, False, False)]
    assert buffer.assembly.dropped == 2


def test_a_missing_packet_is_waited_for_while_it_is_sought():
    buffer = Buffer()
    sent = packets([True, False, False])
    buffer.add(*sent[:4], *sent[5:])
    assert buffer.numbers == [0]
    assert not buffer.assembly.needs_key
    buffer.add(sent[4])
    assert buffer.numbers == [0, 1, 2]


def test_what_is_lost_for_good_needs_a_key_frame():
    buffer = Buffer()
    sent = packets([True, False, False, True, False])
    buffer.add(*sent[:4], *sent[5:9])
    buffer.hopeless.add(4)
    buffer.look()
    assert buffer.numbers == [0]
    assert buffer.assembly.needs_key
    buffer.add(*sent[9:])
    assert buffer.out[1:] == [(3, True, True), (4, False, False)]


def test_a_whole_key_frame_ends_the_wait():
    buffer = Buffer()
    sent = packets([True, False, False, True, False])
    buffer.add(*sent[:4], *sent[5:])
    assert buffer.numbers == [0, 3, 4]


def test_the_first_packet_of_a_key_frame_may_be_the_missing_one():
    buffer = Buffer()
    buffer.everything = True
    sent = packets([False, True, False])
    buffer.add(sent[0], *sent[4:])
    assert buffer.out == []
    buffer.add(sent[3])
    assert buffer.numbers == [1, 2]


def test_padding_between_frames_is_no_loss():
    buffer = Buffer()
    sent = packets([True, False])
    padding = [(place, replace(sent[2][1], payload=b"", marker=False)) for place in (3, 4)]
    moved = [(place + 2, piece) for place, piece in sent[3:]]
    buffer.add(*sent[:3], *padding, *moved)
    assert buffer.numbers == [0, 1]


def test_what_cannot_be_put_together_is_a_loss():
    buffer = Buffer()
    sent = packets([True, False, True])
    spoilt = (4, replace(sent[4][1], payload=b"\x90\x80\x80"))  # a truncated descriptor
    buffer.add(*sent[:4], spoilt, sent[5])
    assert buffer.numbers == [0]
    assert buffer.assembly.needs_key
    buffer.add(*sent[6:])
    assert buffer.out[1:] == [(2, True, True)]


def test_parameter_sets_in_packets_of_their_own_begin_the_key_frame():
    buffer = Buffer()
    units = [b"\x67" + bytes(6), b"\x68" + bytes(4), b"\x65\x80" + bytes(9)]
    pieces = [(place, Piece(H264, unit, 0, place == 2, 0)) for place, unit in enumerate(units)]
    buffer.add(pieces[2])
    buffer.add(pieces[1])
    assert buffer.out == []  # what is before it is on its way
    buffer.add(pieces[0])
    assert buffer.out == [(0, True, True)]


@pytest.mark.parametrize("flood", ["no end", "no key", "no beginning"])
def test_a_flood_of_packets_does_not_grow(flood):
    buffer = Buffer()
    piece = packets([True, False])[0 if flood == "no end" else 3][1]
    places = range(0, 40_000, 2) if flood == "no beginning" else range(20_000)
    most = 0
    for place in places:
        buffer.add((place, replace(piece, stamp=0 if flood == "no end" else place * 3000, marker=False)))
        most = max(most, len(buffer.assembly))
    assert most <= 4096
    assert buffer.out == []


def test_bytes_are_bounded_too():
    buffer = Buffer()
    piece = replace(packets([True])[0][1], payload=b"\x10" + KEY + bytes(60_000), marker=False)
    for place in range(2000):
        buffer.add((place, piece))
    assert buffer.assembly._bytes <= 32_060_000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.binary(max_size=12), st.integers(0, 9), st.booleans()), max_size=80))
def test_garbage_is_survived(arrivals):
    buffer = Buffer()
    for place, payload, stamp, marker in arrivals:
        buffer.hopeless = set(range(0, 60, random.Random(place).randint(1, 5)))
        buffer.add((place, Piece(VP8, payload, stamp * 3000, marker, 0)))
    assert len(buffer.assembly) <= 61
    assert buffer.assembly._bytes == sum(len(piece.payload) for piece in buffer.assembly._pieces.values())
