"""What applications pass to capture: accepted spellings, conversions, errors that name the place."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediastreams._webidl.names import to_idl
from mediastreams.capture.constraint_types import (
    MEDIA_TRACK_CONSTRAINT_SET,
    MEDIA_TRACK_CONSTRAINTS,
    MediaTrackConstraintSet,
)
from mediastreams.capture.dictionaries import MediaTrackSettings, Point2D, ULongRange
from mediastreams.capture.enums import MonitorTypeSurfacesEnum, VideoFacingModeEnum
from mediastreams.capture.requests import (
    convert_display_media_stream_options,
    convert_media_stream_constraints,
    convert_media_track_constraints,
    convert_permission_descriptor,
)
from mediastreams.errors import UnknownMemberWarning


def convert(**members):
    return convert_media_track_constraints(None, members)


@pytest.mark.parametrize(
    ("mapping", "keywords", "expected"),
    [
        (None, {}, {"video": False, "audio": False}),
        ({}, {}, {"video": False, "audio": False}),
        ({"video": True}, {}, {"video": {}, "audio": False}),
        ({"video": False}, {"audio": True}, {"video": False, "audio": {}}),
        ({"video": {}}, {}, {"video": {}, "audio": False}),
        ({"video": None}, {"audio": {"channelCount": 2}}, {"video": False, "audio": {"channel_count": 2}}),
    ],
)
def test_a_request_for_media_says_for_both_kinds_what_is_wanted(mapping, keywords, expected):
    assert convert_media_stream_constraints(mapping, keywords) == expected


@pytest.mark.parametrize("value", [1, 0, "true", ["x"], 2.5])
def test_a_kind_is_wanted_by_a_bool_or_a_mapping_only(value):
    with pytest.raises(TypeError, match=r"^get_user_media\.video: expected a bool or a mapping of constraints"):
        convert_media_stream_constraints({"video": value}, {})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"width": 640}, {"width": 640}),
        ({"width": 640.5}, {"width": 640}),
        ({"width": {"min": -5, "max": math.inf}}, {"width": {"min": 0, "max": 2**32 - 1}}),
        ({"height": {"exact": np.uint16(480)}}, {"height": {"exact": 480}}),
        ({"frame_rate": 30}, {"frame_rate": 30.0}),
        ({"frame_rate": {"ideal": 30, "min": None}}, {"frame_rate": {"ideal": 30.0}}),
        ({"facing_mode": "user"}, {"facing_mode": "user"}),
        ({"facing_mode": VideoFacingModeEnum.USER}, {"facing_mode": "user"}),
        ({"facing_mode": ("user", "left")}, {"facing_mode": ["user", "left"]}),
        ({"facing_mode": {"exact": ["user"]}}, {"facing_mode": {"exact": ["user"]}}),
        ({"facing_mode": {"ideal": "nonsense"}}, {"facing_mode": {"ideal": "nonsense"}}),
        ({"echo_cancellation": "remote-only"}, {"echo_cancellation": "remote-only"}),
        ({"echo_cancellation": {"exact": False}}, {"echo_cancellation": {"exact": False}}),
        ({"noise_suppression": np.bool_(1)}, {"noise_suppression": True}),
        ({"zoom": True}, {"zoom": True}),
        ({"zoom": {"exact": 2}}, {"zoom": {"exact": 2.0}}),
        ({"points_of_interest": [{"x": 0.5}]}, {"points_of_interest": [{"x": 0.5, "y": 0.0}]}),
        ({"points_of_interest": {"exact": [Point2D(1)]}}, {"points_of_interest": {"exact": [{"x": 1.0, "y": 0.0}]}}),
        ({"advanced": [{"width": 1}, {}]}, {"advanced": [{"width": 1}, {}]}),
        ({"width": ULongRange(min=1, max=2)}, {"width": {"min": 1, "max": 2}}),
        ({"power_efficient": True}, {"power_efficient": True}),
    ],
)
def test_constraints_keep_their_form_and_get_the_idl_types(given, expected):
    assert convert(**given) == expected
    assert convert_media_stream_constraints({"video": given}, {})["video"] == expected
    assert convert_media_track_constraints({to_idl(name): value for name, value in given.items()}, {}) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"width": "640"}, r"apply_constraints\.width: expected a number or a mapping"),
        ({"width": True}, r"apply_constraints\.width: expected a number or a mapping"),
        ({"width": {"exact": [640]}}, r"apply_constraints\.width\.exact: expected a number"),
        ({"frame_rate": math.nan}, r"apply_constraints\.frame_rate: expected a finite number"),
        ({"frame_rate": {"max": math.inf}}, r"apply_constraints\.frame_rate\.max: expected a finite number"),
        ({"facing_mode": 5}, r"apply_constraints\.facing_mode: expected a str, a sequence"),
        ({"facing_mode": {"exact": ["user", 5]}}, r"apply_constraints\.facing_mode\.exact\[1\]: expected a str"),
        ({"torch": "on"}, r"apply_constraints\.torch: expected a bool or a mapping"),
        ({"echo_cancellation": 1}, r"apply_constraints\.echo_cancellation: expected a bool, a str"),
        ({"points_of_interest": {"exact": {"x": 1}}}, r"points_of_interest\.exact: expected a sequence"),
        ({"advanced": {"width": 1}}, r"apply_constraints\.advanced: expected a sequence"),
        ({"advanced": [5]}, r"apply_constraints\.advanced\[0\]: expected a mapping"),
        ({"frame_rate": 1, "frameRate": 1}, "are the same member"),
    ],
)
def test_malformed_constraints_name_the_place(given, message):
    with pytest.raises(TypeError, match=message):
        convert_media_track_constraints(given, {})


def test_advanced_sets_have_no_advanced_sets():
    with pytest.warns(UnknownMemberWarning, match=r"advanced\[0\]: unknown member 'advanced' is ignored"):
        assert convert(advanced=[{"advanced": []}]) == {"advanced": [{}]}


def test_a_misspelt_word_inside_a_constraint_is_noticed():
    with pytest.warns(UnknownMemberWarning, match=r"width: unknown member 'exakt' is ignored; did you mean 'exact'"):
        assert convert(width={"exakt": 5}) == {"width": {}}


def test_settings_can_be_passed_back_as_constraints():
    now = MediaTrackSettings(width=640, frame_rate=30.0, facing_mode="user", torch=False)
    assert convert_media_track_constraints(now, {}) == dict(now)


def test_what_is_converted_is_the_library_s_own():
    advanced, inner = [{"width": 1}], {"exact": ["a"]}
    converted = convert(device_id=inner, advanced=advanced)
    inner["exact"].append("b")
    advanced[0]["width"] = 2
    assert converted == {"device_id": {"exact": ["a"]}, "advanced": [{"width": 1}]}


def test_every_declared_constraint_is_converted():
    names = {member.name for member in MEDIA_TRACK_CONSTRAINTS.members}
    assert names == {*MediaTrackConstraintSet.__annotations__, "advanced"}
    assert len(MEDIA_TRACK_CONSTRAINT_SET.members) == len(MediaTrackConstraintSet.__annotations__)


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("ab", max_size=4)
)  # of all Unicode: seconds of preparation
nested = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["exact", "ideal", "min", "max", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.dictionaries(st.sampled_from([*MediaTrackConstraintSet.__annotations__, "advanced"]), nested, max_size=4))
def test_any_mapping_is_converted_or_refused_with_a_type_error_and_converting_again_changes_nothing(mapping):
    try:
        once = convert_media_track_constraints(mapping, {})
    except TypeError:
        return
    assert convert_media_track_constraints(once, {}) == once


def test_a_display_is_wanted_with_picture_and_without_sound_unless_said_otherwise():
    assert convert_display_media_stream_options(None, {}) == {"video": {}, "audio": False}
    assert convert_display_media_stream_options({"video": False}, {"audio": True}) == {"video": False, "audio": {}}
    first, second = (convert_display_media_stream_options(None, {}) for _ in range(2))
    assert first["video"] is not second["video"]


def test_the_preferences_of_a_display_are_enumerations():
    converted = convert_display_media_stream_options({"monitorTypeSurfaces": "exclude"}, {"window_audio": "system"})
    assert converted["monitor_type_surfaces"] is MonitorTypeSurfacesEnum.EXCLUDE
    assert converted["window_audio"] == "system"
    with pytest.raises(TypeError, match="monitor_type_surfaces: expected one of 'include', 'exclude', got 'no'"):
        convert_display_media_stream_options(None, {"monitor_type_surfaces": "no"})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "camera"}, {"name": "camera", "pan_tilt_zoom": False}),
        ({"name": "camera", "panTiltZoom": True}, {"name": "camera", "pan_tilt_zoom": True}),
        ({"name": "microphone"}, {"name": "microphone"}),
        ({"name": "display-capture"}, {"name": "display-capture"}),
        ({"name": "speaker-selection"}, {"name": "speaker-selection"}),
    ],
)
def test_a_permission_is_asked_for_by_name(given, expected):
    assert convert_permission_descriptor(given, {}) == expected
    assert convert_permission_descriptor(None, given) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "PermissionDescriptor needs a member 'name'"),
        ({"name": "geolocation"}, "there is no permission 'geolocation'; there are 'camera', 'microphone'"),
        ({"name": 5}, "name: expected a str"),
        ("camera", "expected a mapping"),
    ],
)
def test_a_permission_that_does_not_exist_is_an_error(given, message):
    with pytest.raises(TypeError, match=message):
        convert_permission_descriptor(given, {})
