"""Real servers for the tests, started by fixtures, each on an address of its own, stopped by process id.

`start_xvfb`, `start_moving_window`, `start_pulseaudio` are context managers; the fixtures are made of them.
What is not installed skips the test with the reason; under CI that is a failure.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

__all__ = [
    "PulseServer",
    "first_line",
    "needs",
    "pulse",
    "running",
    "start_moving_window",
    "start_pulseaudio",
    "start_xvfb",
    "wait_for",
    "xvfb",
]

_HERE = Path(__file__).parent


def needs(*programs: str) -> None:
    """Skip (under CI: fail) unless these programs are installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        reason = f"not installed: {', '.join(missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def wait_for(condition: Callable[[], object], what: str, seconds: float = 10.0) -> float:
    """Wait until the condition holds; return how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.005)
    return time.monotonic() - began


@contextlib.contextmanager
def running(*command: str, env: dict[str, str] | None = None, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is ended at the end, by its own handle."""
    process = subprocess.Popen(command, env={**os.environ, **(env or {})}, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def first_line(process: subprocess.Popen[bytes], what: str) -> str:
    """What a program writes when it is ready."""
    assert process.stdout
    assert select.select([process.stdout], [], [], 15)[0], f"{what} does not start"
    line = process.stdout.readline().decode().strip()
    assert line, f"{what} ended with {process.wait(5)}"
    return line


@contextlib.contextmanager
def start_xvfb(
    width: int = 1280, height: int = 720, options: tuple[str, ...] = ("-noreset",)
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """An X server without hardware on a free display; gives its name and the process."""
    needs("Xvfb")
    screen = ("-screen", "0", f"{width}x{height}x24")
    command = ("Xvfb", "-displayfd", "1", *screen, "-nolisten", "tcp", *options)
    with running(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        yield f":{first_line(server, 'Xvfb')}", server


@contextlib.contextmanager
def start_moving_window(
    display: str, title: str, size: tuple[int, int], at: tuple[int, int] = (0, 0), colour: str = "ff0000"
) -> Iterator[int]:
    """A window in which something moves; gives its number."""
    numbers = [str(number) for number in (*size, *at)]
    command = (sys.executable, str(_HERE / "moving_window.py"), title, *numbers, colour)
    with running(*command, env={"DISPLAY": display}, stdout=subprocess.PIPE) as program:
        yield int(first_line(program, "the moving window"))


@dataclasses.dataclass(frozen=True)
class PulseServer:
    """A PulseAudio server in a folder of its own. ``environment`` is what its clients need."""

    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def control(self, *words: str) -> str:
        """Run pactl; return what it prints."""
        environment = {**os.environ, **self.environment, "LC_ALL": "C"}
        done = subprocess.run(
            ("pactl", *words), env=environment, capture_output=True, text=True, check=False, timeout=10
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def add_speaker(self, name: str, label: str = "", *, rate: int = 48000, channels: int = 2) -> int:
        """A null sink; gives its module's number."""
        return int(
            self.control(
                "load-module", "module-null-sink", f"sink_name={name}", f"rate={rate}", f"channels={channels}",
                "norewinds=1",  # else its first block is two seconds long
                f"sink_properties=\"device.description='{label or name}'\"",
            )
        )  # fmt: skip

    def add_microphone(self, name: str, label: str = "", *, rate: int = 48000, channels: int = 2) -> int:
        """A microphone that hears what is played to the speaker ``{name}_feed``; gives its module's number."""
        self.add_speaker(f"{name}_feed", rate=rate, channels=channels)
        return int(
            self.control(
                "load-module", "module-remap-source", f"source_name={name}", f"master={name}_feed.monitor",
                f"source_properties=\"device.description='{label or name}'\"",
            )
        )  # fmt: skip

    def remove(self, module: int) -> None:
        """Unplug what a module made."""
        self.control("unload-module", str(module))

    @contextlib.contextmanager
    def playing(self, speaker: str, sound: Path) -> Iterator[None]:
        """Play a WAV file's samples to a speaker."""
        with running("paplay", f"--device={speaker}", "--latency-msec=20", str(sound), env=self.environment):
            yield


def _listens(address: Path) -> bool:
    """Whether somebody is called there: a socket is there a moment before its server listens."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(address)) == 0


@contextlib.contextmanager
def start_pulseaudio(folder: Path) -> Iterator[PulseServer]:
    """A sound server without hardware and without devices of its own."""
    needs("pulseaudio", "pactl", "paplay")
    for name in ("runtime", "state", "home"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    address = folder / "native"
    environment = {
        "PULSE_SERVER": f"unix:{address}",
        "PULSE_RUNTIME_PATH": str(folder / "runtime"),
        "PULSE_STATE_PATH": str(folder / "state"),
        "XDG_RUNTIME_DIR": str(folder / "runtime"),
        "HOME": str(folder / "home"),
    }
    command = (
        "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no",
        "--disable-shm=yes", "--realtime=no", "--high-priority=no", "--log-level=error",
        f"--load=module-native-protocol-unix auth-anonymous=1 socket={address}",
    )  # fmt: skip
    with running(*command, env=environment, stderr=subprocess.DEVNULL) as server:
        found = PulseServer(folder, environment, server)
        wait_for(lambda: _listens(address) or server.poll() is not None, "PulseAudio's socket", 15)
        assert server.poll() is None, f"PulseAudio ended with {server.returncode}"
        yield found


@pytest.fixture(scope="session")
def xvfb() -> Iterator[str]:
    """The name of a display of 1280×720, shared by a worker's tests."""
    with start_xvfb() as (display, _server):
        yield display


@pytest.fixture
def pulse(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    """A PulseAudio server that this process's clients use, without devices."""
    with start_pulseaudio(tmp_path_factory.mktemp("pulse")) as server:
        for name in ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR"):
            monkeypatch.setenv(name, server.environment[name])
        yield server
