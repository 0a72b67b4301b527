"""`AudioParam`: values, schedules and what is refused."""

import numpy as np
import pytest

import mediastreams as ms


@pytest.fixture
def context():
    return ms.OfflineAudioContext(1, 4800, 48_000)


@pytest.fixture
def gain(context):
    return context.create_gain().gain


async def rendered(context, schedule):
    source = context.create_constant_source()
    source.connect(context.destination)
    schedule(source.offset)
    source.start()
    return (await context.start_rendering()).get_channel_data(0)


async def test_a_schedule_of_values_is_followed(context):
    heard = await rendered(
        context,
        lambda offset: (
            offset.set_value_at_time(0.0, 0.0)
            .linear_ramp_to_value_at_time(1.0, 0.05)
            .exponential_ramp_to_value_at_time(0.25, 0.075)
            .set_target_at_time(0.0, 0.075, 0.001)
        ),
    )
    assert heard[1200] == pytest.approx(0.5, abs=1e-3)
    assert heard[2400] == pytest.approx(1.0, abs=1e-3)
    assert heard[3000] == pytest.approx(0.5, abs=1e-3)
    assert heard[-1] < 1e-6


async def test_a_curve_is_followed_and_its_end_held(context):
    heard = await rendered(context, lambda offset: offset.set_value_curve_at_time(np.array([0, 1, 0.5]), 0.0, 0.05))
    assert heard[600] == pytest.approx(0.5, abs=1e-3)
    assert heard[1200] == pytest.approx(1.0, abs=1e-3)
    assert heard[-1] == pytest.approx(0.5, abs=1e-3)


async def test_what_is_cancelled_does_not_come(context):
    def schedule(offset):
        offset.set_value_at_time(0.5, 0.0).set_value_at_time(1.0, 0.05)
        offset.cancel_scheduled_values(0.04)
        offset.linear_ramp_to_value_at_time(1.0, 0.08).cancel_and_hold_at_time(0.04)

    heard = await rendered(context, schedule)
    assert heard[-1] == pytest.approx(0.75, abs=1e-2)


def test_a_value_is_what_was_set_within_its_range(gain):
    gain.value = 0.5
    assert gain.value == 0.5
    assert gain.default_value == 1
    assert gain.min_value < -3e38
    assert gain.max_value > 3e38


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda gain: setattr(gain, "value", "loud"), TypeError),
        (lambda gain: setattr(gain, "value", float("nan")), TypeError),
        (lambda gain: gain.set_value_at_time(1, -1), ValueError),
        (lambda gain: gain.exponential_ramp_to_value_at_time(0, 1), ValueError),
        (lambda gain: gain.set_target_at_time(1, 0, -1), ValueError),
        (lambda gain: gain.set_value_curve_at_time([1], 0, 1), ms.errors.InvalidStateError),
        (lambda gain: gain.set_value_curve_at_time([1, 2], 0, 0), ValueError),
        (lambda gain: gain.set_value_curve_at_time("ab", 0, 1), TypeError),
        (lambda gain: gain.cancel_scheduled_values(-1), ValueError),
        (lambda gain: gain.cancel_and_hold_at_time("now"), TypeError),
        (lambda gain: setattr(gain, "automation_rate", "b-rate"), TypeError),
    ],
)
def test_a_bad_argument_is_the_standards_error_and_changes_nothing(gain, act, error):
    with pytest.raises(error):
        act(gain)
    gain.set_value_at_time(0.5, 0)
    assert gain.value == 1


def test_nothing_else_is_scheduled_within_a_curve(gain):
    gain.set_value_curve_at_time([0, 1], 0.0, 0.05)
    for act in (
        lambda: gain.set_value_at_time(1, 0.02),
        lambda: setattr(gain, "value", 1),
        lambda: gain.set_value_curve_at_time([0, 1], 0.04, 1),
    ):
        with pytest.raises(ms.errors.NotSupportedError):
            act()


def test_the_rate_can_be_changed_where_there_are_two(context, gain):
    gain.automation_rate = "k-rate"
    assert gain.automation_rate is ms.AutomationRate.K_RATE
    attack = context.create_dynamics_compressor().attack
    attack.automation_rate = "k-rate"
    with pytest.raises(ms.errors.InvalidStateError, match="k-rate for good"):
        attack.automation_rate = "a-rate"


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        (lambda p: p.set_target_at_time(0.2, 0.05, 0.01), {0.02: 1.0, 0.049: 1.0, 0.06: 0.2 + 0.8 * np.exp(-1)}),
        (
            lambda p: p.set_value_at_time(0.9, 0.01).set_target_at_time(0.2, 0.05, 0.01),
            {0.005: 1.0, 0.03: 0.9, 0.06: 0.2 + 0.7 * np.exp(-1)},
        ),
        (
            lambda p: p.linear_ramp_to_value_at_time(0.5, 0.02).set_value_curve_at_time([0, 1], 0.05, 0.02),
            {0.01: 0.75, 0.03: 0.5, 0.06: 0.5, 0.09: 1.0},
        ),
        (
            lambda p: p.set_target_at_time(0.2, 0.02, 0.05).linear_ramp_to_value_at_time(0.5, 0.05),
            {0.01: 1.0, 0.035: 0.75, 0.06: 0.5},
        ),
        (
            lambda p: p.set_target_at_time(0.2, 0.05, 0.01).set_value_at_time(0.6, 0.03),
            {0.01: 1.0, 0.04: 0.6, 0.06: 0.2 + 0.4 * np.exp(-1)},
        ),
        (
            lambda p: p.set_target_at_time(0.5, 0.01, 0.01).set_target_at_time(0.2, 0.05, 0.01),
            {0.005: 1.0, 0.02: 0.5 + 0.5 * np.exp(-1)},
        ),
    ],
)
async def test_what_is_still_to_come_is_not_heard_before(context, schedule, values):
    heard = await rendered(context, schedule)
    for time, value in values.items():
        assert heard[round(time * 48_000)] == pytest.approx(value, abs=2e-3), time
    assert heard.max() <= 1.0 + 1e-6
