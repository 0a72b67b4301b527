"""Frames made of what an element shows or a canvas has, and the counts of what was shown."""

import asyncio

import av
import numpy as np
import pytest
from tests.media import make_movie, make_wav, tone

import mediastreams as ms
from mediastreams._engine.video_frame import VideoFrame
from mediastreams.elements.audio_element import AudioElement
from mediastreams.elements.canvas_element import CanvasElement
from mediastreams.elements.media_element import MediaElement
from mediastreams.elements.media_error import MediaError
from mediastreams.elements.video_element import VideoElement
from mediastreams.errors import EncodingError, InvalidStateError, NotSupportedError, QuotaExceededError


@pytest.fixture
def film(tmp_path):
    return make_movie(tmp_path / "a.mkv", frames=25, audio_codec="pcm_s16le")


async def test_a_frame_of_an_element_is_what_it_shows_with_its_time_unless_another_is_given(clock, devices, film):
    with VideoElement(devices=devices) as video:
        with pytest.raises(InvalidStateError, match="loadeddata"):
            VideoFrame(video)
        video.src = film
        await video.wait_for("canplaythrough", timeout=20)
        video.current_time = 0.5
        with pytest.raises(InvalidStateError):  # it is on its way
            VideoFrame(video)
        await video.wait_for("seeked", timeout=20)
        shown = video.current_frame()
        frame = VideoFrame(video)
        assert (frame.timestamp, frame.duration) == (shown.timestamp, shown.duration)
        assert frame.metadata() == shown.metadata()
        assert frame.metadata()["media_time"] == pytest.approx(0.48)
        assert np.array_equal(frame.to_ndarray(), shown.to_ndarray())
        other = VideoFrame(video, timestamp=7, duration=9)
        assert (other.timestamp, other.duration) == (7, 9)
        cut = VideoFrame(video, {"visibleRect": {"x": 0, "y": 0, "width": 32, "height": 24}})
        assert (cut.coded_width, cut.coded_height) == (32, 24)
        frame.close()
        assert video.current_frame() is not None
    with pytest.raises(InvalidStateError):
        VideoFrame(video)


async def test_a_film_without_pictures_gives_no_frame(clock, devices, tmp_path):
    with VideoElement(make_wav(tmp_path / "a.wav", tone(8000, 1), 8000), devices=devices) as video:
        await video.wait_for("canplaythrough", timeout=20)
        with pytest.raises(InvalidStateError):
            VideoFrame(video)
        assert video.get_video_playback_quality().total_video_frames == 0


def test_a_frame_of_a_canvas_is_what_is_painted_at_that_moment():
    canvas = CanvasElement(5, 3)
    canvas.fill_style = "red"
    canvas.fill_rect(0, 0, 2, 3)
    with pytest.raises(TypeError, match="timestamp"):
        VideoFrame(canvas)
    frame = VideoFrame(canvas, timestamp=40_000)
    canvas.fill_style = "blue"
    canvas.fill_rect(0, 0, 5, 3)
    assert (frame.format, frame.coded_width, frame.coded_height, frame.timestamp) == ("RGBA", 5, 3, 40_000)
    pixels = frame.to_ndarray(format="rgba")
    assert (pixels[:, :2] == [255, 0, 0, 255]).all()
    assert (pixels[:, 2:] == 0).all()
    opaque = VideoFrame(canvas, timestamp=0, alpha="discard")
    assert opaque.format == "RGBX"
    assert (opaque.to_ndarray() == [0, 0, 255]).all()


@pytest.mark.parametrize("size", [(0, 10), (10, 0)])
def test_a_canvas_without_pixels_gives_no_frame(size):
    with pytest.raises(InvalidStateError, match="without pixels"):
        VideoFrame(CanvasElement(*size), timestamp=0)


def test_a_canvas_that_is_too_large_gives_no_frame():
    with pytest.raises(QuotaExceededError):
        VideoFrame(CanvasElement(2**20, 2**20), timestamp=0)


def test_what_has_no_picture_is_no_frame():
    for image in (AudioElement(), "film.mp4", object(), None):
        with pytest.raises(TypeError, match="VideoElement"):
            VideoFrame(image, timestamp=0)


async def test_every_picture_of_a_film_is_counted_once_and_anew_after_another_load(clock, devices, film):
    with VideoElement(devices=devices) as video:
        before = video.get_video_playback_quality()
        assert (before.total_video_frames, before.dropped_video_frames, before.corrupted_video_frames) == (0, 0, 0)
        video._output.wanted = False
        video.src = film
        await video.wait_for("canplaythrough", timeout=20)
        assert video.get_video_playback_quality().total_video_frames == 1  # at rest the first one is seen
        await clock.until(video.play())
        await clock.until(video.wait_for("ended"))
        after = video.get_video_playback_quality()
        assert (after.total_video_frames, after.dropped_video_frames, after.corrupted_video_frames) == (25, 0, 0)
        assert after.creation_time == pytest.approx(clock.now_us() / 1000)
        assert after.creation_time > before.creation_time
        video.load()
        assert video.get_video_playback_quality().total_video_frames == 0
        with pytest.raises(TypeError):
            ms.VideoPlaybackQuality()


async def test_pictures_that_wait_for_their_sound_and_are_overtaken_are_dropped(clock, devices):
    asked = devices.get_user_media(video=True, audio=True)
    with await clock.until(asked) as stream, VideoElement(devices=devices) as video:
        video.src_object = stream
        await clock.until(video.play())
        await clock.advance(1)
        waiting = len(video._playback.view._waiting)
        quality = video.get_video_playback_quality()
        assert quality.dropped_video_frames == 0
        assert waiting > 1
        video.pause()  # the last one is shown, the others are not
        after = video.get_video_playback_quality()
        assert after.dropped_video_frames == waiting - 1
        assert after.total_video_frames == quality.total_video_frames + waiting


async def test_damaged_pictures_are_counted_and_shown(clock, devices, tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=40, codec="mpeg2video", options={"g": "40"})
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    for at in rng.integers(len(data) // 4, len(data) * 9 // 10, 30):
        data[at] ^= 0xFF
    with VideoElement(bytes(data), devices=devices) as video:
        await video.wait_for("canplaythrough", timeout=20)
        await clock.until(video.play())
        done = [asyncio.ensure_future(video.wait_for(name)) for name in ("ended", "error")]
        await clock.until(asyncio.wait(done, return_when=asyncio.FIRST_COMPLETED))
        for task in done:
            task.cancel()
        quality = video.get_video_playback_quality()
        with av.open(str(path)) as whole:
            assert quality.total_video_frames <= sum(1 for _ in whole.decode(video=0))
        assert 0 < quality.corrupted_video_frames <= quality.total_video_frames


@pytest.fixture
def long_film(tmp_path):
    """Four seconds with a key frame every two."""
    return make_movie(tmp_path / "a.mkv", frames=100, audio_codec="pcm_s16le")


def pictures_of(element):
    """How many pictures of the film were decoded."""
    return next(one.lane for one in element._playback.movie.sources if one.kind == "video").decoded


@pytest.mark.parametrize("element", [AudioElement, MediaElement])
async def test_where_no_picture_can_be_seen_none_is_decoded(clock, devices, long_film, element):
    with element(long_film, devices=devices) as player:
        await player.wait_for("canplaythrough", timeout=20)
        await clock.until(player.play())
        await clock.advance(1)
        player.current_time = 3
        await player.wait_for("seeked", timeout=20)
        began = player.current_time
        await clock.advance(0.5)
        assert player.current_time - began == pytest.approx(0.5, abs=0.05)
        await clock.until(player.wait_for("ended"))
        assert pictures_of(player) == 0
    with VideoElement(long_film, devices=devices) as video:
        await video.wait_for("canplaythrough", timeout=20)
        assert pictures_of(video) >= 3
        assert (video.video_width, video.current_frame().coded_width) == (64, 64)


@pytest.mark.parametrize("frames", [1, 2, 10])
async def test_who_captures_a_film_at_rest_gets_all_of_it_from_the_first_picture_on(clock, devices, tmp_path, frames):
    path = make_movie(tmp_path / "a.mkv", frames=frames, audio_codec="pcm_s16le")
    with AudioElement(path, devices=devices) as audio:
        await audio.wait_for("canplaythrough", timeout=20)
        stream = audio.capture_stream()
        assert pictures_of(audio) == 0
        pictures = stream.video.frames(policy="drop-oldest")
        await clock.until(audio.play())
        ended = asyncio.ensure_future(audio.wait_for("ended"))
        await clock.until(ended)
        seen = [frame.metadata()["media_time"] async for frame in pictures]
    assert seen == pytest.approx([number / 25 for number in range(frames)], abs=0.001)


async def test_who_captures_in_the_middle_or_after_a_seek_sees_the_present_picture_at_once(clock, devices, long_film):
    with AudioElement(long_film, devices=devices) as audio:
        await audio.wait_for("canplaythrough", timeout=20)
        await clock.until(audio.play())
        await clock.advance(1.5)
        stream = audio.capture_stream()
        pictures = stream.video.frames(policy="drop-oldest")
        first = await clock.until(anext(pictures))
        assert first.metadata()["media_time"] == pytest.approx(audio.current_time, abs=0.15)
        pictures.close()
        await clock.advance(0.2)
        audio.current_time = 3.5
        await audio.wait_for("seeked", timeout=20)
        pictures = stream.video.frames(policy="drop-oldest")
        first = await clock.until(anext(pictures))
        assert first.metadata()["media_time"] == pytest.approx(3.5, abs=0.15)
        pictures.close()


async def test_a_repeated_film_that_is_captured_at_its_end_loses_no_picture(clock, devices, tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=10, audio_codec="pcm_s16le")
    with AudioElement(path, loop=True, devices=devices) as audio:
        await audio.wait_for("canplaythrough", timeout=20)
        pictures = audio.capture_stream().video.frames(policy="drop-oldest")
        await clock.until(audio.play())
        seen = [await clock.until(anext(pictures)) for _ in range(30)]
        pictures.close()
    assert [round(one.metadata()["media_time"] * 25) for one in seen] == [*range(10)] * 3


async def test_a_film_of_which_no_picture_can_be_decoded_is_an_error_before_it_plays(clock, devices, tmp_path):
    path = make_movie(tmp_path / "a.mp4", frames=10, codec="libx264", container_options={"movflags": "faststart"})
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = b"\xff" * (len(data) - start)
    with VideoElement(bytes(data), devices=devices) as video:
        log = []
        for name in ("loadedmetadata", "loadeddata", "canplay", "canplaythrough", "error"):
            video.add_event_listener(name, lambda event: log.append(event.type))
        await video.wait_for("error", timeout=20)
        assert log == ["loadedmetadata", "error"]
        assert video.ready_state == video.HAVE_METADATA
        assert video.error.code == MediaError.MEDIA_ERR_DECODE
        with pytest.raises(NotSupportedError) as raised:
            await video.play()
        assert isinstance(raised.value.__cause__, EncodingError)
