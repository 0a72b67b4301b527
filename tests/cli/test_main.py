"""The command as a person calls it: in its own process, on the fake devices."""

import json
import os
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest

if sys.platform != "win32":
    import fcntl
    import termios


@pytest.fixture(autouse=True)
def _no_screen_and_no_sound_server(tmp_path_factory, monkeypatch):
    for name in ("DISPLAY", "PULSE_SERVER", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))


def run(*arguments, timeout=45, **more):
    command = [sys.executable, "-m", "mediastreams", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, check=False, env={**os.environ, **more}
    )


def streams_of(path):
    with av.open(str(path)) as container:
        return {stream.type: stream.codec_context.name for stream in container.streams}


def test_devices_lists_every_kind_with_its_modes():
    result = run("devices", "--fake")
    assert result.returncode == 0
    for word in ("camera", "microphone", "speaker", "screen", "window", "1920×1080 @ 60", "(default)", "48000 Hz × 2"):
        assert word in result.stdout


def test_devices_as_json_carries_ids_and_modes():
    listed = json.loads(run("devices", "--fake", "--json").stdout)
    cameras = [one for one in listed if one["kind"] == "videoinput"]
    assert len(cameras) == 2
    assert {"width": 1920, "height": 1080}.items() <= max(cameras[0]["modes"], key=lambda mode: mode["width"]).items()
    assert len({one["device_id"] for one in listed}) == len(listed)


def test_record_writes_a_file_that_plays_and_says_what_is_in_it(tmp_path):
    target = tmp_path / "a.webm"
    result = run(
        "record", target, "--seconds", "1", "--fake", "--constraints", "width=320", "--constraints", "height=240"
    )
    assert result.returncode == 0, result.stderr
    assert "320×240" in result.stdout
    assert "opus" in result.stdout
    assert "fps" in result.stderr
    assert streams_of(target).keys() == {"video", "audio"}


def test_a_terminal_of_few_letters_is_no_reason_to_fail(tmp_path):
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    result = run("record", tmp_path / "a.webm", "--seconds", "0.3", "--fake", **ascii_only)
    assert result.returncode == 0, result.stderr
    assert "1280?720" in result.stdout
    assert "[##" in result.stderr
    assert len(json.loads(run("devices", "--fake", "--json", **ascii_only).stdout)) > 5


def test_record_takes_a_camera_by_a_part_of_its_label_and_no_microphone(tmp_path):
    target = tmp_path / "a.mp4"
    result = run("record", target, "--seconds", "1", "--fake", "--camera", "environment", "--microphone", "none", "-q")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert streams_of(target) == {"video": "h264"}


def test_record_without_any_device_names_the_cure_and_ends_with_3(tmp_path):
    result = run("record", tmp_path / "a.webm", "--seconds", "1")
    if "using" in result.stderr or result.returncode == 0:
        pytest.skip("this machine has a camera or a microphone")
    assert result.returncode == 3
    assert result.stderr.count("\n") == 1
    assert "--fake" in result.stderr
    assert not (tmp_path / "a.webm").exists()


def test_record_falls_back_to_the_fakes_only_when_asked(tmp_path):
    result = run("record", tmp_path / "a.webm", "--seconds", "0.5", "--fake-if-none")
    assert result.returncode == 0, result.stderr
    assert "using the fake" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("a.webm", "--fake", "--camera", "nikon"), 3, "No camera has 'nikon'"),
        (("a.webm", "--fake", "--camera", "fake"), 3, "several"),
        (("a.webm", "--fake", "--constraints", "width.exact=9999"), 4, "the nearest is width 1920"),
        (("a.webm", "--fake", "--constraints", "wdth=1"), 2, "wdth"),
        (("a.nonsense", "--fake", "--seconds", "1"), 2, "format"),
        (("missing/a.webm", "--fake", "--seconds", "1"), 1, "folder"),
        (("a.webm", "--input", "nothing.mp4"), 4, "nothing.mp4"),
        (("a.webm", "--input", "x.mp4", "--screen"), 2, "two sources"),
        (("a.webm", "--input", "x.mp4", "--fake"), 2, "two sources"),
        (("a.webm", "--fake", "--encoder", "preset"), 2, "key=value"),
    ],
)
def test_an_error_is_one_line_that_says_the_cure(tmp_path, arguments, code, message):
    result = run("record", tmp_path / arguments[0], *arguments[1:])
    assert result.returncode == code, result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("mediastreams: ")
    assert message in result.stderr


@pytest.mark.parametrize("arguments", [(), ("dance",), ("record",), ("record", "a.webm", "--seconds", "-1")])
def test_wrong_arguments_end_with_2_and_the_usage(arguments):
    result = run(*arguments)
    assert result.returncode == 2
    assert "usage:" in result.stderr


@pytest.mark.parametrize("option", ["--seconds", "--video-bitrate", "--audio-bitrate"])
@pytest.mark.parametrize("value", ["many", "inf", "nan", "", "0"])
def test_a_number_that_is_none_is_told_so_in_words(option, value):
    result = run("record", "a.webm", option, value)
    assert result.returncode == 2
    assert f"{value!r} is not a number of" in result.stderr


def test_constraints_change_the_tracks_of_a_file(tmp_path, movie):
    target = tmp_path / "small.mkv"
    sizes = ("--constraints", "width.exact=320", "--constraints", "height.exact=180")
    result = run("record", target, "--input", movie, "--seconds", "1", "--microphone", "none", *sizes)
    assert result.returncode == 0, result.stderr
    assert "320×180" in result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_recording_with_a_whole_file_and_a_summary(tmp_path, number):
    target = tmp_path / "a.mkv"
    command = [sys.executable, "-m", "mediastreams", "record", str(target), "--fake", "--constraints", "width=320"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        deadline = time.monotonic() + 30
        while not (target.exists() and target.stat().st_size > 10_000) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "mkv" in output or "matroska" in output
    with av.open(str(target)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 5
        assert container.duration  # written only when the file is ended properly


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_target_that_takes_nothing_does_not_hold_the_command_for_ever(tmp_path):
    target = tmp_path / "pipe"
    os.mkfifo(target)
    reader = os.open(target, os.O_RDONLY | os.O_NONBLOCK)
    command = [sys.executable, "-m", "mediastreams", "record", str(target), "--fake", "-q", "--mime-type", "video/webm"]
    deadline = time.monotonic() + 30
    with subprocess.Popen([*command, "--microphone", "none", "--video-bitrate", "20M"]) as process:
        try:
            seen = [0]
            while len(seen) < 10 or not seen[-10] == seen[-1] > 0:  # the pipe is full: nothing moves any more
                assert time.monotonic() < deadline
                time.sleep(0.1)
                seen.append(int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, bytes(4)), sys.byteorder))
            while process.poll() is None and time.monotonic() < deadline:
                process.send_signal(signal.SIGINT)
                time.sleep(0.3)
            assert process.returncode == -signal.SIGINT
        finally:
            process.kill()
            os.close(reader)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_snapshot_writes_one_picture(tmp_path, suffix):
    target = tmp_path / f"a.{suffix}"
    result = run(
        "snapshot", target, "--fake", "--after", "0", "--constraints", "width=320", "--constraints", "height=240"
    )
    assert result.returncode == 0, result.stderr
    assert "320×240" in result.stdout
    with av.open(str(target)) as container:
        pixels = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert pixels.shape == (240, 320, 3)
    assert np.ptp(pixels) > 200


def test_snapshot_refuses_a_format_it_cannot_write(tmp_path):
    result = run("snapshot", tmp_path / "a.bmp", "--fake")
    assert result.returncode == 2
    assert ".png" in result.stderr


def test_help_loads_neither_av_nor_numpy_nor_asyncio():
    code = (
        "import sys\n"
        "from mediastreams.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('av', 'numpy', 'asyncio') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_record_divides_into_files_with_a_title_and_keeps_the_last(tmp_path):
    wishes = ("--segment", "0.5", "--keep", "2", "--title", "Front door", "--metadata", "artist=me")
    result = run("record", tmp_path / "%02d.mp4", "--seconds", "1.4", "--fake", "--constraints", "width=320", *wishes)
    assert result.returncode == 0, result.stderr
    assert "files  2: " in result.stdout
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["01.mp4", "02.mp4"]
    with av.open(str(tmp_path / names[0])) as container:
        assert (container.metadata["title"], container.metadata["artist"]) == ("Front door", "me")


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (("--segment", "0"), "neither a number of seconds"),
        (("--segment", "5q"), "neither a number of seconds"),
        (("--keep", "0"), "not a number of files"),
        (("--segment", "5M"), "number them: out-%03d.mp4"),
        (("--metadata", "me"), "is not key=value"),
    ],
)
def test_wishes_for_files_that_make_no_sense_are_told_so(tmp_path, wish, message):
    result = run("record", tmp_path / "a.mp4", "--fake", *wish)
    assert result.returncode == 2
    assert message in result.stderr


def test_a_reader_that_has_gone_is_named(tmp_path):
    command = f"{sys.executable} -m mediastreams record /dev/stdout --mime-type video/webm --fake -q | head -c 100"
    done = subprocess.run(command, shell=True, capture_output=True, timeout=50, check=False)
    assert len(done.stdout) == 100
    assert b"/dev/stdout: cannot write the recording: its reader has gone" in done.stderr
