"""``mediastreams levels``: what the meter shows, and when it ends."""

import math
import signal
import subprocess
import sys

import pytest
from tests.media import make_movie, make_wav, tone

from mediastreams._engine.levels import AudioLevel
from mediastreams.cli.levels import level_text


def run(*arguments):
    command = [sys.executable, "-m", "mediastreams", "levels", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=45, check=False)


def test_each_channel_has_a_bar_and_all_have_one_peak():
    text = level_text(AudioLevel(0, 100_000, (0.5, 0.05), (0.1, 0.01)), -6.0)
    assert text == "[█████████████░░░░░░░] [███████░░░░░░░░░░░░░]   -6.0 dB"
    assert level_text(AudioLevel(0, 100_000, (0.0,), (0.0,)), -math.inf) == f"[{'░' * 40}] silent"
    assert level_text(AudioLevel(0, 100_000, (1.2,), (1.0,)), 1.6) == f"[{'█' * 40}]    1.6 dB  too loud"


def test_a_file_s_level_is_shown_once_a_second_where_there_is_no_terminal(tmp_path):
    path = make_wav(tmp_path / "tone.wav", tone(48_000, 2.5))
    result = run("--input", path)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    assert all(line.endswith("-6.0 dB") for line in lines)


def test_it_ends_after_the_seconds_that_were_asked_for():
    result = run("--fake", "--seconds", "1.2")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 2


def test_what_has_no_sound_is_named(tmp_path):
    path = make_movie(tmp_path / "picture.mkv", frames=5)
    result = run("--input", path)
    assert (result.returncode, result.stdout) == (4, "")
    assert "no sound" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_is_its_ordinary_end():
    process = subprocess.Popen(
        [sys.executable, "-m", "mediastreams", "levels", "--fake"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")
