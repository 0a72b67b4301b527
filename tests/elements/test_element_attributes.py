"""An element's attributes and events besides playing: volume, types, states, ranges, starting by itself, Blobs."""

import asyncio
import math

import pytest
from tests.media import make_movie, silent_server

from mediastreams._webidl.tasks import settle
from mediastreams.elements.audio_element import AudioElement
from mediastreams.elements.media_element import MediaElement
from mediastreams.elements.video_element import VideoElement
from mediastreams.errors import DOMException
from mediastreams.files.blob import Blob
from mediastreams.files.url import URL


@pytest.fixture
def film(tmp_path):
    return make_movie(tmp_path / "a.mkv", frames=25, audio_codec="pcm_s16le")


async def test_a_file_is_loaded_with_the_events_of_the_standard_in_their_order(clock, devices, film, log_of):
    with VideoElement(devices=devices) as video:
        log = log_of(video)
        assert (video.network_state, video.current_src) == (video.NETWORK_EMPTY, "")
        assert math.isnan(video.duration)
        video.src = str(film)
        assert video.network_state == video.NETWORK_NO_SOURCE
        await video.wait_for("loadstart", timeout=10)
        assert video.network_state == video.NETWORK_LOADING
        await video.wait_for("canplaythrough", timeout=10)
        assert log == (
            [
                "loadstart",
                "progress",
                "durationchange",
                "resize",
                "loadedmetadata",
                "suspend",
                "loadeddata",
                "canplay",
                "canplaythrough",
            ]
        )
        assert video.network_state == video.NETWORK_IDLE
        assert video.current_src == str(film)
        log.clear()
        await clock.until(video.play())
        await clock.until(video.wait_for("ended"))
        await settle()
        without_time = [name for name in log if name != "timeupdate"]
        assert without_time == ["play", "playing", "pause", "ended"]
        assert 4 <= log.count("timeupdate") <= 6
        log.clear()
        video.load()
        await video.wait_for("canplaythrough", timeout=10)
        assert log[:4] == ["abort", "emptied", "timeupdate", "loadstart"]
        video.src = ""
        assert video.network_state == video.NETWORK_EMPTY
        assert math.isnan(video.duration)


async def test_volume_and_muted_fire_once_for_each_change(devices, log_of):
    with AudioElement(devices=devices) as audio:
        log = log_of(audio)
        audio.volume = 0.5
        audio.volume = 0.5
        audio.muted = True
        audio.muted = True
        assert log == []
        await settle()
        assert log == ["volumechange", "volumechange"]
        for wrong in (-0.1, 1.1):
            with pytest.raises(DOMException) as caught:
                audio.volume = wrong
            assert caught.value.name == "IndexSizeError"
        for wrong in (None, "loud", math.nan):
            with pytest.raises(TypeError):
                audio.volume = wrong
        assert audio.volume == 0.5


async def test_autoplay_begins_when_it_can_unless_it_was_paused_before(clock, devices, film, log_of):
    with VideoElement(devices=devices) as video, VideoElement(devices=devices) as other:
        log = log_of(video)
        for element in (video, other):
            element.autoplay = True
            element.src = film
        other.pause()
        await video.wait_for("canplaythrough", timeout=10)
        assert log[log.index("canplay") + 1 :][:3] == ["play", "playing", "canplaythrough"]
        assert not video.paused
        await asyncio.sleep(0.1)
        assert other.paused


@pytest.mark.parametrize(
    ("type", "answer"),
    [
        ("video/mp4", "maybe"),
        ('video/mp4; codecs="avc1.42E01E, mp4a.40.2"', "probably"),
        ('video/webm; codecs="vp8, vorbis"', "probably"),
        ('audio/ogg; codecs="opus"', "probably"),
        ('audio/wav; codecs="1"', "probably"),
        ("audio/mpeg", "maybe"),
        ('video/mp4; codecs="nothing.1"', ""),
        ("application/octet-stream", ""),
        ("text/plain", ""),
        ("", ""),
        ("rubbish", ""),
    ],
)
def test_what_a_type_promises(type, answer):
    assert MediaElement().can_play_type(type) == answer


async def test_ranges_are_lists_that_know_their_bounds(clock, devices, film):
    with VideoElement(film, devices=devices) as video:
        await video.wait_for("loadedmetadata", timeout=10)
        ranges = video.seekable
        assert (ranges.length, len(ranges), ranges.start(0), ranges.end(0)) == (1, 1, 0, video.duration)
        for ask in (ranges.start, ranges.end):
            with pytest.raises(DOMException) as caught:
                ask(1)
            assert caught.value.name == "IndexSizeError"
            with pytest.raises(TypeError):
                ask("first")
        with pytest.raises(TypeError):
            type(ranges)()


async def test_a_blob_and_its_address_are_played(devices, film):
    blob = Blob([film.read_bytes()], {"type": "video/x-matroska"})
    url = URL.create_object_url(blob)
    with VideoElement(devices=devices) as by_object, VideoElement(url, devices=devices) as by_url:
        URL.revoke_object_url(url)  # it has done its work
        by_object.src_object = blob
        for element in (by_object, by_url):
            if element.ready_state < element.HAVE_METADATA:
                await element.wait_for("loadedmetadata", timeout=10)
            assert element.video_width == 64
        by_url.src = url
        await by_url.wait_for("error", timeout=10)
        assert by_url.error.code == by_url.error.MEDIA_ERR_SRC_NOT_SUPPORTED
        assert by_url.network_state == by_url.NETWORK_NO_SOURCE


async def test_a_canvas_draws_what_a_video_shows(clock, devices, film):
    from mediastreams.elements.canvas_element import CanvasElement

    with VideoElement(film, devices=devices) as video:
        canvas = CanvasElement(64, 48)
        canvas.get_context("2d").draw_image(video, 0, 0)  # nothing yet: nothing is drawn
        await video.wait_for("canplaythrough", timeout=10)
        video.current_time = 0.8
        await video.wait_for("seeked", timeout=10)
        canvas.get_context("2d").draw_image(video, 0, 0)
        drawn = canvas.get_context("2d").get_image_data(0, 0, 64, 48).data
        expected = video.current_frame().to_ndarray(format="rgba")
        assert abs(drawn.astype(int) - expected.astype(int).ravel()).max() <= 1


async def test_close_in_every_state_leaves_nothing(clock, devices, film):
    async def at(state):
        video = VideoElement(film, devices=devices)
        if state == "loading":
            return video
        await video.wait_for("canplaythrough", timeout=10)
        if state == "seeking":
            video.current_time = 0.5
        if state in ("playing", "paused", "ended"):
            await clock.until(video.play())
        if state == "paused":
            video.pause()
        if state == "ended":
            await clock.until(video.wait_for("ended"))
        return video

    for state in ("loading", "ready", "seeking", "playing", "paused", "ended"):
        video = await at(state)
        video.close()
        video.close()
        await settle()
        assert video.paused
        assert video.ready_state == video.HAVE_NOTHING


async def test_a_listener_that_raises_disturbs_nothing(clock, devices, film):
    errors = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["exception"]))
    with VideoElement(film, devices=devices) as video:
        for name in ("loadstart", "loadedmetadata", "playing", "timeupdate", "ended"):
            video.add_event_listener(name, lambda _: 1 / 0)
        await video.wait_for("canplaythrough", timeout=20)  # the file is opened in real time
        await video.play()
        await clock.until(video.wait_for("ended"))
        assert video.ended
    assert {type(error) for error in errors} == {ZeroDivisionError}


def test_a_loop_that_is_closed_under_a_playing_element_leaves_nothing(film):
    elements = []

    async def begin():
        element = VideoElement(film)
        elements.append(element)
        await element.wait_for("canplaythrough", timeout=10)
        element._output.wanted = False  # whatever this machine has
        await element.play()

    asyncio.run(begin())
    elements[0].close()
    assert elements[0].paused


@pytest.mark.parametrize(
    "content", [b"x" * 100_000, b"\x1aE\xdf\xa3" + b"\xff" * 5000, b"RIFF\xff\xff\xff\xffWAVEfmt "]
)
async def test_rubbish_is_a_named_error(devices, content):
    with VideoElement(content, devices=devices) as video:
        await video.wait_for("error", timeout=10)
        assert video.error.code == video.error.MEDIA_ERR_SRC_NOT_SUPPORTED
        assert video.error.message
        with pytest.raises(DOMException):
            await video.play()


async def test_a_cut_file_plays_what_there_is_and_ends(clock, devices, film, tmp_path):
    data = film.read_bytes()
    with VideoElement(data[: len(data) * 2 // 3], devices=devices) as video:
        await video.wait_for("canplaythrough", timeout=20)
        await video.play()
        await clock.until(video.wait_for("ended"))
        assert video.error is None


async def test_a_server_that_falls_silent_is_told_as_waiting_and_three_seconds_later_as_stalled(
    clock, devices, tmp_path, log_of
):
    film = make_movie(tmp_path / "b.mkv", frames=250, audio_codec="pcm_s16le").read_bytes()
    with silent_server(film[: len(film) // 2], len(film)) as (address, _), VideoElement(devices=devices) as video:
        log = log_of(video)
        video.src = address
        await video.wait_for("canplaythrough", timeout=20)
        await video.play()
        await clock.advance(7)
        assert "waiting" in log
        assert "stalled" not in log
        await clock.advance(3)
        assert log.count("stalled") == 1
        await clock.advance(5)
        assert log.count("stalled") == 1
        assert not video.paused
