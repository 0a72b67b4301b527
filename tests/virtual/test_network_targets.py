"""Recordings that are sent: other programs take them, and whoever goes away is named."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http.server
import itertools
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from tests.busy import run_delay
from tests.virtual.network_servers import free_port, start_rtmp, start_rtmp_process, start_rtsp

import mediastreams as ms
from mediastreams import errors
from mediastreams._backends.fake.backend import FakeBackend
from mediastreams._engine.encoding import network_target
from mediastreams.capture.media_devices import MediaDevices

pytestmark = pytest.mark.timeout(90)


@contextlib.asynccontextmanager
async def _camera(width=320, height=240):
    devices = MediaDevices(backends=[FakeBackend()])
    stream = await devices.get_user_media({"video": {"width": width, "height": height}, "audio": True})
    try:
        yield stream
    finally:
        for track in stream.get_tracks():
            track.stop()


@contextlib.asynccontextmanager
async def _aside(server):
    """A server that is started and ended beside the loop."""
    value = await asyncio.to_thread(server.__enter__)
    try:
        yield value
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)


async def _probe(*source):
    """What ffprobe finds: codecs, and the pictures' size."""
    process = await asyncio.create_subprocess_exec(
        "ffprobe", "-v", "error", "-of", "json", "-show_entries", "stream=codec_name,width,height:format=duration",
        *source, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, complaints = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, complaints.decode()
    return json.loads(out)


def _codecs(found):
    return sorted({stream["codec_name"] for stream in found["streams"]})


@pytest.mark.parametrize("kind", ["rtmp", "udp", "rtp"])
async def test_what_is_sent_is_taken_by_another_program(kind, tmp_path, need):
    need("ffprobe")
    async with contextlib.AsyncExitStack() as stack:
        if kind == "rtmp":
            address = (await stack.enter_async_context(_aside(start_rtmp(tmp_path / "nginx"))))[0] + "/key"
        else:
            address = f"{kind}://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
        async with _camera() as stream, ms.record(stream, address) as recording:
            found = await _probe(address)
            assert _codecs(found) == ["aac", "h264"]
            assert {(s["width"], s["height"]) for s in found["streams"] if s["codec_name"] == "h264"} == {(320, 240)}
            before = time.monotonic()
        assert time.monotonic() - before < 3
        assert recording.summary.frames > 20
        assert recording.summary.size > 10_000
        assert "key" not in recording.summary.path


async def test_rtsp_is_published(tmp_path, need):
    need("ffprobe")
    path = tmp_path / "published.h264"
    async with _aside(start_rtsp(path)) as (address, _), _camera() as stream:
        summary = await ms.record(ms.MediaStream(stream.get_video_tracks()), f"{address}/publish", duration=2)
    assert summary.container == "rtsp"
    found = await _probe("-f", "h264", str(path))
    assert _codecs(found) == ["h264"]


async def test_a_playlist_is_finished_and_its_segments_stand_beside_it(tmp_path, need):
    need("ffprobe")
    path = tmp_path / "out.m3u8"
    async with _camera() as stream:
        summary = await ms.record(stream, path, duration=3)
    text = path.read_text()
    assert text.rstrip().endswith("#EXT-X-ENDLIST")
    assert {file.name for file in tmp_path.glob("*.ts")} == {"out-00000.ts", "out-00001.ts"}
    assert 60 < summary.frames <= 90
    found = await _probe(str(path))
    assert _codecs(found) == ["aac", "h264"]
    assert float(found["format"]["duration"]) == pytest.approx(
        3, abs=0.3
    )  # a busy machine shows its last pictures late


@pytest.mark.parametrize(
    ("address", "error", "words"),
    [
        ("srt://127.0.0.1:1", errors.NotSupportedError, "without SRT"),
        ("gopher://127.0.0.1:1", errors.NotSupportedError, "rtmp://"),
        ("udp://127.0.0.1", errors.NotSupportedError, "no port"),
        ("http://127.0.0.1/file.mp4", errors.NotSupportedError, "m3u8"),
        ("rtmp://user:secret@127.0.0.1:1/live/secret", errors.NetworkError, "nobody listens"),
        ("rtmp://nohost.invalid/live/secret", errors.NetworkError, "no such host"),
    ],
)
async def test_what_cannot_be_sent_says_why_and_keeps_secrets(address, error, words):
    async with _camera() as stream:
        with pytest.raises(error, match=words) as caught:
            await ms.record(stream, address, duration=1)
    assert "secret" not in str(caught.value)


async def test_a_server_that_refuses_the_stream_is_named(tmp_path):
    async with _aside(start_rtmp(tmp_path / "nginx")) as (address, _), _camera() as stream:
        with pytest.raises(errors.NetworkError, match="refused the stream"):
            await ms.record(stream, address.replace("/live", "/nothing/secret"), duration=3)


async def test_a_server_that_goes_away_ends_the_recording_with_an_error(tmp_path):
    async with contextlib.AsyncExitStack() as stack:
        address, _ = await stack.enter_async_context(_aside(start_rtmp(tmp_path / "nginx")))
        async with _camera() as stream:
            recording = ms.record(stream, f"{address}/key")
            task = asyncio.create_task(recording._wait())
            while recording.stats.frames < 10:
                await asyncio.sleep(0.02)
            await stack.aclose()
            with pytest.raises(errors.NetworkError, match=r"closed the connection|went away"):
                await asyncio.wait_for(task, 10)


async def test_segments_and_preroll_are_for_files(tmp_path):
    async with _camera() as stream:
        with pytest.raises(errors.NotSupportedError, match="need files"):
            ms.record(stream, "udp://127.0.0.1:9", segment_seconds=2)


# ── servers that say nothing, and servers that refuse ──────────────────────────────────────────────────


_MUCH = {"video": {"qp": "0", "preset": "ultrafast"}}


@contextlib.asynccontextmanager
async def _noise():
    """Pictures that no encoder makes smaller, so that the system's buffers are soon full."""
    chance = np.random.default_rng(1)
    pictures = [chance.integers(0, 256, (360, 480, 3), np.uint8) for _ in range(5)]
    generator = ms.VideoTrackGenerator()

    async def make():
        for picture in itertools.cycle(pictures):
            await generator.writable.write(ms.VideoFrame.from_ndarray(picture, format="rgb24"))
            await asyncio.sleep(1 / 30)

    making = asyncio.create_task(make())
    try:
        yield ms.MediaStream([generator.track])
    finally:
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        generator.track.stop()


@contextlib.contextmanager
def _deaf():
    """A server that takes every connection and never says or reads a word; its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=16)
    try:
        yield listener.getsockname()[1]  # the system accepts
    finally:
        listener.close()


class _Delays:
    """The longest that the loop, and a thread beside it, had to wait though a processor was free."""

    async def __aenter__(self):
        self.loop = self.thread = 0.0
        self._over = threading.Event()
        self._beside = threading.Thread(target=self._run)
        self._beside.start()
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_):
        self._over.set()
        self._task.cancel()
        await asyncio.to_thread(self._beside.join)

    def _run(self):
        last = time.monotonic() - run_delay()
        while not self._over.wait(0.01):
            now = time.monotonic() - run_delay()
            self.thread, last = max(self.thread, now - last), now

    async def _tick(self):
        last = time.monotonic() - run_delay()
        while True:
            await asyncio.sleep(0.01)
            now = time.monotonic() - run_delay()
            self.loop, last = max(self.loop, now - last), now


@pytest.mark.parametrize("url", ["rtmp://{}/live/key", "rtsp://{}/a", "tcp://{}", "http://{}/a.m3u8"])
async def test_a_server_that_says_nothing_holds_nobody_up(url, monkeypatch):
    monkeypatch.setattr(network_target, "_PATIENCE_SECONDS", 1.0)
    with _deaf() as port:
        async with _noise() as stream, _Delays() as delays:
            before = time.monotonic()
            with pytest.raises(errors.NetworkError, match="takes nothing") as caught:
                await ms.record(stream, url.format(f"127.0.0.1:{port}"), duration=25, encoder_options=_MUCH)
            took = time.monotonic() - before
    print(f"{url}: {took:.2f} s; the loop waited {delays.loop:.3f} s, a thread {delays.thread:.3f} s")
    assert caught.value.errno == errno.ETIMEDOUT
    assert took < 20
    assert delays.loop < 0.5
    assert delays.thread < 0.5


async def test_a_server_that_stops_in_the_middle_holds_nobody_up(tmp_path, monkeypatch):
    monkeypatch.setattr(network_target, "_PATIENCE_SECONDS", 1.0)
    async with contextlib.AsyncExitStack() as stack:
        (address, _), process = await stack.enter_async_context(_aside(start_rtmp_process(tmp_path / "nginx")))
        async with _noise() as stream, _Delays() as delays:
            recording = ms.record(stream, f"{address}/key", encoder_options=_MUCH)
            task = asyncio.create_task(recording._wait())
            while recording.stats.frames < 10:
                await asyncio.sleep(0.02)
            process.send_signal(signal.SIGSTOP)
            try:
                with pytest.raises(errors.NetworkError, match="takes nothing"):
                    await asyncio.wait_for(task, 40)
            finally:
                process.send_signal(signal.SIGCONT)
    print(f"the loop waited {delays.loop:.3f} s, a thread {delays.thread:.3f} s")
    assert delays.loop < 0.5
    assert delays.thread < 0.5


async def test_ending_towards_a_server_that_has_stopped_takes_no_longer_than_its_time(tmp_path, monkeypatch):
    monkeypatch.setattr(network_target, "_PATIENCE_SECONDS", 1.0)
    async with contextlib.AsyncExitStack() as stack:
        (address, _), process = await stack.enter_async_context(_aside(start_rtmp_process(tmp_path / "nginx")))
        async with _camera() as stream:
            recording = ms.record(stream, f"{address}/key")
            task = asyncio.create_task(recording._wait())
            while recording.stats.frames < 10:
                await asyncio.sleep(0.02)
            process.send_signal(signal.SIGSTOP)
            try:
                before = time.monotonic()
                recording.stop()
                with contextlib.suppress(errors.NetworkError):  # the little that was left fits into buffers
                    await task
                assert time.monotonic() - before < 4
            finally:
                process.send_signal(signal.SIGCONT)


async def test_a_sending_process_that_is_killed_is_named(tmp_path):
    async with _aside(start_rtmp(tmp_path / "nginx")) as (address, _), _camera() as stream:
        recording = ms.record(stream, f"{address}/key")
        task = asyncio.create_task(recording._wait())
        while recording.stats.frames < 10:
            await asyncio.sleep(0.02)
        children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
        found = [int(pid) for tasks in children for pid in tasks.read_text().split()]
        sender = next(pid for pid in found if b"sender" in Path(f"/proc/{pid}/cmdline").read_bytes())
        assert b"key" not in Path(f"/proc/{sender}/cmdline").read_bytes()
        os.kill(sender, signal.SIGSEGV)
        with pytest.raises(errors.NetworkError, match="ended by itself"):
            await asyncio.wait_for(task, 10)


class _Store(http.server.BaseHTTPRequestHandler):
    """Takes files by PUT; answers as ``server.status`` says."""

    def do_PUT(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        if self.server.status == 201:
            self.server.files[self.path] = data
        self.send_response(self.server.status)
        self.end_headers()

    def do_GET(self):
        data = self.server.files.get(self.path)
        self.send_response(200 if data is not None else 404)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def _store(status=201):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Store)
    server.files, server.asked, server.status = {}, [], status
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_playlist_is_put_on_a_web_server_while_it_grows(need):
    need("ffprobe")
    with _store() as server:
        async with _camera() as stream:
            url = f"http://user:secret@127.0.0.1:{server.server_port}/show/live.m3u8"
            summary = await ms.record(stream, url, duration=5)
        assert "secret" not in summary.path
        assert {value for _, value in server.asked} == {"Basic dXNlcjpzZWNyZXQ="}
        names = sorted(server.files)
        assert names[:3] == ["/show/live-00000.ts", "/show/live-00001.ts", "/show/live-00002.ts"]
        assert names[-1] == "/show/live.m3u8"
        assert [path for path, _ in server.asked].count("/show/live.m3u8") > 1
        text = server.files["/show/live.m3u8"].decode()
        assert text.rstrip().endswith("#EXT-X-ENDLIST")
        assert "secret" not in text
        found = await _probe(f"http://127.0.0.1:{server.server_port}/show/live.m3u8")
    assert _codecs(found) == ["aac", "h264"]
    assert float(found["format"]["duration"]) == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize(("status", "words"), [(403, "does not permit"), (507, "answered 507")])
async def test_a_web_server_that_refuses_a_file_ends_the_recording(status, words):
    with _store(status) as server:
        async with _camera() as stream:
            with pytest.raises(errors.NetworkError, match=words):
                await ms.record(stream, f"http://127.0.0.1:{server.server_port}/live.m3u8", duration=6)


async def test_a_server_that_takes_one_connection_only_is_not_probed(tmp_path, need):
    need("ffmpeg", "ffprobe")
    port, path = free_port(), tmp_path / "taken.mkv"
    taking = await asyncio.create_subprocess_exec(
        "ffmpeg", "-v", "error", "-nostdin", "-listen", "1", "-f", "flv", "-i", f"rtmp://127.0.0.1:{port}/live/key",
        "-c", "copy", str(path), stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await asyncio.sleep(1)  # whoever asked whether it listens would have its one connection
        async with _camera() as stream:
            await ms.record(stream, f"rtmp://127.0.0.1:{port}/live/key", duration=3)
        await asyncio.wait_for(taking.wait(), 15)
    finally:
        if taking.returncode is None:
            taking.kill()
            await taking.wait()
    assert _codecs(await _probe(str(path))) == ["aac", "h264"]
