"""What an element shows goes with what it lets be heard: later by the output's latency, whatever its crystal."""

import numpy as np
import pytest
from tests.media import make_movie

from mediastreams.elements.audio_element import AudioElement
from mediastreams.elements.video_element import VideoElement
from mediastreams.testing import FakeSpeaker

SLOW = 0.3  # seconds that the speaker holds back


@pytest.fixture
async def play_on(clock, backend, devices):
    """Let an element with a stream play on a speaker of one's own, for two seconds."""
    opened = []

    async def play(cls, speaker, **wanted):
        for number in (1, 2):
            backend.device(f"Fake speaker {number}").unplug()
        backend.plug(speaker)
        stream = await clock.until(devices.get_user_media(**wanted))
        element = cls(devices=devices)
        opened.append((element, stream))
        element.src_object = stream
        await clock.until(element.play())
        await clock.advance(2)
        return element

    yield play
    for element, stream in opened:
        element.close()
        for track in stream.get_tracks():
            track.stop()


def beep_lag(backend, label):
    """µs between the whole second at which the fake microphone beeps and the instant at which that is heard."""
    heard = backend.device(label).heard(0.99)
    first = int(np.argmax(np.abs(heard.to_ndarray()[0]) > 1e-3))
    return (heard.timestamp + first * 1_000_000 / heard.sample_rate) % 1_000_000


async def test_pictures_of_a_stream_wait_for_the_sound_of_their_time(clock, backend, play_on):
    video = await play_on(VideoElement, FakeSpeaker(label="Slow", latency=SLOW), video=True, audio=True)
    shown = []

    def note(_now, metadata):
        shown.append(metadata.presentation_time * 1000 - video._current_picture().timestamp)
        video.request_video_frame_callback(note)

    video.request_video_frame_callback(note)
    await clock.advance(2)
    lag = beep_lag(backend, "Slow")
    assert lag > SLOW * 1_000_000
    assert len(shown) > 40
    assert max(abs(one - lag) for one in shown) < 20_000


async def test_pictures_without_sound_wait_for_nothing(clock, play_on):
    video = await play_on(VideoElement, FakeSpeaker(label="Slow", latency=SLOW), video=True)
    assert clock.now_us() - video._current_picture().timestamp < 50_000


async def test_a_pause_shows_the_picture_of_its_place_and_a_seek_that_of_the_new_one(clock, backend, devices, tmp_path):
    film = make_movie(tmp_path / "film.mkv", frames=100, audio_codec="pcm_s16le")
    for number in (1, 2):
        backend.device(f"Fake speaker {number}").unplug()
    backend.plug(FakeSpeaker(label="Slow", latency=SLOW))
    with VideoElement(film, devices=devices) as video:
        await video.wait_for("canplaythrough", timeout=20)
        await video.play()
        await clock.advance(1.5)
        assert video.current_time - video._current_picture().metadata["media_time"] > SLOW
        video.pause()
        assert video.current_time - video._current_picture().metadata["media_time"] < 0.1
        await video.play()
        await clock.advance(0.5)
        video.current_time = 0.2
        await video.wait_for("seeked", timeout=20)
        await clock.advance(0.1)
        assert video._current_picture().metadata["media_time"] == pytest.approx(0.2, abs=0.1)


async def test_a_speaker_of_another_crystal_stays_with_the_stream(clock, backend, play_on):
    await play_on(AudioElement, FakeSpeaker(label="Fast", speed=1.003), audio=True)
    lags = []
    for _ in range(5):  # uncorrected, it would be ahead by 60 ms in the end
        await clock.advance(4)
        lags.append(beep_lag(backend, "Fast"))
    assert max(lags) - min(lags) < 40_000
