"""AudioAdapter: rate, channels and chunks, without a seam, and with the right time on every sample."""

import numpy as np
import pytest

from mediastreams._engine.audio_adapter import AudioAdapter
from mediastreams._engine.frames import Sound

START = 1_000_000


def tone(rate, seconds, frequency=997.0, channels=1):
    time = np.arange(round(rate * seconds)) / rate
    wave = 0.5 * np.sin(2 * np.pi * frequency * time) + 0.2 * np.sin(2 * np.pi * 7.1 * frequency * time)
    return np.stack([wave * (1 if channel % 2 == 0 else -0.5) for channel in range(channels)]).astype(np.float32)


def chunks(samples, rate, size, layout="mono", start=START):
    for place in range(0, samples.shape[1], size):
        part = np.ascontiguousarray(samples[:, place : place + size])
        yield Sound(part, rate, start + round(place * 1_000_000 / rate), layout)


def run(adapter, sounds):
    out = [made for sound in sounds for made in adapter.process(sound)]
    return out + adapter.flush()


def joined(sounds):
    return np.concatenate([sound.samples for sound in sounds], axis=1)


def decibels(error, signal):
    return 20 * np.log10(np.sqrt(np.mean(error**2)) / np.sqrt(np.mean(signal**2)) + 1e-30)


def assert_times_follow(sounds, start=START, tolerance=1):
    place = 0
    for sound in sounds:
        assert abs(sound.timestamp - start - place * 1_000_000 / sound.sample_rate) <= tolerance
        place += sound.length


# ── resampling ──


@pytest.mark.parametrize(("source", "target"), [(44_100, 48_000), (48_000, 44_100), (48_000, 16_000), (8_000, 48_000)])
def test_chunks_give_what_one_piece_gives(source, target):
    samples = tone(source, 2, channels=2)
    parts = run(AudioAdapter(target), chunks(samples, source, source // 100, "stereo"))
    whole = run(AudioAdapter(target), chunks(samples, source, samples.shape[1], "stereo"))
    assert joined(parts).shape == joined(whole).shape == (2, target * 2)
    assert decibels(joined(parts) - joined(whole), joined(whole)) < -80
    assert_times_follow(parts)


@pytest.mark.parametrize("size", [1, 7, 441, 1024, 5000])
def test_the_size_of_chunks_does_not_matter(size):
    samples = tone(44_100, 0.5)
    made = joined(run(AudioAdapter(48_000), chunks(samples, 44_100, size)))
    whole = joined(run(AudioAdapter(48_000), chunks(samples, 44_100, samples.shape[1])))
    assert np.array_equal(made, whole)


def test_the_resampled_tone_is_the_tone_at_its_place():
    made = joined(run(AudioAdapter(48_000), chunks(tone(44_100, 2), 44_100, 441)))
    ideal = tone(48_000, 2)
    middle = np.s_[:, 2000:-2000]
    assert decibels(made[middle] - ideal[middle], ideal[middle]) < -80


def test_a_long_run_has_the_exact_number_of_samples():
    second = np.zeros((1, 44_100), np.float32)
    sounds = (Sound(second, 44_100, START + 1_000_000 * index, "mono") for index in range(600))
    made = run(AudioAdapter(48_000), sounds)
    assert sum(sound.length for sound in made) == 600 * 48_000
    assert_times_follow(made)


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 7, 8, 9, 16])
def test_any_number_of_channels_is_resampled_each_for_itself(channels):
    samples = tone(44_100, 0.2, channels=channels)
    made = joined(run(AudioAdapter(48_000), chunks(samples, 44_100, 441, f"{channels} channels")))
    single = joined(run(AudioAdapter(48_000), chunks(samples[:1], 44_100, 441)))
    for channel in range(channels):
        assert np.allclose(made[channel], single[0] * (1 if channel % 2 == 0 else -0.5), atol=1e-6)


def test_times_follow_a_source_that_is_steered():
    # The source's clock runs 200 ppm fast against its sample count: so must the output's.
    samples = tone(44_100, 4)
    sounds = [
        Sound(sound.samples, 44_100, START + round((sound.timestamp - START) * 1.0002), "mono")
        for sound in chunks(samples, 44_100, 441)
    ]
    made = run(AudioAdapter(48_000, chunk_us=10_000), sounds)
    for index, sound in enumerate(made):
        assert abs(sound.timestamp - START - index * 10_000 * 1.0002) <= 5


# ── channels ──


def test_channels_are_mixed_up_and_down():
    left_and_right = np.array([[1.0] * 4, [0.5] * 4], np.float32)
    (mono,) = AudioAdapter(channel_count=1).process(Sound(left_and_right, 48_000, 0, "stereo"))
    assert (mono.layout, mono.samples.tolist()) == ("mono", [[0.75] * 4])
    (surround,) = AudioAdapter(channel_count=6).process(Sound(left_and_right, 48_000, 0, "stereo"))
    assert (surround.layout, surround.samples[:, 0].tolist()) == ("5.1", [1, 0.5, 0, 0, 0, 0])


@pytest.mark.parametrize(("source", "target"), [(6, 2), (1, 2), (2, 1)])
def test_mixing_and_resampling_go_together(source, target):
    samples = tone(44_100, 0.5, channels=source)
    both = joined(run(AudioAdapter(48_000, target), chunks(samples, 44_100, 441, "x")))
    mixed = joined(run(AudioAdapter(channel_count=target), chunks(samples, 44_100, 441, "x")))
    after = joined(run(AudioAdapter(48_000), chunks(mixed, 44_100, 441, "x")))
    assert np.allclose(both, after, atol=1e-5)


def test_a_layout_can_be_named_and_the_sources_is_kept_where_nothing_is_mixed():
    samples = np.zeros((6, 4), np.float32)
    assert AudioAdapter().process(Sound(samples, 48_000, 0, "5.1(side)"))[0].layout == "5.1(side)"
    assert AudioAdapter(layout="5.1").process(Sound(samples, 48_000, 0, "5.1(side)"))[0].layout == "5.1"


def test_nothing_wanted_passes_the_samples_themselves():
    sound = Sound(tone(48_000, 0.01), 48_000, 5, "mono", metadata={"capture_time": 3})
    (made,) = AudioAdapter().process(sound)
    assert made.samples is sound.samples
    assert (made.timestamp, made.metadata) == (5, {"capture_time": 3})


# ── chunks ──


@pytest.mark.parametrize("size", [100, 441, 480, 999, 5000])
def test_chunks_have_the_wanted_length(size):
    samples = tone(48_000, 0.5)
    made = run(AudioAdapter(chunk_us=20_000), chunks(samples, 48_000, size))
    assert {sound.length for sound in made[:-1]} == {960}
    assert np.array_equal(joined(made), samples)
    assert_times_follow(made)
    assert all(not sound.samples.flags.writeable and sound.samples.flags.c_contiguous for sound in made)


# ── breaks ──


def test_a_gap_ends_one_stretch_and_marks_the_next():
    before = [*chunks(tone(44_100, 0.1), 44_100, 441)]
    later = START + 600_000
    after = [*chunks(tone(44_100, 0.1), 44_100, 441, start=later)]
    after[0] = Sound(after[0].samples, 44_100, later, "mono", gap=22_050)
    adapter = AudioAdapter(48_000, chunk_us=10_000)
    made = run(adapter, before + after)
    gaps = [sound.gap for sound in made]
    assert [gap for gap in gaps if gap] == [24_000]
    cut = gaps.index(24_000)
    assert sum(sound.length for sound in made[:cut]) == 4800
    assert_times_follow(made[:cut])
    assert_times_follow(made[cut:], later)


@pytest.mark.parametrize("jump", [-500_000, 60_000, 5_000_000])
def test_a_jump_of_time_begins_a_new_stretch_at_the_new_time(jump):
    later = START + 100_000 + jump
    sounds = [*chunks(tone(44_100, 0.1), 44_100, 441), *chunks(tone(44_100, 0.1), 44_100, 441, start=later)]
    made = run(AudioAdapter(48_000), sounds)
    place = next(index for index, sound in enumerate(made) if sound.timestamp == later)
    assert_times_follow(made[:place])
    assert_times_follow(made[place:], later)
    assert sum(sound.length for sound in made) == 9600


def test_small_irregularities_of_time_begin_nothing():
    sounds = [*chunks(tone(44_100, 0.1), 44_100, 441), *chunks(tone(44_100, 0.1), 44_100, 441, start=START + 110_000)]
    made = joined(run(AudioAdapter(48_000), sounds))
    straight = joined(run(AudioAdapter(48_000), [Sound(np.tile(tone(44_100, 0.1), 2), 44_100, START, "mono")]))
    assert np.array_equal(made, straight)


def test_another_rate_or_layout_mid_way_is_followed():
    sounds = [
        *chunks(tone(44_100, 0.1), 44_100, 441),
        *chunks(tone(32_000, 0.1, channels=2), 32_000, 320, "stereo", START + 100_000),
        *chunks(tone(48_000, 0.1), 48_000, 480, "mono", START + 200_000),
    ]
    made = run(AudioAdapter(48_000, 2, 10_000), sounds)
    assert {(sound.sample_rate, sound.layout, sound.length) for sound in made} == {(48_000, "stereo", 480)}
    assert_times_follow(made)
    assert joined(made).shape == (2, 14_400)


def test_a_flush_of_nothing_is_nothing():
    adapter = AudioAdapter(48_000)
    assert adapter.flush() == []
    adapter.process(Sound(np.zeros((1, 10), np.float32), 44_100, 0, "mono"))
    assert sum(sound.length for sound in adapter.flush()) == pytest.approx(11, abs=1)
    assert adapter.flush() == []
