import pytest

from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.needs import ANYTHING
from mediastreams._rules.offers import best_of_offers, is_display, mode_properties, offered_values
from mediastreams._rules.values import AudioMode, DeviceModel, Range, VideoMode

CAMERA = DeviceModel("video", "c", "g", (VideoMode(1, 1, 1, 1),), ranges={"zoom": Range(1, 4)})


def best(model, asked, current=None):
    basic = parse_constraints("video", asked).basic
    return best_of_offers(model, ANYTHING.tightened(basic), basic, current or {})


def test_modes_decide_the_properties_of_their_kind_and_none_where_there_are_none():
    assert "width" in mode_properties(CAMERA)
    assert "latency" in mode_properties(DeviceModel("audio", modes=(AudioMode(48000, 1),)))
    assert mode_properties(DeviceModel("video")) == ()


def test_a_device_reports_a_single_false_for_what_it_cannot_do_and_another_source_nothing():
    assert offered_values(CAMERA) == {"device_id": ("c",), "background_blur": (False,), "group_id": ("g",)}
    assert offered_values(DeviceModel("audio", "m"))["echo_cancellation"] == (False,)
    assert offered_values(DeviceModel("video", choices={"torch": ()})) == {}


def test_a_captured_surface_is_known_by_its_kind_of_surface():
    assert is_display(DeviceModel("video", choices={"display_surface": ("window",)}))
    assert not is_display(CAMERA)


def test_a_captured_surface_says_nothing_of_what_only_cameras_do():
    surface = DeviceModel("video", "s", choices={"display_surface": ("monitor",)})
    assert offered_values(surface) == {"display_surface": ("monitor",), "device_id": ("s",)}


@pytest.mark.parametrize(
    "asked",
    [
        {"torch": {"exact": True}},
        {"pan": {"min": 1}},
        {"background_blur": {"exact": True}},
        {"zoom": {"min": 5}},
        {"device_id": {"exact": "x"}},
    ],
)
def test_a_need_that_cannot_be_met_leaves_nothing(asked):
    assert best(CAMERA, asked) is None


def test_distances_of_everything_besides_the_mode_are_summed():
    distance, settings = best(CAMERA, {"zoom": 8, "torch": True, "width": 77, "background_blur": True})
    assert distance == 0.5 + 1 + 1
    assert settings == {"device_id": "c", "group_id": "g", "background_blur": False, "zoom": 4}


def test_a_range_without_a_default_stays_where_it_is():
    assert best(CAMERA, {}, {"zoom": 3.0})[1]["zoom"] == 3.0
    assert best(CAMERA, {}, {"zoom": 30.0})[1]["zoom"] == 4
    assert best(CAMERA, {"zoom": {"max": 2}}, {"zoom": 3.0})[1]["zoom"] == 2
    assert best(CAMERA, {})[1]["zoom"] == 1
