"""Fake speakers: they are given sound at their own pace, write it down, and have the troubles that a test asks for."""

import os
import warnings

import numpy as np
import pytest

import mediastreams as ms
from mediastreams._backends.fake.backend import FakeBackend
from mediastreams._engine.playout import Playout
from mediastreams.abc import AudioMode
from mediastreams.errors import NotAllowedError, NotFoundError, NotReadableError, NotSupportedError
from mediastreams.testing import FakeMicrophone, FakeSpeaker, ManualClock, use_clock


class Count:
    """A supply of rising numbers, so that each sample shows when it was asked for."""

    def __init__(self):
        self.count = 0
        self.mode = None
        self.ended = []

    def sound(self, length, at):
        numbers = np.arange(self.count, self.count + length, dtype=np.float32) / 1e6
        self.count += length
        return np.stack([numbers] * self.mode.channel_count)

    def picture(self, at):
        return None

    def reconfigured(self, mode):
        self.mode = mode

    def end(self, error=None):
        self.ended.append(error)


@pytest.fixture
def clock():
    with use_clock(ManualClock()) as clock:
        yield clock


@pytest.fixture
def backend(clock):
    return FakeBackend()


@pytest.fixture
def speaker(backend):
    return backend.device("Fake speaker 1")


@pytest.fixture
def start(backend):
    """Start a supply on a fake speaker; all are stopped at the end."""
    started = []

    def start(supply, label="Fake speaker 1", mode=None):
        device = next(device for device in backend.list_devices() if device.label == label)
        sink = backend.create_sink(device)
        started.append(sink)
        supply.mode = sink.start(mode, {}, supply)
        return sink

    yield start
    for sink in started:
        sink.stop()


def test_what_a_speaker_was_given_is_there_with_the_instant_at_which_it_was_heard(clock, speaker, start):
    assert speaker.heard() is None
    start(Count())
    assert speaker.in_use
    clock.advance_blocking(0.5)
    heard = speaker.heard(0.1)
    assert isinstance(heard, ms.AudioData)
    assert (heard.sample_rate, heard.number_of_channels, heard.number_of_frames) == (48_000, 2, 4800)
    numbers = heard.to_ndarray()[0] * 1e6
    assert np.allclose(np.diff(numbers), 1, atol=0.02)
    assert heard.timestamp + 100_000 == clock.now_us() + 20_000 + 10_000, "the last block is heard a latency later"


def test_at_most_a_minute_is_kept(clock, speaker, start):
    start(Count())
    clock.advance_blocking(61)
    assert speaker.heard(1000).duration == 60_000_000


def test_two_outputs_to_one_speaker_are_mixed(clock, speaker, start):
    start(Count())
    start(Count())
    clock.advance_blocking(0.2)
    assert np.allclose(np.diff(speaker.heard(0.1).to_ndarray()[0] * 1e6), 2, atol=0.02)


def test_a_speaker_runs_by_its_own_crystal(clock, backend, start):
    backend.plug(FakeSpeaker(label="Fast", speed=1.01))
    supply = Count()
    start(supply, "Fast")
    clock.advance_blocking(10)
    assert supply.count == pytest.approx(484_800, abs=480)


def test_a_mode_that_was_asked_for_is_used(clock, backend, speaker, start):
    supply = Count()
    start(supply, mode=AudioMode(44_100, 1))
    clock.advance_blocking(0.2)
    assert (speaker.heard().sample_rate, speaker.heard().number_of_channels) == (44_100, 1)


def test_a_muted_speaker_sounds_silence_and_a_stalled_one_takes_nothing(clock, speaker, start):
    supply = Count()
    start(supply)
    clock.advance_blocking(0.2)
    speaker.mute()
    clock.advance_blocking(0.2)
    assert not speaker.heard(0.1).to_ndarray().any()
    count = supply.count
    speaker.unmute()
    speaker.stall()
    clock.advance_blocking(0.2)
    assert supply.count == count
    speaker.resume()
    clock.advance_blocking(0.1)
    assert speaker.heard(5).duration <= 100_000, "a stretch of its own"


def test_unplugging_a_speaker_ends_its_outputs_with_a_named_error(clock, backend, speaker, start):
    supply = Count()
    start(supply)
    speaker.script([(0.25, "unplug"), (0.5, "plug")])
    clock.advance_blocking(0.4)
    assert [type(error) for error in supply.ended] == [NotReadableError]
    assert supply.count == pytest.approx(12_000, abs=480)
    with pytest.raises(StopIteration):
        start(Count())
    clock.advance_blocking(0.2)
    start(Count())


@pytest.mark.parametrize(
    ("action", "error"), [("busy", NotReadableError), ("deny", NotAllowedError), ("unplug", NotFoundError)]
)
def test_a_speaker_that_does_not_open_says_why(backend, speaker, action, error):
    sink = backend.create_sink(backend.list_devices()[4])
    getattr(speaker, action)()
    with pytest.raises(error, match="Fake speaker 1"):
        sink.start(None, {}, Count())
    assert not speaker.in_use


def test_only_speakers_sound(backend):
    camera = backend.list_devices()[0]
    with pytest.raises(NotSupportedError, match="no speaker"):
        backend.create_sink(camera)
    with pytest.raises(NotSupportedError, match="no speaker"):
        backend.device(camera.label).heard()


# ── from a microphone to a speaker ───────────────────────────────────────────────────────────────


@pytest.fixture
async def player(backend):
    """A microphone's track in a player that nothing sounds yet."""
    stream = await ms.MediaDevices(backends=[backend]).get_user_media(audio=True)
    with Playout() as playout:
        playout.voice = playout.add(stream.audio._feed)
        yield playout
    stream.audio.stop()


def sink_to(backend, label):
    return backend.create_sink(next(device for device in backend.list_devices() if device.label == label))


def beep_begins(heard):
    """µs after the whole second at which the beep is heard."""
    first = int(np.argmax(np.abs(heard.to_ndarray()[0]) > 1e-3))
    return (heard.timestamp + first * 1_000_000 / heard.sample_rate) % 1_000_000


@pytest.mark.parametrize("speed", [1.0, 48_010 / 48_000])
async def test_a_microphone_is_heard_at_a_speaker_when_the_player_says(clock, backend, player, speed):
    backend.plug(FakeSpeaker(label="Desk", speed=speed))
    player.use(sink_to(backend, "Desk"))
    await clock.advance(10.9)
    heard = backend.device("Desk").heard(0.9)
    assert beep_begins(heard) == pytest.approx(player.latency, abs=2_500)
    assert 30_000 < player.latency < 100_000
    assert heard.to_ndarray().max() == pytest.approx(0.5, abs=0.01)
    assert player.position == clock.now_us() - player.latency
    assert player.voice.dropped == 0


async def test_going_over_to_another_speaker_goes_on_where_the_first_one_was(clock, backend, player):
    player.use(sink_to(backend, "Fake speaker 1"))
    await clock.advance(2.09)  # in the middle of a beep
    player.use(sink_to(backend, "Fake speaker 2"))
    await clock.advance(0.2)
    first, second = (backend.device(f"Fake speaker {n}") for n in (1, 2))
    assert not first.in_use
    loud = [
        [heard.timestamp + n * 1000 for n, block in enumerate(_blocks(heard)) if np.abs(block).max() > 0.1]
        for heard in (first.heard(0.2), second.heard(0.2))
    ]
    assert loud[0], "the beep began at the first"
    assert loud[1], "and went on at the second"
    assert -50_000 < loud[1][0] - loud[0][-1] < 30_000


def _blocks(heard):
    samples = heard.to_ndarray()[0]
    return samples[: len(samples) // 48 * 48].reshape(-1, 48)


async def test_a_player_survives_its_speaker_and_its_track(clock, backend, player):
    player.use(sink_to(backend, "Fake speaker 1"))
    await clock.advance(0.5)
    backend.unplug("Fake speaker 1")
    await clock.advance(0.5)
    assert player.sink is None
    backend.device("Fake speaker 1").plug()
    player.use(sink_to(backend, "Fake speaker 1"))
    await clock.advance(1.15)
    assert beep_begins(backend.device("Fake speaker 1").heard(0.5)) == pytest.approx(player.latency, abs=2_500)
    backend.device("Fake microphone 1").unplug()
    await clock.advance(0.5)
    assert player.voices == ()
    assert not backend.device("Fake speaker 1").heard(0.2).to_ndarray().any()


async def test_microphones_of_other_rates_and_clumps_are_mixed_in_time(clock, backend, player):
    backend.plug(FakeMicrophone(label="Slow", modes=(AudioMode(16_000, 1, 16, 0.1, 0.1),), beep=(2000, 2000)))
    devices = ms.MediaDevices(backends=[backend])
    await ms.navigator.permissions.request({"name": "microphone"})
    first = await devices.get_user_media(audio=True)  # so that ids are told
    info = next(info for info in await devices.enumerate_devices() if info.label == "Slow")
    stream = await devices.get_user_media(audio={"device_id": {"exact": info.device_id}})
    player.add(stream.audio._feed)
    player.use(sink_to(backend, "Fake speaker 1"))
    await clock.advance(5.9)
    heard = backend.device("Fake speaker 1").heard(0.9)
    assert 120_000 < player.latency < 250_000
    assert beep_begins(heard) == pytest.approx(player.latency, abs=3_000)
    samples = heard.to_ndarray()[0]
    begin = round((player.latency / 1e6 + 0.02 - (heard.timestamp % 1_000_000) / 1e6) % 1 * 48_000)
    spectrum = np.abs(np.fft.rfft(samples[begin : begin + 2400] * np.hanning(2400)))
    assert {round(p * 20, -2) for p in np.argsort(spectrum)[-2:]} == {1000, 2000}, "both beeps at once"
    for track in (first.audio, stream.audio):
        track.stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
async def test_a_forked_child_has_no_player(clock, backend, player):
    player.use(sink_to(backend, "Fake speaker 1"))
    await clock.advance(0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            player.close()
            code = 0 if player.voices == () and player.sink is None else 2
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]  # noqa: ASYNC222 - the child ends at once
    assert os.waitstatus_to_exitcode(status) == 0
