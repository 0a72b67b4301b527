"""Speakers of a real sound server (PulseAudio): what is played to one is heard at its monitor, sample for sample."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from tests.virtual.collector import Collector
from tests.virtual.servers import pulse, start_pulseaudio, wait_for

from mediastreams._backends.sound import speaker as speaker_module
from mediastreams._backends.sound.backend import SoundBackend
from mediastreams._backends.sound.listing import MAX_LATENCY, MIN_LATENCY, SoundAddress
from mediastreams._backends.sound.speaker import Speaker
from mediastreams._engine.clock import get_clock
from mediastreams._engine.playout import Playout
from mediastreams._rules.values import AudioMode
from mediastreams.errors import NotFoundError, NotReadableError, NotSupportedError
from mediastreams.testing import check_backend, check_sink

__all__ = ["pulse"]

pytestmark = pytest.mark.real
ATTEMPTS = 5  # where other tests take the processors, the server itself runs dry


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the tests that change nothing."""
    with start_pulseaudio(tmp_path_factory.mktemp("shared")) as server:
        server.add_speaker("left", "Left Speaker")
        server.add_speaker("right", "Right Speaker")
        server.add_speaker("small", "Small Speaker", rate=44_100, channels=1)
        yield server


@pytest.fixture
def server(shared, monkeypatch):
    for name in ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, shared.environment[name])
    return shared


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def find(label, device_class="audiooutput"):
    (device,) = [d for d in SoundBackend().list_devices() if d.label == label and d.device_class == device_class]
    return device


def sink_to(label):
    return SoundBackend().create_sink(find(label))


class Tone:
    """A supply: a sine without end, left and right apart. Notes what is asked for."""

    def __init__(self, hertz=440.0):
        self.hertz = hertz
        self.count = 0
        self.asks = []
        self.mode = None
        self.ended = []
        self.hold = 0.0

    def sound(self, length, at):
        self.asks.append((get_clock().now_us(), length, at))
        if self.hold:
            hold, self.hold = self.hold, 0.0
            time.sleep(hold)
        phase = 2 * np.pi * self.hertz * (self.count + np.arange(length)) / self.mode.sample_rate
        self.count += length
        channels = [np.sin(phase * (side + 1)) / 2 for side in range(self.mode.channel_count)]
        return np.stack(channels).astype(np.float32)

    def read(self, length, mode, at):
        self.mode = mode
        return self.sound(length, at)

    def reconfigured(self, mode):
        self.mode = mode

    def end(self, error=None):
        self.ended.append((time.monotonic(), error))


@contextlib.contextmanager
def playing(label, tone, mode=None, **settings):
    sink = sink_to(label)
    tone.mode = mode
    try:
        tone.mode = sink.start(mode, settings, tone)
        yield sink
    finally:
        sink.stop()


@contextlib.contextmanager
def recording(server, speaker, path, rate=48_000, channels=2):
    """What another program hears at a speaker's monitor, in a file of float32."""
    command = ("parec", f"--device={speaker}.monitor", "--raw", "--format=float32le", f"--rate={rate}",
               f"--channels={channels}", "--latency-msec=20", str(path))  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, **server.environment})
    try:
        wait_for(lambda: path.exists() and path.stat().st_size, "a recording")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(5)


def recorded(path, channels=2):
    data = np.fromfile(path, np.float32)
    return data[: len(data) // channels * channels].reshape(-1, channels).T


def pitch(samples, rate):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


def test_a_speaker_keeps_the_contract(server):
    check_sink(lambda: sink_to("Left Speaker"), seconds=0.6)


def test_the_back_end_keeps_the_contract_with_its_speakers(server):
    check_backend(SoundBackend())


def test_a_tone_is_heard_at_its_speaker_sample_for_sample_and_at_no_other(server, tmp_path):
    for attempt in range(ATTEMPTS):
        left, right = tmp_path / f"left{attempt}", tmp_path / f"right{attempt}"
        with (
            recording(server, "left", left),
            recording(server, "right", right),
            playing("Left Speaker", Tone(440), latency=0.3),  # long, for machines that are busy with other tests
        ):
            time.sleep(3)
        heard, elsewhere = recorded(left), recorded(right)
        assert elsewhere.shape[1] > 48_000
        assert not elsewhere.any(), "nothing at the other one"
        begin = int(np.argmax(np.abs(heard[0]) > 0.01)) + 2400
        sound = heard[:, begin : begin + 96_000]
        assert sound.shape[1] == 96_000
        # The phase of each sample against that of an unbroken sine: a sample lost or repeated turns it by 0.06.
        at = np.arange(96_000) / 48_000
        turn = np.unwrap(np.angle((sound[0] + 1j * _quadrature(sound[0])) * np.exp(-2j * np.pi * 440 * at))[100:-100])
        if np.ptp(turn) < 0.01:
            break
    assert np.ptp(turn) < 0.01, "no click in two seconds"
    assert pitch(sound[0], 48_000) == pytest.approx(440, abs=1)
    assert pitch(sound[1], 48_000) == pytest.approx(880, abs=1), "left and right stay apart"
    # The right samples: those of the sine, to 16 bits, from the phase at which the recording happens to begin.
    expected = 0.5 * np.sin(2 * np.pi * 440 * at + float(np.median(turn)) + np.pi / 2)
    assert np.abs(sound[0] - expected).max() < 2e-3


def _quadrature(samples):
    """The samples a quarter of a wave later."""
    spectrum = np.fft.rfft(samples)
    return np.fft.irfft(spectrum * -1j, len(samples))


def test_a_speaker_has_its_own_rate_and_channels(server, tmp_path):
    assert find("Small Speaker").model.modes == (AudioMode(44_100, 1, 16, 0.005, 0.5),)
    tone = Tone(600)
    with recording(server, "small", tmp_path / "raw", 44_100, 1), playing("Small Speaker", tone):
        assert tone.mode == find("Small Speaker").model.modes[0]
        time.sleep(1)
    heard = recorded(tmp_path / "raw", 1)[0]
    begin = int(np.argmax(np.abs(heard) > 0.01))
    assert pitch(heard[begin : begin + 22_050], 44_100) == pytest.approx(600, abs=3)


def test_another_mode_is_made_by_the_server(server):
    tone = Tone()
    with playing("Left Speaker", tone, AudioMode(16_000, 1)):
        assert tone.mode == AudioMode(16_000, 1)
        wait_for(lambda: len(tone.asks) > 10, "asks")


def test_latency_sets_how_far_ahead_sound_is_asked_for(server):
    for latency, least, most in ((0.02, 15_000, 60_000), (0.2, 150_000, 330_000)):
        for _ in range(ATTEMPTS):  # a machine that is busy with other tests asks late
            tone = Tone()
            with playing("Left Speaker", tone, latency=latency):
                wait_for(lambda: len(tone.asks) > 12, "asks")  # noqa: B023
            lead = float(np.median([at - now for now, _, at in tone.asks]))
            if least < lead < most:
                break
        assert least < lead < most


def test_a_supply_that_is_held_up_leaves_out_what_it_missed_and_is_asked_earlier_from_then_on(server):
    tone = Tone()
    with playing("Left Speaker", tone) as sink:
        wait_for(lambda: len(tone.asks) > 10, "asks")
        before = sink._playback._ahead
        tone.hold = 0.5
        count = len(tone.asks)
        wait_for(lambda: len(tone.asks) > count + 12, "asks after the pause")
        assert before < sink._playback._ahead <= speaker_module._MOST_AHEAD * sink._playback._period
    now, _, at = tone.asks[-1]
    assert abs(at - now) < 500_000, "no lag"


def test_a_speaker_that_stands_still_and_goes_on_does_not_lag(server):
    tone = Tone()
    with playing("Right Speaker", tone):
        wait_for(lambda: len(tone.asks) > 10, "asks")
        server.control("suspend-sink", "right", "1")
        wait_for(lambda: get_clock().now_us() - tone.asks[-1][0] > 700_000, "a standstill")
        server.control("suspend-sink", "right", "0")
        count = len(tone.asks)
        wait_for(lambda: len(tone.asks) > count + 10, "asks again")
        assert not tone.ended
    now, _, at = tone.asks[-1]
    assert 0 < at - now < 300_000


def test_after_stop_nothing_is_asked_for_and_nothing_is_open(server):
    before = open_files()
    sink = sink_to("Left Speaker")
    for _ in range(3):
        tone = Tone()
        sink.start(None, {}, tone)
        began = time.monotonic()
        sink.stop()
        sink.stop()
        assert time.monotonic() - began < 0.5
        count = len(tone.asks)
        time.sleep(0.1)
        assert len(tone.asks) == count
        assert not tone.ended
    assert open_files() == before
    assert server.control("list", "short", "sink-inputs") == ""


def test_unplugging_is_told_within_200_ms(pulse):
    module = pulse.add_speaker("plugged", "Plugged")
    pulse.add_speaker("other", "Other")
    tone = Tone()
    with playing("Plugged", tone):
        began = time.monotonic()
        pulse.remove(module)
        wait_for(lambda: tone.ended, "the end")
        ((at, error),) = tone.ended
        assert at - began < 0.2
        assert isinstance(error, NotReadableError)
        assert "Plugged was unplugged" in str(error)
        count = len(tone.asks)
        time.sleep(0.1)
        assert len(tone.asks) == count


def test_a_speaker_that_is_gone_cannot_be_opened(pulse):
    module = pulse.add_speaker("gone", "Gone")
    sink = sink_to("Gone")
    pulse.remove(module)
    with pytest.raises(NotFoundError, match="speaker Gone"):
        sink.start(None, {}, Tone())


def test_a_card_that_is_not_there_is_a_named_error():
    sink = Speaker(SoundAddress("ALSA", ":CARD=None,DEV=9"), "No Card", AudioMode(48_000, 2))
    with pytest.raises((NotFoundError, NotReadableError)):
        sink.start(None, {}, Tone())


def test_a_microphone_cannot_be_played_to(pulse):
    pulse.add_microphone("desk", "Desk")
    with pytest.raises(NotSupportedError):
        SoundBackend().create_sink(find("Desk", "audioinput"))


def test_a_player_goes_over_to_another_speaker_without_a_hole_of_100_ms_and_survives_its_unplugging(pulse):
    """Two ears listen, each at one speaker, on our clock."""
    modules = {name: pulse.add_microphone(name, name.title()) for name in ("first", "second")}
    ears, sources, lost, tone = {}, [], [], Tone(300)
    for name in modules:
        device = find(name.title(), "audioinput")
        sources.append(SoundBackend().create_source(device))
        ears[name] = Collector()
        sources[-1].start(device.model.modes[0], {"latency": 0.01}, ears[name])
    player = Playout(on_lost=lost.append)
    try:
        player.add_supply(tone.read)
        player.use(sink_to("first_feed"))
        for _attempt in range(ATTEMPTS):
            wait_for(lambda: sounding(ears["first"]), "sound at the first")
            time.sleep(0.5)
            player.use(sink_to("second_feed"))
            wait_for(lambda: sounding(ears["second"]) and not sounding(ears["first"]), "sound at the second only")
            gap = span(ears["second"])[0] - span(ears["first"])[1]
            if gap < 100_000:
                break
            player.use(sink_to("first_feed"))
            wait_for(lambda: not sounding(ears["second"]), "silence")
            ears["first"].data.clear()
            ears["second"].data.clear()
        assert -200_000 < gap < 100_000
        speaker = next(line for line in pulse.control("list", "short", "modules").splitlines() if "second_feed" in line)
        pulse.remove(int(speaker.split()[0]))
        wait_for(lambda: lost, "the loss")
        assert isinstance(lost[0], NotReadableError)
        count = tone.count
        wait_for(lambda: tone.count > count + 10_000, "the voice going on unheard")
        player.use(sink_to("first_feed"))
        ears["first"].data.clear()
        wait_for(lambda: sounding(ears["first"]), "sound at the first again")
    finally:
        player.close()
        for source in sources:
            source.stop()


def sounding(ear):
    return bool(ear.data) and float(np.abs(ear.data[-1].samples).max()) > 0.2


def span(ear):
    """From when to when it heard something, µs."""
    loud = [chunk.timestamp for chunk in list(ear.data) if float(np.abs(chunk.samples).max()) > 0.2]
    return loud[0], loud[-1] + 10_000


# ── the ring, without a server ───────────────────────────────────────────────────────────────────


def counted(start, length):
    return np.stack([np.arange(start, start + length, dtype=np.float32)] * 2)


def taken(data):
    return np.frombuffer(bytes(data), np.float32).reshape(-1, 2)[:, 0].astype(int).tolist()


def test_the_ring_gives_samples_in_order_around_its_end():
    ring, found = speaker_module._Ring(2, 10), []
    for start in range(0, 42, 7):
        ring.write(counted(start, 7))
        found += taken(ring.read(3)) + taken(ring.read(4))
    assert found == list(range(42))


def test_what_the_ring_does_not_have_in_time_is_left_out():
    ring = speaker_module._Ring(2, 10)
    ring.write(counted(0, 4))
    assert taken(ring.read(6)) == [0, 1, 2, 3]
    assert taken(ring.read(1)) == []
    assert ring.skip() == 3
    ring.write(counted(7, 2))
    assert taken(ring.read(4)) == [7, 8]
    assert ring.skip() == 2
    assert ring.skip() == 0


@pytest.mark.parametrize("latency", [MIN_LATENCY, MAX_LATENCY])
def test_the_ring_holds_as_much_as_is_ever_asked_for_in_advance(latency):
    playback = speaker_module._Playback(
        SoundAddress("ALSA", "none"), "none", get_clock(), AudioMode(48_000, 2), latency, Tone(440)
    )
    most = np.arange(2 * speaker_module._MOST_AHEAD * playback._period, dtype=np.float32).reshape(2, -1)
    ring = playback._ring
    ring.read(playback._period)
    ring.skip()
    ring.write(most)
    assert np.array_equal(np.frombuffer(ring.read(most.shape[1]), np.float32).reshape(-1, 2).T, most)
