"""An hour from a fake microphone to a fake speaker of another crystal, at the full rate: ``pytest -m soak``."""

import numpy as np
import pytest

import mediastreams as ms
from mediastreams._engine.playout import Playout
from mediastreams.elements.audio_element import AudioElement
from mediastreams.testing import FakeBackend, FakeMicrophone, FakeSpeaker, ManualClock, use_clock

MINUTES = 60


def beep(heard):
    """Where in its second (µs) a beep was heard."""
    first = int(np.argmax(np.abs(heard.to_ndarray()[0]) > 1e-3))
    return (heard.timestamp + first * 1_000_000 / heard.sample_rate) % 1_000_000


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_an_hour_at_48000_against_48010_hz_stays_within_40_ms():
    with use_clock(ManualClock()) as clock:
        backend = FakeBackend()
        backend.plug(FakeSpeaker(label="Desk", speed=48_010 / 48_000))
        stream = await ms.MediaDevices(backends=[backend]).get_user_media(audio=True)
        device = next(device for device in backend.list_devices() if device.label == "Desk")
        begins = []
        with Playout() as player:
            voice = player.add(stream.audio._feed)
            player.use(backend.create_sink(device))
            for _ in range(MINUTES):
                await clock.advance(60)
                begins.append(beep(backend.device("Desk").heard(0.99)))
            assert voice.dropped == 0
        stream.audio.stop()
        assert max(begins) - min(begins) < 40_000


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_an_element_of_another_crystal_stays_with_its_stream_for_an_hour():
    with use_clock(ManualClock()) as clock:
        backend = FakeBackend([FakeMicrophone(), FakeSpeaker(label="Desk", speed=48_010 / 48_000)])
        devices = ms.MediaDevices(backends=[backend])
        stream = await clock.until(devices.get_user_media(audio=True))
        begins = []
        with AudioElement(devices=devices) as audio:
            audio.src_object = stream
            await clock.until(audio.play())
            for _ in range(MINUTES):
                await clock.advance(60)
                begins.append(beep(backend.device("Desk").heard(0.99)))
        stream.audio.stop()
        assert max(begins) - min(begins) < 40_000
