"""The process that sends a recording: it ends with its parent, and says so where it cannot be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mediastreams import errors
from mediastreams._engine.encoding.sending import SendingFailed, SentContainer

pytestmark = pytest.mark.timeout(60)
PARENT = """
import sys
from mediastreams._engine.encoding.sending import SentContainer
sent = SentContainer(sys.argv[1], "flv", {}, 1.0)
stream = sent.add_stream("libx264", rate=25)
stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
print(sent._process.pid, flush=True)
sent.start_encoding()
"""


@pytest.fixture
def deaf():
    """A server that takes every connection and never says a word; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, listener.getsockname()[1]


def _gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_process_whose_parent_was_killed_ends_though_its_server_is_silent(deaf):
    listener, port = deaf
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, f"rtmp://127.0.0.1:{port}/a/b"], stdout=subprocess.PIPE, env=env
    ) as parent:
        sender = int(parent.stdout.readline())
        connection, _ = listener.accept()
        with connection:
            assert not _gone(sender)
            parent.send_signal(signal.SIGKILL)
            parent.wait()
            until = time.monotonic() + 15
            while not _gone(sender):
                assert time.monotonic() < until
                time.sleep(0.05)


def test_what_was_never_begun_is_ended_at_once(deaf):
    _, port = deaf
    sent = SentContainer(f"rtmp://127.0.0.1:{port}/a/b", "flv", {}, 1.0)
    process = sent._process
    sent.close()
    sent.close()
    assert process.returncode is not None
    with pytest.raises(SendingFailed):
        sent._send(b"E", b"")


@pytest.mark.parametrize("frozen", [True, False])
def test_a_program_without_an_interpreter_is_told_what_to_do(monkeypatch, frozen):
    import multiprocessing.spawn

    if frozen:
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        monkeypatch.setattr(multiprocessing.spawn, "get_executable", lambda: None)
    with pytest.raises(errors.NotSupportedError, match="set_executable"):
        SentContainer("udp://127.0.0.1:9", "mpegts", {}, 1.0)
