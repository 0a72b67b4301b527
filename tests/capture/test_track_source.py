"""Several tracks on one device: whose wish counts, and what the others learn of it."""

import pytest

import mediastreams as ms
from mediastreams.abc import VideoMode
from mediastreams.testing import FakeBackend, FakeCamera


@pytest.fixture
async def video(gum):
    return (await gum(video=True)).video


async def widths(clock, *tracks):
    """What arrives at each track, by size."""
    iterators = [track.frames(policy="drop-oldest") for track in tracks]
    await clock.advance(0.3)
    found = []
    for frames in iterators:
        frame = await anext(frames)
        found.append(frame.coded_width)
        frames.close()
    return found


async def test_a_larger_picture_for_one_track_leaves_the_others_their_size(video, gum, heard, clock):
    events = heard(video, "configurationchange", note=lambda _: video.get_settings().resize_mode)
    before = video.get_settings()
    large = (await gum(video={"width": {"exact": 1920}})).video
    await clock.advance(0)
    assert (video.get_settings().width, video.get_settings().height) == (before.width, before.height)
    assert await widths(clock, video, large) == [before.width, 1920]
    assert events == ["crop-and-scale"]  # that is the price, and it is told


async def test_a_smaller_picture_is_made_of_the_running_one(video, gum, camera, heard, clock):
    running = next(iter(camera.sources))._mode
    events = heard(video, "configurationchange")
    small = (await gum(video={"width": {"exact": 320}})).video
    assert next(iter(camera.sources))._mode == running
    assert await widths(clock, video, small) == [running.width, 320]
    assert events == []


async def test_a_track_that_requires_the_native_size_is_not_scaled_for_another(gum, clock):
    await gum(video={"width": {"exact": 640}, "resize_mode": {"exact": "none"}, "frame_rate": {"exact": 30}})
    with pytest.raises(ms.OverconstrainedError, match="serves another track") as failed:
        await gum(video={"width": {"exact": 1920}, "facing_mode": {"exact": "user"}})
    assert failed.value.constraint == "width"
    wish = (await gum(video={"width": 1920, "facing_mode": {"exact": "user"}})).video
    assert wish.get_settings().width == 640


async def test_another_device_serves_when_the_first_one_is_held(gum):
    await gum(video={"width": {"exact": 640}, "resize_mode": {"exact": "none"}})
    other = (await gum(video={"width": {"exact": 1920}})).video
    assert other.label == "Fake camera 2 (environment)"


async def test_controls_belong_to_the_device_and_every_track_learns_of_them(video, heard, clock):
    clone = video.clone()
    events = heard(clone, "configurationchange", note=lambda _: clone.get_settings().zoom)
    await video.apply_constraints(zoom={"exact": 3}, brightness=200)
    await clock.advance(0)
    assert video.get_settings().zoom == 3
    assert clone.get_settings().zoom == 3
    assert clone.get_settings().brightness == 200
    assert events == [3]
    clone.stop()


async def test_a_new_track_leaves_the_controls_as_they_are(video, gum, heard, clock):
    await video.apply_constraints(zoom={"exact": 3})
    events = heard(video, "configurationchange")
    second = (await gum(video={"width": 320})).video
    await clock.advance(0)
    assert second.get_settings().zoom == 3
    assert video.get_settings().zoom == 3
    assert events == []


async def test_what_another_track_requires_can_be_wished_otherwise_in_vain(video, gum):
    await video.apply_constraints(zoom={"exact": 3})
    second = (await gum(video={"zoom": 2})).video
    assert second.get_settings().zoom == 3


async def test_what_another_track_requires_cannot_be_required_otherwise(video):
    clone = video.clone()
    await video.apply_constraints(zoom={"exact": 3})
    with pytest.raises(ms.OverconstrainedError, match=r"another track of Fake camera 1 .* requires 3") as failed:
        await clone.apply_constraints(zoom={"exact": 2})
    assert failed.value.constraint == "zoom"
    await clone.apply_constraints(zoom={"min": 2, "max": 4})
    assert clone.get_settings().zoom == 3
    video.stop()
    await clone.apply_constraints(zoom={"exact": 2})
    assert clone.get_settings().zoom == 2
    clone.stop()


async def test_what_another_track_only_wished_gives_way(video, heard, clock):
    await video.apply_constraints(zoom=3)
    clone = video.clone()
    await clone.apply_constraints(zoom={"exact": 2})
    await clock.advance(0)
    assert video.get_settings().zoom == 2
    clone.stop()


async def test_the_processing_of_a_microphone_is_one_for_all_its_tracks(gum):
    first = (await gum(audio={"echo_cancellation": {"exact": False}})).audio
    second = (await gum(audio=True)).audio
    assert second.get_settings().echo_cancellation is False
    with pytest.raises(ms.OverconstrainedError) as failed:
        await second.apply_constraints(echo_cancellation={"exact": True})
    assert failed.value.constraint == "echo_cancellation"
    first.stop()
    await second.apply_constraints(echo_cancellation={"exact": True})
    assert second.get_settings().echo_cancellation is True


async def test_each_track_of_a_microphone_has_its_own_rate_and_channels(gum, clock):
    stereo = (await gum(audio={"channel_count": {"exact": 2}, "sample_rate": {"exact": 48000}})).audio
    mono = (await gum(audio={"channel_count": {"exact": 1}, "sample_rate": {"exact": 16000}})).audio
    assert (mono.get_settings().channel_count, mono.get_settings().sample_rate) == (1, 16000)
    with stereo.frames() as wide, mono.frames() as narrow:
        await clock.advance(0.3)
        first, second = await anext(wide), await anext(narrow)
    assert (first.number_of_channels, first.sample_rate) == (2, 48000)
    assert (second.number_of_channels, second.sample_rate) == (1, 16000)


async def test_when_the_demanding_track_has_gone_the_next_one_may_have_the_device_otherwise(gum, camera, clock):
    large = (await gum(video={"width": {"exact": 1920}})).video
    small = (await gum(video={"width": {"exact": 320}})).video
    large.stop()
    await small.apply_constraints(width={"exact": 320}, resize_mode={"exact": "none"})
    assert next(iter(camera.sources))._mode.width == 320
    assert await widths(clock, small) == [320]


async def test_a_span_of_rates_runs_no_faster_than_somebody_wants(clock):
    backend = FakeBackend([FakeCamera(label="Only", modes=(VideoMode(640, 480, 5, 60),))])
    devices = ms.MediaDevices(backends=[backend])
    async with devices.get_user_media(video={"frame_rate": {"exact": 10}}) as slow:
        (source,) = backend.device("Only").sources
        assert source._rate == 10
        async with devices.get_user_media(video={"frame_rate": {"exact": 30}}) as quick:
            assert source._rate == 30
            with slow.video.frames(policy="drop-oldest") as few, quick.video.frames(policy="drop-oldest") as many:
                await clock.advance(0.95)
                assert len(many._port) == 28
                assert 9 <= len(few._port) <= 10
