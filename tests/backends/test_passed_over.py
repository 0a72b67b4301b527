"""Which packets are kept of those that nobody wanted decoded."""

import av
import pytest

from mediastreams._backends.ffmpeg.passed_over import PassedOver


@pytest.fixture
def passed():
    return PassedOver()


def add(passed, letters, waiting, begin=0, size=10):
    """``K`` is a key frame, ``p`` another; one a millisecond."""
    for number, letter in enumerate(letters, begin):
        packet = av.Packet(size)
        packet.is_keyframe = letter == "K"
        packet.pts = number
        passed.add(packet, number * 1000, waiting(number * 1000) if callable(waiting) else waiting)


def rest(passed):
    found = []
    while passed:
        found.append(passed.pop().pts)
    return found


@pytest.mark.parametrize(
    ("letters", "waiting", "kept"),
    [
        ("KppKpp", None, [3, 4, 5]),  # everything has been shown
        ("KppKpp", 0, [0, 1, 2, 3, 4, 5]),  # at rest at the beginning
        ("KppKpp", 2000, [0, 1, 2, 3, 4, 5]),  # the third of the first group is the next
        ("KppKpp", 3000, [3, 4, 5]),
        ("KKKK", 1000, [1, 2, 3]),
        ("ppKpp", 0, [0, 1, 2, 3, 4]),  # the decoder knows what the first ones refer to
        ("ppKpp", 4000, [2, 3, 4]),
        ("KppKppKpp", lambda media: media - 1000, [6, 7, 8]),
    ],
)
def test_those_since_the_key_frame_of_what_is_due_next_are_kept(passed, letters, waiting, kept):
    add(passed, letters, waiting)
    assert passed.restart is (letters[kept[0]] == "K")
    assert rest(passed) == kept


def test_too_many_are_given_up_until_the_next_key_frame(passed):
    add(passed, "Kpppppp", 0, size=10_000_000)
    assert passed.lost
    assert not passed
    add(passed, "pp", 0, begin=7)
    assert not passed
    add(passed, "Kp", 9000, begin=9)
    assert not passed.lost
    assert rest(passed) == [9, 10]


def test_what_was_taken_counts_no_more(passed):
    for begin in range(0, 60, 2):  # 600 MB, two at a time
        add(passed, "Kp", 0, begin=begin, size=10_000_000)
        assert rest(passed) == [begin, begin + 1]
    assert not passed.lost
