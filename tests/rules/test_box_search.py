import random
from dataclasses import replace
from math import inf

import pytest

from mediastreams._rules.box_search import SizeAsk, bound_of_box, nearest_in_box, nearest_on_line, size_distance

CLOSE = 1e-4


def random_ask(rng, width, height):
    def span(most):
        low = 1 if rng.random() < 0.6 else rng.randrange(1, most + 1)
        return (low, most if rng.random() < 0.6 else rng.randrange(low, most + 1))

    ratio = rng.choice((1.0, 1.5, 1.3333333333, 1.7777777778, 1.7, 0.5625, round(rng.uniform(0.2, 5), 10)))
    aspect = rng.choice(
        ((0.0, inf), (ratio, ratio), (ratio * 0.99, ratio * 1.01), (ratio, inf), (0.0, ratio), (2 * ratio, ratio))
    )
    return SizeAsk(
        span(width),
        span(height),
        aspect,
        rng.choice((None, rng.randrange(1, 2 * width))),
        rng.choice((None, rng.randrange(1, 2 * height))),
        rng.choice((None, ratio, round(rng.uniform(0.1, 6), 10))),
    )


def brute(ask, sizes):
    return min((size_distance(ask, *size) for size in sizes), default=inf)


@pytest.mark.parametrize("seed", range(120))
def test_the_search_in_a_box_finds_what_trying_every_size_finds(seed):
    rng = random.Random(seed)
    for _ in range(4):
        width, height = rng.randrange(1, 90), rng.randrange(1, 70)
        ask = random_ask(rng, width, height)
        every = ((w, h) for w in range(1, width + 1) for h in range(1, height + 1))
        distance, size = nearest_in_box(ask)
        expected = brute(ask, every)
        if expected == inf:
            assert (distance, size) == (inf, (0, 0)), ask
        else:
            assert expected <= distance <= expected + CLOSE, ask
            assert size_distance(ask, *size) == distance


@pytest.mark.parametrize("seed", range(60))
def test_the_search_on_a_line_finds_what_trying_every_size_finds(seed):
    rng = random.Random(seed)
    for _ in range(4):
        width, height = rng.randrange(1, 300), rng.randrange(1, 300)
        ask = replace(random_ask(rng, width, height), aspect=(0.0, inf), ideal_aspect=None)
        longest = max(width, height)
        every = (
            (max(1, round(side * width / longest)), max(1, round(side * height / longest)))
            for side in range(1, longest + 1)
        )
        distance, size = nearest_on_line(ask, width, height)
        expected = brute(ask, every)
        if expected == inf:
            assert (distance, size) == (inf, (0, 0)), ask
        else:
            assert expected <= distance <= expected + CLOSE, ask


@pytest.mark.parametrize("seed", range(40))
def test_no_size_of_a_band_is_nearer_than_its_bound(seed):
    rng = random.Random(seed)
    ask = random_ask(rng, 60, 60)
    low, high = ask.height
    bound = bound_of_box(ask, low, high)
    every = ((w, h) for w in range(1, 61) for h in range(low, high + 1))
    assert bound <= brute(ask, every) + 1e-6


def test_a_screens_shorter_side_takes_every_value():
    for side in range(1, 1081):
        ask = SizeAsk((1, 1920), (1, 1080), ideal_height=side)
        assert nearest_on_line(ask, 1920, 1080)[1][1] == side


def test_the_largest_of_equally_near_sizes_is_taken():
    ask = SizeAsk((1, 640), (1, 480), ideal_aspect=16 / 9)
    assert nearest_in_box(ask)[1] == (640, 360)


def test_nothing_is_found_that_is_not_nearer_than_asked():
    ask = SizeAsk((1, 640), (1, 480), ideal_width=1280, ideal_height=720, ideal_aspect=1.5)
    distance, _ = nearest_in_box(ask)
    assert nearest_in_box(ask, distance / 2) == (inf, (0, 0))
    assert nearest_on_line(ask, 640, 480, 0.1) == (inf, (0, 0))


def test_an_exact_ratio_is_met_by_whole_numbers_or_not_at_all():
    assert nearest_in_box(SizeAsk((1, 1920), (1, 1080), (1.85, 1.85)))[1] == (1887, 1020)
    assert nearest_in_box(SizeAsk((1, 1920), (1, 1080), (1.2345678, 1.2345678))) == (inf, (0, 0))


@pytest.mark.parametrize("seed", range(60))
def test_a_search_below_a_bound_finds_the_same_or_says_that_nothing_is_nearer(seed):
    rng = random.Random(1000 + seed)
    for _ in range(4):
        ask = random_ask(rng, rng.randrange(1, 90), rng.randrange(1, 70))
        nearest, _size = nearest_in_box(ask)
        below = rng.choice((nearest * rng.uniform(0.5, 1.5), nearest + CLOSE, nearest - CLOSE, 0.01))
        distance, size = nearest_in_box(ask, below)
        if nearest < below - CLOSE:
            assert distance == pytest.approx(nearest, abs=CLOSE), ask
            assert size_distance(ask, *size) == distance
        else:
            assert distance >= min(nearest, inf) - CLOSE, ask


def test_rows_too_far_from_the_ideal_height_are_passed_over():
    ask = SizeAsk((1, 1000), (1, 7), (0.0, inf), ideal_width=10, ideal_height=7, ideal_aspect=10 / 7)
    assert nearest_in_box(ask)[1] == (10, 7)
    assert nearest_in_box(ask, 0.2)[1] == (10, 7)


def test_a_ratio_that_only_rounding_would_let_in_is_not_let_in():
    ask = SizeAsk((1, 10), (1, 10), (1.00000000002, 3.0), ideal_width=5, ideal_height=5)
    assert nearest_in_box(ask)[1] == (6, 5)
