"""Every implementation of a contract that is here keeps it; and the checks notice what does not."""

import logging
import sys

import av
import numpy as np
import pytest

from mediastreams._engine.clock import SystemClock
from mediastreams._engine.frames import Chunk, ChunkFormat, Picture
from mediastreams._engine.null_sink import NullSink
from mediastreams._engine.registry import BACKENDS, backend_named
from mediastreams.abc import AudioMode, Backend, Device, DeviceModel, Sink, Source, VideoMode
from mediastreams.errors import NotReadableError, NotSupportedError
from mediastreams.testing import (
    FakeBackend,
    FakeCamera,
    FakeSpeaker,
    ManualClock,
    check_backend,
    check_clock,
    check_sink,
    check_source,
)

SYSTEMS = {"avfoundation": "darwin", "dshow": "win32", "gdigrab": "win32", "v4l2": "linux", "x11": "linux"}


def test_the_systems_clock_keeps_the_contract(caplog):
    with caplog.at_level(logging.CRITICAL):
        check_clock(SystemClock())


def test_the_manual_clock_keeps_the_contract(caplog):
    clock = ManualClock()
    with caplog.at_level(logging.CRITICAL):
        check_clock(clock, clock.advance_blocking)


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_a_registered_back_end_keeps_the_contract(name):
    if sys.platform != SYSTEMS.get(name, sys.platform):
        pytest.skip(f"{name} is a back end of {SYSTEMS[name]}")
    # Real devices are opened by the tests of their back ends, where it is known which are there.
    check_backend(backend_named(name), open_devices=name == "fake")


def test_fake_devices_keep_the_contract_on_a_manual_clock():
    check_backend(FakeBackend(clock=ManualClock()))


@pytest.mark.parametrize("label", ["Fake camera 2 (environment)", "Fake microphone 2", "Fake window 1"])
@pytest.mark.parametrize("which", [0, -1])
def test_every_kind_of_fake_source_keeps_the_contract_in_its_first_and_last_mode(label, which):
    backend = FakeBackend(clock=ManualClock())
    device = next(device for device in backend.list_devices() if device.label == label)
    check_source(lambda: backend.create_source(device), device.model.modes[which], device.model.defaults)


@pytest.mark.parametrize("make", [ManualClock, SystemClock])
@pytest.mark.parametrize("kind", ["audio", "video"])
def test_the_output_to_nowhere_keeps_the_contract(kind, make):
    clock = make()
    mode = AudioMode(8000, 1) if kind == "audio" else VideoMode(8, 8, 5, 5)
    check_sink(lambda: NullSink(kind, clock), seconds=0.3)
    check_sink(lambda: NullSink(kind, clock), mode, seconds=0.3)


@pytest.mark.parametrize("which", [None, 0, -1])
@pytest.mark.parametrize("speed", [1.0, 1.004])
def test_a_fake_speaker_keeps_the_contract_in_its_first_and_last_mode(which, speed):
    backend = FakeBackend([FakeSpeaker(speed=speed)], clock=ManualClock())
    (device,) = backend.list_devices()
    mode = None if which is None else device.model.modes[which]
    check_sink(lambda: backend.create_sink(device), mode, device.model.defaults)


# ── the checks can fail ──────────────────────────────────────────────────────────────────────────


class Camera(Source):
    """A camera on the manual clock, ten frames a second, made to misbehave."""

    kind = "video"

    def __init__(self, fault=""):
        self.clock = ManualClock()
        self.fault = fault
        self.running = False
        self.delivery = None

    def start(self, mode, settings, delivery):
        self.running = True
        self.delivery = delivery
        self.buffer = np.zeros((mode.height, mode.width, 3), np.uint8)
        self.due()
        return None if self.fault == "no mode" else mode

    def stop(self):
        self.running = self.fault == "goes on"

    def due(self):
        if not self.running:
            return
        now = self.clock.now_us()
        if self.fault == "reuses its buffer":
            self.buffer += 1
            frame = av.VideoFrame.from_numpy_buffer(self.buffer, "rgb24")
        else:
            width = 20 if self.fault == "another size" else 16
            frame = av.VideoFrame(width, 16, "yuv420p")
        picture = Picture.stamped(frame, 7 if self.fault == "same time" else now)
        if self.fault == "unstamped":
            picture = Picture(av.VideoFrame(16, 16, "yuv420p"), now)
        if self.fault == "other clock":
            picture = Picture.stamped(frame, now + 3_600_000_000)
        if self.fault != "silent":
            self.delivery.deliver(picture)
        self.clock.call_at(self.clock.now_ns() + 100_000_000, self.due)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("no mode", "must return the mode"),
        ("goes on", "after stop"),
        ("reuses its buffer", "changed after it was delivered"),
        ("another size", "where the mode says"),
        ("same time", "must grow"),
        ("unstamped", "time base|pts"),
        ("other clock", "are not the clock's"),
        ("silent", "nothing was delivered"),
    ],
)
def test_the_check_of_sources_says_what_is_wrong(fault, sentence):
    mode = VideoMode(16, 16, 10, 10)
    check_source(Camera, mode)
    with pytest.raises(AssertionError, match=sentence):
        check_source(lambda: Camera(fault), mode)


class Speaker(Sink):
    """A speaker on the manual clock, ten blocks a second, made to misbehave."""

    kind = "audio"

    def __init__(self, fault=""):
        self.clock = ManualClock()
        self.fault = fault
        self.running = False
        self.count = 0

    def start(self, mode, settings, supply):
        self.running = True
        self.supply = supply
        self.first = self.clock.now_us()
        if self.fault != "tells no mode":
            supply.reconfigured(AudioMode(1000, 1))
        self.due()
        return None if self.fault == "no mode" else AudioMode(1000, 1)

    def stop(self):
        self.running = self.fault == "goes on"

    def due(self):
        if not self.running:
            return
        now = self.clock.now_us()
        if self.fault == "dies":
            self.running = False
            self.supply.end(NotReadableError("unplugged"))
            return
        at = {"stands": self.first, "other clock": now + 10_000_000, "fraction": float(now)}.get(self.fault, now)
        length = {"wrong rate": 120, "nothing": 0}.get(self.fault, 100)
        if self.fault != "silent":
            self.supply.sound(length, at)
        self.clock.call_at(self.clock.now_ns() + 100_000_000, self.due)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("tells no mode", "told by reconfigured"),
        ("no mode", "must return the mode"),
        ("goes on", "after stop"),
        ("dies", "NotReadableError"),
        ("stands", "must grow"),
        ("other clock", "not the clock's"),
        ("fraction", "whole microseconds"),
        ("wrong rate", "another rate"),
        ("nothing", "0 samples were asked for"),
        ("silent", "nothing was asked for"),
    ],
)
def test_the_check_of_sinks_says_what_is_wrong(fault, sentence):
    check_sink(Speaker)
    with pytest.raises(AssertionError, match=sentence):
        check_sink(lambda: Speaker(fault))


def test_a_back_end_that_plays_nothing_says_so():
    class Deaf(Listing):
        name = "deaf"

    device = Device("audiooutput", "a", "Desk", DeviceModel("audio"))
    with pytest.raises(NotSupportedError, match="Desk: the back end 'deaf' renders nothing"):
        Deaf(device).create_sink(device)
    check_backend(Deaf(device))


class CodedCamera(Camera):
    """The same with encoded chunks, all of them key frames, made to misbehave."""

    def __init__(self, fault=""):
        super().__init__(fault)
        self.chunk_format = ChunkFormat("audio" if fault == "other kind" else "video", "rawvideo", None)

    def due(self):
        if not self.running:
            return
        if self.fault == "always decodes" or self.delivery.wants_frames:
            super().due()
            return
        now = self.clock.now_us()
        format = ChunkFormat("video", "rawvideo", None) if self.fault == "other format" else self.chunk_format
        when = 7 if self.fault == "same chunk time" else now
        packet = av.Packet(b"" if self.fault == "empty" else b"picture")
        key = self.fault != "no key"
        self.delivery.deliver(
            Chunk(packet, format, when, when, 100_000, key=key, lead=int(self.fault == "lead") * 10**6)
        )
        self.clock.call_at(self.clock.now_ns() + 100_000_000, self.due)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("always decodes", "must not decode"),
        ("other format", "not the source's chunk_format"),
        ("other kind", "chunks of audio"),
        ("same chunk time", "must grow"),
        ("empty", "is empty"),
        ("no key", "no chunk is a key frame"),
        ("lead", "has a lead"),
    ],
)
def test_the_check_of_sources_says_what_is_wrong_with_chunks(fault, sentence):
    mode = VideoMode(16, 16, 10, 10)
    check_source(CodedCamera, mode)
    with pytest.raises(AssertionError, match=sentence):
        check_source(lambda: CodedCamera(fault), mode)


class Listing(Backend):
    name = "listing"

    def __init__(self, *devices):
        self.devices = devices

    def list_devices(self):
        return self.devices

    def create_source(self, device):
        return Camera()


def _device(device_class="videoinput", native_id="a", **others):
    return Device(device_class, native_id, "A", DeviceModel("video", modes=(VideoMode(16, 16, 1, 10),)), **others)


@pytest.mark.parametrize(
    ("devices", "sentence"),
    [
        ([_device(), _device()], "listed twice"),
        ([_device(native_id="")], "no native_id"),
        ([_device("audioinput")], "a device for audio with a model for video"),
        ([_device("scanner")], "unknown class"),
        ([_device(), _device(native_id="b", default=True)], "must come first"),
        ([Device("videoinput", "a", "A", DeviceModel("video", device_id="x"))], "not the back end's to give"),
        ([Device("videoinput", "a", "A", DeviceModel("video", choices={"torch": (True, True)}))], "repeat"),
    ],
)
def test_the_check_of_back_ends_says_what_is_wrong(devices, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_backend(Listing(*devices))


def test_the_check_of_back_ends_passes_a_good_one():
    check_backend(Listing(_device(default=True), _device(native_id="b")))


def test_a_device_that_does_not_open_fails_the_check():
    backend = FakeBackend([FakeCamera(label="A")], clock=ManualClock())
    backend.device("A").busy()
    with pytest.raises(AssertionError, match="does not open: A is in use"):
        check_backend(backend)


def test_a_speaker_that_does_not_open_fails_the_check():
    backend = FakeBackend([FakeSpeaker(label="A")], clock=ManualClock())
    backend.device("A").deny()
    with pytest.raises(AssertionError, match="does not open: The system"):
        check_backend(backend)


async def test_checks_refuse_to_block_a_loop():
    with pytest.raises(RuntimeError, match="blocks"):
        check_source(Camera, VideoMode(16, 16, 10, 10))
    with pytest.raises(RuntimeError, match="blocks"):
        check_sink(Speaker)
