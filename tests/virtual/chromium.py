"""Headless Chromium as a judge of media files: it plays them and says what it saw.

A page of a local server plays each file to its end and posts what it found; then the browser is stopped by its pid.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

__all__ = ["chromium_plays"]

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
)
PAGE = """<!doctype html><title>player</title><script>
const finite = x => Number.isFinite(x) ? x : null;
function play(name) {
  return new Promise(resolve => {
    const video = document.createElement("video");
    const told = more => { resolve({name, first, last: finite(video.duration), reached: video.currentTime,
      width: video.videoWidth, height: video.videoHeight,
      pictures: video.getVideoPlaybackQuality().totalVideoFrames, ...more}); video.remove(); };
    let first = null;
    video.muted = true;
    video.onloadedmetadata = () => { first = finite(video.duration); };
    video.onended = () => told({error: null});
    video.onerror = () => told({error: video.error.message || `error ${video.error.code}`});
    video.src = name;
    document.documentElement.append(video);
    video.playbackRate = 2;
    video.play().catch(error => told({error: String(error)}));
  });
}
(async () => {
  const found = await Promise.all(NAMES.map(play));
  await fetch("/found", {method: "POST", body: JSON.stringify(found)});
})();
</script>"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        data, kind = self.server.files.get(self.path.lstrip("/"), (None, ""))
        if data is None:
            self.send_error(404)
            return
        start, end, status = 0, len(data), 200
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end, status = int(first), min(int(last) + 1 if last else len(data), len(data)), 206
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(data[start:end])

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.found.put(json.loads(body))

    def log_message(self, *_):
        """Say nothing: pytest's output is for failures."""


def _watch(files, folder, seconds):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.found = queue.SimpleQueue()
    server.files = {name: (bytes(data), kind.partition(";")[0]) for name, (data, kind) in files.items()}
    server.files["page"] = (PAGE.replace("NAMES", json.dumps(list(files))).encode(), "text/html")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}/page"
    browser = subprocess.Popen(
        ["chromium", *ARGUMENTS, f"--user-data-dir={folder}", "--remote-debugging-port=0", address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return [SimpleNamespace(**one) for one in server.found.get(timeout=seconds)]
    except queue.Empty:
        raise AssertionError(f"Chromium did not come to the end of {list(files)} within {seconds} s") from None
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def chromium_plays(need, tmp_path):
    """``chromium_plays({name: (bytes, type)})``: play each to its end; what was found of each, in order. Blocks.

    ``first`` is the duration at ``loadedmetadata``, ``last`` that at the end, ``None`` while it is infinite; ``error``
    is ``None`` for a file that played through.
    """
    need("chromium")
    return lambda files, seconds=50: _watch(files, tmp_path / "chromium", seconds)
