"""What outputs report is there for those who listen, on their clock, and for nobody else."""

import gc

import numpy as np
import pytest

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Sound
from mediastreams._engine.null_sink import NullSink
from mediastreams._engine.playout import Playout
from mediastreams._engine.processing.heard import Block, Ears, heard
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode
from mediastreams.abc import Source
from mediastreams.testing import FakeBackend, FakeSpeaker, ManualClock, use_clock


@pytest.fixture
def clock():
    with use_clock(ManualClock()) as clock:
        yield clock


@pytest.fixture
def playout(clock):
    with Playout(clock=clock) as playout:
        yield playout


@pytest.fixture
def speaker(clock, playout):
    backend = FakeBackend([FakeSpeaker(latency=0.05)])
    (device,) = backend.list_devices()
    playout.use(backend.create_sink(device))
    return backend.device(device.label)


def listening(clock, **options):
    ears = Ears(clock, **options)
    heard.listen(ears)
    return ears


def taken(ears):
    return list(iter(ears.take, None))


class Peer(Source):
    """What a peer sends: a constant, 10 ms at a time."""

    kind = "audio"
    remote = True

    def __init__(self, clock):
        self.clock = clock

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        return mode

    def stop(self):
        self.delivery = None

    def send(self):
        samples = np.full((1, 480), 0.25, np.float32)
        self.delivery.deliver(Sound(samples, 48_000, self.clock.now_us() - 10_000, "mono"))


def test_a_listener_learns_each_block_before_it_is_heard_and_when_that_will_be(clock, playout, speaker):
    ears = listening(clock)
    playout.add_supply(lambda length, mode, at: np.full((mode.channel_count, length), 0.5, np.float32))
    playout.volume = 0.5
    clock.advance_blocking(0.1)
    blocks = taken(ears)
    assert len(blocks) >= 9
    assert {block.ahead for block in blocks} == {50_000}
    assert {block.output for block in blocks} == {blocks[0].output}
    assert [block.sound.timestamp for block in blocks[1:]] == [block.sound.timestamp + 10_000 for block in blocks[:-1]]
    assert blocks[-1].sound.samples == pytest.approx(0.25)
    heard_there = speaker.heard(0.02)
    assert blocks[-1].sound.timestamp == heard_there.timestamp + 10_000


def test_what_comes_from_peers_can_be_told_apart(clock, playout, speaker):
    every, peers = listening(clock), listening(clock, remote_only=True)
    source = Peer(clock)
    hub = SourceHub(source)
    hub.open(AudioMode(48_000, 1), {})
    feed = TrackFeed(hub)
    hub.add_feed(feed)
    hub.release()
    playout.add(feed)
    playout.add_supply(lambda length, mode, at: np.full((mode.channel_count, length), 0.5, np.float32))
    for _ in range(40):
        clock.advance_blocking(0.01)
        source.send()
    feed.stop()
    assert taken(every)[-3].sound.samples == pytest.approx(0.75)
    assert taken(peers)[-3].sound.samples == pytest.approx(0.25)


def test_an_output_without_a_device_is_heard_by_nobody(clock, playout):
    ears = listening(clock)
    playout.add_supply(lambda length, mode, at: np.ones((mode.channel_count, length), np.float32))
    clock.advance_blocking(0.2)
    assert taken(ears) == []


def test_what_goes_somewhere_else_than_to_an_ear_is_not_heard(clock, playout):
    class Elsewhere(NullSink):
        """An output as a graph is one for an element that plays into it."""

    ears = listening(clock)
    playout.use(Elsewhere("audio", clock))
    playout.add_supply(lambda length, mode, at: np.ones((mode.channel_count, length), np.float32))
    clock.advance_blocking(0.2)
    assert taken(ears) == []
    Elsewhere.audible = True
    clock.advance_blocking(0.2)
    assert len(taken(ears)) == 10


def test_silence_is_not_worth_a_word(clock, playout, speaker):
    ears = listening(clock)
    playout.add_supply(lambda length, mode, at: None)
    clock.advance_blocking(0.2)
    assert taken(ears) == []


def test_another_clocks_outputs_are_somewhere_else(clock, playout, speaker):
    ears = listening(ManualClock())
    playout.add_supply(lambda length, mode, at: np.ones((mode.channel_count, length), np.float32))
    clock.advance_blocking(0.2)
    assert taken(ears) == []


def test_a_listener_that_takes_nothing_keeps_the_newest_two_seconds(clock):
    ears = listening(clock)
    for number in range(1000):
        ears.put(Block(1, Sound(np.zeros((1, 480), np.float32), 48_000, number * 10_000, "mono"), 0))
    blocks = taken(ears)
    assert len(blocks) == 256
    assert blocks[-1].sound.timestamp == 9_990_000


def test_who_is_forgotten_listens_no_more(clock):
    ears = listening(clock)
    assert ears in heard.by(clock, remote_only=False)
    del ears
    gc.collect()
    assert heard.by(clock, remote_only=False) == []
    heard.listen(kept := Ears(clock))
    assert heard.by(clock, remote_only=False) == [kept]
    assert len(heard._ears) == 1
