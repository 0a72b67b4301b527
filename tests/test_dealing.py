"""The order in which tests are given to workers."""

import random

import pytest
from tests.dealing import dealt

__all__ = []


def suite(seed, files):
    """Files of tests, (file, number); those of every third file wait."""
    chance = random.Random(seed)
    return [(file, number) for file in range(files) for number in range(chance.randrange(1, 40))]


def order(tests, hands):
    return dealt(tests, hands, file_of=lambda test: test[0], waits=lambda test: test[0] % 3 == 0)


@pytest.mark.parametrize("hands", [1, 2, 3, 8])
@pytest.mark.parametrize("files", [1, 3, 40])
def test_every_test_is_dealt_once_and_files_that_wait_stay_together(hands, files):
    tests = suite(hands, files)
    found = order(tests, hands)
    assert sorted(found) == tests
    for file in range(0, files, 3):
        places = [found.index(test) for test in tests if test[0] == file]
        assert places == list(range(places[0], places[0] + len(places)))


def test_every_worker_gets_both_kinds_and_what_waits_comes_before_the_end():
    found = order(suite(1, 90), 3)
    size = len(found) // 3
    for piece in (found[:size], found[size : 2 * size], found[2 * size :]):
        waiting = [place for place, (file, _) in enumerate(piece) if file % 3 == 0]
        assert 0.2 < len(waiting) / len(piece) < 0.5
        assert waiting[-1] < 0.9 * len(piece)
        assert waiting[len(waiting) // 2] > 0.25 * len(piece)  # not all at the beginning
