"""What a microphone's echo, noise and gain cost: processor time for 10 ms, and the time sound is held back.

The whole way of a chunk is measured, from the source to the consumer's port, with an output that plays meanwhile (its
blocks are reported as they would be); what the same costs without processing is told beside it. Nothing waits for a
clock. Run: ``python benchmarks/microphone_processing.py`` (SECONDS of sound in the environment, 20).
"""

from __future__ import annotations

import os
import time

import numpy as np

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Sound
from mediastreams._engine.processing.heard import Block, heard
from mediastreams._engine.processing.library import library
from mediastreams._engine.processing.stage import ProcessingStage
from mediastreams._engine.source import SourceHub
from mediastreams._rules.sound_processing import NO_PROCESSING, Processing, filter_delay
from mediastreams._rules.values import AudioMode
from mediastreams.abc import Source
from mediastreams.testing import ManualClock

SECONDS = float(os.environ.get("SECONDS", "20"))
RATE = 48_000


class Microphone(Source):
    """Gives what it is told to."""

    kind = "audio"

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.delivery = None

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        return mode

    def stop(self):
        self.delivery = None


def measure(processing: Processing, channels: int, tracks: int = 1) -> float:
    """Milliseconds of a processor for 10 ms of sound."""
    microphone = Microphone()
    hub = SourceHub(microphone)
    hub.open(AudioMode(RATE, channels), {})
    feeds = [TrackFeed(hub) for _ in range(tracks)]
    for feed in feeds:
        hub.add_feed(feed)
        feed.attach(policy="drop-oldest", on_item=lambda: None)
        if processing != NO_PROCESSING:
            feed.processing = ProcessingStage(hub.processor_for(processing))
    hub.release()
    noise = np.random.default_rng(1).normal(size=(2, RATE)).astype(np.float32) / 10
    count = round(SECONDS * 100)
    used = 0.0
    for number in range(-100, count):
        at = number * 10_000 + 10_000_000
        place = number % 100 * RATE // 100
        played = Sound(noise[:, place : place + RATE // 100].copy(), RATE, at + 100_000, "stereo")
        chunk = np.ascontiguousarray(noise[::-1][:channels, place : place + RATE // 100])
        sound = Sound(chunk, RATE, at, "mono" if channels == 1 else "stereo")
        before = time.thread_time()
        for ears in heard.by(microphone.clock, remote_only=False):
            ears.put(Block(1, played, 100_000))
        microphone.delivery.deliver(sound)
        if number >= 0:
            used += time.thread_time() - before
    for feed in feeds:
        feed.stop()
    return used / count * 1000


def main() -> None:
    if not library.load():
        print('livekit is not installed: pip install "mediastreams[aec]"')
        return
    print(f"{SECONDS:g} s of a microphone at {RATE} Hz in chunks of 10 ms")
    print(f"{'':38}{'mono':>9}{'stereo':>9}   held back")
    for name, processing in {
        "nothing": NO_PROCESSING,
        "noise suppression": Processing(noise=True),
        "gain control": Processing(gain=True),
        "echo cancellation": Processing("all"),
        "all three": Processing("all", noise=True, gain=True),
    }.items():
        costs = [measure(processing, channels) for channels in (1, 2)]
        late = filter_delay(processing, RATE) / RATE * 1000
        print(f"  {name:36}{costs[0]:6.3f} ms{costs[1]:6.3f} ms   {late:.1f} ms")
    shared = measure(Processing("all", noise=True, gain=True), 1, tracks=8)
    print(f"  all three, for eight tracks of it   {shared:6.3f} ms")


if __name__ == "__main__":
    main()
