"""A sound card without sound server: ALSA's loopback card, where what is played to one end is heard at the other."""

from __future__ import annotations

import itertools
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


def play(hertz=440, rate=48_000):
    """Play a sine to the card's first end; returns the device, to be closed."""
    handle = _id_handle(miniaudio.ffi, "ALSA", ":CARD=Loopback,DEV=0")
    speaker = miniaudio.PlaybackDevice(
        miniaudio.SampleFormat.SIGNED16, 2, rate, 200, handle, backends=[miniaudio.Backend.ALSA]
    )
    second = np.sin(2 * np.pi * hertz * np.arange(rate) / rate) * 12_000
    sound = np.stack([second, second], 1).astype("<i2").tobytes() * 3

    def sine():
        at, wanted = 0, (yield b"")
        while True:
            end = at + 4 * wanted
            chunk, at = sound[at:end], end % (4 * rate)
            wanted = yield chunk

    generator = sine()
    next(generator)
    speaker.start(generator)
    return speaker


def microphone():
    return next(d for d in SoundBackend().list_devices() if d.native_id == "alsa::CARD=Loopback,DEV=1")


def loud(collector):
    return [chunk for chunk in collector.pictures if np.abs(chunk.samples).mean() > 0.15]


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
    speaker = play()
    try:
        source.start(device.model.modes[0], {"latency": 0.1}, collector)
        collector.wait(lambda: len(loud(collector)) >= 20)
    finally:
        source.stop()
        speaker.close()
    for chunk in loud(collector):
        samples = chunk.samples[0]
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        assert np.argmax(spectrum) * 48_000 / len(samples) == pytest.approx(440, abs=20)
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
