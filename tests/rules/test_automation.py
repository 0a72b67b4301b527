"""No automation stands within a curve, whichever of them was there first."""

import pytest

from mediastreams._rules.automation import Automation
from mediastreams.errors import NotSupportedError


def test_values_may_stand_anywhere_but_within_a_curve():
    automation = Automation()
    automation.add(1.0, 0.0)
    automation.add_curve(2.0, 1.0, 0.0)
    automation.add(3.0, 0.0)  # its end is no part of it
    for time in (2.0, 2.5):
        with pytest.raises(NotSupportedError, match=r"a curve has the parameter from 2 to 3 s"):
            automation.add(time, 0.0)


def test_a_curve_may_not_begin_around_a_value_or_into_another_curve():
    automation = Automation()
    automation.add(1.0, 0.0)
    with pytest.raises(NotSupportedError, match="another automation at 1 s"):
        automation.add_curve(0.5, 1.0, 0.0)
    automation.add_curve(1.0, 1.0, 0.0)  # a value at its very beginning is before it
    with pytest.raises(NotSupportedError):
        automation.add_curve(1.9, 1.0, 0.0)
    automation.add_curve(2.0, 1.0, 0.0)


def test_what_is_over_is_in_nobodys_way_and_the_past_counts_as_now():
    automation = Automation()
    automation.add_curve(0.0, 1.0, 0.0)
    with pytest.raises(NotSupportedError):
        automation.add(0.0, 0.5)  # it would be now, and the curve is under way
    automation.add(0.0, 1.5)


def test_what_is_cancelled_is_in_nobodys_way():
    automation = Automation()
    automation.add(1.0, 0.0)
    automation.add_curve(2.0, 2.0, 0.0)
    automation.cancel(1.0)
    automation.add_curve(0.5, 4.0, 0.0)


def test_a_curve_that_is_held_ends_there():
    automation = Automation()
    automation.add_curve(1.0, 2.0, 0.0)
    automation.add_curve(5.0, 1.0, 0.0)
    automation.cancel(2.0, hold=True)
    automation.add(2.0, 0.0)
    automation.add(5.5, 0.0)
    with pytest.raises(NotSupportedError):
        automation.add(1.5, 0.0)
