"""`MediaStreamTrack`: its state, its life, its clones."""

import asyncio
import copy
import pickle
import re

import pytest

import mediastreams as ms
from mediastreams.testing import set_permission


@pytest.fixture
async def stream(gum):
    return await gum(video=True, audio=True)


@pytest.fixture
async def video(stream):
    return stream.video


@pytest.fixture
async def audio(stream):
    return stream.audio


def test_a_track_cannot_be_made_by_calling():
    with pytest.raises(TypeError, match=r"Illegal constructor.*get_user_media"):
        ms.MediaStreamTrack()


async def test_a_new_track_is_live_enabled_and_unmuted(video, audio):
    for track, kind, label in ((video, "video", "Fake camera 1 (user)"), (audio, "audio", "Fake microphone 1")):
        assert track.kind == kind
        assert track.label == label
        assert track.ready_state == "live"
        assert track.ready_state is ms.MediaStreamTrackState.LIVE
        assert track.enabled
        assert not track.muted
        assert re.fullmatch(r"[0-9a-f-]{36}", track.id)


async def test_tracks_have_distinct_ids(video, audio):
    assert video.id != audio.id


@pytest.mark.parametrize("name", ["kind", "id", "label", "muted", "ready_state", "stats"])
async def test_what_is_read_only_cannot_be_set(video, name):
    with pytest.raises(AttributeError):
        setattr(video, name, None)


async def test_enabled_is_a_switch(video):
    video.enabled = False
    assert not video.enabled
    with pytest.raises(TypeError, match=r"MediaStreamTrack\.enabled: expected a bool"):
        video.enabled = "no"
    video.stop()
    video.enabled = True
    assert video.enabled


async def test_stop_ends_the_track_at_once_closes_the_device_and_fires_nothing(video, heard, camera, is_closed):
    events = heard(video, "ended", "mute", "unmute")
    assert camera.in_use
    video.stop()
    assert video.ready_state == "ended"
    video.stop()
    await is_closed(camera)
    assert events == []


async def test_the_last_track_of_a_source_closes_it(video, camera, is_closed, clock):
    clone = video.clone()
    video.stop()
    await clock.advance(0.1)
    assert camera.in_use
    clone.stop()
    await is_closed(camera)


async def test_a_device_that_goes_away_ends_its_tracks_in_the_task_of_the_event(stream, camera, heard, clock):
    video, audio = stream.video, stream.audio
    events = heard(video, "ended", note=lambda event: (event.type, video.ready_state, event.target, event.is_trusted))
    others = heard(audio, "ended")
    camera.unplug()
    assert video.ready_state == "live"  # until the loop comes to it
    await clock.advance(0)
    assert events == [("ended", "ended", video, True)]
    assert others == []
    assert stream.active
    video.stop()
    await clock.advance(0)
    assert len(events) == 1


async def test_every_track_of_a_lost_device_ends(video, camera, heard, clock):
    clone = video.clone()
    events = heard(video, "ended") + heard(clone, "ended")
    first, second = heard(video, "ended"), heard(clone, "ended")
    camera.unplug()
    await clock.advance(0)
    assert (first, second) == (["ended"], ["ended"])
    assert clone.ready_state == "ended"
    assert events == []


async def test_a_track_that_is_stopped_while_its_end_is_on_the_way_fires_nothing(video, camera, heard, clock):
    events = heard(video, "ended")
    camera.unplug()
    video.stop()
    await clock.advance(0)
    assert events == []


async def test_revoked_permission_ends_the_tracks_of_that_kind(stream, heard, clock):
    events = heard(stream.video, "ended")
    set_permission("camera", "denied")
    await clock.advance(0)
    assert events == ["ended"]
    assert stream.video.ready_state == "ended"
    assert stream.audio.ready_state == "live"
    set_permission("microphone", "denied")
    await clock.advance(0)
    assert not stream.active


async def test_muted_changes_in_the_task_that_fires(video, camera, heard, clock):
    events = heard(video, "mute", "unmute", note=lambda event: (event.type, video.muted))
    camera.mute()
    assert not video.muted
    await clock.advance(0)
    assert video.muted
    camera.mute()
    camera.unmute()
    await clock.advance(0)
    assert events == [("mute", True), ("unmute", False)]
    assert not video.muted


async def test_quick_mutes_are_all_told_in_order(video, camera, heard, clock):
    events = heard(video, "mute", "unmute", note=lambda event: (event.type, video.muted))
    for _ in range(3):
        camera.mute()
        camera.unmute()
    await clock.advance(0)
    assert events == [("mute", True), ("unmute", False)] * 3


async def test_an_ended_track_is_not_muted_any_more(video, camera, heard, clock):
    events = heard(video, "mute")
    camera.mute()
    video.stop()
    await clock.advance(0)
    assert events == []
    assert not video.muted


async def test_a_track_of_a_muted_device_begins_muted(gum, camera):
    camera.mute()
    video = (await gum(video=True)).video
    assert video.muted
    with video.clone() as clone:
        assert clone.muted


async def test_handlers_are_attributes(video, camera, clock):
    found = []
    video.onmute = video.onunmute = lambda event: found.append(event.type)
    video.onended = lambda event: found.append(event.type)
    assert callable(video.onended)
    camera.mute()
    camera.unmute()
    camera.unplug()
    await clock.advance(0)
    assert found == ["mute", "unmute", "ended"]
    video.onended = None
    assert video.onended is None


async def test_a_handler_that_raises_breaks_nothing(video, camera, heard, exceptions, clock):
    def fail(event):
        raise ZeroDivisionError(event.type)

    with exceptions() as found:
        video.onended = fail
        events = heard(video, "ended")
        camera.unplug()
        await clock.advance(0)
    assert [str(error) for error in found] == ["ended"]
    assert events == ["ended"]
    assert video.ready_state == "ended"


async def test_waiting_for_the_end_of_a_track_that_is_stopped_raises_at_once(video):
    waiting = asyncio.ensure_future(video.wait_for("ended"))
    await asyncio.sleep(0)
    video.stop()
    with pytest.raises(ms.InvalidStateError, match="'ended' can no longer come"):
        await waiting
    with pytest.raises(ms.InvalidStateError):
        await video.wait_for("mute")


async def test_waiting_for_an_event_gives_it(video, camera, clock):
    waiting = asyncio.ensure_future(video.wait_for("mute"))
    await asyncio.sleep(0)
    camera.mute()
    assert (await clock.until(waiting)).target is video


async def test_a_clone_has_an_id_a_life_and_a_switch_of_its_own(video):
    video.enabled = False
    video.content_hint = "motion"
    clone = video.clone()
    assert type(clone) is ms.MediaStreamTrack
    assert clone.id != video.id
    assert (clone.kind, clone.label) == (video.kind, video.label)
    assert not clone.enabled
    clone.enabled = True
    assert not video.enabled
    clone.content_hint = "detail"
    assert video.content_hint == "motion"
    clone.stop()
    assert video.ready_state == "live"


async def test_a_clone_has_constraints_and_settings_of_its_own(gum):
    video = (await gum(video={"width": {"exact": 640}, "frame_rate": 30})).video
    clone = video.clone()
    assert clone.get_constraints() == {"width": {"exact": 640}, "frame_rate": 30}
    assert clone.get_settings() == video.get_settings()
    clone.get_constraints()["width"]["exact"] = 5
    assert clone.get_constraints()["width"] == {"exact": 640}
    await clone.apply_constraints(width=320)
    assert clone.get_settings().width == 320
    assert video.get_settings().width == 640
    assert video.get_constraints()["width"] == {"exact": 640}
    clone.stop()


async def test_a_clone_of_an_ended_track_is_ended(video):
    video.stop()
    clone = video.clone()
    assert clone.ready_state == "ended"
    assert clone.get_settings().device_id == video.get_settings().device_id


async def test_a_track_is_no_value_that_can_be_copied_or_sent(video):
    with pytest.raises(TypeError, match="clone"):
        copy.copy(video)
    with pytest.raises(TypeError, match="clone"):
        copy.deepcopy(video)
    with pytest.raises(TypeError, match="clone"):
        pickle.dumps(video)
    assert video.ready_state == "live"


async def test_a_track_as_a_context_stops_at_the_end(video, audio):
    with video as entered:
        assert entered is video
    async with audio:
        assert audio.ready_state == "live"
    assert video.ready_state == audio.ready_state == "ended"


async def test_tracks_show_what_they_are(video, audio):
    video.enabled = False
    assert re.fullmatch(
        r"<MediaStreamTrack video 'Fake camera 1 \(user\)' live disabled \d+×\d+ @ \d+ fps>", repr(video)
    )
    assert re.fullmatch(r"<MediaStreamTrack audio 'Fake microphone 1' live \d+ Hz × \d>", repr(audio))


async def test_a_track_has_no_hint_at_first(video, audio):
    assert video.content_hint == audio.content_hint == ""


@pytest.mark.parametrize("hint", ["motion", "detail", "text", ""])
async def test_a_picture_takes_hints_for_pictures(video, hint):
    video.content_hint = "text"
    video.content_hint = hint
    assert video.content_hint == hint


@pytest.mark.parametrize("hint", ["speech", "speech-recognition", "music", ""])
async def test_a_sound_takes_hints_for_sounds(audio, hint):
    audio.content_hint = "music"
    audio.content_hint = hint
    assert audio.content_hint == hint


@pytest.mark.parametrize("hint", ["speech", "music", "bogus", "Motion"])
async def test_a_picture_ignores_other_hints(video, hint):
    video.content_hint = "motion"
    video.content_hint = hint
    assert video.content_hint == "motion"


@pytest.mark.parametrize("hint", ["motion", "text", "bogus"])
async def test_a_sound_ignores_other_hints(audio, hint):
    audio.content_hint = "speech"
    audio.content_hint = hint
    assert audio.content_hint == "speech"


async def test_a_clone_of_a_sound_has_a_hint_of_its_own(audio):
    audio.content_hint = "speech"
    clone = audio.clone()
    assert clone.content_hint == "speech"
    clone.content_hint = "music"
    assert audio.content_hint == "speech"
    clone.stop()


async def test_clones_and_hints_belong_to_the_loop_of_the_track(gum):
    track = (await gum(video=True)).video
    for forbidden in (track.clone, lambda: setattr(track, "content_hint", "text")):
        with pytest.raises(RuntimeError, match="outside the event loop that owns the object"):
            await asyncio.to_thread(forbidden)
