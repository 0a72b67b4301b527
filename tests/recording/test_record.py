"""`record`: streams into files, read back by programs that are not ours."""

import asyncio
import io
import math
import time

import av
import numpy as np
import pytest

from mediastreams.errors import InvalidStateError, NotSupportedError
from mediastreams.recording.record import record

__all__ = []


@pytest.mark.parametrize(
    ("name", "mime_type", "video", "audio", "layout"),
    [
        ("a.webm", None, "vp9", "opus", "stereo"),
        ("a.webm", "video/webm;codecs=vp8", "vp8", "opus", "mono"),
        ("a.webm", 'video/webm;codecs="av01.0.04M.08,opus"', "av1", "opus", "stereo"),
        ("a.mp4", None, "h264", "aac", "stereo"),
        ("a.mp4", None, "h264", "aac", "5.1"),
        ("a.mp4", None, "h264", "aac", "5.1(side)"),
        ("a.mkv", None, "h264", "opus", "5.1(side)"),
        ("a.mkv", 'video/x-matroska;codecs="vp9,flac"', "vp9", "flac", "stereo"),
        ("a.wav", None, None, "pcm_s16le", "stereo"),
        ("a.flac", None, None, "flac", "5.1"),
        ("a.ogg", None, None, "opus", "stereo"),
        ("a.m4a", None, None, "aac", "mono"),
    ],
)
async def test_every_format_is_a_clean_file_that_starts_at_zero(
    made, make_stream, probe, tmp_path, name, mime_type, video, audio, layout
):
    stream = make_stream(
        made.Scripted("video", made.pictures(60)), made.Scripted("audio", made.sounds(2.0, layout=layout))
    )
    summary = await record(stream, tmp_path / name, mime_type=mime_type)
    found = await probe(tmp_path / name)
    assert found.stream("audio")["codec_name"] == audio
    assert found.stream("audio")["channels"] == {"mono": 1, "stereo": 2}.get(layout, 6)
    if layout.startswith("5.1") and audio != "flac":
        assert found.stream("audio")["channel_layout"] == "5.1"
    assert len(found.streams) == (2 if video else 1)
    if video:
        assert found.stream("video")["codec_name"] == video
        assert (summary.width, summary.height, summary.frames, summary.dropped) == (160, 120, 60, 0)
        assert summary.fps == pytest.approx(30, abs=0.1)
    assert found.duration == pytest.approx(2.0, abs=0.03)
    assert found.start == pytest.approx(0, abs=0.01)
    assert summary.duration == pytest.approx(2.0, abs=0.03)
    assert summary.size == (tmp_path / name).stat().st_size
    assert summary.path == str(tmp_path / name)


async def test_sound_in_a_wave_file_is_what_came_sample_by_sample(made, make_stream, decode, tmp_path):
    stream = make_stream(made.Scripted("audio", made.sounds(1.0, layout="stereo")))
    await record(stream, tmp_path / "a.wav")
    _, (sound, rate) = await decode(tmp_path / "a.wav")
    assert (rate, sound.shape) == (48_000, (2, 48_000))
    assert np.abs(sound - made.tone(0, 48_000, channels=2)).max() < 1 / 32_000


async def test_a_variable_rate_is_kept(made, make_stream, decode, tmp_path):
    times = [0, 0.02, 0.05, 0.3, 0.31, 0.9, 1.0]
    script = [made.picture(made.T0 + round(t * 1e6), 60 + 10 * i) for i, t in enumerate(times)]
    await record(make_stream(made.Scripted("video", script)), tmp_path / "a.mkv")
    (found, luma), _ = await decode(tmp_path / "a.mkv")
    assert found == pytest.approx(times, abs=0.0011)
    assert luma == pytest.approx([60 + 10 * i for i in range(7)], abs=3)


async def test_sound_and_picture_are_aligned_by_their_timestamps(made, make_stream, decode, tmp_path):
    late = made.T0 + 250_000
    stream = make_stream(
        made.Scripted("video", made.pictures(30)), made.Scripted("audio", made.sounds(0.75, start=late))
    )
    await record(stream, tmp_path / "a.mp4")
    (times, _), (sound, rate) = await decode(tmp_path / "a.mp4")
    assert times[0] == pytest.approx(0, abs=0.001)
    begins = np.argmax(np.abs(sound[0]) > 0.1) / rate
    assert begins == pytest.approx(0.25, abs=0.003)


async def test_a_picture_that_comes_later_than_the_sound_stands_where_it_belongs(made, make_stream, decode, tmp_path):
    stream = make_stream(
        made.Scripted("video", made.pictures(15, start=made.T0 + 400_000)), made.Scripted("audio", made.sounds(1.0))
    )
    await record(stream, tmp_path / "a.webm")
    (times, _), _ = await decode(tmp_path / "a.webm")
    assert times[0] == pytest.approx(0.4, abs=0.002)


async def test_a_track_that_ends_early_leaves_the_other_going(made, make_stream, probe, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(15)), made.Scripted("audio", made.sounds(2.0)))
    summary = await record(stream, tmp_path / "a.mp4")
    found = await probe(tmp_path / "a.mp4")
    assert float(found.stream("video")["duration"]) == pytest.approx(0.5, abs=0.01)
    assert found.duration == pytest.approx(2.0, abs=0.03)
    assert summary.frames == 15


async def test_tracks_that_are_read_by_different_threads_stay_together_in_the_file(made, make_stream, tmp_path):
    def slowly():
        for number in range(300):
            time.sleep(0.005)
            yield made.picture(made.T0 + number * 100_000, 40)

    def at_once():
        yield from made.sounds(30)

    def read(path):
        reached, apart = {"audio": 0.0, "video": 0.0}, 0.0
        with av.open(str(path)) as file:
            for packet in file.demux():
                if packet.dts is not None:
                    reached[packet.stream.type] = float(packet.dts * packet.time_base)
                    apart = max(apart, abs(reached["audio"] - reached["video"]))
        return reached, apart

    stream = make_stream(made.Scripted("video", slowly()), made.Scripted("audio", at_once()))
    await record(stream, tmp_path / "a.mkv")
    reached, apart = await asyncio.to_thread(read, tmp_path / "a.mkv")
    assert reached["audio"] == pytest.approx(30, abs=0.1)
    assert apart < 2.5  # what an encoder holds back is in it


async def test_another_size_midway_is_letterboxed_into_the_first(made, make_stream, probe, decode, tmp_path):
    script = made.pictures(10) + made.pictures(10, start=made.T0 + 400_000, width=120, height=160, pixel_format="rgb24")
    summary = await record(make_stream(made.Scripted("video", script)), tmp_path / "a.webm")
    assert (summary.width, summary.height, summary.frames) == (160, 120, 20)
    assert len((await probe(tmp_path / "a.webm")).streams) == 1
    (_, luma), _ = await decode(tmp_path / "a.webm")
    assert luma[15] < luma[9] * 1.5  # bars: 44 % of the width are black


async def test_odd_sizes_are_made_even_for_h264(made, make_stream, probe, tmp_path):
    script = made.pictures(10, width=161, height=121, pixel_format="yuv444p")
    summary = await record(make_stream(made.Scripted("video", script)), tmp_path / "a.mp4")
    assert (summary.width, summary.height) == (160, 120)
    await probe(tmp_path / "a.mp4")


async def test_the_duration_is_kept_to_the_sample(made, make_stream, probe, decode, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(90)), made.Scripted("audio", made.sounds(3.0)))
    summary = await record(stream, tmp_path / "a.mkv", mime_type='video/x-matroska;codecs="h264,pcm"', duration=1.234)
    assert summary.duration == pytest.approx(1.234, abs=0.001)
    (times, _), (sound, _) = await decode(tmp_path / "a.mkv")
    assert len(times) == 38
    assert sound.shape[1] == round(1.234 * 48_000)


async def test_a_gap_in_the_sound_becomes_silence(made, make_stream, decode, tmp_path):
    script = made.sounds(0.5) + made.sounds(0.5, start=made.T0 + 800_000)
    await record(make_stream(made.Scripted("audio", script)), tmp_path / "a.wav")
    _, (sound, _) = await decode(tmp_path / "a.wav")
    assert sound.shape[1] == round(1.3 * 48_000)
    assert np.abs(sound[0, 24_010:38_390]).max() == 0


@pytest.mark.may_block(reason="the test makes two minutes of sound")
async def test_many_seconds_of_drift_stay_within_milliseconds(made, make_stream, decode, tmp_path):
    stream = make_stream(made.Scripted("audio", made.sounds(120, real_rate=48_010)))
    summary = await record(stream, tmp_path / "a.wav")
    assert summary.duration == pytest.approx(120, abs=0.012)  # 25 ms too long without correction


async def test_several_sound_tracks_are_all_recorded(made, make_stream, probe, tmp_path):
    stream = make_stream(
        made.Scripted("video", made.pictures(30)),
        made.Scripted("audio", made.sounds(1.0)),
        made.Scripted("audio", made.sounds(1.0, hertz=880)),
    )
    await record(stream, tmp_path / "a.mkv")
    assert [one["codec_type"] for one in (await probe(tmp_path / "a.mkv")).streams] == ["video", "audio", "audio"]


async def test_shared_frames_are_not_rewritten_and_two_recordings_do_not_meet(made, make_stream, probe, tmp_path):
    script = made.pictures(60)
    stream = make_stream(made.Scripted("video", script))
    await asyncio.gather(record(stream, tmp_path / "a.webm"), record(stream, tmp_path / "b.mp4"))
    assert [picture.av.pts for picture in script] == [picture.timestamp for picture in script]
    for name in ("a.webm", "b.mp4"):
        assert (await probe(tmp_path / name)).duration == pytest.approx(2.0, abs=0.01)


async def test_a_file_object_takes_the_recording_and_stays_open(made, make_stream, probe, tmp_path):
    buffer = io.BytesIO()
    stream = make_stream(made.Scripted("video", made.pictures(30)))
    summary = await record(stream, buffer, mime_type="video/mp4")
    (tmp_path / "a.mp4").write_bytes(buffer.getvalue())
    assert summary.path is None
    assert summary.size == len(buffer.getvalue())
    assert (await probe(tmp_path / "a.mp4")).duration == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("mime_type", ["video/webm", "video/mp4", "video/x-matroska", "audio/ogg", "audio/flac"])
async def test_a_file_object_that_cannot_seek_takes_the_recording(made, make_stream, probe, tmp_path, mime_type):
    class Pipe(io.RawIOBase):
        parts = b""

        def writable(self):
            return True

        def write(self, data):
            self.parts += bytes(data)
            return len(data)

    pipe = Pipe()
    stream = make_stream(made.Scripted("video", made.pictures(30)), made.Scripted("audio", made.sounds(1.0)))
    await record(stream, pipe, mime_type=mime_type)
    (tmp_path / "file").write_bytes(pipe.parts)
    await probe(tmp_path / "file")


async def test_progress_is_told_while_it_runs_and_at_the_end(made, make_stream, tmp_path):
    told = []
    stream = make_stream(
        made.Scripted("video", made.live_pictures(1.0), live=True),
        made.Scripted("audio", made.live_sounds(1.0), live=True),
    )
    summary = await record(stream, tmp_path / "a.webm", progress=told.append)
    assert len(told) >= 3
    assert told[0].elapsed < told[-1].elapsed == summary.duration
    assert told[-1].frames == summary.frames
    assert told[-1].size == summary.size
    assert told[0].peak == pytest.approx(20 * math.log10(0.5), abs=0.1)
    assert told[0].level == pytest.approx(20 * math.log10(0.5) - 3.01, abs=0.2)


async def test_a_progress_function_that_raises_breaks_nothing(made, make_stream, tmp_path):
    seen = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context["exception"]))

    def progress(_):
        raise LookupError("mine")

    stream = make_stream(made.Scripted("video", made.live_pictures(0.6), live=True))
    summary = await record(stream, tmp_path / "a.webm", progress=progress)
    assert summary.frames > 10
    assert seen
    assert all(isinstance(error, LookupError) for error in seen)


async def test_a_context_records_while_its_block_runs(made, make_stream, probe, tmp_path):
    stream = make_stream(
        made.Scripted("video", made.live_pictures(5), live=True), made.Scripted("audio", made.live_sounds(5), live=True)
    )
    async with record(stream, tmp_path / "a.mp4") as recording:
        assert recording.summary is None
        await asyncio.sleep(1.0)
        assert recording.stats.frames > 10
    assert recording.summary.duration == pytest.approx(1.0, abs=0.4)
    assert (await probe(tmp_path / "a.mp4")).duration == pytest.approx(recording.summary.duration, abs=0.05)


async def test_stop_ends_it_and_awaiting_it_gives_the_summary(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.live_pictures(5), live=True))
    async with record(stream, tmp_path / "a.webm") as recording:
        await asyncio.sleep(0.3)
        recording.stop()
        recording.stop()
        summary = await recording
        assert summary is recording.summary
    assert 0 < summary.duration < 1


async def test_cancelling_ends_the_file_properly(made, make_stream, probe, tmp_path):
    stream = make_stream(made.Scripted("video", made.live_pictures(5), live=True))
    task = asyncio.create_task(record(stream, tmp_path / "a.mp4"))
    await asyncio.sleep(0.8)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await probe(tmp_path / "a.mp4")).duration == pytest.approx(0.8, abs=0.3)


async def test_a_block_that_raises_ends_the_file_and_raises_its_own(made, make_stream, probe, tmp_path):
    stream = make_stream(made.Scripted("video", made.live_pictures(5), live=True))

    async def use():
        async with record(stream, tmp_path / "a.webm"):
            await asyncio.sleep(0.5)
            raise KeyError

    with pytest.raises(KeyError):
        await use()
    assert (await probe(tmp_path / "a.webm")).duration > 0.2


async def test_stopping_the_tracks_ends_the_recording_without_losing_its_last_frames(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.live_pictures(5), live=True))
    task = asyncio.create_task(record(stream, tmp_path / "a.webm"))
    await asyncio.sleep(0.5)
    stream.get_tracks()[0].stop()
    summary = await task
    assert summary.frames >= 10


async def test_a_muted_track_is_filled_with_black_and_silence(made, make_stream, probe, decode, tmp_path):
    def mute(delivery):
        delivery.set_muted(muted=True)

    def unmute(delivery):
        delivery.set_muted(muted=False)

    start = round(time.perf_counter() * 1e6) + 200_000
    shown = [made.picture(start + i * 33_333, 180) for i in range(10)]
    again = [made.picture(start + 1_500_000 + i * 33_333, 180) for i in range(10)]
    heard = made.sounds(0.3, start=start)
    later = made.sounds(0.3, start=start + 1_500_000)
    stream = make_stream(
        made.Scripted("video", [*shown, mute, again[0], unmute, *again[1:]], live=True),
        made.Scripted("audio", [*heard, mute, later[0], unmute, *later[1:]], live=True),
    )
    await record(stream, tmp_path / "a.mkv", mime_type='video/x-matroska;codecs="h264,pcm"')
    await probe(tmp_path / "a.mkv")
    (times, luma), (sound, rate) = await decode(tmp_path / "a.mkv")
    black = [t for t, y in zip(times, luma, strict=True) if y < 30]
    assert len(black) >= 2
    assert black[0] == pytest.approx(0.33, abs=0.15)
    assert luma[-1] > 150
    assert sound.shape[1] / rate == pytest.approx(1.8, abs=0.02)
    assert np.abs(sound[0, round(0.35 * rate) : round(1.4 * rate)]).max() == 0
    assert np.abs(sound[0, -4_000:]).max() > 0.4


async def test_a_source_that_stalls_does_not_stop_the_file(made, make_stream, decode, tmp_path):
    stream = make_stream(made.Scripted("video", made.live_pictures(0.3), live=True, ends=False))
    summary = await record(stream, tmp_path / "a.webm", duration=2.0)
    assert summary.duration == pytest.approx(2.0, abs=0.1)
    (times, luma), _ = await decode(tmp_path / "a.webm")
    assert times[-1] > 1.5
    assert luma[-1] == pytest.approx(luma[8], abs=4)


async def test_options_reach_the_encoder(made, make_stream, tmp_path):
    sizes = []
    for crf in (10, 50):
        script = [made.picture(made.T0 + i * 33_333, 0) for i in range(20)]
        rng = np.random.default_rng(3)
        for picture in script:
            memoryview(picture.av.planes[0])[:] = rng.integers(
                20, 220, picture.av.planes[0].buffer_size, np.uint8
            ).tobytes()
        stream = make_stream(made.Scripted("video", script))
        options = {"preset": "ultrafast", "crf": crf}
        sizes.append((await record(stream, tmp_path / f"{crf}.mp4", encoder_options=options)).size)
    assert sizes[0] > 2 * sizes[1]


async def test_bit_rates_are_kept(made, make_stream, tmp_path):
    rng = np.random.default_rng(1)
    script = made.pictures(60, width=320, height=240)
    for picture in script:
        memoryview(picture.av.planes[0])[:] = rng.integers(
            90, 110, picture.av.planes[0].buffer_size, np.uint8
        ).tobytes()
    for name in ("a.webm", "a.mp4"):
        stream = make_stream(made.Scripted("video", script))
        summary = await record(stream, tmp_path / name, video_bits_per_second=400_000)
        assert summary.size * 8 / summary.duration == pytest.approx(400_000, rel=0.5)


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"mime_type": "video/ogg"}, NotSupportedError),
        ({"mime_type": "nonsense"}, NotSupportedError),
        ({"mime_type": "video/webm;codecs=avc1"}, NotSupportedError),
        ({"mime_type": 3}, TypeError),
        ({"duration": 0}, ValueError),
        ({"duration": math.nan}, ValueError),
        ({"duration": "5"}, TypeError),
        ({"duration": True}, TypeError),
        ({"video_bits_per_second": -1}, ValueError),
        ({"encoder_options": ["crf"]}, TypeError),
        ({"encoder_options": {"crf": None}}, TypeError),
        ({"encoder_options": {3: 4}}, TypeError),
        ({"progress": 3}, TypeError),
    ],
)
async def test_wrong_arguments_are_refused_before_anything_is_opened(made, make_stream, tmp_path, keywords, error):
    stream = make_stream(made.Scripted("video", made.pictures(1)))
    with pytest.raises(error):
        record(stream, tmp_path / "a.webm", **keywords)
    assert list(tmp_path.iterdir()) == []


async def test_a_path_without_a_known_suffix_and_a_wrong_target_are_refused(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(1)))
    with pytest.raises(ValueError, match=r"cannot tell the format .* use \.webm"):
        record(stream, tmp_path / "movie")
    with pytest.raises(TypeError, match="a path or a binary file object"):
        record(stream, 7)
    with pytest.raises(TypeError, match="a MediaStream"):
        record(tmp_path, tmp_path / "a.webm")


async def test_an_unknown_option_of_the_encoder_is_named(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(3)))
    with pytest.raises(NotSupportedError, match="libx264 has no option quality"):
        await record(stream, tmp_path / "a.mp4", encoder_options={"quality": 3})
    assert list(tmp_path.iterdir()) == []


async def test_a_value_the_encoder_refuses_is_named(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(3)))
    with pytest.raises(NotSupportedError, match=r"libx264 does not take 160x120 .*'preset': 'warp'"):
        await record(stream, tmp_path / "a.mp4", encoder_options={"preset": "warp"})


async def test_a_stream_without_live_tracks_cannot_be_recorded(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(3)))
    stream.get_tracks()[0].stop()
    with pytest.raises(InvalidStateError, match="no track of the stream is live"):
        await record(stream, tmp_path / "a.webm")


async def test_pictures_alone_do_not_go_into_a_wave_file_nor_two_sounds(made, make_stream, tmp_path):
    with pytest.raises(NotSupportedError, match="no sound"):
        await record(make_stream(made.Scripted("video", made.pictures(3))), tmp_path / "a.wav")
    stream = make_stream(made.Scripted("audio", made.sounds(0.1)), made.Scripted("audio", made.sounds(0.1)))
    with pytest.raises(NotSupportedError, match="holds one track"):
        await record(stream, tmp_path / "a.wav")


async def test_tracks_that_end_without_a_frame_leave_no_file(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", [lambda _: time.sleep(0.2)]))
    with pytest.raises(InvalidStateError, match="nothing was recorded"):
        await record(stream, tmp_path / "a.webm")
    assert list(tmp_path.iterdir()) == []


async def test_a_recording_begins_once(made, make_stream, tmp_path):
    recording = record(make_stream(made.Scripted("video", made.pictures(3))), tmp_path / "a.webm")
    summary = await recording
    assert await recording == summary
    with pytest.raises(InvalidStateError, match="begins once"):
        async with recording:
            pass


async def test_a_bit_rate_that_the_encoder_refuses_is_named(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("audio", made.sounds(0.2)))
    with pytest.raises(NotSupportedError, match="libopus does not take 48000 Hz mono at 1 bits per second"):
        await record(stream, tmp_path / "a.webm", audio_bits_per_second=1)


async def test_the_rate_is_that_of_the_pictures_not_of_the_file(made, make_stream, tmp_path):
    video = made.Scripted("video", made.pictures(60, start=made.T0 + 400_000))
    stream = make_stream(video, made.Scripted("audio", made.sounds(3.0)))
    summary = await record(stream, tmp_path / "a.mkv")
    assert summary.fps == pytest.approx(30, abs=0.01)
