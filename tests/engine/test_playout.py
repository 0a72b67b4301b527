"""`Playout`: what is stamped is heard a constant while later, on any output, for hours, without a click."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest

from mediastreams._engine import playout, voices
from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Sound
from mediastreams._engine.playout import Playout
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode
from mediastreams.abc import Clock, Sink, Source
from mediastreams.errors import InvalidStateError, NotReadableError

START_US = 1_000_000_000


class BenchClock(Clock):
    """Stands; the test moves it. Calls run when it is moved past them."""

    def __init__(self):
        self.us = START_US
        self.calls = []

    def now_ns(self):
        return round(self.us * 1000)

    def call_at(self, when_ns, call):
        entry = [when_ns, call]
        self.calls.append(entry)

        class Timer:
            def cancel(self):
                entry[1] = lambda: None

        return Timer()

    def move(self, us):
        while due := sorted((c for c in self.calls if c[0] <= us * 1000), key=lambda c: c[0]):
            self.calls.remove(due[0])
            self.us = max(self.us, due[0][0] / 1000)
            due[0][1]()
        self.us = us

    def wait_until(self, when_ns, wake):
        raise NotImplementedError

    def wake(self):
        return threading.Event()


class Waves(Source):
    """Sine left, cosine right, of ``hertz``, counted in true time: the phase tells the instant it was made at."""

    kind = "audio"

    def __init__(self, clock, rate=1000, hertz=1.0, speed=1.0, *, free=False, recorded=False, offset=0):
        self.clock = clock
        self.rate, self.hertz, self.speed = rate, hertz, speed
        self.free_running = free
        self.recorded = recorded
        self.offset = offset
        self.count = 0
        self.jitter = None

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        self.began = self.clock.now_us()
        return mode

    def stop(self):
        self.delivery = None

    def instant(self, count):
        return self.began + count * 1e6 / (self.rate * self.speed)

    def give(self, length):
        """Deliver a chunk; its last sample has just been heard."""
        at = (self.instant(self.count + np.arange(length)) - START_US) / 1e6
        phase = 2 * np.pi * self.hertz * at
        stamp = round(self.instant(self.count)) + self.offset
        self.count += length
        self.delivery.deliver(
            Sound(np.stack([np.sin(phase), np.cos(phase)]).astype(np.float32), self.rate, stamp, "stereo")
        )


class Card(Sink):
    """An output that asks when the test says so."""

    kind = "audio"

    def __init__(self, clock, rate=1000, channels=2, speed=1.0, lead=20_000):
        self.clock = clock
        self.mode = AudioMode(rate, channels)
        self.speed, self.lead = speed, lead
        self.blocks = []
        self.watch = None
        self.noted = []
        self.count = 0
        self.log = []
        self.failure = None

    def start(self, mode, settings, supply):
        self.log.append("start")
        self.settings = dict(settings)
        if self.failure:
            raise self.failure
        self.supply = supply
        supply.reconfigured(self.mode)
        self.began = self.clock.now_us()
        return self.mode

    def stop(self):
        self.log.append("stop")

    def ask(self, length):
        at = round(self.began + self.count * 1e6 / (self.mode.sample_rate * self.speed)) + self.lead
        self.count += length
        samples = np.array(self.supply.sound(length, at))
        self.blocks.append((at, samples))
        self.noted.append(self.watch and self.watch())
        return samples

    def heard(self):
        return np.concatenate([samples for _, samples in self.blocks], axis=1)


class Bench:
    """A source, its track, an output and a player, moved together."""

    def __init__(self, rate=1000, hertz=1.0, *, source_speed=1.0, card_speed=1.0, offset=0, card=None, **waves):
        self.clock = BenchClock()
        self.source = Waves(self.clock, rate, hertz, source_speed, offset=offset, **waves)
        self.hub = SourceHub(self.source)
        self.hub.open(AudioMode(rate, 2), {})
        self.feed = TrackFeed(self.hub)
        self.hub.add_feed(self.feed)
        self.lost = []
        self.playout = Playout(clock=self.clock, on_lost=self.lost.append)
        self.card = Card(self.clock, speed=card_speed, **{"rate": rate, **(card or {})})
        self.voice = self.playout.add(self.feed)
        self.playout.use(self.card)

    def run(self, seconds, chunk=0.01, block=0.01, *, giving=True, asking=True):
        """Let both go their ways, each at its own speed."""
        source, card, end = self.source, self.card, self.clock.us + seconds * 1e6
        size, length = round(source.rate * chunk), round(card.mode.sample_rate * block)
        while True:
            gives = source.instant(source.count + size)
            asks = card.began + card.count * 1e6 / (card.mode.sample_rate * card.speed)
            due = min(gives if giving else end, asks if asking else end)
            if due >= end:
                self.clock.move(end)
                return
            self.clock.move(max(due, self.clock.us))
            if giving and gives <= asks:
                source.give(size)
            elif asking:
                card.ask(length)
            if not giving:
                source.count = round((self.clock.us - source.began) / 1e6 * source.rate * source.speed)
            if not asking:
                card.count = round((self.clock.us - card.began) / 1e6 * card.mode.sample_rate * card.speed)

    def close(self):
        self.playout.close()
        self.feed.stop()
        self.hub.release()


@pytest.fixture
def bench(request):
    made = []

    def make(*args, **options):
        made.append(Bench(*args, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def offsets(card, hertz=1.0):
    """How long after its instant each block's first sample was heard, µs, modulo the wave's period."""
    period = 1e6 / hertz
    ats = np.array([at for at, _ in card.blocks]) - START_US
    sines, cosines = (np.array([samples[side, 0] for _, samples in card.blocks], np.float64) for side in (0, 1))
    made = np.arctan2(sines, cosines) / (2 * np.pi) * period
    return (ats - made) % period, np.hypot(sines, cosines)


# ── the hour ─────────────────────────────────────────────────────────────────────────────────────


# Nothing here knows hertz: an hour at 1000 samples a second drifts as one at 48 000 does.
@pytest.mark.parametrize(
    ("source_speed", "card_speed", "seconds"),
    [(1, 48_010 / 48_000, 3600), (48_010 / 48_000, 1, 900), (1.0003, 0.9998, 900)],
)
def test_an_hour_of_clocks_that_run_apart_stays_within_40_ms_and_loses_nothing(
    bench, source_speed, card_speed, seconds
):
    made = bench(source_speed=source_speed, card_speed=card_speed)
    made.card.watch = lambda: made.playout.latency
    made.run(seconds, chunk=0.1, block=0.1)
    late, level = offsets(made.card)
    late, level, said = late[5:], level[5:], np.array(made.card.noted[5:])
    assert np.abs(late - said).max() < 20_000, "it is heard when it is said to be heard"
    assert np.abs(late - said)[-2_000:].max() < 2_000
    assert late.max() - late.min() < 40_000 + 100_000, "besides what a block and a chunk may wait for each other"
    assert level.min() > 0.98, "no hole, and no click"
    assert level.max() < 1.02
    assert made.voice.dropped == 0


def test_samples_pass_unchanged_where_the_clocks_agree(bench):
    made = bench(rate=48_000, hertz=440)
    made.run(2)
    heard = made.card.heard()[:, 24_000:]
    at = np.round((made.card.blocks[50][0] - made.playout.latency - START_US) * 48_000 / 1e6)
    phase = 2 * np.pi * 440 * (at + np.arange(heard.shape[1])) / 48_000
    assert np.abs(heard - np.stack([np.sin(phase), np.cos(phase)])).max() < 2e-4


def test_another_rate_and_other_channels_are_made_for_the_output(bench):
    made = bench(rate=48_000, hertz=440)
    card = Card(made.clock, rate=44_100, channels=1)
    made.playout.use(card)
    made.card, first = card, made.card
    made.run(1)
    heard = card.heard()[0, 11_025:]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * 44_100 / len(heard) == pytest.approx(440, abs=2)
    assert first.log == ["start", "stop"]


# ── outputs that are slow, stand still, go away ──────────────────────────────────────────────────


def test_an_output_that_stands_still_drops_what_it_missed_instead_of_lagging(bench):
    made = bench()
    made.run(5)
    before = made.playout.latency
    made.run(3, asking=False)
    made.run(5)
    late, level = offsets(made.card)
    assert np.abs(late[-100:] - before).max() < 2_000
    assert level[-100:].min() > 0.98
    assert made.playout.latency == pytest.approx(before, abs=3_000)


@pytest.mark.parametrize("stall", [15_000, 72_000, 300_000])
def test_what_was_recorded_is_heard_whole_and_unchanged_though_its_output_stands_still(bench, stall):
    made = bench(recorded=True)
    made.run(5)
    before = made.playout.latency
    made.card.began += stall
    made.run(2)
    heard = made.card.heard()[:, 250:].astype(np.float64)
    phase = np.unwrap(np.arctan2(*heard))
    assert np.abs(np.diff(phase) - 2 * np.pi / 1000).max() < 1e-5, "no sample is missing, twice or stretched"
    assert made.playout.latency == pytest.approx(before + stall, abs=100), "and pictures wait for it"
    assert made.voice.dropped == 0
    made.run(stall / 1000 + 30)
    assert made.playout.latency < before + 15_000, "it is made up for unheard"
    assert np.hypot(*made.card.heard()[:, 250:]).min() > 0.98


@pytest.mark.parametrize("speed", [48_010 / 48_000, 48_000 / 48_010])
def test_an_hour_of_what_was_recorded_stays_with_a_clock_that_runs_apart(bench, speed):
    made = bench(recorded=True, card_speed=speed)
    made.run(3600, chunk=0.1, block=0.1)
    late, level = offsets(made.card)
    assert late[5:].max() - late[5:].min() < 40_000 + 100_000, (
        "besides what a block and a chunk may wait for each other"
    )
    assert level[5:].min() > 0.98
    assert made.voice.dropped == 0


def test_an_output_that_is_a_tenth_too_slow_drops_and_lags_by_a_tenth_of_a_second_at_most(bench):
    made = bench(card_speed=0.9)
    made.run(60)
    late, _ = offsets(made.card)
    assert late.max() < made.playout.latency + 120_000
    assert made.voice.dropped == pytest.approx(0.1 * 60_000, rel=0.15)


def test_sound_that_comes_late_makes_the_delay_longer_once_and_it_shrinks_again_unheard(bench):
    made = bench()
    made.run(5)
    before = made.playout.latency
    made.source.began += 70_000  # everything comes 70 ms late, and says so by its times
    made.source.offset -= 70_000
    made.run(2)
    assert before + 60_000 < made.playout.latency < before + 120_000
    _, level = offsets(made.card)
    assert level[-100:].min() > 0.98
    made.source.began -= 70_000
    made.source.offset += 70_000
    made.run(200)
    assert made.playout.latency < before + 15_000
    _, level = offsets(made.card)
    assert level[-10_000:].min() > 0.97, "nothing is cut while it shrinks"


def test_a_muted_track_is_silence_and_begins_and_ends_softly(bench):
    made = bench(rate=48_000, hertz=200)
    made.run(1)
    made.hub.source_muted(muted=True)
    made.run(0.5, giving=False)
    made.hub.source_muted(muted=False)
    made.run(1)
    heard = made.card.heard()[0]
    assert not heard[round(1.2 * 48_000) : round(1.5 * 48_000)].any()
    assert np.abs(np.diff(heard)).max() < 0.035, "no step larger than the wave's own"  # 2π·200/48 000 = 0.026
    assert np.abs(heard[-4800:]).max() > 0.99


def test_a_lost_output_is_told_and_the_voices_go_on_unheard(bench):
    made = bench(rate=48_000, hertz=5)
    made.run(1)
    error = NotReadableError("unplugged")
    made.card.supply.end(error)
    assert made.lost == [error]
    assert made.playout.sink is None
    wait_for(lambda: made.card.log == ["start", "stop"])
    position = made.playout.position
    made.run(2, asking=False)
    assert made.playout.position == pytest.approx(position + 2_000_000, abs=60_000)
    assert made.voice.dropped == 0, "somebody goes on taking"
    second = Card(made.clock, rate=48_000)
    made.playout.use(second)
    made.card = second
    made.run(0.7)
    late, level = offsets(second, hertz=5)
    assert level[-50:].min() > 0.98
    assert late[-1] == pytest.approx(made.playout.latency, abs=1_000)


def test_an_output_that_does_not_open_leaves_the_former_one(bench):
    made = bench()
    bad = Card(made.clock)
    bad.failure = NotReadableError("busy")
    with pytest.raises(NotReadableError, match="busy"):
        made.playout.use(bad)
    assert bad.log == ["start", "stop"]
    assert made.playout.sink is made.card
    made.run(1)
    assert offsets(made.card)[1][-10:].min() > 0.98


def test_an_output_that_goes_away_while_it_opens_leaves_the_former_one(bench):
    made = bench()
    bad = Card(made.clock)
    start = bad.start

    def start_and_go(mode, settings, supply):
        actual = start(mode, settings, supply)
        supply.end(NotReadableError("gone again"))
        return actual

    bad.start = start_and_go
    with pytest.raises(NotReadableError, match="gone again"):
        made.playout.use(bad)
    assert made.playout.sink is made.card
    assert bad.log == ["start", "stop"]
    assert made.lost == []


# ── another output ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lead", [5_000, 20_000, 60_000])
@pytest.mark.parametrize("chunk", [0.01, 0.1])
def test_going_over_to_another_output_leaves_no_hole_of_100_ms(bench, chunk, lead):
    made = bench()
    made.run(2, chunk=chunk)
    first, second = made.card, Card(made.clock, lead=lead)
    made.playout.use(second)
    made.card = second
    for _ in range(50):
        made.run(0.02, chunk=chunk)
        if "stop" not in first.log:
            first.ask(10)  # a card asks as long as it is open
    wait_for(lambda: "stop" in first.log)

    def instants(card):  # at which something is heard
        found = [at + n * 1000 for at, block in card.blocks for n in range(10) if np.hypot(*block[:, n]) > 0.5]
        return np.array(found)

    gap = instants(second).min() - instants(first).max()
    assert -40_000 < gap < 100_000
    _, level = offsets(second)
    assert level[20:].min() > 0.98, "nothing is missing afterwards"


def test_without_voices_and_output_nothing_runs():
    clock = BenchClock()
    with Playout(clock=clock):
        assert clock.calls == []


def test_a_player_without_output_goes_on_at_the_clocks_pace_until_its_track_ends(bench):
    made = bench()
    made.playout.use(None)
    made.run(1, asking=False)
    assert made.voice.position == pytest.approx(made.clock.now_us() - made.playout.latency, abs=1)
    made.hub.source_ended(None)
    made.clock.move(made.clock.us + 1e6)
    assert made.voice.finished
    assert made.playout.voices == ()
    assert [call for _, call in made.clock.calls if call() is not None] == []


# ── voices ───────────────────────────────────────────────────────────────────────────────────────


def test_voices_are_added_up_and_cut_at_full_scale(bench):
    made = bench()
    made.playout.add_supply(lambda length, mode, at: np.full((2, length), 0.75, np.float32))
    made.run(2)
    heard = made.card.heard()[:, 500:]
    assert heard.max() == 1.0
    assert heard.min() == pytest.approx(-0.25, abs=0.01)


def test_volume_and_muting_take_effect_without_a_step(bench):
    made = bench(rate=48_000)
    made.playout.add_supply(lambda length, mode, at: np.full((2, length), 0.5, np.float32))
    made.voice.close()
    made.run(0.5)
    made.playout.volume = 0.5
    made.run(0.5)
    made.playout.muted = True
    made.run(0.5)
    made.playout.muted = False
    made.run(0.5)
    heard = made.card.heard()[0]
    assert np.abs(np.diff(heard)).max() < 0.002
    levels = [heard[round(at * 48_000)] for at in (0.45, 0.95, 1.45, 1.95)]
    assert levels == pytest.approx([0.5, 0.25, 0, 0.25], abs=1e-6)


def test_who_begins_muted_is_not_heard_for_a_moment(bench):
    made = bench()
    made.playout.muted = True
    made.playout.add_supply(lambda length, mode, at: np.ones((2, length), np.float32))
    made.run(0.2)
    assert not made.card.heard().any()


def test_latency_is_asked_of_the_device(bench):
    made = bench()
    assert made.card.settings == {}
    card = Card(made.clock)
    made.playout.use(card, latency=0.02)
    assert card.settings == {"latency": 0.02}


def test_the_gain_of_one_voice_is_its_own(bench):
    made = bench()
    made.playout.add_supply(lambda length, mode, at: np.full((2, length), 0.25, np.float32)).gain = 2.0
    made.voice.gain = 0.0
    made.run(1)
    assert made.card.heard()[:, 500:].min() == pytest.approx(0.5)


def test_a_voice_that_fails_is_left_out_and_the_others_sound(bench, caplog):
    made = bench()
    made.playout.add_supply(lambda length, mode, at: 1 / 0)
    wrong = made.playout.add_supply(lambda length, mode, at: np.zeros((1, 1), np.float32))
    made.run(1)
    assert wrong.finished
    assert len(made.playout.voices) == 1
    assert "cannot be made" in caplog.text
    assert offsets(made.card)[1][-10:].min() > 0.98


def test_a_supply_is_told_what_is_asked_for(bench):
    made, asked = bench(), []
    made.playout.add_supply(lambda *ask: asked.append(ask))
    made.run(0.1)
    assert asked[0] == (10, made.card.mode, made.card.blocks[0][0])


def test_a_closed_voice_leaves_its_track(bench):
    made = bench()
    made.run(0.2)
    made.voice.close()
    made.voice.close()
    assert made.feed.ports == ()
    made.run(0.2)
    assert not made.card.blocks[-1][1].any()


def test_a_track_that_ends_is_heard_to_its_last_sample(bench):
    made = bench()
    made.run(1)
    last = made.source.instant(made.source.count - 1)
    made.hub.source_ended(None)
    made.run(0.5, giving=False)
    assert made.voice.finished
    sounded = [at + 1000 * n for at, block in made.card.blocks for n in range(10) if block[:, n].any()]
    assert sounded[-1] - made.playout.latency == pytest.approx(last, abs=1_000)


def test_times_that_are_not_the_clocks_count_from_their_arrival(bench):
    made = bench(offset=-START_US + 77)
    made.run(1)
    assert offsets(made.card)[1][-10:].min() > 0.98
    made.source.offset += 3_600_000_000  # and once more, after a jump
    made.run(1)
    assert offsets(made.card)[1][-10:].min() > 0.98
    assert made.playout.latency < 100_000
    assert made.voice.position == pytest.approx(
        made.source.instant(made.source.count) + made.source.offset, abs=100_000
    )


def test_a_track_without_a_clock_is_read_as_it_is_heard_and_waits_while_the_output_stands_still(bench):
    made = bench(free=True)
    source, card, hub = made.source, made.card, made.hub
    for turn in range(400):
        while hub.room.is_free() and source.count < 100_000:
            source.give(20)
        if turn == 200:
            made.clock.move(made.clock.us + 5e6)
            card.count += 5000
        card.ask(10)
        made.clock.move(made.clock.us + 10_000)
    assert source.count < 4000 + 1500, "it is held back"
    heard = card.heard()
    assert made.voice.dropped == 0
    phase = np.unwrap(np.arctan2(heard[0], heard[1]))[20:]
    assert np.abs(np.diff(phase) - 2 * np.pi / 1000).max() < 0.001, "no sample is missing, nor twice"
    assert made.voice.position == pytest.approx(START_US + 4_000_000, abs=40_000)


def test_another_delay_takes_nothing_from_a_track_without_a_clock(bench):
    made = bench(free=True)
    source, card, hub = made.source, made.card, made.hub
    for turn in range(200):
        while hub.room.is_free() and source.count < 100_000:
            source.give(20)
        if turn == 100:
            made.playout._delay.set(200_000)  # another track came late
        card.ask(10)
        made.clock.move(made.clock.us + 10_000)
    heard = card.heard()
    phase = np.unwrap(np.arctan2(heard[0], heard[1]))
    assert np.hypot(*heard)[20:].min() > 0.9
    assert phase[-1] - phase[20] == pytest.approx((heard.shape[1] - 21) * 2 * np.pi / 1000, abs=0.05)


def test_what_waits_for_an_output_that_takes_nothing_is_bounded(bench):
    made = bench()
    made.run(20, asking=False)
    (port,) = made.feed.ports
    assert len(port) * 10_000 <= voices.WAITING_US


# ── its life ─────────────────────────────────────────────────────────────────────────────────────


def test_a_closed_player_has_stopped_its_output_and_takes_nothing_any_more(bench):
    made = bench()
    made.run(0.1)
    made.playout.close()
    made.playout.close()
    assert made.card.log == ["start", "stop"]
    assert made.feed.ports == ()
    with pytest.raises(InvalidStateError):
        made.playout.use(Card(made.clock))
    with pytest.raises(InvalidStateError):
        made.playout.add(made.feed)
    assert made.feed.ports == ()
    assert not made.card.ask(10).any(), "a late call finds silence"


def test_a_forgotten_player_closes_its_output():
    clock, card = BenchClock(), Card(BenchClock())
    one = Playout(clock=clock)
    one.use(card)
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None
    assert not card.ask(10).any()
    wait_for(lambda: card.log == ["start", "stop"])


def test_closing_waits_for_a_stop_that_is_under_way(bench):
    made = bench()
    release = threading.Event()
    made.card.stop = lambda: (release.wait(5), made.card.log.append("stopped"))
    made.card.supply.end(None)
    timer = threading.Timer(0.05, release.set)
    timer.start()
    made.playout.close()
    assert made.card.log == ["start", "stopped"]
    timer.join()


def wait_for(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_the_bounds_have_names():
    assert voices.MARGIN_US < voices.WAITING_US < voices.LONGEST_DELAY_US
    assert playout.JUMP_US <= voices.MARGIN_US
