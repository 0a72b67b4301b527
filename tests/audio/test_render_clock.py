"""`RenderClock`: the earliest quantum says when all others were due."""

import pytest

from mediastreams.audio.render_clock import RenderClock

QUANTUM_US = 128 * 1e6 / 48_000


class Context:
    """The engine's, as far as it matters."""

    currentTime = 0.0  # noqa: N815 - its spelling


def new():
    return RenderClock(Context(), 48_000)


def test_a_quantum_that_came_late_was_due_all_the_same():
    clock = new()
    assert clock.at(0, 1_000_000) == 1_000_000
    assert clock.at(128, 1_050_000) == pytest.approx(1_000_000 + QUANTUM_US, abs=2)
    assert clock.at(256, 1_050_100) == pytest.approx(1_000_000 + 2 * QUANTUM_US, abs=2)
    assert clock.due(256) == pytest.approx(1_000_000 + 2 * QUANTUM_US, abs=2)
    assert clock.corrections == 0


def test_an_earlier_one_corrects_all_that_follow():
    clock = new()
    clock.at(0, 1_030_000)  # it was late itself
    clock.at(128, 1_000_000)
    assert clock.corrections == 1
    assert clock.at(256, 1_010_000) == pytest.approx(1_000_000 + QUANTUM_US, abs=2)
    clock.at(384, 1_000_000 + round(2 * QUANTUM_US) - 10)
    assert clock.corrections == 1, "some microseconds are nothing"


def test_the_time_is_told_anew_after_a_standstill():
    clock = new()
    clock.at(0, 1_000_000)
    clock.restart()
    assert clock.at(128, 9_000_000) == 9_000_000
    assert clock.corrections == 1


def test_an_interval_that_is_a_millionth_too_long_is_followed():
    clock = new()
    for number in range(100_000):
        at = clock.at(number * 128, round(1_000_000 + number * QUANTUM_US * 1.000001))
    assert abs(at - (1_000_000 + 99_999 * QUANTUM_US * 1.000001)) < 5


def test_a_look_at_the_engine_tells_as_much_as_its_asking():
    clock = new()
    clock.look(lambda: 1_000_000)  # it has not begun
    assert clock.due(0) == 0
    clock.at(0, 1_050_000)  # late
    clock._context.currentTime = 256 / 48_000
    assert clock.frame == 256
    clock.look(lambda: 1_000_000 + round(QUANTUM_US))
    assert clock.corrections == 1
    assert clock.due(256) == pytest.approx(1_000_000 + 2 * QUANTUM_US, abs=2)


def test_a_time_that_was_far_too_early_is_taken_back_within_seconds():
    clock = new()
    clock.at(0, 1_000_000)
    for number in range(1, 4000):
        clock.at(number * 128, round(1_500_000 + number * QUANTUM_US + number % 7 * 100))
    assert clock.due(0) == pytest.approx(1_500_000, abs=50)
    assert clock.corrections == 1


def test_an_engine_that_is_late_now_and_then_keeps_its_time():
    clock = new()
    for number in range(10_000):
        late = 200_000 if number % 100 else 0
        clock.at(number * 128, round(1_000_000 + number * QUANTUM_US + late))
    assert clock.due(0) == pytest.approx(1_000_000, abs=60)
    assert clock.corrections == 0
