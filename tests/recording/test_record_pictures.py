"""`record` and pictures: colours, black, frames that come faster than they are encoded."""

import asyncio
import io

import av
import numpy as np
import pytest

from mediastreams._engine.encoding import intake
from mediastreams._engine.frames import Picture
from mediastreams.recording.record import record

__all__ = []


def solid(made, rgb, count=5):
    script = []
    for index in range(count):
        frame = av.VideoFrame.from_ndarray(np.full((120, 160, 3), rgb, np.uint8), format="rgb24")
        script.append(Picture.stamped(frame, made.T0 + index * 33_333, 33_333))
    return script


async def first_rgb(path):
    """The first picture as Debian's ffmpeg shows it."""
    command = ["ffmpeg", "-v", "warning", "-i", path, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=asyncio.subprocess.PIPE)
    data, _ = await process.communicate()
    return np.frombuffer(data, np.uint8).reshape(-1, 3).astype(int)


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.mkv"])
@pytest.mark.parametrize("rgb", [(200, 50, 80), (255, 255, 255), (10, 120, 240)])
async def test_colours_are_what_they_were(made, make_stream, need, tmp_path, name, rgb):
    need("ffmpeg")
    await record(make_stream(made.Scripted("video", solid(made, rgb))), tmp_path / name)
    assert np.median(await first_rgb(tmp_path / name), axis=0) == pytest.approx(rgb, abs=6)


@pytest.mark.parametrize("pixel_format", ["yuvj420p", "yuvj422p"])
async def test_full_range_pictures_of_a_camera_keep_their_white_and_grey(
    made, make_stream, need, tmp_path, pixel_format
):
    need("ffmpeg")
    for luma in (255, 100):
        script = made.pictures(5, pixel_format=pixel_format)
        for picture in script:
            plane = picture.av.planes[0]
            memoryview(plane)[:] = bytes((luma,)) * plane.buffer_size
        await record(make_stream(made.Scripted("video", script)), tmp_path / "a.mp4")
        assert np.median(await first_rgb(tmp_path / "a.mp4")) == pytest.approx(luma, abs=5)


async def test_a_disabled_track_is_black_and_the_shared_black_frame_stays_as_it_is(made, make_stream, decode, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(30)), made.Scripted("audio", made.sounds(1.0)))
    for track in stream.get_tracks():
        track.enabled = False
    await asyncio.gather(
        record(stream, tmp_path / "a.mkv", mime_type='video/x-matroska;codecs="h264,pcm"'),
        record(stream, tmp_path / "b.webm"),
    )
    for name in ("a.mkv", "b.webm"):
        (times, luma), (sound, _) = await decode(tmp_path / name)
        assert times == pytest.approx([i / 30 for i in range(30)], abs=0.002)
        assert max(luma) < 20
        assert np.abs(sound).max() < 1e-3


async def test_pictures_of_nv12_go_straight_into_h264(made, make_stream, tmp_path):
    await record(make_stream(made.Scripted("video", made.pictures(5, pixel_format="nv12"))), tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"


async def test_frames_that_cannot_be_encoded_in_time_are_dropped_and_counted(
    made, make_stream, probe, tmp_path, monkeypatch
):
    monkeypatch.setattr(intake, "_VIDEO_BOUND_US", 100_000)
    rng = np.random.default_rng(0)

    def noise():
        for picture in made.live_pictures(2.0, fps=60, width=640, height=480):
            plane = picture.av.planes[0]
            memoryview(plane)[:] = rng.integers(16, 235, plane.buffer_size, np.uint8).tobytes()
            yield picture

    stream = make_stream(made.Scripted("video", noise(), live=True))
    summary = await record(stream, tmp_path / "a.mp4", encoder_options={"preset": "placebo"})
    assert summary.dropped > 0
    assert 0 < summary.frames < 120
    assert (await probe(tmp_path / "a.mp4")).duration == pytest.approx(2.0, abs=0.3)


async def test_key_frames_come_by_time_whatever_the_rate(made, make_stream, tmp_path):
    script = [made.picture(made.T0 + i * 500_000, 100) for i in range(30)]  # two a second for 15 s
    stream = make_stream(made.Scripted("video", script), settings={"frame_rate": 30})
    await record(stream, tmp_path / "a.webm")
    with av.open(str(tmp_path / "a.webm")) as container:
        keys = [float(packet.pts * packet.time_base) for packet in container.demux() if packet.is_keyframe]
    assert np.diff(keys).max() <= 4.01


async def test_two_tracks_of_pictures_are_both_recorded(made, make_stream, probe):
    buffer = io.BytesIO()
    stream = make_stream(
        made.Scripted("video", made.pictures(10)), made.Scripted("video", made.pictures(10, width=80, height=60))
    )
    await record(stream, buffer, mime_type="video/x-matroska")
    with av.open(io.BytesIO(buffer.getvalue())) as container:
        assert [(one.width, one.height) for one in container.streams.video] == [(160, 120), (80, 60)]
