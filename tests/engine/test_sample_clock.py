"""The microphone's clock against simulated sound cards."""

from __future__ import annotations

import itertools
import random

import pytest

from mediastreams._engine.sample_clock import SampleClock

NOMINAL = 48_000


def card(*, rate=48_000.0, block=480, seconds=60.0, jitter=lambda rng: rng.expovariate(1 / 500), seed=1, lost=()):
    """Yield ``(true start, arrival)`` of every block, in µs; ``lost`` holds (block number, samples lost before it)."""
    rng = random.Random(seed)
    missing = dict(lost)
    first = 1_000_000.0
    count = 0
    arrival = 0.0
    for number in range(int(seconds * rate / block)):
        count += missing.get(number, 0)
        start = first + count * 1e6 / rate
        count += block
        arrival = max(arrival, first + count * 1e6 / rate + jitter(rng))
        yield start, arrival


def run(clock, blocks, block=480):
    return [(start, *clock.hear(block, arrival)) for start, arrival in blocks]


@pytest.mark.parametrize("rate", [48_000.0, 48_010.0, 47_990.0])
@pytest.mark.parametrize("block", [480, 1024, 2400])
def test_the_rate_of_the_crystal_is_found_and_the_phase_held(rate, block):
    clock = SampleClock(NOMINAL)
    told = run(clock, card(rate=rate, block=block, seconds=120), block)
    errors = [stamp - true for true, stamp, _ in told[len(told) // 2 :]]
    assert clock.sample_rate == pytest.approx(rate, abs=1.5)
    assert max(errors) - min(errors) < 400, "µs"
    assert abs(sum(errors) / len(errors)) < 1000, "the mean delay of the jitter stays"
    assert all(lost == 0 for *_, lost in told)


def test_an_hour_at_48010_stays_within_a_millisecond():
    told = run(SampleClock(NOMINAL), card(rate=48_010.0, block=960, seconds=3600), 960)
    assert all(abs(stamp - true) < 1500 for true, stamp, _ in told[1000:])
    assert abs(told[-1][1] - told[-1][0]) < 1000


def test_stamps_are_even_where_call_backs_are_not():
    told = run(SampleClock(NOMINAL), card(seconds=30, jitter=lambda rng: rng.uniform(0, 8000)))
    steps = [b[1] - a[1] for a, b in itertools.pairwise(told[1000:])]
    assert max(steps) - min(steps) < 200, "jitter of 8 ms becomes less than 0.2 ms"


@pytest.mark.parametrize("size", [2, 5, 10])
@pytest.mark.parametrize("rate", [48_000.0, 48_010.0])
def test_blocks_handed_over_several_at_a_time_are_stamped_by_the_youngest(size, rate):
    def bursts():
        blocks = list(card(rate=rate, seconds=60, jitter=lambda _: 0.0))[:5990]
        for at in range(0, len(blocks), size):
            burst = blocks[at : at + size]
            for number, (start, _) in enumerate(burst):
                yield start, burst[-1][1] + 40 * number

    clock = SampleClock(NOMINAL)
    told = run(clock, bursts())
    assert clock.sample_rate == pytest.approx(rate, abs=3)
    assert all(abs(stamp - true) < 1000 and lost == 0 for true, stamp, lost in told[2000:])


def test_a_late_first_block_is_forgotten_within_a_second():
    blocks = list(card(seconds=5, jitter=lambda _: 0.0))
    blocks[0] = (blocks[0][0], blocks[0][1] + 9_000)
    told = run(SampleClock(NOMINAL), blocks)
    assert abs(told[200][1] - told[200][0]) < 500


def test_a_machine_that_stands_still_and_catches_up_has_lost_nothing():
    blocks = list(card(seconds=20, jitter=lambda _: 0.0))
    held = blocks[1000:1080]
    blocks[1000:1080] = [(start, held[-1][1] + 10 * n) for n, (start, _) in enumerate(held)]
    told = run(SampleClock(NOMINAL), blocks)
    assert all(lost == 0 for *_, lost in told)
    assert all(abs(stamp - true) < 6000 for true, stamp, _ in told)


@pytest.mark.parametrize("missing", [9_600, 48_000, 480_000])
def test_samples_the_device_dropped_are_a_gap_and_time_goes_on_right(missing):
    told = run(SampleClock(NOMINAL), card(seconds=30, lost=[(1500, missing)], jitter=lambda rng: rng.uniform(0, 300)))
    gaps = [(number, lost) for number, (*_, lost) in enumerate(told) if lost]
    assert len(gaps) == 1
    number, lost = gaps[0]
    assert 1500 <= number <= 1530
    assert lost == pytest.approx(missing, abs=100)
    assert all(abs(stamp - true) < 2500 for true, stamp, _ in told[number:])
    assert all(b[1] > a[1] for a, b in itertools.pairwise(told)), "time never goes back"


def test_time_never_goes_back_even_when_the_first_blocks_were_held_back():
    blocks = list(card(seconds=10, jitter=lambda _: 0.0))
    blocks[:20] = [(start, blocks[20][1]) for start, _ in blocks[:20]]
    told = run(SampleClock(NOMINAL), blocks)
    assert all(b[1] > a[1] for a, b in itertools.pairwise(told))
    assert all(abs(stamp - true) < 1000 for true, stamp, _ in told[600:])


def test_the_first_block_begins_its_length_before_it_arrived():
    assert SampleClock(48_000).hear(480, 1_000_000) == (990_000, 0)
