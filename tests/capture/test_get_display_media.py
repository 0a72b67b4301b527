"""``get_display_media``: a screen or a window as a stream."""

import asyncio

import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeCamera, set_permission, user_activation


async def test_the_main_screen_is_captured_unless_something_else_is_preferred(devices):
    async with devices.get_display_media() as stream:
        assert [track.kind for track in stream.get_tracks()] == ["video"]
        settings = stream.video.get_settings()
        assert stream.video.label == "Fake screen 1"
        assert (settings.width, settings.height) == (1920, 1080)
        assert settings.display_surface == "monitor"
        assert settings.logical_surface is False
        assert settings.device_id
    async with devices.get_display_media(video={"display_surface": "window"}) as stream:
        assert stream.video.get_settings().display_surface == "window"
        assert stream.video.label == "Fake window 1"
    async with devices.get_display_media(video=True, monitorTypeSurfaces="exclude") as stream:
        assert stream.video.label == "Fake window 1"


async def test_the_sound_of_a_display_may_be_missing(devices):
    async with devices.get_display_media({"video": True, "audio": True}) as stream:
        assert len(stream.get_video_tracks()) == 1
        assert len(stream.get_audio_tracks()) <= 1


async def test_the_picture_is_scaled_and_slowed_as_asked(devices, clock):
    async with devices.get_display_media(video={"width": 640, "frame_rate": {"max": 10}, "cursor": "never"}) as stream:
        track = stream.video
        settings = track.get_settings()
        assert (settings.width, settings.height, settings.cursor) == (640, 360, "never")
        assert settings.frame_rate <= 10
        with track.frames(policy="drop-oldest") as frames:
            await clock.advance(1)
            assert (await anext(frames)).coded_width == 640


@pytest.mark.parametrize(
    "constraints",
    [
        {"video": False},
        {"video": {"width": {"exact": 640}}},
        {"video": {"height": {"min": 640}}},
        {"video": {"advanced": [{"width": 640}]}},
        {"video": {"display_surface": {"exact": "monitor"}}},
        {"video": True, "monitor_type_surfaces": "perhaps"},
        {"video": True, "self_browser_surface": "perhaps"},
        {"video": True, "surface_switching": "perhaps"},
        {"video": True, "system_audio": "perhaps"},
        {"video": 5},
        {"video": {"display_surface": "monitor"}, "monitor_type_surfaces": "exclude"},
    ],
)
async def test_what_would_choose_for_the_person_is_a_type_error(devices, constraints):
    with pytest.raises(TypeError):
        await devices.get_display_media(constraints)


@pytest.mark.parametrize("name", ["width", "height", "frame_rate"])
@pytest.mark.parametrize("most", [0, -1])
async def test_a_maximum_that_no_screen_can_meet_is_named(devices, name, most):
    with pytest.raises(ms.OverconstrainedError) as failed:
        await devices.get_display_media(video={name: {"max": most}})
    assert failed.value.constraint == name


@pytest.mark.parametrize("options", [None, {}, {"audio": False}, {"video": {}}, {"video": True, "audio": False}])
async def test_a_picture_is_captured_whether_it_was_asked_for_or_not(devices, options):
    async with devices.get_display_media(options) as stream:
        assert [track.kind for track in stream.get_tracks()] == ["video"]


@pytest.mark.parametrize(
    "most", [{"width": 360}, {"height": 240}, {"frame_rate": 4}, {"frame_rate": 4, "width": 360, "height": 240}]
)
async def test_size_and_rate_stay_below_their_maximum(devices, most):
    async with devices.get_display_media(video={name: {"max": value} for name, value in most.items()}) as stream:
        settings = stream.video.get_settings()
        assert all(1 <= settings[name] <= value for name, value in most.items())


async def test_a_wished_size_is_met_to_the_pixel(devices):
    wishes = [{"width": 160}, {"height": 120}, {"width": 80}, {"height": 60}, {"width": 158}, {"height": 118}]
    for wish in wishes:
        async with devices.get_display_media(video=wish) as stream:
            assert wish.items() <= dict(stream.video.get_settings()).items()
    async with devices.get_display_media(video={"height": 240}) as stream:
        for wish in wishes:
            await stream.video.apply_constraints(wish)
            assert wish.items() <= dict(stream.video.get_settings()).items()


@pytest.mark.parametrize(
    "wish",
    [
        {"video": {"display_surface": "browser"}},
        {"video": {"display_surface": "monitor"}, "monitor_type_surfaces": "include"},
        {"self_browser_surface": "include"},
        {"self_browser_surface": "exclude"},
        {"surface_switching": "include"},
        {"surface_switching": "exclude"},
        {"system_audio": "include"},
        {"system_audio": "exclude"},
    ],
)
async def test_wishes_for_what_is_offered_are_taken(devices, wish):
    async with devices.get_display_media(wish) as stream:
        assert stream.active


async def test_a_display_has_an_id_and_no_facing_mode(devices):
    async with devices.get_display_media() as stream:
        settings, capabilities = stream.video.get_settings(), stream.video.get_capabilities()
        assert settings.device_id == capabilities.device_id != ""
        assert capabilities.display_surface == "monitor"
        assert "facing_mode" not in settings
        assert "facing_mode" not in capabilities


def test_it_is_reached_from_the_devices_only():
    assert not hasattr(ms.navigator, "get_display_media")


async def test_without_a_display_nothing_is_found_and_the_cure_is_said(clock):
    devices = ms.MediaDevices(backends=[FakeBackend([FakeCamera(label="Only")])])
    with pytest.raises(ms.NotFoundError, match="no display to capture"):
        await devices.get_display_media()


async def test_displays_may_be_denied(devices):
    set_permission("display-capture", "denied")
    with pytest.raises(ms.NotAllowedError, match="display-capture is denied"):
        await devices.get_display_media()


async def test_where_a_person_would_be_asked_that_person_must_just_have_acted(devices, clock):
    set_permission("display-capture", "prompt")
    with pytest.raises(ms.InvalidStateError, match="person's act"):
        await devices.get_display_media()
    user_activation()
    async with devices.get_display_media() as stream:
        assert stream.active
    set_permission("display-capture", "prompt")
    with pytest.raises(ms.InvalidStateError):  # one act, one capture
        await devices.get_display_media()
    user_activation()
    await clock.advance(6)
    with pytest.raises(ms.InvalidStateError):  # too long ago
        await devices.get_display_media()


async def test_displays_are_not_listed_and_tell_nothing_of_the_cameras(devices):
    async with devices.get_display_media():
        infos = await devices.enumerate_devices()
    assert [(info.kind, info.label) for info in infos] == [("audioinput", ""), ("videoinput", "")]


@pytest.mark.parametrize("display_first", [True, False])
async def test_a_display_and_devices_can_be_requested_at_the_same_time(devices, display_first):
    calls = [devices.get_display_media(video=True, audio=True), devices.get_user_media(video=True, audio=True)]
    streams = await asyncio.gather(*(calls if display_first else reversed(calls)))
    assert all(len(stream.get_video_tracks()) == 1 for stream in streams)
    assert sorted(len(stream.get_tracks()) for stream in streams) == [1, 2]
    for stream in streams:
        for track in stream.get_tracks():
            track.stop()


async def test_a_window_that_is_closed_ends_its_track(devices, backend, heard, clock):
    stream = await devices.get_display_media(video={"display_surface": "window"})
    events = heard(stream.video, "ended")
    backend.device(stream.video.label).unplug()
    await clock.advance(0)
    assert events == ["ended"]


async def test_constraints_can_be_applied_to_a_display(devices):
    async with devices.get_display_media() as stream:
        await stream.video.apply_constraints(width=960)
        assert (stream.video.get_settings().width, stream.video.get_settings().height) == (960, 540)
        with pytest.raises(ms.OverconstrainedError):
            await stream.video.apply_constraints(width={"exact": 99999})


async def test_a_busy_display_is_not_readable(devices, backend):
    backend.device("Fake screen 1").busy()
    with pytest.raises(ms.NotReadableError):
        await devices.get_display_media()
