from mediastreams._rules.capabilities import capabilities_of, inherent_settings
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


def test_an_ended_track_keeps_its_inherent_settings_only():
    assert inherent_settings({"width": 640, "device_id": "c", "zoom": 2.0, "group_id": "g", "facing_mode": "user"}) == {
        "facing_mode": "user",
        "device_id": "c",
        "group_id": "g",
    }
    assert inherent_settings({"width": 3}) == {}
