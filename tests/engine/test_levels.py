"""Levels and spectra by numbers: sines of known frequency and strength."""

import math

import numpy as np
import pytest

from mediastreams._engine.frames import Sound
from mediastreams._engine.levels import AudioLevel, LevelMeter, SpectrumMeter

RATE = 48_000


def sine(hertz, amplitude=1.0, seconds=1.0, rate=RATE):
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def chunks(*channels, rate=RATE, size=480, start=0):
    samples = np.stack(channels)
    for first in range(0, samples.shape[1], size):
        part = np.ascontiguousarray(samples[:, first : first + size])
        yield Sound(part, rate, start + round(first * 1e6 / rate), "stereo" if len(channels) == 2 else "mono")


def measured(meter, sounds):
    found = [made for sound in sounds for made in meter(sound)]
    return found + list(meter.flush()) if hasattr(meter, "flush") else found


def test_peak_and_rms_of_each_channel():
    levels = measured(LevelMeter(0.05, fold=True), chunks(sine(440, 0.5), sine(1000, 0.1)))
    assert len(levels) == 20
    for level in levels:
        assert level.peak == pytest.approx((0.5, 0.1), abs=1e-3)
        assert level.rms == pytest.approx((0.5 / math.sqrt(2), 0.1 / math.sqrt(2)), abs=1e-3)
        assert level.peak_db == pytest.approx((-6.02, -20), abs=0.05)
        assert level.rms_db == pytest.approx((-9.03, -23.01), abs=0.05)
        assert level.loudest == pytest.approx(-6.02, abs=0.05)


def test_silence_is_minus_infinity():
    (level,) = measured(LevelMeter(0.01, fold=True), chunks(np.zeros(480, np.float32)))
    assert level.peak_db == level.rms_db == (-math.inf,)
    assert level.loudest == -math.inf


@pytest.mark.parametrize("rate", [44_100, 48_000, 8_000])
def test_intervals_do_not_drift_and_are_where_their_samples_are(rate):
    levels = measured(LevelMeter(0.05, fold=True), chunks(sine(440, seconds=10, rate=rate), rate=rate, size=1024))
    assert [level.timestamp for level in levels] == pytest.approx([number * 50_000 for number in range(200)], abs=1)
    assert {level.duration for level in levels} == {50_000}


def test_the_last_interval_may_be_shorter():
    levels = measured(LevelMeter(0.05, fold=True), chunks(sine(440, seconds=0.07)))
    assert [level.duration for level in levels] == [50_000, 20_000]


def test_a_hole_begins_a_new_interval():
    meter = LevelMeter(0.05, fold=True)
    before = [made for sound in chunks(sine(440, seconds=0.03)) for made in meter(sound)]
    after = [made for sound in chunks(sine(440, seconds=0.05), start=200_000) for made in meter(sound)]
    assert before == []
    assert [(level.timestamp, level.duration) for level in after] == [(0, 30_000), (200_000, 50_000)]


def test_what_nobody_had_time_for_is_folded_into_one_that_has_every_peak():
    meter = LevelMeter(0.05, fold=True)
    loud = AudioLevel(0, 50_000, (1.0, 0.2), (0.6, 0.1))
    quiet = AudioLevel(50_000, 150_000, (0.1, 0.4), (0.0, 0.1))
    folded = meter.fold([loud, quiet])
    assert (folded.timestamp, folded.duration, folded.peak) == (0, 200_000, (1.0, 0.4))
    assert folded.rms == pytest.approx((0.3, 0.1))


def test_levels_of_another_number_of_channels_are_not_mixed():
    folded = LevelMeter(0.05, fold=True).fold(
        [AudioLevel(0, 50, (1.0,), (1.0,)), AudioLevel(50, 50, (0.1, 0.2), (0, 0))]
    )
    assert (folded.timestamp, folded.duration, folded.peak) == (50, 50, (0.1, 0.2))


def test_a_spectrum_shows_a_sine_in_its_bin_and_nothing_elsewhere():
    hertz = RATE / 2048 * 100
    spectrum = measured(SpectrumMeter(0.05, 2048, 0.0, fold=True), chunks(sine(hertz), sine(hertz)))[-1]
    assert spectrum.decibels.shape == spectrum.frequencies.shape == (1024,)
    top = int(np.argmax(spectrum.decibels))
    assert spectrum.frequencies[top] == pytest.approx(hertz, abs=0.01)
    assert spectrum.decibels[top] == pytest.approx(20 * math.log10(0.42 / 2), abs=0.01)
    assert np.delete(spectrum.decibels, range(top - 2, top + 3)).max() < -100


def test_the_numbers_are_those_of_an_analyser_node():
    """By the formulas of the standard, one after another, for noise with smoothing."""
    noise = np.random.default_rng(1).standard_normal(4096).astype(np.float32) * 0.1
    n = np.arange(256)
    window = 0.42 - 0.5 * np.cos(2 * np.pi * n / 256) + 0.08 * np.cos(4 * np.pi * n / 256)
    expected = None
    for end in range(480, 4096 + 1, 480):
        magnitude = np.abs(np.fft.fft(noise[end - 256 : end] * window)[:128]) / 256
        expected = magnitude if expected is None else 0.8 * expected + 0.2 * magnitude
    spectrum = measured(SpectrumMeter(0.01, 256, 0.8, fold=True), chunks(noise))[-1]
    assert spectrum.decibels == pytest.approx(20 * np.log10(expected), abs=1e-3)


def test_a_spectrum_tells_what_stretch_it_is_of():
    spectra = measured(SpectrumMeter(0.05, 4096, 0.5, fold=True), chunks(sine(440, seconds=0.2)))
    window = round(4096e6 / RATE)
    assert [made.timestamp + made.duration for made in spectra] == [100_000, 150_000, 200_000]
    assert {made.duration for made in spectra} == {window}


def test_a_window_does_not_reach_across_a_hole():
    meter = SpectrumMeter(0.01, 480, 0.9, fold=True)
    for sound in chunks(sine(1000)):
        meter(sound)
    quiet = [made for sound in chunks(np.zeros(480, np.float32), start=5_000_000) for made in meter(sound)]
    assert np.isneginf(quiet[-1].decibels).all()


def test_of_spectra_nobody_had_time_for_the_newest_is_given():
    meter = SpectrumMeter(0.01, 32, 0.0, fold=True)
    assert meter.fold(["first", "last"]) == "last"
    assert SpectrumMeter(0.01, 32, 0.0, fold=False).fold is None
