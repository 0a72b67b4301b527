"""The worker between packets and tracks: in order, bounded, closed."""

import asyncio
import threading
import time

import pytest
from tests.webrtc.receiving.peer import OPUS, VP8, Pictures, Tone

from mediastreams._engine.clock import get_clock
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.webrtc.receiving.coded import Coded, Times
from mediastreams.webrtc.receiving.decoders import PictureDecoder
from mediastreams.webrtc.receiving.figures import Figures, FrameRate
from mediastreams.webrtc.receiving.loop_timer import LoopTimer
from mediastreams.webrtc.receiving.picture_decoding import PictureDecoding
from mediastreams.webrtc.receiving.remote_source import RemoteSource
from mediastreams.webrtc.receiving.sound_decoding import SoundDecoding

__all__ = []


@pytest.fixture
async def decoding():
    """A source with a track, its worker, and how often a key frame was asked for."""
    made = []

    def make(kind):
        asked = []
        source = RemoteSource(kind, get_clock(), ask_for_key=lambda: asked.append(None))
        worker = (PictureDecoding if kind == "video" else SoundDecoding)(
            source, get_clock(), ask_for_key=lambda: asked.append(None)
        )
        track = MediaStreamTrack._create(source.track_source(), {})
        source.hub.release()
        made.append((worker, track))
        return worker, track, asked

    yield make
    for worker, track in made:
        await asyncio.to_thread(worker.close())
        track.stop()


def coded(codec, data, number, *, key, step=33_333):
    at = number * step
    return Coded(codec, data, at * codec.clock_rate // 1_000_000, Times(at, None, get_clock().now_us()), key)


async def taken(worker):
    """The worker has begun with what it was given."""
    for _ in range(500):
        if not worker._queue:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the worker does not take anything")


async def test_a_machine_that_is_too_slow_leaves_pictures_out_and_asks_for_a_key_frame(decoding, monkeypatch):
    worker, track, asked = decoding("video")
    pictures, held = Pictures(), threading.Event()
    decode = PictureDecoder.decode

    def slow(self, data):
        held.wait(10)
        return decode(self, data)

    monkeypatch.setattr(PictureDecoder, "decode", slow)
    with track.frames(policy="drop-oldest") as frames:
        worker.put(coded(VP8, pictures.frame(0), 0, key=True))
        await taken(worker)
        made = await asyncio.to_thread(lambda: [pictures.frame(number) for number in range(1, 60)])
        for number, data in enumerate(made, 1):
            worker.put(coded(VP8, data, number, key=False))
            assert len(worker._queue) <= 17  # half a second
        assert asked
        held.set()
        worker.put(coded(VP8, pictures.frame(60), 60, key=False))
        worker.put(coded(VP8, pictures.frame(61, key=True), 61, key=True))
        worker.put(coded(VP8, pictures.frame(62), 62, key=False))
        numbers = []
        while not numbers or numbers[-1] != 62:
            numbers.append(round((await anext(frames)).timestamp / 33_333))
    assert numbers[-2:] == [61, 62]
    assert set(numbers) <= {0, 61, 62}  # nothing that refers to what was left out
    assert worker.figures.frames_dropped >= 40


async def test_a_key_frame_that_waits_already_is_gone_on_with(decoding, monkeypatch):
    worker, track, asked = decoding("video")
    pictures, held = Pictures(), threading.Event()
    decode = PictureDecoder.decode
    monkeypatch.setattr(PictureDecoder, "decode", lambda self, data: held.wait(10) and decode(self, data))
    with track.frames(policy="drop-oldest") as frames:
        worker.put(coded(VP8, pictures.frame(0), 0, key=True))
        await taken(worker)
        for number in range(1, 20):
            worker.put(coded(VP8, pictures.frame(number, key=number == 12), number, key=number == 12))
        held.set()
        numbers = []
        while not numbers or numbers[-1] != 19:
            numbers.append(round((await anext(frames)).timestamp / 33_333))
    assert numbers == [0, *range(12, 20)]
    assert not asked


async def test_a_key_frame_that_is_too_old_itself_does_not_keep_what_follows(decoding, monkeypatch):
    worker, track, asked = decoding("video")
    pictures, held = Pictures(), threading.Event()
    monkeypatch.setattr(PictureDecoder, "decode", lambda self, data: held.wait(10) and [])
    with track.frames():
        worker.put(coded(VP8, pictures.frame(0), 0, key=True))
        await taken(worker)
        made = await asyncio.to_thread(lambda: [pictures.frame(number, key=number == 1) for number in range(1, 100)])
        for number, data in enumerate(made, 1):
            worker.put(coded(VP8, data, number, key=number == 1))
            assert len(worker._queue) <= 18
        assert asked
        held.set()


async def test_sound_that_nobody_takes_is_bounded(decoding, monkeypatch):
    worker, track, _ = decoding("audio")
    tone = Tone()
    monkeypatch.setattr(worker, "_take", lambda one: time.sleep(0.05))
    with track.frames():
        packets = await asyncio.to_thread(lambda: [tone.packet() for _ in range(200)])
        for number, packet in enumerate(packets):
            worker.put(coded(OPUS, packet, number, key=True, step=20_000))
            assert len(worker._queue) <= 27


async def test_after_the_end_nothing_is_taken(decoding):
    worker, track, _ = decoding("video")
    pictures = Pictures()
    worker.put(coded(VP8, pictures.frame(0), 0, key=True))
    join = worker.close()
    await asyncio.to_thread(join)
    worker.put(coded(VP8, pictures.frame(1), 1, key=False))
    assert not worker._queue
    await asyncio.sleep(0.05)
    assert track.ready_state == "ended"


def test_a_rate_is_told_when_it_is_known_and_again_when_it_has_really_changed():
    rate, at, told = FrameRate(), 0, []
    for number in range(300):
        at += [33_333, 33_900, 32_700, 33_400][number % 4] if number < 200 else 100_000
        rate.take(at)
        if rate.told is not None and (not told or told[-1] != rate.told):
            told.append(rate.told)
    assert told[0] == 30
    assert told[-1] == pytest.approx(10, rel=0.2)
    assert len(told) <= 6
    rate.take(at + 60_000_000)  # a pause is no rate
    assert rate.told == told[-1]


def test_a_picture_that_stands_too_long_is_a_freeze_and_a_pause_is_none():
    figures = Figures()
    for number in range(30):
        figures.showed(number * 33_333)
    figures.showed(29 * 33_333 + 300_000)
    assert figures.freezes == 1
    assert figures.freezing_time == pytest.approx(0.3)
    figures.paused()
    figures.showed(10_000_000)
    assert figures.freezes == 1


async def test_a_timer_comes_once_at_the_earliest_of_its_instants():
    clock, came = get_clock(), []
    timer = LoopTimer(clock, lambda: came.append(clock.now_ns()))
    now = clock.now_ns()
    timer.at(now + 300_000_000)
    timer.at(now + 30_000_000)
    timer.at(now + 200_000_000)
    await asyncio.sleep(0.1)
    assert len(came) == 1
    assert came[0] >= now + 30_000_000
    await asyncio.sleep(0.3)
    assert len(came) == 1
    timer.at(clock.now_ns() + 20_000_000)
    timer.stop()
    await asyncio.sleep(0.06)
    assert len(came) == 1
