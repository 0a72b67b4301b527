"""Plain aiortc on the other side: its connections, its player, its recorder."""

import asyncio
import contextlib
from fractions import Fraction
from itertools import pairwise

import aiortc
import av
import numpy as np
import pytest
from aiortc.contrib.media import MediaPlayer, MediaRecorder, MediaRelay
from aiortc.mediastreams import MediaStreamError
from tests.media import make_movie

import mediastreams as ms
from mediastreams._engine.clock import use_clock
from mediastreams.testing import ManualClock, read_counter
from mediastreams.webrtc import as_aiortc, from_aiortc

__all__ = []


@pytest.fixture
async def stream():
    devices = ms.MediaDevices(backends=["fake"])
    stream = await devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True)
    yield stream
    for track in stream.get_tracks():
        track.stop()


async def connected(*tracks):
    """Two connections of aiortc's; the tracks go from the first to the second."""
    near, far = aiortc.RTCPeerConnection(), aiortc.RTCPeerConnection()
    came = []
    far.on("track", came.append)
    for track in tracks:
        near.addTrack(track)
    await near.setLocalDescription(await near.createOffer())
    await far.setRemoteDescription(near.localDescription)
    await far.setLocalDescription(await far.createAnswer())
    await near.setRemoteDescription(far.localDescription)
    return near, far, came


async def test_pictures_for_aiortc_are_the_newest_at_the_tracks_pace(stream):
    foreign = as_aiortc(stream.video)
    frames = []
    for number in range(12):
        frame = await foreign.recv()
        frames.append((frame.pts * frame.time_base, read_counter(frame.to_ndarray(format="rgb24"))))
        if number == 5:
            await asyncio.sleep(0.5)  # who is slow gets the newest
    assert foreign.kind == "video"
    assert all(b > a for a, b in pairwise(frames))
    assert all(abs((b - a) - (d - c) / 30) < 0.002 for (a, c), (b, d) in pairwise(frames))
    assert frames[7][1] - frames[5][1] >= 10
    assert 0 <= frames[0][0] < 1
    foreign.stop()
    with pytest.raises(MediaStreamError):
        await foreign.recv()
    assert stream.video.ready_state == "live"


async def test_a_frame_for_aiortc_is_private(stream):
    foreign = as_aiortc(stream.video)
    with stream.video.frames(policy="drop-oldest") as frames:
        shared = {read_counter(frame.to_ndarray("rgb24")): frame for frame in [await anext(frames) for _ in range(5)]}
        for _ in range(20):
            private = await foreign.recv()
            number = read_counter(private.to_ndarray(format="rgb24"))
            private.pts, private.time_base = 7, Fraction(1, 30)
            frame = await anext(frames)
            shared[read_counter(frame.to_ndarray("rgb24"))] = frame
            if number in shared:
                assert shared[number].av.pts == shared[number].timestamp
        assert len(shared) >= 20
    foreign.stop()


async def test_sound_for_aiortc_has_no_gap(stream):
    foreign = as_aiortc(stream.audio)
    frames = [await foreign.recv() for _ in range(30)]
    await asyncio.sleep(0.3)
    frames += [await foreign.recv() for _ in range(30)]
    assert {(frame.samples, frame.sample_rate, frame.format.name) for frame in frames} == {(960, 48_000, "s16")}
    assert all(b.pts - a.pts == 960 for a, b in pairwise(frames))
    foreign.stop()


async def test_the_end_of_a_track_is_the_end_of_aiortcs(stream):
    foreign = as_aiortc(stream.video)
    ended = asyncio.Event()
    foreign.on("ended", ended.set)
    await foreign.recv()
    waiting = asyncio.ensure_future(foreign.recv())
    stream.video.stop()
    await asyncio.wait([waiting])
    with pytest.raises(MediaStreamError):
        await foreign.recv()
    await asyncio.wait_for(ended.wait(), 5)
    assert as_aiortc(stream.video).readyState == "ended"


async def test_what_is_no_track_is_refused():
    with pytest.raises(TypeError, match="as_aiortc"):
        as_aiortc("camera")
    with pytest.raises(TypeError, match="from_aiortc"):
        from_aiortc("camera")


@pytest.mark.may_block(reason="aiortc opens its encoders and makes its certificates on the loop")
async def test_through_aiortcs_connection_and_back(stream, tmp_path):
    near, far, came = await connected(as_aiortc(stream.video), as_aiortc(stream.audio))
    received = [from_aiortc(track) for track in came]
    try:
        assert {track.kind for track in received} == {"audio", "video"}
        await asyncio.gather(*(track.wait_for("unmute", timeout=20) for track in received))
        (video,) = (track for track in received if track.kind == "video")
        numbers, times = [], []
        with video.frames(policy="drop-oldest") as frames:
            async for frame in frames:
                times.append(frame.timestamp)
                with contextlib.suppress(ValueError):  # aiortc has few bits for its first pictures
                    numbers.append(read_counter(frame.to_ndarray("rgb24")))
                if len(numbers) == 20:
                    break
        assert numbers == sorted(numbers)
        assert times == sorted(times)
        assert video.get_settings().width == 320
        summary = await ms.record(ms.MediaStream(received), tmp_path / "call.webm", duration=2)
        assert summary
        with av.open(str(tmp_path / "call.webm")) as container:
            loudest = max(float(np.abs(frame.to_ndarray()).max()) for frame in container.decode(audio=0))
        assert loudest > 0.1
    finally:
        await near.close()
        await far.close()
    ends = [track for track in received if track.ready_state == "live"]
    await asyncio.gather(*(track.wait_for("ended", timeout=5) for track in ends))
    assert all(track.ready_state == "ended" for track in received)


@pytest.mark.may_block(reason="aiortc's recorder encodes on the loop")
async def test_aiortcs_recorder_records_our_tracks_together(stream, tmp_path):
    path = tmp_path / "aiortc.mkv"
    recorder = MediaRecorder(str(path))
    recorder.addTrack(as_aiortc(stream.audio))
    recorder.addTrack(as_aiortc(stream.video))
    await recorder.start()
    await asyncio.sleep(2.5)
    await recorder.stop()
    with av.open(str(path)) as container:
        found = {stream.type: float((stream.start_time or 0) * stream.time_base) for stream in container.streams}
        pictures = sum(1 for _ in container.decode(video=0))
    assert abs(found["audio"] - found["video"]) < 0.3
    assert all(start < 1 for start in found.values())
    assert pictures >= 10


async def test_aiortcs_player_is_a_source_like_any_other(tmp_path):
    await asyncio.to_thread(make_movie, tmp_path / "film.mp4", frames=50)
    player = MediaPlayer(str(tmp_path / "film.mp4"))
    relay = MediaRelay()
    shared = relay.subscribe(player.video)
    track = from_aiortc(player.video and relay.subscribe(player.video))
    assert track.muted
    frames = track.frames(policy="drop-oldest", width=80)
    clone = track.clone()
    shown, foreign = [], []
    async for frame in frames:
        shown.append((frame.timestamp, frame.display_width))
        foreign.append((await shared.recv()).pts)
        if len(shown) == 20:
            break
    steps = [b - a for (a, _), (b, _) in pairwise(shown)]
    assert {width for _, width in shown} == {80}
    assert abs(sum(steps) / len(steps) - 40_000) < 8_000
    assert foreign[:3] == sorted(foreign[:3])
    clone.stop()
    track.stop()
    await asyncio.sleep(0.1)
    shared.stop()
    player.video.stop()
    player.audio and player.audio.stop()


async def test_stopping_the_last_clone_stops_aiortcs_track():
    class Slow(aiortc.VideoStreamTrack):
        pass

    foreign = Slow()
    track = from_aiortc(foreign)
    clone = track.clone()
    with clone.frames() as frames:
        await anext(frames)
    track.stop()
    await asyncio.sleep(0.1)
    assert foreign.readyState == "live"
    clone.stop()
    for _ in range(100):
        if foreign.readyState == "ended":
            break
        await asyncio.sleep(0.02)
    assert foreign.readyState == "ended"


async def test_aiortcs_track_that_never_answers_ends_when_it_is_stopped():
    class Silent(aiortc.MediaStreamTrack):
        kind = "audio"

        async def recv(self):
            await asyncio.Event().wait()

    foreign = Silent()
    track = from_aiortc(foreign)
    ended = asyncio.ensure_future(track.wait_for("ended", timeout=5))
    await asyncio.sleep(0.05)
    assert track.muted
    foreign.stop()
    await ended


async def test_aiortcs_track_that_falls_silent_is_muted_until_it_goes_on():
    class Halting(aiortc.MediaStreamTrack):
        kind = "audio"
        frames = asyncio.Queue()

        async def recv(self):
            return await self.frames.get()

    def sound(number):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = 48_000, Fraction(1, 48_000), number * 960
        return frame

    foreign = Halting()
    with use_clock(ManualClock()) as clock:
        track = from_aiortc(foreign)
        with track.frames() as frames:
            muted = asyncio.ensure_future(track.wait_for("mute", timeout=5))
            for number in range(150):  # three seconds
                foreign.frames.put_nowait(sound(number))
                await anext(frames)
                await clock.advance(0.02)
            await asyncio.sleep(0.05)
            assert not track.muted
            assert not muted.done()
            await clock.advance(1.9)
            await asyncio.sleep(0.05)
            assert not track.muted
            await clock.advance(0.2)
            await muted
            assert track.muted
            foreign.frames.put_nowait(sound(400))
            await anext(frames)
            await track.wait_for("unmute", timeout=5) if track.muted else None
            assert not track.muted
        track.stop()
        await asyncio.sleep(0.05)
        assert foreign.readyState == "ended"


async def test_aiortcs_track_that_fails_ends():
    class Broken(aiortc.MediaStreamTrack):
        kind = "audio"

        async def recv(self):
            await asyncio.sleep(0.01)
            raise ValueError("broken")

    track = from_aiortc(Broken())
    await track.wait_for("ended", timeout=5)
