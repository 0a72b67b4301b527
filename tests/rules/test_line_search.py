import random
from math import inf

import pytest

from mediastreams._rules.box_search import SizeAsk, size_distance
from mediastreams._rules.line_search import nearest_on_line

CLOSE = 1e-4


def random_ask(rng, width, height):
    def span(most):
        low = 1 if rng.random() < 0.6 else rng.randrange(1, most + 1)
        return (low, most if rng.random() < 0.6 else rng.randrange(low, most + 1))

    ideals = (rng.choice((None, rng.randrange(1, 2 * side))) for side in (width, height))
    return SizeAsk(span(width), span(height), (0.0, inf), *ideals)


def sizes_of(width, height):
    longest = max(width, height)
    return [
        (max(1, round(side * width / longest)), max(1, round(side * height / longest)))
        for side in range(1, longest + 1)
    ]


@pytest.mark.parametrize("seed", range(100))
def test_the_search_on_a_line_finds_what_trying_every_size_finds(seed):
    rng = random.Random(seed)
    for _ in range(6):
        width, height = rng.randrange(1, 300), rng.randrange(1, rng.choice((10, 300)))
        ask = random_ask(rng, width, height)
        distance, size = nearest_on_line(ask, width, height)
        expected = min(size_distance(ask, *one) for one in sizes_of(width, height))
        if expected == inf:
            assert (distance, size) == (inf, (0, 0)), ask
        else:
            assert expected <= distance <= expected + CLOSE, ask
            assert size_distance(ask, *size) == distance
            assert size in sizes_of(width, height)


def test_a_screens_shorter_side_takes_every_value():
    for side in range(1, 1081):
        ask = SizeAsk((1, 1920), (1, 1080), ideal_height=side)
        assert nearest_on_line(ask, 1920, 1080)[1][1] == side


def test_nothing_is_found_that_is_not_nearer_than_asked():
    ask = SizeAsk((1, 640), (1, 480), ideal_width=1280, ideal_height=720)
    assert nearest_on_line(ask, 640, 480, 0.1) == (inf, (0, 0))


def test_the_largest_of_equally_near_sizes_is_taken():
    assert nearest_on_line(SizeAsk((1, 640), (1, 480)), 640, 480)[1] == (640, 480)
