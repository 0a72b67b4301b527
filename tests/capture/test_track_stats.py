"""``track.stats``: frames of pictures, samples and latency of sounds."""

import asyncio
import time

import pytest

import mediastreams as ms


@pytest.fixture
async def video(gum):
    return (await gum(video={"frame_rate": {"exact": 20}})).video


@pytest.fixture
async def audio(gum):
    return (await gum(audio=True)).audio


def test_stats_cannot_be_made_by_calling():
    for cls in (ms.MediaStreamTrackVideoStats, ms.MediaStreamTrackAudioStats):
        with pytest.raises(TypeError, match=r"Illegal constructor.*MediaStreamTrack\.stats"):
            cls()


async def test_stats_are_the_same_object_every_time_and_live(video, clock):
    stats = video.stats
    assert isinstance(stats, ms.MediaStreamTrackVideoStats)
    before = stats.total_frames
    await clock.advance(0.5)
    assert video.stats is stats
    assert stats.total_frames > before


async def test_frames_are_counted_without_any_consumer(video, clock):
    await clock.advance(1)
    assert video.stats.to_json() == {"deliveredFrames": 20, "discardedFrames": 0, "totalFrames": 20}
    assert (
        repr(video.stats)
        == "<MediaStreamTrackVideoStats {'deliveredFrames': 20, 'discardedFrames': 0, 'totalFrames': 20}>"
    )


async def test_what_decimation_leaves_out_is_counted_as_discarded(video, clock):
    await video.apply_constraints(frame_rate={"ideal": 10})
    assert (video.get_settings().frame_rate, video.get_settings().resize_mode) == (10, "crop-and-scale")
    before = video.stats.total_frames
    await clock.advance(1)
    stats = video.stats
    assert stats.discarded_frames == 5  # of 15, the camera's nearest rate
    assert stats.total_frames == stats.delivered_frames + stats.discarded_frames > before


async def test_a_clone_of_low_rate_discards_for_itself_only(video, clock):
    await clock.advance(1)
    clone = video.clone()
    await clone.apply_constraints(frame_rate={"ideal": 1})
    await clock.advance(1)
    assert video.stats.discarded_frames == 0
    assert clone.stats.discarded_frames > 0
    clone.stop()


async def test_the_counters_of_a_clone_begin_at_zero(video, clock):
    await clock.advance(0.5)
    one = video.clone()
    await clock.advance(0.5)
    two = one.clone()
    await clock.advance(0.5)
    assert video.stats.total_frames > one.stats.total_frames > two.stats.total_frames > 0
    one.stop()
    two.stop()


async def test_the_counters_of_a_clone_of_a_disabled_track_begin_at_zero_and_leave_the_original_alone(video, clock):
    await clock.advance(0.5)
    video.enabled = False
    before = video.stats.to_json()
    clone = video.clone()
    assert clone.stats.to_json() == {"deliveredFrames": 0, "discardedFrames": 0, "totalFrames": 0}
    clone.enabled = True
    await clock.advance(0.5)
    assert clone.stats.total_frames > 0
    assert video.stats.to_json() == before
    clone.stop()


async def test_counters_stand_still_while_the_track_is_disabled_or_muted_and_then_go_on(video, camera, clock):
    await clock.advance(0.5)
    for stop, go_on in (
        (lambda: setattr(video, "enabled", False), lambda: setattr(video, "enabled", True)),
        (camera.mute, camera.unmute),
    ):
        stop()
        await clock.advance(0)
        before = video.stats.total_frames
        await clock.advance(0.5)
        assert video.stats.total_frames == before
        go_on()
        await clock.advance(0.5)
        assert video.stats.total_frames > before


@pytest.mark.may_block
async def test_counters_do_not_change_within_one_task(devices):
    real = ms.MediaDevices(backends=["fake"])
    async with real.get_user_media(video=True, audio=True) as stream:
        assert real is not devices
        for track in stream.get_tracks():
            first = track.stats.to_json()
            time.sleep(0.15)  # noqa: ASYNC251 - frames come on another thread meanwhile
            assert track.stats.to_json() == first


async def test_counters_change_with_the_next_task_and_at_once_elsewhere(clock, video):
    await clock.advance(0.2)
    first = video.stats.total_frames
    elsewhere = await asyncio.to_thread(lambda: video.stats.total_frames)
    assert elsewhere == first
    await clock.advance(0.2)
    assert video.stats.total_frames > first


async def test_who_asks_for_long_without_a_break_gets_news_all_the_same(video, clock, monkeypatch):
    now = time.perf_counter()
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    stats = video.stats
    assert stats.total_frames == 0
    video._feed.video_counters.add(delivered=True)
    for _ in range(10):
        now += 0.02
        assert stats.total_frames == 0
    other = video.clone()
    assert other.stats.total_frames == 0
    other._feed.video_counters.add(delivered=True)
    now += 0.08
    assert stats.total_frames == 1
    assert other.stats.total_frames == 1  # of the same moment
    other.stop()


async def test_a_long_task_that_looks_now_and_then_sees_no_change(video, clock, monkeypatch):
    now = time.perf_counter()
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    stats = video.stats
    before = stats.to_json()
    video._feed.video_counters.add(delivered=True)
    for _ in range(3):
        now += 0.5
        assert stats.to_json() == before


async def test_the_samples_of_a_sound_are_counted_with_their_duration(audio, clock):
    await clock.advance(1)
    stats = audio.stats
    assert isinstance(stats, ms.MediaStreamTrackAudioStats)
    rate = audio.get_settings().sample_rate
    assert stats.total_frames == stats.delivered_frames == rate
    assert stats.total_frames_duration == stats.delivered_frames_duration == pytest.approx(1000)


async def test_latency_is_measured_from_capture_to_delivery_and_stays_within_its_bounds(audio, clock):
    stats = audio.stats
    for _ in range(3):
        assert stats.minimum_latency <= stats.latency <= stats.maximum_latency
        assert stats.minimum_latency <= stats.average_latency <= stats.maximum_latency
        await clock.advance(0.5)
    assert stats.latency == pytest.approx(audio.get_settings().latency * 1000, abs=0.1)


async def test_resetting_the_latency_begins_with_the_newest(audio, clock):
    await clock.advance(0.5)
    stats = audio.stats
    audio._feed.audio_counters.counts = audio._feed.audio_counters.counts._replace(least=1, most=99_000)
    await clock.advance(0)
    latest = stats.latency
    assert stats.maximum_latency == 99
    stats.reset_latency()
    assert stats.latency == stats.average_latency == stats.minimum_latency == stats.maximum_latency == latest
    await clock.advance(0.5)
    assert stats.minimum_latency == stats.maximum_latency == latest
    assert set(stats.to_json()) == {
        "deliveredFrames",
        "deliveredFramesDuration",
        "totalFrames",
        "totalFramesDuration",
        "latency",
        "averageLatency",
        "minimumLatency",
        "maximumLatency",
    }


async def test_counters_of_a_sound_stand_still_while_it_is_disabled(audio, clock):
    await clock.advance(0.5)
    audio.enabled = False
    await clock.advance(0)
    before = audio.stats.to_json()
    await clock.advance(0.5)
    assert audio.stats.to_json() == before
    audio.enabled = True
    await clock.advance(0.5)
    assert audio.stats.total_frames > before["totalFrames"]


async def test_a_display_has_stats(devices, clock):
    async with devices.get_display_media(video=True) as stream:
        await clock.advance(0.5)
        assert stream.video.stats.total_frames > 0


async def test_a_track_of_no_device_has_no_stats():
    with ms.VideoTrackGenerator().track as track:
        assert track.stats is None
