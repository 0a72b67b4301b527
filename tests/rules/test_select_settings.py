"""SelectSettings: what the standard, web-platform-tests and users expect; properties that hold for any input."""

import random
from dataclasses import replace
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediastreams._rules.capabilities import capabilities_of
from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.fitness import fitness_distance
from mediastreams._rules.needs import ANYTHING
from mediastreams._rules.select_settings import Overconstrained, Selection, can_satisfy, select_settings
from mediastreams._rules.serving import serves
from mediastreams._rules.values import AudioMode, DeviceModel, Range, VideoMode

SIZES = ((1920, 1080), (1280, 720), (640, 480))
CAMERA = DeviceModel(
    "video",
    "camera",
    "desk",
    tuple(VideoMode(w, h, rate, rate) for w, h in SIZES for rate in (15.0, 30.0, 60.0)),
    {"facing_mode": ("user",), "torch": (False, True)},
    {"zoom": Range(1.0, 4.0), "brightness": Range(0.0, 255.0)},
    {"zoom": 1.0},
)
BACK = replace(CAMERA, device_id="back", group_id="phone", choices={"facing_mode": ("environment",)}, ranges={})
MICROPHONE = DeviceModel(
    "audio",
    "microphone",
    "desk",
    (AudioMode(48000, 2, 16, 0.01, 0.1), AudioMode(44100, 1, 16, 0.01, 0.1)),
    {"echo_cancellation": (True, False, "all"), "auto_gain_control": (True, False)},
)
SCREEN = DeviceModel(
    "video",
    modes=(VideoMode(1920, 1080, 1.0, 60.0),),
    choices={"display_surface": ("monitor",), "cursor": ("always", "never")},
)


def select(device, *devices, current=None, **asked):
    every = (device, *devices)
    display = "display_surface" in device.choices
    return select_settings(every, parse_constraints(device.kind, asked, display=display), current=current)


def size(selection):
    assert isinstance(selection, Selection), selection
    got = selection.settings
    return got["width"], got["height"], got["frame_rate"], got["resize_mode"]


# --- video ---


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (640, 480, 30.0, "none")),
        ({"width": 1280}, (1280, 720, 30.0, "none")),
        ({"width": {"min": 1000}}, (1280, 720, 30.0, "none")),
        ({"width": 320}, (320, 240, 30.0, "crop-and-scale")),
        ({"height": 240}, (320, 240, 30.0, "crop-and-scale")),
        ({"width": {"max": 320}}, (320, 240, 30.0, "crop-and-scale")),
        ({"width": 1000, "height": 1000}, (1000, 1000, 30.0, "crop-and-scale")),
        ({"width": 9000, "height": 9000}, (1920, 1080, 30.0, "none")),
        ({"frame_rate": 24}, (640, 480, 24.0, "crop-and-scale")),
        ({"frame_rate": {"exact": 60}}, (640, 480, 60.0, "none")),
        ({"frame_rate": 500}, (640, 480, 60.0, "none")),
        ({"frame_rate": 0}, (640, 480, 30.0, "none")),
        ({"frame_rate": {"min": 31, "max": 59}}, (640, 480, 31.0, "crop-and-scale")),
        ({"frame_rate": {"max": 0.5}}, (640, 480, 0.5, "crop-and-scale")),
        ({"aspect_ratio": 16 / 9}, (1280, 720, 30.0, "none")),
        ({"aspect_ratio": 1.777777778}, (1280, 720, 30.0, "none")),
        ({"aspect_ratio": {"exact": 1}}, (480, 480, 30.0, "crop-and-scale")),
        ({"aspect_ratio": {"exact": 16 / 9}, "width": 320}, (320, 180, 30.0, "crop-and-scale")),
        ({"aspect_ratio": {"max": 1.5}, "width": 320}, (320, 240, 30.0, "crop-and-scale")),
        ({"resize_mode": {"exact": "none"}, "width": 1000, "height": 700}, (1280, 720, 30.0, "none")),
        ({"resize_mode": {"exact": "crop-and-scale"}}, (640, 480, 30.0, "crop-and-scale")),
        ({"resize_mode": "crop-and-scale"}, (640, 480, 30.0, "crop-and-scale")),
        ({"resize_mode": "INVALID"}, (640, 480, 30.0, "none")),
        ({"resize_mode": ["INVALID", "none"], "width": 320}, (640, 480, 30.0, "none")),
    ],
)
def test_a_camera_gives_what_is_nearest_and_else_as_native_and_usual_as_it_can(asked, expected):
    assert size(select(CAMERA, **asked)) == expected


def test_settings_are_complete_and_in_the_order_of_the_properties():
    assert list(select(CAMERA).settings.items()) == [
        ("width", 640),
        ("height", 480),
        ("aspect_ratio", 1.3333333333),
        ("frame_rate", 30.0),
        ("facing_mode", "user"),
        ("resize_mode", "none"),
        ("device_id", "camera"),
        ("group_id", "desk"),
        ("background_blur", False),
        ("brightness", 0.0),
        ("zoom", 1.0),
        ("torch", False),
    ]


def test_the_standards_own_example_with_advanced_sets():
    asked = {
        "width": {"min": 640, "ideal": 1280},
        "height": {"min": 480, "ideal": 720},
        "frame_rate": {"min": 30},
        "advanced": [
            {"width": 1920, "height": 1280},
            {"aspect_ratio": 4 / 3},
            {"frame_rate": {"min": 50}},
            {"frame_rate": {"min": 40}},
        ],
    }
    got = select(CAMERA, **asked)
    assert size(got)[:2] in ((960, 720), (1280, 960))
    assert got.settings["aspect_ratio"] == 1.3333333333
    assert got.settings["frame_rate"] >= 50


def test_advanced_sets_are_kept_or_skipped_whole_and_in_order():
    first = select(CAMERA, advanced=[{"width": 1000, "height": 5000}, {"width": 800}, {"width": 900}])
    assert size(first)[0] == 800
    assert select(CAMERA, advanced=[{"height": 5000, "torch": True}]).settings["torch"] is False


def test_an_advanced_set_can_choose_the_device():
    assert select(CAMERA, BACK, advanced=[{"facing_mode": "environment"}]).device is BACK
    assert select(CAMERA, BACK, advanced=[{"device_id": "nobody"}]).device is CAMERA


def test_a_picture_that_must_be_scaled_comes_from_the_smallest_mode_that_shows_all_of_it():
    wide = select(CAMERA, width={"exact": 320}, height={"exact": 180})
    assert (wide.mode.width, wide.mode.height) == (1280, 720)
    narrow = select(CAMERA, width={"exact": 320}, height={"exact": 240})
    assert (narrow.mode.width, narrow.mode.height) == (640, 480)
    assert select(CAMERA, frame_rate=40).mode == VideoMode(640, 480, 60.0, 60.0)


def test_a_rate_that_is_off_by_a_drivers_rounding_is_taken_as_it_is():
    camera = DeviceModel("video", modes=(VideoMode(640, 480, 30.00003, 30.00003),))
    assert size(select(camera, frame_rate=30)) == (640, 480, 30.00003, "none")


def test_among_modes_of_one_size_and_rate_the_cheaper_is_taken_whatever_their_order():
    modes = [VideoMode(640, 480, 30.0, 30.0, name, cost) for name, cost in (("MJPG", 1), ("YUYV", 0), ("H264", 2))]
    for seed in range(6):
        random.Random(seed).shuffle(modes)
        assert select(DeviceModel("video", modes=tuple(modes))).mode.pixel_format == "YUYV"
        assert select(DeviceModel("video", modes=tuple(modes)), width=100).mode.pixel_format == "YUYV"


def test_a_device_that_cannot_be_adapted_gives_its_modes_only():
    fixed = replace(CAMERA, adaptable=False)
    assert size(select(fixed, width=700, frame_rate=31)) == (640, 480, 30.0, "none")
    assert select(fixed, width={"exact": 320}).constraint == "width"
    assert select(fixed, resize_mode={"exact": "crop-and-scale"}).constraint == "resize_mode"


def test_a_device_already_open_in_one_mode_scales_from_that():
    (mode,) = (m for m in CAMERA.modes if (m.width, m.max_frame_rate) == (1280, 30.0))
    opened = replace(CAMERA, modes=(mode,))
    got = select(opened, width={"exact": 640}, height={"exact": 480}, frame_rate={"exact": 20})
    assert (got.mode, size(got)) == (mode, (640, 480, 20.0, "crop-and-scale"))
    assert select(opened, width={"min": 1281}).constraint == "width"


def test_the_models_own_defaults_take_the_place_of_the_usual_ones():
    assert size(select(replace(CAMERA, defaults={"width": 1920, "height": 1080, "frame_rate": 15.0})))[:3] == (
        1920,
        1080,
        15.0,
    )


# --- screens ---


def test_a_screen_is_captured_whole_and_scaled_with_its_ratio_kept():
    assert size(select(SCREEN)) == (1920, 1080, 30.0, "none")
    assert size(select(SCREEN, width=158)) == (158, 89, 30.0, "crop-and-scale")
    assert size(select(SCREEN, height=118))[1] == 118
    assert size(select(SCREEN, width={"max": 360}, height={"max": 240}))[0] == 360
    assert size(select(SCREEN, width=500, height=500))[:2] in ((500, 281), (888, 500), (889, 500))


def test_a_screen_is_never_cropped_to_another_ratio():
    asked = select(SCREEN, aspect_ratio=1)
    assert (size(asked), asked.settings["aspect_ratio"]) == ((1920, 1080, 30.0, "none"), 1.7777777778)
    assert select(SCREEN, aspect_ratio={"exact": 1}).constraint == "aspect_ratio"
    scaled = select(SCREEN, aspect_ratio={"exact": 16 / 9}, width=158)
    assert (size(scaled)[:2], scaled.settings["aspect_ratio"]) == ((158, 89), 1.7777777778)


def test_a_screen_shows_the_cursor_as_asked():
    assert select(SCREEN, cursor={"exact": "never"}).settings["cursor"] == "never"


# --- what modes do not decide ---


def test_choices_take_the_ideal_else_the_default_else_the_first():
    assert select(MICROPHONE).settings["echo_cancellation"] is True
    assert select(MICROPHONE, echo_cancellation=False).settings["echo_cancellation"] is False
    assert select(MICROPHONE, echo_cancellation="all").settings["echo_cancellation"] == "all"
    assert select(MICROPHONE, echo_cancellation="remote-only").settings["echo_cancellation"] is True
    quiet = replace(MICROPHONE, defaults={"echo_cancellation": "all"})
    assert select(quiet).settings["echo_cancellation"] == "all"
    assert select(quiet, echo_cancellation={"exact": False}).settings["echo_cancellation"] is False
    facing = replace(CAMERA, choices={"facing_mode": ("left", "user")}, defaults={"facing_mode": "user"})
    assert select(facing, facing_mode=["left", "user"]).settings["facing_mode"] == "user"


def test_controls_take_the_ideal_else_the_default_else_what_they_are():
    assert select(CAMERA, zoom=2.5).settings["zoom"] == 2.5
    assert select(CAMERA, zoom=99.0).settings["zoom"] == 4.0
    assert select(CAMERA, zoom={"min": 3.0}).settings["zoom"] == 3.0
    assert select(CAMERA, zoom=True).settings["zoom"] == 1.0
    assert select(CAMERA, current={"zoom": 3.0, "brightness": 80.0}).settings["zoom"] == 1.0
    assert select(CAMERA, current={"brightness": 80.0}).settings["brightness"] == 80.0


def test_what_the_object_does_not_have_fails_if_required_and_counts_one_if_ideal():
    assert select(BACK, zoom={"exact": 2.0}).constraint == "zoom"
    assert select(BACK, zoom=2.0).distance == 1
    assert select(CAMERA, BACK, zoom=2.0).device is CAMERA
    assert select(BACK, CAMERA, zoom=2.0).device is CAMERA
    assert select(BACK, CAMERA, zoom=False).device is BACK
    assert select(CAMERA, BACK, advanced=[{"zoom": False}]).device is BACK
    assert select(BACK, CAMERA, advanced=[{"zoom": True}]).device is CAMERA
    assert select(CAMERA, advanced=[{"zoom": True}, {"zoom": False}]).settings["zoom"] == 1.0
    assert select(CAMERA, brightness={"exact": 300}).constraint == "brightness"


def test_ids_choose_a_device_but_cannot_change_one():
    assert select(CAMERA, BACK, device_id={"exact": "back"}).device is BACK
    assert select(CAMERA, BACK, group_id="phone").device is BACK
    assert select(CAMERA, group_id={"exact": "INVALID"}).constraint == "group_id"
    assert select(CAMERA, group_id="INVALID").settings["group_id"] == "desk"
    assert select(CAMERA, BACK, device_id="nobody").device is CAMERA


def test_the_first_of_equally_good_devices_is_taken():
    assert select(CAMERA, BACK, width=1280).device is CAMERA
    assert select(BACK, CAMERA, width=1280).device is BACK
    small = DeviceModel("video", "small", "s", (VideoMode(320, 240, 30.0, 30.0),))
    assert select(small, CAMERA, width=1280).device is CAMERA


def test_a_source_without_modes_has_no_size():
    bare = DeviceModel("video")
    assert select(bare) == Selection(bare, None, {}, 0)
    assert select(bare, width=5).distance == 1
    assert select(bare, width={"min": 1}).constraint == "width"


# --- audio ---


@pytest.mark.parametrize(
    ("asked", "rate", "channels", "latency"),
    [
        ({}, 48000, 2, 0.01),
        ({"sample_rate": 44100}, 44100, 1, 0.01),
        ({"sample_rate": 44100, "channel_count": 2}, 44100, 2, 0.01),
        ({"channel_count": 1}, 44100, 1, 0.01),
        ({"channel_count": {"exact": 1}, "sample_rate": {"exact": 16000}}, 16000, 1, 0.01),
        ({"channel_count": 6}, 48000, 2, 0.01),
        ({"sample_rate": 1_000_000}, 192000, 2, 0.01),
        ({"latency": 0}, 48000, 2, 0.01),
        ({"latency": {"ideal": 0.05}}, 48000, 2, 0.05),
        ({"latency": {"min": 0.02, "ideal": 0}}, 48000, 2, 0.02),
    ],
)
def test_a_microphone_gives_what_is_nearest_and_else_what_it_is(asked, rate, channels, latency):
    got = select(MICROPHONE, **asked).settings
    assert (got["sample_rate"], got["channel_count"], got["latency"]) == (rate, channels, latency)
    assert got["noise_suppression"] is False  # a single False where the source cannot


def test_channels_are_never_invented():
    assert select(MICROPHONE, channel_count={"exact": 3}).constraint == "channel_count"


def test_a_microphone_that_cannot_be_adapted_gives_its_modes_only():
    fixed = replace(MICROPHONE, adaptable=False)
    assert select(fixed, sample_rate=44100).settings["channel_count"] == 1
    assert select(fixed, sample_rate={"exact": 16000}).constraint == "sample_rate"


# --- failing ---


def test_the_failing_constraint_is_named_and_the_message_says_what_would_fit():
    failed = select(CAMERA, width={"exact": 9000}, height=5)
    assert failed.constraint == "width"
    assert failed.message.startswith("width: exact 9000 asked; this camera offers 1–1920")


def test_when_only_the_combination_fails_its_first_is_named_and_the_message_names_all():
    failed = select(
        CAMERA, resize_mode={"exact": "none"}, width={"exact": 640}, height={"exact": 1080}, zoom={"min": 1}
    )
    assert failed.constraint == "width"
    assert "width exact 640 and height exact 1080 and resize_mode exact 'none' together" in failed.message
    assert "zoom" not in failed.message


def test_the_order_of_keys_does_not_decide_which_failing_constraint_is_named():
    asked = {"zoom": {"exact": 9.0}, "height": {"exact": 9000}, "width": {"exact": 9000}}
    for names in (list(asked), list(reversed(asked))):
        assert select(CAMERA, **{name: asked[name] for name in names}).constraint == "width"


def test_no_device_at_all_is_said():
    assert select_settings([], parse_constraints("audio", {})) == Overconstrained("", "there is no microphone")


# --- whatever comes ---

numbers = {
    "width": st.integers(1, 2500),
    "height": st.integers(1, 1500),
    "frame_rate": st.sampled_from([0.1, 5, 15, 24, 29.97, 30, 50, 60, 120]),
    "aspect_ratio": st.sampled_from([1.0, 4 / 3, 1.5, 16 / 9, 1.85, 2.35, 1.777]) | st.floats(0.2, 4),
    "zoom": st.floats(0.5, 5),
}
members = {
    name: st.fixed_dictionaries({}, optional={"min": value, "max": value, "exact": value, "ideal": value}) | value
    for name, value in numbers.items()
}
strings = {
    "facing_mode": st.sampled_from(["user", "environment", "left"]),
    "resize_mode": st.sampled_from(["none", "crop-and-scale"]),
    "device_id": st.sampled_from(["camera", "back", "nobody"]),
}
members |= {name: v | st.fixed_dictionaries({}, optional={"exact": v, "ideal": v}) for name, v in strings.items()}
basic_sets = st.fixed_dictionaries({}, optional=members)
constraint_sets = st.builds(
    lambda basic, advanced: {**basic, "advanced": advanced}, basic_sets, st.lists(basic_sets, max_size=3)
)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(constraint_sets)
def test_settings_are_within_capabilities_required_ones_are_met_and_the_mode_can_make_them(asked):
    parsed = parse_constraints("video", asked)
    got = select_settings([CAMERA, BACK], parsed)
    if isinstance(got, Overconstrained):
        assert got.message
        return
    assert fitness_distance(got.settings, parsed.basic) == got.distance < inf
    assert serves(got.mode, got.settings)
    assert got.mode in got.device.modes
    capabilities = capabilities_of(got.device)
    assert set(capabilities) == set(got.settings)
    for name, value in got.settings.items():
        offered = capabilities[name]
        assert value == offered if isinstance(offered, str) else value in offered, name


@settings(max_examples=150, deadline=None, derandomize=True)
@given(constraint_sets, st.randoms(use_true_random=False))
def test_the_result_depends_neither_on_the_order_of_keys_nor_on_that_of_modes(asked, rng):
    got = select_settings([CAMERA, BACK], parse_constraints("video", asked))
    keys = list(asked)
    modes = list(CAMERA.modes)
    rng.shuffle(keys)
    rng.shuffle(modes)
    other = [replace(device, modes=tuple(modes)) for device in (CAMERA, BACK)]
    again = select_settings(other, parse_constraints("video", {key: asked[key] for key in keys}))
    if isinstance(got, Overconstrained):
        assert again == got
    else:
        assert (again.mode, again.settings, again.distance) == (got.mode, got.settings, got.distance)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(constraint_sets, st.sampled_from(sorted(numbers)), st.data())
def test_an_ideal_never_breaks_what_can_be_satisfied(asked, name, data):
    before = select_settings([CAMERA, BACK], parse_constraints("video", asked))
    value = asked.get(name, {})
    asked = {**asked, name: {**(value if isinstance(value, dict) else {}), "ideal": data.draw(numbers[name])}}
    after = select_settings([CAMERA, BACK], parse_constraints("video", asked))
    assert isinstance(before, Selection) == isinstance(after, Selection)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(basic_sets, st.lists(basic_sets, max_size=3))
def test_advanced_sets_never_make_a_satisfiable_basic_set_fail(basic, advanced):
    plain = select_settings([CAMERA], parse_constraints("video", basic))
    more = select_settings([CAMERA], parse_constraints("video", {**basic, "advanced": advanced}))
    assert isinstance(plain, Selection) == isinstance(more, Selection)


def test_nothing_is_needed_and_everything_satisfies_it():
    assert can_satisfy([CAMERA], ANYTHING)
    assert not can_satisfy([], ANYTHING)


@pytest.mark.parametrize("count", [20, 200])
def test_of_many_modes_as_they_are_those_of_the_asked_ratio_are_found(count):
    wide = [VideoMode(160 + 16 * i, 90 + 9 * i, 30.0, 30.0) for i in range(count)]
    square = [VideoMode(100 + i, 100 + i, 30.0, 30.0) for i in range(count)]
    model = DeviceModel("video", modes=(*square, *wide))
    asked = {"aspect_ratio": {"min": 1.7, "max": 1.8}, "resize_mode": {"exact": "none"}, "width": 415}
    got = select_settings([model], parse_constraints("video", asked))
    assert (got.settings["width"], got.settings["height"]) == (416, 234)
