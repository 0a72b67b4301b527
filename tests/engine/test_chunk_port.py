"""`ChunkPort` and the feed before it: chunks from key frames on, frames where chunks cannot be had, nothing twice."""

from types import SimpleNamespace

import av
import numpy as np
import pytest

from mediastreams._engine.chunk_port import ChunkPort
from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Chunk, ChunkFormat, Picture, Sound
from mediastreams._engine.source import SourceHub
from mediastreams.abc import Source
from mediastreams.testing import ManualClock

STEP = 40_000
FORMATS = {
    "video": ChunkFormat("video", "h264", None, width=32, height=16, frame_rate=25),
    "audio": ChunkFormat("audio", "aac", None, sample_rate=48_000, layout="stereo", channels=2),
}


class Coded(Source):
    """A source with chunks that the test itself delivers for."""

    def __init__(self, kind="video", *, free=False):
        self.kind = kind
        self.clock = ManualClock()
        self.free_running = free
        self.chunk_format = FORMATS[kind]

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        return mode

    def stop(self):
        self.delivery = None


class Double:
    """An adapter that lets everything through and thereby changes it."""

    def process(self, picture):
        return picture


@pytest.fixture
def feed():
    return TrackFeed(SourceHub(Coded()))


def chunk(number, *, key=False, shown=None, kind="video", duration=STEP):
    when = number * STEP
    shown = when if shown is None else shown * STEP
    return Chunk(SimpleNamespace(size=9), FORMATS[kind], shown, when, duration, key=key)


def picture(number):
    frame = av.VideoFrame(32, 16, "gray")
    frame.planes[0].update(bytes([200]) * frame.planes[0].buffer_size)
    return Picture.stamped(frame, number * STEP, STEP)


def attach(feed, policy="drop-oldest", **options):
    return feed.attach(policy=policy, on_item=lambda: None, chunks=True, **options)


def taken(port):
    """What waits, in short: ``"c"`` and ``"p"`` with the number of the instant."""
    found = []
    while (item := port.take_any()) is not None:
        found.append(f"{'c' if isinstance(item, Chunk) else 'p'}{item.timestamp // STEP}")
    return found


def test_chunks_begin_at_a_key_frame_and_frames_are_not_wanted_meanwhile(feed):
    port = attach(feed)
    for number in range(6):
        assert (feed.wants_frames, feed.wants_chunks) == (False, True)
        feed.push(chunk(number, key=number == 3))
    assert taken(port) == ["c3", "c4", "c5"]
    assert port.skipped == 3


def test_who_takes_frames_gets_no_chunks_and_who_takes_chunks_no_frames(feed):
    coded, plain = attach(feed), feed.attach(policy="drop-oldest", on_item=lambda: None)
    assert (feed.wants_frames, feed.wants_chunks) == (True, True)
    feed.push(chunk(0, key=True))
    feed.push(picture(0))
    assert taken(coded) == ["c0"]
    assert isinstance(plain.take(), Picture)
    assert plain.take() is None


def test_nobody_wants_anything_of_a_feed_without_consumers_or_whose_consumers_have_left(feed):
    assert (feed.wants_frames, feed.wants_chunks) == (False, False)
    ports = attach(feed), feed.attach(policy="latest", on_item=lambda: None)
    for port in ports:
        port.close()
    assert (feed.wants_frames, feed.wants_chunks) == (False, False)
    feed.push(chunk(0, key=True))
    assert feed.ports == ()


def test_a_disabled_track_shows_black_at_once_without_decoding_and_chunks_again_from_the_next_key(feed):
    port = attach(feed)
    feed.push(chunk(0, key=True))
    feed.enabled = False
    feed.push(chunk(1))
    feed.push(chunk(2))
    assert not feed.wants_frames
    feed.enabled = True
    assert feed.wants_frames  # what lies before the next key frame is decoded
    feed.push(picture(2))  # shown already, as black
    feed.push(chunk(3))
    feed.push(picture(3))
    feed.push(chunk(4, key=True))
    assert not feed.wants_frames
    feed.push(picture(4))
    first, *blacks = (port.take_any() for _ in range(3))
    assert isinstance(first, Chunk)
    assert [black.timestamp // STEP for black in blacks] == [1, 2]
    assert all((black.width, black.height) == (32, 16) for black in blacks)
    assert np.frombuffer(blacks[0].av.planes[0], np.uint8).max() <= 16
    assert taken(port) == ["p3", "c4"]


def test_a_disabled_sound_becomes_silence_of_the_same_shape():
    feed = TrackFeed(SourceHub(Coded("audio")))
    port = attach(feed)
    feed.enabled = False
    feed.push(chunk(1, key=True, kind="audio"))
    silence = port.take_any()
    assert isinstance(silence, Sound)
    assert (silence.timestamp, silence.sample_rate, silence.layout) == (STEP, 48_000, "stereo")
    assert silence.samples.shape == (2, 1920)
    assert not silence.samples.any()


def test_an_adapted_track_gives_frames_until_it_is_adapted_no_more(feed):
    port = attach(feed)
    feed.push(chunk(0, key=True))
    feed.adapter = Double()
    assert feed.wants_frames
    feed.push(chunk(1))
    feed.push(picture(0))  # late out of the decoder: shown already
    feed.push(picture(1))
    feed.push(chunk(2, key=True))
    feed.push(picture(2))
    feed.adapter = None
    feed.push(chunk(3))
    feed.push(picture(3))
    feed.push(chunk(4, key=True))
    assert taken(port) == ["c0", "p1", "p2", "p3", "c4"]


def test_a_disabled_adapted_track_gives_the_black_that_its_adapter_makes(feed):
    feed.adapter, feed.enabled = Double(), False
    port = attach(feed)
    assert feed.wants_frames
    feed.push(chunk(0, key=True))
    feed.push(picture(0))
    assert taken(port) == ["p0"]


def test_after_a_pause_chunks_come_from_the_next_key_frame(feed):
    port = attach(feed)
    feed.push(chunk(0, key=True))
    feed.source_muted(muted=True)
    feed.source_muted(muted=False)
    feed.push(chunk(1))
    feed.push(chunk(2, key=True))
    assert taken(port) == ["c0", "c2"]


def test_pictures_before_the_key_frame_that_was_entered_at_are_left_out(feed):
    port = attach(feed)
    feed.push(chunk(0))
    feed.push(chunk(1, key=True, shown=4))
    feed.push(chunk(2, shown=2))
    feed.push(chunk(3, shown=3))
    feed.push(chunk(4, shown=7))
    feed.push(chunk(5, shown=5))
    feed.push(chunk(6, key=True, shown=10))
    feed.push(chunk(7, shown=8))
    assert taken(port) == ["c4", "c7", "c5", "c10", "c8"]


def test_a_file_that_begins_with_pictures_before_its_first_key_frame_is_handed_over_whole(feed):
    port = attach(feed)
    feed.push(chunk(0, key=True, shown=2))
    feed.push(chunk(1, shown=1))
    assert taken(port) == ["c2", "c1"]


def test_a_queue_that_overflows_loses_whole_groups_of_pictures(feed):
    port = attach(feed, bound_us=8 * STEP)
    for number in range(12):
        feed.push(chunk(number, key=number % 5 == 0))
    assert taken(port) == ["c5", "c6", "c7", "c8", "c9", "c10", "c11"]
    assert port.dropped == 5


def test_a_queue_shorter_than_a_group_waits_for_the_next_key_frame(feed):
    port = attach(feed, bound_us=3 * STEP)
    for number in range(6):
        feed.push(chunk(number, key=number == 0))
    assert taken(port) == []
    assert not feed.wants_frames
    feed.push(chunk(6, key=True))
    feed.push(chunk(7))
    assert taken(port) == ["c6", "c7"]


def test_only_the_newest_chunk_is_of_no_use():
    with pytest.raises(ValueError, match="chunks depend on each other"):
        ChunkPort("latest", bound_us=1, on_item=lambda: None)


def test_a_source_without_chunks_gives_a_usual_port(hand):
    port = hand.feed().attach(policy="drop-oldest", on_item=lambda: None, chunks=True)
    assert not isinstance(port, ChunkPort)


def test_the_delivery_tells_what_all_tracks_of_a_source_want():
    hub = SourceHub(Coded())
    hub.open(None, {})
    first, second = TrackFeed(hub), TrackFeed(hub)
    for feed in (first, second):
        hub.add_feed(feed)
    delivery = hub.source.delivery
    assert (delivery.wants_frames, delivery.wants_chunks) == (False, False)
    attach(first)
    assert (delivery.wants_frames, delivery.wants_chunks) == (False, True)
    port = second.attach(policy="latest", on_item=lambda: None)
    assert (delivery.wants_frames, delivery.wants_chunks) == (True, True)
    second.detach(port)
    assert (delivery.wants_frames, delivery.wants_chunks) == (False, True)
    first.stop()
    second.stop()
    assert (delivery.wants_frames, delivery.wants_chunks) == (False, False)
    hub.release()
    hub.close_if_unused()


def test_passed_chunks_count_as_delivered_frames(feed):
    attach(feed)
    for number in range(3):
        feed.push(chunk(number, key=number == 0))
    feed.enabled = False
    feed.push(chunk(3))
    assert feed.video_counters.counts == (3, 0)
