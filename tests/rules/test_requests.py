import pytest

from mediastreams._rules.constraints import Constraint, Constraints
from mediastreams._rules.requests import (
    asks_pan_tilt_zoom,
    display_media_request,
    specific_failure_is_allowed,
    user_media_request,
    without_pan_tilt_zoom,
)
from mediastreams._rules.values import DeviceModel, Range
from mediastreams.errors import OverconstrainedError


@pytest.mark.parametrize("request_", [{}, {"audio": False}, {"audio": None, "video": False}])
def test_user_media_of_no_kind_is_a_type_error(request_):
    with pytest.raises(TypeError, match="audio or video"):
        user_media_request(**request_)


def test_user_media_gives_the_constraints_of_each_requested_kind():
    assert user_media_request(video=True) == {"video": Constraints("video")}
    assert user_media_request(video={}, audio=False) == {"video": Constraints("video")}
    assert list(user_media_request(audio=True, video=True)) == ["audio", "video"]
    asked = user_media_request(video={"width": {"exact": 5}})
    assert asked["video"].basic == {"width": Constraint(exact=(5,))}


@pytest.mark.parametrize("name", ["background_blur", "zoom", "torch", "power_efficient", "cursor"])
def test_a_required_constraint_that_cannot_choose_a_device_is_a_type_error(name):
    with pytest.raises(TypeError, match=name):
        user_media_request(video={name: {"exact": True}})
    assert user_media_request(video={name: {"ideal": True}})["video"].basic


def test_a_required_constraint_of_the_other_kind_is_ignored():
    assert user_media_request(audio={"zoom": {"min": 1}, "width": {"min": 1}})["audio"].basic == {}
    assert user_media_request(video={"voice_isolation": {"exact": True}})["video"].basic == {}


def test_advanced_sets_may_require_anything():
    assert user_media_request(video={"advanced": [{"zoom": 2.0}]})["video"].advanced


@pytest.mark.parametrize(
    "request_",
    [
        {"video": False},
        {"video": False, "audio": True},
        {"video": {"advanced": [{"width": 320}]}},
        {"video": {"advanced": []}},
        {"video": {"width": {"min": 320}}},
        {"video": {"width": {"exact": 320}}},
        {"video": {"height": {"min": 240}}},
        {"video": {"frame_rate": {"exact": 4}}},
        {"video": {"display_surface": {"exact": "window"}}},
        {"audio": {"restrict_own_audio": {"exact": True}}},
    ],
)
def test_display_media_refuses_what_would_narrow_the_choice(request_):
    with pytest.raises(TypeError):
        display_media_request(**request_)


@pytest.mark.parametrize(
    ("name", "most"), [("width", 0), ("height", 0), ("frame_rate", 0), ("frame_rate", -1), ("aspect_ratio", 0)]
)
def test_display_media_refuses_a_maximum_that_no_surface_could_meet(name, most):
    with pytest.raises(OverconstrainedError, match=f"{name}: max {most}") as caught:
        display_media_request(video={name: {"max": most}})
    assert caught.value.constraint == name


@pytest.mark.parametrize(
    ("request_", "kinds"),
    [
        ({}, ["video"]),
        ({"video": None}, ["video"]),
        ({"audio": True}, ["audio", "video"]),
        ({"audio": False}, ["video"]),
        ({"video": True, "audio": {}}, ["audio", "video"]),
    ],
)
def test_display_media_captures_a_picture_unless_told_not_to(request_, kinds):
    assert list(display_media_request(**request_)) == kinds


def test_display_media_ignores_what_does_not_apply_to_a_surface():
    asked = {"device_id": {"exact": "x"}, "zoom": {"min": 2}, "display_surface": "window", "width": {"max": 360}}
    asked |= {"cursor": {"max": 3, "ideal": "never"}}
    assert list(display_media_request(video=asked)["video"].basic) == ["width", "cursor"]


@pytest.mark.parametrize(
    ("requested", "permissions", "allowed"),
    [
        (("audio", "video"), {}, True),
        (("audio",), {"microphone": "denied"}, False),
        (("video",), {"microphone": "denied"}, True),
        (("audio", "video"), {"camera": "denied"}, False),
        (("video",), {"camera": "prompt"}, True),
    ],
)
def test_an_error_tells_more_only_when_nothing_requested_is_denied(requested, permissions, allowed):
    assert specific_failure_is_allowed(requested, permissions) is allowed


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, False),
        ({"zoom": True}, True),
        ({"pan": 0.0}, True),
        ({"tilt": {"ideal": 3600}}, True),
        ({"tilt": False, "zoom": None, "brightness": 3}, False),
        ({"advanced": [{"torch": True}, {"pan": True}]}, True),
        ({"advanced": [{"pan": False}]}, False),
    ],
)
def test_a_camera_that_is_to_be_moved_takes_a_permission_of_its_own(asked, expected):
    assert asks_pan_tilt_zoom(asked) == expected


def test_who_may_not_move_a_camera_sees_one_that_cannot_be_moved():
    model = DeviceModel("video", ranges={"zoom": Range(1, 4), "pan": Range(-1, 1), "iso": Range(100, 200)})
    assert set(without_pan_tilt_zoom(model).ranges) == {"iso"}
    assert without_pan_tilt_zoom(DeviceModel("video")) == DeviceModel("video")
