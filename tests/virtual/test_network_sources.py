"""Live sources from real servers: what comes, how they are missed, and that they come again."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
import time

import numpy as np
import pytest
from tests.virtual.network_servers import free_port, publisher, start_hls, start_rtmp, start_rtsp

import mediastreams as ms
from mediastreams import errors
from mediastreams._engine.clock import get_clock

pytestmark = pytest.mark.timeout(90)


def _track(stream, kind):
    return next(track for track in stream.get_tracks() if track.kind == kind)


def _log_of(track):
    log = []
    for name in ("mute", "unmute", "ended"):
        track.add_event_listener(name, lambda event: log.append((event.type, time.monotonic())))
    return log


async def _until(condition, seconds=20.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def _pictures(track, count):
    """The next pictures: their timestamps, ages in µs and the mean differences from one to the next."""
    stamps, ages, moves, last = [], [], [], None
    async with asyncio.timeout(20):
        async for frame in track.frames():
            with frame:
                stamps.append(frame.timestamp)
                ages.append(get_clock().now_us() - frame.timestamp)
                now = frame.to_ndarray(format="gray").astype(int)
            if last is not None and last.shape == now.shape:
                moves.append(float(np.abs(now - last).mean()))
            last = now
            if len(stamps) == count:
                return stamps, ages, moves
    raise AssertionError("the track ended")


async def _check_live(stream):
    """Pictures move, grow in time, and are fresh; sound is heard, and lies at the same time."""
    picture, sound = _track(stream, "video"), _track(stream, "audio")
    await _pictures(picture, 15)  # what was sent before we listened
    stamps, ages, moves = await _pictures(picture, 25)
    assert all(later > earlier for earlier, later in itertools.pairwise(stamps))
    assert 0.7 < (stamps[-1] - stamps[0]) / 1e6 < 2.5
    assert sorted(ages)[len(ages) // 2] < 400_000
    assert max(moves) > 0.1
    async with asyncio.timeout(10):
        async for data in sound.frames():
            with data:
                assert abs(get_clock().now_us() - data.timestamp) < 1_000_000
                if np.abs(data.to_ndarray()).max() > 0.01:
                    break


async def _away_and_back(stream, away, back, caplog):
    """Let a server go away and come again: what the tracks say of it, and how long they took."""
    logs = {track.kind: _log_of(track) for track in stream.get_tracks()}
    caplog.clear()
    left = time.monotonic()
    await asyncio.to_thread(away)
    await _until(lambda: all(log and log[-1][0] == "mute" for log in logs.values()))
    muted = time.monotonic() - left
    assert all(track.muted and track.ready_state == "live" for track in stream.get_tracks())
    await asyncio.sleep(1)
    returned = time.monotonic()
    await asyncio.to_thread(back)
    await _until(lambda: all(log[-1][0] == "unmute" for log in logs.values()), 30)
    print(f"mute after {muted:.2f} s, unmute after {time.monotonic() - returned:.2f} s")
    assert muted < 3
    assert all(log[-1][0] != "ended" for log in logs.values())
    warned = [
        record
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name.startswith("mediastreams")
    ]
    assert len(warned) <= 1, [record.getMessage() for record in warned]


class _Server:
    """A context manager that can be left and entered again in a test."""

    def __init__(self, make):
        self._make = make
        self._now = None
        self.value = None

    def begin(self):
        self._now = self._make()
        self.value = self._now.__enter__()

    def end(self):
        now, self._now = self._now, None
        if now is not None:
            now.__exit__(None, None, None)


@pytest.fixture
def servers():
    """Makes servers that are ended with the test."""

    def make(factory):
        server = _Server(factory)
        made.append(server)
        server.begin()
        return server

    made = []

    yield make
    for server in reversed(made):
        server.end()


async def test_rtsp_is_seen_and_heard_at_once_and_comes_again_after_its_server_was_away(servers, tmp_path, caplog):
    server = await asyncio.to_thread(servers, lambda: start_rtsp(tmp_path / "none"))
    address, port = server.value

    def back():
        server._make = lambda: start_rtsp(tmp_path / "none", port)
        server.begin()

    async with ms.open(f"{address}/live") as stream:
        await _check_live(stream)
        await _away_and_back(stream, server.end, back, caplog)
        await _check_live(stream)
        before = time.monotonic()
    assert time.monotonic() - before < 1


async def test_rtmp_comes_again_with_another_size_when_its_publisher_does(servers, tmp_path, caplog):
    address, _ = (await asyncio.to_thread(servers, lambda: start_rtmp(tmp_path / "nginx"))).value
    first = await asyncio.to_thread(servers, lambda: publisher("-f", "flv", f"{address}/a"))
    async with ms.open(f"{address}/a") as stream:
        await _check_live(stream)
        picture = _track(stream, "video")
        assert picture.get_settings().width == 320

        def back():
            servers(lambda: publisher("-f", "flv", f"{address}/a", size="480x320"))

        await _away_and_back(stream, first.end, back, caplog)
        await _check_live(stream)
        assert (picture.get_settings().width, picture.get_settings().height) == (480, 320)


@pytest.mark.parametrize(("scheme", "muxer"), [("udp", "mpegts"), ("rtp", "rtp_mpegts")])
async def test_udp_and_rtp_may_begin_before_their_sender_and_come_again(servers, caplog, scheme, muxer):
    address = f"{scheme}://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    first = await asyncio.to_thread(servers, lambda: publisher("-f", muxer, f"{address}?pkt_size=1316"))
    async with ms.open(address) as stream:
        await _check_live(stream)

        def back():
            servers(lambda: publisher("-f", muxer, f"{address}?pkt_size=1316"))

        await _away_and_back(stream, first.end, back, caplog)
        await _check_live(stream)


async def test_live_hls_plays_at_its_own_pace(servers, tmp_path):
    folder = tmp_path / "hls"
    folder.mkdir()
    address = (await asyncio.to_thread(servers, lambda: start_hls(folder))).value
    async with ms.open(address) as stream:
        picture = _track(stream, "video")
        stamps, ages, moves = await _pictures(picture, 50)
        assert 1.5 < (stamps[-1] - stamps[0]) / 1e6 < 4
        assert sorted(ages)[25] < 300_000
        assert max(moves) > 0.1


async def test_a_live_source_plays_in_an_element_and_knows_no_end(servers, tmp_path):
    address, _ = (await asyncio.to_thread(servers, lambda: start_rtmp(tmp_path / "nginx"))).value
    await asyncio.to_thread(servers, lambda: publisher("-f", "flv", f"{address}/a"))
    element = ms.VideoElement()
    element.src = f"{address}/a"
    try:
        await asyncio.wait_for(element.play(), 15)
        assert element.duration == float("inf")
        await _until(lambda: element.current_time > 0.5)
        assert (element.video_width, element.video_height) == (320, 240)
        element.pause()
        await asyncio.sleep(0.5)
        await asyncio.wait_for(element.play(), 10)
        stood = element.current_time
        await _until(lambda: element.current_time > stood + 0.3)
    finally:
        element.src = ""


async def test_what_is_copied_goes_on_after_an_outage_at_a_key_frame(servers, tmp_path, need):
    need("ffprobe", "ffmpeg")
    address, _ = (await asyncio.to_thread(servers, lambda: start_rtmp(tmp_path / "nginx"))).value
    first = await asyncio.to_thread(servers, lambda: publisher("-f", "flv", f"{address}/a"))
    path = tmp_path / "copy.mkv"
    async with ms.open(f"{address}/a") as stream, ms.record(stream, path, copy=True) as recording:
        await _until(lambda: recording.stats.frames > 20)
        log = _log_of(_track(stream, "video"))
        await asyncio.to_thread(first.end)
        await _until(lambda: log and log[-1][0] == "mute")
        await asyncio.to_thread(servers, lambda: publisher("-f", "flv", f"{address}/a"))
        await _until(lambda: log[-1][0] == "unmute", 30)
        frames = recording.stats.frames
        await _until(lambda: recording.stats.frames > frames + 30)
    decoding = await asyncio.create_subprocess_exec(
        "ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames",
        "-of", "csv=p=0", str(path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    counted, complaints = await decoding.communicate()
    assert decoding.returncode == 0
    assert not complaints, complaints.decode()
    assert abs(int(counted) - recording.summary.frames) <= 1


async def test_what_is_refused_at_first_is_an_error_at_once(servers, tmp_path):
    address, _ = (await asyncio.to_thread(servers, lambda: start_rtsp(tmp_path / "none"))).value
    for url in (f"{address}/nothing", f"rtsp://user:secret@127.0.0.1:{free_port()}/a", "rtsp://nohost.invalid/a"):
        before = time.monotonic()
        with pytest.raises(errors.NetworkError) as caught:
            await ms.open(url)
        assert time.monotonic() - before < 5
        assert "secret" not in str(caught.value)


async def test_closing_while_a_server_is_away_takes_no_time(servers, tmp_path):
    server = await asyncio.to_thread(servers, lambda: start_rtmp(tmp_path / "nginx"))
    address, _ = server.value
    sender = await asyncio.to_thread(servers, lambda: publisher("-f", "flv", f"{address}/a"))
    async with ms.open(f"{address}/a") as stream:
        await _pictures(_track(stream, "video"), 5)
        await asyncio.to_thread(server.end)
        await asyncio.to_thread(sender.end)
        await _until(lambda: _track(stream, "video").muted)
        await asyncio.sleep(0.7)
        before = time.monotonic()
    assert time.monotonic() - before < 1
