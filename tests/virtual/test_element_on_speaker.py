"""A file that an AudioElement plays to a sound server is heard at the monitor of the speaker that was chosen.

Rules of the file: the machine may be so busy that the server itself runs dry and puts silence in between, so the
recording is looked at in pieces of 10 ms; sound that comes late is stretched a little, so a piece may lie anywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from typing import NamedTuple

import numpy as np
import pytest
from tests.media import make_wav
from tests.virtual.servers import pulse

from mediastreams.capture.media_devices import MediaDevices
from mediastreams.elements.audio_element import AudioElement

__all__ = ["pulse"]

pytestmark = pytest.mark.real
RATE = 48_000
PIECE = RATE // 100
BEGINNING = 5  # pieces: a sound of 50 ms must be heard, too


def noise():
    """Two seconds that are like themselves at no other place: 100 to 2000 Hz, another sound on each channel."""
    spectrum = np.fft.rfft(np.random.default_rng(7).normal(size=(2, 2 * RATE)))
    frequencies = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    spectrum[:, (frequencies < 100) | (frequencies > 2000)] = 0
    sound = np.fft.irfft(spectrum)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


@contextlib.asynccontextmanager
async def recording(server, speaker):
    """Record, as another program does, what is heard at a speaker; gives a list that holds it in the end."""
    command = ("parec", f"--device={speaker}.monitor", "--raw", "--format=float32le", f"--rate={RATE}",
               "--channels=2", "--latency-msec=20")  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, env={**os.environ, **server.environment}
    )
    heard = []
    first = await process.stdout.read(4096)  # it records
    reading = asyncio.ensure_future(process.stdout.read())
    try:
        yield heard
        await asyncio.sleep(0.6)  # what is on its way
    finally:
        process.terminate()
        data = first + await reading
        await process.wait()
    heard.append(np.frombuffer(data[: len(data) // 8 * 8], np.float32).reshape(-1, 2).T)


class Found(NamedTuple):
    """Where a piece is in a recording, how like it is there (1: the same), and how loud."""

    place: int
    likeness: float
    gain: float


def find_pieces(heard, played):
    """Look for each piece of what was played, on both channels, all over the recording."""
    size = 1 << (heard.shape[1] + PIECE).bit_length()
    spectrum = np.fft.rfft(heard, size)
    energy = np.concatenate([[0], np.cumsum((heard.astype(np.float64) ** 2).sum(axis=0))])
    loudness = np.sqrt(np.maximum(energy[PIECE:] - energy[:-PIECE], 1e-3))
    for start in range(0, played.shape[1], PIECE):
        piece = played[:, start : start + PIECE]
        own = float(np.sqrt((piece**2).sum()))
        common = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, size)), size).sum(axis=0)[: len(loudness)]
        likeness = common / (own * loudness)
        place = int(np.argmax(likeness))
        yield Found(place, float(likeness[place]), float(loudness[place]) / own)


async def test_a_file_is_heard_from_its_beginning_at_the_speaker_that_was_chosen_and_nowhere_else(pulse, tmp_path):
    pulse.add_speaker("near", "Near Speaker")
    pulse.add_speaker("far", "Far Speaker")
    played = noise()
    path = make_wav(tmp_path / "noise.wav", played, RATE)
    devices = MediaDevices(backends=["miniaudio"])
    listed = next(one for one in await devices._list() if one.device.label == "Far Speaker")
    told = await devices.select_audio_output({"device_id": listed.model.device_id})
    assert told.label == "Far Speaker"

    async with recording(pulse, "far") as far, recording(pulse, "near") as near:
        with AudioElement(path, devices=devices) as audio:
            await audio.set_sink_id(told.device_id)
            assert audio.sink_id == told.device_id
            await audio.play()
            await audio.wait_for("ended", timeout=30)  # and closed at once: what is on its way is still heard

    assert not near[0].any()
    pieces = await asyncio.to_thread(lambda: list(find_pieces(far[0], played)))
    right = [one.likeness > 0.9 and 0.95 < one.gain < 1.05 for one in pieces]
    assert np.mean(right) > 0.8
    assert any(right[:BEGINNING])
    places = [one.place for one, good in zip(pieces, right, strict=True) if good]
    assert min(np.diff(places)) > 0.98 * PIECE  # in order, and nothing twice
