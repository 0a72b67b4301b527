"""A track's way into a graph and out again, driven by hand: a source of any crystal, quanta when they are due.

Not for: the engine; nothing of it runs here, and no time passes.
"""

import numpy as np

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Sound
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode
from mediastreams.abc import Clock, Source
from mediastreams.audio.graph_input import GraphInput
from mediastreams.audio.render_clock import RenderClock

__all__ = ["Bench"]

RATE = 48_000
QUANTUM_US = 128 * 1e6 / RATE


class HandClock(Clock):
    """Stands where the bench puts it."""

    def __init__(self):
        self.us = 1_000_000_000.0

    def now_ns(self):
        return round(self.us * 1000)

    def call_at(self, when_ns, call):
        raise NotImplementedError

    def wait_until(self, when_ns, wake):
        raise NotImplementedError

    def wake(self):
        raise NotImplementedError


class Tone(Source):
    """One hertz by true time on every channel: the phase tells when a sample was made."""

    kind = "audio"

    def __init__(self, clock, speed, channels):
        self.clock, self.speed, self.channels = clock, speed, channels
        self.began = clock.us
        self.count = 0
        self.delivery = None

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        return mode

    def stop(self):
        self.delivery = None

    def instant(self, count):
        return self.began + count * 1e6 / (RATE * self.speed)

    def give(self, length):
        times = (self.instant(self.count + np.arange(length)) - self.began) / 1e6
        wave = (0.5 * np.sin(2 * np.pi * times)).astype(np.float32)
        at = round(self.instant(self.count))
        self.count += length
        self.delivery.deliver(Sound(np.tile(wave, (self.channels, 1)), RATE, at, "mono"))


class Bench:
    """``run`` lets time pass; ``out`` holds what the graph got, ``at`` when it was due."""

    def __init__(self, speed=1.0, channels=1, keep=True):
        self.clock = HandClock()
        self.source = Tone(self.clock, speed, channels)
        self.hub = SourceHub(self.source)
        self.hub.open(AudioMode(RATE, channels), {})
        self.feed = TrackFeed(self.hub)
        self.hub.add_feed(self.feed)
        self.hub.release()
        self.news = []
        self.quanta = 0
        self.rendering = RenderClock(self, RATE)
        self.input = GraphInput(
            self.feed,
            self.rendering,
            RATE,
            channels,
            on_channels=lambda: self.news.append(self.input.wanted_channels),
            on_end=lambda: self.news.append("end"),
        )
        self.asker = self.input.asker(channels)
        self.began = self.clock.us
        self.keep = keep
        self.out = []

    def run(self, seconds, *, chunk=480, late=lambda: 0.0, giving=True):
        """Give chunks when their last sample was made, and ask for quanta when they are due."""
        end = self.clock.us + seconds * 1e6
        while True:
            due = self.began + self.quanta * QUANTUM_US
            made = self.source.instant(self.source.count + chunk) + late() if giving else np.inf
            if min(due, made) > end:
                self.clock.us = end
                return
            self.clock.us = max(self.clock.us, min(due, made))
            if made <= due:
                self.source.give(chunk)
            else:
                self.ask()

    def ask(self):
        channels = [[0.0] * 128 for _ in range(self.input._mode.channel_count)]
        going = self.asker.render([], [channels])
        self.quanta += 1
        if self.keep:
            self.out.append(np.array(channels, np.float32))
        return going

    @property
    def currentTime(self):  # noqa: N802 - the engine's spelling
        return self.quanta * 128 / RATE

    @property
    def sound(self):
        return np.concatenate(self.out, axis=1)

    def close(self):
        self.input.close()
        self.feed.stop()
