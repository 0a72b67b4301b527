"""What comes at the wrong moment: closing from threads, giving up waiting, listeners that change everything, errors."""

import asyncio
import io
import threading
import time

import numpy as np
import pytest
from tests.media import make_movie

import mediastreams as ms
from mediastreams._backends.ffmpeg.interrupts import Interrupt
from mediastreams._backends.ffmpeg.passes import _Guard
from mediastreams._webidl.tasks import settle
from mediastreams.capture.media_stream import MediaStream
from mediastreams.elements.audio_element import AudioElement
from mediastreams.elements.media_element import MediaElement
from mediastreams.elements.video_element import VideoElement
from mediastreams.errors import AbortError


@pytest.fixture
def film(tmp_path):
    return make_movie(tmp_path / "a.mkv", frames=25, audio_codec="pcm_s16le")


@pytest.fixture
async def stream(clock, devices):
    with await clock.until(devices.get_user_media(video=True, audio=True)) as stream:
        yield stream


def loudest(backend, name):
    return np.abs(backend.device(name).heard(seconds=1.0).to_ndarray()).max()


async def test_a_sound_that_is_taken_out_of_its_stream_is_not_heard_after_the_end(clock, devices, backend, stream):
    with AudioElement(devices=devices) as audio:
        sound = stream.audio
        audio.src_object = stream
        await clock.until(audio.play())
        await clock.advance(2.5)
        assert loudest(backend, "Fake speaker 1") > 0.1
        stream.remove_track(sound)
        await settle()
        assert audio.ended
        await clock.advance(2)
        assert loudest(backend, "Fake speaker 1") == 0
        sound.stop()


async def test_an_output_that_is_needed_again_just_when_it_is_let_go_of_stays(clock, devices, backend, stream):
    with AudioElement(devices=devices) as audio:
        audio.src_object = stream
        await clock.until(audio.play())
        await clock.advance(1)
        playout = audio._output._playout
        audio._output._let_go()  # its timer was due at the moment at which play() came
        assert audio._output._playout is playout
        await clock.advance(2)
        assert loudest(backend, "Fake speaker 1") > 0.1


async def test_an_output_that_is_closed_while_something_begins_to_sound_is_closed(clock, devices, stream):
    audio = AudioElement(devices=devices)
    output, make, closing = audio._output, audio._output._playout_here, []

    def late():
        closing.append(threading.Thread(target=audio.close))
        closing[0].start()
        closing[0].join(0.2)
        return make()

    output._playout_here = late
    audio.src_object = stream
    await clock.until(audio.play())
    await asyncio.to_thread(closing[0].join)
    await clock.advance(1)
    assert output._playout is None
    assert not output._voices
    assert audio.ready_state == audio.HAVE_NOTHING


async def test_who_gives_up_waiting_for_another_output_gets_it_all_the_same(clock, devices, backend, stream):
    with AudioElement(devices=devices) as audio:
        audio.src_object = stream
        await clock.until(audio.play())
        await clock.advance(1)
        await clock.until(devices.enumerate_devices())
        outputs = [one for one in await clock.until(devices.enumerate_devices()) if one.kind == "audiooutput"]
        second = next(one for one in outputs if one.label == "Fake speaker 2")
        choice = asyncio.ensure_future(audio.set_sink_id(second.device_id))
        await asyncio.sleep(0)
        choice.cancel()
        with pytest.raises(asyncio.CancelledError):
            await choice
        await clock.advance(2.5)
        assert audio.sink_id == second.device_id
        assert loudest(backend, "Fake speaker 2") > 0.1
        refused = asyncio.ensure_future(audio.set_sink_id("nowhere"))
        await asyncio.sleep(0)
        refused.cancel()
        await clock.advance(0.5)
        assert audio.sink_id == second.device_id


async def test_a_stream_that_changes_while_its_player_is_closed_is_not_taken_up_again(clock, devices, stream):
    video = VideoElement(devices=devices)
    own = MediaStream([stream.video])
    video.src_object = own
    await clock.until(video.play())
    playback = video._playback
    await asyncio.to_thread(video.close)
    own.add_track(stream.audio)
    playback._changed()  # as a change that was under way
    assert not playback._watches
    await settle()


async def test_after_an_error_nothing_is_sought(clock, devices, tmp_path):
    path = make_movie(tmp_path / "a.mp4", frames=50, codec="libx264", container_options={"movflags": "faststart"})
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = b"\xff" * (len(data) - start)
    with VideoElement(bytes(data), devices=devices) as video:
        await video.wait_for("error", timeout=20)
        video.current_time = 1
        assert not video.seeking
        video.fast_seek(1)
        assert not video.seeking


async def test_autoplay_that_is_set_after_the_end_begins_nothing(clock, devices, film):
    with VideoElement(devices=devices) as video:
        video.autoplay = True
        video.src = film
        await video.wait_for("canplaythrough", timeout=20)
        await clock.until(video.wait_for("ended"))
        video.autoplay = True
        assert video.paused
        await clock.advance(0.5)
        assert video.ended


@pytest.mark.parametrize("event", ["seeking", "timeupdate", "seeked"])
async def test_a_listener_that_loads_something_else_hears_no_more_of_the_former_film(
    clock, devices, film, tmp_path, log_of, event
):
    short = make_movie(tmp_path / "short.mkv", frames=10, audio_codec="pcm_s16le")
    with VideoElement(short, loop=True, devices=devices) as video:
        await video.wait_for("canplaythrough", timeout=20)
        video._output.wanted = False
        await clock.until(video.play())
        turned = []

        def turn(_):
            if not turned:
                turned.append(log_of(video))
                video.src = film

        await clock.until(video.wait_for("seeking"))
        await settle()
        video.add_event_listener(event, turn)
        await clock.advance(0.5)
        await settle()
        assert turned[0][:2] == ["abort", "emptied"]
        assert "seeked" not in turned[0]
        assert video.paused


async def test_a_stream_that_comes_to_life_again_has_no_end_again_and_that_is_told(clock, devices, stream, log_of):
    own = MediaStream([stream.video])
    with VideoElement(devices=devices) as video:
        video.src_object = own
        await clock.until(video.play())
        await clock.advance(0.5)
        own.remove_track(stream.video)
        await settle()
        assert video.ended
        log = log_of(video)
        own.add_track(stream.audio)
        await settle()
        assert log == ["durationchange"]
        assert video.duration == float("inf")


async def test_pictures_without_a_clock_that_come_later_are_shown_one_after_the_other(clock, devices, film, stream):
    own = MediaStream([stream.audio])
    with VideoElement(devices=devices) as video:
        video._output.wanted = False
        video.src_object = own
        await clock.until(video.play())
        await clock.advance(3)
        async with ms.open(film, clock="free") as free:
            own.add_track(free.video)
            for _ in range(200):
                await clock.advance(0.02)
                if video.current_frame() is not None:
                    break
                await asyncio.sleep(0.01)  # the film is decoded in real time
            first = video.get_video_playback_quality().total_video_frames
            await clock.advance(0.2)
            assert first <= 2
            assert video.get_video_playback_quality().total_video_frames - first <= 6


async def test_a_file_object_that_is_read_while_its_player_is_closed_leaves_no_word_on_the_screen(tmp_path, capfd):
    path = make_movie(tmp_path / "a.mp4", frames=50, codec="libx264")

    class Slow(io.BytesIO):
        def read(self, size=-1):
            time.sleep(0.003)
            return super().read(min(size, 512))

    for number in range(12):
        element = MediaElement(Slow(path.read_bytes()))
        playback = element._playback
        await asyncio.sleep(0.004 * number)
        element.close()
        for _ in range(2000):
            if playback.over:
                break
            await asyncio.sleep(0.005)
        assert playback.over
    assert "dropped" not in capfd.readouterr().err


def test_a_file_object_is_told_of_the_stop_once_and_gives_nothing_after_that():
    interrupt = Interrupt()
    guard = _Guard(io.BytesIO(b"abc"), interrupt)
    assert guard.read(1) == b"a"
    interrupt.set()
    with pytest.raises(AbortError):
        guard.read(1)
    assert guard.read(1) == b""


async def test_what_is_heard_or_captured_of_a_film_at_its_very_end_is_closed_with_it(clock, devices, film):
    with VideoElement(film, devices=devices) as video:
        await video.wait_for("canplaythrough", timeout=20)
        await clock.until(video.play())
        await clock.until(video.wait_for("ended"))
        tracks = video._playback.tracks
        heard = tracks.sounds()  # as what comes between the end of the film and the task that tells of it
        captured = tracks.create()
        playback, hubs = video._playback, [one.hub for one in tracks._sources]
        assert not heard[0].ended
        assert any(hub.running for hub in hubs)
    for _ in range(2000):
        if playback.over and not any(hub.running for hub in hubs):
            break
        await asyncio.sleep(0.005)
    assert not any(hub.running for hub in hubs)
    assert heard[0].ended
    await settle()
    assert {track.ready_state for track in captured} == {"ended"}


async def test_what_is_captured_of_a_track_that_has_just_ended_ends(clock, devices, stream):
    with VideoElement(devices=devices) as video:
        video.src_object = stream
        await clock.until(video.play())
        track = stream.video
        track._feed.source_ended(None)  # its task has not run yet
        captured = video.capture_stream().video
        await settle()
        assert captured.ready_state == "ended"
        assert not captured._source.hub.feeds
