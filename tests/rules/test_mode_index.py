"""The tree of modes finds what looking at every mode finds."""

import random
from dataclasses import replace
from math import inf

import pytest

from mediastreams._rules.mode_index import index_of
from mediastreams._rules.values import DeviceModel, VideoMode


def camera(seed, count=300):
    rng = random.Random(seed)
    rates = (5.0, 15.0, 30.0, 60.0)
    modes = [
        VideoMode(rng.randrange(1, 2000), rng.randrange(1, 2000), rng.choice(rates) / 5, rng.choice(rates))
        for _ in range(count)
    ]
    return DeviceModel("video", modes=(*modes, *modes[:3]))


def distance(mode, _below=inf):
    return abs(mode.width - 700) + abs(mode.height - 500)


def bound(branch):
    def off(span, wanted):
        return max(span[0] - wanted, wanted - span[1], 0)

    return off(branch.width, 700) + off(branch.height, 500)


def every_branch(branch):
    yield branch
    for part in branch.parts:
        yield from every_branch(part)


def modes_of(branch):
    return [mode for one in every_branch(branch) for _, mode in one.modes]


@pytest.mark.parametrize("count", [1, 8, 9, 300])
def test_a_branch_spans_its_modes_and_they_fit_into_its_hull(count):
    model = camera(1, count)
    root = index_of(model).root
    assert sorted(map(repr, modes_of(root))) == sorted(map(repr, model.modes))
    for branch in every_branch(root):
        for mode in modes_of(branch):
            assert branch.width[0] <= mode.width <= branch.width[1] == branch.hull.width
            assert branch.height[0] <= mode.height <= branch.height[1] == branch.hull.height
            assert branch.ratio[0] <= round(mode.width / mode.height, 10) <= branch.ratio[1]
            assert branch.rate[0] <= mode.min_frame_rate
            assert mode.max_frame_rate <= branch.rate[1] == branch.hull.max_frame_rate


@pytest.mark.parametrize("seed", range(20))
def test_the_least_distance_is_that_of_all_modes(seed):
    model, looked_at = camera(seed), []

    def counted(mode, below):
        looked_at.append(mode)
        return distance(mode, below)

    found = index_of(model).least(bound, counted, enough=-inf, below=inf)
    assert found == min(map(distance, model.modes))
    assert len(looked_at) < len(model.modes) / 4


def test_the_search_stops_at_what_is_enough_and_may_stop_where_nothing_is_below():
    model = camera(3)
    least = min(map(distance, model.modes))
    assert least < index_of(model).least(lambda _: 0, distance, enough=1e9, below=inf) <= 1e9
    assert index_of(model).least(bound, distance, enough=-inf, below=least - 1) >= least


def test_what_is_hardly_nearer_is_not_looked_for():
    model = camera(4)
    least = min(map(distance, model.modes))
    assert least <= index_of(model).least(bound, distance, enough=-inf, below=inf, slack=200) <= least + 200


def test_a_branch_whose_hull_is_too_far_off_is_left_out():
    def area(mode, _below=inf):
        return 4e6 - mode.width * mode.height

    model = camera(5)
    found = index_of(model).least(lambda branch: area(branch.hull), area, enough=-inf, below=inf, hulls=True)
    assert found == min(map(area, model.modes))
    assert index_of(model).least(lambda _: 0, area, enough=-inf, below=-1, hulls=True) == inf


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("limit", [0, 60, 400, inf])
def test_the_preferred_mode_is_the_first_in_order_within_the_limit(native, limit):
    model = camera(6)
    limit += min(map(distance, model.modes))
    found = index_of(model).preferred(bound, distance, limit, native=native)
    assert distance(found) <= limit

    def from_default(mode):
        rate = min(max(30, mode.min_frame_rate if native else 0), mode.max_frame_rate)
        numbers = ((mode.width, 640), (mode.height, 480), (rate, 30))
        return round(sum(abs(a - b) / max(a, b) for a, b in numbers), 9)

    assert from_default(found) == min(from_default(mode) for mode in model.modes if distance(mode) <= limit)


def test_modes_are_found_by_their_ratio():
    model = camera(7)
    found = index_of(model).of_ratio(1.3, 1.4)
    assert sorted(map(repr, found)) == sorted(
        repr(m) for m in model.modes if 1.3 <= round(m.width / m.height, 10) <= 1.4
    )


def test_an_index_is_made_once_per_model_and_is_no_part_of_its_value():
    model = camera(8)
    same = DeviceModel("video", modes=model.modes)
    assert index_of(model) is index_of(model)
    assert model == same
    other = replace(model, modes=model.modes[:2])
    assert len(modes_of(index_of(other).root)) == 2
