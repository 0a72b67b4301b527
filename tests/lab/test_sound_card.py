"""A sound card without sound server: ALSA's loopback card, where what is played to one end is heard at the other."""

from __future__ import annotations

import itertools
import math
import struct
import threading
from pathlib import Path

import miniaudio
import numpy as np
import pytest

from mediastreams._backends.sound.backend import SoundBackend
from mediastreams._backends.sound.native import _id_handle
from mediastreams.errors import NotReadableError

pytestmark = pytest.mark.lab
PLUG = Path("/sys/bus/platform/drivers/snd_aloop")


def play(seconds, hertz=440, rate=48_000):
    """Play a sine to the card's first end; returns the device, to be closed."""
    handle = _id_handle(miniaudio.ffi, "ALSA", ":CARD=Loopback,DEV=0")
    speaker = miniaudio.PlaybackDevice(
        miniaudio.SampleFormat.SIGNED16, 2, rate, 100, handle, backends=[miniaudio.Backend.ALSA]
    )

    def sine():
        at = 0
        wanted = yield b""
        while True:
            values = (int(12_000 * math.sin(2 * math.pi * hertz * (at + n) / rate)) for n in range(wanted))
            at += wanted
            wanted = yield b"".join(struct.pack("<hh", value, value) for value in values)

    generator = sine()
    next(generator)
    speaker.start(generator)
    return speaker


def microphone():
    return next(d for d in SoundBackend().list_devices() if d.native_id == "alsa::CARD=Loopback,DEV=1")


def test_the_card_is_listed_in_both_directions():
    devices = SoundBackend().list_devices()
    assert [(d.device_class, d.native_id, d.default) for d in devices] == [
        ("audioinput", "alsa::CARD=Loopback,DEV=0", True),
        ("audioinput", "alsa::CARD=Loopback,DEV=1", False),
        ("audiooutput", "alsa::CARD=Loopback,DEV=0", True),
        ("audiooutput", "alsa::CARD=Loopback,DEV=1", False),
    ]
    assert "Loopback" in devices[0].label


def test_the_microphone_hears_the_tone_and_is_stamped_evenly(collector):
    device = microphone()
    source = SoundBackend().create_source(device)
    speaker = play(5)
    try:
        source.start(device.model.modes[0], {"latency": 0.1}, collector)
        collector.wait(lambda: len(collector.pictures) >= 30)
    finally:
        source.stop()
        speaker.close()
    samples = np.concatenate([chunk.samples for chunk in collector.pictures[10:30]], 1)[0]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.argmax(spectrum) * 48_000 / len(samples) == pytest.approx(440, abs=5)
    assert all(b.timestamp > a.timestamp for a, b in itertools.pairwise(collector.pictures))
    assert not collector.ended


def test_a_card_that_is_pulled_out_ends_and_is_news_and_comes_back_under_its_name(collector, eventually):
    device = microphone()
    news = threading.Event()
    stop_watching = SoundBackend().watch(news.set)
    source = SoundBackend().create_source(device)
    source.start(device.model.modes[0], {"latency": 0.1}, collector)
    try:
        collector.wait(lambda: len(collector.pictures) >= 3)
        (PLUG / "unbind").write_text("snd_aloop.0")
        collector.wait(lambda: collector.ended)
        assert isinstance(collector.ended[0], NotReadableError)
        assert news.wait(20)
        assert SoundBackend().list_devices() == []
    finally:
        source.stop()
        news.clear()
        (PLUG / "bind").write_text("snd_aloop.0")
    assert news.wait(20)
    stop_watching()
    assert microphone().native_id == device.native_id
