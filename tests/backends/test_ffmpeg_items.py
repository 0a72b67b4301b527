"""Sounds that wait their turn are put together where they follow one another."""

from collections import deque

import numpy as np
import pytest

from mediastreams._backends.ffmpeg.items import Item, Samples, joined


def sound(media, length=1024, *, value=0.0, rate=48_000, layout="mono"):
    samples = Samples(np.full((1, length), value, np.float32), rate, layout)
    return Item(media, None, media, samples)


def media_of(number, length=1024):
    return number * length * 1_000_000 // 48_000


def test_sounds_in_a_row_become_one_of_a_tenth_of_a_second_at_most():
    found = deque(("lane", sound(media_of(number), value=number)) for number in range(6))
    made = joined(found)
    assert [item.payload.data.shape[1] for _, item in made] == [4096, 2048]
    assert [item.media for _, item in made] == [0, media_of(4)]
    assert [set(item.payload.data[0, ::1024]) for _, item in made] == [{0, 1, 2, 3}, {4, 5}]


@pytest.mark.parametrize(
    "second",
    [
        sound(media_of(1) + 5_000),
        sound(media_of(1) - 5_000),
        sound(media_of(1), rate=44_100),
        sound(media_of(1), layout="FC"),
    ],
    ids=["gap", "overlap", "rate", "layout"],
)
def test_what_does_not_go_on_stays_by_itself(second):
    first = sound(0)
    assert list(joined(deque([("lane", first), ("lane", second)]))) == [("lane", first), ("lane", second)]


def test_lanes_are_not_mixed_up_and_pictures_keep_their_order():
    pictures = [Item(time, 40_000, time, None) for time in (0, 40_000)]
    one, other = sound(0), sound(0)
    found = deque([("video", pictures[0]), ("one", one), ("other", other), ("video", pictures[1])])
    made = list(joined(found))
    assert [item for lane, item in made if lane == "video"] == pictures
    assert [(lane, item) for lane, item in made if lane != "video"] == [("one", one), ("other", other)]
