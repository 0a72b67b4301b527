"""The times of pictures and sounds, from stamps that are missing, doubled, coarse or jumping."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._backends.ffmpeg.interrupts import Interrupt
from mediastreams._backends.ffmpeg.locations import locate
from mediastreams._backends.ffmpeg.passes import Pass
from mediastreams._backends.ffmpeg.stamps import PacketTimes, PictureTimes, SoundTimes, Ticks
from mediastreams._backends.ffmpeg.timeline import Timeline


def test_ticks_are_microseconds_after_the_beginning():
    ticks = Ticks(Fraction(1, 90_000), 1_400_000)
    assert ticks.us(90_000 * 2) == 600_000
    assert ticks.span_us(3_600) == 40_000
    assert ticks.stamps(40_000) == 3_600
    assert Ticks(None, 0).us(5) == 5


def test_a_picture_without_a_stamp_follows_the_one_before():
    times = PictureTimes(40_000)
    assert times.stamp(None, None, 0) == (0, None)
    assert times.stamp(None, None, 0) == (40_000, None)
    assert times.stamp(100_000, 20_000, 0) == (100_000, 20_000)
    assert times.stamp(None, 0, 0) == (120_000, None)
    assert times.end == 160_000


def test_the_first_picture_of_a_further_round_without_a_stamp_begins_with_the_round():
    times = PictureTimes(40_000)
    times.stamp(0, None, 0)
    assert times.stamp(None, None, 500_000) == (500_000, None)


@given(st.lists(st.none() | st.integers(-1_000_000, 10_000_000), max_size=50))
def test_pictures_never_stand_still_or_go_back(stamps):
    times = PictureTimes(40_000)
    result = [times.stamp(stamp, None, 0)[0] for stamp in stamps]
    assert all(a < b for a, b in pairwise(result))


def test_sounds_are_counted_and_coarse_stamps_do_not_shake_them():
    times = SoundTimes()
    got = [times.stamp(round(n * 1024 / 48) * 1_000, 48_000, 1024, 0)[0] for n in range(1000)]
    assert got == [n * 1024 * 1_000_000 // 48_000 for n in range(1000)]
    assert times.end == 1000 * 1024 * 1_000_000 // 48_000


def test_a_gap_in_the_sound_stays_a_gap_and_what_was_heard_already_is_left_out():
    times = SoundTimes()
    assert times.stamp(0, 48_000, 4800, 0) == (0, 0)
    assert times.stamp(300_000, 48_000, 4800, 0) == (300_000, 0)
    assert times.stamp(340_000, 48_000, 4800, 0) == (400_000, 2880)
    assert times.stamp(0, 48_000, 480, 0) == (440_000, 480)
    assert times.end == 440_000


def test_a_new_sample_rate_counts_anew():
    times = SoundTimes()
    times.stamp(0, 48_000, 48_000, 0)
    assert times.stamp(1_000_000, 24_000, 24_000, 0) == (1_000_000, 0)
    assert times.stamp(None, 12_000, 12_000, 0) == (2_000_000, 0)
    assert times.end == 3_000_000


def test_after_a_restart_the_sound_lies_where_its_stamp_says():
    times = SoundTimes()
    times.stamp(0, 48_000, 48_000, 0)
    times.restart()
    assert times.stamp(1_010_000, 48_000, 480, 0) == (1_010_000, 0)
    assert times.stamp(1_030_000, 48_000, 480, 0) == (1_020_000, 0)


@given(st.lists(st.tuples(st.none() | st.integers(0, 5_000_000), st.integers(1, 4800)), max_size=50))
def test_sounds_never_overlap(chunks):
    times = SoundTimes()
    end = None
    for stamp, length in chunks:
        start, over = times.stamp(stamp, 48_000, length, 0)
        assert 0 <= over <= length
        assert end is None or start >= end
        end = times.end


@pytest.mark.parametrize("jump", [3_600_000_000, -50_000_000])
def test_a_jump_of_a_broadcast_is_taken_out_for_all_its_streams(jump):
    times = PacketTimes()
    for n in range(10):
        assert times.look(0, n * 40_000, 40_000) == 0
        assert times.look(1, n * 40_000, 40_000) == 0
    assert times.look(0, jump + 400_000, 40_000) == -jump
    assert times.look(1, jump + 400_000, 40_000) == -jump
    assert times.look(0, None, 0) == -jump


def test_a_long_pause_between_two_pictures_of_a_film_is_a_pause(tmp_path):
    path = tmp_path / "pause.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
        for number in (0, 1, 1501):
            frame = av.VideoFrame(32, 32, "yuvj420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    film = Pass(locate(path), Interrupt())
    film.select(tuple(film.tracks))
    stamps = []
    while (packet := film.read()) is not None:
        stamps.append(float(packet.pts * packet.time_base))
    film.close()
    assert stamps == pytest.approx([0, 0.04, 60.04])


def test_a_timeline_runs_rests_and_is_delayed():
    line = Timeline()
    assert line.due(0) is None
    assert line.position(5) == 0
    line.run(1_000)
    line.run(2_000)
    assert line.due(10) == 1_010
    assert line.position(1_500) == 500
    line.delay(100)
    assert line.due(10) == 1_110
    line.rest(2_100)
    line.rest(9_000)
    assert not line.running
    assert line.position(9_000) == 1_000
    line.delay(5)
    line.run(10_000)
    assert line.due(1_000) == 10_000
