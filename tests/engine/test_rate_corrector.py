"""RateCorrector: clocks that run apart stay together for hours, without a click and without a loss."""

import numpy as np
import pytest

from mediastreams._engine import rate_corrector
from mediastreams._engine.frames import Sound
from mediastreams._engine.rate_corrector import RateCorrector

START = 5_000_000


def device(nominal, true, seconds, size, *, frequency=0.0, jitter=0.0, start=START):
    """A device that counts ``true`` samples per second of ours, and calls them ``nominal``."""
    chance = np.random.default_rng(1)
    for place in range(0, round(seconds * true), size):
        count = np.arange(place, place + size)
        wave = np.sin(2 * np.pi * frequency * count / nominal) if frequency else np.zeros(size)
        late = chance.normal(0, jitter) if jitter else 0
        yield Sound(wave.astype(np.float32)[np.newaxis], nominal, round(start + place * 1e6 / true + late), "mono")


def run(corrector, sounds):
    made, errors = [], []
    for sound in sounds:
        made += corrector.process(sound)
        errors.append(abs(corrector.error))
    return made, np.array(errors)


def assert_unbroken(made, rate):
    place, start = 0, made[0].timestamp
    for sound in made:
        assert abs(sound.timestamp - start - place * 1e6 / rate) <= 1
        place += sound.length


# The corrector knows no hertz: an hour at 1000 samples per second drifts as one at 48 000 does.
@pytest.mark.parametrize(
    ("true", "size"), [(1000 * 48_010 / 48_000, 100), (1000 * 47_990 / 48_000, 1000), (1004.0, 1000), (996.0, 1000)]
)
def test_an_hour_of_a_clock_that_runs_apart_stays_together(true, size):
    corrector = RateCorrector(1000)
    made, errors = run(corrector, device(1000, true, 3600, size))
    assert errors.max() < 0.040
    assert errors[-1] < 0.001
    # As much sound as time has passed: not the 0.75 s that these clocks are apart after an hour.
    assert sum(sound.length for sound in made) == pytest.approx(3_600_000, abs=size + 40)
    assert corrector.correction == pytest.approx(1000 / true - 1, rel=0.05)
    assert_unbroken(made, 1000)


def test_without_drift_the_samples_pass_unchanged():
    sounds = list(device(48_000, 48_000, 2, 480, frequency=440, jitter=200))
    made, _ = run(RateCorrector(48_000), sounds)
    assert all(ours.samples is theirs.samples for ours, theirs in zip(made, sounds, strict=True))
    assert_unbroken(made, 48_000)


def test_the_beginning_of_the_correction_cannot_be_heard():
    made, _ = run(RateCorrector(48_000), device(48_000, 48_000 * 1.0005, 8, 480, frequency=997))
    wave = np.concatenate([sound.samples for sound in made], axis=1)[0].astype(float)
    # A tone obeys x[n+1] = 2 cos(w) x[n] - x[n-1]: a click breaks that by its height.
    residue = wave[2:] - 2 * np.cos(2 * np.pi * 997 / 48_000) * wave[1:-1] + wave[:-2]
    assert np.abs(residue).max() < 1e-4


def test_jitter_is_not_taken_for_drift():
    corrector = RateCorrector(1000)
    made, errors = run(corrector, device(1000, 1000.2, 200, 20, jitter=3000))
    assert errors[2000:].max() < 0.020
    assert corrector.correction == pytest.approx(-0.0002, abs=0.0015)
    assert_unbroken(made, 1000)


@pytest.mark.parametrize("faster", [0.0002, -0.004])
@pytest.mark.parametrize("frequency", [440, 5_000, 15_000, 19_000])
def test_a_corrected_tone_is_clean_to_80_decibels(faster, frequency):
    stretcher = rate_corrector._Stretcher(np.zeros((1, 32), np.float32))
    stretcher.faster = faster
    parts = [
        stretcher.feed(np.sin(2 * np.pi * frequency * np.arange(n, n + 480) / 48_000).astype(np.float32)[np.newaxis])
        for n in range(0, 24_000, 480)
    ]
    made = np.concatenate(parts, axis=1)[0][200:].astype(float)
    time = 2 * np.pi * frequency / (1 + faster) * np.arange(made.size) / 48_000
    basis = np.stack([np.sin(time), np.cos(time)], axis=1)
    amplitudes = np.linalg.lstsq(basis, made, rcond=None)[0]
    assert np.hypot(*amplitudes) == pytest.approx(1, abs=1e-3)
    assert np.sqrt(np.mean((made - basis @ amplitudes) ** 2)) < 1e-4 / np.sqrt(2)


def test_missing_sound_leaves_a_gap_of_its_length():
    sounds = [*device(1000, 1000, 1, 100), *device(1000, 1000, 1, 100, start=START + 1_500_000)]
    made, _ = run(RateCorrector(1000), sounds)
    assert [sound.gap for sound in made] == [0] * 10 + [500] + [0] * 9
    assert made[10].timestamp == START + 1_500_000


def test_a_marked_gap_is_a_gap_though_it_is_short():
    sounds = list(device(1000, 1000, 1, 100))
    late = Sound(sounds[5].samples, 1000, START + 550_000, "mono", gap=50)
    made, _ = run(RateCorrector(1000), [*sounds[:5], late])
    assert (made[5].gap, made[5].timestamp) == (50, START + 550_000)


def test_a_gap_while_correcting_loses_nothing_before_it():
    first = list(device(1000, 1004, 60, 100))
    sounds = [*first, *device(1000, 1000, 1, 100, start=START + 70_000_000)]
    made, _ = run(RateCorrector(1000), sounds)
    cut = next(index for index, sound in enumerate(made) if sound.gap)
    before = sum(sound.length for sound in made[:cut])
    end = (first[-1].timestamp - START) * 1000 / 1e6 + 100
    assert before == pytest.approx(end, abs=20)
    assert made[cut].timestamp == pytest.approx(START + 70_000_000, abs=1000)
    assert made[cut].gap + before == pytest.approx(70_000, abs=1)


def test_time_that_goes_back_counts_anew():
    sounds = [*device(1000, 1000, 2, 100), *device(1000, 1000, 1, 100, start=START - 3_000_000)]
    made, _ = run(RateCorrector(1000), sounds)
    assert [sound.timestamp for sound in made[20:22]] == [START - 3_000_000, START - 2_900_000]


def test_another_layout_begins_anew():
    corrector = RateCorrector(1000)
    run(corrector, device(1000, 1004, 20, 100))
    held = corrector._held()
    stereo = Sound(np.zeros((2, 100), np.float32), 1000, START + 20_000_000, "stereo")
    made = corrector.process(stereo)
    assert [(sound.layout, sound.timestamp) for sound in made[-1:]] == [("stereo", START + 20_000_000)]
    assert sum(sound.length for sound in made[:-1]) == round(held)


def test_what_is_held_back_comes_out_at_the_end():
    corrector = RateCorrector(1000)
    made, _ = run(corrector, device(1000, 1004, 100, 100))
    made += corrector.flush()
    assert sum(sound.length for sound in made) == pytest.approx(100_000, abs=3 + 100)
    assert corrector.flush() == []
    assert_unbroken(made, 1000)


def test_another_rate_is_an_error_with_the_cure():
    with pytest.raises(ValueError, match="resample it first"):
        RateCorrector(48_000).process(Sound(np.zeros((1, 4), np.float32), 44_100, 0, "mono"))


def test_chunks_shorter_than_the_filter_are_corrected_too():
    made, errors = run(RateCorrector(1000), device(1000, 1003, 30, 3))
    assert errors.max() < 0.040
    assert_unbroken(made, 1000)
