"""What is captured of an element: the tracks of a film, their end, their recording; and what load takes back."""

import asyncio
import gc
import io
import weakref

import av
import numpy as np
import pytest
from tests.media import make_movie, make_wav, tone

from mediastreams._webidl.tasks import after_queued_tasks, settle
from mediastreams.capture.media_stream import MediaStream
from mediastreams.elements.canvas_element import CanvasElement
from mediastreams.elements.media_element import MediaElement
from mediastreams.elements.video_element import VideoElement
from mediastreams.recording.media_recorder import MediaRecorder
from mediastreams.recording.record import record


@pytest.fixture(params=["picture", "sound", "both"])
def film(tmp_path, request):
    """A film of 0.4 s, and the kinds of its tracks."""
    if request.param == "sound":
        return make_wav(tmp_path / "a.wav", tone(8000, 0.4), 8000), ["audio"]
    both = request.param == "both"
    path = make_movie(tmp_path / "a.mkv", frames=10, audio_codec="pcm_s16le" if both else None)
    return path, ["video", "audio"] if both else ["video"]


async def test_at_the_end_of_a_film_a_captured_stream_has_lost_its_ended_tracks(film):
    path, kinds = film
    with MediaElement(src=path) as element:
        stream = element.capture_stream()
        seen = []
        stream.onremovetrack = lambda event: seen.append(
            (element.ended, len(stream.get_tracks()), stream.active, event.track.kind, event.track.ready_state)
        )
        await element.play()
        assert [track.kind for track in stream.get_tracks()] == kinds
        await element.wait_for("ended", timeout=10)
        assert seen == [(True, 0, False, kind, "ended") for kind in kinds]


@pytest.mark.parametrize("muted", [False, True])
async def test_what_a_playing_element_gives_can_be_recorded_as_soon_as_it_comes(film, muted):
    path, kinds = film
    with MediaElement(src=path) as element:
        element.muted = muted
        stream = element.capture_stream()
        blobs, log, over = [], [], asyncio.Event()

        def begin(_):  # at the first event all tracks are there
            stream.onaddtrack = None
            assert sorted(track.kind for track in stream.get_tracks()) == sorted(kinds)
            recorder = MediaRecorder(stream)
            recorder.ondataavailable = lambda event: blobs.append(event.data)
            recorder.onerror = lambda event: log.append(event.error)
            recorder.onstop = lambda event: over.set()
            recorder.start(0)

        stream.onaddtrack = begin
        await element.play()
        async with asyncio.timeout(20):
            await over.wait()
        assert log == []  # the end of the film is no change of the tracks that were recorded
        assert sum(blob.size for blob in blobs) > 0


async def test_a_recording_of_a_film_ends_with_it(film, tmp_path):
    path, _ = film
    with MediaElement(src=path) as element:
        await element.wait_for("loadedmetadata", timeout=10)
        recording = asyncio.ensure_future(record(element.capture_stream(), tmp_path / "out.mkv"))
        await asyncio.sleep(0.1)
        await element.play()
        async with asyncio.timeout(20):
            summary = await recording
        assert summary.duration > 0.25


async def test_load_takes_back_what_was_not_told_yet(log_of):
    element = MediaElement()
    log = log_of(element)
    element.volume = 0.5
    element.default_playback_rate = element.playback_rate = 0.3
    element.src = "blob:nothing"
    element.src = "blob:nothing either"
    await settle()
    assert log == ["emptied", "loadstart", "error"]
    assert (element.volume, element.playback_rate) == (0.5, 0.3)
    element.close()


async def test_a_stream_takes_back_the_change_of_speed_that_was_made_before(clock, devices, log_of):
    with await clock.until(devices.get_user_media(video=True)) as stream, VideoElement(devices=devices) as video:
        log = log_of(video)
        video.default_playback_rate = video.playback_rate = 0.3
        video.src_object = stream
        assert (video.default_playback_rate, video.playback_rate) == (1, 1)
        video.src_object = None
        assert (video.default_playback_rate, video.playback_rate) == (0.3, 0.3)
        await clock.advance(0.2)
        assert "ratechange" not in log


async def test_a_disabled_picture_is_black_in_an_element_and_on_a_canvas(clock, devices):
    small = {"width": 320, "height": 180}
    with await clock.until(devices.get_user_media(video=small)) as stream, VideoElement(devices=devices) as video:
        stream.video.enabled = False
        video.src_object = stream
        await clock.until(video.play())
        canvas = CanvasElement(video.video_width, video.video_height)
        canvas.get_context("2d").draw_image(video, 0, 0)
        pixels = canvas.get_context("2d").get_image_data(0, 0, canvas.width, canvas.height).data.reshape(-1, 4)
        assert (pixels == np.array([0, 0, 0, 255], np.uint8)).all()


async def test_a_stream_is_loading_for_as_long_as_it_plays(clock, devices):
    with await clock.until(devices.get_user_media(video=True)) as stream, VideoElement(devices=devices) as video:
        seen = []
        video.onloadeddata = lambda _: seen.append(video.network_state)
        video.preload = "none"
        video.src_object = stream
        assert video.network_state == video.NETWORK_NO_SOURCE
        await clock.until(video.play())
        assert seen == [video.NETWORK_LOADING]


async def test_a_canvas_that_was_not_painted_has_nothing_to_play_until_it_is(clock, devices, log_of):
    canvas = CanvasElement(64, 36)
    context = canvas.get_context("2d")
    with canvas.capture_stream() as stream, VideoElement(devices=devices) as video:
        log = log_of(video)
        video.src_object = stream
        play = asyncio.ensure_future(video.play())
        await clock.advance(1)
        assert (video.ready_state, "timeupdate" in log) == (video.HAVE_NOTHING, False)
        context.fill_style = "green"
        context.fill_rect(0, 0, 64, 36)
        async with asyncio.timeout(10):
            await video.wait_for("canplay")
        assert video.current_time == pytest.approx(0, abs=0.1)
        assert (video.paused, video.ended, video.error) == (False, False, None)
        await play
        await clock.advance(0.6)
        assert "timeupdate" in log
        assert 0 < video.current_time < 1


@pytest.mark.parametrize("by", ["stopping", "removing"])
@pytest.mark.parametrize("kinds", [("video",), ("video", "audio")])
async def test_an_element_has_ended_and_said_so_one_task_after_its_stream_lost_its_last_track(
    clock, devices, by, kinds
):
    asked = dict.fromkeys(kinds, True)
    with await clock.until(devices.get_user_media(asked)) as stream, VideoElement(devices=devices) as video:
        video.src_object = stream
        await clock.until(video.play())
        await clock.advance(0.3)
        tracks, told = stream.get_tracks(), []
        video.onended = lambda _: told.append(video.ended)
        for track in tracks:
            track.stop() if by == "stopping" else stream.remove_track(track)
        assert not stream.active
        assert not video.ended
        await after_queued_tasks()
        assert told == [True]
        for track in tracks:
            track.stop()


class TestWhatNobodyHolds:
    """Captured streams are held by those who use them, not by the element."""

    async def test_a_program_that_captures_for_ever_does_not_grow(self, clock, devices, film):
        path, _ = film
        with MediaElement(src=path, devices=devices) as element:
            await element.wait_for("canplaythrough", timeout=20)
            known = []
            for _ in range(50):
                stream = element.capture_stream()
                known += [weakref.ref(stream), *map(weakref.ref, stream.get_tracks())]
                del stream
            await settle()
            gc.collect()
            assert [one for one in known if one() is not None] == []
            assert len(element._captures._captures) <= 2
            assert await nobody_wants(element)

    async def test_a_stream_that_is_listened_to_stays_and_hears(self, clock, devices, film):
        path, kinds = film
        with MediaElement(devices=devices) as element:
            heard = []
            element.capture_stream().onaddtrack = lambda event: heard.append(event.track.kind)
            gc.collect()
            element.src = path
            await element.wait_for("canplaythrough", timeout=20)
            assert heard == kinds

    async def test_a_track_that_is_held_follows_the_film_without_its_stream(self, clock, devices, film):
        path, _ = film
        with MediaElement(src=path, devices=devices) as element:
            await element.wait_for("canplaythrough", timeout=20)
            track = element.capture_stream().get_tracks()[0]
            gc.collect()
            ended = []
            track.onended = lambda event: ended.append(event.target.kind)
            iterator = track.frames()
            del track
            gc.collect()
            await clock.until(element.play())
            frames = [await clock.until(anext(iterator)) for _ in range(3)]
            assert len(frames) == 3
            await clock.until(element.wait_for("ended"))
            await settle()
            assert len(ended) == 1
            iterator.close()

    async def test_what_is_recorded_of_a_stream_that_nobody_holds_is_whole(self, film):
        path, kinds = film
        with MediaElement(src=path) as element:
            await element.wait_for("canplaythrough", timeout=20)
            blobs, over = [], asyncio.Event()

            def begin():
                recorder = MediaRecorder(element.capture_stream())
                recorder.ondataavailable = lambda event: blobs.append(event.data)
                recorder.onstop = lambda event: over.set()
                recorder.start()

            begin()
            gc.collect()
            await element.play()
            gc.collect()
            async with asyncio.timeout(20):
                await over.wait()
            data = await blobs[-1].array_buffer()
        with av.open(io.BytesIO(data)) as container:
            assert [stream.type for stream in container.streams] == kinds
            counts = {stream.type: 0 for stream in container.streams}
            for frame in container.decode():
                counts["video" if isinstance(frame, av.VideoFrame) else "audio"] += 1
        assert counts.get("video", 10) >= 10  # a machine that is busy may have one shown twice

    async def test_a_stream_s_tracks_that_come_and_go_reach_who_holds_them_only(self, clock, devices):
        with await clock.until(devices.get_user_media(video=True, audio=True)) as stream:
            own = MediaStream([stream.video])
            with VideoElement(devices=devices) as video:
                video._output.wanted = False
                video.src_object = own
                await clock.until(video.play())
                held = video.capture_stream()
                video.capture_stream()
                gc.collect()
                before = held.video
                own.add_track(stream.audio)
                await settle()
                assert held.video is before
                assert held.audio is not None
                sound = weakref.ref(held.audio)
                own.remove_track(stream.audio)
                await settle()
                assert [held.video, held.audio] == [before, None]
                gc.collect()
                assert sound() is None


async def nobody_wants(element):
    """Whether the sources of a film are let go of."""
    for _ in range(500):
        if all(source.idle for source in element._playback.movie.sources):
            return True
        await asyncio.sleep(0.01)
    return False
