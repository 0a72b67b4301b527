"""``apply_constraints``: new settings at run time, and what a track does when its source changes."""

import asyncio

import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeCamera


@pytest.fixture
async def video(gum):
    return (await gum(video=True)).video


async def test_new_constraints_replace_the_old_ones_and_the_settings_follow(gum):
    track = (await gum(video={"width": 320, "frame_rate": 15})).video
    await track.apply_constraints({"width": {"exact": 1280}, "height": 720})
    assert track.get_constraints() == {"width": {"exact": 1280}, "height": 720}
    assert (track.get_settings().width, track.get_settings().height) == (1280, 720)


async def test_no_constraints_at_all_are_fine(video):
    await video.apply_constraints(width=320)
    await video.apply_constraints()
    assert video.get_constraints() == {}
    await video.apply_constraints({})
    await video.apply_constraints(None)


async def test_what_is_impossible_names_the_constraint_and_changes_nothing(gum):
    track = (await gum(video={"width": {"exact": 640}})).video
    before = track.get_settings()
    with pytest.raises(ms.OverconstrainedError, match="this camera offers") as failed:
        await track.apply_constraints(width={"exact": 99999}, height=5)
    assert failed.value.constraint == "width"
    assert track.get_constraints() == {"width": {"exact": 640}}
    assert track.get_settings() == before


@pytest.mark.parametrize(
    ("constraint", "name"),
    [
        ({"group_id": {"exact": "INVALID"}}, "group_id"),
        ({"resize_mode": {"exact": "INVALID"}}, "resize_mode"),
        ({"device_id": {"exact": "INVALID"}}, "device_id"),
        ({"facing_mode": {"exact": "environment"}}, "facing_mode"),
        ({"group_id": {"exact": " " * 500 + "2"}}, "group_id"),
        ({"group_id": {"ideal": " " * 500 + "2"}}, "group_id"),
        ({"width": {"exact": 639}, "resize_mode": {"exact": "none"}}, "width"),
    ],
)
async def test_required_values_that_the_source_does_not_have_are_refused(video, constraint, name):
    with pytest.raises(ms.OverconstrainedError) as failed:
        await video.apply_constraints(constraint)
    assert failed.value.constraint == name


async def test_the_mandatory_of_old_drafts_is_ignored_with_a_warning(video):
    with (
        pytest.warns(ms.UnknownMemberWarning, match="'mandatory'"),
        pytest.raises(ms.OverconstrainedError) as failed,
    ):
        await video.apply_constraints({"mandatory": {"groupId": "INVALID"}, "groupId": {"exact": "INVALID"}})
    assert failed.value.constraint == "group_id"


@pytest.mark.parametrize("name", ["group_id", "resize_mode", "device_id", "facing_mode"])
async def test_a_wish_that_cannot_be_met_changes_nothing(video, name):
    before = video.get_settings()[name]
    await video.apply_constraints({name: "INVALID"})
    assert video.get_settings()[name] == before


async def test_a_track_cannot_be_moved_to_another_device(video, devices):
    group = video.get_settings().group_id
    others = [one for one in await devices.enumerate_devices() if one.kind == "videoinput" and one.group_id != group]
    assert others
    for info in others:
        with pytest.raises(ms.OverconstrainedError) as failed:
            await video.apply_constraints(group_id={"exact": info.group_id})
        assert failed.value.constraint == "group_id"


@pytest.mark.parametrize(
    "name", ["background_blur", "background_segmentation_mask", "eye_gaze_correction", "face_framing"]
)
async def test_switches_of_the_camera_are_set(video, name):
    capability = video.get_capabilities()[name]
    assert sorted(capability) == [False, True]
    await video.apply_constraints({name: {"exact": True}})
    assert video.get_settings()[name] is True
    assert video.get_constraints() == {name: {"exact": True}}


async def test_what_a_device_has_not_cannot_be_required_of_it(clock):
    devices = ms.MediaDevices(backends=[FakeBackend([FakeCamera(label="Plain", choices={}, ranges={}, defaults={})])])
    async with devices.get_user_media(video=True) as stream:
        track = stream.video
        before = track.get_settings()
        assert track.get_capabilities().face_framing is None
        assert before.face_framing is None
        with pytest.raises(ms.OverconstrainedError) as failed:
            await track.apply_constraints(face_framing={"exact": True})
        assert failed.value.constraint == "face_framing"
        await track.apply_constraints(face_framing=True)  # a wish
        assert track.get_settings() == before


async def test_the_frames_follow_the_settings(video, clock):
    await video.apply_constraints(width=320, height=180, frame_rate=10)
    with video.frames(policy="drop-oldest") as frames:
        await clock.advance(1)
        shapes = {(frame.coded_width, frame.coded_height) for frame in [await anext(frames) for _ in range(8)]}
    assert shapes == {(320, 180)}
    assert frames.stats.dropped == 0


async def test_rates_are_reached_by_decimation_when_another_track_needs_the_source_faster(video, clock):
    await video.apply_constraints(frame_rate={"exact": 30})
    slow = video.clone()
    await slow.apply_constraints(frame_rate={"exact": 6})
    with video.frames(policy="drop-oldest") as all_of_them, slow.frames(policy="drop-oldest") as some:
        seen = 0
        for _ in range(4):
            await clock.advance(0.5)
            seen += len(some._port)
            while len(some._port):
                await anext(some)
        assert 11 <= seen <= 13
        assert all_of_them.stats.dropped + len(all_of_them._port) in {59, 60}
    slow.stop()


async def test_an_ended_track_accepts_everything_and_does_nothing(video):
    video.stop()
    await video.apply_constraints(width={"exact": 99999})
    assert video.get_constraints() == {}
    with pytest.raises(TypeError):
        await video.apply_constraints(width="wide")


async def test_an_ended_track_tells_only_what_belongs_to_the_device(video, clock, camera):
    settings = video.get_settings()
    video.stop()
    left = video.get_settings()
    assert dict(left) == {name: settings[name] for name in ("device_id", "group_id", "facing_mode")}


async def test_calls_are_carried_out_in_their_order(video):
    widths = [320, 1920, 640, 1280]
    await asyncio.gather(*(video.apply_constraints(width={"exact": width}) for width in widths))
    assert video.get_settings().width == 1280
    assert video.get_constraints() == {"width": {"exact": 1280}}


async def test_one_that_fails_does_not_hold_up_the_next(video):
    results = await asyncio.gather(
        video.apply_constraints(width={"exact": 99999}),
        video.apply_constraints(width={"exact": 320}),
        return_exceptions=True,
    )
    assert isinstance(results[0], ms.OverconstrainedError)
    assert results[1] is None
    assert video.get_settings().width == 320


async def test_one_s_own_change_fires_no_configurationchange(video, heard, clock):
    events = heard(video, "configurationchange")
    await video.apply_constraints(width={"exact": 1920})
    await video.apply_constraints(zoom=2)
    await clock.advance(0)
    assert events == []


async def test_a_device_that_refuses_the_new_mode_leaves_the_track_as_it_was(video, camera, clock, heard):
    ended = heard(video, "ended")
    before = video.get_settings()
    attempts = []

    class Refusal(ms.NotReadableError):
        pass

    source = next(iter(camera.sources))
    start = source.start

    def refuse_once(mode, settings, delivery):
        attempts.append(mode)
        if len(attempts) == 1:
            raise Refusal("no bandwidth")
        return start(mode, settings, delivery)

    source.start = refuse_once
    with pytest.raises(ms.NotReadableError, match="no bandwidth"):
        await video.apply_constraints(width={"exact": 1920})
    await clock.advance(0)
    assert video.get_settings() == before
    assert ended == []
    with video.frames(policy="drop-oldest") as frames:
        await clock.advance(0.5)
        assert (await anext(frames)).coded_width == before.width


async def test_a_device_that_cannot_even_go_back_ends_its_tracks(video, camera, clock, heard):
    ended = heard(video, "ended")
    camera.fail_to_open(ms.NotReadableError("gone mad"))
    with pytest.raises(ms.NotReadableError, match="gone mad"):
        await video.apply_constraints(width={"exact": 1920})
    await clock.advance(0)
    assert ended == ["ended"]


@pytest.mark.parametrize("wrong", [5, "width", [("width", 5)]])
async def test_constraints_are_a_mapping(video, wrong):
    with pytest.raises(TypeError, match="apply_constraints: expected a mapping"):
        await video.apply_constraints(wrong)


# ── a display surface changes by itself ──────────────────────────────────────────────────────────────


async def test_a_window_that_is_resized_changes_the_settings_in_the_task_of_configurationchange(
    devices, backend, heard, clock
):
    async with devices.get_display_media(video={"display_surface": "window"}) as stream:
        track = stream.video
        events = heard(track, "configurationchange", note=lambda _: (track.get_settings().width, track.label))
        backend.device(track.label).resize(500, 300)
        assert track.get_settings().width == 640
        await clock.advance(0)
        assert events == [(500, track.label)]
        with track.frames(policy="drop-oldest") as frames:
            await clock.advance(0.2)
            frame = await anext(frames)
        assert (frame.coded_width, frame.coded_height) == (500, 300)


async def test_a_change_while_the_track_is_muted_is_told_right_after_unmute(devices, backend, heard, clock):
    async with devices.get_display_media(video={"display_surface": "window"}) as stream:
        track, window = stream.video, backend.device(stream.video.label)
        events = heard(
            track, "mute", "unmute", "configurationchange", note=lambda event: (event.type, track.get_settings().width)
        )
        window.mute()
        window.resize(500, 300)
        window.resize(400, 300)
        await clock.advance(0)
        assert events == [("mute", 640)]
        window.unmute()
        window.mute()
        await clock.advance(0)
        assert events[1:] == [("unmute", 640), ("configurationchange", 400), ("mute", 400)]


async def test_a_muted_camera_that_is_opened_anew_for_another_size_stays_muted(gum, camera, heard, clock):
    track = (await gum(video=True)).video
    camera.mute()
    await clock.advance(0)
    events = heard(track, "mute", "unmute")
    await track.apply_constraints(width={"exact": 1920})
    await clock.advance(0.1)
    assert track.get_settings().width == 1920
    assert events == []
    assert track.muted
    camera.unmute()
    await clock.advance(0.1)
    assert events == ["unmute"]


async def test_what_was_applied_while_muted_is_not_undone_by_an_older_change(devices, backend, heard, clock):
    async with devices.get_display_media(video={"display_surface": "window"}) as stream:
        track, window = stream.video, backend.device(stream.video.label)
        events = heard(track, "configurationchange")
        window.mute()
        window.resize(400, 300)
        await clock.advance(0)
        await track.apply_constraints(width=200)
        window.unmute()
        await clock.advance(0)
        assert track.get_settings().width == 200
        assert events == []


async def test_a_size_that_was_asked_for_stays_when_the_window_still_allows_it(devices, backend, heard, clock):
    async with devices.get_display_media(video={"display_surface": "window", "width": 320, "height": 240}) as stream:
        track = stream.video
        events = heard(track, "configurationchange")
        before = (track.get_settings().width, track.get_settings().height)
        backend.device(track.label).resize(1280, 960)
        await clock.advance(0)
        assert (track.get_settings().width, track.get_settings().height) == before
        assert events == []
