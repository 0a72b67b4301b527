"""What devices and tracks can do, as dictionaries."""

import pytest

import mediastreams as ms

NUMBERS = {
    "audio": ("sample_rate", "sample_size", "latency", "channel_count"),
    "video": ("width", "height", "aspect_ratio", "frame_rate"),
}
SWITCHES = {
    "audio": ("echo_cancellation", "auto_gain_control", "noise_suppression", "voice_isolation"),
    "video": ("background_blur",),
}
CHOICES = {
    "audio": {},
    "video": {
        "facing_mode": {"user", "environment", "left", "right"},
        "resize_mode": {"none", "crop-and-scale"},
    },
}


def check(capabilities, kind):
    for name in NUMBERS[kind]:
        assert set(capabilities[name]) == {"min", "max"}
        assert capabilities[name].min <= capabilities[name].max
    for name in SWITCHES[kind]:
        assert {True, False} & set(capabilities[name])
    for name, values in CHOICES[kind].items():
        assert set(capabilities[name]) <= values
    assert isinstance(capabilities.device_id, str)
    assert isinstance(capabilities.group_id, str)


@pytest.mark.parametrize("kind", ["audio", "video"])
async def test_a_track_tells_the_capabilities_of_its_source(gum, kind):
    (track,) = (await gum(**{kind: True})).get_tracks()
    capabilities = track.get_capabilities()
    assert isinstance(capabilities, ms.MediaTrackCapabilities)
    check(capabilities, kind)
    assert capabilities.device_id == track.get_settings().device_id
    assert capabilities.group_id == track.get_settings().group_id


async def test_a_camera_can_be_cropped_and_scaled_or_not(gum):
    assert set((await gum(video=True)).video.get_capabilities().resize_mode) == {"none", "crop-and-scale"}


@pytest.mark.parametrize("kind", ["audio", "video"])
async def test_a_device_tells_its_capabilities_once_it_is_known(gum, devices, kind):
    await gum(**{kind: True})
    infos = [one for one in await devices.enumerate_devices() if one.kind == f"{kind}input"]
    for info in infos:
        check(info.get_capabilities(), kind)
        assert info.get_capabilities().device_id == info.device_id


async def test_the_usual_microphone_has_plain_switches_and_another_one_all_positions(gum, devices):
    usual = (await gum(audio=True)).audio
    assert usual.get_capabilities().echo_cancellation == (True, False)
    special = (await gum(audio={"echo_cancellation": {"exact": "all"}})).audio
    assert set(special.get_capabilities().echo_cancellation) == {True, False, "all", "remote-only"}
    assert special.label != usual.label


async def test_a_device_that_is_not_known_tells_nothing(devices):
    for info in await devices.enumerate_devices():
        assert info.get_capabilities() == {}


async def test_capabilities_do_not_depend_on_constraints(gum):
    track = (await gum(video={"width": {"exact": 320}})).video
    assert track.get_capabilities().width.max == 1920
    await track.apply_constraints(height={"max": 100})
    assert track.get_capabilities().height.max == 1080


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        (
            "audio",
            {
                "device_id": str,
                "group_id": str,
                "sample_rate": int,
                "sample_size": int,
                "echo_cancellation": bool,
                "auto_gain_control": bool,
                "noise_suppression": bool,
                "voice_isolation": bool,
                "latency": float,
                "channel_count": int,
            },
        ),
        (
            "video",
            {
                "device_id": str,
                "group_id": str,
                "width": int,
                "height": int,
                "aspect_ratio": float,
                "frame_rate": float,
                "facing_mode": str,
                "resize_mode": str,
            },
        ),
    ],
)
async def test_settings_report_every_property_in_its_type(gum, kind, types):
    (track,) = (await gum(**{kind: True})).get_tracks()
    settings = track.get_settings()
    assert isinstance(settings, ms.MediaTrackSettings)
    assert {name: type(settings[name]) for name in types} == types
    assert all(settings[name] for name, type in types.items() if type in {int, str})


async def test_settings_are_a_snapshot(gum):
    track = (await gum(video=True)).video
    before = track.get_settings()
    await track.apply_constraints(width={"exact": 320})
    assert before.width != 320
    with pytest.raises(AttributeError):
        before.width = 5
