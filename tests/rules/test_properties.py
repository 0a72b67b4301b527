import pytest

from mediastreams._rules.properties import AUDIO_MODE_PROPERTIES, PROPERTIES, VIDEO_MODE_PROPERTIES

SELECTING = {
    *("width", "height", "aspect_ratio", "frame_rate", "facing_mode", "resize_mode", "sample_rate", "sample_size"),
    *("echo_cancellation", "auto_gain_control", "noise_suppression", "latency", "channel_count"),
    *("device_id", "group_id"),
}


def test_the_required_constraints_that_may_select_a_device_are_the_standards_fifteen():
    assert {name for name, row in PROPERTIES.items() if row.selects} == SELECTING


def test_only_the_ids_apply_to_both_kinds():
    assert {name for name, row in PROPERTIES.items() if len(row.kinds) == 2} == {"device_id", "group_id"}


@pytest.mark.parametrize(
    "name",
    [
        *("voice_isolation", "background_blur", "face_framing", "eye_gaze_correction", "gesture_reactions"),
        *("human_face_detection_mode", "background_segmentation_mask", "power_efficient"),
        *("cursor", "display_surface", "logical_surface", "suppress_local_audio_playback", "restrict_own_audio"),
        *("zoom", "focus_mode", "pan", "tilt", "torch"),
    ],
)
def test_the_properties_of_the_neighbouring_standards_are_known(name):
    assert PROPERTIES[name].name == name


def test_what_modes_decide_applies_to_their_kind():
    assert all(PROPERTIES[name].kinds == ("video",) for name in VIDEO_MODE_PROPERTIES)
    assert all(PROPERTIES[name].kinds == ("audio",) for name in AUDIO_MODE_PROPERTIES)


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        PROPERTIES["width"] = None
