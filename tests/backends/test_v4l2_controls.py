"""A camera's controls under Image Capture's names."""

from __future__ import annotations

from mediastreams._backends.linux.v4l2_controls import ORIENTATION, describe, orientation
from mediastreams._backends.linux.v4l2_ioctl import ControlInfo
from mediastreams._rules.values import Range

USER, CAMERA, FLASH = 0x980900, 0x9A0900, 0x9C0900
READ_ONLY, INACTIVE = 4, 0x10


def number(control, minimum, maximum, value, flags=0):
    return ControlInfo(control, "", 1, minimum, maximum, 1, minimum, flags, (), value)


def menu(control, items, value, flags=0):
    return ControlInfo(control, "", 3, min(items), max(items), 1, min(items), flags, items, value)


def switch(control, value):
    return ControlInfo(control, "", 2, 0, 1, 1, 0, 0, (), value)


def test_a_range_has_its_name_its_limits_and_its_present_value():
    found = describe([number(CAMERA + 13, 100, 500, 120)])
    assert found.ranges == {"zoom": Range(100, 500, 1)}
    assert found.present == {"zoom": 120}
    assert found.knows("zoom")
    assert not found.knows("pan")


def test_what_cannot_be_changed_is_not_offered():
    listed = [number(CAMERA + 13, 100, 500, 100, READ_ONLY), number(CAMERA + 8, 0, 0, 0), number(0x123, 0, 9, 1)]
    found = describe(listed)
    assert not found.ranges
    assert not found.choices


def test_a_present_value_outside_its_limits_is_brought_inside():
    assert describe([number(CAMERA + 2, 3, 2047, 5000)]).present == {"exposure_time": 2047}


def test_automatic_and_manual_are_choices_and_the_present_one_is_known():
    listed = [switch(USER + 12, 1), switch(CAMERA + 12, 0), menu(CAMERA + 1, (1, 3), 3)]
    found = describe(listed)
    assert found.choices == {
        "white_balance_mode": ("continuous", "manual"),
        "focus_mode": ("continuous", "manual"),
        "exposure_mode": ("continuous", "manual"),
    }
    assert found.present == {"white_balance_mode": "continuous", "focus_mode": "manual", "exposure_mode": "continuous"}


def test_exposure_modes_are_those_of_the_menu():
    assert describe([menu(CAMERA + 1, (0, 1), 0)]).menus["exposure_mode"] == {"continuous": 0, "manual": 1}
    assert describe([menu(CAMERA + 1, (1,), 1)]).choices["exposure_mode"] == ("manual",)
    assert describe([menu(CAMERA + 1, (0, 1, 2, 3), 2)]).present["exposure_mode"] == "manual"


def test_a_torch_is_offered_where_the_light_has_that_mode():
    assert describe([menu(FLASH + 1, (0, 1, 2), 0)]).choices == {"torch": (False, True)}
    assert describe([menu(FLASH + 1, (0, 1), 0)]).choices == {}


def test_requests_set_modes_before_values_and_keep_within_limits():
    found = describe([number(CAMERA + 2, 3, 2047, 250), menu(CAMERA + 1, (1, 3), 3), switch(CAMERA + 12, 1)])
    wanted = {"exposure_time": 9999, "focus_mode": "manual", "exposure_mode": "manual", "width": 640, "zoom": 3}
    assert found.requests_for(wanted) == [
        ("focus_mode", CAMERA + 12, 0),
        ("exposure_mode", CAMERA + 1, 1),
        ("exposure_time", CAMERA + 2, 2047),
    ]


def test_what_is_measured_once_is_the_manual_mode_and_a_button():
    found = describe([switch(CAMERA + 12, 1), ControlInfo(CAMERA + 28, "", 4, 0, 0, 0, 0, 0, (), None)])
    assert found.choices["focus_mode"] == ("continuous", "manual", "single-shot")
    assert found.present["focus_mode"] == "continuous"
    assert found.requests_for({"focus_mode": "single-shot"}) == [
        ("focus_mode", CAMERA + 12, 0),
        ("focus_mode", CAMERA + 28, 1),
    ]


def test_steps_are_the_drivers_and_none_where_it_names_none():
    found = describe([ControlInfo(CAMERA + 8, "", 1, -36000, 36000, 3600, 0, 0, (), 0)])
    assert found.ranges["pan"] == Range(-36000, 36000, 3600)
    found = describe([ControlInfo(CAMERA + 8, "", 1, -36000, 36000, 0, 0, 0, (), 0)])
    assert found.ranges["pan"] == Range(-36000, 36000)


def test_a_mode_the_camera_has_not_asks_for_nothing():
    assert describe([switch(CAMERA + 12, 1)]).requests_for({"focus_mode": "single-shot"}) == []


def test_orientation_tells_the_facing_mode():
    assert orientation([menu(ORIENTATION, (0, 1, 2), 0, READ_ONLY)]) == "user"
    assert orientation([menu(ORIENTATION, (0, 1, 2), 1, READ_ONLY)]) == "environment"
    assert orientation([menu(ORIENTATION, (0, 1, 2), 2, READ_ONLY)]) is None
    assert orientation([]) is None
