"""Servers for the tests, on free ports of the loopback: nginx (RTMP), GStreamer (RTSP), ffmpeg (HLS), coturn (TURN).

Each is a context manager that stops its program by its own handle. What is not installed skips the test.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.virtual.servers import first_line, needs, running, wait_for

__all__ = ["free_port", "publisher", "start_hls", "start_rtmp", "start_rtmp_process", "start_rtsp", "start_turn"]

_RTMP_MODULES = ("/usr/lib/nginx/modules/ngx_rtmp_module.so", "/usr/local/lib/nginx/modules/ngx_rtmp_module.so")
_SYSTEM_PYTHON = "/usr/bin/python3"


def _missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of the loopback that nobody has."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 0.2).close()
        return True
    return False


@contextlib.contextmanager
def start_rtmp(folder: Path, port: int | None = None) -> Iterator[tuple[str, int]]:
    """nginx with its RTMP module: the address of an application that anybody may publish to and play, and the port."""
    with start_rtmp_process(folder, port) as (found, _):
        yield found


@contextlib.contextmanager
def start_rtmp_process(
    folder: Path, port: int | None = None
) -> Iterator[tuple[tuple[str, int], subprocess.Popen[bytes]]]:
    """The same, and its process."""
    needs("nginx")
    module = next((path for path in _RTMP_MODULES if Path(path).is_file()), None)
    if module is None:
        _missing("not installed: libnginx-mod-rtmp")
    port = port or free_port()
    folder.mkdir(exist_ok=True)
    config = folder / "nginx.conf"
    config.write_text(
        f"load_module {module}; daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}} rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}\n"
    )
    with running(
        "nginx", "-c", str(config), "-p", str(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        wait_for(lambda: _answers(port), "nginx")
        yield (f"rtmp://127.0.0.1:{port}/live", port), process


@contextlib.contextmanager
def start_rtsp(published: Path, port: int = 0) -> Iterator[tuple[str, int]]:
    """GStreamer's RTSP server: its address and port."""
    script = str(Path(__file__).with_name("rtsp_server.py"))
    check = (
        "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer;"
        "Gst.init(None); assert all(map(Gst.ElementFactory.find, ('x264enc', 'h264parse', 'rtph264pay', 'opusenc')))"
    )
    python = Path(_SYSTEM_PYTHON).exists()
    if not python or subprocess.run([_SYSTEM_PYTHON, "-c", check], capture_output=True, check=False).returncode:
        _missing("not installed: gir1.2-gst-rtsp-server-1.0 and GStreamer's plug-ins good, bad and ugly")
    with running(
        _SYSTEM_PYTHON, script, str(port), str(published), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        port = int(first_line(process, "the RTSP server"))
        yield f"rtsp://127.0.0.1:{port}", port


@contextlib.contextmanager
def publisher(*target: str, size: str = "320x240", codecs: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Debian's ffmpeg, which sends a moving picture and a tone of 440 Hz somewhere in real time."""
    needs("ffmpeg")
    source = ("-re", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=25", "-f", "lavfi", "-i", "sine=frequency=440:r=48000")
    usual = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "12", "-c:a", "aac")
    with running(
        "ffmpeg", "-v", "error", "-nostdin", *source, *(codecs or usual), *target,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        yield process


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def start_web(folder: Path) -> Iterator[str]:
    """The files of a folder over http: the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: _Quiet(*args, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def start_hls(folder: Path) -> Iterator[str]:
    """A live playlist of half-second segments: the folder's address."""
    flags = ("-f", "hls", "-hls_time", "0.48", "-hls_list_size", "6", "-hls_flags", "delete_segments+omit_endlist")
    with start_web(folder) as address, publisher(*flags, str(folder / "live.m3u8")):
        wait_for(lambda: len(list(folder.glob("live*.ts"))) > 3, "the playlist", 15)
        yield f"{address}/live.m3u8"


@contextlib.contextmanager
def start_turn(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """coturn, which relays for ``user`` with the password ``secret``: host and port, and its process."""
    needs("turnserver")
    folder.mkdir(exist_ok=True)
    port = free_port()
    options = {
        "listening-ip": "127.0.0.1",
        "listening-port": port,
        "relay-ip": "127.0.0.1",
        "realm": "tests",
        "user": "user:secret",
        "userdb": folder / "turndb",
        "pidfile": folder / "turnserver.pid",
        "log-file": "stdout",
    }
    flags = ("lt-cred-mech", "allow-loopback-peers", "no-cli", "no-tls", "no-dtls", "verbose")
    with (
        (folder / "log").open("wb") as log,
        running(
            "turnserver",
            "-n",  # of this machine's settings nothing is read
            *(f"--{name}={value}" for name, value in options.items()),
            *(f"--{flag}" for flag in flags),
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        wait_for(lambda: _answers(port), "turnserver")
        yield f"127.0.0.1:{port}", process
