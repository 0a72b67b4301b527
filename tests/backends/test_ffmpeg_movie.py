"""Files and URLs as sources: what comes out, when, with which times."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from itertools import accumulate, pairwise

import numpy as np
import pytest
from tests.media import Tape, brightness, make_movie, make_wav, tone

from mediastreams._backends.ffmpeg.movie import Movie
from mediastreams._engine.clock import SystemClock
from mediastreams._rules.values import AudioMode, VideoMode
from mediastreams.testing.manual_clock import ManualClock


@pytest.fixture
def opened():
    """Open a movie; closed at the end of the test."""
    movies = []

    def open_movie(src, **options):
        movie = Movie(src, **options)
        movies.append(movie)
        return movie.open()

    yield open_movie
    for movie in movies:
        movie.close()
        assert movie.join()


def test_a_real_movie_gives_every_frame_with_its_time(opened, movie):
    tape = Tape(opened(movie, free=True)).play_out()
    assert [source.kind for source in tape.movie.sources] == ["video", "audio"]
    assert tape.movie.duration == 5_312_000
    assert tape.video.times == [n * 40_000 for n in range(132)]
    assert {(p.width, p.height, p.av.format.name, p.duration) for p in tape.video.frames} == {
        (1280, 720, "yuv420p", 40_000)
    }
    assert all(p.av.pts == p.timestamp and p.av.duration == 40_000 for p in tape.video.frames)
    lengths = [
        sound.length for sound in tape.audio.frames
    ]  # frames of AAC, put together to a tenth of a second at most
    assert {length % 1024 for length in lengths} == {0}
    assert max(lengths) <= 4800
    assert sum(lengths) == 249 * 1024
    assert tape.audio.times == [n * 1_000_000 // 48_000 for n in accumulate([0, *lengths[:-1]])]
    assert {(sound.layout, sound.channels, sound.sample_rate) for sound in tape.audio.frames} == {("5.1", 6, 48_000)}
    assert not any(sound.samples.flags.writeable for sound in tape.audio.frames)
    assert tape.video.frames[0].timestamp == tape.audio.frames[0].timestamp
    assert tape.video.log == tape.audio.log == ["end"]
    assert tape.video.error is None


def test_the_pictures_are_the_decoders_own_and_tell_an_encoder_nothing(opened, movie):
    tape = Tape(opened(movie, free=True)).play_out()
    assert {int(frame.av.pict_type) for frame in tape.video.frames} == {0}
    brightness = np.frombuffer(tape.video.frames[100].av.planes[0], np.uint8)
    assert brightness.std() > 10


def test_in_real_time_frames_come_when_they_are_due(opened, tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=15, audio_codec="pcm_s16le")
    clock = SystemClock()
    before = clock.now_us()
    tape = Tape(opened(path, clock=clock), clock=clock).play_out()
    for collected in tape.tracks:
        late = [there - frame.timestamp for there, frame in zip(collected.arrivals, collected.frames, strict=True)]
        assert min(late) >= 0
        assert sorted(late)[len(late) // 2] < 20_000
    assert tape.video.times == [n * 40_000 for n in range(15)]
    assert tape.video.frames[0].timestamp >= before
    assert clock.now_us() - tape.video.frames[0].timestamp >= 600_000  # the last picture was shown to its end


def test_nothing_is_delivered_before_play_and_a_pause_stops_time(opened, tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=50)
    film = opened(path, keep=True)
    tape = Tape(film)
    time.sleep(0.1)
    assert tape.video.frames == []
    assert tape.video.log == ["muted"]
    film.play()
    tape.video.wait_frames(3)
    film.pause()
    position = film.position
    tape.video.wait(lambda: tape.video.log[-1] == "muted")
    count = len(tape.video.frames)
    time.sleep(0.3)
    assert film.position == position
    assert len(tape.video.frames) == count
    film.play()
    tape.video.wait_frames(count + 3)
    assert tape.video.log == ["muted", "unmuted", "muted", "unmuted"]
    gap = tape.video.frames[count].timestamp - tape.video.frames[count - 1].timestamp
    assert 300_000 < gap < 600_000
    assert tape.video.frames[count + 1].timestamp - tape.video.frames[count].timestamp == 40_000


def test_a_loop_goes_on_without_a_gap(opened, tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=10, audio_codec="pcm_s16le")
    film = opened(path, free=True, loop=True)
    tape = Tape(film)
    film.play()
    tape.video.wait_frames(35)
    film.loop = False
    assert tape.video.over.wait(10)
    count = len(tape.video.frames)
    assert count % 10 == 0
    assert tape.video.times == [n * 40_000 for n in range(count)]
    ends = [sound.timestamp + sound.duration for sound in tape.audio.frames]
    assert max(abs(sound.timestamp - end) for end, sound in zip(ends, tape.audio.frames[1:], strict=False)) <= 1


def test_a_loop_in_real_time_keeps_its_beat(opened, tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=5)
    clock = SystemClock()
    film = opened(path, loop=True, clock=clock)
    tape = Tape(film, clock=clock)
    film.play()
    tape.video.wait_frames(22)
    film.close()
    assert film.join()
    assert {b - a for a, b in pairwise(tape.video.times)} == {40_000}
    late = sorted(there - f.timestamp for there, f in zip(tape.video.arrivals, tape.video.frames, strict=True))
    assert late[-3] < 40_000


def test_a_file_of_one_picture_can_be_looped_without_running_wild(opened, tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=1)
    film = opened(path, loop=True)
    tape = Tape(film)
    film.play()
    tape.video.wait_frames(3)
    film.close()
    film.join()
    assert {b - a for a, b in pairwise(tape.video.times)} <= {40_000}


def test_stopping_the_last_track_closes_the_file_and_stops_delivery(opened, movie):
    film = opened(movie)
    tape = Tape(film)
    film.play()
    tape.video.wait_frames(2)
    film.sources[0].stop()
    assert not film.over
    film.sources[1].stop()
    assert film.over
    count = len(tape.audio.frames)
    time.sleep(0.1)
    assert len(tape.audio.frames) == count


def test_a_track_that_comes_back_begins_with_the_present_picture_and_that_whole(opened, tmp_path):
    options = {"g": "10", "sc_threshold": "0"}
    path = make_movie(tmp_path / "a.mkv", frames=60, codec="libx264", options=options, audio_codec="pcm_s16le")
    film = opened(path)
    tape = Tape(film)
    film.play()
    tape.video.wait_frames(2)
    film.sources[0].stop()
    tape.audio.wait_frames(len(tape.audio.frames) + 15)
    film.sources[0].start(film.sources[0].info.mode, {}, tape.video)
    before = len(tape.video.frames)
    tape.video.wait_frames(before + 3)
    frame = tape.video.frames[before]
    heard = max(one.metadata["media_time"] for one in tape.audio.frames if one.timestamp <= frame.timestamp)
    assert frame.metadata["media_time"] == pytest.approx(heard, abs=0.06)
    number = round(frame.metadata["media_time"] * 25)
    assert abs(brightness(frame) - (16 + number * 5 % 200)) < 3


def test_variable_frame_rate_is_kept(opened, tmp_path):
    stamps = [0, 40, 200, 210, 900, 1000]
    path = make_movie(tmp_path / "a.mkv", frames=6, pts=stamps)
    tape = Tape(opened(path, free=True)).play_out()
    assert tape.video.times == [stamp * 1000 for stamp in stamps]


def test_missing_time_stamps_are_made_from_the_frame_rate(opened, tmp_path):
    path = make_movie(tmp_path / "a.h264", frames=30, codec="libx264", options={"bf": "2"})
    tape = Tape(opened(path, free=True)).play_out()
    assert len(tape.video.frames) == 30
    assert all(abs(t - n * 40_000) <= 1 for n, t in enumerate(tape.video.times))


def test_b_frames_come_in_the_order_of_their_presentation(opened, tmp_path):
    path = make_movie(tmp_path / "a.mp4", frames=30, codec="libx264", options={"bf": "3", "b_strategy": "0"})
    tape = Tape(opened(path, free=True)).play_out()
    assert tape.video.times == [n * 40_000 for n in range(30)]
    assert all(b > a for a, b in pairwise(brightness(frame) for frame in tape.video.frames))


def test_a_transport_stream_begins_at_its_first_stamp_and_a_splice_in_it_is_taken_out(opened, tmp_path):
    first = make_movie(tmp_path / "a.ts", frames=25, codec="mpeg2video", options={"bf": "0"})
    later = make_movie(
        tmp_path / "b.ts",
        frames=25,
        codec="mpeg2video",
        options={"bf": "0"},
        container_options={"output_ts_offset": "3600"},
    )
    (tmp_path / "c.ts").write_bytes(first.read_bytes() + later.read_bytes())
    tape = Tape(opened(tmp_path / "c.ts", free=True)).play_out()
    assert len(tape.video.frames) == 50
    assert tape.video.frames[0].metadata["media_time"] == 0
    assert all(0 < b - a <= 120_000 for a, b in pairwise(tape.video.times))


def test_sound_is_float_planar_whatever_the_file_holds(opened, tmp_path):
    samples = tone(48_000, 0.5, channels=2)
    exact = {"pcm_u8": 1 / 100, "pcm_s16le": 1e-4, "pcm_s32le": 1e-6, "pcm_f32le": 1e-7, "pcm_f64le": 1e-7}
    for codec, error in exact.items():
        path = make_wav(tmp_path / f"{codec}.wav", samples, codec=codec)
        tape = Tape(opened(path, free=True)).play_out()
        got = tape.audio.samples()
        assert got.dtype == np.float32
        assert tape.audio.frames[0].samples.flags.c_contiguous
        assert not tape.audio.frames[0].samples.flags.writeable
        assert got.shape == samples.shape
        assert np.abs(got - samples).max() < error, codec


def test_five_point_one_stays_five_point_one(opened, tmp_path):
    samples = tone(48_000, 0.3, channels=6, frequency=100)
    tape = Tape(opened(make_wav(tmp_path / "a.flac", samples, codec="flac"), free=True)).play_out()
    assert {sound.layout for sound in tape.audio.frames} == {"5.1"}
    assert np.abs(tape.audio.samples() - samples).max() < 1e-3
    assert tape.movie.sources[0].info.model.modes == (AudioMode(48_000, 6, min_latency=0.0, max_latency=0.0),)


def test_long_chunks_of_sound_are_cut(opened, tmp_path):
    samples = tone(8_000, 2.0)
    tape = Tape(opened(make_wav(tmp_path / "a.flac", samples, 8_000, codec="flac"), free=True)).play_out()
    assert max(sound.duration for sound in tape.audio.frames) <= 100_000
    assert tape.audio.samples().shape == samples.shape
    assert [s.timestamp + s.duration for s in tape.audio.frames[:-1]] == pytest.approx(
        [s.timestamp for s in tape.audio.frames[1:]], abs=2
    )


def test_a_track_is_described(opened, tmp_path):
    path = make_movie(
        tmp_path / "film.mkv", frames=30, rate=30, size=(80, 60), metadata={"title": "Camera 2", "language": "deu"}
    )
    source = opened(path).sources[0]
    assert source.info.label == "Camera 2"
    assert source.info.language == "deu"
    assert source.info.codec == "mpeg4"
    assert source.info.mode == VideoMode(80, 60, 30.0, 30.0, pixel_format="yuv420p")
    assert source.info.model.kind == "video"


def test_without_a_title_the_label_is_the_file_name_and_language(opened, tmp_path):
    assert opened(make_movie(tmp_path / "film.mp4")).sources[0].info.label == "film.mp4"
    path = make_movie(tmp_path / "deu.mkv", metadata={"language": "deu"})
    assert opened(path).sources[0].info.label == "deu.mkv (deu)"


def test_a_title_that_is_no_unicode_is_shown_as_far_as_it_can_be_read(opened, tmp_path):
    path = make_movie(tmp_path / "film.mkv", metadata={"title": "Caf#", "language": "de#"})
    path.write_bytes(path.read_bytes().replace(b"Caf#", b"Caf\xe9").replace(b"de#", b"de\xe9"))
    info = opened(path).sources[0].info
    assert (info.label, info.language) == ("Caf�", "de�")


def test_a_cover_picture_is_no_track(opened, tmp_path):
    import av
    from av.stream import Disposition

    plain = make_wav(tmp_path / "a.flac", tone(48_000, 0.2), codec="flac")
    with av.open(str(tmp_path / "cover.mka"), "w", format="matroska") as out, av.open(str(plain)) as sound:
        audio = out.add_stream_from_template(sound.streams.audio[0])
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        picture = av.VideoFrame(32, 32, "yuvj420p")
        picture.pts = 0
        out.mux(cover.encode(picture))
        out.mux(cover.encode(None))
        for packet in sound.demux(sound.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = audio
                out.mux(packet)
    kinds = [source.kind for source in opened(tmp_path / "cover.mka").sources]
    assert kinds in (["audio"], ["video", "audio"], ["audio", "video"])
    with av.open(str(tmp_path / "cover.mka")) as written:
        attached = [s for s in written.streams if s.disposition & Disposition.attached_pic]
    assert len(kinds) == 2 - len(attached)


def test_a_change_of_size_within_a_file_is_reported(opened, tmp_path):
    small = make_movie(tmp_path / "a.ts", frames=10, codec="mpeg2video", size=(64, 48))
    large = make_movie(tmp_path / "b.ts", frames=10, codec="mpeg2video", size=(128, 96))
    (tmp_path / "c.ts").write_bytes(small.read_bytes() + large.read_bytes())
    tape = Tape(opened(tmp_path / "c.ts", free=True)).play_out()
    assert {(f.width, f.height) for f in tape.video.frames} == {(64, 48), (128, 96)}
    modes = [entry for entry in tape.video.log if isinstance(entry, VideoMode)]
    assert [(mode.width, mode.height) for mode in modes] == [(128, 96)]


def test_bytes_and_file_objects_are_read_like_files(opened, tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=10)
    with path.open("rb") as file:
        for src in (path.read_bytes(), bytearray(path.read_bytes()), file):
            tape = Tape(opened(src, free=True)).play_out()
            assert len(tape.video.frames) == 10
        assert not file.closed


def test_bytes_can_be_looped(opened, tmp_path):
    film = opened(make_movie(tmp_path / "a.mkv", frames=10).read_bytes(), free=True, loop=True)
    tape = Tape(film)
    film.play()
    tape.video.wait_frames(25)
    film.close()
    assert {b - a for a, b in pairwise(tape.video.times)} == {40_000}


def test_lateness_never_adds_up(opened, tmp_path):
    """A consumer that holds the reader up for a second moves what follows; nothing is rushed through."""
    path = make_movie(tmp_path / "a.mkv", frames=40)
    clock = SystemClock()
    film = opened(path, clock=clock)
    tape = Tape(film, clock=clock)
    deliver = tape.video.deliver

    def slow(data):
        if len(tape.video.frames) == 5:
            time.sleep(0.8)
        deliver(data)

    tape.video.deliver = slow
    film.play()
    tape.video.wait_frames(20)
    late = [there - frame.timestamp for there, frame in zip(tape.video.arrivals, tape.video.frames, strict=True)]
    assert max(late[7:20]) < 200_000
    film.close()


def test_a_free_clock_stops_reading_when_nobody_has_room(opened, movie):
    film = opened(movie, free=True)
    tape = Tape(film)
    gate = threading.Event()
    for collected in tape.tracks:
        collected.wait_for_room = lambda wake: wake.is_set() or gate.wait(0.01) or wake.set()
    film.play()
    time.sleep(0.2)
    assert tape.video.frames == []
    gate.set()
    assert tape.video.over.wait(20)
    assert len(tape.video.frames) == 132


async def test_under_a_manual_clock_a_film_plays_as_far_as_time_goes(tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=50)
    clock = ManualClock()
    film = await asyncio.to_thread(Movie(path, clock=clock).open)
    tape = Tape(film, clock=clock)
    film.play()
    await asyncio.to_thread(tape.video.wait_frames, 1)
    await clock.advance(0.39)
    assert len(tape.video.frames) == 10
    assert all(there == frame.timestamp for there, frame in zip(tape.video.arrivals, tape.video.frames, strict=True))
    film.pause()
    await clock.advance(5)
    assert len(tape.video.frames) == 10
    film.play()
    await clock.advance(2)
    assert len(tape.video.frames) == 50
    assert tape.video.over.is_set()


def test_closing_in_the_middle_does_not_hang_when_ffmpegs_log_is_on(movie):
    """A decoder's threads log with the interpreter's lock, with which PyAV frees the decoder: see `Lane.end_pass`."""
    code = f"""
import av.logging
from mediastreams._backends.ffmpeg.movie import Movie
from tests.media import Tape
av.logging.set_level(av.logging.PANIC)
for wanted in [1, 3, 5, 9] * 5:
    film = Movie({str(movie)!r}, free=True).open()
    tape = Tape(film)
    film.play()
    tape.video.wait_frames(wanted)
    film.close()
    assert film.join(10)
print("done")
"""
    ran = subprocess.run([sys.executable, "-c", code], timeout=50, capture_output=True, text=True, check=False)
    assert ran.stdout == "done\n", ran.stderr
