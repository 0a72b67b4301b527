import random
from math import inf

import pytest

from mediastreams._rules.box_search import BoxSearch, SizeAsk, size_distance

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


def nearest_in_box(ask, below=inf):
    return BoxSearch(ask).nearest(ask.width[1], ask.height[1], below)


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


@pytest.mark.parametrize("seed", range(40))
def test_no_size_of_a_box_is_nearer_than_its_bound(seed):
    rng = random.Random(seed)
    ask = random_ask(rng, 60, 60)
    boxes = BoxSearch(ask)
    for width, height in ((60, 60), (60, 17), (23, 60), (rng.randrange(1, 60), rng.randrange(1, 60))):
        every = ((w, h) for w in range(1, width + 1) for h in range(1, height + 1))
        assert boxes.bound(width, height) <= brute(ask, every) + 1e-6


@pytest.mark.parametrize("seed", range(60))
def test_one_search_serves_boxes_of_all_sizes(seed):
    rng = random.Random(2000 + seed)
    ask = random_ask(rng, 60, 60)
    boxes = BoxSearch(ask)
    for _ in range(6):
        width, height = rng.randrange(1, 60), rng.randrange(1, 60)
        expected = brute(ask, ((w, h) for w in range(1, width + 1) for h in range(1, height + 1)))
        distance, size = boxes.nearest(width, height)
        assert distance == expected == inf or expected <= distance <= expected + CLOSE, ask
        assert distance == inf or (size[0] <= width and size[1] <= height)


def test_the_largest_of_equally_near_sizes_is_taken():
    ask = SizeAsk((1, 640), (1, 480), ideal_aspect=16 / 9)
    assert nearest_in_box(ask)[1] == (640, 360)


def test_nothing_is_found_that_is_not_nearer_than_asked():
    ask = SizeAsk((1, 640), (1, 480), ideal_width=1280, ideal_height=720, ideal_aspect=1.5)
    distance, _ = nearest_in_box(ask)
    assert nearest_in_box(ask, distance / 2) == (inf, (0, 0))


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
    ask = SizeAsk((1, 10), (1, 10), (0.3, 0.99999999998), ideal_width=5, ideal_height=5)
    assert nearest_in_box(ask)[1] == (5, 6)


def test_an_exact_ratio_that_no_size_has_needs_no_search():
    boxes = BoxSearch(SizeAsk((1, 4096), (1, 3072), (1.2345678, 1.2345678), 1280, 1024))
    assert not boxes.serves
    assert boxes.bound(4096, 3072) == inf
    assert BoxSearch(SizeAsk((1, 4096), (1, 3072), (16 / 9 - 1e-10, 16 / 9 + 1e-10))).serves


def test_bounds_that_contradict_each_other_are_met_by_no_size():
    assert not BoxSearch(SizeAsk((1, 100), (1, 100), (2.0, 1.0))).serves
    assert nearest_in_box(SizeAsk((90, 100), (1, 10), (0.0, 2.0))) == (inf, (0, 0))


@pytest.mark.parametrize("ideal", [1.2345678, 0.61803398875, 2.7182818285, 0.001, 900.0])
@pytest.mark.parametrize("aspect", [(0.0, inf), (1.5, inf), (0.0, 0.7), (1.7, 1.8)])
def test_where_only_the_ratio_is_ideal_a_large_size_that_comes_near_is_found(ideal, aspect):
    ask = SizeAsk((1, 150), (1, 120), aspect, ideal_aspect=ideal)
    every = [(w, h) for w in range(1, 151) for h in range(1, 121)]
    least = brute(ask, every)
    distance, (_, height) = nearest_in_box(ask)
    assert least <= distance <= least + CLOSE
    larger = [size_distance(ask, w, h) for w, h in every if h > height]
    assert min(larger, default=inf) >= distance - 2e-5


def test_of_all_sizes_that_are_equally_near_the_largest_is_taken():
    assert nearest_in_box(SizeAsk((1, 372), (1, 248), (1.3, 1.5), ideal_aspect=16 / 9))[1] == (372, 248)
