"""Who may move a camera: pan, tilt and zoom take a permission of their own."""

import pytest

import mediastreams as ms
from mediastreams.testing import set_permission

MOTORS = {"name": "camera", "pan_tilt_zoom": True}
THREE = ("pan", "tilt", "zoom")


def _has(track):
    return [name in track.get_capabilities() for name in THREE] + [name in track.get_settings() for name in THREE]


async def test_where_it_is_granted_a_track_has_all_three_asked_for_or_not(gum):
    for video in (True, {"pan": True}):
        assert all(_has((await gum(video=video)).video))


async def test_where_it_is_denied_a_track_has_none_of_them_and_is_a_camera_all_the_same(gum):
    set_permission(MOTORS, "denied")
    track = (await gum(video={"zoom": 2, "brightness": 200})).video
    assert not any(_has(track))
    assert track.get_settings().brightness == 200


@pytest.mark.parametrize("name", THREE)
async def test_without_permission_requiring_one_is_overconstrained_and_wishing_for_one_is_not(gum, name):
    set_permission(MOTORS, "denied")
    track = (await gum(video=True)).video
    with pytest.raises(ms.OverconstrainedError) as failed:
        await track.apply_constraints({name: {"exact": 2}})
    assert failed.value.constraint == name
    await track.apply_constraints({name: {"ideal": 2}})
    await track.apply_constraints({"advanced": [{name: 2}]})
    assert not any(_has(track))


async def test_the_permission_is_asked_for_by_who_constrains_one_of_them_and_by_nobody_else(gum):
    set_permission(MOTORS, "prompt")
    status = await ms.navigator.permissions.query(MOTORS)
    assert not any(_has((await gum(video={"pan": False})).video))
    assert status.state == "prompt"
    assert all(_has((await gum(video={"pan": True})).video))
    assert (await ms.navigator.permissions.query(MOTORS)).state == "granted"


async def test_who_says_no_to_the_motors_may_still_say_yes_to_the_camera(gum):
    class Person(ms.abc.PermissionPolicy):
        def __init__(self):
            self.asked = []

        def query(self, descriptor):
            if descriptor["name"] == "camera":
                return "denied" if self.asked and descriptor.get("pan_tilt_zoom") else "prompt"
            return "granted"

        async def request(self, descriptor):
            self.asked.append(dict(descriptor))
            return "denied" if descriptor.get("pan_tilt_zoom") else "granted"

    ms.navigator.permissions.policy = person = Person()
    assert not any(_has((await gum(video={"zoom": True})).video))
    assert person.asked == [MOTORS, {"name": "camera"}]


async def test_a_track_without_permission_leaves_the_zoom_of_another_alone(gum, camera):
    mine = (await gum(video={"zoom": 2, "width": 320})).video
    set_permission(MOTORS, "denied")
    (other,) = (await gum(video={"width": 1280, "height": 720})).get_tracks()  # the camera is opened anew
    (source,) = camera.sources
    assert source._settings["zoom"] == 2
    await other.apply_constraints({"brightness": 200})
    assert source._settings["zoom"] == 2
    assert mine.get_settings().zoom == 2
    assert not any(_has(other))


async def test_a_clone_has_what_its_track_has(gum):
    set_permission(MOTORS, "denied")
    track = (await gum(video=True)).video
    set_permission(MOTORS, "granted")
    clone = track.clone()
    assert not any(_has(clone))
    clone.stop()


async def test_a_device_tells_of_motors_only_those_who_may_move_it(gum, devices):
    await gum(video=True)
    for state, told in (("granted", True), ("denied", False)):
        set_permission(MOTORS, state)
        cameras = [info for info in await devices.enumerate_devices() if info.kind == "videoinput"]
        assert ("pan" in cameras[0].get_capabilities()) is told


def test_who_may_not_use_a_camera_may_not_move_it_and_who_may_move_it_may_use_it():
    policy = ms.navigator.permissions.policy
    for camera, motors in (("prompt", "prompt"), ("denied", "denied")):
        set_permission("camera", camera)
        assert policy.query(MOTORS) == motors
    set_permission(MOTORS, "granted")
    assert policy.query({"name": "camera"}) == "granted"
    set_permission({"name": "camera"}, "prompt")
    set_permission("camera", "granted")
    assert policy.query(MOTORS) == "prompt"
    set_permission(MOTORS, "denied")
    set_permission("camera", "prompt")
    assert policy.query(MOTORS) == "denied"
    with pytest.raises(ValueError, match="camera"):
        policy.set("microphone", "denied", pan_tilt_zoom=True)
