"""`AudioTimeline`: every sound where it belongs, silence between, nothing twice."""

import numpy as np
import pytest

from mediastreams._engine.encoding.audio_timeline import AudioTimeline
from mediastreams._engine.frames import Sound

__all__ = []

START = 3_000_000_000
RATE = 48_000


def chunk(at_ms, count=480, value=0.5, rate=RATE, gap=0):
    return Sound(np.full((1, count), value, np.float32), rate, START + round(at_ms * 1000), "mono", gap)


def lay(*chunks, end_ms=None, start=START):
    """All samples of the track, after a check that nothing is missing between the pieces."""
    line = AudioTimeline(start, sample_rate=RATE, layout="mono", channels=1)
    pieces = []
    for one in chunks:
        pieces += line.place(one, None if end_ms is None else START + round(end_ms * 1000))
    pieces += line.flush()
    expected = start
    for piece in pieces:
        assert abs(piece.timestamp - expected) <= 1
        expected = piece.timestamp + piece.duration
    return np.concatenate([piece.samples[0] for piece in pieces]) if pieces else np.zeros(0, np.float32)


def test_sound_without_holes_passes_unchanged():
    rng = np.random.default_rng(0)
    data = rng.uniform(-1, 1, (1, 48_000)).astype(np.float32)
    chunks = [
        Sound(data[:, i : i + 480].copy(), RATE, START + i * 1_000_000 // RATE, "mono") for i in range(0, 48_000, 480)
    ]
    assert np.array_equal(lay(*chunks), data[0])


def test_a_track_that_comes_late_begins_with_silence():
    samples = lay(chunk(250))
    assert samples.size == 12_000 + 480
    assert not samples[:12_000].any()
    assert (samples[12_000:] == 0.5).all()


def test_a_track_that_began_before_the_recording_loses_what_lies_before():
    samples = lay(chunk(-5))
    assert samples.size == 240


def test_a_hole_becomes_silence_of_its_length():
    samples = lay(chunk(0), chunk(500))
    assert samples.size == 24_000 + 480
    assert not samples[480:24_000].any()


def test_a_marked_gap_becomes_silence_however_short():
    samples = lay(chunk(0), chunk(15, gap=240))
    assert samples.size == 480 + 240 + 480
    assert not samples[480:720].any()


def test_what_comes_again_is_cut_off():
    samples = lay(chunk(0, 48_000), chunk(500, 48_000, value=0.25))
    assert samples.size == 72_000
    assert (samples[:48_000] == 0.5).all()
    assert (samples[48_000:] == 0.25).all()


def test_nothing_goes_beyond_the_end():
    assert lay(chunk(0), chunk(10), chunk(20), end_ms=15).size == 720
    assert lay(chunk(0), chunk(900), end_ms=500).size == 24_000


def test_silence_for_a_long_hole_comes_in_pieces_of_a_second():
    line = AudioTimeline(START, sample_rate=RATE, layout="mono", channels=1)
    pieces = list(line.fill(START + 10_500_000))
    assert [piece.length for piece in pieces] == [48_000] * 10 + [24_000]
    assert line.position == START + 10_500_000
    assert list(line.fill(START)) == []


def test_another_rate_midway_goes_on_where_the_first_ended():
    samples = lay(chunk(0, 48_000), chunk(1000, 44_100, value=0.25, rate=44_100))
    assert samples.size == 48_000 + 44_100


@pytest.mark.parametrize("deviation", [-1, 1])
def test_an_hour_of_a_clock_that_runs_apart_stays_within_40_ms(deviation):
    """48 000 against 48 010 Hz, at a tenth of the rate: the same ratio for a tenth of the work."""
    rate = 4_800
    real = rate + deviation
    line = AudioTimeline(START, sample_rate=rate, layout="mono", channels=1)
    silence = np.zeros((1, rate // 2), np.float32)
    rng = np.random.default_rng(5)
    worst, given = 0.0, 0
    for index in range(7200):
        at = index * (rate // 2) / real
        for piece in line.place(Sound(silence, rate, START + round(at * 1e6 + rng.normal(0, 1000)), "mono")):
            given += piece.length
        worst = max(worst, abs(given / rate - (index + 1) * (rate // 2) / real))
    assert worst < 0.040
