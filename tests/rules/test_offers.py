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


PTZ = DeviceModel(
    "video",
    "c",
    "g",
    (VideoMode(1, 1, 1, 1),),
    {"focus_mode": ("continuous", "manual"), "torch": (False, True)},
    {"zoom": Range(1, 4, 0.1), "pan": Range(-36_000, 36_000, 3600)},
    {"zoom": 1.0},
    points_of_interest=2,
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"zoom": 2.345}, {"zoom": 2.3}),
        ({"zoom": {"exact": 2.3}}, {"zoom": 2.3}),
        ({"zoom": {"min": 2.31}}, {"zoom": 2.4}),
        ({"pan": 5000}, {"pan": 3600}),
        ({"pan": {"ideal": -1e9}}, {"pan": -36_000}),
        ({"focus_mode": "manual", "torch": True}, {"focus_mode": "manual", "torch": True}),
        ({"focus_mode": {"exact": ["none", "manual"]}}, {"focus_mode": "manual"}),
        ({"focus_mode": "single-shot"}, {"focus_mode": "continuous"}),
    ],
)
def test_controls_go_to_the_step_and_the_mode_that_is_asked_for(asked, expected):
    _, settings = best(PTZ, asked)
    assert settings | expected == settings


@pytest.mark.parametrize(
    "asked", [{"zoom": {"exact": 2.35}}, {"zoom": {"min": 2.31, "max": 2.39}}, {"focus_mode": {"exact": "none"}}]
)
def test_what_lies_between_two_steps_cannot_be_required(asked):
    assert best(PTZ, asked) is None


@pytest.mark.parametrize("asked", [{"zoom": True}, {"zoom": {"exact": True}}])
def test_asking_for_a_camera_that_can_zoom_leaves_the_zoom_where_it_is(asked):
    assert best(PTZ, asked, {"zoom": 3.0}) is not None
    assert best(PTZ, asked, {"zoom": 3.0})[1]["zoom"] == 3.0
    assert best(PTZ, asked)[1]["zoom"] == 1.0


def test_asking_for_a_camera_that_cannot_be_moved_disfavours_one_that_can():
    assert best(PTZ, {"pan": False})[0] == 1
    assert best(CAMERA, {"pan": False})[0] == 0
    assert best(PTZ, {"pan": {"exact": False}}) is None


@pytest.mark.parametrize(
    ("asked", "far", "points"),
    [
        ({}, 0, ()),
        ({"points_of_interest": [{"x": 0.25, "y": 0.75}]}, 0, ((0.25, 0.75),)),
        ({"points_of_interest": [{"x": -2.0, "y": 7.0}]}, 0, ((0.0, 1.0),)),
        ({"points_of_interest": [{"x": n / 4, "y": 0.5} for n in range(3)]}, 1, ((0.0, 0.5), (0.25, 0.5))),
        ({"points_of_interest": {"exact": [{"x": 0.5, "y": 0.5}]}}, 0, ((0.5, 0.5),)),
        ({"points_of_interest": {"exact": []}}, 0, ()),
    ],
)
def test_points_of_interest_are_as_asked_as_far_as_the_camera_takes_so_many(asked, far, points):
    assert best(PTZ, asked)[0] == far
    assert best(PTZ, asked)[1]["points_of_interest"] == points


def test_more_points_than_the_camera_takes_cannot_be_required_nor_any_of_one_without():
    three = {"points_of_interest": {"exact": [{"x": 0.1, "y": 0.1}] * 3}}
    assert best(PTZ, three) is None
    assert best(CAMERA, {"points_of_interest": {"exact": [{"x": 0.1, "y": 0.1}]}}) is None
    far, settings = best(CAMERA, {"points_of_interest": [{"x": 0.1, "y": 0.1}]})
    assert far == 1
    assert "points_of_interest" not in settings


def test_points_that_are_required_twice_over_must_be_the_same():
    needs = ANYTHING
    for x in (0.1, 0.2):
        needs = needs.tightened(
            parse_constraints("video", {"points_of_interest": {"exact": [{"x": x, "y": 0.0}]}}).basic
        )
    assert best_of_offers(PTZ, needs, {}, {}) is None
