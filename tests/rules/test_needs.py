from math import inf

from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.needs import ANYTHING


def needs(*sets):
    merged = ANYTHING
    for entry in sets:
        merged = merged.tightened(parse_constraints("video", entry).basic)
    return merged


def test_ideals_need_nothing():
    assert needs({"width": 5, "facing_mode": "user", "zoom": True}) == ANYTHING


def test_intervals_are_intersected():
    merged = needs({"width": {"min": 3}}, {"width": {"max": 9}}, {"width": {"min": 5, "max": 20}})
    assert merged.numbers["width"] == (5, 9)
    assert merged.interval("width", 1, 7) == (5, 7)
    assert needs({"width": {"exact": 4}}, {"width": {"min": 5}}).numbers["width"] == (5, 4)
    assert needs({"width": {"exact": 4, "max": 9}}).numbers["width"] == (4, 4)


def test_whole_numbers_lie_inside_an_interval():
    assert needs({"width": {"min": 2.1, "max": 6.9}}).whole("width", 1, 100) == (3, 6)
    assert ANYTHING.whole("width", 1, 100) == (1, 100)
    assert ANYTHING.interval("aspect_ratio", 0, inf) == (0, inf)


def test_values_are_intersected():
    merged = needs({"facing_mode": {"exact": ["user", "left"]}}, {"facing_mode": {"exact": ["left", "right"]}})
    assert merged.values["facing_mode"] == ("left",)
    assert merged.allows("facing_mode", "left")
    assert not merged.allows("facing_mode", "user")
    assert merged.allows("resize_mode", "none")


def test_presence_is_intersected_and_can_contradict():
    sets = parse_constraints("video", {"advanced": [{"zoom": True}, {"zoom": False}]}).advanced
    assert ANYTHING.tightened(sets[0]).presence == {"zoom": {True}}
    assert ANYTHING.tightened(sets[0]).tightened(sets[1]).presence == {"zoom": set()}
