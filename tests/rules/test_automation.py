"""What is scheduled for a parameter: values at times, what may not stand beside what, and what the engine is told."""

import math

import pytest

from mediastreams._rules.automation import Automation
from mediastreams.errors import NotSupportedError


def methods(calls):
    return [name for name, _ in calls]


def test_values_may_stand_anywhere_but_within_a_curve():
    automation = Automation(0.0)
    automation.add("value", 1.0, 0.0, value=1)
    automation.add("curve", 2.0, 0.0, span=1.0, curve=[0, 1])
    automation.add("value", 3.0, 0.0)  # its end is no part of it
    for time in (2.0, 2.5):
        with pytest.raises(NotSupportedError, match=r"a curve has the parameter from 2 to 3 s"):
            automation.add("linear", time, 0.0)


def test_a_curve_may_not_begin_around_a_value_or_into_another_curve():
    automation = Automation(0.0)
    automation.add("value", 1.0, 0.0)
    with pytest.raises(NotSupportedError, match="another automation at 1 s"):
        automation.add("curve", 0.5, 0.0, span=1.0, curve=[0, 1])
    automation.add("curve", 1.0, 0.0, span=1.0, curve=[0, 1])  # a value at its very beginning is before it
    with pytest.raises(NotSupportedError):
        automation.add("curve", 1.9, 0.0, span=1.0, curve=[0, 1])
    automation.add("curve", 2.0, 0.0, span=1.0, curve=[0, 1])


def test_what_is_over_is_in_nobodys_way_and_the_past_counts_as_now():
    automation = Automation(0.0)
    automation.add("curve", 0.0, 0.0, span=1.0, curve=[0, 1])
    with pytest.raises(NotSupportedError):
        automation.add("value", 0.0, 0.5)
    assert automation.add("value", 0.0, 1.5, value=2) == [("setValueAtTime", (2, 1.5))]


def test_what_is_cancelled_is_in_nobodys_way():
    automation = Automation(0.0)
    automation.add("value", 1.0, 0.0)
    automation.add("curve", 2.0, 0.0, span=2.0, curve=[0, 1])
    assert automation.cancel(1.0, 0.0) == [("cancelScheduledValues", (1.0,))]
    automation.add("curve", 0.5, 0.0, span=4.0, curve=[0, 1])


def test_a_curve_that_is_held_ends_there():
    automation = Automation(0.0)
    automation.add("curve", 1.0, 0.0, span=2.0, curve=[0, 1])
    automation.add("curve", 5.0, 0.0, span=1.0, curve=[0, 1])
    assert automation.cancel(2.0, 0.0, hold=True) == [("cancelAndHoldAtTime", (2.0,))]
    assert automation.value_at(9.0) == 0.5
    automation.add("value", 2.0, 0.0, value=0.7)
    automation.add("value", 5.5, 0.0)


EVENTS = [
    ("value", 1.0, {"value": 0.5}),
    ("linear", 2.0, {"value": 1.0}),
    ("exponential", 3.0, {"value": 0.25}),
    ("target", 4.0, {"value": 0.0, "span": 0.5}),
    ("curve", 6.0, {"span": 1.0, "curve": [0.0, 1.0, 0.5]}),
]


@pytest.mark.parametrize(
    ("time", "value"),
    [
        (0.5, 0.1),
        (1.0, 0.5),
        (1.5, 0.75),
        (2.5, 0.5),
        (3.5, 0.25),
        (5.0, 0.25 * math.exp(-2)),
        (6.25, 0.5),
        (6.75, 0.75),
        (8.0, 0.5),
    ],
)
def test_the_value_at_a_time_is_the_standards(time, value):
    automation = Automation(0.1)
    for kind, at, rest in EVENTS:
        automation.add(kind, at, 0.0, **rest)
    assert automation.value_at(time) == pytest.approx(value)


def test_ramps_and_targets_have_their_edges():
    automation = Automation(-1.0)
    automation.add("exponential", 1.0, 0.0, value=1.0)  # of two signs: held until its end
    assert automation.value_at(0.5) == -1
    assert automation.value_at(1.0) == 1
    automation.add("target", 2.0, 0.0, value=3.0, span=0.0)
    assert automation.value_at(2.0) == 3
    automation = Automation(1.0)
    automation.add("linear", 0.0, 5.0, value=2.0)  # of the past
    assert automation.value_at(5.0) == 2


def test_a_target_and_a_curve_are_told_the_value_that_is_held_until_they_begin():
    automation = Automation(1.0)
    automation.add("linear", 1.0, 0.0, value=3.0)
    assert automation.add("target", 2.0, 0.0, value=0.0, span=0.5) == [
        ("setValueAtTime", (3.0, 2.0)),
        ("setTargetAtTime", (0.0, 2.0, 0.5)),
    ]
    calls = automation.add("curve", 3.0, 0.0, span=1.0, curve=[0.5, 1.0])
    assert methods(calls) == ["setValueAtTime", "setValueCurveAtTime"]
    assert calls[0][1] == (pytest.approx(3.0 * math.exp(-2)), 3.0)
    assert automation.add("target", 0.5, 5.0, value=2.0, span=1.0) == [("setTargetAtTime", (2.0, 5.0, 1.0))]


def test_what_comes_out_of_order_is_told_anew_with_all_that_follows():
    automation = Automation(1.0)
    automation.add("target", 2.0, 0.0, value=0.0, span=0.5)
    assert automation.add("value", 1.0, 0.0, value=0.5) == [
        ("cancelScheduledValues", (1.0,)),
        ("setValueAtTime", (0.5, 1.0)),
        ("setValueAtTime", (0.5, 2.0)),
        ("setTargetAtTime", (0.0, 2.0, 0.5)),
    ]


def test_a_ramp_takes_the_place_of_a_target_that_has_not_begun_and_gives_it_back():
    automation = Automation(1.0)
    automation.add("target", 2.0, 0.0, value=0.0, span=0.5)
    assert automation.add("linear", 3.0, 0.0, value=0.5) == [
        ("cancelScheduledValues", (2.0,)),
        ("setValueAtTime", (1.0, 2.0)),
        ("linearRampToValueAtTime", (0.5, 3.0)),
    ]
    assert automation.cancel(2.5, 0.0) == [
        ("cancelScheduledValues", (2.5,)),
        ("setTargetAtTime", (0.0, 2.0, 0.5)),
    ]
    automation.add("target", 4.0, 0.0, value=0.0, span=0.5)
    assert methods(automation.add("linear", 5.0, 4.5, value=0.5)) == ["linearRampToValueAtTime"]


def test_what_is_over_is_folded_into_a_value():
    automation = Automation(1.0)
    for number in range(1000):
        automation.add("target", number, number - 0.5, value=number % 2, span=0.5)
    assert len(automation._events) <= 3
    assert automation.value_at(1000.5) == pytest.approx(1 - (1 - 1 / math.e**2) * 0, abs=0.2)
