"""`MediaDevices`: what is listed, to whom, and how changes are told."""

import asyncio
import inspect
import subprocess
import sys
import warnings

import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeCamera, FakeMicrophone, FakeSpeaker, set_permission

ORDER = ["audioinput", "videoinput", "audiooutput"]


def shown(infos):
    return [(str(info.kind), info.label) for info in infos]


async def test_before_a_capture_there_is_at_most_one_of_each_kind_without_any_detail(devices):
    infos = await devices.enumerate_devices()
    assert [info.kind for info in infos] == ["audioinput", "videoinput"]
    for info in infos:
        assert (info.device_id, info.label, info.group_id) == ("", "", "")


@pytest.mark.parametrize("state", ["granted", "denied", "prompt"])
async def test_permission_alone_tells_nothing(devices, state):
    set_permission("camera", state)
    set_permission("microphone", state)
    assert {info.device_id for info in await devices.enumerate_devices()} == {""}


async def test_another_document_s_capture_tells_nothing_here(gum, backend):
    await gum(video=True, audio=True)
    assert {info.device_id for info in await ms.MediaDevices(backends=[backend]).enumerate_devices()} == {""}


async def test_after_a_capture_of_pictures_cameras_are_known_and_microphones_are_not(gum, devices):
    stream = await gum(video=True)
    stream.video.stop()
    infos = await devices.enumerate_devices()
    assert shown(infos) == [
        ("audioinput", ""),
        ("videoinput", "Fake camera 1 (user)"),
        ("videoinput", "Fake camera 2 (environment)"),
    ]
    assert all(info.device_id for info in infos if info.kind == "videoinput")
    assert all(not info.device_id for info in infos if info.kind == "audioinput")


async def test_after_both_captures_everything_is_known_in_order(gum, devices):
    for kind in ("video", "audio"):
        for track in (await gum(**{kind: True})).get_tracks():
            track.stop()
    infos = await devices.enumerate_devices()
    kinds = [str(info.kind) for info in infos]
    assert kinds == sorted(kinds, key=ORDER.index)
    assert [kinds.count(kind) for kind in ORDER] == [2, 2, 3]
    assert all(info.device_id for info in infos)
    assert next(info.label for info in infos if info.kind == "audiooutput") == "Default - Fake speaker 1"
    assert next(info.device_id for info in infos if info.kind == "audiooutput") == "default"


async def test_the_system_s_default_comes_first(clock):
    backend = FakeBackend([FakeCamera(label="Built in"), FakeCamera(label="External")])
    for device in backend.list_devices():
        assert device.default is (device.label == "Built in")
    devices = ms.MediaDevices(backends=[backend])
    await ms.navigator.permissions.request({"name": "camera"})
    assert shown(await devices.enumerate_devices()) == [("videoinput", "Built in"), ("videoinput", "External")]


async def test_asking_for_permission_is_the_other_way_to_have_details(devices, camera):
    status = await ms.navigator.permissions.request({"name": "camera"})
    assert status.state == "granted"
    infos = await devices.enumerate_devices()
    assert [info.label for info in infos if info.kind == "videoinput"] == [
        "Fake camera 1 (user)",
        "Fake camera 2 (environment)",
    ]
    assert not camera.in_use


async def test_revoked_permission_hides_the_details_again(gum, devices, clock):
    await gum(video=True)
    set_permission("camera", "denied")
    await clock.advance(0)
    assert shown(await devices.enumerate_devices()) == [("audioinput", ""), ("videoinput", "")]


async def test_every_listing_has_objects_of_its_own(gum, devices):
    await gum(video=True, audio=True)
    first, second = await devices.enumerate_devices(), await devices.enumerate_devices()
    assert [info.to_json() for info in first] == [info.to_json() for info in second]
    assert all(one != other and one is not other for one, other in zip(first, second, strict=True))


async def test_listing_opens_nothing(devices, camera, monkeypatch):
    def fail(_device):
        raise AssertionError("opened")

    monkeypatch.setattr(type(devices._backends[0]), "create_source", fail)
    await devices.enumerate_devices()
    assert not camera.in_use


async def test_a_camera_and_its_microphone_share_a_group_and_ids_differ(gum, devices):
    await gum(video=True, audio=True)
    infos = {info.label: info for info in await devices.enumerate_devices()}
    assert infos["Fake camera 1 (user)"].group_id == infos["Fake microphone 1"].group_id
    assert infos["Fake camera 2 (environment)"].group_id != infos["Fake camera 1 (user)"].group_id
    ids = [info.device_id for info in infos.values()]
    assert len(set(ids)) == len(ids)


async def test_no_devices_are_an_empty_list(clock):
    assert await ms.MediaDevices(backends=[FakeBackend([])]).enumerate_devices() == []


def test_all_properties_of_the_drafts_are_supported_constraints(devices):
    supported = devices.get_supported_constraints()
    assert isinstance(supported, ms.MediaTrackSupportedConstraints)
    for name in (
        *("width", "height", "aspect_ratio", "frame_rate", "facing_mode", "resize_mode", "sample_rate", "sample_size"),
        *("echo_cancellation", "auto_gain_control", "noise_suppression", "voice_isolation", "latency"),
        *("channel_count", "device_id", "group_id", "background_blur", "eye_gaze_correction", "face_framing"),
        *("background_segmentation_mask", "zoom", "cursor", "display_surface"),
    ):
        assert supported[name] is True
    assert "volume" not in supported


# ── devicechange ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def changes(devices, gum, clock):
    """The changes that a program sees which knows its cameras."""
    await gum(video=True, audio=True)
    found = []
    devices.ondevicechange = found.append
    await clock.advance(0)
    yield found
    devices.ondevicechange = None
    await clock.advance(0)


async def test_a_device_that_comes_is_told_with_the_list_and_as_inserted(devices, backend, changes, clock):
    backend.plug(FakeCamera(label="New"))
    await clock.advance(0)
    (event,) = changes
    assert isinstance(event, ms.DeviceChangeEvent)
    assert event.is_trusted
    assert event.target is devices
    assert shown(event.devices) == shown(await devices.enumerate_devices())
    assert shown(event.user_inserted_devices) == [("videoinput", "New")]
    assert event.user_inserted_devices[0] in event.devices
    assert event.devices is event.devices


async def test_a_device_that_goes_is_told_and_nothing_is_inserted(backend, changes, clock):
    backend.unplug("Fake camera 2 (environment)")
    await clock.advance(0)
    (event,) = changes
    assert "Fake camera 2 (environment)" not in [info.label for info in event.devices]
    assert event.user_inserted_devices == ()


async def test_each_change_is_told_once(backend, changes, clock):
    backend.plug(FakeSpeaker(label="One"))
    await clock.advance(0)
    backend.notify()
    await clock.advance(0)
    assert len(changes) == 1
    backend.unplug("One")
    backend.plug(FakeSpeaker(label="Two"))
    await clock.advance(0)
    assert [info.label for info in changes[-1].devices][-1] == "Two"
    assert len(changes) in {2, 3}


async def test_a_new_default_is_a_change(backend, changes, clock):
    backend.unplug("Fake speaker 1")
    await clock.advance(0)
    assert [info.label for info in changes[-1].devices if info.device_id == "default"] == ["Default - Fake speaker 2"]


async def test_what_a_program_may_not_see_is_not_told(devices, backend, clock):
    found = []
    devices.add_event_listener("devicechange", found.append)
    await clock.advance(0)
    backend.plug(FakeCamera(label="New"))
    await clock.advance(0)
    assert found == []
    for label in ("New", "Fake camera 1 (user)", "Fake camera 2 (environment)"):
        backend.unplug(label)
    await clock.advance(0)
    assert [info.kind for info in found[-1].devices] == ["audioinput"]
    assert found[-1].user_inserted_devices == ()
    devices.remove_event_listener("devicechange", found.append)
    await clock.advance(0)


async def test_devices_that_become_known_are_not_taken_for_new_ones(devices, backend, gum, clock):
    found = []
    devices.add_event_listener("devicechange", found.append)
    await clock.advance(0)
    await gum(video=True)
    backend.plug(FakeCamera(label="New"))
    await clock.advance(0)
    assert shown(found[0].user_inserted_devices) == [("videoinput", "New")]
    devices.remove_event_listener("devicechange", found.append)
    await clock.advance(0)


async def test_a_listing_in_between_does_not_swallow_the_event(devices, backend, changes, clock):
    backend.plug(FakeCamera(label="New"))
    await devices.enumerate_devices()
    await clock.advance(0)
    assert len(changes) == 1


async def test_what_changed_since_the_last_listing_is_told_to_a_late_listener(devices, backend, gum, clock):
    await gum(video=True)
    await devices.enumerate_devices()
    backend.plug(FakeCamera(label="New"))
    found = []
    devices.ondevicechange = found.append
    await clock.advance(0)
    assert [shown(event.user_inserted_devices) for event in found] == [[("videoinput", "New")]]
    devices.ondevicechange = None
    await clock.advance(0)


async def test_what_a_listing_has_told_is_no_change_to_a_late_listener(devices, backend, gum, clock):
    await gum(video=True)
    await devices.enumerate_devices()
    backend.plug(FakeCamera(label="New"))
    await devices.enumerate_devices()
    found = []
    devices.ondevicechange = found.append
    await clock.advance(0)
    assert found == []
    devices.ondevicechange = None
    await clock.advance(0)


async def test_the_system_is_watched_only_while_somebody_listens(devices, backend, clock):
    assert backend._watchers == []
    devices.ondevicechange = print
    await clock.advance(0)
    assert len(backend._watchers) == 1
    with_other = devices.add_event_listener("devicechange", repr)
    await clock.advance(0)
    assert with_other is None
    assert len(backend._watchers) == 1
    devices.ondevicechange = None
    devices.remove_event_listener("devicechange", repr)
    await clock.advance(0)
    assert backend._watchers == []


async def test_waiting_for_a_change_needs_no_listener_of_one_s_own(devices, backend, gum, clock):
    await gum(audio=True)
    await devices.enumerate_devices()
    waiting = asyncio.ensure_future(devices.wait_for("devicechange"))
    await clock.advance(0)
    backend.plug(FakeMicrophone(label="New"))
    event = await clock.until(waiting)
    assert shown(event.user_inserted_devices) == [("audioinput", "New")]
    await clock.advance(0)
    assert backend._watchers == []


def test_a_media_devices_shows_what_it_is_on():
    assert repr(ms.MediaDevices(backends=["fake"])) == "<MediaDevices on fake>"
    assert repr(ms.media_devices).startswith("<MediaDevices on ")


# ── being made, and being called ─────────────────────────────────────────────────────────────────


def test_only_an_isolated_one_can_be_made_and_only_by_keyword():
    for arguments in ((), (["fake"],), (None,)):
        with pytest.raises(TypeError, match=r"Illegal constructor: .* mediastreams\.media_devices.*backends="):
            ms.MediaDevices(*arguments)
    with pytest.raises(TypeError, match="list of names"):
        ms.MediaDevices(backends="fake")
    with pytest.raises(ValueError, match="no back end 'nonsense'"):
        ms.MediaDevices(backends=["nonsense"])


def test_the_process_has_one():
    assert ms.media_devices is ms.navigator.media_devices
    assert isinstance(ms.media_devices, ms.MediaDevices)


@pytest.mark.parametrize("method", ["get_user_media", "get_display_media"])
async def test_an_unknown_member_warns_at_the_line_of_the_call_even_in_a_task(method):
    devices = ms.MediaDevices(backends=[])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        task = asyncio.create_task(getattr(devices, method)(video={"framerate": 30}))
    with pytest.raises(ms.NotFoundError):
        await task
    (warning,) = caught
    assert warning.category is ms.UnknownMemberWarning
    assert (warning.filename, warning.lineno) == (__file__, line)
    assert "did you mean 'frame_rate'?" in str(warning.message)


async def test_constraints_are_read_at_the_call_and_judged_at_the_await(devices, clock):
    constraints = {"video": {"width": 320, "height": 240}}
    opening = devices.get_user_media(constraints)
    wrong = devices.get_user_media(video="yes")
    constraints["video"]["width"] = "wide"
    async with opening as stream:
        assert stream.video.get_settings().width == 320
    with pytest.raises(TypeError, match="video: expected a bool or a mapping"):
        await wrong


ON_THE_LOOP = """
import asyncio, builtins, sys, threading
import mediastreams as ms

real = builtins.__import__
def watched(name, *rest):
    heavy = name.partition(".")[0] in ("av", "numpy") and name.partition(".")[0] not in sys.modules
    if heavy and threading.current_thread() is threading.main_thread():
        sys.exit(f"{name} is imported on the loop")
    return real(name, *rest)

async def main():
    builtins.__import__ = watched
    async with ms.MediaDevices(backends=["fake"]).get_user_media(video=True, audio=True) as stream:
        await anext(stream.video.frames())
        await anext(stream.audio.frames())

asyncio.run(main())
"""


def test_nothing_heavy_is_imported_on_the_event_loop():
    done = subprocess.run([sys.executable, "-c", ON_THE_LOOP], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
