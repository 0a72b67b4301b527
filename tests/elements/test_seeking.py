"""Seeking, speed and repetition: the right picture and sound at the right time, in every state."""

import asyncio
import threading
from itertools import pairwise

import av
import numpy as np
import pytest
from tests.media import make_movie, make_wav, serve, tone

from mediastreams._webidl.tasks import settle
from mediastreams.elements.audio_element import AudioElement
from mediastreams.elements.media_element import MediaElement
from mediastreams.elements.video_element import VideoElement
from mediastreams.errors import NotSupportedError

RATE = 25


@pytest.fixture
def film(tmp_path):
    """Ten seconds, a key frame every two; its sound counts samples."""
    return make_movie(tmp_path / "a.mkv", frames=250, audio_codec="pcm_s16le")


async def loaded(element):
    await element.wait_for("canplaythrough", timeout=20)


class Collected:
    """Everything of a track from now on."""

    def __init__(self, track):
        self.frames = []
        self.iterator = track.frames(policy="drop-oldest")
        self.task = asyncio.ensure_future(self.run())

    async def run(self):
        async for frame in self.iterator:
            self.frames.append(frame)

    async def end(self):
        self.iterator.close()
        await asyncio.wait([self.task])
        return self.frames

    async def samples(self):
        await self.end()
        return np.concatenate([part.to_ndarray() for part in self.frames], axis=1)[0]


def place(element):
    """The file's own time of the picture that is shown."""
    return element.current_frame().metadata()["media_time"]


async def test_a_seek_at_rest_shows_the_picture_of_that_place(clock, devices, film, log_of):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        assert place(video) == 0
        log = log_of(video)
        video.current_time = 3.5
        assert video.seeking
        assert video.current_time == 3.5
        assert video.ready_state == video.HAVE_METADATA
        await video.wait_for("seeked", timeout=20)
        await settle()
        assert not video.seeking
        assert video.paused
        assert log == ["seeking", "timeupdate", "seeked", "canplay", "canplaythrough"]
        assert place(video) == pytest.approx(3.48, abs=0.021)
        assert place(video) <= 3.5 < place(video) + 1 / RATE + 0.001
        await clock.advance(1)
        assert video.current_time == 3.5


@pytest.mark.parametrize("target", [0, 0.02, 1.999, 2.0, 2.04, 5.5, 9.99, 4.0, 0.5])
async def test_every_seek_is_exact_to_the_picture(clock, devices, movie, target):
    with VideoElement(movie, devices=devices) as video:
        await loaded(video)
        target = min(target, video.duration - 0.02)
        video.current_time = target
        await video.wait_for("seeked", timeout=30)
        with av.open(str(movie)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
            times = [float(packet.pts * packet.time_base) for packet in packets]
        expected = max(time for time in times if time <= target + 1e-6)
        assert place(video) == pytest.approx(expected, abs=0.001)


async def test_many_seeks_at_once_reach_the_last_place_only(clock, devices, film, log_of):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        log = log_of(video)
        for number in range(20):
            video.current_time = 9 - number / 4
        assert video.current_time == 4.25
        await video.wait_for("seeked", timeout=20)
        assert place(video) == pytest.approx(4.24, abs=0.021)
        await settle()
        assert log.count("seeked") == 1


async def test_a_seek_while_it_plays_goes_on_from_there_and_ends_no_track(clock, devices, film):
    with MediaElement(film, devices=devices) as element:
        await loaded(element)
        stream = element.capture_stream()
        events = []
        for track in stream.get_tracks():
            for name in ("ended", "mute"):
                track.add_event_listener(name, lambda event: events.append(event.type))
        stream.onaddtrack = stream.onremovetrack = lambda event: events.append(event.type)
        pictures, sounds = Collected(stream.video), Collected(stream.audio)
        await clock.until(element.play())
        await clock.advance(0.5)
        element.current_time = 6
        await element.wait_for("seeked", timeout=20)
        await clock.advance(0.4)
        assert element.current_time == pytest.approx(6.4, abs=0.1)
        assert events == []
        shown = [(f.timestamp, f.metadata()["media_time"]) for f in await pictures.end()]
        heard = [(f.timestamp, f.timestamp + f.duration) for f in await sounds.end()]
    times = [time for time, _ in shown]
    assert times == sorted(set(times))
    assert not [1 for (_, end), (start, _) in pairwise(heard) if start < end - 1000]
    jumps = [b - a for (_, a), (_, b) in pairwise(shown) if b - a > 0.05]
    assert len(jumps) == 1
    assert jumps[0] == pytest.approx(5.5, abs=0.2)


async def test_sound_after_a_seek_is_that_of_the_place(clock, devices, tmp_path):
    samples = np.linspace(0, 0.9, 80_000, dtype=np.float32)[None]  # tells the place: 10 s at 8 kHz
    path = make_wav(tmp_path / "a.wav", samples, 8000)
    with AudioElement(path, devices=devices) as audio:
        await loaded(audio)
        sounds = audio.capture_stream().audio.frames()
        audio.current_time = 7.25
        await clock.until(audio.play())
        first = await clock.until(anext(sounds))
        assert first.to_ndarray()[0][0] == pytest.approx(0.9 * 0.725, abs=0.0005)
        sounds.close()


async def test_a_place_beyond_the_end_is_the_end_and_playing_there_begins_anew(clock, devices, film, log_of):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        captured = video.capture_stream().get_tracks()
        video.current_time = 1000
        await video.wait_for("seeked", timeout=20)
        assert video.current_time == video.duration
        assert place(video) == pytest.approx(9.96, abs=0.03)
        log = log_of(video)
        await settle()
        assert log == ["canplay", "canplaythrough", "timeupdate", "ended"]
        assert video.ended
        assert video.paused
        assert {track.ready_state for track in captured} == {"ended"}
        await clock.until(video.play())
        assert not video.ended
        await clock.advance(0.5)
        assert place(video) == pytest.approx(0.5, abs=0.2)
        video.current_time = -5
        await video.wait_for("seeked", timeout=20)
        assert video.current_time == 0
        assert not video.ended


async def test_what_plays_and_is_sent_to_the_end_shows_the_last_picture_and_ends_once(clock, devices, film, log_of):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        await clock.until(video.play())
        await clock.advance(0.5)
        log = log_of(video, without=("timeupdate",))
        video.current_time = 1000
        await clock.until(video.wait_for("ended"))
        await clock.advance(0.5)
        assert log.count("ended") == 1
        assert place(video) == pytest.approx(9.96, abs=0.03)


async def test_playing_while_it_is_on_its_way_to_the_end_begins_anew(clock, devices, film):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        video.current_time = 1000
        await clock.until(video.play())
        await clock.advance(0.5)
        assert place(video) == pytest.approx(0.5, abs=0.2)
        assert not video.ended


async def test_a_film_that_repeats_itself_goes_on_from_its_end(clock, devices, film):
    with VideoElement(film, loop=True, devices=devices) as video:
        await loaded(video)
        video.current_time = 1000
        await video.wait_for("seeked", timeout=20)
        await settle()
        assert not video.ended
        await clock.until(video.play())
        await clock.advance(0.5)
        assert place(video) == pytest.approx(0.5, abs=0.2)


async def test_who_sends_it_elsewhere_just_as_it_ends_has_it_play_there(clock, devices, film, log_of):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        stream = video.capture_stream()
        video.current_time = 9.5
        await clock.until(video.play())
        log = log_of(video)
        rest = video._playback.movie_at_end

        def at_end():  # the film's thread: the program's wish comes before the word of the end
            video._owner.loop.call_soon_threadsafe(sent.set)
            assert told.wait(10)
            rest()

        sent, told = asyncio.Event(), threading.Event()
        video._playback.movie_at_end = at_end
        await clock.advance(0.6)
        await asyncio.wait_for(sent.wait(), 10)
        video.current_time = 2
        told.set()
        await video.wait_for("seeked", timeout=20)
        await settle()
        assert not video.paused
        assert "ended" not in log
        await clock.advance(0.5)
        assert place(video) == pytest.approx(2.5, abs=0.2)
        assert [track.ready_state for track in stream.get_tracks()] == ["live", "live"]


async def test_a_place_set_before_loading_is_where_it_begins(clock, devices, film):
    with VideoElement(devices=devices) as video:
        video.src = film
        video.current_time = 4
        assert video.current_time == 4
        await video.wait_for("seeked", timeout=20)
        assert place(video) == pytest.approx(4, abs=0.041)


async def test_a_fast_seek_lands_on_a_key_frame(clock, devices, movie):
    with VideoElement(movie, devices=devices) as video:
        await loaded(video)
        video.fast_seek(3.3)
        await video.wait_for("seeked", timeout=30)
        with av.open(str(movie)) as container:
            keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe and p.pts is not None]
        assert min(abs(place(video) - key) for key in keys) < 0.002
        assert video.current_time == pytest.approx(place(video), abs=0.05)


async def test_what_was_played_is_told_in_ranges(clock, devices, film):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        assert [len(video.played), list(video.seekable), list(video.buffered)] == [
            0,
            [(0, video.duration)],
            [(0, video.duration)],
        ]
        await clock.until(video.play())
        await clock.advance(1)
        video.current_time = 5
        await video.wait_for("seeked", timeout=20)
        await clock.advance(1)
        video.pause()
        (a, b), (c, d) = video.played
        assert (a, b, c, d) == pytest.approx((0, 1, 5, 6), abs=0.15)


async def test_after_the_end_captured_tracks_are_new_and_it_plays_from_the_beginning(clock, devices, film):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        stream = video.capture_stream()
        before = stream.get_tracks()
        video.current_time = 9.5
        await clock.until(video.play())
        await clock.until(video.wait_for("ended"))
        await settle()
        assert {track.ready_state for track in before} == {"ended"}
        await clock.until(video.play())
        assert not set(stream.get_tracks()) & set(before)
        frames = stream.video.frames()
        frame = await clock.until(anext(frames))
        assert frame.metadata()["media_time"] < 0.5
        frames.close()


@pytest.mark.parametrize("rate", [0.25, 0.5, 1.5, 2, 4])
async def test_at_another_speed_time_passes_at_it_and_sound_keeps_its_pitch(clock, devices, tmp_path, rate):
    path = make_wav(tmp_path / "a.wav", tone(48_000, 8), 48_000)
    with AudioElement(path, devices=devices) as audio:
        await loaded(audio)
        sounds = Collected(audio.capture_stream().audio)
        audio.playback_rate = rate
        await clock.until(audio.play())
        start = audio.current_time
        await clock.advance(1.5)
        assert audio.current_time - start == pytest.approx(1.5 * rate, abs=0.02)
        joined, parts = await sounds.samples(), sounds.frames
    spectrum = np.abs(np.fft.rfft(joined * np.hanning(joined.size)))
    assert np.argmax(spectrum) * 48_000 / joined.size == pytest.approx(hertz(path), abs=5)
    assert joined.size / 48_000 > 0.9  # a filter holds some back
    for one, other in pairwise(parts):
        assert other.timestamp - one.timestamp == pytest.approx(one.duration, abs=2)


def hertz(path):
    with av.open(str(path)) as container:
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return np.argmax(spectrum) * 48_000 / samples.size


async def test_without_its_pitch_sound_is_that_of_a_tape(clock, devices, tmp_path):
    path = make_wav(tmp_path / "a.wav", tone(48_000, 8), 48_000)
    with AudioElement(path, devices=devices) as audio:
        await loaded(audio)
        sounds = Collected(audio.capture_stream().audio)
        audio.preserves_pitch = False
        audio.playback_rate = 2
        await clock.until(audio.play())
        await clock.advance(1.5)
        joined = await sounds.samples()
    spectrum = np.abs(np.fft.rfft(joined * np.hanning(joined.size)))
    assert np.argmax(spectrum) * 48_000 / joined.size == pytest.approx(2 * hertz(path), abs=10)


async def test_speed_is_told_once_and_impossible_speeds_raise(clock, devices, film, log_of):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        log = log_of(video)
        video.playback_rate = 2
        video.playback_rate = 2
        video.default_playback_rate = 3
        await settle()
        assert log == ["ratechange", "ratechange"]
        for wrong in (-1, 0.01, 17):
            with pytest.raises(NotSupportedError):
                video.playback_rate = wrong
        for wrong in (None, "fast", float("nan"), float("inf")):
            with pytest.raises(TypeError):
                video.playback_rate = wrong
        video.load()
        assert video.playback_rate == 3


async def test_at_speed_nought_it_plays_and_stands(clock, devices, film):
    with VideoElement(film, devices=devices) as video:
        await loaded(video)
        await clock.until(video.play())
        await clock.advance(0.5)
        video.playback_rate = 0
        time = video.current_time
        await clock.advance(1)
        assert (video.current_time, video.paused) == (time, False)
        video.playback_rate = 1
        await clock.advance(0.5)
        assert video.current_time == pytest.approx(time + 0.5, abs=0.05)


async def test_a_loop_tells_of_each_beginning(clock, devices, tmp_path, log_of):
    path = make_movie(tmp_path / "short.mkv", frames=10, audio_codec="pcm_s16le")
    with VideoElement(path, loop=True, devices=devices) as video:
        await loaded(video)
        log = log_of(video, without=("timeupdate",))
        await clock.until(video.play())
        await clock.advance(1.3)
        assert log[2:] == ["seeking", "seeked"] * 3
        assert video.current_time == pytest.approx(0.1, abs=0.05)
        assert place(video) < 0.41
        video.loop = False
        await clock.until(video.wait_for("ended"))


async def test_a_file_on_a_server_is_sought(devices, film):
    files = {"/a.mkv": film.read_bytes()}
    with serve(files) as (base, _), VideoElement(f"{base}/a.mkv", devices=devices) as video:
        await video.wait_for("canplaythrough", timeout=20)
        video.current_time = 6.5
        await video.wait_for("seeked", timeout=20)
        assert place(video) == pytest.approx(6.48, abs=0.021)


async def test_what_cannot_be_read_again_cannot_be_sought(clock, devices, film):
    class Pipe:
        def __init__(self, path):
            self.file = path.open("rb")

        def read(self, size):
            return self.file.read(size)

    pipe = Pipe(film)
    with VideoElement(pipe, devices=devices) as video:
        await loaded(video)
        assert len(video.seekable) == 0
        video.current_time = 5
        assert not video.seeking
        assert video.current_time == 0
    await asyncio.sleep(0.1)
    pipe.file.close()
