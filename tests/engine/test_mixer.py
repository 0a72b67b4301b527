"""`Mixer`: tones of known frequency, strength and phase go in; what comes out is looked at by numbers."""

import asyncio

import numpy as np
import pytest

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Sound
from mediastreams._engine.gain import Gain
from mediastreams._engine.mixer import Mixer
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode
from mediastreams.abc import Source
from mediastreams.errors import InvalidAccessError, InvalidStateError, NotFoundError, NotSupportedError
from mediastreams.testing import ManualClock, use_clock

RATE = 48_000


class Tone(Source):
    """A sine whose phase is 0 at time 0 of the clock, in chunks that come when their last sample has been heard.

    ``amplitude``: of all channels, or of each. ``speed``: how fast its crystal runs. ``lag``: seconds by which all
    comes later. ``foreign``: stamps from 0 on.
    """

    kind = "audio"

    def __init__(
        self, clock, hertz=440.0, amplitude=0.1, rate=RATE, channels=1, chunk=0.01, *, speed=1.0, lag=0.0, foreign=False
    ):
        self.clock = clock
        self.hertz, self.amplitude = hertz, amplitude
        self.rate, self.channels, self.length = rate, channels, round(rate * chunk)
        self.speed, self.lag, self.foreign = speed, lag, foreign
        self.stalled = False
        self.count = 0
        self.delivery = None

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        self.began = self.clock.now_ns()
        self._next()
        return AudioMode(self.rate, self.channels)

    def _at(self, count):
        """When a sample is, in ns."""
        return self.began + count * 1e9 / (self.rate * self.speed)

    def _next(self):
        due = round(self._at(self.count + self.length) + self.lag * 1e9)
        self.timer = self.clock.call_at(due, self._give)

    def _give(self):
        if self.delivery is None:
            return
        if not self.stalled:
            at = self._at(self.count + np.arange(self.length)) / 1e9
            strength = np.broadcast_to(self.amplitude, self.channels)
            samples = np.outer(strength, np.sin(2 * np.pi * self.hertz * at)).astype(np.float32)
            stamp = self._at(self.count) - (self.began if self.foreign else 0)
            layout = {1: "mono", 2: "stereo"}[self.channels]
            self.delivery.deliver(Sound(samples, self.rate, round(stamp / 1000), layout))
        self.count += self.length
        self._next()

    def stop(self):
        self.delivery = None
        self.timer.cancel()


class Bench:
    """A manual clock, sources, a mixer, and what comes out of it with the time of its coming."""

    def __init__(self):
        self.clock = ManualClock()
        self.hubs = []
        self.blocks = []  # (µs of coming, Sound)
        self.mixer = self.out = None

    def feed(self, source):
        hub = SourceHub(source)
        hub.open(AudioMode(RATE, 1), {})
        feed = TrackFeed(hub)
        hub.add_feed(feed)
        hub.release()
        self.hubs.append(hub)
        return feed

    def tone(self, *arguments, **options):
        return self.feed(Tone(self.clock, *arguments, **options))

    def mix(self, *feeds, gains=None, channels=2, rate=RATE, ends=True):
        self.mixer = Mixer(AudioMode(rate, channels), free=False, ends=ends)
        for feed, gain in zip(feeds, gains or [1.0] * len(feeds), strict=True):
            self.mixer.add(object(), feed, gain)
        self.out = self.feed(self.mixer)
        self.port = self.out.attach(policy="drop-oldest", on_item=self._take, bound_us=10**9)
        return self.mixer

    def _take(self):
        while (sound := self.port.take()) is not None:
            self.blocks.append((self.clock.now_us(), sound))

    def samples(self, start=0.0, end=None):
        """What came, from ``start`` seconds of the mix on, and the time of its first sample (s)."""
        whole = np.concatenate([sound.samples for _, sound in self.blocks], axis=1)
        rate = self.blocks[0][1].sample_rate
        first = round(start * rate)
        last = None if end is None else round(end * rate)
        return whole[:, first:last].astype(np.float64), self.blocks[0][1].timestamp / 1e6 + first / rate

    def contiguous(self):
        stamps = [sound.timestamp for _, sound in self.blocks]
        return set(np.diff(stamps)) == {10_000} and not any(sound.gap for _, sound in self.blocks)

    def lags(self):
        """By how many ms the blocks came after their first samples."""
        return [(came - sound.timestamp) / 1000 for came, sound in self.blocks]

    def close(self):
        for hub in self.hubs:
            for feed in hub.feeds:
                feed.stop()


@pytest.fixture
def bench():
    made = Bench()
    with use_clock(made.clock):
        yield made
        made.close()


def fitted(samples, start, *hertz, rate=RATE):
    """Amplitude and phase (radians, at time 0) of sines in one channel, and the largest deviation from them."""
    at = start + np.arange(samples.size) / rate
    base = np.concatenate([[np.sin(2 * np.pi * one * at), np.cos(2 * np.pi * one * at)] for one in hertz])
    # Least squares by sums, not by a library with threads of its own: a busy machine lets the loop wait for those.
    weights = np.linalg.solve(np.einsum("in,jn->ij", base, base), np.einsum("in,n->i", base, samples))
    pairs = weights.reshape(-1, 2)
    rest = samples - np.einsum("i,in->n", weights, base)
    return np.hypot(*pairs.T), np.arctan2(pairs[:, 1], pairs[:, 0]), np.abs(rest).max()


def largest_step(samples):
    """The largest jump from sample to sample."""
    return np.abs(np.diff(samples)).max()


async def test_tones_of_any_rate_and_number_of_channels_add_up(bench):
    bench.mix(bench.tone(440, 0.2), bench.tone(1000, 0.3, 44_100, 2), bench.tone(3000, 0.1, 16_000), gains=[1, 0.5, 2])
    await bench.clock.advance(2)
    samples, start = bench.samples(0.5, 1.5)
    for channel in samples:
        amplitudes, phases, rest = fitted(channel, start, 440, 1000, 3000)
        assert amplitudes == pytest.approx([0.2, 0.15, 0.2], abs=1e-3)
        assert np.abs(phases / (2 * np.pi * np.array([440, 1000, 3000]))).max() < 1.5e-6  # a microsecond, as stamps are
        assert rest < 1e-3
    assert bench.contiguous()


async def test_stereo_is_mixed_down_by_the_rules_of_web_audio(bench):
    bench.mix(bench.tone(440, (0.2, 0.0), channels=2), bench.tone(1000, 0.2), channels=1)
    await bench.clock.advance(1)
    samples, start = bench.samples(0.3, 0.8)
    assert samples.shape[0] == 1
    assert fitted(samples[0], start, 440, 1000)[0] == pytest.approx([0.1, 0.2], abs=1e-3)


async def test_what_is_stamped_t_is_stamped_t_and_comes_with_the_slowest_track(bench):
    bench.mix(bench.tone(440, lag=0.005), bench.tone(1000, lag=0.035))
    await bench.clock.advance(2)
    samples, start = bench.samples(0.2)
    assert np.abs(fitted(samples[0], start, 440, 1000)[1]).max() < 1e-2
    assert max(bench.lags()) <= 10 + 35 + 0.1
    assert bench.contiguous()


async def test_one_track_in_the_mixs_own_beat_is_passed_on_at_once(bench):
    bench.mix(bench.tone(440))
    await bench.clock.advance(1)
    assert set(bench.lags()) == {10.0}
    samples, start = bench.samples(0.1)
    assert fitted(samples[0], start, 440)[2] < 1e-4  # and nothing is faded in between


async def test_a_track_that_stalls_is_waited_for_once_and_the_others_lose_nothing(bench):
    stalls = bench.tone(440, 0.2)
    bench.mix(stalls, bench.tone(1000, 0.2))
    await bench.clock.advance(1)
    stalls.hub.source.stalled = True
    await bench.clock.advance(1)
    stalls.hub.source.stalled = False
    await bench.clock.advance(1)
    lags = bench.lags()
    assert max(lags) == pytest.approx(110, abs=1)  # 0.1 s
    assert sum(lag > 35 for lag in lags) <= 11  # and then made up for
    assert lags[-1] <= 20
    whole, start = bench.samples(0.05, 2.9)
    amplitudes, _, rest = fitted(whole[0][48_000:86_400], start + 1, 1000)
    assert amplitudes == pytest.approx([0.2], abs=1e-3)
    assert rest < 1e-3  # the other one, alone
    steps = 0.2 * 2 * np.pi * (440 + 1000) / RATE
    assert largest_step(whole[0]) < 1.2 * steps  # no click, neither at the end nor at the beginning
    after, start = bench.samples(2.1, 2.9)
    assert fitted(after[0], start, 440, 1000)[0] == pytest.approx([0.2, 0.2], abs=1e-3)
    assert bench.contiguous()


async def test_who_woke_too_late_does_not_take_others_for_absent(bench):
    feed = bench.tone(440, 0.2)
    bench.mix(feed)
    await bench.clock.advance(0.5)
    wait = bench.clock.wait_until

    def oversleep(when_ns, wake):
        """The machine stands still for 0.3 s: nobody's thread runs."""
        bench.clock.wait_until = wait
        return wait(None if when_ns is None else when_ns + 300_000_000, bench.clock.wake())

    bench.clock.wait_until = oversleep
    source = feed.hub.source
    source.lag = 0.32
    await bench.clock.advance(0.4)
    source.lag = 0
    await bench.clock.advance(0.5)
    samples, start = bench.samples(0.1, 1.2)
    assert fitted(samples[0], start, 440)[2] < 1e-3


async def test_a_muted_track_is_not_waited_for(bench):
    muted = bench.tone(440)
    bench.mix(muted, bench.tone(1000))
    await bench.clock.advance(0.5)
    muted.hub.source.stalled = True
    muted.hub.source.delivery.set_muted(muted=True)
    await bench.clock.advance(0.5)
    assert max(bench.lags()) <= 30


async def test_long_chunks_are_whole_once_it_is_known_how_late_they_come(bench):
    bench.mix(bench.tone(440, 0.2, chunk=0.2), bench.tone(1000, 0.2))
    await bench.clock.advance(25)
    samples, start = bench.samples(1, 24)
    amplitudes, _, rest = fitted(samples[0], start, 440, 1000)
    assert amplitudes == pytest.approx([0.2, 0.2], abs=1e-3)
    assert rest < 1e-3
    assert max(bench.lags()) < 225


async def test_when_the_whole_machine_is_slow_nothing_is_left_out_once_that_is_known(bench):
    feeds = [bench.tone(hertz, 0.1) for hertz in (440, 700, 1000, 1500)]
    mixer = bench.mix(*feeds)
    await bench.clock.advance(0.5)
    for number, feed in enumerate(feeds):
        feed.hub.source.lag = 0.6 + 0.05 * number
    await bench.clock.advance(2)
    before = [one.dropped for one in mixer.inputs]
    for number, feed in enumerate(feeds):
        feed.hub.source.lag = 0.7 - 0.05 * number  # another one is the last
    await bench.clock.advance(3)
    assert [one.dropped for one in mixer.inputs] == before
    assert max(before) < RATE
    samples, start = bench.samples(1.8, 4.5)
    assert fitted(samples[0], start, 440, 700, 1000, 1500)[2] < 1e-3


async def test_times_that_are_not_the_clocks_lie_where_they_come(bench):
    bench.mix(bench.tone(440, 0.2, foreign=True), bench.tone(1000, 0.2))
    await bench.clock.advance(1)
    samples, start = bench.samples(0.3, 0.9)
    amplitudes, _, rest = fitted(samples[0], start, 440, 1000)
    assert amplitudes == pytest.approx([0.2, 0.2], abs=1e-3)
    assert rest < 1e-3


async def test_a_track_of_another_crystal_stays_where_its_stamps_are(bench):
    bench.mix(bench.tone(50, 0.2, speed=48_100 / RATE))  # a hundred times as far off as crystals are
    await bench.clock.advance(20)
    for second in range(0, 19, 3):
        samples, start = bench.samples(second, second + 0.5)
        amplitudes, phases, _ = fitted(samples[0], start, 50)
        assert abs(phases[0]) / (2 * np.pi * 50) < 0.011
        assert amplitudes == pytest.approx([0.2], abs=5e-3 if second else 0.1)
    assert bench.contiguous()
    assert max(bench.lags()) <= 30


async def test_louder_than_full_scale_is_not_clipped(bench):
    bench.mix(bench.tone(440, 0.9), bench.tone(440, 0.9))
    await bench.clock.advance(0.5)
    samples, start = bench.samples(0.2, 0.4)
    assert fitted(samples[0], start, 440)[0] == pytest.approx([1.8], abs=2e-3)


async def test_tracks_come_and_go_without_a_click(bench):
    first, second = bench.tone(440, 0.3), bench.tone(700, 0.3)
    mixer = bench.mix(first)
    await bench.clock.advance(0.5)
    mixer.add(object(), second, 1.0)
    await bench.clock.advance(0.5)
    mixer.find(first).leave(RATE)
    assert [one.feed for one in mixer.inputs] == [second]
    await bench.clock.advance(0.5)
    assert first.ports == ()
    samples, start = bench.samples(0.05, 1.45)
    assert largest_step(samples[0]) < 0.3 * 2 * np.pi * 1140 / RATE * 1.1
    for begin, tones in ((0.1, [440]), (0.7, [440, 700]), (1.2, [700])):
        part = samples[0][round((begin - 0.05) * RATE) :][:9600]
        amplitudes, _, rest = fitted(part, start + begin - 0.05, *tones)
        assert amplitudes == pytest.approx([0.3] * len(tones), abs=1e-3)
        assert rest < 1e-3


async def test_a_gain_is_reached_in_a_ramp(bench):
    feed = bench.tone(1000, 0.5)
    mixer = bench.mix(feed)
    await bench.clock.advance(0.5)
    mixer.find(feed).gain.go_to(0.1, 4800)
    await bench.clock.advance(0.5)
    samples, start = bench.samples(0.05)
    assert largest_step(samples[0]) < 0.5 * 2 * np.pi * 1000 / RATE * 1.01
    quiet = samples[0][-9600:]
    assert fitted(quiet, start + (samples.shape[1] - 9600) / RATE, 1000)[0] == pytest.approx([0.05], abs=1e-4)


def test_a_ramp_is_straight_and_the_latest_wish_counts():
    gain, ones = Gain(1.0), np.ones((1, 10), np.float32)
    assert gain.apply(ones, 10) is ones
    gain.go_to(0.0, 15)
    assert not gain.steady
    assert gain.apply(ones, 10)[0] == pytest.approx(1 - np.arange(1, 11) / 15)
    assert gain.apply(ones, 10)[0] == pytest.approx([*(1 - np.arange(11, 16) / 15), 0, 0, 0, 0, 0], abs=1e-6)
    assert gain.steady
    assert gain.apply(ones, 10) is None
    gain.go_to(0.5, 0)
    gain.go_to(2.0, 0)
    assert gain.target == 2.0
    assert gain.apply(ones, 10)[0].tolist() == [2.0] * 10
    gain.go_to(1.0, 20)
    assert gain.apply(None, 10) is None  # in silence, too, it goes on
    assert gain.apply(ones, 10)[0][-1] == pytest.approx(1.0)


async def test_it_ends_with_its_last_track(bench):
    first, second = bench.tone(440), bench.tone(700)
    bench.mix(first, second)
    await bench.clock.advance(0.3)
    first.stop()
    await bench.clock.advance(0.3)
    assert not bench.port.ended
    second.stop()
    await bench.clock.advance(0.3)
    assert bench.port.ended
    assert bench.contiguous()
    assert len(bench.mixer.inputs) == 0


async def test_it_stays_in_silence_for_those_who_come_later(bench):
    first = bench.tone(440)
    mixer = bench.mix(first, ends=False)
    await bench.clock.advance(0.3)
    first.stop()
    await bench.clock.advance(0.3)
    assert not bench.port.ended
    mixer.add(object(), bench.tone(700, 0.2), 1.0)
    await bench.clock.advance(0.5)
    assert bench.contiguous()
    silent, _ = bench.samples(0.4, 0.55)
    assert not silent.any()
    samples, start = bench.samples(0.7, 1.0)
    assert fitted(samples[0], start, 700)[0] == pytest.approx([0.2], abs=1e-3)


async def test_who_takes_the_last_track_out_may_put_another_in(bench):
    first = bench.tone(440)
    mixer = bench.mix(first)
    await bench.clock.advance(0.2)
    mixer.find(first).leave(RATE)
    await bench.clock.advance(0.2)
    assert not bench.port.ended
    mixer.add(object(), bench.tone(700), 1.0)
    await bench.clock.advance(0.2)
    assert bench.samples(0.45)[0].any()


async def test_a_machine_that_slept_leaves_a_gap_not_hours_of_silence(bench):
    bench.mix(bench.tone(440), ends=False)
    await bench.clock.advance(0.5)
    before = len(bench.blocks)
    bench.hubs[0].source.count += RATE * 3600
    bench.hubs[0].source.timer.cancel()
    bench.clock._now += 3600 * 10**9
    bench.hubs[0].source._next()
    await bench.clock.advance(0.3)
    after = [sound for _, sound in bench.blocks[before:]]
    assert sum(sound.gap for sound in after) == pytest.approx(RATE * 3600, abs=RATE)
    assert len(after) < 200
    lost = after[-1].timestamp - bench.blocks[0][1].timestamp
    assert lost == pytest.approx(3600.79e6, abs=50_000)
    assert bench.lags()[-1] <= 20
    assert after[-1].samples.any()


async def test_after_it_was_stopped_nothing_is_attached_and_nobody_joins(bench):
    first = bench.tone(440)
    mixer = bench.mix(first)
    await bench.clock.advance(0.1)
    bench.out.stop()
    for _ in range(200):
        if not first.ports:
            break
        await asyncio.sleep(0.01)
    assert first.ports == ()
    assert not first.ended
    with pytest.raises(InvalidStateError):
        mixer.add(object(), first, 1.0)


async def test_what_cannot_be_mixed_is_refused(bench):
    first = bench.tone(440)
    mixer = bench.mix(first)
    with pytest.raises(InvalidAccessError, match="already"):
        mixer.add(object(), first, 1.0)
    with pytest.raises(InvalidAccessError, match="itself"):
        mixer.add(object(), bench.out, 1.0)
    outer = Mixer(AudioMode(RATE, 2), free=False, ends=True)
    outer.add(object(), bench.out, 1.0)
    with pytest.raises(InvalidAccessError, match="itself"):
        mixer.add(object(), bench.feed(outer), 1.0)
    with pytest.raises(NotFoundError):
        mixer.find(bench.out)
    free = Mixer(AudioMode(RATE, 2), free=True, ends=True)
    with pytest.raises(NotSupportedError, match="real"):
        free.add(object(), first, 1.0)
    await bench.clock.advance(0.1)
    assert first.ports
