"""A camera's controls as constraints, capabilities and settings of its tracks."""

import pytest

import mediastreams as ms
from mediastreams._rules.values import Range
from mediastreams.testing import FakeBackend, FakeCamera

MODES = ("white_balance_mode", "exposure_mode", "focus_mode")
RANGES = {
    "exposure_compensation": Range(-2, 2, 0.5),
    "exposure_time": Range(10, 20_000, 10),
    "color_temperature": Range(2000, 9000, 100),
    "iso": Range(100, 800, 100),
    "brightness": Range(0, 8, 2),
    "contrast": Range(0, 10, 1),
    "saturation": Range(0, 10, 1),
    "sharpness": Range(0, 10, 1),
    "focus_distance": Range(0, 9, 0.5),
    "pan": Range(-7200, 7200, 3600),
    "tilt": Range(-7200, 7200, 3600),
    "zoom": Range(1, 10, 0.1),
}
ASKED = {
    "white_balance_mode": "single-shot",
    "exposure_mode": "manual",
    "focus_mode": "single-shot",
    "points_of_interest": [{"x": 0.2, "y": 0.1}, {"x": 0.5, "y": 0.75}],
    "exposure_compensation": -1.5,
    "exposure_time": 10_000,
    "color_temperature": 5600,
    "iso": 400,
    "brightness": 6,
    "contrast": 3,
    "saturation": 1,
    "sharpness": 9,
    "focus_distance": 2.5,
    "pan": 3600,
    "tilt": -7200,
    "zoom": 1.7,
    "torch": True,
}


@pytest.fixture
async def track(clock):
    """Of a camera that measures once or not at all."""
    backend = FakeBackend(
        [
            FakeCamera(
                choices={**dict.fromkeys(MODES, ("manual", "single-shot")), "torch": (False, True)},
                ranges=RANGES,
                defaults={},
            )
        ]
    )
    async with ms.MediaDevices(backends=[backend]).get_user_media(video=True) as stream:
        yield stream.video


def _as_set(name):
    value = ASKED[name]
    return tuple(value) if isinstance(value, list) else value


async def test_all_seventeen_can_be_asked_for_at_once(track):
    assert len(ASKED) == 17
    supported = ms.media_devices.get_supported_constraints()
    assert all(supported[name] for name in ASKED)
    await track.apply_constraints({"advanced": [ASKED]})
    settings = track.get_settings()
    assert {name: settings[name] for name in ASKED} == {name: _as_set(name) for name in ASKED}
    assert track.get_constraints() == {"advanced": [ASKED]}


@pytest.mark.parametrize("name", ASKED)
async def test_each_is_kept_as_a_constraint_and_forgotten_with_the_next(track, name):
    given = {"advanced": [{name: ASKED[name]}]}
    await track.apply_constraints(given)
    assert track.get_constraints() == given
    assert track.get_settings()[name] == _as_set(name)
    await track.apply_constraints({})
    assert track.get_constraints() == {}


async def test_capabilities_are_the_cameras_with_their_steps(track):
    able = track.get_capabilities()
    for name, span in RANGES.items():
        assert able[name] == {"min": span.min, "max": span.max, "step": span.step}
    for name in MODES:
        assert able[name] == ("manual", "single-shot")
    assert able.torch == (False, True)
    assert "points_of_interest" not in able


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, span.min - (span.step or 1)) for name, span in RANGES.items()),
        *((name, span.max + (span.step or 1)) for name, span in RANGES.items()),
        *((name, "continuous") for name in MODES),
        ("zoom", 1.55),
        ("points_of_interest", [{"x": 0, "y": 0}] * 5),
    ],
)
async def test_what_the_camera_has_not_is_overconstrained_by_name(track, name, value):
    before = track.get_settings()
    with pytest.raises(ms.OverconstrainedError) as failed:
        await track.apply_constraints({name: {"exact": value}})
    assert failed.value.constraint == name
    assert track.get_settings() == before
    assert track.get_constraints() == {}


async def test_what_is_only_wished_for_comes_as_near_as_the_camera_goes(track):
    await track.apply_constraints(zoom=100, iso=120, brightness=5.2, pan=-1e9)
    settings = track.get_settings()
    assert (settings.zoom, settings.iso, settings.brightness, settings.pan) == (10, 100, 6, -7200)


async def test_a_clone_has_the_same_constraints_capabilities_and_settings(track):
    await track.apply_constraints({"advanced": [ASKED]})
    with track.clone() as clone:
        assert clone.get_constraints() == track.get_constraints()
        assert clone.get_settings() == track.get_settings()
        assert clone.get_capabilities() == track.get_capabilities()


@pytest.mark.parametrize("name", ["pan", "tilt", "zoom"])
@pytest.mark.parametrize("how", ["min", "max", "exact"])
async def test_a_camera_cannot_be_chosen_by_a_required_place(devices, name, how):
    with pytest.raises(TypeError, match=name):
        await devices.get_user_media(video={name: {how: 1}})


async def test_a_track_without_a_camera_has_no_controls():
    canvas = ms.CanvasElement(10, 10)
    canvas.fill_rect(0, 0, 10, 10)
    with canvas.capture_stream() as stream:
        assert not set(ASKED) & set(stream.video.get_capabilities())
        with pytest.raises(ms.OverconstrainedError) as failed:
            await stream.video.apply_constraints(torch={"exact": True})
        assert failed.value.constraint == "torch"
        await stream.video.apply_constraints()
        await stream.video.apply_constraints({"advanced": []})
