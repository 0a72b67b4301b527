"""MediaElement: loading, playing, pausing, ending, repeating, capturing, closing."""

from __future__ import annotations

import asyncio
import gc
import io
import math
import weakref

import pytest
from tests.media import make_movie, silent_server

from mediastreams._webidl.tasks import settle
from mediastreams.elements.media_element import MediaElement
from mediastreams.elements.media_error import MediaError
from mediastreams.errors import AbortError, InvalidStateError, NotReadableError, NotSupportedError

EVENTS = (
    "loadstart",
    "abort",
    "emptied",
    "durationchange",
    "loadedmetadata",
    "canplaythrough",
    "play",
    "playing",
    "pause",
    "ended",
    "error",
)


@pytest.fixture
def film(tmp_path):
    return make_movie(tmp_path / "a.mkv", frames=10, audio_codec="pcm_s16le")


@pytest.fixture
def long_film(tmp_path):
    return make_movie(tmp_path / "b.mkv", frames=250, audio_codec="pcm_s16le")


def log_of(element):
    log = []
    for name in EVENTS:
        element.add_event_listener(name, lambda event: log.append(event.type))
    return log


async def test_a_film_is_played_from_its_beginning_to_its_end(film):
    with MediaElement(src=film) as element:
        log = log_of(element)
        assert element.paused
        assert math.isnan(element.duration)
        assert element.ready_state == element.HAVE_NOTHING
        play = asyncio.ensure_future(element.play())
        await asyncio.sleep(0)
        assert not element.paused  # set before the first await of play()
        await play
        assert element.duration == pytest.approx(0.4, abs=0.05)
        await element.wait_for("ended", timeout=5)
        assert element.ended
        assert element.paused
        assert element.current_time == element.duration
        loading = ["loadstart", "durationchange", "loadedmetadata", "canplaythrough"]
        playing = ["play", "playing", "pause", "ended"]
        assert [name for name in log if name in loading] == loading
        assert [name for name in log if name in playing] == playing
        assert len(log) == len(loading) + len(playing)


async def test_captured_tracks_come_with_the_metadata_and_end_with_the_film(film):
    with MediaElement(src=film) as element:
        stream = element.capture_stream()
        assert stream.get_tracks() == []
        added = []
        stream.onaddtrack = lambda event: added.append(event.track)
        await element.wait_for("loadedmetadata", timeout=5)
        assert stream.get_tracks() == added
        assert [track.kind for track in added] == ["video", "audio"]
        assert all(track.muted for track in added)
        assert stream.video.label == "a.mkv"
        assert stream.video.get_settings().width == 64
        frames = stream.video.frames(policy="drop-oldest")
        await element.play()
        times = [frame.timestamp async for frame in frames]
        assert [time - times[0] for time in times] == [n * 40_000 for n in range(10)]
        if not element.ended:
            await element.wait_for("ended", timeout=5)
        assert {track.ready_state for track in added} == {"ended"}


async def test_captured_after_the_metadata_a_stream_has_its_tracks_at_once(film):
    with MediaElement(src=film) as element:
        await element.wait_for("loadedmetadata", timeout=5)
        stream = element.capture_stream()
        other = element.capture_stream()
        assert len(stream.get_tracks()) == 2
        assert not set(stream.get_tracks()) & set(other.get_tracks())
        await element.play()
        frames = stream.video.frames()
        async with asyncio.timeout(5):
            first = await anext(frames)
        assert first.coded_width == 64


async def test_a_pause_mutes_what_is_captured_and_stops_time(long_film):
    with MediaElement(src=long_film) as element:
        await element.wait_for("loadedmetadata", timeout=5)
        track = element.capture_stream().video
        unmuted = asyncio.ensure_future(track.wait_for("unmute", timeout=5))
        await element.play()
        await unmuted
        assert not track.muted
        await asyncio.sleep(0.15)
        muted = asyncio.ensure_future(track.wait_for("mute", timeout=5))
        await asyncio.sleep(0)
        element.pause()
        assert element.paused
        position = element.current_time
        assert 0.05 < position < 2
        await muted
        await asyncio.sleep(0.1)
        assert element.current_time == position
        assert track.ready_state == "live"
        await element.play()
        await asyncio.sleep(0.1)
        assert position < element.current_time < position + 1


async def test_a_loop_goes_on_without_end_and_can_be_taken_back(film):
    with MediaElement(src=film, loop=True) as element:
        await element.wait_for("loadedmetadata", timeout=5)
        frames = element.capture_stream().video.frames(policy="drop-oldest")
        await element.play()
        times = []
        async for frame in frames:
            times.append(frame.timestamp)
            if len(times) == 15:
                element.loop = False
        assert len(times) % 10 == 0
        assert len(times) >= 20
        assert [time - times[0] for time in times] == [n * 40_000 for n in range(len(times))]
        if not element.ended:
            await element.wait_for("ended", timeout=5)


async def test_played_again_after_the_end_it_begins_anew_with_new_tracks(film):
    with MediaElement(src=film) as element:
        stream = element.capture_stream()
        await element.play()
        before = stream.get_tracks()
        assert len(before) == 2
        await element.wait_for("ended", timeout=5)
        assert stream.get_tracks() == []
        await element.play()
        assert not element.ended
        assert element.current_time < 0.3
        assert len(stream.get_tracks()) == 2
        assert not set(stream.get_tracks()) & set(before)
        assert {track.ready_state for track in stream.get_tracks()} == {"live"}
        await element.wait_for("ended", timeout=5)


async def test_another_source_ends_and_removes_what_was_captured(film, long_film):
    with MediaElement(src=long_film) as element:
        stream = element.capture_stream()
        await element.play()
        before = stream.get_tracks()
        log = log_of(element)
        ended = []
        before[0].onended = lambda event: ended.append(len(stream.get_tracks()))
        element.src = film
        assert element.paused
        assert log == []  # in tasks of their own
        assert ended == [2]  # a track ends before it is removed
        assert stream.get_tracks() == []
        await element.wait_for("loadedmetadata", timeout=5)
        assert log[:3] == ["abort", "emptied", "loadstart"]
        assert len(stream.get_tracks()) == 2
        assert element.duration < 1


async def test_a_missing_file_is_an_error_event_and_play_says_why(tmp_path):
    element = MediaElement(src=tmp_path / "nowhere.mp4")
    event = await element.wait_for("error", timeout=5)
    assert event.target is element
    assert element.error.code == MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED
    assert "nowhere.mp4" in element.error.message
    with pytest.raises(NotSupportedError, match=r"nowhere\.mp4") as caught:
        await element.play()
    assert isinstance(caught.value.__cause__, NotReadableError)
    assert caught.value.__cause__.errno
    element.close()


async def test_play_on_what_cannot_be_opened_raises(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no movie" * 1000)
    with MediaElement(src=tmp_path / "a.mp4") as element, pytest.raises(NotSupportedError):
        await element.play()


async def test_play_without_a_source_waits_for_one_says_so_and_plays_it(film, caplog):
    with MediaElement() as element:
        play = asyncio.ensure_future(element.play())
        await settle()
        assert not element.paused
        assert not play.done()
        assert "set src" in caplog.text
        element.src = film
        await play
        assert element.current_time < 0.4
        await element.wait_for("ended", timeout=5)


async def test_who_waits_for_a_source_can_be_cancelled_paused_or_closed():
    element = MediaElement()
    plays = [asyncio.ensure_future(element.play()) for _ in range(2)]
    await settle()
    plays[0].cancel()
    element.pause()
    results = await asyncio.gather(*plays, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError, AbortError]
    last = asyncio.ensure_future(element.play())
    await settle()
    element.close()
    with pytest.raises(AbortError):
        await last
    assert element._promises == []


@pytest.mark.parametrize("src", [None, 1, ["a"]])
async def test_what_can_be_no_source_is_a_type_error(src):
    with pytest.raises(TypeError, match=r"MediaElement\.src"):
        MediaElement(src=src)


async def test_a_pause_before_it_could_play_rejects_play(film):
    with MediaElement(src=film) as element:
        play = asyncio.ensure_future(element.play())
        await asyncio.sleep(0)
        element.pause()
        with pytest.raises(AbortError):
            await play


async def test_loading_something_else_rejects_play(film, long_film):
    with MediaElement(src=film) as element:
        play = asyncio.ensure_future(element.play())
        await asyncio.sleep(0)
        element.src = long_film
        with pytest.raises(AbortError):
            await play
        await element.play()


async def test_play_that_is_about_to_return_does_so_though_something_else_is_loaded(film, long_film):
    with MediaElement(src=film) as element:
        await element.wait_for("canplaythrough", timeout=10)
        play = asyncio.ensure_future(element.play())
        await asyncio.sleep(0)  # it can play: the task that says so is queued
        element.src = long_film
        await play
        assert element.paused


async def test_close_ends_the_tracks_and_everything_after_it_raises(long_film):
    element = MediaElement(src=long_film)
    await element.play()
    stream = element.capture_stream()
    element.close()
    element.close()
    await stream.video.wait_for("ended", timeout=5)
    with pytest.raises(InvalidStateError):
        await element.play()
    with pytest.raises(InvalidStateError):
        element.capture_stream()
    assert "closed" in repr(element)


async def test_close_works_from_another_thread(long_film):
    element = MediaElement(src=long_film)
    await element.play()
    track = element.capture_stream().video
    ended = asyncio.ensure_future(track.wait_for("ended", timeout=5))
    await asyncio.sleep(0)  # it listens now
    await asyncio.to_thread(element.close)
    await ended
    assert element.paused


async def test_close_while_a_silent_server_is_being_opened_does_not_wait():
    with silent_server(None) as (url, _):
        element = MediaElement(src=url)
        play = asyncio.ensure_future(element.play())
        await asyncio.sleep(0.2)
        async with asyncio.timeout(1):
            element.close()
            with pytest.raises(AbortError):
                await play


async def test_stopping_every_captured_track_does_not_stop_the_element(long_film):
    with MediaElement(src=long_film) as element:
        await element.play()
        for track in element.capture_stream().get_tracks():
            track.stop()
        await asyncio.sleep(0.1)
        position = element.current_time
        track = element.capture_stream().video
        frames = track.frames()
        async with asyncio.timeout(5):
            frame = await anext(frames)
        assert frame.metadata()["media_time"] >= position - 0.1
        assert not element.ended


async def test_time_updates_come_while_it_plays(long_film):
    with MediaElement(src=long_film) as element:
        await element.play()
        await element.wait_for("timeupdate", timeout=2)
        assert element.current_time > 0.2
        element.pause()
        await element.wait_for("timeupdate", timeout=2)


async def test_an_element_that_is_dropped_at_rest_closes_its_file(long_film):
    element = MediaElement(src=long_film)
    await element.wait_for("loadedmetadata", timeout=5)
    movie = element._playback.movie
    gone = weakref.ref(element)
    del element
    await settle()
    gc.collect()
    assert gone() is None
    assert await asyncio.to_thread(movie.join, 3)
    assert movie.over


async def test_an_element_that_plays_is_kept(film):
    element = MediaElement(src=film)
    ended = asyncio.Event()
    element.add_event_listener("ended", lambda _: ended.set())
    await element.play()
    gone = weakref.ref(element)
    del element
    gc.collect()
    async with asyncio.timeout(5):
        await ended.wait()
        while gone() is not None:  # the movie's thread may be about to let go
            await settle()
            gc.collect()


def test_made_without_a_loop_it_loads_when_it_is_first_used_on_one(film):
    element = MediaElement(src=film)

    async def use():
        stream = element.capture_stream()
        await element.play()
        assert len(stream.get_tracks()) == 2
        await element.wait_for("ended", timeout=5)

    asyncio.run(use())
    element.close()


async def test_damage_in_the_middle_of_a_film_is_an_error_event(tmp_path):
    data = make_movie(tmp_path / "a.mkv", frames=25, audio_codec="pcm_s16le").read_bytes()

    class Breaking(io.BytesIO):
        """A disk that can be read no further than to its middle."""

        def read(self, size=-1):
            if self.tell() > len(data) // 2:
                raise OSError("a bad sector")
            return super().read(min(size, 512))

        def seekable(self):
            return False

    with MediaElement(src=Breaking(data)) as element:
        await element.play()
        await element.wait_for("error", timeout=5)
        assert element.error.code == MediaError.MEDIA_ERR_DECODE
        assert not element.ended
        await element.play()  # the standard's answer: it had been playable
        element.pause()
        playing = asyncio.ensure_future(element.wait_for("playing", timeout=5))
        await asyncio.sleep(0)
        await element.play()
        await playing
        time = element.current_time
        await asyncio.sleep(0.1)
        assert element.current_time == time
        assert element._playback.kept is None


async def test_play_after_an_error_plays_what_was_set_instead(film, tmp_path):
    with MediaElement(src=tmp_path / "nowhere.mp4") as element:
        with pytest.raises(NotSupportedError):
            await element.play()
        element.src = film
        assert element.error is None
        await element.play()
        await element.wait_for("ended", timeout=5)
