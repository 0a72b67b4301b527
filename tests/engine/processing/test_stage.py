"""A track goes over to another processing and back: no click, no hole, no sample twice, all at their times."""

import itertools

import numpy as np
import pytest
from tests.engine.processing.test_processor import ALL, Delayed

from mediastreams._engine.frames import Sound
from mediastreams._engine.processing.processor import SoundProcessor
from mediastreams._engine.processing.stage import ProcessingStage
from mediastreams._rules.sound_processing import Processing
from mediastreams.testing import ManualClock

START = 7_000_000


def processor(processing=ALL):
    return SoundProcessor(processing, Delayed, ManualClock())


def chunks(samples, length=480, start=START, gap=0):
    for at in range(0, samples.shape[1], length):
        when = start + round(at * 1e6 / 48_000)
        part = np.ascontiguousarray(samples[:, at : at + length])
        yield Sound(part, 48_000, when, "mono", gap if at == 0 else 0, {"capture_time": when, "camera": "no"})


def noise(length):
    return (np.random.default_rng(1).integers(-9000, 9000, (1, length)) / 32768).astype(np.float32)


def check(given, samples, start=START):
    """All of the samples, in order, each at its time."""
    whole = np.concatenate([one.samples for one in given], axis=1)
    assert np.abs(whole - samples[:, : whole.shape[1]]).max() < 1e-6
    place = 0
    for one in given:
        assert abs(one.timestamp - start - place * 1e6 / 48_000) <= 1.5
        assert one.metadata == {"capture_time": one.timestamp, "camera": "no"}
        place += one.length
    return place


@pytest.mark.parametrize("length", [480, 441, 1024, 4800])
def test_going_over_and_back_changes_nothing_where_the_processing_changes_nothing(length):
    """The processor only delays: whatever is faded into what, the samples must be the same ones."""
    samples, stage, given = noise(48_000), ProcessingStage(None, begun=True), []
    wishes = {0.1: processor(), 0.3: None, 0.5: processor(Processing("all")), 0.7: processor(), 0.9: None}
    for number, sound in enumerate(chunks(samples, length)):
        for at in list(wishes):
            if number * length >= at * 48_000:
                stage.wanted = wishes.pop(at)
        given += stage.process(sound)
    given += stage.flush()
    assert check(given, samples) == 48_000


def test_a_change_of_mind_during_the_fade_comes_after_it():
    samples, stage, given = noise(24_000), ProcessingStage(None, begun=True), []
    wishes = itertools.cycle([processor(), None, processor(Processing("all"))])
    for sound in chunks(samples):
        stage.wanted = next(wishes)
        given += stage.process(sound)
    given += stage.flush()
    assert check(given, samples) == 24_000


def test_as_it_comes_is_the_very_same_chunk():
    stage = ProcessingStage(None)
    for sound in chunks(noise(2400)):
        assert stage.process(sound) == [sound]
    assert stage.flush() == []


def test_back_to_as_it_comes_holds_nothing_back_any_more():
    samples, stage = noise(9600), ProcessingStage(processor())
    *first, last = chunks(samples)
    for number, sound in enumerate(first):
        if number == 10:
            stage.wanted = None
        stage.process(sound)
    assert stage.process(last) == [last]


def test_a_new_track_is_processed_from_its_first_sample_on():
    samples, stage = noise(4800), ProcessingStage(processor())
    given = [one for sound in chunks(samples) for one in stage.process(sound)]
    assert check(given, samples) == 4800 - 718
    assert check(given + stage.flush(), samples) == 4800


def test_one_who_joins_a_running_processor_gets_the_same_samples():
    samples, shared = noise(9600), processor()
    first, second, given = ProcessingStage(shared), ProcessingStage(None, begun=True), []
    for number, sound in enumerate(chunks(samples)):
        first.process(sound)
        second.wanted = shared if number >= 5 else None
        given += second.process(sound)
    assert check(given + second.flush(), samples) == 9600


def test_the_fade_is_one_of_equal_instants():
    class Silent(Delayed):
        def process(self, near, far, sample_rate, delay_ms):
            return super().process(near, far, sample_rate, delay_ms) * 0

    stage = ProcessingStage(None, begun=True)
    constant = np.full((1, 9600), 0.5, np.float32)
    given = []
    for number, sound in enumerate(chunks(constant)):
        if number == 5:
            stage.wanted = SoundProcessor(ALL, Silent, ManualClock())
        given += stage.process(sound)
    whole = np.concatenate([one.samples for one in given], axis=1)[0]
    begin = 2400 + 2400  # it runs unheard for 50 ms
    assert (whole[:begin] == 0.5).all()
    assert (whole[begin + 960 :] == 0).all()
    assert np.abs(np.diff(whole)).max() < 0.6 / 960, "20 ms, a straight line"


def test_a_gap_stays_where_it_was_and_nothing_before_it_is_lost():
    samples, stage = noise(4800), ProcessingStage(processor())
    before = [one for sound in chunks(samples, 441) for one in stage.process(sound)]
    parts = [stage.process(sound) for sound in chunks(samples, 441, START + 500_000, gap=19_200)]
    tail, after = parts[0][:1], [*parts[0][1:], *itertools.chain(*parts[1:])]
    assert check(before + tail, samples) == 4800
    assert [one.gap for one in before + tail + after] == [0] * len(before + tail) + [19_200] + [0] * (len(after) - 1)
    check(after + stage.flush(), samples, START + 500_000)


def test_a_gap_amid_a_fade_ends_it():
    samples, stage, given = noise(4800), ProcessingStage(None, begun=True), []
    for number, sound in enumerate(chunks(samples)):
        if number == 9:
            stage.wanted = processor()
        given += stage.process(sound)
    again = [one for sound in chunks(samples, start=START + 900_000, gap=1) for one in stage.process(sound)]
    held = 4800 - sum(one.length for one in given)
    tail = again.pop(0) if held else None
    assert check(given + ([tail] if tail else []), samples) == 4800
    assert check(again + stage.flush(), samples, START + 900_000) == 4800
