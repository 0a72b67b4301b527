"""A file that an AudioElement plays to a sound server is heard at the monitor of the speaker that was chosen.

Rules of the file: every sample is compared, at one gain, in its order: between two of them nothing may be heard but the
silence that a server puts in which runs dry, as it does on a busy machine. What begins or ends in a fade is left out.
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
FADE = RATE // 200  # a sound begins and ends in 5 ms
TOLERANCE = 2 / 32_768  # the server's speakers have 16 bits; the sound is a thousand times louder


def noise():
    """Four seconds that are like themselves at no other place: 100 to 2000 Hz, another sound on each channel."""
    spectrum = np.fft.rfft(np.random.default_rng(7).normal(size=(2, 4 * RATE)))
    frequencies = np.fft.rfftfreq(4 * RATE, 1 / RATE)
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


class Proof(NamedTuple):
    """What was heard of a sound: samples as they were played, others, and the silences in between. In samples."""

    right: int
    wrong: int
    silences: list[int]


def compare(heard, played):
    """Go through a sound and a recording of it, sample by sample; see what is in between."""
    length = played.shape[1] - FADE
    at = FADE
    place = find(heard, played[:, at : at + PIECE])
    right = wrong = 0
    silences = []
    while at < length:
        same = np.abs(heard[:, place : place + length - at] - played[:, at:length]).max(axis=0) <= TOLERANCE
        run = len(same) if same.all() else int(np.argmin(same))
        right, at, place = right + run, at + run, place + run
        if at >= length:
            break
        silence = silent_at(heard, place)
        # What was so quiet that it seems to be part of the silence is looked for behind it.
        after = [n for n in range(5) if silence and is_there(heard, place + silence - n, played[:, at - n : length])]
        if after:
            silences.append(silence)
            right, at, place = right - after[0], at - after[0], place + silence - after[0]
        else:  # something else is heard: go on where it is right again
            step = min(PIECE // 10, length - at)
            wrong, at = wrong + step, at + step
            piece = played[:, at : min(at + PIECE, length)]
            if piece.shape[1] > FADE:
                found = place + find(heard[:, place : place + RATE], piece)
                place = found if is_there(heard, found, piece) else place
    return Proof(right, wrong, silences)


def find(heard, piece):
    """Where in a recording a piece is most likely."""
    size = 1 << (heard.shape[1] + piece.shape[1]).bit_length()
    common = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(piece, size)), size).sum(axis=0)
    energy = np.concatenate([[0], np.cumsum((heard.astype(np.float64) ** 2).sum(axis=0))])
    loudness = np.sqrt(np.maximum(energy[piece.shape[1] :] - energy[: -piece.shape[1]], 1e-3))
    return int(np.argmax(common[: len(loudness)] / loudness))


def silent_at(heard, place):
    """How many samples of silence follow at a place."""
    loud = heard[:, place:].any(axis=0)
    return int(np.argmax(loud)) if loud.any() else len(loud)


def is_there(heard, place, piece):
    """Whether a millisecond of a piece is at a place."""
    piece = piece[:, : RATE // 1000]
    there = heard[:, place : place + piece.shape[1]]
    return there.shape == piece.shape and np.abs(there - piece).max() <= TOLERANCE


async def test_every_sample_of_a_file_is_heard_at_the_speaker_that_was_chosen_and_nowhere_else(pulse, tmp_path):
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
    proof = await asyncio.to_thread(compare, far[0], played)
    print(proof)
    # What the machine left no time for is heard as silence, and on both sides of it there may be a fade.
    assert proof.wrong <= 2 * FADE * len(proof.silences), "nothing is changed, left out or heard twice"
    assert proof.right > 0.99 * played.shape[1]
