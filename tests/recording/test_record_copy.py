"""Recordings that copy what is encoded already: the same packets, nothing decoded, a valid file whatever happens."""

import asyncio
import logging
from itertools import pairwise

import av
import numpy as np
import pytest
from tests.media import make_movie

import mediastreams as ms
from mediastreams._engine.clock import use_clock
from mediastreams.testing import ManualClock

__all__ = []

BLACK = 16


@pytest.fixture
def film(tmp_path):
    """Four seconds, a key frame every 0.4 s, pictures of one grey, shown in another order than decoded; a tone."""

    async def make(name="film.mp4", codec="libx264", audio_codec="aac", frames=100, options=None):
        options = {"bf": "2", "g": "10", "sc_threshold": "0"} if options is None else options
        return await asyncio.to_thread(
            make_movie,
            tmp_path / name,
            codec=codec,
            audio_codec=audio_codec,
            frames=frames,
            options=options,
            size=(160, 120),
        )

    return make


def packets(path, kind):
    with av.open(str(path)) as container:
        stream = container.streams.get({kind: 0})[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def stamps(path, kind):
    """When packets are shown and decoded, in seconds."""
    with av.open(str(path)) as container:
        stream = container.streams.get({kind: 0})[0]
        found = [packet for packet in container.demux(stream) if packet.size]
        base = float(stream.time_base)
        return [packet.pts * base for packet in found], [
            packet.dts * base for packet in found if packet.dts is not None
        ]


def decoded(stream):
    return [track._feed.hub.source.lane.decoded for track in stream.get_tracks()]


class Switch:
    """Does something to a track when its source's media time has come to certain seconds. Called by the source."""

    def __init__(self, track, **at):
        self._track = track
        self._feed = track._feed
        self._push = self._feed.push
        self._at = sorted((float(time.removeprefix("at_").replace("_", ".")), what) for time, what in at.items())
        self._begin = None
        self._feed.push = self

    def __call__(self, data):
        if self._begin is None:
            self._begin = data.timestamp
        while self._at and (data.timestamp - self._begin) / 1e6 >= self._at[0][0] - 0.001:
            self._at.pop(0)[1](self._track)
        self._push(data)


def off(track):
    track._feed.enabled = False


def on(track):
    track._feed.enabled = True


@pytest.mark.parametrize("name", ["copy.mp4", "copy.mkv"])
async def test_a_movie_becomes_the_same_packets_in_another_file_without_being_decoded(movie, probe, tmp_path, name):
    async with ms.open(str(movie), clock="free") as stream:
        summary = await ms.record(stream, tmp_path / name)
        assert decoded(stream) == [0, 0]
    assert (summary.video_codec, summary.audio_codec, summary.frames, summary.dropped) == ("h264", "aac", 132, 0)
    assert (summary.width, summary.height, summary.channels, summary.sample_rate) == (1280, 720, 6, 48_000)
    for kind in ("video", "audio"):
        assert packets(tmp_path / name, kind) == packets(movie, kind)
    found = await probe(tmp_path / name)
    assert found.start == 0
    assert found.duration == pytest.approx(5.312, abs=0.002)


@pytest.mark.parametrize(
    ("source", "target"),
    [("a.mp4", "b.mp4"), ("a.mp4", "b.mkv"), ("a.mkv", "b.mp4"), ("a.ts", "b.mp4"), ("a.ts", "b.mkv")],
)
async def test_pictures_that_are_shown_in_another_order_keep_all_their_times(film, probe, tmp_path, source, target):
    path = await film(source)
    async with ms.open(path, clock="free") as stream:
        await ms.record(stream, tmp_path / target)
        assert decoded(stream) == [0, 0]
    found = await probe(tmp_path / target)
    assert found.start == 0
    shown, when = stamps(tmp_path / target, "video")
    assert all(a < b for a, b in pairwise(when))
    original, _ = stamps(path, "video")
    heard, _ = stamps(tmp_path / target, "audio")
    sounded, _ = stamps(path, "audio")
    assert len(shown) == len(original)
    offset = (shown[0] - heard[0]) - (original[0] - sounded[0])
    assert abs(offset) < 0.0015
    moved = [later - earlier for later, earlier in zip(shown, original, strict=True)]
    assert max(moved) - min(moved) < 0.0015


@pytest.mark.parametrize("name", ["copy.webm", "copy.mkv", "copy.mp4"])
async def test_vp9_and_opus_are_copied_into_every_container_that_takes_them(film, probe, tmp_path, name):
    path = await film("a.webm", codec="libvpx-vp9", audio_codec="libopus", options={"g": "10", "deadline": "realtime"})
    async with ms.open(path, clock="free") as stream:
        summary = await ms.record(stream, tmp_path / name)
        assert decoded(stream) == [0, 0]
    assert (summary.video_codec, summary.audio_codec) == ("vp9", "opus")
    for kind in ("video", "audio"):
        assert packets(tmp_path / name, kind) == packets(path, kind)
    await probe(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "codec", "audio_codec", "options"),
    [
        ("a.mp4", "libx264", "aac", {"bf": "2", "g": "10", "sc_threshold": "0"}),
        ("a.mkv", "libx264", "aac", {"bf": "2", "g": "10", "sc_threshold": "0"}),
        ("a.webm", "libvpx-vp9", "libopus", {"g": "10", "deadline": "realtime"}),
        ("a.webm", "libvpx", "libopus", {"g": "10", "deadline": "realtime", "threads": "1"}),
    ],
)
async def test_a_disabled_track_is_black_and_silent_in_a_valid_file(
    film, probe, decode, tmp_path, name, codec, audio_codec, options
):
    path = await film(name, codec=codec, audio_codec=audio_codec, options=options)
    target = tmp_path / f"copy{path.suffix}"
    async with ms.open(path, clock="free") as stream:
        Switch(stream.video, at_1_0=off, at_2_1=on)
        Switch(stream.audio, at_1_0=off, at_2_1=on)
        await ms.record(stream, target)
        video, audio = decoded(stream)
        assert video < 25  # from 2.1 s to the next key frame, and what the decoder needs for that
        assert audio == 0
    await probe(target)
    ((times, luma), (sound, rate)), ((_, original), _) = await decode(target), await decode(path)
    for time, light in zip(times, luma, strict=True):
        # Enabled by the chunk of 2.1, which is decoded two pictures earlier: then the picture of 1.96 was to be seen.
        if 1.15 < time < 1.95:
            assert light == pytest.approx(BLACK, abs=1)
        elif time < 0.85 or time > 2.25:
            assert light == pytest.approx(original[round(time / 0.04)], abs=2)
    assert max(b - a for a, b in pairwise(times)) < 0.25  # what the decoder holds when chunks come again
    assert np.abs(sound[0, round(1.1 * rate) : round(2.0 * rate)]).max() < 0.01
    for begin, end in ((0.2, 0.9), (2.3, 3.8)):
        level = np.sqrt(np.mean(sound[0, round(begin * rate) : round(end * rate)] ** 2))
        assert level == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


async def test_pictures_are_still_right_for_who_jumps_behind_the_black(film, tmp_path):
    path = await film()
    async with ms.open(path, clock="free") as stream:
        Switch(stream.video, at_1_0=off, at_2_0=on)
        await ms.record(stream, tmp_path / "copy.mp4")

    def look(seconds):
        with av.open(str(tmp_path / "copy.mp4")) as container:
            container.seek(round(seconds * 1e6))
            frame = next(container.decode(video=0))
            return float(frame.pts * frame.time_base), np.frombuffer(frame.planes[0], np.uint8)[:100].mean()

    for seconds in (3.3, 1.5, 0.5, 2.9, 1.7):
        time, light = await asyncio.to_thread(look, seconds)
        assert not 0.85 < time < 0.95
        expected = BLACK if 0.95 < time < 1.95 else 16 + round(time / 0.04) * 5 % 200
        assert light == pytest.approx(expected, abs=2)


async def test_a_track_that_is_scaled_on_the_way_goes_on_as_pictures_of_the_same_size(film, probe, decode, tmp_path):
    path = await film()
    async with ms.open(path, clock="free") as stream:
        from mediastreams._engine.video_adapter import VideoAdapter

        def adapt(track):
            track._feed.adapter = VideoAdapter(80, 60)

        def restore(track):
            track._feed.adapter = None

        Switch(stream.video, at_1_0=adapt, at_2_0=restore)
        summary = await ms.record(stream, tmp_path / "copy.mp4")
    assert summary.dropped == 0
    found = await probe(tmp_path / "copy.mp4")
    assert (found.stream("video")["width"], found.stream("video")["height"]) == (160, 120)
    (times, luma), _ = await decode(tmp_path / "copy.mp4")
    assert max(b - a for a, b in pairwise(times)) < 0.2
    for time, light in zip(times, luma, strict=True):
        assert light == pytest.approx(16 + round(time / 0.04) * 5 % 200, abs=3)


async def test_frames_and_a_copy_of_one_file_at_once(film, tmp_path):
    path = await film()
    async with ms.open(path, clock="free") as stream:
        frames = stream.video.frames(policy="wait")

        async def count():
            return [frame.timestamp async for frame in frames]

        times, summary = await asyncio.gather(count(), ms.record(stream, tmp_path / "copy.mp4"))
        video, audio = decoded(stream)
    assert len(times) == video == summary.frames == 100
    assert audio == 0
    assert packets(tmp_path / "copy.mp4", "video") == packets(path, "video")


async def test_two_copies_of_one_stream_are_both_whole(film, tmp_path):
    path = await film()
    async with ms.open(path, clock="free") as stream:
        await asyncio.gather(ms.record(stream, tmp_path / "a.mp4"), ms.record(stream, tmp_path / "b.mkv"))
        assert decoded(stream) == [0, 0]
    for name in ("a.mp4", "b.mkv"):
        assert packets(tmp_path / name, "video") == packets(path, "video")


async def test_a_copy_ends_at_the_duration(film, probe, tmp_path):
    async with ms.open(await film(), clock="free") as stream:
        summary = await ms.record(stream, tmp_path / "copy.mp4", duration=1.5)
    assert summary.duration == pytest.approx(1.5, abs=0.03)
    found = await probe(tmp_path / "copy.mp4")
    assert found.duration == pytest.approx(1.5, abs=0.03)


async def test_a_copy_is_ended_from_another_thread(film, probe, tmp_path):
    path = await film()
    element = await ms.open(path, clock="free")
    frames = element.video.frames(policy="wait")
    recording = ms.record(element, tmp_path / "copy.mp4", copy=True)
    task = asyncio.create_task(recording)
    for _ in range(30):
        await anext(frames)
    await asyncio.to_thread(recording.stop)
    frames.close()
    summary = await task
    for track in element.get_tracks():
        track.stop()
    assert 20 < summary.frames < 100
    await probe(tmp_path / "copy.mp4")
    assert packets(tmp_path / "copy.mp4", "video") == packets(path, "video")[: summary.frames]


async def test_in_real_time_a_copy_begins_at_the_next_key_frame_with_the_sound_of_that_moment(film, probe, tmp_path):
    path = await film()
    with use_clock(ManualClock()) as clock:
        stream = await ms.open(path)
        await clock.advance(0.5)
        async with ms.record(stream, tmp_path / "copy.mp4", copy=True) as recording:
            await clock.advance(2.0)
        assert decoded(stream) == [0, 0]
        for track in stream.get_tracks():
            track.stop()
        await clock.advance(0.1)
    found = await probe(tmp_path / "copy.mp4")
    assert found.start == 0
    assert recording.summary.duration == pytest.approx(1.8, abs=0.1)
    copied, original = packets(tmp_path / "copy.mp4", "video"), packets(path, "video")
    assert original.index(copied[0]) == 20
    assert copied == original[20 : 20 + len(copied)]
    heard, _ = stamps(tmp_path / "copy.mp4", "audio")
    shown, _ = stamps(tmp_path / "copy.mp4", "video")
    assert abs(heard[0] - shown[0]) < 0.03


async def test_in_real_time_a_disabled_copy_stays_valid(film, probe, decode, tmp_path):
    path = await film()
    with use_clock(ManualClock()) as clock:
        stream = await ms.open(path)
        async with ms.record(stream, tmp_path / "copy.mp4", copy=True):
            await clock.advance(1.6)
            stream.video.enabled = stream.audio.enabled = False
            await clock.advance(0.8)
            stream.video.enabled = stream.audio.enabled = True
            await clock.advance(1.0)
        for track in stream.get_tracks():
            track.stop()
        await clock.advance(0.1)
    await probe(tmp_path / "copy.mp4")
    (times, luma), _ = await decode(tmp_path / "copy.mp4")
    black = [abs(light - BLACK) < 1 for light in luma]
    first = next(index for index in range(len(black)) if all(black[index : index + 5]))
    last = next(index for index in range(first, len(black)) if not black[index])
    assert times[last] - times[first] == pytest.approx(0.8, abs=0.15)
    assert sum(black[:first] + black[last:]) <= 3  # the film itself is as dark at times


async def test_a_copy_of_an_element_that_pauses_shows_black_meanwhile(film, probe, decode, tmp_path):
    path = await film()
    with use_clock(ManualClock()) as clock:
        element = ms.MediaElement(str(path))
        await element.play()
        stream = element.capture_stream()
        async with ms.record(stream, tmp_path / "copy.mp4", copy=True):
            await clock.advance(1.5)
            element.pause()
            await clock.advance(1.0)
            await element.play()
            await clock.advance(1.2)
        for track in stream.get_tracks():
            track.stop()
        element.close()
        await clock.advance(0.1)
    found = await probe(tmp_path / "copy.mp4")
    (times, luma), _ = await decode(tmp_path / "copy.mp4")
    assert found.duration > 3
    assert sum(abs(light - BLACK) < 1 for light in luma) >= 2
    assert max(b - a for a, b in pairwise(times)) < 0.6
    assert all(a < b for a, b in pairwise(times))


async def test_a_loop_is_copied_round_after_round(film, probe, tmp_path):
    path = await film()
    with use_clock(ManualClock()) as clock:
        element = ms.MediaElement(str(path))
        element.loop = True
        await element.play()
        stream = element.capture_stream()
        async with ms.record(stream, tmp_path / "copy.mp4", copy=True):
            await clock.advance(9.0)
        for track in stream.get_tracks():
            track.stop()
        element.close()
        await clock.advance(0.1)
    await probe(tmp_path / "copy.mp4")
    shown, when = stamps(tmp_path / "copy.mp4", "video")
    assert len(shown) > 200
    assert all(a < b for a, b in pairwise(when))
    assert max(b - a for a, b in pairwise(sorted(shown))) < 0.09  # the sound of a round is a little longer


async def test_sound_that_no_encoder_here_can_match_has_a_gap_and_a_warning(film, probe, tmp_path, caplog):
    path = await film("a.mka", codec=None, audio_codec="flac")
    async with ms.open(path, clock="free") as stream:
        Switch(stream.audio, at_1_0=off, at_2_0=on)
        with caplog.at_level(logging.WARNING):
            await ms.record(stream, tmp_path / "copy.mka", copy=True)
    assert "no silence can be made that fits flac" in caplog.text
    heard, _ = stamps(tmp_path / "copy.mka", "audio")
    assert max(b - a for a, b in pairwise(heard)) == pytest.approx(1.0, abs=0.2)
    await probe(tmp_path / "copy.mka")


# ── when it is copied, and when not ──────────────────────────────────────────────────────────────


async def test_what_was_asked_of_an_encoder_is_encoded(film, tmp_path):
    path = await film()
    async with ms.open(path, clock="free") as stream:
        await ms.record(stream, tmp_path / "a.mp4", video_bits_per_second=100_000)
        assert decoded(stream)[0] == 100
        assert decoded(stream)[1] == 0
    async with ms.open(path, clock="free") as stream:
        await ms.record(stream, tmp_path / "a.mp4", encoder_options={"audio": {"b": "64000"}})
        assert decoded(stream)[0] == 0
        assert decoded(stream)[1] > 0


@pytest.mark.parametrize("name", ["a.webm", "a.wav"])
async def test_what_the_format_does_not_take_is_encoded(film, tmp_path, name):
    async with ms.open(await film(), clock="free") as stream:
        await ms.record(stream, tmp_path / name)
        assert decoded(stream)[1] > 0


async def test_nothing_is_copied_where_that_is_forbidden_nor_in_real_time_unasked(film, tmp_path):
    path = await film(frames=10)
    async with ms.open(path, clock="free") as stream:
        await ms.record(stream, tmp_path / "a.mp4", copy=False)
        assert all(decoded(stream))
    async with ms.open(path, clock="real") as stream:
        await ms.record(stream, tmp_path / "a.mp4")
        assert all(decoded(stream))


async def test_one_kind_is_copied_and_the_other_encoded(film, probe, tmp_path):
    path = await film("a.mkv", audio_codec="pcm_s16le")
    async with ms.open(path, clock="free") as stream:
        with pytest.raises(ms.NotSupportedError, match="audio track is encoded in pcm_s16le"):
            await ms.record(stream, tmp_path / "a.mp4", copy=True)
        summary = await ms.record(stream, tmp_path / "a.mp4", copy="video")
        assert decoded(stream)[0] == 0
    assert (summary.video_codec, summary.audio_codec) == ("h264", "aac")
    await probe(tmp_path / "a.mp4")
    assert packets(tmp_path / "a.mp4", "video") == packets(path, "video")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mime_type": "video/webm"}, "encoded in h264; this recording takes vp9, vp8, av1"),
        ({"video_bits_per_second": 1_000_000}, "bit rate or encoder options"),
        ({"encoder_options": {"crf": 20}}, "bit rate or encoder options"),
    ],
)
async def test_a_copy_that_is_impossible_says_why_and_touches_no_file(film, tmp_path, options, sentence):
    async with ms.open(await film(), clock="free") as stream:
        with pytest.raises(ms.NotSupportedError, match=sentence):
            await ms.record(stream, tmp_path / "b.mp4", copy=True, **options)
        assert not (tmp_path / "b.mp4").exists()
        await ms.record(stream, tmp_path / "b.mp4", copy=True)


async def test_a_scaled_track_cannot_be_copied(film, tmp_path):
    async with ms.open(await film(), clock="free") as stream:
        await stream.video.apply_constraints({"width": 80, "height": 60, "resize_mode": "crop-and-scale"})
        with pytest.raises(ms.NotSupportedError, match=r"scaled.*apply_constraints"):
            await ms.record(stream, tmp_path / "a.mp4", copy="video")
        summary = await ms.record(stream, tmp_path / "a.mp4")
    assert (summary.width, summary.height) == (80, 60)


async def test_a_camera_has_nothing_to_copy(made, make_stream, tmp_path):
    stream = make_stream(made.Scripted("video", made.pictures(5)))
    with pytest.raises(ms.NotSupportedError, match="gives no encoded data"):
        await ms.record(stream, tmp_path / "a.mp4", copy=True)


@pytest.mark.parametrize("copy", ["both", 1, 0.5, object()])
async def test_copy_takes_no_other_values(made, make_stream, tmp_path, copy):
    stream = make_stream(made.Scripted("video", made.pictures(5)))
    with pytest.raises(TypeError, match="record: copy"):
        ms.record(stream, tmp_path / "a.mp4", copy=copy)
