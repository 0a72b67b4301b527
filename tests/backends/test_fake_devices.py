"""Fake devices as programs meet them: listed, opened, scripted."""

import asyncio
import errno
from itertools import pairwise

import numpy as np
import pytest

import mediastreams as ms
from mediastreams.testing import (
    FakeBackend,
    FakeCamera,
    FakeMicrophone,
    FakeScreen,
    FakeSpeaker,
    FakeWindow,
    ManualClock,
    read_counter,
    read_flash,
    use_clock,
    user_activation,
)

USER = "Fake camera 1 (user)"


@pytest.fixture
def clock():
    with use_clock(ManualClock()) as clock:
        yield clock


@pytest.fixture
def backend(clock):
    return FakeBackend()


@pytest.fixture
def devices(backend):
    return ms.MediaDevices(backends=[backend])


async def _collected(track, found, **options):
    async for frame in track.frames(policy="drop-oldest", **options):
        found.append(frame)


async def _frames(clock, track, seconds, **options):
    """Everything a track delivers within some time."""
    task = asyncio.create_task(_collected(track, found := [], **options))
    await asyncio.sleep(0)
    await clock.advance(seconds)
    task.cancel()
    await asyncio.wait([task])
    return found


async def test_by_default_there_are_two_cameras_microphones_and_speakers_and_a_screen_with_two_windows(backend):
    classes = [device.device_class for device in backend.list_devices()]
    assert {name: classes.count(name) for name in set(classes)} == {
        "videoinput": 2,
        "audioinput": 2,
        "audiooutput": 2,
        "monitor": 1,
        "window": 2,
    }
    facing = [d.model.choices["facing_mode"] for d in backend.list_devices() if d.device_class == "videoinput"]
    assert facing == [("user",), ("environment",)]


async def test_cameras_go_up_to_full_hd_at_sixty(backend):
    camera = backend.list_devices()[0]
    assert max((mode.width, mode.height, mode.max_frame_rate) for mode in camera.model.modes) == (1920, 1080, 60.0)


async def test_a_webcams_microphone_shares_its_group(devices, clock):
    stream = await clock.until(devices.get_user_media(audio=True, video=True))
    infos = await clock.until(devices.enumerate_devices())
    groups = {info.label: info.group_id for info in infos}
    assert groups[USER] == groups["Fake microphone 1"] != groups["Fake microphone 2"]
    for track in stream.get_tracks():
        track.stop()


async def test_frames_lie_exactly_on_their_rates_grid_and_count(devices, clock):
    stream = await clock.until(devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}))
    frames = await _frames(clock, stream.video, 2.0)
    assert len(frames) == 60
    for frame in frames:
        number = round(frame.timestamp * 30 / 1e6)
        assert frame.timestamp == round(number * 1_000_000 / 30)
    counters = [read_counter(frame.to_ndarray("rgb24")) for frame in frames]
    assert all(later == earlier + 1 for earlier, later in pairwise(counters))
    stream.video.stop()


async def test_two_hours_bring_no_drift(clock):
    backend = FakeBackend([FakeCamera(label="A")])
    source = backend.create_source(backend.list_devices()[0])
    slow = next(mode for mode in backend.list_devices()[0].model.modes if mode.max_frame_rate == 15)

    class Last:
        timestamp = 0

        def deliver(self, picture):
            self.timestamp = picture.timestamp

    last = Last()
    source.start(slow, {}, last)
    clock._now += 7200 * 10**9  # the machine slept: what was missed is skipped, the grid stays
    await clock.advance(0.4)
    assert last.timestamp == clock.now_us()
    source.stop()


async def test_the_flash_and_the_beep_begin_at_the_same_instant(devices, clock):
    stream = await clock.until(
        devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 60}, audio={"channel_count": 2})
    )
    sound_frames = asyncio.create_task(_collected(stream.audio, sounds := []))
    pictures = await _frames(clock, stream.video, 3.2)
    sound_frames.cancel()
    await asyncio.wait([sound_frames])
    lit = [read_flash(frame.to_ndarray("rgb24")) for frame in pictures]
    flashes = [
        later.timestamp for (_, dark), (later, light) in pairwise(zip(pictures, lit, strict=True)) if light > dark
    ]
    assert len(flashes) == 3
    sound = np.concatenate([data.to_ndarray() for data in sounds], axis=1)
    loud = np.abs(sound[0]) > 0.01
    began = np.flatnonzero(loud & ~np.convolve(np.roll(loud, 1), np.ones(4800), "full")[: loud.size].astype(bool))
    beeps = [sounds[0].timestamp + index * 1e6 / 48000 for index in began if index > 4800]
    assert [round(beep / 1e6) for beep in beeps] == [round(flash / 1e6) for flash in flashes]
    assert all(abs(beep - flash) < 500 for beep, flash in zip(beeps, flashes, strict=True))
    for track in stream.get_tracks():
        track.stop()


@pytest.mark.parametrize(("label", "pitches"), [("Fake microphone 1", (1000, 1500)), ("Fake microphone 2", (600, 900))])
async def test_left_and_right_and_each_microphone_have_pitches_of_their_own(backend, devices, clock, label, pitches):
    native = next(d for d in backend.list_devices() if d.label == label)
    source = backend.create_source(native)
    mode = next(mode for mode in native.model.modes if (mode.sample_rate, mode.channel_count) == (48000, 2))
    chunks = []

    class Delivery:
        deliver = staticmethod(chunks.append)

    source.start(mode, {}, Delivery())
    await clock.advance(1.5)
    source.stop()
    sound = np.concatenate([chunk.samples for chunk in chunks], axis=1)
    for channel, pitch in zip(sound, pitches, strict=True):
        spectrum = np.abs(np.fft.rfft(channel[:48000]))
        assert abs(int(spectrum.argmax()) - pitch) <= 1


async def test_chunks_of_sound_follow_each_other_without_a_gap_at_every_rate(backend, clock):
    device = next(d for d in backend.list_devices() if d.device_class == "audioinput")
    for mode in device.model.modes:
        chunks = []

        class Delivery:
            deliver = staticmethod(chunks.append)

        source = backend.create_source(device)
        source.start(mode, {"latency": 0.02}, Delivery())
        await clock.advance(0.5)
        source.stop()
        assert {chunk.length for chunk in chunks} == {mode.sample_rate // 50}
        assert all(later.timestamp - earlier.timestamp == 20_000 for earlier, later in pairwise(chunks))
        assert len(chunks) == 25


async def test_what_is_plugged_in_and_out_is_heard_and_listed(backend, devices, clock):
    changes = []
    devices.ondevicechange = lambda event: changes.append(event.type)
    stream = await clock.until(devices.get_user_media(video=True))  # labels and ids are told from now on
    hand = backend.plug(FakeCamera(label="Third"))
    await clock.advance(1)
    assert len(changes) == 1
    assert "Third" in [device.label for device in backend.list_devices()]
    hand.unplug()
    await clock.advance(1)
    assert len(changes) == 2
    assert "Third" not in [device.label for device in backend.list_devices()]
    stream.video.stop()


async def test_a_label_names_one_device(backend):
    with pytest.raises(ValueError, match="another label"):
        backend.plug(FakeCamera(label=USER))
    with pytest.raises(KeyError, match="there is no fake device"):
        backend.unplug("nobody")


async def test_unplugging_ends_the_track_and_plugging_in_brings_the_camera_back(backend, devices, clock):
    stream = await clock.until(devices.get_user_media(video=True))
    track = stream.video
    backend.device(USER).script([(0.5, "unplug"), (1.0, "plug")])
    await clock.until(track.wait_for("ended"))
    assert track.ready_state == "ended"
    assert not backend.device(USER).in_use
    await clock.advance(1)
    again = await clock.until(devices.get_user_media(video={"facing_mode": {"exact": "user"}}))
    assert len(await _frames(clock, again.video, 0.5)) > 5
    again.video.stop()


async def test_a_muted_camera_delivers_nothing_and_its_counter_shows_the_gap(backend, devices, clock):
    stream = await clock.until(devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 20}))
    heard = []
    for name in ("mute", "unmute"):
        stream.video.on(name)(lambda event: heard.append((event.type, stream.video.muted)))
    start = clock.now_us()
    backend.device(USER).script([(0.55, "mute"), (1.05, "unmute")])
    frames = await _frames(clock, stream.video, 2.0)
    assert heard == [("mute", True), ("unmute", False)]
    times = [frame.timestamp - start for frame in frames]
    assert [b - a for a, b in pairwise(times) if b - a != 50_000] == [550_000]
    counters = [read_counter(frame.to_ndarray("rgb24")) for frame in frames]
    assert counters[-1] - counters[0] == 39
    stream.video.stop()


async def test_a_stalled_camera_says_nothing(backend, devices, clock):
    stream = await clock.until(devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 20}))
    backend.device(USER).script([(0.45, "stall"), (1.45, "resume")])
    frames = await _frames(clock, stream.video, 2.0)
    assert len(frames) == 20
    assert not stream.video.muted
    stream.video.stop()


@pytest.mark.parametrize(
    ("action", "undo", "error", "number"),
    [("busy", "free", ms.NotReadableError, errno.EBUSY), ("deny", "allow", ms.NotAllowedError, None)],
)
async def test_a_device_that_cannot_be_opened_says_why(backend, devices, clock, action, undo, error, number):
    hand = backend.device(USER)
    getattr(hand, action)()
    wanted = {"facing_mode": {"exact": "user"}}
    with pytest.raises(error, match=r"Fake camera 1 \(user\)") as caught:
        await clock.until(devices.get_user_media(video=wanted))
    if number:
        assert caught.value.errno == number
    getattr(hand, undo)()
    stream = await clock.until(devices.get_user_media(video=wanted))
    stream.video.stop()


async def test_a_device_fails_with_the_error_it_was_given(backend, devices, clock):
    backend.device("Fake microphone 1").fail_to_open(ms.NotReadableError("smoke"))
    backend.device("Fake microphone 2").fail_to_open(ms.NotReadableError("smoke"))
    with pytest.raises(ms.NotReadableError, match="smoke"):
        await clock.until(devices.get_user_media(audio=True))


async def test_a_script_takes_calls_and_refuses_what_it_does_not_know(backend, clock):
    log = []
    hand = backend.device(USER)
    hand.script([(2.0, lambda: log.append(clock.now)), (1.0, "mute")])
    await clock.advance(1.5)
    assert (hand.muted, log) == (True, [])
    await clock.advance(1)
    assert log == [1002.0]
    with pytest.raises(ValueError, match="there is no action 'explode'"):
        hand.script([(1, "explode")])


async def test_a_window_that_is_resized_delivers_its_new_size(backend, devices, clock):
    user_activation()
    stream = await clock.until(devices.get_display_media(video={"display_surface": "window"}))
    label = stream.video.label
    backend.device(label).script([(0.5, lambda: backend.device(label).resize(800, 450))])
    frames = await _frames(clock, stream.video, 1.0)
    sizes = list(dict.fromkeys((frame.coded_width, frame.coded_height) for frame in frames))
    assert len(sizes) == 2
    assert read_counter(frames[-1].to_ndarray("rgb24")) > read_counter(frames[0].to_ndarray("rgb24"))
    assert ("window", 800, 450) in [
        (d.device_class, d.model.modes[0].width, d.model.modes[0].height)
        for d in backend.list_devices()
        if d.model.kind == "video"
    ]
    stream.video.stop()


async def test_only_display_surfaces_can_be_resized(backend):
    with pytest.raises(ms.NotSupportedError if hasattr(ms, "NotSupportedError") else RuntimeError):
        backend.device(USER).resize(1, 1)


async def test_windows_go_with_their_screen(backend):
    backend.unplug("Fake screen 1")
    assert not {"monitor", "window"} & {device.device_class for device in backend.list_devices()}


async def test_devices_are_what_the_test_says(clock):
    backend = FakeBackend(
        [
            FakeMicrophone(label="M", native_id="m-1", beep=(300, 300)),
            FakeSpeaker(label="S"),
            FakeScreen(label="Z", width=800, height=600, windows=(FakeWindow(title="W"),)),
            FakeCamera(label="K", choices={}, ranges={}, defaults={}, facing_mode=None),
        ]
    )
    listing = {device.label: device for device in backend.list_devices()}
    assert list(listing) == ["M", "S", "Z", "W", "K"]
    assert listing["M"].native_id == "m-1"
    assert (listing["K"].model.choices, listing["K"].model.ranges) == ({}, {})
    with pytest.raises(RuntimeError, match="speaker"):
        backend.create_source(listing["S"])


async def test_settings_change_what_a_running_camera_shows(devices, clock):
    size = {"width": 320, "height": 240, "frame_rate": 20}
    stream = await clock.until(devices.get_user_media(video=size))
    track = stream.video

    async def look():
        frame = (await _frames(clock, track, 0.35))[-1]
        read_counter(frame.to_ndarray("rgb24"))  # whatever is set
        return frame.to_ndarray("rgb24").astype(float)

    plain = await look()
    for constraint, value in (("background_blur", True), ("brightness", 200), ("zoom", 3), ("torch", True)):
        await clock.until(track.apply_constraints({**size, constraint: {"exact": value}}))
        assert np.abs(await look() - plain)[:, :60].mean() > 3, constraint
    await clock.until(track.apply_constraints({**size, "saturation": {"exact": 0}}))
    grey = (await look())[100:110, :60]
    assert np.ptp(grey, axis=2).max() < 8
    track.stop()


async def test_settings_change_what_a_running_microphone_hears(devices, clock):
    stream = await clock.until(devices.get_user_media(audio=True))

    async def hear(**constraints):
        await clock.until(stream.audio.apply_constraints({k: {"exact": v} for k, v in constraints.items()}))
        chunks = await _frames(clock, stream.audio, 1.0)
        return np.concatenate([chunk.to_ndarray() for chunk in chunks], axis=1)[0]

    quiet = await hear(noise_suppression=True, echo_cancellation=True)
    noisy = await hear(noise_suppression=False, echo_cancellation=True)
    echoing = await hear(noise_suppression=True, echo_cancellation=False)
    soft = await hear(auto_gain_control=False)
    assert np.count_nonzero(quiet) < 0.11 * 48000 < 0.9 * 48000 < np.count_nonzero(noisy)
    assert 0.15 * 48000 < np.count_nonzero(echoing) < 0.25 * 48000
    assert np.abs(soft).max() == pytest.approx(np.abs(quiet).max() / 2, rel=0.01)
    stream.audio.stop()
