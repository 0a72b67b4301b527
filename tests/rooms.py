"""A room for the tests of echo: what a speaker sounds reaches a microphone through walls; and voices to talk in it.

Not for: devices of a sound server (``tests/virtual``), which borrow the room's answer to a click and its voices.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import wave
from collections import deque
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Sound
from mediastreams._engine.pace import Pace
from mediastreams._engine.processing.library import library
from mediastreams.abc import AudioMode, Source
from mediastreams.testing import FakeBackend, FakeMicrophone, FakeSpeaker

__all__ = ["RATE", "Room", "level", "loss", "lowered", "preferred", "room_answer", "speak"]

RATE = 48_000
FAR = (
    "The quick brown fox jumps over the lazy dog. She sells sea shells by the sea shore, and the shells that she sells "
    "are surely sea shells. Peter Piper picked a peck of pickled peppers. How many peppers did Peter Piper pick?"
)
NEAR = (
    "A journey of a thousand miles begins with a single step, and whoever wants to go far should begin in the morning, "
    "when the air is cool and the road is empty. Nobody has ever been late who was on the way before the sun."
)


def speak(folder, which=0, voice="en-us", pitch=50):
    """A person's words as float32 [n] at 48 kHz, by espeak-ng: without a pause at the end, at half of full scale."""
    path = folder / f"{voice}-{pitch}-{which}.wav"
    command = ("espeak-ng", "-v", voice, "-p", str(pitch), "-w", str(path), (FAR, NEAR)[which])
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        spoken = np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
    places = np.arange(0, len(spoken) - 1, rate / RATE)
    voice = np.interp(places, np.arange(len(spoken)), spoken)
    voice = voice[: np.flatnonzero(np.abs(voice) > 0.01)[-1]]
    return (0.5 * voice / np.abs(voice).max()).astype(np.float32)


def room_answer(delay=0.03, decay=0.08, loudness=0.5, seed=3):
    """What a microphone hears of a click of the speaker: the way through the air, then 80 ms of walls, dying away."""
    late, length = round(delay * RATE), round(decay * RATE)
    walls = np.random.default_rng(seed).normal(size=length) * np.exp(-np.arange(length) / (length / 5))
    walls[0] = 2
    return np.concatenate([np.zeros(late), loudness * walls / np.sqrt((walls**2).sum())]).astype(np.float32)


def level(samples):
    """dB of full scale."""
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20)


def loss(before, after):
    """By how many dB it is less afterwards."""
    return level(before) - level(after)


def lowered(sound, hertz):
    """The level in dB of one tone in a sound."""
    window = np.hanning(sound.shape[-1])
    wave_ = np.exp(-2j * np.pi * hertz * np.arange(sound.shape[-1]) / RATE)
    return 20 * np.log10(np.abs((sound * window * wave_).sum()) / window.sum() + 1e-12)


def _prefer(process, policy, priority):
    for thread in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):  # not everybody may, and a thread may have ended
            os.sched_setscheduler(int(thread.name), policy, os.sched_param(priority))


@contextlib.contextmanager
def preferred(*processes):
    """Let this program, and other processes, have time before others, where one may: sound does not wait.

    All their threads, and those that they start meanwhile.
    """
    if sys.platform != "linux":
        yield
        return
    for process in processes:
        _prefer(process, os.SCHED_RR, 2)
    _prefer(os.getpid(), os.SCHED_RR, 1)
    try:
        yield
    finally:
        _prefer(os.getpid(), os.SCHED_OTHER, 0)


class Room(FakeBackend):
    """One speaker, and one microphone that hears it and who talks in the room; processed here, not by the device.

    ``talk``: what is said from now on, float32 [n]; silence afterwards. ``raw``: all that was heard, unprocessed.
    """

    def __init__(self, answer=None, *, channels=1, chunk=480, speed=1.0, latency=0.02, clock=None):
        mode = AudioMode(RATE, channels, 16, 0.005, 0.1)
        microphone = FakeMicrophone(label="Room microphone", modes=(mode,), choices=library.choices(mode))
        super().__init__([FakeSpeaker(label="Room speaker", speed=speed, latency=latency), microphone], clock=clock)
        self.answer = np.zeros(1, np.float32) if answer is None else answer
        self.chunk = chunk
        self.talk = np.zeros(0, np.float32)
        self.raw = []
        self.starts = 0

    def list_devices(self):
        return [
            replace(one, model=replace(one.model, per_track=frozenset(one.model.choices), cures=library.cures))
            if one.device_class == "audioinput"
            else one
            for one in super().list_devices()
        ]

    def create_source(self, device):
        return _RoomMicrophone(self, device.model.modes[0])


class _RoomMicrophone(Source):
    kind = "audio"

    def __init__(self, house, mode):
        self.house, self.mode, self.clock = house, mode, get_clock()
        self.pace = None

    def start(self, mode, settings, delivery):
        self.house.starts += 1
        self.delivery = delivery
        self.air = deque(maxlen=400)  # (µs, samples) of what the speaker sounds
        self.seen = -1
        self.pace = Pace(self.clock, Fraction(RATE, self.house.chunk), self.fire, late=100)
        return self.mode

    def stop(self):
        if self.pace is not None:
            self.pace.stop()
        self.pace = None

    def fire(self, number):
        at, length = self.pace.instant_us(number - 1), self.house.chunk
        heard = np.convolve(self.sounded(at, length), self.house.answer, "valid")[-length:]
        said, self.house.talk = self.house.talk[:length], self.house.talk[length:]
        heard[: len(said)] += said
        samples = np.stack([heard * 0.5**channel for channel in range(self.mode.channel_count)]).astype(np.float32)
        self.house.raw.append(samples)
        layout = "mono" if len(samples) == 1 else "stereo"
        self.delivery.deliver(Sound(samples, RATE, at, layout, metadata={"capture_time": at}))

    def sounded(self, at, length):
        """What the speaker sounded until the end of a chunk, for as long as the room remembers."""
        tape = self.house.device("Room speaker").tape
        for number, when, samples in () if tape is None else list(tape._blocks):
            if number > self.seen:
                self.seen = number
                self.air.append((when, samples.mean(axis=0)))
        memory = len(self.house.answer) - 1 + length
        out = np.zeros(memory, np.float32)
        begin = at + length * 1e6 / RATE - memory * 1e6 / RATE
        for when, samples in self.air:
            place = round((when - begin) * RATE / 1e6)
            first, last = max(0, place), min(memory, place + len(samples))
            if first < last:
                out[first:last] = samples[first - place : last - place]
        return out
