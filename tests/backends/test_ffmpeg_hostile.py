"""Inputs that are missing, damaged, silent or hostile: a named error, nothing read that must not be, no hang."""

from __future__ import annotations

import errno
import io
import logging
import os
import threading
import time
from fractions import Fraction
from pathlib import Path

import av.container.core
import pytest
from tests.media import Tape, make_movie, make_wav, serve, silent_server, tone

from mediastreams import errors
from mediastreams._backends.ffmpeg import passes, web_file
from mediastreams._backends.ffmpeg.interrupts import Interrupt
from mediastreams._backends.ffmpeg.movie import Movie


def play(src, **options):
    return Tape(Movie(src, free=True, **options).open()).play_out()


def test_a_missing_file_keeps_its_errno(tmp_path):
    with pytest.raises(errors.NotReadableError, match="no file 'nowhere") as caught:
        Movie("nowhere.mp4")
    assert caught.value.errno == errno.ENOENT
    assert isinstance(caught.value, OSError)


def test_a_directory_is_named_as_such(tmp_path):
    with pytest.raises(errors.NotReadableError, match="is a directory") as caught:
        Movie(tmp_path)
    assert caught.value.errno == errno.EISDIR


def test_what_may_not_be_read_is_not_allowed(tmp_path):
    path = tmp_path / "a.mkv"
    path.write_bytes(b"x")
    path.chmod(0)
    user = os.geteuid() if hasattr(os, "geteuid") else None
    if user == 0:
        os.seteuid(65534)  # the administrator may read everything
    try:
        with pytest.raises(errors.NotAllowedError) as caught:
            Movie(path)
    finally:
        if user == 0:
            os.seteuid(0)
    assert caught.value.errno == errno.EACCES


def test_an_empty_file_is_not_supported(tmp_path):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(errors.NotSupportedError, match="is empty"):
        Movie(tmp_path / "a.mp4")
    with pytest.raises(errors.NotSupportedError):
        Movie(b"")


def test_a_pipe_given_by_its_path_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(errors.NotSupportedError, match="file object"):
        Movie(tmp_path / "pipe")


def test_a_slide_show_that_takes_an_hour_a_picture_is_a_movie(tmp_path):
    path = make_movie(tmp_path / "slides.mp4", frames=3, rate=Fraction(1, 4000), codec="libx264")
    tape = play(path)
    assert tape.video.times == [0, 4_000_000_000, 8_000_000_000]
    assert tape.movie.sources[0].info.mode.max_frame_rate > 0


@pytest.mark.parametrize("src", [None, 1, 2.5, ["a.mp4"], io.StringIO("text")])
def test_what_is_no_source_is_a_type_error(src):
    with pytest.raises(TypeError, match=r"src|text file"):
        Movie(src)


@pytest.mark.parametrize("src", ["", "a\0b", "concat:a|b", "pipe:0", "fd:0", "nonsense:x", "http://[", "file://host/x"])
def test_what_no_scheme_reads_is_not_supported(src):
    with pytest.raises(errors.NotSupportedError):
        Movie(src)


def test_a_file_whose_name_looks_like_a_protocol_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_movie(tmp_path / "a.mkv", frames=3).rename(tmp_path / "concat:a|b.mkv")
    assert len(play("concat:a|b.mkv").video.frames) == 3


def test_a_file_url_is_a_file(tmp_path):
    path = make_movie(tmp_path / "with space.mkv", frames=3)
    assert len(play(path.as_uri()).video.frames) == 3


@pytest.mark.parametrize("content", [os.urandom(70_000), b"hello world\n" * 500, b"\0" * 4096, b"#EXTM3U\n", b"RIFF"])
@pytest.mark.parametrize("name", ["a.mp4", "a.txt", "a.mp3", "a"])
def test_garbage_is_not_supported(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    film = Movie(tmp_path / name)
    try:
        film.open()
    except errors.NotSupportedError:
        assert film.over
    else:  # FFmpeg finds sound in anything that is called mp3: then it must end like a file
        assert name == "a.mp3"
        tape = Tape(film)
        film.play()
        assert all(track.over.wait(10) for track in tape.tracks)
        assert film.join()


def test_a_text_file_is_no_film_of_a_terminal(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"hello world\n" * 500)
    with pytest.raises(errors.NotSupportedError):
        Movie(tmp_path / "a.txt").open()


def test_a_truncated_file_gives_what_is_there_and_ends(tmp_path):
    whole = make_movie(tmp_path / "a.mkv", frames=100, audio_codec="pcm_s16le").read_bytes()
    (tmp_path / "b.mkv").write_bytes(whole[: len(whole) // 2])
    tape = play(tmp_path / "b.mkv")
    assert 10 < len(tape.video.frames) < 100
    assert tape.video.log == tape.audio.log == ["end"]


def test_damage_in_the_middle_is_left_out_with_a_warning(tmp_path, caplog):
    path = make_movie(tmp_path / "a.mkv", frames=100, codec="libx264", size=(320, 240))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = os.urandom(3000)
    with caplog.at_level(logging.WARNING):
        tape = play(bytes(data))
    assert len(tape.video.frames) > 20
    assert tape.video.error is None or isinstance(tape.video.error, errors.DOMException)


def test_what_cannot_be_decoded_at_all_ends_with_an_encoding_error(tmp_path, caplog):
    path = make_movie(tmp_path / "a.mp4", frames=10, codec="libx264", container_options={"movflags": "faststart"})
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = b"\xff" * (len(data) - start)
    with caplog.at_level(logging.WARNING):
        tape = play(bytes(data))
    assert tape.video.frames == []
    assert isinstance(tape.video.error, errors.EncodingError)
    assert "damaged" in caplog.text


def test_a_file_object_that_fails_is_not_readable(tmp_path):
    data = make_movie(tmp_path / "a.mkv", frames=200, size=(640, 480)).read_bytes()

    class Failing(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > len(data) // 2:
                raise OSError(errno.EIO, "the disk is gone")
            return super().read(size)

    tape = play(Failing(data))
    assert 0 < len(tape.video.frames) < 200
    assert isinstance(tape.video.error, errors.NotReadableError)
    assert tape.video.error.errno == errno.EIO


@pytest.mark.parametrize("answer", [None, "text", b"x" * 1_000_000])
def test_a_file_object_that_answers_nonsense_is_not_readable(answer):
    class Wrong:
        def read(self, size):
            return answer

    with pytest.raises(errors.NotReadableError):
        Movie(Wrong()).open()


def test_a_file_object_that_cannot_be_sought_is_read_once(tmp_path):
    data = make_movie(tmp_path / "a.mkv", frames=10).read_bytes()

    class Stream:
        def __init__(self):
            self.inner = io.BytesIO(data)

        def read(self, size):
            return self.inner.read(size)

    tape = play(Stream(), loop=True)
    assert len(tape.video.frames) == 10
    assert tape.video.error is None


# ── over the network ───────────────────────────────────────────────────────────────────────────────────


def test_a_file_over_http_plays(tmp_path):
    data = make_movie(tmp_path / "a.mkv", frames=10).read_bytes()
    with serve({"/dir/film%20one.mkv": data}) as (base, asked):
        film = Movie(f"{base}/dir/film%20one.mkv", free=True).open()
        assert film.name == "film one.mkv"
        assert len(Tape(film).play_out().video.frames) == 10
    assert set(asked) == {"/dir/film%20one.mkv"}


def test_an_http_error_is_a_network_error():
    with serve({}) as (base, _), pytest.raises(errors.NetworkError, match="404"):
        Movie(base + "/nothing.mp4").open()


def test_a_refused_connection_keeps_its_errno():
    with pytest.raises(errors.NetworkError) as caught:
        Movie("http://127.0.0.1:1/a.mp4").open()
    assert caught.value.errno == errno.ECONNREFUSED
    assert isinstance(caught.value, ConnectionError)


def test_no_password_of_a_url_stands_in_a_message():
    with pytest.raises(errors.NetworkError) as caught:
        Movie("http://user:secret@127.0.0.1:1/a.mp4").open()
    assert "secret" not in str(caught.value)


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
DASH = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"
mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period><AdaptationSet
contentType="video"><Representation id="1" bandwidth="1000" mimeType="video/mp4"><BaseURL>{}</BaseURL>
<SegmentBase/></Representation></AdaptationSet></Period></MPD>"""


@pytest.mark.parametrize(
    "list_", [HLS, "ffconcat version 1.0\nfile {}\n", DASH, HLS.replace("{}", "crypto+{}")], ids=str.split
)
@pytest.mark.parametrize("name", ["list.m3u8", "list.mpd", "list.txt"])
def test_a_playlist_of_the_network_never_reaches_local_files(tmp_path, list_, name):
    bait = make_movie(tmp_path / "bait.ts", frames=25, codec="mpeg2video")
    for target in (bait.as_uri(), f"file:{bait}", str(bait)):
        with serve({"/" + name: list_.format(target).encode()}) as (base, _):
            try:
                film = Movie(f"{base}/{name}", free=True).open()
            except (errors.NotSupportedError, errors.NetworkError):
                continue
            tape = Tape(film)
            film.play()
            assert all(track.over.wait(20) for track in tape.tracks)
            assert all(track.frames == [] for track in tape.tracks), target
            assert film.join()


def test_a_playlist_of_the_network_reaches_its_segments(tmp_path):
    segment = make_movie(tmp_path / "a.ts", frames=25, codec="mpeg2video").read_bytes()
    with serve({"/a.m3u8": HLS.format("a.ts").encode(), "/a.ts": segment}) as (base, asked):
        assert len(play(base + "/a.m3u8").video.frames) == 25
    assert "/a.ts" in asked


def test_a_local_playlist_reaches_the_files_beside_it_but_not_the_network(tmp_path):
    data = make_movie(tmp_path / "a.ts", frames=25, codec="mpeg2video").read_bytes()
    (tmp_path / "near.m3u8").write_text(HLS.format("a.ts"))
    assert len(play(tmp_path / "near.m3u8").video.frames) == 25
    with serve({"/a.ts": data}) as (base, asked):
        (tmp_path / "far.m3u8").write_text(HLS.format(base + "/a.ts"))
        with pytest.raises(errors.DOMException):
            Movie(tmp_path / "far.m3u8").open()
        assert asked == []


def test_a_local_concat_list_stays_in_its_folder(tmp_path):
    (tmp_path / "in").mkdir()
    make_movie(tmp_path / "in" / "a.ts", frames=25, codec="mpeg2video")
    make_movie(tmp_path / "b.ts", frames=25, codec="mpeg2video")
    inside, outside = tmp_path / "in" / "inside.txt", tmp_path / "in" / "outside.txt"
    inside.write_text("ffconcat version 1.0\nfile a.ts\n")
    outside.write_text(f"ffconcat version 1.0\nfile {tmp_path / 'b.ts'}\n")
    assert len(play(inside).video.frames) == 25
    with pytest.raises(errors.DOMException):
        Movie(outside).open()


def test_bytes_reach_nothing_else(tmp_path):
    bait = make_movie(tmp_path / "bait.ts", frames=25, codec="mpeg2video")
    with serve({"/a.ts": bait.read_bytes()}) as (base, asked):
        for target in (base + "/a.ts", bait.as_uri(), str(bait)):
            with pytest.raises(errors.DOMException):
                Movie(HLS.format(target).encode()).open()
        assert asked == []


# ── silence ────────────────────────────────────────────────────────────────────────────────────────────


def test_opening_a_silent_server_can_be_given_up_at_once():
    with silent_server(None) as (url, connections):
        film = Movie(url)
        result = []

        def work():
            try:
                film.open()
            except errors.DOMException as error:
                result.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        while not connections:
            time.sleep(0.01)
        time.sleep(0.1)
        before = time.perf_counter()
        film.close()
        thread.join(5)
        assert time.perf_counter() - before < 1
        assert isinstance(result[0], errors.AbortError)


def test_opening_a_silent_server_times_out(monkeypatch):
    monkeypatch.setattr(passes, "_OPEN_SECONDS", 0.3)
    with silent_server(None) as (url, _), pytest.raises(errors.NetworkError, match="no answer in time") as caught:
        Movie(url).open()
    assert caught.value.errno == errno.ETIMEDOUT


def _half(tmp_path):
    return make_movie(tmp_path / "a.mkv", frames=400, size=(320, 240)).read_bytes()[:250_000]


def test_stopping_does_not_wait_for_a_network_that_fell_silent(tmp_path):
    with silent_server(_half(tmp_path)) as (url, _):
        film = Movie(url, free=True).open()
        tape = Tape(film)
        film.play()
        tape.video.wait_frames(50)
        time.sleep(0.3)
        before = time.perf_counter()
        film.sources[0].stop()
        assert time.perf_counter() - before < 0.9
        assert film.over


def test_a_network_that_falls_silent_ends_the_tracks_with_an_error(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(passes, "_READ_SECONDS", 0.4)
    monkeypatch.setattr(web_file, "_FIRST_WAIT", 0.1)
    with silent_server(_half(tmp_path)) as (url, _), caplog.at_level(logging.WARNING):
        tape = play(url)
    assert len(tape.video.frames) > 50
    assert isinstance(tape.video.error, errors.NetworkError)
    assert "no answer in time" in caplog.text


def test_pyav_still_looks_at_the_time_where_the_interrupt_is():
    with Interrupt() as interrupt:
        before = time.monotonic()
        assert abs(av.container.core.time.monotonic() - before) < 1
        interrupt.set()
        first = av.container.core.time.monotonic()
        assert av.container.core.time.monotonic() - first > 1e6
    assert abs(av.container.core.time.monotonic() - before) < 5


def test_a_file_that_vanishes_while_it_is_looped_ends_the_track_with_an_error(tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=50)
    film = Movie(path, loop=True).open()
    tape = Tape(film)
    film.play()
    tape.video.wait_frames(2)
    path.unlink()
    assert tape.video.over.wait(10)
    assert film.join()
    assert len(tape.video.frames) == 50
    assert isinstance(tape.video.error, errors.NotReadableError)


def test_sound_that_is_announced_but_missing_does_not_hold_up_the_picture(tmp_path):
    path = make_movie(tmp_path / "a.mkv", frames=25, audio_codec="pcm_s16le", audio_seconds=0.1)
    tape = play(path)
    assert len(tape.video.frames) == 25
    assert tape.audio.log == ["end"]


def test_a_movie_that_is_closed_before_it_is_opened_does_not_open(tmp_path):
    film = Movie(make_wav(tmp_path / "a.wav", tone(8000, 0.1), 8000))
    film.close()
    with pytest.raises(errors.AbortError):
        film.open()


def test_the_path_may_be_anything_that_is_a_path(tmp_path):
    path = make_movie(tmp_path / "größe 100%d.mkv", frames=2)
    for src in (path, str(path), os.path.relpath(path)):
        assert len(play(src).video.frames) == 2
    assert Path(path).exists()
