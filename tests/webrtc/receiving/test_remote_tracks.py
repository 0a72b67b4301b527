"""A remote track is a track like any other: recorded, copied, cloned, constrained, shown, sent on."""

import asyncio
from itertools import pairwise

import av
import pytest
from tests.webrtc.wire import Wire, connect

import mediastreams as ms
from mediastreams.testing import read_counter
from mediastreams.webrtc.receiving.inlet import Inlet
from mediastreams.webrtc.sending.outlet import Outlet

__all__ = []

pytestmark = pytest.mark.may_block(reason="encoders of a busy machine")


class Calls:
    """Tracks sent over wires, and what comes out."""

    def __init__(self):
        self.ends = []

    def send(self, track, name, wire=None):
        wire, outlet, inlet = wire or Wire(), Outlet(track.kind), Inlet(track.kind)
        self.ends += [outlet, inlet]
        outlet.set_track(track)
        connect(wire, outlet, inlet, name)
        return outlet, inlet

    async def close(self):
        for end in self.ends:
            await end.stop()


@pytest.fixture
async def calls():
    made = Calls()
    yield made
    await made.close()


@pytest.fixture
async def stream():
    devices = ms.MediaDevices(backends=["fake"])
    async with devices.get_user_media(
        video={"width": 320, "height": 240, "frame_rate": 30}, audio={"channel_count": 2}
    ) as opened:
        yield opened


async def some(track, count, **options):
    with track.frames(policy="drop-oldest", **options) as frames:
        return [await anext(frames) for _ in range(count)]


@pytest.mark.parametrize("name", ["vp8", "vp9", "h264", "av1"])
async def test_pictures_of_every_codec_come_out(stream, calls, name):
    _, inlet = calls.send(stream.video, name)
    frames = await some(inlet.track, 12)
    numbers = [read_counter(frame.to_ndarray("rgb24")) for frame in frames]
    assert numbers == sorted(numbers)
    assert {(frame.coded_width, frame.coded_height) for frame in frames} == {(320, 240)}
    steps = [
        ((b.timestamp - a.timestamp) / 1e6, (n - m) / 30)
        for (a, m), (b, n) in pairwise(zip(frames, numbers, strict=True))
    ]
    wrong = [step for step, real in steps if abs(step - real) > 0.08 * real]  # a twentieth on average while it settles
    assert len(wrong) <= 1  # an encoder that needed half a second to open: its first picture came late
    assert inlet.stats()[0]["frames_dropped"] == 0


@pytest.mark.parametrize(("name", "rate"), [("opus", 48_000), ("g722", 16_000), ("pcmu", 8_000), ("pcma", 8_000)])
async def test_sound_of_every_codec_comes_out(stream, calls, name, rate):
    _, inlet = calls.send(stream.audio, name)
    sounds = await some(inlet.track, 75)
    assert {sound.sample_rate for sound in sounds} == {rate}
    assert max(abs(sound.to_ndarray()).max() for sound in sounds) > 0.2  # a beep a second
    settings = inlet.track.get_settings()
    assert settings.sample_rate == rate
    assert settings.channel_count == sounds[-1].number_of_channels
    if name == "opus":
        assert sounds[-1].number_of_channels == 2


async def test_constraints_hold_on_a_clone_and_leave_the_track_alone(stream, calls):
    _, inlet = calls.send(stream.video, "vp8")
    track = inlet.track
    await some(track, 12)
    clone = track.clone()
    await clone.apply_constraints(width={"exact": 160}, frame_rate={"exact": 10})
    small, large = await asyncio.gather(some(clone, 6), some(track, 18))
    assert {frame.display_width for frame in small} == {160}
    assert all(b.timestamp - a.timestamp >= 80_000 for a, b in pairwise(small[1:]))
    assert {frame.display_width for frame in large} == {320}
    track.stop()
    assert len(await some(clone, 2)) == 2
    with pytest.raises(ms.OverconstrainedError):
        await clone.apply_constraints(width={"exact": 5000})
    clone.stop()


async def test_a_disabled_remote_track_is_black(stream, calls):
    _, inlet = calls.send(stream.video, "vp8")
    await some(inlet.track, 2)
    inlet.track.enabled = False
    (frame,) = await some(inlet.track, 1)
    assert frame.to_ndarray("rgb24").max() <= 2


@pytest.mark.parametrize(
    ("video", "audio", "file"),
    [("vp8", "opus", "call.webm"), ("h264", "opus", "call.mkv"), ("vp9", "opus", "call.webm")],
)
async def test_a_call_is_recorded_as_it_was_sent(stream, calls, tmp_path, video, audio, file):
    wire = Wire()
    _, pictures = calls.send(stream.video, video, wire)
    _, sounds = calls.send(stream.audio, audio, wire)
    received = ms.MediaStream([pictures.track, sounds.track])
    await asyncio.gather(some(pictures.track, 2), some(sounds.track, 2))
    decoded = pictures.stats()[0]["frames_decoded"]
    recording = asyncio.ensure_future(ms.record(received, tmp_path / file, copy=True, duration=2.5))
    await asyncio.sleep(0.4)
    pictures._source.request_key_frame()
    summary = await recording
    assert summary
    assert pictures.stats()[0]["frames_decoded"] - decoded <= 3  # copied, not decoded
    with av.open(str(tmp_path / file)) as container:
        codecs = {stream.type: stream.codec_context.codec.canonical_name for stream in container.streams}
        numbers = [read_counter(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert codecs == {"video": video, "audio": "opus"}
    assert len(numbers) >= 30
    assert numbers == sorted(numbers)


async def test_a_remote_track_is_sent_on(stream, calls):
    _, first = calls.send(stream.video, "vp8")
    _, second = calls.send(first.track, "vp8")
    frames = await some(second.track, 30)
    numbers = [read_counter(frame.to_ndarray("rgb24")) for frame in frames if frame.to_ndarray("gray").max() > 20]
    assert len(numbers) >= 15  # black before that: the track was muted
    assert numbers == sorted(numbers)


async def test_a_remote_track_is_shown_with_its_times(stream, calls):
    _, inlet = calls.send(stream.video, "vp8")
    video = ms.VideoElement()
    video.muted = True
    video.src_object = ms.MediaStream([inlet.track])
    await video.play()
    told = asyncio.get_running_loop().create_future()
    video.request_video_frame_callback(lambda now, metadata: told.set_result(metadata))
    metadata = await asyncio.wait_for(told, 10)
    assert metadata.width == 320
    assert metadata.rtp_timestamp is not None
    assert metadata.capture_time <= metadata.receive_time <= metadata.presentation_time
    video.src_object = None


async def test_a_slow_consumer_holds_nobody_and_nothing(stream, calls):
    _, inlet = calls.send(stream.video, "vp8")
    with inlet.track.frames() as slow:
        await anext(slow)
        ahead = await some(inlet.track, 30)
        frame = await anext(slow)
        assert frame.timestamp >= ahead[-2].timestamp
        assert len(inlet._decoding._queue) < 10
