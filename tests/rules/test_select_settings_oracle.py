"""Thousands of random constraint sets against the brute force; a million with ``-m soak``."""

import importlib.util
import random
from math import inf, isclose
from pathlib import Path

import pytest

from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.fitness import fitness_distance
from mediastreams._rules.select_settings import Selection, select_settings
from mediastreams._rules.values import DeviceModel, VideoMode


@pytest.fixture(scope="module")
def oracle():
    spec = importlib.util.spec_from_file_location("rules_oracle", Path(__file__).with_name("oracle.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("block", range(8))
def test_random_constraint_sets_are_answered_as_the_brute_force_answers_them(oracle, block):
    satisfiable = 0
    for seed in range(2_000_000 + 500 * block, 2_000_000 + 500 * (block + 1)):
        case = oracle.random_case(random.Random(seed))
        satisfiable += oracle.check(*case, select_settings, parse_constraints, Selection)
    assert 100 < satisfiable < 475  # both answers are seen often


@pytest.mark.parametrize("seed", [1008, 47791, 97841])
def test_what_the_brute_force_once_found_stays_found(oracle, seed):
    oracle.check(*oracle.random_case(random.Random(seed)), select_settings, parse_constraints, Selection)


def test_slower_modes_do_not_spoil_the_search_for_a_faster_one_of_another_size():
    modes = (VideoMode(4, 3, 60, 60), VideoMode(4, 7, 10, 50), VideoMode(9, 5, 50, 50))
    asked = parse_constraints("video", {"aspect_ratio": 7.0, "frame_rate": 52.6, "width": 4})
    assert select_settings([DeviceModel("video", modes=modes)], asked).settings["frame_rate"] == 52.6


def test_the_distance_is_the_brute_forces_for_any_settings(oracle):
    for seed in range(400):
        rng = random.Random(seed)
        kind, devices, asked = oracle.random_case(rng)
        parsed = parse_constraints(kind, asked)
        relevant = oracle.of_kind(kind, asked)
        for _, lists in oracle.parts_of(devices[0], 0, relevant):
            settings = {name: value for parts in lists for name, value in rng.choice(parts).items()}
            expected = oracle.total(settings, relevant, "ideal")
            got = fitness_distance(settings, parsed.basic)
            assert got == expected == inf or isclose(got, expected, abs_tol=1e-12)
