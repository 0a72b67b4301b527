"""What comes out of tracks and devices as dictionaries."""

from dataclasses import fields

import pytest

from mediastreams._rules.values import Range
from mediastreams.capture import dictionaries
from mediastreams.capture.dictionaries import (
    DoubleRange,
    MediaSettingsRange,
    MediaTrackCapabilities,
    MediaTrackSettings,
    MediaTrackSupportedConstraints,
    Point2D,
    ULongRange,
)


def test_capabilities_are_made_of_what_rules_reckon_with():
    capabilities = MediaTrackCapabilities.from_rules(
        {
            "width": Range(1, 1920.0),
            "frame_rate": Range(1, 30),
            "zoom": Range(1, 5),
            "iso": Range(100, 3200, 100),
            "facing_mode": ("user",),
            "resize_mode": ["none", "crop-and-scale"],
            "echo_cancellation": (True, False, "all"),
            "device_id": "abc",
        }
    )
    assert capabilities == MediaTrackCapabilities(
        width=ULongRange(min=1, max=1920),
        frame_rate=DoubleRange(min=1.0, max=30.0),
        zoom=MediaSettingsRange(min=1.0, max=5.0),
        iso=MediaSettingsRange(min=100.0, max=3200.0, step=100.0),
        facing_mode=("user",),
        resize_mode=("none", "crop-and-scale"),
        echo_cancellation=(True, False, "all"),
        device_id="abc",
    )
    assert type(capabilities.width) is ULongRange
    assert type(capabilities.width.max) is int
    assert type(capabilities.frame_rate) is DoubleRange
    assert type(capabilities.frame_rate.min) is float
    assert type(capabilities.zoom) is MediaSettingsRange
    assert type(capabilities.resize_mode) is tuple
    assert capabilities.to_json()["frameRate"] == {"min": 1.0, "max": 30.0}


def test_a_capability_that_does_not_exist_is_our_mistake():
    with pytest.raises(TypeError, match="colour"):
        MediaTrackCapabilities.from_rules({"colour": "red"})


def test_supported_constraints_are_true_or_absent():
    supported = MediaTrackSupportedConstraints.of(["width", "frame_rate"])
    assert dict(supported) == {"width": True, "frame_rate": True}
    assert supported.height is None
    assert supported.to_json() == {"width": True, "frameRate": True}


def test_every_setting_and_capability_is_a_constraint_that_can_be_supported():
    supported = {field.name for field in fields(MediaTrackSupportedConstraints)}
    assert {field.name for field in fields(MediaTrackCapabilities)} < supported
    assert {field.name for field in fields(MediaTrackSettings)} - supported == {"screen_pixel_ratio"}


def test_a_point_is_the_origin_by_default():
    assert Point2D() == {"x": 0.0, "y": 0.0}
    assert Point2D(1, 2).y == 2


@pytest.mark.parametrize("name", dictionaries.__all__)
def test_outgoing_dictionaries_show_their_public_path(name):
    assert getattr(dictionaries, name).__module__ == "mediastreams"


def test_settings_are_made_of_what_rules_reckon_with():
    settings = MediaTrackSettings.from_rules({"zoom": 2.5, "points_of_interest": ((0.25, 0.75),)})
    assert settings == MediaTrackSettings(zoom=2.5, points_of_interest=(Point2D(0.25, 0.75),))
    assert settings.to_json() == {"pointsOfInterest": [{"x": 0.25, "y": 0.75}], "zoom": 2.5}
    assert MediaTrackSettings.from_rules({"width": 640}).points_of_interest is None
