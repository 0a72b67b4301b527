"""Files on web servers that go away, come again, change, are gone; and servers that answer as no server should."""

from __future__ import annotations

import errno
import itertools
import resource
import sys
import threading
import time

import pytest
from tests.media import Tape, make_movie
from tests.web_servers import FileServer, rude

from mediastreams import errors
from mediastreams._backends.ffmpeg import passes, web_file
from mediastreams._backends.ffmpeg.movie import Movie

pytestmark = pytest.mark.timeout(60)
FRAMES, RATE = 75, 50


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    kinds = {
        "a.mp4": ("libx264", {"movflags": "faststart"}),
        "late.mp4": ("libx264", {}),  # its index stands at the end
        "a.webm": ("libvpx", {}),
    }
    made = {}
    for name, (codec, container_options) in kinds.items():
        path = make_movie(
            folder / name, frames=FRAMES, rate=RATE, codec=codec, size=(320, 240), audio_codec="libopus",
            options={"qp": "5", "g": "25"} if codec == "libx264" else {}, container_options=container_options,
        )  # fmt: skip
        made[name] = path.read_bytes()
    return made


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(passes, "_OPEN_SECONDS", 2.0)
    monkeypatch.setattr(passes, "_READ_SECONDS", 0.5)
    monkeypatch.setattr(web_file, "_FIRST_WAIT", 0.1)
    monkeypatch.setattr(web_file, "_QUIET_SECONDS", 0.2)


def _wait(condition, seconds=20.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def _ended_with(film, words):
    """Play to the end, and see why it ended."""
    tape = Tape(film)
    film.play()
    assert tape.video.over.wait(30)
    assert film.join(5)
    assert isinstance(tape.video.error, errors.NetworkError)
    assert words in tape.video.error.message, tape.video.error.message
    return tape


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize(("name", "ranged"), [("a.mp4", True), ("late.mp4", True), ("a.webm", True), ("a.webm", False)])
def test_a_file_goes_on_where_it_was_when_its_server_comes_again(films, name, ranged, free, caplog, monkeypatch):
    monkeypatch.setattr(passes, "_OPEN_SECONDS", 10.0)  # it is slow
    data = films[name]
    with FileServer(data, ranged=ranged, rate=len(data)) as server:
        film = Movie(server.url(name), free=free).open()
        tape = Tape(film)
        film.play()
        tape.video.wait_frames(10)
        server.end()
        tape.video.wait(lambda: "muted" in tape.video.log and "muted" in tape.audio.log)
        known = len(tape.video.frames)
        time.sleep(0.5)
        assert not tape.video.over.is_set()
        server.begin()
        for collected in tape.tracks:
            assert collected.over.wait(30), collected.log
        assert film.join()
    assert known < FRAMES
    assert len(tape.video.frames) == FRAMES
    assert tape.video.error is None
    assert tape.video.log[-2:] == ["unmuted", "end"]
    times = [frame.timestamp for frame in tape.video.frames]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    again = [request for request in server.asked if "bytes=0-" not in request]
    assert bool(again) == ranged
    warned = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == 1, [record.getMessage() for record in warned]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda server: setattr(server, "status", "404 Not Found"), "is gone (404 Not Found)"),
        (lambda server: setattr(server, "status", "403 Forbidden"), "no longer given out"),
        (lambda server: setattr(server, "tag", '"2"'), "no longer the file it was"),
        (lambda server: setattr(server, "data", server.data + b"x"), "no longer the file it was"),
    ],
)
def test_a_file_that_is_gone_or_another_one_ends_with_an_error(films, change, words):
    data = films["a.webm"]
    with FileServer(data, rate=len(data) // 2) as server:
        film = Movie(server.url("a.webm"), free=True).open()
        _wait(lambda: server.sent > len(data) // 4)
        server.end()
        change(server)
        server.begin()
        tape = _ended_with(film, words)
    assert 0 < len(tape.video.frames) < FRAMES


@pytest.mark.usefixtures("impatient")
def test_a_server_in_trouble_is_asked_again(films):
    data = films["a.webm"]
    with FileServer(data, rate=len(data)) as server:
        film = Movie(server.url("a.webm"), free=True).open()
        server.end()
        server.status = "503 Service Unavailable"
        server.begin()
        tape = Tape(film)
        film.play()
        _wait(lambda: len(server.asked) > 3)
        server.status = None
        assert tape.video.over.wait(20)
        assert film.join()
    assert len(tape.video.frames) == FRAMES


@pytest.mark.usefixtures("impatient")
def test_a_file_that_is_always_cut_at_the_same_place_ends_with_an_error(films):
    data = films["a.webm"]
    with FileServer(data, cut=len(data) // 2) as server:
        tape = _ended_with(Movie(server.url("a.webm"), free=True).open(), f"ends after {len(data) // 2} of {len(data)}")
    assert 0 < len(tape.video.frames) < FRAMES
    assert len(server.asked) < 12


@pytest.mark.usefixtures("impatient")
def test_closing_while_the_server_is_away_takes_no_time(films):
    data = films["a.mp4"]
    with FileServer(data, rate=len(data) // 2) as server:
        film = Movie(server.url("a.mp4")).open()
        tape = Tape(film)
        film.play()
        tape.video.wait_frames(5)
        server.end()
        tape.video.wait(lambda: "muted" in tape.video.log)
        before = time.monotonic()
        film.close()
        assert film.join()
        assert time.monotonic() - before < 0.5


def test_another_place_of_a_file_is_asked_for(films):
    data = films["late.mp4"]
    with FileServer(data) as server:
        film = Movie(server.url("late.mp4"), free=True).open()
        assert film.duration is not None
        assert film.seekable
        tape = Tape(film).play_out()
    assert len(tape.video.frames) == FRAMES


# ── servers that answer as no server should ────────────────────────────────────────────────────────────


def _closing(data):
    return lambda server, connection, request: connection.sendall(data)


def _redirecting(server, connection, request):
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")


def _endless_head(server, connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    server.pour(connection, b"X-More: " + b"x" * 1000 + b"\r\n")


def _endless_line(server, connection, request):
    server.pour(connection, b"x" * 10_000)


def _dripping(server, connection, request):
    server.drip(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", 1.0)


def _dripping_body(server, connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n\x1a\x45\xdf\xa3")
    server.drip(connection, b"\0" * 1000, 0.2)


def _silent(server, connection, request):
    server.pause(30)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (_redirecting, "sent it on more than 10 times"),
        (_closing(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"), "none of the web"),
        (_closing(b"HTTP/1.1 302 Found\r\nLocation: concat:/etc/passwd|/etc/group\r\n\r\n"), "none of the web"),
        (_endless_head, "longer than 65536"),
        (_endless_line, "longer than 65536"),
        (_dripping, "no answer in time"),
        (_dripping_body, "no answer in time"),
        (_silent, "no answer in time"),
        (_closing(b""), "closed the connection"),
        (_closing(b"HTTP/1.1 2"), "closed the connection"),
        (_closing(HEAD), "closed the connection"),
        (_closing(HEAD + b"\r\n"), "ends after 0 of 100000"),
        (_closing(HEAD + b"\r\n" + b"\x1a\x45\xdf\xa3" + b"\0" * 30), ""),
        (_closing(b"nonsense\r\n\r\n"), "does not speak HTTP"),
        (_closing(b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 7-9/10\r\n\r\nabc"), ""),
        (_closing(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc"), ""),
        (_closing(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nabc"), ""),
    ],
)
def test_a_rude_server_is_an_error_in_time(behave, words):
    before = threading.active_count()
    with rude(behave) as server:
        began = time.monotonic()
        with pytest.raises((errors.NetworkError, errors.NotSupportedError)) as caught:
            Movie(f"http://127.0.0.1:{server.port}/a.mkv").open()
        assert time.monotonic() - began < 8
    assert words in caught.value.message
    assert threading.active_count() <= before


@pytest.mark.usefixtures("impatient")
def test_where_nobody_listens_is_an_error_at_once():
    with rude(_silent) as server:
        port = server.port
    with pytest.raises(errors.NetworkError) as caught:
        Movie(f"http://user:secret@127.0.0.1:{port}/a.mkv").open()
    assert caught.value.errno == errno.ECONNREFUSED
    assert "secret" not in caught.value.message


@pytest.mark.usefixtures("impatient")
def test_a_connection_that_cannot_be_made_secure_is_refused():
    with rude(_closing(b"")) as server:
        server._serve = lambda connection: (
            connection.recv(1000),
            connection.sendall(b"no TLS here\r\n"),
            connection.close(),
        )
        with pytest.raises(errors.NetworkError, match="no secure connection"):
            Movie(f"https://127.0.0.1:{server.port}/a.mkv").open()


# ── playlists ──────────────────────────────────────────────────────────────────────────────────────────

LIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"


def _listing(body):
    """A server that gives the same playlist whatever it is asked for."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\nContent-Length: {len(body)}\r\n\r\n"
    return _closing(head.encode() + body)


def _verdict(url):
    """Why nothing is to be seen there."""
    try:
        film = Movie(url, free=True).open()
    except errors.DOMException as error:
        return error
    tape = Tape(film)
    film.play()
    assert tape.tracks[0].over.wait(20)
    assert tape.tracks[0].frames == []
    return tape.tracks[0].error


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", ["a.m3u8", "list"])
@pytest.mark.parametrize(
    "body",
    [
        LIST + b"a.m3u8\n#EXT-X-ENDLIST\n",
        b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nlist\n",
        LIST + b"file:///etc/passwd\n#EXT-X-ENDLIST\n",
        LIST + b"concat:/etc/passwd|/etc/group\n#EXT-X-ENDLIST\n",
        b'#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MAP:URI="file:///etc/passwd"\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n',
    ],
)
def test_a_playlist_that_leads_nowhere_is_an_error_in_time(name, body, monkeypatch):
    monkeypatch.setattr(passes, "read_seconds", lambda url, usual: 2.0)
    with rude(_listing(body)) as server:
        began = time.monotonic()
        error = _verdict(f"http://127.0.0.1:{server.port}/{name}")
        assert isinstance(error, errors.DOMException)
        assert time.monotonic() - began < 15
        assert len(server.asked) < 200


@pytest.mark.skipif(sys.platform != "linux", reason="kilobytes are Linux's unit there")
@pytest.mark.parametrize("name", ["a.m3u8", "list"])
def test_a_playlist_that_does_not_end_takes_neither_time_nor_memory(impatient, name):
    def endless(server, connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n\r\n" + LIST)
        server.pour(connection, b"#EXTINF:1,\nsegment.ts\n" * 500)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with rude(endless) as server:
        began = time.monotonic()
        with pytest.raises(errors.DOMException):
            Movie(f"http://127.0.0.1:{server.port}/{name}").open()
        assert time.monotonic() - began < 8
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{name}: {grown:.0f} MB")
    assert grown < 60
