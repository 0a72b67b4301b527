"""``navigator.permissions``: who may, who is asked, and who is told when that changes."""

import asyncio
import gc
import weakref

import pytest

import mediastreams as ms
from mediastreams.abc import PermissionPolicy
from mediastreams.testing import set_permission

permissions = ms.navigator.permissions


class Person(PermissionPolicy):
    """A policy that asks, and answers when the test says so."""

    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()
        self.state = "prompt"
        self.asked = []

    def query(self, descriptor):
        return self.state

    async def request(self, descriptor):
        self.asked.append(descriptor)
        self.state = await self.answer
        return self.state


@pytest.fixture
async def person():
    before = permissions.policy
    permissions.policy = person = Person()
    yield person
    permissions.policy = before


@pytest.mark.parametrize("cls", [ms.Permissions, ms.PermissionStatus])
def test_neither_class_can_be_called(cls):
    with pytest.raises(TypeError, match="Illegal constructor"):
        cls()


@pytest.mark.parametrize("name", ["camera", "microphone", "display-capture", "speaker-selection"])
async def test_in_a_local_process_everything_is_granted(name):
    status = await permissions.query({"name": name})
    assert isinstance(status, ms.PermissionStatus)
    assert (status.name, status.state) == (name, "granted")
    assert status.state is ms.PermissionState.GRANTED
    assert repr(status) == f"<PermissionStatus {name} granted>"


@pytest.mark.parametrize("wrong", [None, {}, {"name": "geolocation"}, {"name": 5}, 5])
async def test_what_does_not_exist_cannot_be_asked_for(wrong):
    with pytest.raises(TypeError):
        await permissions.query(wrong)


async def test_a_camera_s_motors_are_part_of_its_descriptor():
    assert (await permissions.query({"name": "camera", "panTiltZoom": True})).state == "granted"
    assert (await permissions.query(name="camera", pan_tilt_zoom=True)).state == "granted"


async def test_a_status_follows_and_fires_change_in_the_task_that_changes_it(clock, heard):
    status, other = await permissions.query(name="camera"), await permissions.query(name="microphone")
    events = heard(status, "change", note=lambda _: str(status.state))
    silent = heard(other, "change")
    set_permission("camera", "prompt")
    assert status.state == "granted"
    await clock.advance(0)
    set_permission("camera", "prompt")
    set_permission("camera", "denied")
    await clock.advance(0)
    assert events == ["prompt", "denied"]
    assert silent == []


async def test_a_status_that_somebody_listens_to_is_kept_and_let_go_afterwards(clock):
    found = []
    status = weakref.ref(await permissions.query(name="camera"))
    assert status() is None
    status = weakref.ref(await listened(found.append))
    gc.collect()
    set_permission("camera", "denied")
    await clock.advance(0)
    assert [event.target.state for event in found] == ["denied"]
    found.clear()
    status().onchange = None
    gc.collect()
    assert status() is None


def test_a_status_goes_with_the_loop_of_its_listeners():
    async def listen():
        return weakref.ref(await listened(print))

    status = asyncio.run(listen())
    permissions.refresh()
    gc.collect()
    assert status() is None


async def listened(function):
    status = await permissions.query(name="camera")
    status.onchange = function
    return status


@pytest.mark.parametrize(("name", "kind"), [("camera", "video"), ("microphone", "audio")])
async def test_from_prompt_to_granted_by_a_capture_the_status_changes(gum, clock, name, kind):
    set_permission(name, "prompt")
    status, found = await permissions.query(name=name), []
    assert status.state == "prompt"
    status.onchange = found.append
    await gum(**{kind: True})
    assert (await permissions.query(name=name)).state == "granted"
    await clock.advance(0)
    assert [event.type for event in found] == ["change"]
    assert status.state == "granted"


async def test_a_person_is_asked_and_may_take_any_time(person, devices, camera):
    waiting = asyncio.ensure_future(devices.get_user_media(video=True))
    while not person.asked:
        await asyncio.sleep(0)
    assert not camera.in_use
    person.answer.set_result("granted")
    stream = await waiting
    assert [descriptor["name"] for descriptor in person.asked] == ["camera"]
    stream.video.stop()


async def test_a_person_who_says_no_is_heard(person, devices, camera):
    person.answer.set_result("denied")
    with pytest.raises(ms.NotAllowedError):
        await devices.get_user_media(video=True)
    assert not camera.in_use


async def test_one_who_no_longer_waits_for_the_answer_opens_nothing(person, devices, camera):
    waiting = asyncio.ensure_future(devices.get_user_media(video=True))
    while not person.asked:
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not camera.in_use


async def test_for_picture_and_sound_one_question_is_asked_after_the_other(person, devices):
    person.answer.set_result("denied")
    with pytest.raises(ms.NotAllowedError):
        await devices.get_user_media(video=True, audio=True)
    assert len(person.asked) == 1


async def test_nobody_is_asked_for_a_sound_when_the_picture_is_denied(person, devices, monkeypatch):
    monkeypatch.setattr(person, "query", lambda descriptor: "denied" if descriptor["name"] == "camera" else "prompt")
    with pytest.raises(ms.NotAllowedError, match="camera"):
        await devices.get_user_media(video=True, audio=True)
    assert person.asked == []


class Forgetful(Person):
    """A policy that keeps no answer: every question is a new one."""

    async def request(self, descriptor):
        self.asked.append(descriptor["name"])
        return "granted"


@pytest.fixture
async def forgetful():
    before = permissions.policy
    permissions.policy = forgetful = Forgetful()
    yield forgetful
    permissions.policy = before


async def test_a_device_that_is_captured_already_is_not_asked_for_again(forgetful, gum, devices):
    first = await gum(video=True)
    second = await gum(video=True)
    assert forgetful.asked == ["camera"]
    assert second.video.label == first.video.label
    assert (await gum(video={"facing_mode": {"exact": "environment"}})).video.label != first.video.label
    assert forgetful.asked == ["camera", "camera"]
    await gum(audio=True)
    assert forgetful.asked == ["camera", "camera", "microphone"]


async def test_a_clone_keeps_its_device_permitted(forgetful, gum):
    stream = await gum(video=True)
    clone = stream.video.clone()
    stream.video.stop()
    await gum(video=True)
    clone.stop()
    assert forgetful.asked == ["camera"]


async def test_a_revoked_permission_ends_clones_too(gum, heard, clock):
    stream = await gum(video=True)
    clones = [stream.video.clone(), stream.clone().video]
    clones.append(clones[0].clone())
    stream.video.stop()
    ended = [heard(clone, "ended") for clone in clones]
    set_permission("camera", "denied")
    await clock.advance(0)
    assert [clone.ready_state for clone in clones] == ["ended"] * 3
    assert ended == [["ended"]] * 3


async def test_a_policy_that_answers_nonsense_is_a_mistake_that_shows(person, devices):
    person.answer.set_result("perhaps")
    with pytest.raises(ValueError, match="perhaps"):
        await devices.get_user_media(video=True)


async def test_only_a_policy_can_be_the_policy():
    with pytest.raises(TypeError, match=r"mediastreams\.abc\.PermissionPolicy"):
        permissions.policy = "granted"


async def test_another_policy_is_asked_at_once(clock, heard):
    status = await permissions.query(name="camera")
    events = heard(status, "change")
    before = permissions.policy
    permissions.policy = Person()
    await clock.advance(0)
    assert events == ["change"]
    permissions.policy = before
    await clock.advance(0)
    assert status.state == "granted"


async def test_a_policy_that_has_changed_its_mind_is_asked_again(person, clock, heard):
    status = await permissions.query(name="camera")
    events = heard(status, "change")
    person.state = "denied"
    await clock.advance(0)
    assert events == []
    permissions.refresh()
    await clock.advance(0)
    assert events == ["change"]


def test_the_table_of_states_is_strict():
    policy = ms.LocalPolicy()
    with pytest.raises(ValueError, match="no permission 'moon'"):
        policy.set("moon", "granted")
    with pytest.raises(ValueError, match="maybe"):
        policy.set("camera", "maybe")
