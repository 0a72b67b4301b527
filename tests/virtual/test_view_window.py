"""``mediastreams view`` in a window on a real X server: what is seen there, and that closing it ends the command."""

import os
import subprocess
import sys

import pytest
from tests.virtual.servers import needs, running, wait_for
from tests.virtual.test_window import click_close, seen_in, window_of

from mediastreams._backends.linux.x11_protocol import X11Connection
from mediastreams.testing import read_counter

pytest.importorskip("sdl2", reason="not installed: the extra 'window'", exc_type=ImportError)
pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
COMMAND = (sys.executable, "-m", "mediastreams")


def test_a_stream_is_seen_in_a_window_whose_closing_ends_the_command(xvfb, monkeypatch):
    needs("ffmpeg")
    monkeypatch.setenv("DISPLAY", xvfb)
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    serve = (*COMMAND, "serve", "--fake", "--constraints", "width=640", "--constraints", "height=360")
    with running(*serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server, X11Connection(xvfb) as screen:
        lines = [server.stdout.readline().decode() for _ in range(2)]
        whep = lines[1].split()[1]
        with running(*COMMAND, "view", whep, "--mute", "-q", stderr=subprocess.PIPE) as viewer:
            wait_for(lambda: window_of(screen) or viewer.poll() is not None, "the window", 40)

            def counter():
                try:
                    return read_counter(seen_in(screen))
                except ValueError:
                    return 0

            wait_for(lambda: counter() > 0, "the picture", 30)
            first = counter()
            wait_for(lambda: counter() > first, "the next picture", 10)
            click_close(screen)
            assert viewer.wait(20) == 0, viewer.stderr.read()
    assert os.environ["DISPLAY"] == xvfb
