"""Files that are not decoded, or decoded as well: chunks, their times, and coming in between two key frames."""

from __future__ import annotations

import threading
from itertools import pairwise

import av
import numpy as np
import pytest
from tests.media import Collected, Tape, brightness, make_movie

from mediastreams._backends.ffmpeg.movie import Movie
from mediastreams._engine.clock import SystemClock
from mediastreams._engine.frames import Chunk, Picture
from mediastreams.testing.manual_clock import ManualClock

REORDERED = {"bf": "2", "g": "10", "sc_threshold": "0"}


@pytest.fixture
def opened():
    """Open a movie; closed at the end of the test."""
    movies = []

    def open_movie(src, **options):
        movie = Movie(src, **options)
        movies.append(movie)
        return movie.open()

    yield open_movie
    for movie in movies:
        movie.close()
        assert movie.join()


@pytest.fixture
def film(tmp_path):
    """Fifty pictures, a key frame every ten, shown in another order than decoded; sound beside them."""
    return make_movie(
        tmp_path / "a.mp4", codec="libx264", frames=50, options=REORDERED, audio_codec="aac", size=(64, 48)
    )


class Chunks(Tape):
    """A movie whose tracks are wanted as chunks."""

    def __init__(self, movie, *, frames=False):
        self.movie = movie
        self.tracks = []
        for source in movie.sources:
            collected = Collected(wants_frames=frames, wants_chunks=True)
            source.start(source.info.mode, {}, collected)
            self.tracks.append(collected)


def packets_of(path, kind):
    with av.open(str(path)) as container:
        stream = container.streams.get({kind: 0})[0]
        return [
            (float(packet.pts * packet.time_base), bytes(packet)) for packet in container.demux(stream) if packet.size
        ]


def chunks_of(collected):
    return [item for item in collected.frames if isinstance(item, Chunk)]


def pictures_of(collected):
    return [item for item in collected.frames if isinstance(item, Picture)]


def decoded(film):
    return [source.lane.decoded for source in film.sources]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_every_packet_comes_as_it_is_in_the_order_of_decoding_and_nothing_is_decoded(opened, tmp_path, suffix):
    path = make_movie(tmp_path / f"a.{suffix}", codec="libx264", frames=50, options=REORDERED, audio_codec="aac")
    tape = Chunks(opened(path, free=True)).play_out()
    for kind in ("video", "audio"):
        chunks, packets = tape.of_kind(kind).frames, packets_of(path, kind)
        assert [bytes(chunk.packet) for chunk in chunks] == [data for _, data in packets]
        shift = chunks[0].timestamp - packets[0][0] * 1e6
        assert all(
            abs(chunk.timestamp - stamp * 1e6 - shift) < 1.5 for chunk, (stamp, _) in zip(chunks, packets, strict=True)
        )
        assert all(a.decode_timestamp < b.decode_timestamp for a, b in pairwise(chunks))
        assert all(chunk.decode_timestamp <= chunk.timestamp for chunk in chunks)
    assert [chunk.key for chunk in tape.video.frames] == [n % 10 == 0 for n in range(50)]
    assert decoded(tape.movie) == [0, 0]


def test_the_format_says_what_the_chunks_decode_to(opened, film):
    video, audio = (source.chunk_format for source in opened(film).sources)
    assert (video.kind, video.codec, video.width, video.height, video.frame_rate) == ("video", "h264", 64, 48, 25.0)
    assert (audio.kind, audio.codec, audio.sample_rate, audio.layout, audio.channels) == (
        "audio",
        "aac",
        48_000,
        "stereo",
        2,
    )
    assert video.extradata[:1] == b"\1"
    assert len(audio.extradata) >= 2


def test_a_file_of_which_nobody_wants_anything_is_read_and_not_decoded(opened, film):
    movie = opened(film, free=True)
    tape = Tape(movie)
    for collected in tape.tracks:
        collected.wants_frames = False
    tape.play_out()
    assert decoded(movie) == [0, 0]
    assert tape.video.frames == tape.audio.frames == []


def test_chunks_and_frames_of_one_file_at_once(opened, film):
    tape = Chunks(opened(film, free=True), frames=True).play_out()
    chunks, pictures = chunks_of(tape.video), pictures_of(tape.video)
    assert len(chunks) == len(pictures) == 50
    assert sorted(chunk.timestamp for chunk in chunks) == [picture.timestamp for picture in pictures]
    assert len(chunks_of(tape.audio)) == len(packets_of(film, "audio"))


def write_sound(path):
    """Sound whose first packet lies before the file's beginning, as encoders write it."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=48_000, layout="mono")
        for number in range(40):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, number * 1024
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def test_the_sound_that_only_sets_the_decoder_going_is_told(opened, tmp_path):
    tape = Chunks(opened(write_sound(tmp_path / "a.mp4"), free=True)).play_out()
    first, second = tape.audio.frames[:2]
    assert (first.lead, second.lead) == (first.duration, 0) == (21_333, 0)
    assert second.timestamp - first.timestamp - 21_333 in {0, 1}


def test_the_run_up_of_a_loop_is_needed_once(opened, tmp_path):
    movie = opened(write_sound(tmp_path / "a.mp4"), free=True, loop=True)
    tape = Chunks(movie)
    movie.play()
    tape.audio.wait_frames(100)
    movie.loop = False
    assert tape.audio.over.wait(10)
    assert sum(chunk.lead > 0 for chunk in tape.audio.frames) == 1
    assert len(tape.audio.frames) % 40 == 1


def test_a_loop_goes_on_with_the_stamps_of_the_next_round(opened, film):
    movie = opened(film, free=True, loop=True)
    tape = Chunks(movie)
    movie.play()
    tape.video.wait_frames(120)
    movie.loop = False
    assert tape.video.over.wait(10)
    shown = sorted(chunk.timestamp for chunk in tape.video.frames)
    rounds = len(shown) // 50
    assert len(shown) == 50 * rounds
    assert rounds >= 3
    assert max(b - a for a, b in pairwise(shown)) <= 40_000 + 22_000  # the sound of a round is a little longer
    for collected in tape.tracks:
        assert all(a.decode_timestamp < b.decode_timestamp for a, b in pairwise(collected.frames))
    ends = [chunk.timestamp + chunk.duration for chunk in tape.audio.frames]
    holes = [chunk.timestamp - end for end, chunk in zip(ends, tape.audio.frames[1:], strict=False)]
    assert min(holes) >= -1


def test_in_real_time_chunks_come_when_they_are_to_be_decoded(opened, film):
    clock = SystemClock()
    movie = opened(film, clock=clock)
    collected = Collected(clock, wants_frames=False, wants_chunks=True)
    movie.sources[0].start(None, {}, collected)
    movie.play()
    collected.wait_frames(20)
    movie.close()
    assert movie.join()
    late = sorted(
        there - chunk.decode_timestamp for there, chunk in zip(collected.arrivals, collected.frames, strict=True)
    )
    assert late[0] >= 0
    assert late[len(late) // 2] < 20_000


def test_who_comes_in_between_two_key_frames_sees_the_present_picture_at_once(opened, tmp_path):
    path = make_movie(tmp_path / "a.mkv", codec="libx264", frames=100, options={"g": "1000", "bf": "0"})
    clock = ManualClock()
    movie = opened(path, clock=clock)
    collected = Collected(clock, wants_frames=False)
    movie.sources[0].start(None, {}, collected)
    movie.play()
    clock.advance_blocking(2.0)
    assert decoded(movie) == [0]
    collected.wants_frames = True
    clock.advance_blocking(0.2)
    first = collected.frames[0]
    assert round(first.metadata["media_time"] / 0.04) in range(49, 53)
    number = round(first.metadata["media_time"] / 0.04)
    assert brightness(first) == pytest.approx(16 + number * 5 % 200, abs=3)
    assert all(b.timestamp - a.timestamp == 40_000 for a, b in pairwise(collected.frames))
    assert collected.arrivals[0] - first.timestamp < 100_000
    collected.wants_frames = False  # the decoder goes on from where it stands
    before = decoded(movie)[0]
    clock.advance_blocking(0.4)
    assert decoded(movie)[0] - before < 8
    count = len(collected.frames)
    collected.wants_frames = True
    clock.advance_blocking(0.2)
    number = round(collected.frames[count].metadata["media_time"] / 0.04)
    assert brightness(collected.frames[count]) == pytest.approx(16 + number * 5 % 200, abs=3)


@pytest.mark.parametrize("away", [0.02, 0.1, 0.5])
def test_chunks_come_again_to_who_comes_after_everybody_had_left(opened, film, away):
    clock = ManualClock()
    movie = opened(film, clock=clock)
    collected = Collected(clock, wants_frames=False, wants_chunks=True)
    movie.sources[0].start(None, {}, collected)
    movie.play()
    clock.advance_blocking(0.5)
    assert collected.frames
    collected.wants_chunks = False
    clock.advance_blocking(away)
    count = len(collected.frames)
    collected.wants_chunks = True
    clock.advance_blocking(0.6)
    fresh = collected.frames[count:]
    assert 12 <= len(fresh) <= 16  # 25 a second, of which some were ahead already when it came
    assert any(chunk.key for chunk in fresh)
    lane = movie.sources[0].lane
    assert len(lane.ready) + len(lane.coded) <= 8  # what nobody wanted was not read ahead to the film's end


def test_who_comes_in_between_as_fast_as_can_be_gets_everything_from_there(opened, tmp_path):
    path = make_movie(tmp_path / "a.mkv", codec="libx264", frames=100, options={"g": "1000", "bf": "2"})
    movie = opened(path, free=True)
    reached = threading.Event()

    class Turning(Collected):
        def deliver(self, data):
            super().deliver(data)
            if len(self.frames) == 40:
                self.wants_frames = True
                reached.set()

    collected = Turning(wants_frames=False, wants_chunks=True)
    movie.sources[0].start(None, {}, collected)
    movie.play()
    assert collected.over.wait(20)
    assert reached.is_set()
    pictures = pictures_of(collected)
    assert {b.timestamp - a.timestamp for a, b in pairwise(pictures)} == {40_000}
    assert 45 <= len(pictures) <= 64  # those since the 40th chunk, whose picture comes two later than it is decoded
    last = np.frombuffer(pictures[-1].av.planes[0], np.uint8, pictures[-1].width).mean()
    assert last == pytest.approx(16 + 99 * 5 % 200, abs=3)
