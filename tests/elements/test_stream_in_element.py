"""A MediaStream in an element: what is shown, heard, told and captured while it plays, and when it ends."""

import asyncio
import gc
import math
import weakref

import numpy as np
import pytest

from mediastreams._engine.video_frame import VideoFrame
from mediastreams._webidl.tasks import settle
from mediastreams.capture.media_stream import MediaStream
from mediastreams.elements.audio_element import AudioElement
from mediastreams.elements.media_element import MediaElement
from mediastreams.elements.video_element import VideoElement


@pytest.fixture
def make(devices):
    """Elements on the fake devices, closed in the end."""
    made = []

    def make(cls, *args, **options):
        element = cls(*args, devices=devices, **options)
        made.append(element)
        return element

    yield make
    for element in made:
        element.close()


@pytest.fixture
async def stream(clock, devices):
    stream = await clock.until(devices.get_user_media(video=True, audio=True))
    with stream:
        yield stream


async def test_an_element_that_does_not_play_gets_its_first_picture_and_its_events_in_order(
    make, clock, stream, log_of
):
    video = make(VideoElement)
    log = log_of(video)
    video.src_object = stream
    assert video.ready_state == video.HAVE_NOTHING
    assert math.isnan(video.duration)
    assert (video.seeking, len(video.seekable), len(video.buffered), video.current_time) == (False, 0, 0, 0)
    await clock.advance(0.2)
    assert log == [
        "loadstart",
        "progress",
        "durationchange",
        "resize",
        "loadedmetadata",
        "loadeddata",
        "canplay",
        "canplaythrough",
    ]
    assert video.ready_state == video.HAVE_ENOUGH_DATA
    assert video.duration == math.inf
    settings = stream.video.get_settings()
    assert (video.video_width, video.video_height) == (settings.width, settings.height)
    shown = video.current_frame()
    await clock.advance(0.5)
    assert video.current_frame().timestamp == shown.timestamp  # at rest the picture stands
    assert video.current_time == 0


async def test_while_it_plays_the_newest_picture_is_shown_and_time_passes_from_zero(make, clock, stream, log_of):
    await clock.advance(3)  # the stream is older than the element
    video = make(VideoElement)
    video.src_object = stream
    log = log_of(video)
    await clock.until(video.play())
    await clock.advance(1)
    assert log.count("timeupdate") == 4
    assert video.current_time == pytest.approx(1, abs=0.05)
    assert list(video.played) == [(0, video.current_time)]
    assert clock.now_us() - video.current_frame().timestamp < video._output.lag() + 50_000  # it goes with the sound
    video.pause()
    time = video.current_time
    await clock.advance(1)
    assert video.current_time == time
    await clock.until(video.play())
    await clock.advance(0.5)
    assert 0.4 < video.current_time - time < 0.6


async def test_a_stream_can_be_neither_sought_nor_hurried_and_what_was_set_before_comes_back(
    make, clock, stream, log_of
):
    video = make(VideoElement)
    video.default_playback_rate = 0.3
    video.playback_rate = 0.4
    await settle()
    log = log_of(video)
    video.src_object = stream
    video.current_time = 42
    video.fast_seek(3)
    video.default_playback_rate = video.playback_rate = 0.5
    await clock.advance(0.3)
    assert (video.current_time, video.default_playback_rate, video.playback_rate) == (0, 1, 1)
    assert "ratechange" not in log
    assert "seeking" not in log
    video.src_object = None
    assert (video.default_playback_rate, video.playback_rate) == (0.3, 0.3)
    await settle()
    assert log.count("ratechange") == 1


async def test_an_element_ends_one_task_after_its_stream_becomes_inactive(make, clock, stream, log_of):
    video = make(VideoElement, loop=True)  # which a stream does not heed
    video.src_object = stream
    await clock.until(video.play())
    await clock.advance(0.5)
    log = log_of(video)
    for track in stream.get_tracks():
        track.stop()
    assert not stream.active
    assert not video.ended
    await settle()
    assert video.ended
    assert video.paused
    assert video.duration == video.current_time
    assert log == ["durationchange", "timeupdate", "pause", "ended"]


async def test_an_audio_element_ends_with_the_sounds_though_the_stream_has_a_picture(make, clock, stream):
    audio = make(AudioElement)
    audio.src_object = stream
    await clock.until(audio.play())
    sound = stream.audio
    stream.remove_track(sound)
    assert stream.active
    assert not audio.ended
    await settle()
    assert audio.ended
    sound.stop()


async def test_an_audio_element_does_not_begin_with_a_picture_alone(make, clock, devices):
    with await clock.until(devices.get_user_media(video=True)) as stream:
        audio = make(AudioElement)
        audio.src_object = stream
        await clock.advance(1)
        assert audio.ready_state == audio.HAVE_NOTHING


async def test_an_ended_element_begins_again_by_play_or_by_itself_when_there_are_tracks_again(
    make, clock, devices, stream
):
    plain, eager = make(VideoElement), make(VideoElement)
    eager.autoplay = True
    own = MediaStream(stream)
    plain.src_object = eager.src_object = own
    await clock.until(plain.play())
    await clock.advance(0.3)
    assert not eager.paused
    for track in stream.get_tracks():
        own.remove_track(track)
    await settle()
    assert plain.ended
    assert eager.ended
    own.add_track(stream.video)
    await clock.advance(0.1)
    assert plain.ended
    assert not eager.ended
    await clock.until(plain.play())
    assert not plain.ended


async def test_a_microphone_in_an_audio_element_is_heard_on_the_default_speaker(make, clock, backend, stream):
    audio = make(AudioElement)
    audio.src_object = stream
    await clock.until(audio.play())
    await clock.advance(2.5)
    heard = backend.device("Fake speaker 1").heard(seconds=1.0).to_ndarray()
    assert np.abs(heard).max() > 0.1
    audio.muted = True
    await clock.advance(1.5)
    assert np.abs(backend.device("Fake speaker 1").heard(seconds=1.0).to_ndarray()).max() == 0


async def test_volume_is_heard_and_not_captured(make, clock, backend, stream):
    audio = make(AudioElement)
    audio.src_object = stream
    captured = audio.capture_stream()
    await clock.until(audio.play())
    await clock.advance(2.5)
    sounds = captured.audio.frames(policy="drop-oldest")

    def loudest():
        return np.abs(backend.device("Fake speaker 1").heard(seconds=1.0).to_ndarray()).max()

    full = loudest()
    audio.volume = 0.25
    await clock.advance(2)
    assert loudest() == pytest.approx(full / 4, rel=0.1)
    peak = 0
    async for sound in sounds:
        peak = max(peak, np.abs(sound.to_ndarray()).max())
        if sound.timestamp > clock.now_us() - 100_000:
            break
    assert peak > 0.9 * full


async def test_another_output_is_chosen_by_its_id_and_an_unknown_one_changes_nothing(
    make, clock, backend, devices, stream
):
    from mediastreams.errors import NotFoundError

    audio = make(AudioElement)
    audio.src_object = stream
    await clock.until(audio.play())
    await clock.advance(1)
    outputs = [one for one in await clock.until(devices.enumerate_devices()) if one.kind == "audiooutput"]
    with pytest.raises(NotFoundError):
        await clock.until(audio.set_sink_id("nowhere"))
    assert audio.sink_id == ""
    second = next(one for one in outputs if one.label == "Fake speaker 2")
    await clock.until(audio.set_sink_id(second.device_id))
    assert audio.sink_id == second.device_id
    await clock.advance(2.5)
    assert np.abs(backend.device("Fake speaker 2").heard(seconds=1.0).to_ndarray()).max() > 0.1


async def test_a_plain_element_is_silent_until_an_output_is_chosen(make, clock, backend, stream):
    element = make(MediaElement)
    element.src_object = stream
    await clock.until(element.play())
    await clock.advance(1)
    assert backend.device("Fake speaker 1").heard(seconds=1.0) is None
    await clock.until(element.set_sink_id(""))
    await clock.advance(2.5)
    assert np.abs(backend.device("Fake speaker 1").heard(seconds=1.0).to_ndarray()).max() > 0.1


async def test_an_output_that_goes_away_leaves_the_element_playing_on_the_next_one(make, clock, backend, stream):
    audio = make(AudioElement)
    audio.src_object = stream
    await clock.until(audio.play())
    await clock.advance(1)
    backend.device("Fake speaker 1").unplug()
    await clock.advance(2.5)
    assert not audio.paused
    assert audio.current_time > 3
    assert np.abs(backend.device("Fake speaker 2").heard(seconds=1.0).to_ndarray()).max() > 0.1


async def test_without_any_output_it_plays_on(make, clock, backend, stream):
    for number in (1, 2):
        backend.device(f"Fake speaker {number}").unplug()
    audio = make(AudioElement)
    audio.src_object = stream
    await clock.until(audio.play())
    await clock.advance(1)
    assert audio.current_time == pytest.approx(1, abs=0.1)


async def test_captured_tracks_follow_pause_and_the_tracks_of_the_stream(make, clock, stream):
    video = make(VideoElement)
    own = MediaStream([stream.video])
    video.src_object = own
    captured = video.capture_stream()
    await clock.until(video.play())
    await clock.advance(0.2)
    first = captured.video
    assert not first.muted
    frames = first.frames()
    await clock.until(anext(frames))
    video.pause()
    await clock.advance(0.2)
    assert first.muted
    await clock.until(video.play())
    await clock.advance(0.2)
    assert not first.muted
    log = []
    captured.onaddtrack = captured.onremovetrack = lambda event: log.append((event.type, event.track.kind))
    own.add_track(stream.audio)
    await clock.advance(0.1)
    assert log == [("addtrack", "audio")]
    own.remove_track(stream.video)
    await clock.advance(0.1)
    assert log == [("addtrack", "audio"), ("removetrack", "video")]
    assert first.ready_state == "ended"
    video.src_object = None
    assert captured.get_tracks() == []
    frames.close()


async def test_resize_is_told_once_for_a_stream_and_again_when_it_is_given_again(make, clock, stream, log_of):
    video = make(VideoElement)
    log = log_of(video)
    for _ in range(2):
        video.src_object = stream
        await clock.until(video.play())
        await clock.advance(0.5)
    assert log.count("resize") == 2


async def test_callbacks_for_the_next_picture_come_once_each_with_what_is_known_of_it(make, clock, stream):
    video = make(VideoElement)
    video.src_object = stream
    told = []

    def tell(now, metadata):
        told.append((now, metadata))
        video.request_video_frame_callback(tell)

    video.request_video_frame_callback(tell)
    taken_back = video.request_video_frame_callback(lambda *_: told.append("never"))
    video.cancel_video_frame_callback(taken_back)
    await clock.until(video.play())
    await clock.advance(1)
    rate = stream.video.get_settings().frame_rate
    assert len(told) == pytest.approx(rate, abs=2)
    numbers = [metadata.presented_frames for _, metadata in told]
    assert numbers == sorted(set(numbers))
    now, last = told[-1]
    assert (last.width, last.height) == (video.video_width, video.video_height)
    assert now >= last.presentation_time > now - 50
    with pytest.raises(TypeError):
        video.request_video_frame_callback(None)


async def test_a_callback_that_raises_does_not_keep_the_others_from_being_called(make, clock, stream):
    import asyncio

    errors, told = [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["exception"]))
    video = make(VideoElement)
    video.src_object = stream
    video.request_video_frame_callback(lambda *_: 1 / 0)
    video.request_video_frame_callback(lambda *_: told.append(1))
    await clock.advance(0.3)
    assert told == [1]
    assert isinstance(errors[0], ZeroDivisionError)


async def test_a_stream_without_live_tracks_waits_for_one(make, clock, stream):
    video = make(VideoElement)
    own = MediaStream()
    video.src_object = own
    await clock.advance(0.5)
    assert video.ready_state == video.HAVE_NOTHING
    own.add_track(stream.video)
    await clock.advance(0.3)
    assert video.ready_state == video.HAVE_ENOUGH_DATA


async def test_an_element_at_rest_is_dropped_and_leaves_its_stream(clock, devices, stream):
    video = VideoElement(devices=devices)
    video.src_object = stream
    await clock.advance(0.2)
    gone = weakref.ref(video)
    del video
    gc.collect()
    assert gone() is None
    await clock.advance(0.2)
    for _ in range(100):
        if not stream._watchers:
            break
        await settle()
    assert stream._watchers == ()


async def test_an_element_that_plays_a_stream_is_kept_until_that_ends(clock, devices, stream):
    video = VideoElement(devices=devices)
    video.src_object = stream
    await clock.until(video.play())
    gone = weakref.ref(video)
    ended = []
    video.onended = lambda _: ended.append(1)
    del video
    gc.collect()
    assert gone() is not None
    for track in stream.get_tracks():
        track.stop()
    await clock.advance(0.1)
    assert ended == [1]
    await clock.advance(6)
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("provider", [1, "film.mp4", [], object()])
async def test_what_is_no_provider_is_a_type_error(provider):
    element = MediaElement()
    with pytest.raises(TypeError, match="src_object"):
        element.src_object = provider


async def test_a_stream_as_src_is_told_where_it_belongs(stream):
    with pytest.raises(TypeError, match="src_object"):
        MediaElement(src=stream)


@pytest.mark.parametrize("cls", [AudioElement, VideoElement])
async def test_a_stream_loads_in_spite_of_preload_none(make, clock, stream, cls):
    element = make(cls)
    element.preload = "metadata"
    element.src_object = stream
    assert element.preload == "none"
    element.preload = "auto"
    assert element.preload == "none"
    await clock.advance(0.3)
    assert element.ready_state == element.HAVE_ENOUGH_DATA
    assert len(element.buffered) == 0
    element.src_object = None
    assert element.preload == "metadata"


async def test_an_audio_element_ends_when_the_sounds_have_ended(make, clock, stream):
    audio = make(AudioElement)
    audio.src_object = stream
    await clock.until(audio.play())
    stream.audio.stop()
    assert not audio.ended
    await settle()
    assert audio.ended


@pytest.mark.parametrize("order", [("video", "audio"), ("audio", "video")])
async def test_elements_end_as_their_stream_loses_its_tracks_in_any_order(make, clock, stream, order):
    own = MediaStream(stream)
    audio, video = make(AudioElement), make(VideoElement)
    audio.src_object = video.src_object = own
    await clock.until(audio.play())
    await clock.until(video.play())
    ended = []
    for kind in order:
        own.remove_track(getattr(stream, kind))
        await settle()
        ended.append((audio.ended, video.ended))
    assert ended == ([(False, False), (True, True)] if order[0] == "video" else [(True, False), (True, True)])


async def test_time_begins_with_the_first_picture_of_a_generator(make, clock, log_of):
    from mediastreams.transform.generators import VideoTrackGenerator

    generator = VideoTrackGenerator()
    video = make(VideoElement)
    log = log_of(video)
    video.src_object = MediaStream([generator.track])
    play = asyncio.ensure_future(video.play())
    await clock.advance(1)
    assert video.ready_state == video.HAVE_NOTHING
    assert "timeupdate" not in log
    picture = VideoFrame.from_ndarray(np.zeros((36, 64, 3), np.uint8), format="rgb24", timestamp=0)
    await generator.writable.write(picture)
    await clock.until(play)
    assert video.current_time < 0.1
    assert (video.video_width, video.video_height) == (64, 36)
    await clock.advance(0.5)
    assert video.current_time == pytest.approx(0.5, abs=0.1)
    generator.track.stop()
