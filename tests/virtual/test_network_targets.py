"""Recordings that are sent: other programs take them, and whoever goes away is named."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time

import pytest
from tests.virtual.network_servers import free_port, start_rtmp, start_rtsp

import mediastreams as ms
from mediastreams import errors
from mediastreams._backends.fake.backend import FakeBackend
from mediastreams.capture.media_devices import MediaDevices

pytestmark = pytest.mark.timeout(90)


@contextlib.asynccontextmanager
async def _camera():
    devices = MediaDevices(backends=[FakeBackend()])
    stream = await devices.get_user_media({"video": {"width": 320, "height": 240}, "audio": True})
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
    assert float(found["format"]["duration"]) == pytest.approx(3, abs=0.1)


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
            while recording.stats.frames < 10:  # noqa: ASYNC110 - the recorder's thread counts
                await asyncio.sleep(0.02)
            await stack.aclose()
            with pytest.raises(errors.NetworkError, match=r"closed the connection|went away"):
                await asyncio.wait_for(task, 10)


async def test_segments_and_preroll_are_for_files(tmp_path):
    async with _camera() as stream:
        with pytest.raises(errors.NotSupportedError, match="need files"):
            ms.record(stream, "udp://127.0.0.1:9", segment_seconds=2)
