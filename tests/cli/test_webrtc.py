"""``publish``, ``view`` and ``serve`` as a person calls them: processes that talk to each other."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import av
import pytest
from tests.media import make_movie

pytestmark = pytest.mark.timeout(110)
SMALL = ("--fake", "--constraints", "width=320", "--constraints", "height=240")


@pytest.fixture(autouse=True)
def _no_screen_and_no_sound_server(tmp_path_factory, monkeypatch):
    for name in ("DISPLAY", "PULSE_SERVER", "WAYLAND_DISPLAY", "MEDIASTREAMS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))


def command(*arguments):
    return [sys.executable, "-m", "mediastreams", *map(str, arguments)]


def run(*arguments, timeout=60, **more):
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=timeout, check=False, env={**os.environ, **more}
    )


@contextmanager
def started(*arguments):
    """A command that goes on, with what it has said first; Ctrl+C ends it with 0 and without complaint."""
    process = subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        yield process
        assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=30)
        assert process.returncode == 0, complaints
        assert "Traceback" not in complaints
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def told(process, pattern):
    """What the next line that fits says."""
    for line in process.stdout:
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError(f"{pattern!r} was not said: {process.stderr.read()}")


def streams_of(path):
    with av.open(str(path)) as container:
        frames = sum(1 for _ in container.decode(video=0))
        return {stream.type for stream in container.streams}, frames


def test_what_serve_shows_is_what_view_records(tmp_path):
    with started("serve", *SMALL, "--token", "secret") as server:
        page = told(server, r"^(http://127\.0\.0\.1:\d+/#token=secret)$")
        whep = told(server, r"^WHEP: (\S+)  \(Authorization: Bearer secret\)$")
        with urlopen(page.partition("#")[0], timeout=10) as answer:
            assert b"<video" in answer.read()
        film = tmp_path / "film.mkv"
        seen = run("view", whep, "--token", "secret", "--record", film, "--seconds", "2")
        assert seen.returncode == 0, seen.stderr
        assert "320×240" in seen.stdout
        kinds, frames = streams_of(film)
        assert kinds == {"video", "audio"}
        assert frames > 10
        refused = run("view", whep, "--record", film, "--token", "wrong")
        assert (refused.returncode, refused.stderr.count("\n")) == (4, 1)
        assert "token" in refused.stderr
        by_environment = run("view", whep, "--record", film, "--seconds", "0.5", "-q", MEDIASTREAMS_TOKEN="secret")
        assert (by_environment.returncode, by_environment.stdout, by_environment.stderr) == (0, "", "")


def test_what_publish_sends_to_serve_is_shown_by_it(tmp_path):
    with started("serve", "--ingest") as server:
        whip = told(server, r"^WHIP: (\S+)$")
        whep = told(server, r"^WHEP: (\S+)$")
        with started("publish", whip, *SMALL) as publisher:
            assert publisher.stderr.readline().startswith("connected: http://127.0.0.1")
            film = tmp_path / "film.mkv"
            seen = run("view", whep, "--record", film, "--seconds", "1.5", "-q")
            assert seen.returncode == 0, seen.stderr
            assert streams_of(film)[1] > 10
        again = run("publish", whip, *SMALL, "--seconds", "1", "-q")
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_film_is_published_to_its_end(tmp_path):
    film = make_movie(tmp_path / "film.mp4", frames=100, size=(320, 240), codec="libx264", audio_codec="aac")
    with started("serve", "--ingest") as server:
        whip = told(server, r"^WHIP: (\S+)$")
        done = run("publish", whip, "--input", film)
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("connected")


def test_serve_for_a_network_makes_a_token_and_shows_a_code(monkeypatch):
    with started("serve", *SMALL, "--host", "0.0.0.0", "--tls", "--ingest", "--qr") as server:
        phone = told(server, r"^a phone's camera: (https://\S+/phone#token=[\w-]{16})$")
        assert "//0.0.0.0" not in phone
        assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", told(server, r"SHA-256 is (\S+)$"))
        assert "▄" in server.stdout.readline() + server.stdout.readline() + server.stdout.readline()


def test_serve_for_a_network_without_a_token_only_when_told_so():
    with started("serve", *SMALL, "--host", "0.0.0.0", "--no-token") as server:
        whep = told(server, r"^WHEP: (\S+)$")
        with pytest.raises(HTTPError, match="415"):
            urlopen(Request(whep, b"v=0", {"Content-Type": "text/plain"}), timeout=10)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("publish", "http://127.0.0.1:1/whip", *SMALL), 1, "127.0.0.1:1"),
        (("publish", "ftp://example.org/whip", *SMALL), 2, "no http: or https: address"),
        (("publish", "http://127.0.0.1:1/whip", "--fake", "--camera", "nikon"), 3, "No camera has 'nikon'"),
        (("publish", "http://127.0.0.1:1/whip", "--fake", "--fingerprint", "12"), 2, "fingerprint"),
        (("view", "http://127.0.0.1:1/whep"), 1, "127.0.0.1:1"),
        (("serve", "--fake", "--qr"), 2, "--host 0.0.0.0"),
        (("serve", "--ingest", "--qr", "--host", "0.0.0.0"), 2, "--tls"),
        (("serve", "--fake", "--certificate", "a.pem"), 2, "--key"),
        (("serve", "--fake", "--certificate", "a.pem", "--key", "a.key"), 1, "a.pem"),
        (("serve", "--fake", "--token", "a b"), 2, "token"),
        (("serve", "--fake", "--host", "203.0.113.9", "--token", "x"), 1, "203.0.113.9"),
    ],
)
def test_what_does_not_work_is_one_line_that_says_why(tmp_path, arguments, code, message):
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("serve", "--port", "70000"), ("serve", "--port", "x"), ("serve", "--token", "a", "--no-token"), ("publish",),
     ("view",), ("serve", "--max-viewers", "0"), ("view", "http://x", "--seconds", "0")],
)  # fmt: skip
def test_arguments_that_are_none_end_with_2(arguments):
    assert run(*arguments).returncode == 2
