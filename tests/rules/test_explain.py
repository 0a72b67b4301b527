import pytest

from mediastreams._rules.constraints import Constraint, parse_constraints
from mediastreams._rules.explain import as_wish, conflict_of
from mediastreams._rules.select_settings import select_settings
from mediastreams._rules.values import AudioMode, DeviceModel, Range, VideoMode

CAMERA = DeviceModel(
    "video",
    "c",
    "g",
    (VideoMode(1280, 720, 30.0, 30.0), VideoMode(640, 480, 30.0, 30.0)),
    {"facing_mode": ("user",)},
    {"zoom": Range(1.0, 4.0)},
)
STEPPED = DeviceModel(
    "video", modes=CAMERA.modes, ranges={"zoom": Range(1.0, 4.0, 0.5), "pan": Range(-5.0, 5.0)}, points_of_interest=1
)
OTHER = DeviceModel("video", "o", "g", (VideoMode(320, 240, 30.0, 30.0),), {"facing_mode": ("left", "right")})
FIXED = DeviceModel("video", modes=CAMERA.modes, adaptable=False)
MANY = DeviceModel("video", modes=tuple(VideoMode(n, n, 1, 1) for n in range(10, 30)), adaptable=False)
SCREEN = DeviceModel("video", modes=CAMERA.modes[:1], choices={"display_surface": ("monitor",)})
MICROPHONE = DeviceModel("audio", "m", "g", (AudioMode(48000, 1),))


@pytest.mark.parametrize(
    ("devices", "asked", "message"),
    [
        (
            [CAMERA],
            {"width": {"exact": 9000}},
            "width: exact 9000 asked; this camera offers 1–1280; the nearest is width 1280",
        ),
        (
            [CAMERA, OTHER],
            {"width": {"min": 2000, "max": 3000}},
            "width: min 2000, max 3000 asked; the 2 cameras offer 1–1280; the nearest is width 1280",
        ),
        (
            [CAMERA],
            {"frame_rate": {"max": 0}},
            "frame_rate: max 0 asked; this camera offers 0–30; the nearest is frame_rate 30",
        ),
        (
            [CAMERA],
            {"facing_mode": {"exact": "left"}},
            "facing_mode: exact 'left' asked; this camera offers 'user'; the nearest is facing_mode 'user'",
        ),
        (
            [CAMERA, OTHER],
            {"facing_mode": {"exact": ["environment", "up"]}},
            (
                "facing_mode: exact 'environment' or 'up' asked; the 2 cameras offer 'user', 'left', 'right'; "
                "the nearest is facing_mode 'user'"
            ),
        ),
        ([OTHER], {"zoom": {"min": 2}}, "zoom: min 2 asked; this camera has no zoom"),
        (
            [STEPPED],
            {"zoom": {"exact": 2.2}},
            "zoom: exact 2.2 asked; this camera offers 1–4 in steps of 0.5; the nearest is zoom 2",
        ),
        (
            [STEPPED, CAMERA],
            {"zoom": {"exact": 9}},
            "zoom: exact 9 asked; the 2 cameras offer 1–4; the nearest is zoom 4",
        ),
        (
            [STEPPED],
            {"points_of_interest": {"exact": [{"x": 0.5, "y": 0.25}, {"x": 0.0, "y": 1.0}]}},
            (
                "points_of_interest: exact ((0.5, 0.25), (0.0, 1.0)) asked; this camera offers at most 1; "
                "the nearest is points_of_interest ((0.5, 0.25),)"
            ),
        ),
        (
            [OTHER],
            {"points_of_interest": {"exact": [{"x": 0.5, "y": 0.25}]}},
            "points_of_interest: exact ((0.5, 0.25),) asked; this camera has no points_of_interest",
        ),
        ([OTHER, OTHER], {"zoom": {"min": 2}}, "zoom: min 2 asked; the 2 cameras have no zoom"),
        (
            [CAMERA],
            {"background_blur": {"exact": True}},
            "background_blur: exact True asked; this camera offers False; the nearest is background_blur False",
        ),
        (
            [CAMERA],
            {"device_id": {"exact": "x"}},
            "device_id: exact 'x' asked; this camera offers 'c'; the nearest is device_id 'c'",
        ),
        (
            [FIXED],
            {"width": {"exact": 700}},
            "width: exact 700 asked; this camera offers 640, 1280; the nearest is width 640",
        ),
        (
            [MANY],
            {"height": {"exact": 7}},
            "height: exact 7 asked; this camera offers 10, 11, 12, 13, 14, 15, 16, … 29; the nearest is height 10",
        ),
        (
            [FIXED],
            {"frame_rate": {"exact": 15}},
            "frame_rate: exact 15 asked; this camera offers 30; the nearest is frame_rate 30",
        ),
        (
            [SCREEN],
            {"width": {"min": 200000}},
            "width: min 200000 asked; this screen offers 1–1280; the nearest is width 1280",
        ),
        (
            [FIXED],
            {"width": {"exact": 640}, "height": {"exact": 720}, "frame_rate": {"max": 60}},
            "this camera offers no width exact 640 and height exact 720 together; the nearest is width 640, height 480",
        ),
        (
            [CAMERA, OTHER],
            {"width": {"min": 400}, "facing_mode": {"exact": "left"}},
            (
                "the 2 cameras offer no width min 400 and facing_mode exact 'left' together; "
                "the nearest is width 320, facing_mode 'left'"
            ),
        ),
    ],
)
def test_the_message_says_what_was_asked_what_there_is_and_what_comes_nearest(devices, asked, message):
    assert select_settings(devices, parse_constraints("video", asked)).message == message


def test_a_microphone_is_called_one():
    failed = select_settings([MICROPHONE], parse_constraints("audio", {"channel_count": {"exact": 2}}))
    assert failed.message == ("channel_count: exact 2 asked; this microphone offers 1; the nearest is channel_count 1")


def test_a_conflict_holds_nothing_that_could_be_left_out():
    required = {name: Constraint(exact=(1,)) for name in "abcd"}
    assert conflict_of(required, lambda kept: "b" not in kept) == ["b"]
    assert conflict_of(required, lambda kept: not {"b", "d"} <= set(kept)) == ["b", "d"]


@pytest.mark.parametrize(
    ("constraint", "ideal"),
    [
        (Constraint(exact=(5,), min=1), (5,)),
        (Constraint(min=3, max=9), (3,)),
        (Constraint(max=9), (9,)),
        (Constraint(ideal=(4,)), ()),
    ],
)
def test_a_required_constraint_becomes_a_wish_for_its_nearest_end(constraint, ideal):
    assert as_wish(constraint) == Constraint(ideal=ideal)


def test_what_to_do_for_more_is_told_once():
    poor = DeviceModel(
        "audio", modes=MICROPHONE.modes, choices={"echo_cancellation": (False,)}, cures={"echo_cancellation": "buy one"}
    )
    constraints = parse_constraints("audio", {"echo_cancellation": {"exact": True}})
    failed = select_settings([poor, poor], constraints)
    assert failed.message.endswith("offer False; the nearest is echo_cancellation False; for more: buy one")
