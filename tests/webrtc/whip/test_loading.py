"""What is said where the extra is not installed, and that naming the functions costs nothing."""

import subprocess
import sys

import pytest

import mediastreams as ms
from mediastreams.webrtc import extra, publish, serve, subscribe


@pytest.mark.parametrize("absent", ["aiortc", "aiohttp", "segno"])
@pytest.mark.parametrize(
    "call",
    [lambda: serve(ingest=True), lambda: publish(ms.MediaStream(), "http://x/"), lambda: subscribe("http://x/")],
    ids=["serve", "publish", "subscribe"],
)
async def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch, absent, call):
    found = extra.find_spec
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == absent else found(name))
    with pytest.raises(ImportError, match=r"pip install \"mediastreams\[webrtc\]\"") as caught:
        await call()
    assert caught.value.name == absent


def test_naming_the_functions_loads_none_of_the_libraries():
    probe = (
        "import sys, mediastreams as ms; ms.webrtc.serve, ms.webrtc.publish, ms.webrtc.subscribe;"
        "print(sorted({'aiohttp', 'aiortc', 'aioice', 'cryptography', 'segno'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
