"""`MediaStream`: a set of tracks, and nothing more."""

import asyncio
import re

import pytest

import mediastreams as ms

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
async def stream(gum):
    return await gum(video=True, audio=True)


def test_an_empty_stream_is_inactive_and_has_an_id_of_its_own():
    one, other = ms.MediaStream(), ms.MediaStream()
    assert UUID.fullmatch(one.id)
    assert one.id != other.id
    assert not one.active
    assert one.get_tracks() == one.get_audio_tracks() == one.get_video_tracks() == []
    assert one.video is None
    assert one.audio is None


async def test_a_stream_of_a_capture_has_a_uuid_of_36_characters(stream):
    assert UUID.fullmatch(stream.id)


async def test_a_stream_of_a_stream_has_its_tracks_and_another_id(stream):
    same = ms.MediaStream(stream)
    assert same.id != stream.id
    assert same.get_tracks() == stream.get_tracks()
    assert same.audio is stream.audio
    assert same.video is stream.video


async def test_a_stream_of_tracks_has_each_once_ended_or_not(stream, heard):
    ended = stream.audio.clone()
    events = heard(ended, "ended")
    ended.stop()
    assert ended.ready_state == "ended"
    made = ms.MediaStream([ended, stream.video, stream.video])
    assert made.get_tracks() == [ended, stream.video]
    assert made.get_track_by_id(ended.id) is ended
    assert made.get_track_by_id(stream.video.id) is stream.video
    assert made.active
    assert not ms.MediaStream([ended]).active
    assert events == []


@pytest.mark.parametrize("wrong", [None, 5, "tracks", [5], {"a": 1}, b"x"])
def test_a_stream_is_made_of_a_stream_or_tracks_only(wrong):
    with pytest.raises(TypeError, match=r"MediaStream\(\)"):
        ms.MediaStream(wrong)


async def test_one_track_is_no_sequence_of_tracks(stream):
    with pytest.raises(TypeError, match="sequence of tracks"):
        ms.MediaStream(stream.video)


async def test_tracks_are_listed_by_kind_in_the_order_they_came(stream, gum):
    other = (await gum(video=True)).video
    stream.add_track(other)
    first = stream.get_tracks()
    assert stream.get_video_tracks() == [stream.video, other]
    assert stream.get_audio_tracks() == [stream.audio]
    first.clear()
    assert len(stream.get_tracks()) == 3


async def test_a_track_is_found_by_its_id(stream):
    assert stream.get_track_by_id(stream.video.id) is stream.video
    assert stream.get_track_by_id(stream.video.id + "foo") is None
    with pytest.raises(TypeError, match="get_track_by_id: track_id"):
        stream.get_track_by_id(5)


async def test_adding_a_track_adds_it_once_and_fires_nothing(gum, heard, clock):
    audio, video = await gum(audio=True), await gum(video=True)
    events = heard(audio, "addtrack")
    audio.onaddtrack = events.append
    assert video.get_audio_tracks() == []
    video.add_track(audio.audio)
    video.add_track(audio.audio)
    assert video.get_audio_tracks() == audio.get_audio_tracks()
    audio.add_track(video.video)
    assert audio.get_video_tracks() == video.get_video_tracks()
    await clock.advance(0)
    assert events == []


async def test_removing_a_track_fires_nothing_and_one_that_is_not_there_is_no_error(stream, gum, heard, clock):
    other = await gum(audio=True)
    events = heard(stream, "removetrack") + heard(other, "removetrack")
    video = stream.video
    stream.remove_track(video)
    assert stream.get_tracks() == [stream.audio]
    stream.remove_track(stream.audio)
    assert stream.get_tracks() == []
    stream.remove_track(other.audio)
    await clock.advance(0)
    assert events == []
    assert video.ready_state == "live"


@pytest.mark.parametrize("method", ["add_track", "remove_track"])
def test_only_tracks_are_added_and_removed(method):
    with pytest.raises(TypeError, match=f"MediaStream.{method}: track"):
        getattr(ms.MediaStream(), method)("track")


async def test_a_live_track_can_join_an_inactive_stream(gum):
    audio, video = await gum(audio=True), await gum(video=True)
    ended = video.video
    ended.stop()
    assert not video.active
    assert audio.active
    video.add_track(audio.audio)
    video.remove_track(ended)
    assert video.active


async def test_a_source_that_adds_and_removes_tracks_is_told_of_by_events(gum):
    found = []
    audio, stream = (await gum(audio=True)).audio, ms.MediaStream()
    stream.onaddtrack = stream.onremovetrack = found.append
    stream._add_tracks_by_library([audio])
    stream._add_tracks_by_library([audio])
    stream._remove_tracks_by_library([audio])
    stream._remove_tracks_by_library([audio])
    assert [(type(event), event.type, event.track, event.is_trusted) for event in found] == [
        (ms.MediaStreamTrackEvent, "addtrack", audio, True),
        (ms.MediaStreamTrackEvent, "removetrack", audio, True),
    ]


async def test_a_clone_of_a_stream_has_clones_with_lives_of_their_own(stream):
    one = stream.clone()
    assert one.id != stream.id
    assert [track.kind for track in one.get_tracks()] == [track.kind for track in stream.get_tracks()]
    assert {track.id for track in one.get_tracks()}.isdisjoint(track.id for track in stream.get_tracks())
    for track in stream.get_tracks():
        track.stop()
    assert not stream.active
    assert one.active
    one.audio.stop()
    assert one.active
    two = one.clone()
    assert (two.active, two.audio.ready_state, two.video.ready_state) == (True, "ended", "live")
    one.video.stop()
    two.video.stop()
    three = two.clone()
    assert (three.active, three.audio.ready_state, three.video.ready_state) == (False, "ended", "ended")
    assert len({track.id for made in (one, two, three) for track in made.get_tracks()}) == 6


async def test_a_clone_is_made_on_the_loop_of_the_stream_only(stream):
    with pytest.raises(RuntimeError, match=r"MediaStream\.clone was called outside the event loop"):
        await asyncio.to_thread(stream.clone)


async def test_a_stream_is_active_while_one_of_its_tracks_is_live(stream):
    audio, video = stream.audio.clone(), stream.video.clone()
    for track in stream.get_tracks():
        track.stop()
    assert not stream.active
    stream.add_track(audio)
    stream.add_track(video)
    assert stream.active
    for track in stream.get_tracks():
        track.stop()
    assert not stream.active
    assert audio.ready_state == video.ready_state == "ended"


async def test_leaving_a_stream_stops_its_tracks(stream):
    with stream as entered:
        assert entered is stream
    assert not stream.active
    async with stream.clone() as entered:
        assert not entered.active


async def test_streams_compare_by_identity_and_show_what_they_are(stream):
    assert stream != ms.MediaStream(stream)
    assert len({stream, stream, ms.MediaStream()}) == 2
    assert "active" in repr(stream)
    assert "Fake camera 1" in repr(stream)
    assert repr(ms.MediaStream()) == "<MediaStream inactive []>"


@pytest.mark.parametrize("name", ["ended", "stop", "onactive", "oninactive", "label"])
def test_what_drafts_once_had_is_not_there(name):
    assert not hasattr(ms.MediaStream(), name)
