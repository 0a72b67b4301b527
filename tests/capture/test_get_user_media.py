"""``get_user_media``: which devices it takes, with which settings, and every way in which it fails."""

import asyncio
import errno

import pytest

import mediastreams as ms
from mediastreams.abc import VideoMode
from mediastreams.testing import FakeBackend, FakeCamera, FakeMicrophone, set_permission


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ({"audio": True}, ["audio"]),
        ({"video": True}, ["video"]),
        ({"video": True, "audio": True}, ["audio", "video"]),
        ({"video": {}, "audio": False}, ["video"]),
    ],
)
async def test_a_stream_has_one_track_of_each_kind_that_was_asked_for(gum, wanted, kinds):
    stream = await gum(**wanted)
    assert isinstance(stream, ms.MediaStream)
    assert sorted(track.kind for track in stream.get_tracks()) == kinds
    assert all(isinstance(track, ms.MediaStreamTrack) for track in stream.get_tracks())


@pytest.mark.parametrize("nothing", [{}, None, {"audio": False, "video": False}, {"video": None}])
async def test_asking_for_nothing_is_a_type_error(devices, nothing):
    with pytest.raises(TypeError, match="needs audio or video"):
        await devices.get_user_media(nothing)


async def test_an_unknown_kind_of_media_is_ignored_with_a_warning_and_is_nothing(devices):
    with (
        pytest.warns(ms.UnknownMemberWarning, match="unknown member 'doesnotexist' is ignored") as warned,
        pytest.raises(TypeError, match="needs audio or video"),
    ):
        await devices.get_user_media({"doesnotexist": True})
    assert warned[0].filename == __file__


def test_a_malformed_request_is_rejected_in_the_first_step_before_anything_is_awaited(devices):
    for wrong in ({}, {"video": "yes"}, {"video": {"width": "640"}}):
        opening = devices.get_user_media(wrong)
        with pytest.raises(TypeError):
            opening.send(None)


async def test_what_is_opened_is_closed_at_the_end_of_the_block(devices, camera, microphone, is_closed):
    async with devices.get_user_media(video=True, audio=True) as stream:
        assert stream.active
        assert camera.in_use
    assert not stream.active
    await is_closed(camera)
    await is_closed(microphone)


async def test_the_same_request_works_as_a_mapping_in_either_spelling_and_as_keywords(gum, devices):
    for request in ({"video": {"frameRate": {"exact": 20}}}, {"video": {"frame_rate": {"exact": 20}}}):
        assert (await gum(**request)).video.get_settings().frame_rate == 20
    async with devices.get_user_media(video={"frame_rate": {"exact": 20}}) as stream:
        assert stream.video.get_settings().frame_rate == 20


# ── constraints ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ({"width": {"min": 0}}, {}),
        ({"width": {"exact": 320}}, {"width": 320}),
        ({"width": {"ideal": 320, "min": 160}}, {"width": 320}),
        ({"width": 1280, "height": 720}, {"width": 1280, "height": 720}),
        ({"width": {"max": 30}, "resize_mode": {"exact": "crop-and-scale"}}, {"resize_mode": "crop-and-scale"}),
        ({"frame_rate": {"max": 5}, "resize_mode": {"exact": "crop-and-scale"}}, {"resize_mode": "crop-and-scale"}),
        ({"resize_mode": {"exact": "none"}}, {"resize_mode": "none"}),
        ({"resize_mode": {"exact": "crop-and-scale"}}, {"resize_mode": "crop-and-scale"}),
        ({"facing_mode": "environment"}, {"facing_mode": "environment"}),
        ({"facing_mode": {"exact": ["left", "environment"]}}, {"facing_mode": "environment"}),
        ({"facing_mode": {"ideal": "left"}}, {"facing_mode": "user"}),
        ({"aspect_ratio": {"exact": 16 / 9}}, {"aspect_ratio": 1.7777777778}),
        ({"advanced": [{"width": {"min": 1024, "max": 800}}]}, {}),
        ({"advanced": [{"width": 1920}, {"width": 320}]}, {"width": 1920}),
        ({"zoom": 2, "background_blur": True}, {"zoom": 2.0, "background_blur": True}),
        ({"device_id": {"exact": ""}}, {}),
    ],
)
async def test_a_picture_has_settings_that_satisfy_the_constraints(gum, constraint, expected):
    track = (await gum(video=constraint)).video
    settings = track.get_settings()
    assert {name: settings[name] for name in expected} == expected
    assert settings.width <= constraint.get("width", {}).get("max", 10**9) if "max" in str(constraint) else True
    assert track.get_constraints() == constraint


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ({"echo_cancellation": {"exact": True}}, {"echo_cancellation": True}),
        ({"echo_cancellation": {"exact": False}}, {"echo_cancellation": False}),
        ({"echo_cancellation": {"exact": "all"}}, {"echo_cancellation": "all"}),
        ({"echo_cancellation": {"exact": "remote-only"}}, {"echo_cancellation": "remote-only"}),
        ({"channel_count": {"exact": 2}}, {"channel_count": 2}),
        ({"sample_rate": 44100}, {"sample_rate": 44100}),
        ({"noise_suppression": False, "auto_gain_control": False}, {"noise_suppression": False}),
    ],
)
async def test_a_sound_has_settings_that_satisfy_the_constraints(gum, constraint, expected):
    settings = (await gum(audio=constraint)).audio.get_settings()
    assert {name: settings[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("constraint", "name"),
    [
        ({"width": {"min": 100_000_000}}, "width"),
        ({"width": {"exact": 639}, "resize_mode": {"exact": "none"}}, "width"),
        ({"facing_mode": {"exact": ""}}, "facing_mode"),
        ({"facing_mode": {"exact": "left"}}, "facing_mode"),
        ({"resize_mode": {"exact": "INVALID"}}, "resize_mode"),
        ({"device_id": {"exact": "nobody"}}, "device_id"),
        ({"group_id": {"exact": "nothing"}}, "group_id"),
        ({"frame_rate": {"min": 1000}, "width": 320}, "frame_rate"),
        ({"group_id": {"ideal": " " * 500 + "2"}}, "group_id"),
    ],
)
async def test_what_no_camera_can_do_fails_with_the_name_of_the_constraint(devices, constraint, name):
    with pytest.raises(ms.OverconstrainedError) as failed:
        await devices.get_user_media(video=constraint)
    assert failed.value.name == "OverconstrainedError"
    assert failed.value.constraint == name
    assert isinstance(failed.value, ms.DOMException)
    assert name in failed.value.message


VIDEO_ONLY = {
    "width": {"min": 100_000_000},
    "height": {"min": 100_000_000},
    "frame_rate": {"min": 100_000_000},
    "aspect_ratio": {"min": 100_000_000},
    "facing_mode": {"exact": "invalid"},
    "resize_mode": {"exact": "invalid"},
}
AUDIO_ONLY = {
    "sample_rate": {"min": 100_000_000},
    "sample_size": {"min": 100_000_000},
    "echo_cancellation": {"exact": True},
    "auto_gain_control": {"exact": True},
    "noise_suppression": {"exact": True},
    "latency": {"max": 0},
    "channel_count": {"max": 0},
}


async def test_constraints_for_pictures_mean_nothing_to_a_sound(gum):
    assert len((await gum(audio=VIDEO_ONLY)).get_audio_tracks()) == 1
    easy = {key: {"min": 0} for key in ("width", "height", "frame_rate", "aspect_ratio")}
    assert len((await gum(audio={**easy, "resize_mode": "none"})).get_audio_tracks()) == 1


async def test_constraints_for_sounds_mean_nothing_to_a_picture(gum):
    assert len((await gum(video=AUDIO_ONLY)).get_video_tracks()) == 1
    easy = {key: {"min": 0} for key in ("sample_rate", "sample_size", "latency", "channel_count")}
    assert len((await gum(video={**easy, "echo_cancellation": True})).get_video_tracks()) == 1


async def test_a_constraint_nobody_knows_is_ignored_with_a_warning(gum):
    with pytest.warns(ms.UnknownMemberWarning, match=r"video: unknown member 'widht' is ignored; did you mean 'width'"):
        assert (await gum(video={"widht": {"exact": 5}})).video


async def test_a_constraint_that_cannot_choose_a_device_may_not_be_required(devices):
    with pytest.raises(TypeError, match="zoom cannot be required"):
        await devices.get_user_media(video={"zoom": {"exact": 2}})


# ── which device ─────────────────────────────────────────────────────────────────────────────────────


async def test_each_device_is_found_by_its_id_and_reports_its_group(gum, devices):
    await gum(video=True, audio=True)
    for info in await devices.enumerate_devices():
        if info.kind != "audiooutput":
            kind = {"videoinput": "video", "audioinput": "audio"}[info.kind]
            (track,) = (await gum(**{kind: {"device_id": {"exact": info.device_id}}})).get_tracks()
            assert track.label == info.label
            assert track.get_settings().device_id == info.device_id
            assert track.get_settings().group_id == info.group_id != ""


@pytest.mark.parametrize(("kind", "info_kind"), [("video", "videoinput"), ("audio", "audioinput")])
async def test_a_device_is_found_by_its_group_or_the_group_is_named_in_the_error(gum, devices, kind, info_kind):
    await gum(video=True, audio=True)
    infos = await devices.enumerate_devices()
    for info in infos:
        of_kind = [one.device_id for one in infos if one.kind == info_kind and one.group_id == info.group_id]
        asked = {kind: {"group_id": {"exact": info.group_id}}}
        if of_kind:
            assert (await gum(**asked)).get_tracks()[0].get_settings().device_id in of_kind
        else:
            with pytest.raises(ms.OverconstrainedError) as failed:
                await gum(**asked)
            assert failed.value.constraint == "group_id"


async def test_without_wishes_it_is_the_default_device(gum):
    assert (await gum(video=True)).video.label == "Fake camera 1 (user)"


async def test_no_device_of_a_kind_is_not_found_and_says_the_cure(clock):
    devices = ms.MediaDevices(backends=[FakeBackend([FakeCamera(label="Only")])])
    with pytest.raises(ms.NotFoundError, match=r"no microphone\. Plug one in, or set MEDIASTREAMS_FAKE_DEVICES=1"):
        await devices.get_user_media(audio=True, video=True)


async def test_a_busy_device_gives_way_to_the_next_best(gum, camera):
    camera.busy()
    assert (await gum(video=True)).video.label == "Fake camera 2 (environment)"


async def test_devices_that_are_all_busy_are_not_readable_and_keep_the_errno(devices, backend, camera):
    camera.busy()
    backend.device("Fake camera 2 (environment)").busy()
    with pytest.raises(ms.NotReadableError, match="in use by another program") as failed:
        await devices.get_user_media(video=True)
    assert failed.value.errno == errno.EBUSY


async def test_a_busy_device_that_was_required_is_not_readable(gum, devices, camera):
    device_id = (await gum(video=True)).video.get_settings().device_id
    other = ms.MediaDevices(backends=[FakeBackend([FakeCamera(label="Fake camera 1 (user)")])])
    other._backends[0].device("Fake camera 1 (user)").busy()
    with pytest.raises(ms.NotReadableError):
        await other.get_user_media(video={"device_id": {"exact": device_id}})


async def test_what_the_system_forbids_is_not_allowed(devices, camera):
    camera.deny()
    with pytest.raises(ms.NotAllowedError, match="system does not let"):
        await devices.get_user_media(video=True)


async def test_any_other_failure_is_an_abort(devices, backend, camera):
    for label in ("Fake camera 1 (user)", "Fake camera 2 (environment)"):
        backend.device(label).fail_to_open(ZeroDivisionError("driver"))
    with pytest.raises(ms.AbortError, match="could not be opened: driver") as failed:
        await devices.get_user_media(video=True)
    assert isinstance(failed.value.__cause__, ZeroDivisionError)


async def test_an_error_of_the_operating_system_is_not_readable_and_keeps_its_number(devices, backend):
    for label in ("Fake camera 1 (user)", "Fake camera 2 (environment)"):
        backend.device(label).fail_to_open(OSError(errno.EIO, "Input/output error"))
    with pytest.raises(ms.NotReadableError, match="Input/output error") as failed:
        await devices.get_user_media(video=True)
    assert failed.value.errno == errno.EIO


async def test_a_device_that_vanishes_before_it_is_opened_is_not_readable(clock, monkeypatch):
    backend = FakeBackend([FakeCamera(label="Only")])
    listing = backend.list_devices()
    monkeypatch.setattr(backend, "list_devices", lambda: listing)
    backend.unplug("Only")
    with pytest.raises(ms.NotReadableError, match="was unplugged"):
        await ms.MediaDevices(backends=[backend]).get_user_media(video=True)


async def test_when_one_kind_fails_the_other_is_closed(devices, backend, camera, is_closed):
    backend.device("Fake microphone 1").busy()
    backend.device("Fake microphone 2").busy()
    with pytest.raises(ms.NotReadableError):
        await devices.get_user_media(video=True, audio=True)
    await is_closed(camera)


# ── permission ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("denied", "wanted"),
    [("camera", {"video": True}), ("microphone", {"audio": True}), ("camera", {"video": True, "audio": True})],
)
async def test_without_permission_nothing_is_opened(devices, camera, microphone, denied, wanted):
    set_permission(denied, "denied")
    with pytest.raises(ms.NotAllowedError, match=f"Permission for the {denied} is denied") as failed:
        await devices.get_user_media(wanted)
    assert isinstance(failed.value, PermissionError)
    assert not camera.in_use
    assert not microphone.in_use


async def test_who_is_denied_learns_nothing_of_the_devices(devices):
    set_permission("camera", "denied")
    with pytest.raises(ms.NotAllowedError):
        await devices.get_user_media(video={"width": {"min": 10**8}})
    set_permission("microphone", "denied")
    with pytest.raises(ms.NotAllowedError):
        await ms.MediaDevices(backends=[FakeBackend([])]).get_user_media(audio=True)


async def test_who_is_denied_one_kind_learns_nothing_of_the_other(devices):
    set_permission("microphone", "denied")
    with pytest.raises(ms.NotAllowedError, match="microphone"):
        await devices.get_user_media(audio=True, video={"width": {"min": 10**8}})
    with pytest.raises(ms.NotAllowedError, match="microphone"):
        await ms.MediaDevices(backends=[FakeBackend([])]).get_user_media(audio=True, video=True)


async def test_a_capture_is_what_turns_prompt_into_granted(gum):
    set_permission("camera", "prompt")
    await gum(video=True)
    assert (await ms.navigator.permissions.query({"name": "camera"})).state == "granted"


# ── several at once ──────────────────────────────────────────────────────────────────────────────────


async def test_a_device_can_be_opened_twice(gum):
    first = (await gum(video=True)).video.get_settings()
    second = (await gum(video={"device_id": first.device_id})).video.get_settings()
    assert second.device_id == first.device_id


async def test_a_device_can_be_opened_twice_with_different_sizes(gum):
    first = (await gum(video=True)).video
    half = first.get_settings().width // 2
    asked = {"device_id": {"exact": first.get_settings().device_id}, "width": {"exact": half}}
    second = (await gum(video=asked)).video
    assert second.get_settings().device_id == first.get_settings().device_id
    assert second.get_settings().width == half
    assert first.get_settings().width == 2 * half


async def test_requests_at_the_same_time_share_the_device_and_each_gets_its_size(gum):
    sizes = (320, 1280, 640)
    streams = await asyncio.gather(*(gum(video={"width": {"exact": width}}) for width in sizes))
    assert tuple(stream.video.get_settings().width for stream in streams) == sizes
    assert len({stream.video.get_settings().device_id for stream in streams}) == 1


async def test_a_device_is_awaited_that_is_just_being_closed(gum, camera):
    for _ in range(5):
        (await gum(video=True)).video.stop()
    track = (await gum(video=True)).video
    assert track.ready_state == "live"
    assert camera.in_use


async def test_a_device_that_comes_back_can_be_opened_again(gum, camera, clock):
    first = (await gum(video=True)).video
    camera.unplug()
    await clock.advance(0)
    camera.plug()
    again = (await gum(video={"device_id": {"exact": first.get_settings().device_id}})).video
    assert again.ready_state == "live"
    assert first.ready_state == "ended"


async def test_a_device_that_comes_up_otherwise_than_asked_gives_the_settings_it_really_has(clock, monkeypatch):
    backend = FakeBackend([FakeCamera(label="Only", modes=(VideoMode(640, 480, 30, 30), VideoMode(320, 240, 30, 30)))])
    create = backend.create_source

    def stubborn(device):
        source = create(device)
        start = source.start
        source.start = lambda _mode, settings, delivery: start(VideoMode(320, 240, 30, 30), settings, delivery)
        return source

    monkeypatch.setattr(backend, "create_source", stubborn)
    devices = ms.MediaDevices(backends=[backend])
    async with devices.get_user_media(video={"width": 640}) as stream:
        assert stream.video.get_settings().width == 320
    with pytest.raises(ms.OverconstrainedError, match="runs in another mode than it offered") as failed:
        await devices.get_user_media(video={"width": {"exact": 640}})
    assert failed.value.constraint == "width"
    assert not backend.device("Only").in_use or await _soon(lambda: not backend.device("Only").in_use)


async def _soon(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)
    return True


async def test_backends_are_given_by_name_or_as_objects():
    with pytest.raises(ValueError, match="there is no back end 'nobody'"):
        ms.MediaDevices(backends=["nobody"])
    with pytest.raises(TypeError, match="list of names"):
        ms.MediaDevices(backends="fake")
    with pytest.raises(TypeError, match="Backend objects"):
        ms.MediaDevices(backends=[5])
    one, other = ms.MediaDevices(backends=["fake"]), ms.MediaDevices(backends=["fake"])
    assert one._backends[0] is not other._backends[0]


async def test_a_back_end_that_cannot_list_takes_only_its_own_devices_away(clock, caplog):
    class Broken(FakeBackend):
        name = "broken"

        def list_devices(self):
            raise OSError("no driver")

    devices = ms.MediaDevices(backends=[Broken(), FakeBackend([FakeMicrophone(label="Works")])])
    async with devices.get_user_media(audio=True) as stream:
        assert stream.audio.label == "Works"
    assert "The back end 'broken' could not list its devices" in caplog.text
