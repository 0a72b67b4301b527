"""Microphones and speakers of a real sound server (PulseAudio), listed, heard, muted and unplugged."""

from __future__ import annotations

import contextlib
import itertools
import logging
import logging.handlers
import os
import subprocess
import sys
import threading
import time
import warnings
import wave
from pathlib import Path

import numpy as np
import pytest
from tests.virtual.collector import Collector
from tests.virtual.servers import pulse, start_pulseaudio, wait_for

from mediastreams._backends.sound import backend as backend_module
from mediastreams._backends.sound import listing, microphone, native
from mediastreams._backends.sound.backend import SoundBackend
from mediastreams._backends.sound.pulse import read_server
from mediastreams._engine.processing.library import Library
from mediastreams._rules.sound_processing import PROCESSING_CHOICES
from mediastreams._rules.values import AudioMode
from mediastreams.errors import NotFoundError, NotReadableError, NotSupportedError
from mediastreams.testing import check_backend

__all__ = ["pulse"]

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    """Sixty seconds of sines: ``tones[hertz]`` is a stereo file, the right channel an octave higher."""

    class Tones(dict):
        def __missing__(self, hertz):
            path = self[hertz] = tmp_path_factory.mktemp("tones") / f"{hertz}.wav"
            at = np.arange(48_000 * 60) / 48_000
            sides = [np.sin(2 * np.pi * f * at) * 12_000 for f in (hertz, 2 * hertz)]
            with wave.open(str(path), "wb") as file:
                file.setnchannels(2)
                file.setsampwidth(2)
                file.setframerate(48_000)
                file.writeframes(np.stack(sides, 1).astype("<i2").tobytes())
            return path

    return Tones()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the tests that change nothing: two microphones that are fed, a speaker."""
    with start_pulseaudio(tmp_path_factory.mktemp("shared")) as server:
        server.add_speaker("speakers", "Desk Speakers")
        server.add_microphone("desk", "Desk Microphone")
        server.add_microphone("headset", "Headset", rate=44_100, channels=1)
        server.control("set-default-source", "headset")
        yield server


@pytest.fixture
def server(shared, monkeypatch):
    for name in ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, shared.environment[name])
    return shared


@contextlib.contextmanager
def capturing(device, mode=None, **settings):
    source = SoundBackend().create_source(device)
    collector = Collector()
    collector.mode = source.start(mode or device.model.modes[0], settings, collector)
    try:
        yield collector
    finally:
        source.stop()


def find(label):
    (device,) = [d for d in SoundBackend().list_devices() if d.label == label and d.device_class == "audioinput"]
    return device


def heard(collector, seconds=0.5):
    """The newest seconds, one row per channel."""
    chunks = list(collector.data)
    samples = np.concatenate([chunk.samples for chunk in chunks], 1)
    return samples[:, -round(chunks[0].sample_rate * seconds) :], chunks[0].sample_rate


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def off(collector):
    """How far the newest chunk's end lies from its arrival, in µs."""
    number = len(collector.arrivals) - 1
    chunk = collector.data[number]
    return abs(collector.arrivals[number] - chunk.timestamp - chunk.duration)


def pitch(samples, rate):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


def loud(collector):
    return bool(collector.data) and float(np.abs(collector.data[-1].samples).max()) > 0.2


def test_microphones_come_first_and_the_default_first_of_each(server):
    devices = SoundBackend().list_devices()
    assert [(d.device_class, d.label) for d in devices][:2] == [
        ("audioinput", "Headset"),
        ("audioinput", "Desk Microphone"),
    ]
    assert {d.device_class for d in devices[2:]} == {"audiooutput"}
    assert [d.default for d in devices[:2]] == [True, False]
    assert sum(d.default for d in devices[2:]) == 1
    assert devices[2].default


def test_what_speakers_play_is_no_microphone(server):
    assert "speakers.monitor" in server.control("list", "short", "sources")
    assert not [d.label for d in SoundBackend().list_devices() if "onitor" in d.label]


def test_a_microphone_has_its_own_rate_and_channels_and_each_track_its_own_processing(server):
    desk, headset = find("Desk Microphone"), find("Headset")
    assert desk.model.modes == (AudioMode(48_000, 2, 16, 0.005, 0.5),)
    assert headset.model.modes == (AudioMode(44_100, 1, 16, 0.005, 0.5),)
    assert desk.model.defaults["latency"] == 0.01
    assert desk.model.choices == headset.model.choices == PROCESSING_CHOICES
    assert desk.model.per_track == set(PROCESSING_CHOICES)


def test_without_what_processes_sound_a_microphone_promises_none(server, monkeypatch):
    monkeypatch.setattr("mediastreams._backends.sound.listing.library", Library())
    monkeypatch.setattr("mediastreams._engine.processing.library.find_spec", lambda name: None)
    model = find("Desk Microphone").model
    assert model.choices == dict.fromkeys(PROCESSING_CHOICES, (False,))
    assert set(model.cures.values()) == {'pip install "mediastreams[aec]"'}


def test_the_contract_is_kept(server, tones):
    with server.playing("desk_feed", tones[440]), server.playing("headset_feed", tones[700]):
        check_backend(SoundBackend())


def test_two_listings_have_the_same_ids_and_the_server_s_names(server):
    first = [d.native_id for d in SoundBackend().list_devices()]
    assert first == [d.native_id for d in SoundBackend().list_devices()]
    assert "pulseaudio:desk" in first
    assert len(set(first)) == len(first)


def test_listing_leaves_no_connection_behind(server):
    SoundBackend().list_devices()
    before = open_files()
    for _ in range(5):
        SoundBackend().list_devices()
    assert open_files() == before


def test_two_microphones_at_once_hear_each_its_own_tone(server, tones):
    with (
        server.playing("desk_feed", tones[440]),
        server.playing("headset_feed", tones[700]),
        capturing(find("Desk Microphone")) as desk,
        capturing(find("Headset")) as headset,
    ):
        wait_for(lambda: loud(desk) and loud(headset), "sound")
        time.sleep(0.6)
    samples, rate = heard(desk)
    assert rate == 48_000
    assert pitch(samples[0], rate) == pytest.approx(440, abs=3)
    assert pitch(samples[1], rate) == pytest.approx(880, abs=3), "left and right stay apart"
    samples, rate = heard(headset)
    assert rate == 44_100
    assert samples.shape[0] == 1
    assert pitch(samples[0], rate) in (pytest.approx(700, abs=3), pytest.approx(1400, abs=3))


def test_chunks_are_ten_milliseconds_float32_and_stamped_without_holes(server, tones):
    for _attempt in range(4):  # where other tests take the processors, the server itself comes late
        with server.playing("desk_feed", tones[440]), capturing(find("Desk Microphone")) as collector:
            wait_for(lambda: len(collector.data) > 150, "a second and a half")
        chunks = collector.data
        settled = (chunks[-1].timestamp - chunks[50].timestamp) / (len(chunks) - 51)
        if abs(settled - 10_000) < 200 and not any(chunk.gap for chunk in chunks):
            break
    assert {chunk.length for chunk in chunks} == {480}
    assert chunks[0].samples.dtype == np.float32
    assert chunks[0].samples.flags.c_contiguous
    assert not chunks[0].samples.flags.writeable
    assert chunks[0].layout == "stereo"
    assert all(chunk.gap == 0 for chunk in chunks)
    steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(chunks)]
    assert min(steps) > 0
    assert settled == pytest.approx(10_000, abs=200)
    delays = [at - chunk.timestamp for at, chunk in zip(collector.arrivals, chunks, strict=True)]
    assert 5_000 < float(np.median(delays)) < 40_000


@pytest.mark.parametrize(("latency", "samples"), [(0.02, 960), (0.1, 4800)])
def test_latency_sets_the_length_of_a_chunk(server, latency, samples):
    with capturing(find("Desk Microphone"), latency=latency) as collector:
        wait_for(lambda: len(collector.data) > 2, "three chunks")
    assert collector.data[0].length == samples


def test_another_rate_and_channel_count_are_made_by_the_server(server, tones):
    with (
        server.playing("desk_feed", tones[440]),
        capturing(find("Desk Microphone"), AudioMode(16_000, 1)) as collector,
    ):
        assert collector.mode == AudioMode(16_000, 1)
        wait_for(lambda: loud(collector), "sound")
        time.sleep(0.6)
    samples, rate = heard(collector)
    assert rate == 16_000
    assert samples.shape[0] == 1
    assert pitch(samples[0], rate) in (pytest.approx(440, abs=3), pytest.approx(880, abs=3))


def test_after_stop_nothing_is_delivered_and_nothing_is_open(server):
    device = find("Desk Microphone")
    before = open_files()
    source = SoundBackend().create_source(device)
    for _ in range(5):
        collector = Collector()
        source.start(device.model.modes[0], {}, collector)
        wait_for(lambda: collector.data, "a chunk")  # noqa: B023
        began = time.monotonic()
        source.stop()
        source.stop()
        assert time.monotonic() - began < 0.5
        count = len(collector.data)
        time.sleep(0.05)
        assert len(collector.data) == count
        assert not collector.ended.is_set()
    assert open_files() == before
    assert "mediastreams" not in server.control("list", "source-outputs")


def test_a_speaker_cannot_be_recorded(server):
    speaker = next(d for d in SoundBackend().list_devices() if d.device_class == "audiooutput")
    with pytest.raises(NotSupportedError):
        SoundBackend().create_source(speaker)


def test_unplugging_ends_the_capture_within_200_ms_and_is_news(pulse, tones):
    module = pulse.add_microphone("plugged", "Plugged")
    pulse.add_microphone("other", "Other")
    news = []
    stop_watching = SoundBackend().watch(lambda: news.append(time.monotonic()))
    with pulse.playing("plugged_feed", tones[440]), capturing(find("Plugged")) as collector:
        wait_for(lambda: loud(collector), "sound")
        began = time.monotonic()
        pulse.remove(module)
        assert collector.ended.wait(2)
        assert time.monotonic() - began < 0.2
        assert isinstance(collector.error, NotReadableError)
        wait_for(lambda: news, "the news")
        assert [d.label for d in SoundBackend().list_devices() if d.device_class == "audioinput"] == ["Other"]
    stop_watching()


def test_a_microphone_that_is_gone_cannot_be_opened(pulse):
    module = pulse.add_microphone("gone", "Gone")
    device = find("Gone")
    pulse.remove(module)
    with pytest.raises(NotFoundError):
        SoundBackend().create_source(device).start(device.model.modes[0], {}, Collector())


def test_a_microphone_that_cannot_be_opened_leaves_no_connection_behind(server):
    before = connections()
    for _ in range(3):
        opening = native.capture_device("PULSEAUDIO", "desk", sample_rate=48_000, channels=300, period_ms=10)
        with pytest.raises(NotReadableError, match="cannot be opened"), opening:
            pytest.fail("nothing has 300 channels")
    assert connections() == before


def connections():
    return sorted(path.readlink().name for path in Path("/proc/self/fd").iterdir() if path.is_symlink())


def test_a_microphone_plugged_in_again_is_found_under_the_same_id(pulse):
    module = pulse.add_microphone("again", "Again")
    first = find("Again")
    pulse.remove(module)
    pulse.control("load-module", "module-remap-source", "source_name=again", "master=again_feed.monitor")
    (second,) = [d for d in SoundBackend().list_devices() if d.device_class == "audioinput"]
    assert first.native_id == second.native_id


def test_plugging_in_and_another_default_are_news_but_a_volume_is_not(pulse):
    pulse.add_microphone("first", "First")
    news = []
    stop = SoundBackend().watch(lambda: news.append(1))
    wait_for(lambda: backend_module.the_watch._session._pulse, "the watch")
    time.sleep(0.1)
    pulse.control("set-source-volume", "first", "50%")
    time.sleep(0.2)
    assert not news
    pulse.add_microphone("second", "Second")
    wait_for(lambda: news, "news of the second microphone")
    time.sleep(0.2)
    news.clear()
    default = pulse.control("get-default-source")
    pulse.control("set-default-source", "second" if default == "first" else "first")
    wait_for(lambda: news, "news of the default")
    began = time.monotonic()
    stop()
    stop()
    assert time.monotonic() - began < 1


def test_muting_at_the_server_mutes_and_unmutes(pulse, tones):
    pulse.add_microphone("muted", "Muted")
    with pulse.playing("muted_feed", tones[440]), capturing(find("Muted")) as collector:
        wait_for(lambda: loud(collector), "sound")
        assert collector.notices == []
        pulse.control("set-source-mute", "muted", "1")
        wait_for(lambda: collector.notices == [("muted", True)], "muted")
        pulse.control("set-source-mute", "muted", "0")
        wait_for(lambda: collector.notices == [("muted", True), ("muted", False)], "unmuted")
        wait_for(lambda: loud(collector), "sound again")


def test_a_microphone_muted_before_it_is_opened_begins_muted(pulse):
    pulse.add_microphone("early", "Early")
    pulse.control("set-source-mute", "early", "1")
    with capturing(find("Early")) as collector:
        wait_for(lambda: collector.notices == [("muted", True)], "muted")


def test_a_suspended_microphone_is_muted_and_what_it_missed_is_a_gap(pulse, tones):
    pulse.add_microphone("asleep", "Asleep")
    with pulse.playing("asleep_feed", tones[440]), capturing(find("Asleep")) as collector:
        wait_for(lambda: loud(collector), "sound")
        pulse.control("suspend-source", "asleep", "1")
        wait_for(lambda: collector.notices == [("muted", True)], "muted")
        pulse.control("suspend-source", "asleep", "0")
        wait_for(lambda: ("muted", False) in collector.notices and loud(collector), "sound again")
        wait_for(lambda: any(chunk.gap for chunk in collector.data), "the gap")
        wait_for(lambda: off(collector) < 40_000, "time going on right after the gap")


def test_a_server_that_dies_ends_the_capture_and_one_that_comes_is_news(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("dying")
    with contextlib.ExitStack() as stack:
        first = contextlib.ExitStack()
        server = first.enter_context(start_pulseaudio(folder))
        stack.callback(first.close)
        for name in ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR"):
            monkeypatch.setenv(name, server.environment[name])
        server.add_microphone("mortal", "Mortal")
        news = []
        stack.callback(SoundBackend().watch(lambda: news.append(1)))
        collector = stack.enter_context(capturing(find("Mortal")))
        wait_for(lambda: collector.data, "sound")
        server.process.kill()
        assert collector.ended.wait(2)
        assert isinstance(collector.error, NotReadableError)
        wait_for(lambda: news, "news of the end")
        assert SoundBackend().list_devices() == []
        first.close()
        news.clear()
        server.folder.joinpath("native").unlink(missing_ok=True)
        again = stack.enter_context(start_pulseaudio(folder))
        again.add_microphone("mortal", "Mortal")
        wait_for(lambda: news, "news of the new server")
        assert find("Mortal").native_id == "pulseaudio:mortal"


def test_without_server_and_cards_nothing_is_listed_and_nothing_said(tmp_path):
    code = (
        "from mediastreams._backends.sound.backend import SoundBackend\n"
        "b = SoundBackend()\n"
        "stop = b.watch(lambda: None)\n"
        "print([d.device_class for d in b.list_devices()])\n"
        "stop()\n"
    )
    environment = {
        **os.environ,
        "PULSE_SERVER": f"unix:{tmp_path}/none",
        "XDG_RUNTIME_DIR": str(tmp_path),
        "HOME": str(tmp_path),
    }
    command = (sys.executable, "-c", code)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_without_libpulse_there_is_no_server(monkeypatch):
    monkeypatch.setitem(sys.modules, "pulsectl", None)
    assert read_server() is None


def test_without_the_package_the_error_names_it(monkeypatch, server):
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    with pytest.raises(NotFoundError, match="pip install miniaudio"):
        SoundBackend().list_devices()


def test_without_the_package_the_back_end_is_not_there_and_says_what_to_install():
    code = (
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'miniaudio' else find(name, *more)\n"
        "import mediastreams._backends.sound.backend\n"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr.strip().endswith("pip install miniaudio")


def test_without_server_the_cards_are_listed(monkeypatch):
    card = listing.list_alsa.__globals__["AlsaDevice"]
    monkeypatch.setattr(listing, "read_server", lambda: None)
    monkeypatch.setattr(
        listing,
        "list_alsa",
        lambda: [
            card(True, ":CARD=PCH,DEV=0", "PCH", "/sys/pci", 48_000, 2),
            card(False, ":CARD=PCH,DEV=0", "PCH", "/sys/pci", 48_000, 2),
            card(False, ":CARD=C920,DEV=0", "Webcam", "/sys/usb", 32_000, 2),
        ],
    )
    devices = SoundBackend().list_devices()
    assert [(d.native_id, d.default, d.group) for d in devices] == [
        ("alsa::CARD=PCH,DEV=0", True, "/sys/pci"),
        ("alsa::CARD=C920,DEV=0", False, "/sys/usb"),
        ("alsa::CARD=PCH,DEV=0", True, "/sys/pci"),
    ]
    assert devices[1].model.modes[0].sample_rate == 32_000


def test_a_card_that_is_not_there_is_a_named_error(capfd):
    device = listing._device(
        listing.SoundAddress("ALSA", ":CARD=None,DEV=9"), "No Card", output=False,
        native=native.NativeDevice(False, "", "", False, 48_000, 2, 16), group="", default=False,
    )  # fmt: skip
    source = SoundBackend().create_source(device)
    with pytest.raises((NotFoundError, NotReadableError)):
        source.start(AudioMode(48_000, 2), {}, Collector())


def test_sound_that_nobody_took_in_time_is_a_gap(server, monkeypatch, tones):
    monkeypatch.setattr(microphone, "_RING_SECONDS", 0.3)
    device = find("Desk Microphone")
    collector, hold = Collector(), threading.Event()
    deliver = collector.deliver

    def slow(data):
        deliver(data)
        if len(collector.data) == 20:
            hold.wait(1.0)

    collector.deliver = slow
    source = SoundBackend().create_source(device)
    with server.playing("desk_feed", tones[440]):
        source.start(device.model.modes[0], {}, collector)
        wait_for(lambda: len(collector.data) > 60, "chunks after the pause")
        source.stop()
    gaps = [(number, chunk.gap) for number, chunk in enumerate(collector.data) if chunk.gap]
    number, gap = next((number, gap) for number, gap in gaps if number >= 20)
    assert number == 20
    assert 0.4 < gap / 48_000 < 1.2
    before, after = collector.data[number - 1], collector.data[number]
    assert after.timestamp - before.timestamp == pytest.approx((480 + gap) * 1e6 / 48_000, abs=2_000)


def test_a_forked_child_is_told_that_pulseaudio_does_not_serve_it(server):
    device = find("Desk Microphone")
    with capturing(device) as collector:
        wait_for(lambda: collector.data, "a chunk")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: fork with threads
            child = os.fork()
        if child == 0:
            code = 3
            try:
                handler = logging.handlers.BufferingHandler(100)
                logging.getLogger("mediastreams").addHandler(handler)
                assert SoundBackend().list_devices() == []
                assert SoundBackend().list_devices() == []
                assert [r.levelname for r in handler.buffer if "spawn" in r.getMessage()] == ["WARNING"]
                with pytest.raises(NotFoundError):
                    SoundBackend().create_source(device).start(device.model.modes[0], {}, Collector())
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        count = len(collector.data)
        wait_for(lambda: len(collector.data) > count, "chunks in the parent")
