from mediastreams._rules.capabilities import capabilities_of, inherent_settings, settings_of
from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.select_settings import select_settings
from mediastreams._rules.values import AudioMode, DeviceModel, Range, VideoMode

CAMERA = DeviceModel(
    "video",
    "c",
    "g",
    (VideoMode(1280, 720, 5.0, 30.0), VideoMode(640, 480, 15.0, 60.0)),
    {"facing_mode": ("user", "left"), "torch": (False, True)},
    {"zoom": Range(1.0, 4.0)},
    {"zoom": 2.0, "torch": True, "width": 1280},
)
MODES = (AudioMode(48000, 2, 16, 0.01, 0.1), AudioMode(16000, 1, 24, 0.02, 0.2))
MICROPHONE = DeviceModel("audio", "m", "g", MODES, {"echo_cancellation": (True, False, "all")})
SCREEN = DeviceModel(
    "video",
    modes=(VideoMode(1920, 1080, 1.0, 60.0),),
    choices={"display_surface": ("monitor",), "logical_surface": (False,), "cursor": ("always", "never")},
)


def test_a_cameras_sizes_begin_at_one_and_its_rates_at_zero():
    assert list(capabilities_of(CAMERA).items()) == [
        ("width", Range(1, 1280)),
        ("height", Range(1, 720)),
        ("aspect_ratio", Range(0.0013888889, 1280.0)),
        ("frame_rate", Range(0.0, 60.0)),
        ("facing_mode", ("user", "left")),
        ("resize_mode", ("none", "crop-and-scale")),
        ("device_id", "c"),
        ("group_id", "g"),
        ("background_blur", (False,)),
        ("zoom", Range(1.0, 4.0)),
        ("torch", (False, True)),
    ]


def test_a_source_that_cannot_be_adapted_offers_its_modes_only():
    fixed = capabilities_of(DeviceModel("video", modes=CAMERA.modes, adaptable=False))
    assert fixed == {
        "width": Range(640, 1280),
        "height": Range(480, 720),
        "aspect_ratio": Range(1.3333333333, 1.7777777778),
        "frame_rate": Range(5.0, 60.0),
        "resize_mode": ("none",),
    }
    assert capabilities_of(DeviceModel("audio", modes=MODES, adaptable=False)) == {
        "sample_rate": Range(16000, 48000),
        "sample_size": Range(16, 24),
        "latency": Range(0.01, 0.2),
        "channel_count": Range(1, 2),
    }


def test_a_microphone_is_resampled_and_mixed_down():
    got = capabilities_of(MICROPHONE)
    assert got["sample_rate"] == Range(8000, 192000)
    assert got["channel_count"] == Range(1, 2)
    assert got["echo_cancellation"] == (True, False, "all")
    assert got["noise_suppression"] == (False,)
    studio = capabilities_of(DeviceModel("audio", modes=(AudioMode(384000, 2),)))
    assert studio["sample_rate"] == Range(8000, 384000)


def test_a_captured_surface_has_one_ratio_and_one_kind():
    got = capabilities_of(SCREEN)
    assert got["aspect_ratio"] == Range(1.7777777778, 1.7777777778)
    assert got["frame_rate"] == Range(0.001, 60.0)
    assert (got["display_surface"], got["logical_surface"], got["cursor"]) == ("monitor", False, ("always", "never"))
    assert capabilities_of(SCREEN, {"aspect_ratio": 1.5})["aspect_ratio"] == Range(1.5, 1.5)


def test_a_source_without_modes_or_ids_has_no_capabilities():
    assert capabilities_of(DeviceModel("video")) == {}


def test_settings_of_a_given_source_are_its_modes_and_its_models():
    assert list(settings_of(CAMERA, CAMERA.modes[0], {}).items()) == [
        ("width", 1280),
        ("height", 720),
        ("aspect_ratio", 1.7777777778),
        ("frame_rate", 30.0),
        ("facing_mode", "user"),
        ("resize_mode", "none"),
        ("device_id", "c"),
        ("group_id", "g"),
        ("background_blur", False),
        ("zoom", 2.0),
        ("torch", True),
    ]
    assert settings_of(MICROPHONE, MODES[1], {})["sample_rate"] == 16000
    assert settings_of(DeviceModel("video"), None, {}) == {}


def test_what_was_chosen_goes_before_what_the_mode_says():
    chosen = {"width": 320, "height": 240, "resize_mode": "crop-and-scale", "zoom": 3.0}
    got = settings_of(CAMERA, CAMERA.modes[0], chosen)
    assert {name: got[name] for name in chosen} == chosen
    assert got["aspect_ratio"] == 1.3333333333
    assert settings_of(SCREEN, SCREEN.modes[0], {"width": 158, "height": 89})["aspect_ratio"] == 1.7777777778


def test_settings_that_were_selected_stay_as_they_are():
    for model in (CAMERA, MICROPHONE, SCREEN):
        got = select_settings([model], parse_constraints(model.kind, {"width": 333, "channel_count": 1}))
        assert settings_of(model, got.mode, got.settings) == got.settings


def test_an_ended_track_keeps_its_inherent_settings_only():
    assert inherent_settings(settings_of(CAMERA, CAMERA.modes[0], {})) == {
        "facing_mode": "user",
        "device_id": "c",
        "group_id": "g",
    }
    assert inherent_settings({"width": 3}) == {}
