import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediastreams._rules.constraints import Constraint, Constraints, asks_presence, aspect_of, parse_constraints
from mediastreams.errors import OverconstrainedError


def test_a_bare_value_is_ideal_in_the_basic_set_and_exact_in_an_advanced_one():
    parsed = parse_constraints("video", {"width": 640, "advanced": [{"width": 320}]})
    assert parsed.basic == {"width": Constraint(ideal=(640,))}
    assert parsed.advanced == ({"width": Constraint(exact=(320,))},)


def test_every_member_of_a_range_is_kept():
    parsed = parse_constraints("video", {"frame_rate": {"min": 5, "max": 60, "ideal": 30, "exact": 25}})
    assert parsed.basic["frame_rate"] == Constraint(exact=(25,), ideal=(30,), min=5, max=60)


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_constraints_are_the_empty_ones(nothing):
    assert parse_constraints("audio", nothing) == Constraints("audio")


@pytest.mark.parametrize("value", [{}, [], {"exact": []}, {"ideal": None}, None])
def test_a_constraint_that_says_nothing_is_as_if_not_specified(value):
    assert parse_constraints("video", {"facing_mode": value}).basic == {}


def test_strings_may_be_alternatives():
    parsed = parse_constraints("video", {"facing_mode": {"exact": ["user", "left"]}, "resize_mode": ["none"]})
    assert parsed.basic == {
        "facing_mode": Constraint(exact=("user", "left")),
        "resize_mode": Constraint(ideal=("none",)),
    }


def test_names_that_are_unknown_or_of_the_other_kind_are_ignored():
    mapping = {"width": {"exact": 5}, "sample_rate": {"exact": 5}, "flux_capacitance": {"exact": 5}}
    assert list(parse_constraints("video", mapping).basic) == ["width"]
    assert list(parse_constraints("audio", mapping).basic) == ["sample_rate"]


def test_an_empty_device_id_is_as_if_not_specified():
    assert parse_constraints("video", {"device_id": {"exact": ""}}).basic == {}
    assert parse_constraints("video", {"device_id": ["", "x"]}).basic == {"device_id": Constraint(ideal=("x",))}
    assert parse_constraints("video", {"group_id": {"exact": ""}}).basic == {"group_id": Constraint(exact=("",))}


def test_an_aspect_ratio_is_rounded_to_the_tenth_place_so_that_an_exact_one_can_be_met():
    parsed = parse_constraints("video", {"aspect_ratio": {"exact": 16 / 9, "min": 4 / 3}})
    assert parsed.basic["aspect_ratio"] == Constraint(exact=(aspect_of(1920, 1080),), min=1.3333333333)


def test_an_ideal_below_zero_is_as_good_as_zero_where_numbers_are_positive():
    parsed = parse_constraints("video", {"aspect_ratio": -2.0, "pan": -2.0})
    assert parsed.basic == {"aspect_ratio": Constraint(ideal=(0,)), "pan": Constraint(ideal=(-2.0,))}


def test_a_captured_display_ignores_what_does_not_apply_to_it_and_the_preference_for_a_surface():
    mapping = {"device_id": {"exact": "x"}, "display_surface": "window", "cursor": "never", "width": 5}
    assert list(parse_constraints("video", mapping, display=True).basic) == ["width", "cursor"]
    assert list(parse_constraints("audio", {"restrict_own_audio": True, "device_id": "x"}, display=True).basic) == [
        "restrict_own_audio"
    ]


@pytest.mark.parametrize(
    ("name", "value", "presence"),
    [
        ("zoom", True, True),
        ("pan", False, False),
        ("zoom", 2.0, None),
        ("torch", True, None),
        ("zoom", {"min": 1}, None),
    ],
)
def test_a_boolean_for_a_property_with_numbers_asks_whether_it_exists(name, value, presence):
    assert asks_presence(name, parse_constraints("video", {name: value}).basic[name]) is presence


@pytest.mark.parametrize(
    ("constraint", "required"),
    [
        (Constraint(ideal=(1,)), False),
        (Constraint(exact=(False,)), True),
        (Constraint(min=0), True),
        (Constraint(max=0), True),
        (Constraint(), False),
    ],
)
def test_exact_min_and_max_are_required_and_ideal_is_not(constraint, required):
    assert constraint.required is required


@settings(derandomize=True, deadline=None)
@given(st.permutations(["width", "height", "frame_rate", "zoom", "device_id", "nonsense"]))
def test_the_order_of_keys_leaves_no_trace(names):
    mapping = {name: "x" if name == "device_id" else 3 for name in names}
    parsed = parse_constraints("video", mapping)
    assert list(parsed.basic) == ["width", "height", "frame_rate", "device_id", "zoom"]


@pytest.mark.parametrize("how", ["ideal", "exact"])
def test_a_string_longer_than_any_id_is_refused_by_the_name_of_its_constraint(how):
    assert parse_constraints("video", {"group_id": {how: "x" * 500}}).basic
    with pytest.raises(OverconstrainedError, match="501 characters") as failed:
        parse_constraints("video", {"group_id": {how: ["x", "x" * 501]}})
    assert failed.value.constraint == "group_id"
